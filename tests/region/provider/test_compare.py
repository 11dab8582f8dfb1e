from __future__ import annotations

import json

import pytest

from region.provider import lifecycle
from region.provider.compare import Semantics
from region.provider.resources import all_handlers
from region.provider.values import UNKNOWN, Asset, Properties, Secret

HANDLERS = all_handlers()
SEMANTICS = Semantics(sets=frozenset({"groups"}), documents=frozenset({"policy"}))


def paths(old: Properties, new: Properties) -> dict[str, str]:
    return {change.path: change.kind for change in SEMANTICS.changes(old, new)}


def test_equal_inputs_have_no_changes() -> None:
    inputs: Properties = {"a": [1, {"b": "c"}], "t": {"x.y": "1"}, "n": 1.0}
    assert paths(inputs, {**inputs, "n": 1}) == {}


def test_changes_name_the_deepest_path() -> None:
    old: Properties = {"check": {"path": "/", "port": "80"}, "gone": 1, "list": [1, 2], "t": {}}
    new: Properties = {"check": {"path": "/x"}, "list": [1, 3, 4], "t": {'a "b"': "1"}, "new": 0}
    assert paths(old, new) == {
        "check.path": "update",
        "check.port": "delete",
        "gone": "delete",
        "list[1]": "update",
        "list[2]": "add",
        "new": "add",
        't["a \\"b\\""]': "add",
    }


def test_sets_have_no_order() -> None:
    assert paths({"groups": ["a", "b"]}, {"groups": ["b", "a"]}) == {}
    assert paths({"groups": ["a", "b"]}, {"groups": ["b", "c"]}) == {"groups": "update"}
    assert paths({"other": ["a", "b"]}, {"other": ["b", "a"]}) != {}


def test_documents_compare_by_meaning() -> None:
    one, same = '{"a": 1, "b": [2]}', json.dumps({"b": [2], "a": 1}, indent=2)
    assert paths({"policy": one}, {"policy": same}) == {}
    assert paths({"policy": one}, {"policy": '{"a": 2}'}) == {"policy": "update"}


def test_an_unknown_value_is_a_change() -> None:
    assert paths({"id": "x"}, {"id": UNKNOWN}) == {"id": "update"}


def test_false_and_zero_differ() -> None:
    assert paths({"a": False}, {"a": 0}) == {"a": "update"}


def test_assets_compare_by_digest() -> None:
    old, new = Asset(hash="a", path="/1"), Asset(hash="a", path="/2")
    assert paths({"source": old}, {"source": new}) == {}
    assert paths({"source": old}, {"source": Asset(hash="b")}) == {"source": "update"}


def test_drift_shows_only_in_what_the_program_set() -> None:
    inputs: Properties = {"check": {"path": "/"}, "groups": ["a", "b"], "local": True}
    live: Properties = {"check": {"path": "/x", "port": 1}, "groups": ["b", "a"], "arn": "x"}
    assert SEMANTICS.refreshed(inputs, live) == {
        "check": {"path": "/x"},
        "groups": ["a", "b"],
        "local": True,
    }


def test_a_tag_that_someone_added_is_drift() -> None:
    live = {"tags": {"a": "1", "b": "2"}}
    assert SEMANTICS.refreshed({"tags": {"a": "1"}}, live) == live


def difference(type_: str, old: Properties, new: Properties) -> lifecycle.Difference:
    return lifecycle.diff(HANDLERS[type_], old, new)


TARGETS = "aws:lb/targetGroup:TargetGroup"


def test_a_given_name_makes_way_before_its_replacement() -> None:
    old, new = {"name": "web", "port": 80}, {"name": "web", "port": 81}
    assert difference(TARGETS, old, new).delete_first
    chosen = {"__defaults": ["name"]}
    result = difference(TARGETS, {**old, **chosen}, {**new, **chosen})
    assert result.replacing == {"port"}
    assert not result.delete_first
    assert not difference(TARGETS, old, {**new, "name": "other"}).delete_first


def test_an_unchanged_secret_does_not_count_as_a_change() -> None:
    type_ = "aws:rds/instance:Instance"
    assert not difference(type_, {"password": Secret("x")}, {"password": "x"}).changes


@pytest.mark.parametrize(("asked", "replacing"), [(True, {"userData"}), (False, set())])
def test_new_user_data_replaces_where_the_program_asks(asked: bool, replacing: set[str]) -> None:
    old: Properties = {"userData": "a", "userDataReplaceOnChange": asked}
    result = difference("aws:ec2/instance:Instance", old, {**old, "userData": "b"})
    assert result.replacing == replacing


def test_encrypting_the_root_volume_replaces_and_growing_it_does_not() -> None:
    type_, old = "aws:ec2/instance:Instance", {"rootBlockDevice": {"volumeSize": 8}}
    grown = {"rootBlockDevice": {"volumeSize": 9}}
    assert not difference(type_, old, grown).replacing
    encrypted = {"rootBlockDevice": {"volumeSize": 8, "encrypted": True}}
    assert difference(type_, old, encrypted).replacing == {"rootBlockDevice"}


def test_a_preview_knows_inputs_and_not_outputs() -> None:
    state = lifecycle.preview_create(HANDLERS[TARGETS], {"port": 80, "tags": {"a": "1"}})
    assert state["port"] == 80
    assert state["arn"] is UNKNOWN
    assert state["arnSuffix"] is UNKNOWN
    assert state["tagsAll"] == {"a": "1"}


def test_the_preview_of_a_launch_templates_update_hides_its_new_version() -> None:
    handler = HANDLERS["aws:ec2/launchTemplate:LaunchTemplate"]
    state: Properties = {"imageId": "ami-1", "latestVersion": 1, "arn": "a", "description": "x"}
    old: Properties = {"imageId": "ami-1", "description": "x"}
    after = lifecycle.preview_update(handler, state, old, {"imageId": "ami-2"})
    assert after["latestVersion"] is UNKNOWN
    assert after["arn"] == "a"
    assert "description" not in after
    tagged = lifecycle.preview_update(handler, state, old, {**old, "tags": {"a": "1"}})
    assert tagged["latestVersion"] == 1
    assert tagged["tagsAll"] == {"a": "1"}
