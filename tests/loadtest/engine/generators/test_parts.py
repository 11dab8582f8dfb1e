"""What each generator runs and refuses, held against the schema; and what it says of the rest."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from loadtest.engine.generators import registry
from loadtest.engine.generators.k6 import support
from loadtest.engine.generators.translation import parts, user_plan
from loadtest.engine.generators.translation.parts import ALL
from loadtest.errors import LoadTestError
from loadtest.scenario import scenario

SCRIPT: dict[str, Any] = {"config": {"http": {"timeout": 1}}, "scenarios": []}
GET = {"get": {"url": "/"}}
FUNCTIONS = "exports.sign = (...all) => all.at(-1)();"
"""A script for every part: what stands in a step, a request, a scenario, `config.http`, `config`."""
REQUESTS: dict[str, Any] = {
    "url": "/a", "name": "a", "json": {"a": 1}, "body": "a", "form": {"a": "b"},
    "formData": {"a": "b"}, "setContentLengthHeader": True, "qs": {"a": "b"}, "headers": {"a": "b"},
    "cookie": {"a": "b"}, "auth": {"user": "a", "pass": "b"}, "gzip": False, "followRedirect": False,
    "capture": {"json": "$.a", "as": "b"}, "match": {"json": "$.a", "value": 1},
    "expect": {"statusCode": 200}, "beforeRequest": "sign", "afterResponse": "sign",
    "ifTrue": "$uuid", "probability": 50,
}  # fmt: skip
EXTRACTS: dict[str, dict[str, Any]] = {
    "json": {"json": "$.a"}, "regexp": {"regexp": "a"}, "header": {"header": "a"},
    "selector": {"selector": "a", "attr": "href"}, "strict": {"json": "$.a", "strict": False},
    "group": {"regexp": "(a)", "group": 1}, "flags": {"regexp": "a", "flags": "i"},
    "attr": {"selector": "a", "attr": "href"}, "multiple": {"json": "$.a", "multiple": False},
    "index": {"selector": "a", "attr": "href", "index": 1},
}  # fmt: skip
STEPS: dict[str, dict[str, Any]] = {
    **{method: {method: {"url": "/"}} for method in
       ("get", "post", "put", "patch", "delete", "head", "options")},
    "think": {"think": 1}, "log": {"log": "a"}, "function": {"function": "sign"},
    "jitter": {"loop": [{"think": 1, "jitter": "10%"}, GET], "count": 1},
    "loop": {"loop": [GET], "count": 2}, "count": {"loop": [GET], "count": 2},
    "over": {"loop": [GET], "over": ["a"]}, "whileTrue": {"loop": [GET], "whileTrue": "sign"},
    "loopValue": {"loop": [GET], "count": 2, "loopValue": "n"},
    "loopElement": {"loop": [GET], "over": ["a"], "loopElement": "n"},
    "parallel": {"parallel": [GET]},
    "limit": {"loop": [{"parallel": [GET], "limit": 2}], "count": 1},
}  # fmt: skip
SCENARIOS: dict[str, Any] = {
    "flow": [GET], "name": "a", "weight": 2, "engine": "http", "beforeScenario": "sign",
    "afterScenario": "sign", "beforeRequest": "sign", "afterResponse": "sign", "onError": "sign",
}  # fmt: skip
HTTP: dict[str, Any] = {
    "timeout": 2, "extendedMetrics": True, "defaults": {"headers": {"a": "b"}},
    "cookieJarOptions": {"looseMode": True}, "distributedTracing": True, "pool": 5,
}  # fmt: skip
DEFAULTS: dict[str, Any] = {
    "headers": {"a": "b"}, "cookie": {"a": "b"}, "think": {"jitter": "1s"}, "strictCapture": False,
}  # fmt: skip
PAYLOAD: dict[str, Any] = {"path": "a.csv", "fields": ["x"]}
PAYLOADS: dict[str, Any] = {
    "path": {}, "fields": {}, "order": {"order": "sequence"}, "skipHeader": {"skipHeader": False},
    "skipEmptyLines": {"skipEmptyLines": True}, "cast": {"cast": False}, "delimiter": {"delimiter": ";"},
    "loadAll": {"loadAll": True, "name": "all"}, "name": {"loadAll": True, "name": "all"},
}  # fmt: skip
CONFIGS: dict[str, Any] = {
    "http": {}, "defaults": DEFAULTS, "payload": PAYLOAD, "variables": {"a": [1, 2]},
    "tls": {"rejectUnauthorized": False}, "plugins": {"metrics-by-endpoint": {}},
    "processor": "own.js", "bundling": {"external": ["left-pad"]},
}  # fmt: skip
EXPECTATIONS: dict[str, Any] = {
    "statusCode": 200, "notStatusCode": 500, "contentType": "json", "hasHeader": "a",
    "headerEquals": ["a", "b"], "hasProperty": "a", "notHasProperty": "a", "equals": ["a", "b"],
    "matchesRegexp": "a", "cdnHit": True, "jmespath": "a", "jpath": "a",
}  # fmt: skip


def extracting(kind: str, key: str) -> list[Any]:
    """A flow with a `capture` or a `match` that has that key."""
    own = {"as": "b"} if kind == "capture" else {"value": "1"}
    return [{"get": {"url": "/", kind: {**EXTRACTS.get(key, {"json": "$.a"}), **own}}}]


def expecting(key: str) -> dict[str, Any]:
    return (
        {"jmespath": "a", "description": "b"} if key == "description" else {key: EXPECTATIONS[key]}
    )


TYPED: dict[str, Any] = {"body": {"headers": {"content-type": "text/plain"}}}
"""What JMeter wants beside a part."""
FLOWS: dict[str, Callable[[str], list[Any]]] = {
    "request": lambda key: [{"post": {"url": "/", **TYPED.get(key, {}), key: REQUESTS[key]}}],
    "capture": lambda key: extracting("capture", key),
    "match": lambda key: extracting("match", key),
    "expect": lambda key: [{"get": {"url": "/", "expect": expecting(key)}}],
    "auth": lambda _: [{"get": {"url": "/", "auth": {"user": "a", "pass": "b"}}}],
    "step": lambda key: [STEPS[key], GET],
}
SETTINGS: dict[str, Callable[[str], dict[str, Any]]] = {
    "http": lambda key: {"http": {"timeout": 1, key: HTTP[key]}},
    "defaults": lambda key: {"defaults": {key: DEFAULTS[key]}},
    "payload": lambda key: {"payload": {**PAYLOAD, **PAYLOADS[key]}},
    "plugins": lambda key: {"plugins": {key: {"a": 1}}},
    "config": lambda key: {key: CONFIGS[key] or {"timeout": 1}},
}
AROUND = {"before": {"flow": [GET], "name": "a", "engine": "http"}, "after": {"flow": [GET]}}


def script_of(kind: str, key: str) -> dict[str, Any]:
    """The smallest script with that part."""
    flow = FLOWS.get(kind, lambda _: [GET])(key)
    more = {key: SCENARIOS[key]} if kind == "scenario" else {}
    config = {"http": {"timeout": 1}, **SETTINGS.get(kind, lambda _: {})(key)}
    if "sign" in repr((flow, more)):
        config["processor"] = "own.js"
    top = AROUND if kind in {"around", "script"} else {}
    return {"config": config, "scenarios": [{"flow": flow, **more}], **top}


@pytest.fixture
def load(tmp_path: Path):
    (tmp_path / "own.js").write_text(FUNCTIONS)
    (tmp_path / "a.csv").write_text("1\n2\n")

    def read(script: dict[str, Any]) -> scenario.Scenario:
        file = tmp_path / "ours.yml"
        file.write_text(yaml.safe_dump(script, sort_keys=False))
        return scenario.load(str(file))

    return read


@pytest.mark.parametrize("name", sorted(ALL))
def test_every_part_of_the_schema_is_found_and_run_or_refused(name: str, load: Any):
    """There is a script for each part, in which it is found; k6 runs it, or says why not and where."""
    kind, _, key = name.partition(".")
    found = load(script_of(kind, key))
    assert name in {part.name for part in parts.found(found)}
    problems = registry.named("k6").refused(found)
    if name in support.REFUSED:
        assert any(one.text == f"`{key}`: {support.REFUSED[name]}" for one in problems)
        assert all(one.position.line > 1 for one in problems)
    else:
        own = [one for one in problems if "`a`" not in one.text and "processor" not in one.text]
        assert own == []


def test_reasons_belong_to_parts_that_exist():
    assert support.REFUSED.keys() <= ALL
    assert len(ALL) > 90


def test_everything_that_is_refused_is_told_at_once_with_its_line(tmp_path: Path):
    file = tmp_path / "ours.yml"
    file.write_text(
        "config: {plugins: {fake-data: {a: 1}}}\n"
        "scenarios:\n"
        "  - flow:\n"
        "      - parallel:\n"
        "          - get: {url: /a}\n"
        "      - get:\n"
        "          url: /b\n"
        "          capture: {json: '$.list[?(@.a > 1)]', as: b}\n"
    )
    loaded = scenario.load(str(file))
    registry.require_runnable(loaded, "artillery")
    with pytest.raises(LoadTestError) as caught:
        registry.require_runnable(loaded, "k6")
    lines = str(caught.value).splitlines()
    assert lines[0] == f"the scenario {file} cannot be run by k6:"
    assert [line.split(": `")[0].strip() for line in lines[1:]] == [
        f"{file}:1:20", f"{file}:4:9", f"{file}:8:21",
    ]  # fmt: skip
    assert "fake-data" in lines[1]
    assert "`$.list[?(@.a > 1)]`" in lines[3]


def test_a_status_that_a_variable_holds_is_for_artillery_alone(load: Any):
    expect = {"statusCode": [200, "{{ code }}"]}
    found = load(
        {
            "config": {"http": {"timeout": 1}, "variables": {"code": [200, 404]}},
            "scenarios": [{"flow": [{"get": {"url": "/", "expect": expect}}]}],
        }
    )
    registry.require_runnable(found, "artillery")
    for generator in ("k6", "locust", "jmeter"):
        (problem,) = registry.named(generator).refused(found)
        assert "`statusCode`: Artillery's own plugin makes this check" in problem.text


def test_a_part_is_known_by_its_place_not_by_its_name(load: Any):
    """A body may contain any keys."""
    body = {"post": {"formData": {"a": 1}}, "flow": [1], "parallel": [2]}
    found = load(
        {
            "config": {"http": {"timeout": 1}},
            "scenarios": [{"flow": [{"post": {"url": "/", "json": body}}]}],
        }
    )
    names = [part.name for part in parts.found(found)]
    assert "request.formData" not in names
    assert "step.parallel" not in names
    assert registry.named("k6").refused(found) == []


def test_an_unknown_generator_names_the_known_ones():
    with pytest.raises(LoadTestError, match=r"unknown load generator 'wrk'; choose one of artill"):
        registry.named("wrk")


def test_a_cast_value_is_a_number_only_if_it_looks_like_one():
    assert [user_plan._cast(one) for one in ("7", " 7", "1.5", "1e3", "", "x7", "07")] == [
        7, 7, 1.5, 1000, "", "x7", 7,
    ]  # fmt: skip
