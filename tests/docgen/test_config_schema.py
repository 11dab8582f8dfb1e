"""The schema for editors agrees with the program, and with the file in docs/."""

from __future__ import annotations

import copy
from pathlib import Path

import pytest
import yaml

from components.config.loader import settings_from
from components.config.settings import Settings
from docgen import config_schema
from docgen.documents import DOCUMENTS

jsonschema = pytest.importorskip("jsonschema")

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def validator():
    document = config_schema.json.loads(config_schema.render())
    jsonschema.Draft7Validator.check_schema(document)
    return jsonschema.Draft7Validator(document)


def stack_file(name="ha", **changes):
    document = yaml.safe_load((ROOT / f"Pulumi.{name}.yaml").read_text(encoding="utf-8"))
    document = copy.deepcopy(document)
    document["config"] |= {f"haproof:{key}": value for key, value in changes.items()}
    return document


@pytest.mark.parametrize("stack", ["single", "ha"])
def test_the_projects_own_stacks_are_valid(validator, stack):
    assert list(validator.iter_errors(stack_file(stack))) == []


def test_what_pulumi_writes_into_a_stack_file_is_valid(validator):
    written = {**stack_file(minSize="6", protect="true"), "encryptionsalt": "v1:x"}
    written["config"]["aws:profile"] = "me"
    assert list(validator.iter_errors(written)) == []


@pytest.mark.parametrize(
    "changes",
    [
        {"minSizes": 3},
        {"topology": "tripple"},
        {"minSize": "many"},
        {"minSize": 0},
        {"availabilityZoneCount": 7},
        {"appPort": 70000},
        {"cpuCredits": "free"},
        {"databaseMultiAz": "perhaps"},
        {"priceSource": "guess"},
    ],
)
def test_the_editor_marks_what_the_program_rejects(validator, changes):
    assert list(validator.iter_errors(stack_file(**changes)))
    texts = {f"haproof:{key}": str(value) for key, value in changes.items()}
    with pytest.raises(Exception, match=next(iter(changes))):
        settings_from({**complete(), **texts}, "haproof")


def complete():
    declared = yaml.safe_load((ROOT / "Pulumi.yaml").read_text(encoding="utf-8"))["config"]
    defaults = {key: str(e["default"]) for key, e in declared.items() if "default" in e}
    return {**defaults, "haproof:topology": "ha", "haproof:vpcCidr": "10.20.0.0/16"}


def test_every_setting_is_described_with_its_default(validator):
    properties = validator.schema["properties"]["config"]["properties"]
    own = {key: value for key, value in properties.items() if key.startswith("haproof:")}
    assert {key.removeprefix("haproof:") for key in own} == {
        field.alias for field in Settings.model_fields.values()
    }
    assert all(entry["description"] for entry in own.values())
    assert own["haproof:minSize"]["default"] == 6
    assert own["haproof:minSize"]["anyOf"][0]["maximum"] == 500
    assert "default" not in own["haproof:topology"]


def test_a_missing_key_without_a_default_is_marked(validator):
    document = stack_file()
    del document["config"]["haproof:vpcCidr"]
    assert [error.validator for error in validator.iter_errors(document)] == ["required"]


@pytest.mark.parametrize("stack", ["single", "ha"])
def test_the_stack_files_point_editors_to_it(stack):
    first = (ROOT / f"Pulumi.{stack}.yaml").read_text(encoding="utf-8").splitlines()[0]
    prefix, _, path = first.partition("$schema=")
    assert prefix == "# yaml-language-server: "
    assert (ROOT / path).resolve() == (ROOT / DOCUMENTS["config-schema"].path)
