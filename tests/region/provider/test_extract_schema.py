"""Extracting the data from a provider's `schema.json`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from region.provider import upstream
from region.provider.extract_schema import extract, main, merged, relevant, serialize

QUEUE = "aws:sqs/queue:Queue"
RULE = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
SCHEMA: dict[str, Any] = {
    "types": {
        "aws:sqs/Redrive:Redrive": {
            "type": "object",
            "properties": {
                "count": {"type": "integer", "willReplaceOnChanges": True},
                "target": {"type": "string"},
                "other": {"type": "string"},
            },
            "required": ["target"],
        },
        "aws:sqs/Mode:Mode": {"type": "string", "enum": [{"value": "a"}]},
        "aws:iam/documents:PolicyDocument": {"type": "object", "properties": {}},
    },
    "resources": {
        QUEUE: {
            "inputProperties": {
                "name": {"type": "string", "willReplaceOnChanges": True},
                "delay": {"type": "integer", "default": 0},
                "password": {"type": "string", "secret": True},
                "mode": {"oneOf": [{"type": "string"}, {"$ref": "#/types/aws:sqs/Mode:Mode"}]},
                "policy": {
                    "oneOf": [
                        {"type": "string"},
                        {"$ref": "#/types/aws:iam/documents:PolicyDocument"},
                    ]
                },
                "redrives": {
                    "type": "array",
                    "items": {"$ref": "#/types/aws:sqs/Redrive:Redrive"},
                },
                "tags": {"type": "object", "additionalProperties": {"type": "string"}},
                "region": {"type": "string"},
            },
            "requiredInputs": ["mode"],
            "required": ["mode", "name", "delay", "arn"],
        },
        RULE: {"inputProperties": {"securityGroupId": {"type": "string"}}},
    },
}
SUPPORTED = {
    QUEUE: frozenset({"name", "redrives.count", "redrives.target"}),
    RULE: frozenset({"securityGroupId"}),
}


def test_each_input_is_one_entry_with_what_the_schema_holds() -> None:
    content = extract(SCHEMA, SUPPORTED, "1.2.3")
    assert content["version"] == "1.2.3"
    assert content["resources"][QUEUE]["inputs"] == {
        "delay": {"kind": "integer", "default": 0},
        "mode": {"kind": "string", "required": True},
        "name": {"kind": "string", "willReplaceOnChanges": True, "computed": True},
        "password": {"kind": "string", "secret": True},
        "policy": {"kind": "any"},
        "redrives": {"kind": "list"},
        "redrives.count": {"kind": "integer", "willReplaceOnChanges": True},
        "redrives.target": {"kind": "string", "required": True},
        "tags": {"kind": "map"},
    }


def test_plan_modifiers_count_although_the_schema_is_silent() -> None:
    inputs = extract(SCHEMA, SUPPORTED, "1")["resources"][RULE]["inputs"]
    assert inputs == {"securityGroupId": {"kind": "string", "willReplaceOnChanges": True}}


def test_a_type_that_the_schema_lacks_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        extract(SCHEMA, {"aws:a/b:C": frozenset()}, "1")


@pytest.mark.parametrize(
    ("path", "expected"),
    [("other", True), ("a", True), ("a.b", True), ("a.b.c", True), ("a.c", False)],
)
def test_members_are_kept_where_they_are_supported(path: str, expected: bool) -> None:
    assert relevant(path, frozenset({"a.b"})) == expected


def test_single_types_are_merged_into_the_file_with_their_source() -> None:
    old = extract(SCHEMA, {RULE: SUPPORTED[RULE]}, "1")
    new = extract(SCHEMA, {QUEUE: SUPPORTED[QUEUE]}, "1")
    content = merged(old, new)
    assert list(content["resources"]) == [QUEUE, RULE]
    assert content["resources"][QUEUE] == new["resources"][QUEUE]
    assert content["sources"].keys() == {"all", QUEUE}
    with pytest.raises(ValueError, match="of version 1 and the schema of 2"):
        merged(old, extract(SCHEMA, SUPPORTED, "2"))


def test_the_file_is_json_with_one_input_a_line() -> None:
    content = extract(SCHEMA, SUPPORTED, "1")
    text = serialize(content)
    assert json.loads(text) == content
    assert '   "redrives": {"kind": "list"},\n' in text
    assert json.loads(serialize(upstream.document())) == upstream.document()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--nosuch"], "No such option: --nosuch"),
        (["nosuch.json"], "No such file or directory: nosuch.json"),
        (
            ["schema.json", "aws:nosuch/type:Type"],
            "no handler of the region has the type aws:nosuch",
        ),
        (["schema.json"], "is not a schema of `pulumi package get-schema aws`"),
    ],
)
def test_wrong_arguments_end_in_one_message(
    words: list[str],
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("schema.json").write_text("{}")
    assert main(words) == 4
    assert said in capsys.readouterr().err
