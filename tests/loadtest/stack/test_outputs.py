"""Stack outputs are read strictly, and a wrong one is one clear message."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest

from loadtest.errors import OutputsError
from loadtest.stack import outputs


def read(raw: Any) -> outputs.StackOutputs:
    return outputs.parse(json.dumps(raw), "outputs of stack 'ha'")


def test_round_trip_keeps_the_stacks_own_names(raw_outputs: dict[str, Any]):
    found = read(raw_outputs)
    assert found.auto_scaling_group_name == "haproof-ha"
    assert json.loads(found.to_json()) == raw_outputs


def test_what_a_stack_does_not_have_has_no_output(raw_outputs: dict[str, Any]):
    """Pulumi's state drops outputs that are null: `pulumi stack output` does not print them."""
    del raw_outputs["instanceId"]
    assert read(raw_outputs).instance_id is None


def test_a_trailing_slash_of_the_url_goes(raw_outputs: dict[str, Any]):
    assert read({**raw_outputs, "url": "http://127.0.0.1/"}).url == "http://127.0.0.1"


def test_all_missing_and_unknown_keys_are_named_in_one_message(raw_outputs: dict[str, Any]):
    del raw_outputs["url"], raw_outputs["revisionKey"]
    with pytest.raises(OutputsError) as caught:
        read({**raw_outputs, "surprise": 1})
    message = str(caught.value)
    assert "missing output url, revisionKey" in message
    assert "unknown output surprise" in message
    assert "\n" not in message


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("url", "ftp://x"),
        ("url", "just-a-host"),
        ("topology", "both"),
        ("instanceCount", 0),
        ("revisionDigest", "abc"),
        ("loadProfile", "huge"),
        ("healthPath", "health"),
        ("targetGroupArn", 7),
    ],
)
def test_a_wrong_value_is_named_with_its_key(raw_outputs: dict[str, Any], key: str, value: Any):
    with pytest.raises(OutputsError, match=f"invalid output {key} = {value!r}"):
        read({**raw_outputs, key: value})


@pytest.mark.parametrize("text", ["", "{", "[1]", "null"])
def test_anything_but_an_outputs_document_is_rejected(text: str):
    with pytest.raises(OutputsError, match="standard input"):
        outputs.parse(text, "standard input")


def test_standard_input_and_files(
    raw_outputs: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("sys.stdin", io.StringIO(json.dumps(raw_outputs)))
    assert outputs.from_file("-").topology == "ha"
    with pytest.raises(OutputsError, match="cannot read the stack outputs"):
        outputs.from_file(str(tmp_path / "absent.json"))


COST = {
    "region": "us-east-1",
    "total": 86.09,
    "currency": "USD",
    "tableDate": "2026-11-22",
    "confidence": "medium",
    "hours": 730,
    "lines": [{"item": "alarms", "quantity": 2, "unitPrice": 0.1}],
    "notes": [],
}


def test_older_outputs_without_a_cost_are_read(raw_outputs: dict[str, Any]):
    assert read(raw_outputs).monthly_cost is None


def test_the_total_alone_is_read(raw_outputs: dict[str, Any]):
    found = read({**raw_outputs, "monthlyCost": 99.7}).monthly_cost
    assert found is not None
    assert (found.total, found.currency) == (99.7, "USD")
    assert found.region == raw_outputs["region"]


def test_the_itemised_cost_comes_from_the_state(tmp_path: Path):
    state = {"deployment": {"resources": [{"type": "a"}, {"outputs": {"costEstimate": COST}}]}}
    pulumi = tmp_path / "pulumi"
    pulumi.write_text(f"#!/bin/sh\ncat <<'END'\n{json.dumps(state)}\nEND\n")
    pulumi.chmod(0o755)
    assert outputs.estimate("ha", str(pulumi)).total == 86.09
    state["deployment"]["resources"].pop()
    pulumi.write_text(f"#!/bin/sh\ncat <<'END'\n{json.dumps(state)}\nEND\n")
    with pytest.raises(OutputsError, match="'ha' has no cost estimate"):
        outputs.estimate("ha", str(pulumi))


def test_the_cost_is_read_and_kept_completely(raw_outputs: dict[str, Any]):
    found = read({**raw_outputs, "monthlyCost": COST})
    assert found.monthly_cost is not None
    assert found.monthly_cost.total == 86.09
    assert json.loads(found.to_json())["monthlyCost"] == COST
