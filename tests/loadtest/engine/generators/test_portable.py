"""A script as plain steps: every part is translated or refused with its line, and means the same."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from loadtest.engine.generators import registry
from loadtest.engine.generators.base import Installation, Load
from loadtest.engine.generators.locust.inside import answers
from loadtest.engine.generators.portable import (
    expressions,
    extraction,
    javascript_numbers,
    support,
    texts,
)
from loadtest.engine.generators.portable.steps import Repeat, Send, Wait
from loadtest.engine.generators.portable.texts import RandomNumber, RandomString, Text, Variable
from loadtest.engine.generators.portable.translation import translate
from loadtest.engine.generators.portable.unrolled import unroll
from loadtest.engine.generators.portable.visitors import variables, visitors
from loadtest.engine.generators.translation.parts import ALL
from loadtest.errors import GeneratorError
from loadtest.profiles import PROFILES, Phase, Profile
from loadtest.scenario import credentials, scenario
from loadtest.scenario.steps import Capture
from tests.loadtest.engine.generators.test_parts import FUNCTIONS, script_of

PORTABLE = ("locust", "jmeter")


@pytest.fixture
def load(tmp_path: Path):
    (tmp_path / "own.js").write_text(FUNCTIONS)
    (tmp_path / "a.csv").write_text("1\n2\n")

    def read(script: dict[str, Any]) -> scenario.Scenario:
        file = tmp_path / "ours.yml"
        file.write_text(yaml.safe_dump(script, sort_keys=False, allow_unicode=True))
        return scenario.load(str(file))

    return read


def flow_of(load: Any, *steps: Any, **config: Any) -> Any:
    """The plain steps of a flow, and what is refused in it."""
    script = {"config": {"http": {"timeout": 3}, **config}, "scenarios": [{"flow": list(steps)}]}
    made = translate(load(script).validated)
    return made.flows[0].steps, made.refusals


@pytest.mark.parametrize("name", sorted(ALL))
@pytest.mark.parametrize("generator", PORTABLE)
def test_every_part_of_the_schema_is_run_or_refused_with_its_line(
    generator: str, name: str, load: Any
):
    kind, _, key = name.partition(".")
    problems = registry.named(generator).refused(load(script_of(kind, key)))
    if name in support.REFUSED:
        assert any(one.text == f"`{key}`: {support.REFUSED[name]}" for one in problems)
        assert all(one.position.line > 1 for one in problems)
    else:
        others = ("`processor`", "`before`", "`after`", "`selector`", "`loadAll`", "`parallel`")
        others += ("`cookie`", "`think`") if name == "config.defaults" else ()
        own = [one for one in problems if not one.text.startswith(others)]
        assert own == []


def test_reasons_belong_to_parts_that_exist():
    assert support.REFUSED.keys() <= ALL


@pytest.mark.parametrize("name", ["login", "api"])
@pytest.mark.parametrize("generator", PORTABLE)
def test_the_project_s_scenarios_run_everywhere(generator: str, name: str):
    registry.require_runnable(scenario.load(name), generator)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("", ("",)),
        ("a b", ("a b",)),
        ("{{ x }}", (Variable("x"),)),
        ("{{{x}}}", (Variable("x"),)),
        ("/a/{{ x }}?b={{y}}", ("/a/", Variable("x"), "?b=", Variable("y"))),
        ("{{ $randomNumber(1, 5) }}", (RandomNumber(1, 5),)),
        ("{{ $randomNumber(5) }}", (RandomNumber(0, 5),)),
        ("{{ $randomString() }}{{ $randomString(3) }}", (RandomString(10), RandomString(3))),
        ("{{ $loopCount }}", (Variable("$loopCount"),)),
    ],
)
def test_a_text_is_taken_apart(text: str, parts: tuple[Any, ...]):
    assert texts.parse(text).parts == parts


@pytest.mark.parametrize(
    "text",
    ["{{ a.b }}", "{{ a[0] }}", "{{ $env.A }}", "{{ $testId }}", "a {{ target }}", "{{ $uuid() }}",
     "{{ $randomNumber(5, 1) }}"],
)  # fmt: skip
def test_what_only_artillery_fills_in_is_refused(text: str):
    with pytest.raises(texts.UnportableError):
        texts.parse(text)


@pytest.mark.parametrize(
    ("number", "text"),
    [(0, "0"), (-7, "-7"), (7.0, "7"), (1.5, "1.5"), (1e20, "100000000000000000000"), (1e21, "1e+21"),
     (1e-6, "0.000001"), (1.5e-7, "1.5e-7"), (0.00001, "0.00001"), (2**53, "9007199254740992"),
     (12345678901234567890, "12345678901234567000"), (True, "true"), (None, "null")],
)  # fmt: skip
def test_numbers_are_written_as_javascript_writes_them(number: Any, text: str):
    assert texts.written(number) == text
    if isinstance(number, (int, float)) and not isinstance(number, bool):
        assert javascript_numbers.shown(number) == text


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_what_is_no_number_of_json_is_refused(value: float, load: Any):
    _, refusals = flow_of(load, {"post": {"url": "/", "json": {"a": value}}})
    assert "is not a JSON number" in refusals[0].reason


@pytest.mark.parametrize(
    ("expression", "flags", "body", "found"),
    [
        ("id=(\\d+)$", "", "id=5\n", None),
        ("id=(\\d+)$", "m", "id=5\r\nx", "id=5"),
        ("a.c", "", "a\rc", None),
        ("a.c", "s", "a\rc", "a\rc"),
        ("\\w+", "", "é_1", "_1"),
        ("[\\w-]+[.$]", "", "é ab-1.", "ab-1."),
        ("\\$5\\.", "", "$5.", "$5."),
    ],
)
def test_an_expression_finds_what_javascript_finds(
    expression: str, flags: str, body: str, found: str | None
):
    shared = expressions.shared(expression, flags)
    assert answers.Regexp(shared, 0, flags).find(body, {}) == (found or answers.MISSING)


@pytest.mark.parametrize(
    "expression",
    ["(?<=a)b", "(?i)a", "(?P<n>a)", "a++", "a{2}+", "\\Aa", "a\\Z", "[^]", "[]a]", "\\u00e9",
     "\\p{L}", "[\\W]", "(a", "(?>a)"],
)  # fmt: skip
def test_an_expression_that_not_all_have_is_refused(expression: str):
    with pytest.raises(texts.UnportableError):
        expressions.shared(expression, "")


def test_requests_keep_all_that_is_written(load: Any):
    (first, second), refusals = flow_of(
        load,
        {"get": {"url": "{{ target }}/a", "qs": {"a": [1, "{{ x }}", None], "b": True, "c": None},
                 "expect": [{"statusCode": [200, 301, 302]}]}},
        {"post": {"url": "/b", "name": "b", "json": {"n": "{{ x }}", "l": [1, None, True]},
                  "headers": {"X-A": "{{ x }}"}, "auth": {"user": "u", "pass": "{{ x }}"},
                  "gzip": False, "followRedirect": False, "probability": 50}},
        variables={"x": ["1", "2"]},
        defaults={"headers": {"X-A": "0", "X-B": 1}},
    )  # fmt: skip
    assert refusals == ()
    assert isinstance(first, Send)
    assert (first.method, first.url.fixed, first.endpoint) == ("GET", "/a", "GET {{ target }}/a")
    assert first.query == {
        "a": [Text(("1",)), Text((Variable("x"),)), texts.parse("")],
        "b": Text(("true",)),
        "c": texts.parse(""),
    }
    assert first.expected == (200, 301, 302)
    assert (first.follows, first.compressed, first.chance) == (True, True, 1.0)
    assert isinstance(second, Send)
    assert second.endpoint == "b"
    assert second.body is not None
    assert second.body.json == {"n": Text((Variable("x"),)), "l": [1, None, True]}
    assert second.headers == {"x-a": Text((Variable("x"),)), "x-b": Text(("1",))}
    assert (second.follows, second.compressed, second.chance) == (False, False, 50 / 101)


def test_pauses_loops_and_logs(load: Any):
    steps, refusals = flow_of(
        load,
        {"log": "here"},
        {"think": 2},
        {"think": "500ms"},
        {"think": "{{ $randomNumber(1, 3) }}"},
        {"loop": [{"get": {"url": "/{{ $loopCount }}"}}], "count": "2-4"},
        {"loop": [{"get": {"url": "/{{ one }}"}}], "over": ["a", 2], "loopElement": "one"},
    )
    assert refusals == ()
    assert steps[:3] == (Wait(2, 2), Wait(0.5, 0.5), Wait(1, 3))
    assert isinstance(steps[3], Repeat)
    assert (steps[3].first, steps[3].rounds) == (2, 2)
    urls = [one.url.fixed for one in unroll(steps) if isinstance(one, Send)]
    assert urls == ["/2", "/3", "/a", "/2"]


def test_an_unrolled_body_keeps_the_type_of_a_whole_value(load: Any):
    body = {"n": "{{ $loopElement }}", "t": "no. {{ $loopElement }}", "i": "{{ $loopCount }}"}
    steps, _ = flow_of(load, {"loop": [{"post": {"url": "/", "json": body}}], "over": [7, "x"]})
    made = [one.body.json for one in unroll(steps)]
    assert made == [
        {"n": 7, "t": Text(("no. ", "7")), "i": 0},
        {"n": Text(("x",)), "t": Text(("no. ", "x")), "i": 1},
    ]


def test_unrolled_headers_and_queries_stay_texts(load: Any):
    element, count = "{{ $loopElement }}", "{{ $loopCount }}"
    request = {"url": "/", "headers": {"x-n": element}, "qs": {"a": element, "b": [count, "t"]}}
    steps, _ = flow_of(load, {"loop": [{"get": request}], "over": [7, True]})
    made = [(one.headers["x-n"], one.query["a"], one.query["b"]) for one in unroll(steps)]
    assert made == [
        (Text(("7",)), Text(("7",)), [Text(("0",)), Text(("t",))]),
        (Text(("true",)), Text(("true",)), [Text(("1",)), Text(("t",))]),
    ]


@pytest.mark.parametrize(
    ("step", "key"),
    [
        ({"loop": [{"get": {"url": "/"}}], "over": "names"}, "over"),
        ({"loop": [{"get": {"url": "/"}}], "count": "{{ names }}"}, "count"),
        ({"loop": [{"get": {"url": "/"}}], "over": [{"a": 1}]}, "over"),
        ({"think": "{{ names }}"}, "think"),
        ({"post": {"url": "/", "json": {"{{ names }}": 1}}}, "{{ names }}"),
        ({"get": {"url": "/{{ names.x }}"}}, "url"),
        ({"get": {"url": "/", "capture": {"json": "$..a", "as": "b"}}}, "json"),
        ({"get": {"url": "/", "capture": {"json": "$.a", "as": "b.c"}}}, "as"),
        ({"get": {"url": "/", "capture": {"regexp": "(?<n>a)", "as": "b"}}}, "regexp"),
        ({"get": {"url": "/", "capture": {"header": "set-cookie", "as": "b"}}}, "header"),
        ({"get": {"url": "/", "capture": {"json": '$["it\'s"]', "as": "b"}}}, "json"),
        ({"get": {"url": "/", "capture": {"json": "$['a,b']", "as": "b"}}}, "json"),
        ({"get": {"url": "/", "match": {"json": "$['*']", "value": 1}}}, "json"),
        ({"loop": [{"get": {"url": "/"}}], "over": ["a", "{{ names }}"]}, "over"),
        ({"get": {"url": "/", "capture": {"regexp": "a", "flags": "y", "as": "b"}}}, "regexp"),
    ],
)
@pytest.mark.parametrize("generator", PORTABLE)
def test_a_value_without_an_equal_is_refused_where_it_is(
    generator: str, step: Any, key: str, load: Any
):
    script = {
        "config": {"http": {"timeout": 1}, "variables": {"names": [["a"], ["b"]]}},
        "scenarios": [{"flow": [step, {"get": {"url": "/"}}]}],
    }
    if "over" not in step or isinstance(step["over"], list):
        names = {"x": 1} if key == "url" else [1, 2]
        script["config"]["variables"] = {"names": names}  # type: ignore[index]
    problems = registry.named(generator).refused(load(script))
    assert any(one.text.startswith(f"`{key}`: ") for one in problems)


@pytest.mark.parametrize(
    ("given", "path"),
    [
        ("$.a", ("a",)),
        ("$.a[0].b-c", ("a", 0, "b-c")),
        ("$['x y'][\"z\"]", ("x y", "z")),
        ("$", ()),
    ],
)
def test_a_plain_path_into_json(given: str, path: tuple[str | int, ...]):
    capture = Capture.model_validate({"json": given, "as": "x"})
    assert extraction.finding(capture, strict_by_default=None).path == path


@pytest.mark.parametrize(
    ("strict", "default", "expected"),
    [(None, None, True), (None, True, True), (None, False, False), (True, False, True),
     (False, None, False), (False, True, False)],
)  # fmt: skip
def test_a_capture_is_as_strict_as_artillery_s(
    strict: bool | None, default: bool | None, expected: bool
):
    given = {"json": "$.a", "as": "x", **({} if strict is None else {"strict": strict})}
    found = extraction.finding(Capture.model_validate(given), strict_by_default=default)
    assert found.strict is expected


# --- visitors ---


def planned(loaded: scenario.Scenario, directory: Path, profile: Profile) -> Load:
    credentials.write(directory / "credentials.csv", profile, 1)
    return Load(directory, "http://localhost", loaded, profile, Installation(("x",), "1", 1, 1))


def test_visitors_are_the_planned_ones_each_time(tmp_path: Path):
    load, profile = planned(scenario.load("api"), tmp_path, PROFILES["quick"]), PROFILES["quick"]
    flows = translate(load.scenario.validated).flows
    first = list(visitors(load, flows))
    assert first == list(visitors(load, flows))
    assert [one.arrives_s for one in first] == profile.schedule().tolist()
    names = [one.values["username"] for one in first]
    assert len(set(names)) == profile.planned_users
    shares = [sum(one.flow == number for one in first) / len(first) for number in range(3)]
    assert shares == pytest.approx([0.5, 0.3, 0.2], abs=0.04)
    assert {one.values["form"] for one in first} == set(
        load.scenario.validated.config.variables["form"]
    )
    assert all(one.values.keys() == variables(load.scenario) for one in first)


def test_rows_in_turn_start_over_and_random_ones_repeat(load: Any, tmp_path: Path):
    for order, expected in (("sequence", [1, 2, 1, 2]), ("random", None)):
        payload = {"path": "a.csv", "fields": ["x"], "order": order}
        config = {"http": {"timeout": 1}, "payload": payload}
        loaded = load({"config": config, "scenarios": [{"flow": [{"get": {"url": "/"}}]}]})
        given = planned(loaded, tmp_path, Profile("two", (Phase("hold", 2, 2),)))
        made = [one.values["x"] for one in visitors(given, translate(loaded.validated).flows)]
        assert made == expected or (expected is None and set(made) <= {1, 2})


def test_a_profile_that_skips_visitors_is_refused(tmp_path: Path):
    profile = Profile("closed", (Phase("hold", 2, 2, most_at_once=3),))
    load = planned(scenario.load("login"), tmp_path, profile)
    for name in PORTABLE:
        with pytest.raises(GeneratorError, match="at most 3 at a time"):
            registry.named(name).prepare(load)
