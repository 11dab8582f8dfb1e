# ruff: noqa: ISC004
"""What is taken over from a script that was written for Artillery alone, and what is replaced."""

from __future__ import annotations

from pathlib import Path

import pytest

from loadtest.scenario import scenario
from tests.loadtest.scenario.brought import URL, a_flow, refused, script_of, told, written


def test_what_the_runner_sets_itself_is_replaced_and_told(tmp_path: Path):
    file = written(
        tmp_path,
        """\
        config:
          target: "http://localhost:3000/v1/"
          phases: [{duration: 60, arrivalRate: 5}]
          statsInterval: 5
          ensure: {p99: 100}
          plugins:
            expect: {}
            publish-metrics: [{type: datadog}]
            metrics-by-endpoint:
        scenarios:
          - flow:
              - get: {url: /notes}
              - get: {url: "{{ target }}/notes"}
              - get: {url: "http://localhost:3000/v1/notes?a=1"}
        """,
    )
    found, notes = told(file)
    assert notes == [
        "1:1: no `timeout` below `config.http`: 10 s, Artillery's default",
        "2:3: `target`: the stack's URL replaces it, its path /v1 is kept; without the slash at its end, "
        "with which Artillery would send `//`",
        "3:3: `phases`: the load profile replaces it",
        "4:3: `statsInterval`: the recorder writes every request",
        "5:3: `ensure`: the SLO replaces it (`--slo`)",
        "7:5: plugin `expect`: the recorder checks `expect` itself",
        "8:5: plugin `publish-metrics`: the report replaces it",
        "14:15: `http://localhost:3000/v1/notes?a=1` is taken as `/notes?a=1`: the stack replaces "
        "the script's own target",
    ]
    made = script_of(found)
    assert made["config"]["target"] == f"{URL}/v1"
    assert made["config"]["http"]["timeout"] == 10
    assert made["config"]["plugins"] == {"metrics-by-endpoint": {}}
    assert [step["get"]["url"] for step in made["scenarios"][0]["flow"]] == [
        "/notes",
        "{{ target }}/notes",
        "/notes?a=1",
    ]


def test_an_environment_overrides_the_rest_and_keeps_its_lines(tmp_path: Path):
    file = written(
        tmp_path,
        """\
        config:
          http: {timeout: 5, defaults: {headers: {a: "1"}}}
          environments:
            staging:
              target: http://staging/api
              http: {timeout: 7, defaults: {headers: {b: "2"}}}
            broken:
              http: {timout: 3}
        scenarios: [{flow: [{get: {url: /}}]}]
        """,
    )
    found, notes = told(file, environment="staging")
    assert found.timeout_s == 7
    assert found.target_path == "/api"
    assert script_of(found)["config"]["http"]["defaults"] == {"headers": {"a": "1", "b": "2"}}
    assert notes == ["5:7: `target`: the stack's URL replaces it, its path /api is kept"]
    assert told(file)[1] == [
        "3:3: no environment is chosen: `--environment` takes one of staging, broken"
    ]
    assert refused(file, environment="broken") == [
        "8:14: unknown key `timout` in `config.http`; did you mean `timeout`?"
    ]
    assert refused(file, environment="prod") == [
        "3:3: it has no environment 'prod'; it has staging, broken"
    ]
    assert found.digest != scenario.load(file).digest


@pytest.mark.parametrize(
    ("config", "timeout"),
    [("timeout: 3", 3.0), ('http: {timeout: "4"}', 4.0), ("http: {timeout: 2}\n  timeout: 3", 3.0)],
)
def test_the_timeout_is_the_one_that_artillery_takes(tmp_path: Path, config: str, timeout: float):
    found, _ = told(written(tmp_path, a_flow("get: {url: /}", config=config)))
    assert found.timeout_s == script_of(found)["config"]["http"]["timeout"] == timeout


def test_expect_without_its_plugin_is_checked_and_told(tmp_path: Path):
    step = "get: {url: /, expect: [{statusCode: '{{ code }}'}]}"
    for plugin, expected in (
        (
            "",
            [
                "7:23: `expect` is checked, though the script does not name Artillery's plugin `expect`"
            ],
        ),
        (", expect: {}", ["4:28: plugin `expect`: the recorder checks `expect` itself"]),
    ):
        variables = "http: {timeout: 5}\n  variables: {code: [200, 404]}"
        config = f"{variables}\n  plugins: {{fake-data: {{}}{plugin}}}"
        assert told(written(tmp_path, a_flow(step, config=config)))[1] == expected


def test_anchors_and_remarks_stay_what_they_are_to_artillery(tmp_path: Path):
    file = written(
        tmp_path,
        """\
        $schema: https://example.com/schema.json
        x-login: &login {post: {url: /login, json: {name: a}}}
        config:
          _ids: &ids [1, 2]
          http: {timeout: 5}
          platform: aws:lambda
          plugins: {statsd: {host: localhost}}
        scenarios:
          - description: two steps
            tags: [smoke]
            flow: [*login, {loop: [{get: {url: "//x/{{ $loopElement }}"}}], over: *ids}]
        """,
    )
    found, notes = told(file)
    assert notes == [
        "1:1: `$schema`: Artillery does not look at it",
        "2:1: `x-login`: Artillery does not look at it",
        "4:3: `_ids`: Artillery does not look at it",
        "6:3: `platform`: it is about other platforms",
        "7:13: plugin `statsd`: the report replaces it",
        "9:5: `description`: Artillery does not look at it",
        "10:5: `tags`: Artillery does not look at it",
        "11:35: `//x/{{ $loopElement }}` is a path of the stack to Artillery, not another host",
    ]
    made = script_of(found)
    assert made["scenarios"][0]["flow"][0] == {"post": {"url": "/login", "json": {"name": "a"}}}
    assert made["scenarios"][0]["flow"][1]["over"] == [1, 2]
    assert set(made["config"]) == {"http", "plugins", "target", "phases", "processor"}
