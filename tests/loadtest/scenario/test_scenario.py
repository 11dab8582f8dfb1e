"""Scenario files: the built-in ones, and the script that the runner makes of any."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from loadtest.engine.generators.artillery.generator import RECORDER
from loadtest.errors import LoadTestError
from loadtest.profiles import PROFILES
from loadtest.scenario import scenario
from loadtest.scenario.script import HOOKS

MINIMAL = {"config": {"http": {"timeout": 5}}, "scenarios": [{"flow": [{"get": {"url": "/"}}]}]}


def written(path: Path, content: object) -> str:
    file = path / "mine.yml"
    file.write_text(content if isinstance(content, str) else yaml.safe_dump(content))
    return str(file)


def test_the_published_scenario():
    login = scenario.load()
    flow = login.script["scenarios"][0]["flow"]
    assert [next(iter(step)) for step in flow] == ["get", "post"]
    assert flow[0]["get"]["url"] == "/"
    assert flow[1]["post"]["json"] == {"username": "{{ username }}", "password": "{{ password }}"}
    assert login.script["config"]["payload"]["order"] == "sequence"
    assert (login.timeout_s, login.requests_per_user) == (10, 2)
    assert str(login.description) == "index page, then login"


def test_the_published_scenario_is_what_it_was():
    """Runs of it are compared with the published figures and with saved ones."""
    digest = "295a80482430de43137dc725b2f27697b6069feac599e75f9588d4ee65970d0b"
    assert scenario.load("login").digest == digest


def test_the_api_scenario_visits_every_endpoint_under_the_same_conditions():
    api, login = scenario.load("api"), scenario.load("login")
    for key in ("http", "payload"):
        assert api.script["config"][key] == login.script["config"][key]
    assert api.journeys is not None
    visited = {endpoint for journey in api.journeys for endpoint in journey}
    assert visited == {"login", "list", "search", "create", "read", "logout"}
    assert all(journey[0] == "login" and journey[-1] == "logout" for journey in api.journeys)
    assert all(flow["weight"] > 0 for flow in api.script["scenarios"])
    requests = [
        request
        for flow in api.script["scenarios"]
        for step in flow["flow"]
        for request in (step.get("get") or step.get("post"),)
        if request
    ]
    assert all("statusCode" in request["expect"] for request in requests)
    assert api.longest_s == 5 + 5 * 10


def test_the_script_adds_target_phases_and_recorder_but_keeps_the_rest():
    login = scenario.load()
    script = login.artillery_script("http://127.0.0.1:1", PROFILES["smoke"])
    assert script["config"]["target"] == "http://127.0.0.1:1"
    assert script["config"]["http"] == {"timeout": 10}
    assert [phase["name"] for phase in script["config"]["phases"]] == ["ramp", "hold"]
    assert script["config"]["processor"] == "./recorder.cjs"
    assert script["scenarios"][0]["onError"] == "haproofOnError"
    assert "target" not in login.script["config"]
    # The recorder has every function that the script names.
    text = RECORDER.read_text()
    assert all(f"{name}:" in text for name in HOOKS.values())


def test_the_digest_depends_on_content_not_layout(tmp_path: Path):
    one = scenario.load(written(tmp_path, MINIMAL)).digest
    assert scenario.load(written(tmp_path, f"# a comment\n{yaml.safe_dump(MINIMAL)}")).digest == one
    changed = {**MINIMAL, "config": {"http": {"timeout": 6}}}
    assert scenario.load(written(tmp_path, changed)).digest != one


def test_an_unknown_scenario_is_reported_with_the_known_ones():
    with pytest.raises(LoadTestError, match=r"'nothing' .*one of api, login"):
        scenario.load("nothing")


@pytest.mark.parametrize(
    ("name", "runner"), [("load.ts", "npx tsx"), ("load.mts", "npx tsx"), ("load.js", "node")]
)
def test_a_script_that_is_a_program_has_a_way_out(tmp_path: Path, name: str, runner: str):
    (tmp_path / name).write_text("export const config = {};")
    with pytest.raises(LoadTestError, match=rf"as by `{runner} -p .*{name}.* > load.json`"):
        scenario.load(str(tmp_path / name))
