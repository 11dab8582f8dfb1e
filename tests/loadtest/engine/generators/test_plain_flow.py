"""Which scenarios k6's extension runs without JavaScript, and what it is given for them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from loadtest.engine.generators.base import Installation, Load
from loadtest.engine.generators.k6 import plain_flow
from loadtest.engine.generators.k6.generator import FLOW, K6, most_requests_a_second
from loadtest.engine.generators.k6.plain_flow import NeedsJavaScript
from loadtest.profiles import Phase, Profile
from loadtest.scenario import credentials, scenario

TINY = Profile("tiny", (Phase("hold", 2, 5),))
GET = {"url": "/a"}


@pytest.fixture
def load(tmp_path: Path):
    def make(*steps: Any, **config: Any) -> Load:
        script = {
            "config": {"http": {"timeout": 3}, **config},
            "scenarios": [{"flow": list(steps)}],
        }
        (tmp_path / "ours.yml").write_text(yaml.safe_dump(script, sort_keys=False))
        return of(scenario.load(str(tmp_path / "ours.yml")))

    def of(loaded: scenario.Scenario) -> Load:
        directory = tmp_path / "run"
        directory.mkdir(exist_ok=True)
        installation = Installation(("k6",), "1.8.1", 2, 1)
        return Load(directory, "http://127.0.0.1:8080/", loaded, TINY, installation)

    make.of = of  # pyright: ignore[reportFunctionMemberAccess]
    return make


def sent(load: Load, at: int = 0) -> dict[str, Any]:
    found = plain_flow.translated(load.scenario)
    assert not isinstance(found, NeedsJavaScript), found
    return plain_flow.make(load, found)["flows"][0]["steps"][at]["send"]


def test_the_published_scenario_needs_no_javascript(load: Any):
    published = load.of(scenario.load("login"))
    credentials.write(published.directory / "credentials.csv", TINY, 1)
    K6().prepare(published)
    plan = json.loads((published.directory / "k6" / "plan.json").read_text())
    assert plan["walks"] == "k6's extension"
    flow = json.loads((published.directory / FLOW).read_text())
    (steps,) = [one["steps"] for one in flow["flows"]]
    assert [step["send"]["endpoint"] for step in steps] == ["index page", "login"]
    scripts = {file.name for file in (published.directory / "k6").glob("*.js")}
    assert scripts == {"flow.js", "options.js"}


@pytest.mark.parametrize(
    ("steps", "why"),
    [
        (
            [{"loop": [{"get": {**GET, "ifTrue": "$loopCount == 1"}}], "count": 2}],
            "only Artillery and k6 know its language",
        ),
        ([{"log": "here"}, {"get": GET}], "it prints"),
        (
            [{"get": {**GET, "capture": {"regexp": "a", "as": "x"}}}],
            "regular expressions are JavaScript's",
        ),
        (
            [{"get": {**GET, "match": {"regexp": "a", "value": "a"}}}],
            "regular expressions are JavaScript's",
        ),
        (
            [{"get": {**GET, "capture": {"json": "$.a", "as": "x", "strict": False}}}],
            "what it captures may be missing",
        ),
        (
            [{"loop": [{"get": {**GET, "probability": 5, "capture": {"json": "$.a", "as": "x"}}}],
              "count": 2}],
            "what it captures may be missing",
        ),
        ([{"get": {**GET, "capture": {"json": "$..a", "as": "x"}}}], "more than a path"),
    ],
)  # fmt: skip
def test_a_scenario_with_more_is_walked_through_by_javascript(
    steps: list[Any], why: str, load: Any
):
    made: Load = load(*steps)
    found = plain_flow.translated(made.scenario)
    assert isinstance(found, NeedsJavaScript)
    assert why in found.why
    assert found.why.startswith("line ")
    K6().prepare(made)
    plan = json.loads((made.directory / "k6" / "plan.json").read_text())
    assert plan["walks"] == f"JavaScript, {found.why}"
    assert plan["scenarios"]
    assert not (made.directory / FLOW).exists()
    assert (made.directory / "k6" / "user.js").exists()


def test_a_body_is_written_as_json_stringify_writes_it(load: Any):
    body = {"a": "{{ $uuid }}", "b": ["x {{ $uuid }}", 1, 2.0, True, None, 'é"<'], "c": {}}
    send = sent(load({"post": {"url": "/a", "json": body}}))
    fixed = "".join(one if isinstance(one, str) else "@" for one in send["body"])
    assert fixed == '{"a":@,"b":[@,1,2,true,null,@],"c":{}}'
    assert ["json", "$uuid"] in send["body"]
    assert ["quoted", ["x ", ["variable", "$uuid"]]] in send["body"]
    assert send["headers"]["content-type"] == ["application/json"]


def test_a_url_has_its_query_and_headers_what_the_script_says(load: Any):
    send = sent(
        load({"get": {"url": "/a b", "qs": {"q": "x &", "l": [1, 2]}, "gzip": False,
                      "auth": {"user": "u", "pass": "p"}, "headers": {"X-Own": "{{ $uuid }}"}}})
    )  # fmt: skip
    assert send["url"] == [
        ["url", ["/a b"]], "?", ["uri", ["q"]], "=", ["uri", ["x &"]], "&",
        ["uri", ["l"]], "=", ["uri", ["1"]], "&", ["uri", ["l"]], "=", ["uri", ["2"]],
    ]  # fmt: skip
    assert send["headers"] == {
        "user-agent": ["haproof"],
        "x-own": [["variable", "$uuid"]],
        "authorization": ["Basic ", ["base64", ["u", ":", "p"]]],
    }


def test_own_default_headers_take_the_place_of_the_agent(load: Any):
    made = load({"get": GET}, http={"timeout": 3, "defaults": {"headers": {"X-A": "b"}}})
    assert sent(made)["headers"] == {"x-a": ["b"], "accept-encoding": ["gzip, deflate, br"]}


def test_a_match_that_is_not_strict_is_not_looked_at(load: Any):
    send = sent(
        load({"get": {**GET, "match": [{"json": "$.a[0]", "value": 7},
                                       {"header": "x-b", "value": "{{ $uuid }}"},
                                       {"json": "$.c", "value": 1, "strict": False}]}})
    )  # fmt: skip
    assert send["matches"] == [
        {"value": {"fixed": 7}, "json": ("a", 0)},
        {"value": {"text": [["variable", "$uuid"]]}, "header": "x-b"},
    ]


def test_the_busiest_second_has_all_requests_of_its_visitors(load: Any):
    made = load({"get": GET}, {"loop": [{"get": GET}], "count": 3})
    assert most_requests_a_second(made) == 6 * 4  # from 0.2 s to 1.2 s, both included
