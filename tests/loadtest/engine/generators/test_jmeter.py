"""JMeter's test plan and schedule, and its results as ours; no JMeter is needed for that."""

from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import numpy as np
import pytest
import yaml

from loadtest.engine.generators.jmeter import plan, schedule, settings
from loadtest.engine.generators.jmeter.process import Visits
from loadtest.engine.generators.jmeter.results import COLUMNS, Results, code_of, request_line
from loadtest.engine.generators.jmeter.values import Column, Encoding, Values
from loadtest.engine.generators.portable import texts
from loadtest.engine.generators.portable.translation import translate
from loadtest.engine.generators.portable.visitors import variables
from loadtest.outcomes import Outcome
from loadtest.profiles import PROFILES, Phase, Profile
from loadtest.runs.recording import parse_exchange
from loadtest.scenario import scenario

# --- schedule ---


def arrivals_of(text: str) -> list[int]:
    """What JMeter makes of a schedule, in ms: `ThreadScheduleProcessGenerator`, `EvenArrivalsRamp`."""
    steps = re.findall(r"(rate|even_arrivals)\(([\d.]+)(?:/s| ms)\)", text)
    assert " ".join(f"{n}({v}{'/s' if n == 'rate' else ' ms'})" for n, v in steps) == text
    found, offset, rate = list[int](), 0.0, 0.0
    for number, (name, value) in enumerate(steps):
        if name == "rate":
            rate = float(value)
            continue
        duration = float(value) / 1000
        follows = steps[number + 1] if number + 1 < len(steps) else ("", "")
        end = float(follows[1]) if follows[0] == "rate" else rate
        assert end == rate  # otherwise it would be a ramp
        count = int(rate * duration)
        found += [round((offset + n / rate) * 1000) for n in range(count)]
        offset += duration
    return found


@pytest.mark.parametrize(
    "profile",
    [*PROFILES.values(), Profile("odd", (Phase("hold", 3, 7), Phase("ramp", 4, 3, 41))),
     Profile("one", (Phase("hold", 1, 1),)), Profile("fast", (Phase("hold", 2, 500),))],
    ids=lambda one: one.name,
)  # fmt: skip
def test_the_schedule_is_the_planned_one_to_the_millisecond(profile: Profile):
    text = schedule.write(profile.schedule(), 20)
    planned = np.round((profile.schedule() + schedule.HEAD_START_S) * 1000).astype(int).tolist()
    found = arrivals_of(text)
    assert len(found) == len(planned) == profile.planned_users
    assert max(abs(a - b) for a, b in zip(found, planned, strict=True)) <= 1
    assert len(text) < 100_000


@pytest.mark.parametrize("rest_s", [45, 33.3, 17, 7, 700])
def test_the_last_visitor_arrives_however_long_the_rest_is(rest_s: float):
    planned = PROFILES["smoke"].schedule()
    assert len(arrivals_of(schedule.write(planned, rest_s))) == len(planned)


def test_visitors_at_the_same_moment_all_arrive():
    found = arrivals_of(schedule.write(np.array([0.0, 0.0, 0.0, 1.0, 2.0, 2.0]), 20))
    assert len(found) == 6
    assert np.allclose(found, [1000, 1000, 1000, 2000, 3000, 3000], atol=30)


# --- texts ---


def values(**more: Any) -> Values:
    return Values(frozenset({"x", "$uuid"}), frozenset({"token"}), **more)


@pytest.mark.parametrize(
    ("text", "encoding", "written"),
    [
        ("a\\b", Encoding.PLAIN, "a\\b"),
        ("a\\b {{ x }}", Encoding.PLAIN, "a\\\\b ${x__plain}"),
        ("/ä b/{{ x }}", Encoding.URL, "/%C3%A4%20b/${x__url}"),
        ("50% |a", Encoding.URL, "50%25%20%7Ca"),
        ("{{ x }}&", Encoding.QUERY, "${x__query}%26"),
        ("{{ token }}", Encoding.QUERY, "${__urlencode(${token__plain__captured})}"),
        ("{{ $uuid }}", Encoding.PLAIN, "${_24_uuid__plain}"),
        ("{{ $randomNumber(1, 5) }}", Encoding.PLAIN, "${__Random(1,5,)}"),
    ],
)
def test_a_text_in_jmeter_s_way(text: str, encoding: Encoding, written: str):
    assert values().text(texts.parse(text), encoding) == written


def test_a_body_is_json_whatever_is_filled_in():
    made = values()
    x = texts.parse("{{ x }}")
    text = made.json({"a": x, "b": [texts.parse('say "{{ x }}"'), 1, None, True], "c": "d"})  # type: ignore[dict-item]
    columns = {column.name: column.value({"x": 'é"\\'}) for column in made.columns}
    # JMeter reads a doubled backslash as one, then puts the values in.
    filled = re.sub(r"\$\{(\w+)\}", lambda f: columns[f[1]], text.replace("\\\\", "\\"))
    assert json.loads(filled) == {
        "a": 'é"\\', "b": ['say "é"\\"', 1, None, True], "c": "d",
    }  # fmt: skip


def test_a_number_stays_one_in_a_body():
    assert Column("x", Encoding.JSON).value({"x": 7}) == "7"
    assert Column("x", Encoding.JSON).value({"x": "7"}) == '"7"'
    assert Column("x", Encoding.QUERY).value({"x": 7.0}) == "7"


def test_a_path_ends_where_the_query_begins():
    made = values().url(texts.parse("/a\\b{{ x }}?c=\\{{ x }}"))
    assert made == "/a/b${x__path}?c=%5C${x__url}"
    assert Column("x", Encoding.PATH).value({"x": "\\o/ 5%"}) == "/o/%205%25"


def test_variables_side_by_side_are_no_double_slash():
    assert values().url(texts.parse("/a/{{ x }}/{{ x }}/{{ x }}")) == (
        "/a/${x__path}/${x__path}/${x__path}"
    )
    for path in ("/a//b", "/a//{{ x }}", "/{{ x }}//b?c"):
        with pytest.raises(texts.UnportableError, match="one slash of two"):
            values().url(texts.parse(path))
    assert values().url(texts.parse("/a?to=http://b"))


@pytest.mark.parametrize(
    ("path", "value", "written"),
    [
        (("a", 0, "b"), 7, "$[?(@['a'][0]['b'] === 7)]"),
        ((0, "b"), True, "$[0][?(@['b'] === true)]"),
        (("b",), texts.parse('say "x"; y'), '$[?(@[\'b\'] === "say \\"x\\"\\u003b y")]'),
        (("b",), texts.parse("{{ x }}"), "$[?(@['b'] === ${x__literal})]"),
        (("b",), texts.parse("<{{ x }}>"), "$[?(@['b'] === \"<${x__literal_text}>\")]"),
    ],
)
def test_a_match_asks_for_a_value_of_its_type(path: Any, value: Any, written: str):
    made = plan.equal(values(), path, value)
    assert made == written


def test_a_match_that_cannot_tell_the_type_is_refused():
    for path, value in (((0,), 7), (("a",), texts.parse("{{ token }}"))):
        with pytest.raises(texts.UnportableError, match="JMeter cannot tell"):
            plan.equal(values(), path, value)
    assert Column("x", Encoding.ONLY_TEXT).value({"x": 7}) != "7"


def test_a_body_needs_its_type(tmp_path: Path):
    file = tmp_path / "ours.yml"
    for headers, refused in (({}, 1), ({"Content-Type": "text/plain"}, 0)):
        step = {"post": {"url": "/", "body": "x", "headers": headers}}
        content = {"config": {"http": {"timeout": 1}}, "scenarios": [{"flow": [step]}]}
        file.write_text(yaml.safe_dump(content))
        assert len(plan_of(file)[0].refusals) == refused


@pytest.mark.parametrize("text", ["${x}", "{{ y }}"])
def test_what_jmeter_would_take_for_something_else_is_refused(text: str):
    with pytest.raises(texts.UnportableError):
        values().text(texts.parse(text))


@pytest.mark.parametrize("key", ["capture", "match"])
def test_the_length_of_a_list_is_refused(key: str, tmp_path: Path):
    file = tmp_path / "length.yml"
    rest = {"capture": {"as": "n"}, "match": {"value": 2}}[key]
    request = {"url": "/", key: {"json": "$.list.length", **rest}}
    file.write_text(
        yaml.safe_dump(
            {"config": {"http": {"timeout": 1}}, "scenarios": [{"flow": [{"get": request}]}]}
        )
    )
    (refusal,) = plan_of(file)[0].refusals
    assert refusal.reason.startswith("`length` is how long a list or text is")


def test_a_captured_value_in_a_body_is_refused():
    with pytest.raises(texts.UnportableError, match="cannot quote what it captures"):
        values().json({"a": texts.parse("{{ token }}")})


# --- the test plan ---


def plan_of(
    name: str | Path, target: str = "https://stack:8443/base"
) -> tuple[plan.Plan, ET.Element]:
    loaded = scenario.load(str(name))
    arrivals = plan.Arrivals(PROFILES["smoke"].schedule(), 30)
    made = plan.write(translate(loaded.validated), variables(loaded), target, arrivals)
    return made, ET.fromstring(made.jmx)


def test_the_published_scenario_as_a_plan():
    made, tree = plan_of("login")
    assert made.refusals == ()
    assert [column.name for column in made.columns] == ["username__json", "password__json"]
    warm_up, *samplers = tree.findall(".//HTTPSamplerProxy")
    assert warm_up.get("testname") == plan.WARM_UP
    shown = [
        (s.get("testname"), s.findtext("*[@name='HTTPSampler.method']"),
         s.findtext("*[@name='HTTPSampler.path']"))
        for s in samplers
    ]  # fmt: skip
    assert shown == [
        ("index page", "GET", "/base/"), ("index page", "GET", "${redirect}"),
        ("login", "POST", "/base/login"), ("login", "POST", "${repeat}"), ("login", "GET", "${redirect}"),
    ]  # fmt: skip
    body = samplers[2].findtext(".//*[@name='Argument.value']")
    assert body == '{"username":${username__json},"password":${password__json}}'
    group = tree.find(".//OpenModelThreadGroup")
    assert group is not None
    assert group.findtext("*[@name='ThreadGroup.on_sample_error']") == "stopthread"
    assert {e.text for e in tree.findall(".//*[@name='HTTPSampler.domain']")} == {
        "127.0.0.1",
        "stack",
    }
    for kind, limit in (("connect", "10000"), ("response", "10000")):
        assert tree.findtext(f".//*[@name='HTTPSampler.{kind}_timeout']") == limit
    assert {s.findtext("*[@name='HTTPSampler.follow_redirects']") for s in samplers} == {"false"}


def test_each_scenario_is_chosen_by_its_number():
    made, tree = plan_of("api")
    assert made.refusals == ()
    switch = tree.find(".//SwitchController")
    assert switch is not None
    assert switch.findtext("*[@name='SwitchController.value']") == "${flow}"
    assert len(tree.findall(".//TransactionController")) == 3


def test_too_long_a_loop_is_refused_at_its_request(tmp_path: Path):
    file = tmp_path / "ours.yml"
    loop = {"loop": [{"get": {"url": "/"}}], "count": plan.MOST_REQUESTS + 1}
    content = {"config": {"http": {"timeout": 1}}, "scenarios": [{"flow": [loop]}]}
    file.write_text(yaml.safe_dump(content))
    made, _ = plan_of(file)
    assert [one.location[-1] for one in made.refusals] == ["get"]


@pytest.mark.parametrize(
    ("location", "goes", "elsewhere"),
    [
        ("/x?y=1", "/x?y=1", ""),
        ("http://localhost:8080/x", "http://localhost:8080/x", ""),
        ("http://localhost/x", "http://localhost/x", ""),
        ("https://LOCALHOST", "https://LOCALHOST", ""),
        ("x", "", "x"),
        ("../x", "", "../x"),
        ("?x=1", "", "?x=1"),
        ("//localhost:8080/x", "", "//localhost:8080/x"),
        ("http://localhost:81/x", "", "http://localhost:81/x"),
        ("http://localhost.evil/x", "", "http://localhost.evil/x"),
        ("https://login.example/x", "", "https://login.example/x"),
        ("", "", ""),
        ("/a%2Fb'?c=%20d#é", "/a%2Fb'?c=%20d#é", ""),
        ("/.well-known/a..b", "/.well-known/a..b", ""),
        *(
            (one, "", one.partition(" ")[0])
            for one in (
                "/a%zz",
                "/a%",
                "/a?b=%",
                "/é",
                "/a b",
                "/a/../b",
                "/a/.",
                "/%2e%2E/b",
                "/a//b",
                "/a?b='c'",
                "/a^b|c",
                "/a\\b",
                "/${x}",
                "http://localhost//a",
                "http://localhost:8080/a/./b",
            )
        ),
    ],
)
def test_a_redirect_is_followed_on_the_stack_or_told(
    location: str, goes: str, elsewhere: str, tmp_path: Path
):
    file = tmp_path / "ours.yml"
    content = {"config": {"http": {"timeout": 1}}, "scenarios": [{"flow": [{"get": {"url": "/"}}]}]}
    file.write_text(yaml.safe_dump(content))
    _, tree = plan_of(file, "http://localhost:8080")
    answer = f"HTTP/1.1 302 Found\nDate: today\nLocation: {location}\nX-After: 1\n"
    for name, expected in ((plan.REDIRECT, goes), (plan.ELSEWHERE, elsewhere)):
        taken = next(
            one for one in tree.iter("RegexExtractor") if one.get("testname") == f"takes {name}"
        )
        pattern = {one.get("name"): one.text for one in taken.iter("stringProp")}[
            "RegexExtractor.regex"
        ]
        found = re.search(pattern or "", answer)
        assert (found[1] if found else "") == expected


# --- results ---


def jtl(*rows: dict[str, str]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, [*COLUMNS, "bytes"], restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


ROW = {
    "timeStamp": "1790000000100", "elapsed": "31", "label": "index, page", "responseCode": "200",
    "responseMessage": "OK", "threadName": "visitors 1-17", "success": "true", "Latency": "30",
    "arrived": "1790000000098", "elsewhere": "", "unsendable": "",
    "instance": "i-1", "zone": "", "version": "v1",
}  # fmt: skip
NONE = "Non HTTP response code: "


@pytest.mark.parametrize(
    ("change", "outcome", "error"),
    [
        ({}, Outcome.GOOD, None),
        ({"responseCode": "503", "success": "false"}, Outcome.SERVER_ERROR, None),
        ({"responseCode": "404", "success": "false"}, Outcome.CLIENT_ERROR, None),
        ({"responseCode": "404"}, Outcome.GOOD, None),
        ({"success": "false"}, Outcome.OTHER, None),
        ({"responseCode": f"{NONE}java.net.SocketTimeoutException", "success": "false"},
         Outcome.TIMEOUT, "ETIMEDOUT"),
        ({"responseCode": f"{NONE}org.apache.http.conn.ConnectTimeoutException", "success": "false"},
         Outcome.TIMEOUT, "ETIMEDOUT"),
        ({"responseCode": f"{NONE}org.apache.http.conn.HttpHostConnectException", "success": "false"},
         Outcome.REFUSED, "ECONNREFUSED"),
        ({"responseCode": f"{NONE}java.net.SocketException", "success": "false",
          "responseMessage": "Non HTTP response message: Connection reset"},
         Outcome.RESET, "ECONNRESET"),
        ({"responseCode": f"{NONE}org.apache.http.NoHttpResponseException", "success": "false"},
         Outcome.RESET, "ECONNRESET"),
        ({"responseCode": f"{NONE}java.net.UnknownHostException", "success": "false"},
         Outcome.OTHER, "ENOTFOUND"),
        ({"responseCode": f"{NONE}java.io.EOFException", "success": "false",
          "responseMessage": "Non HTTP response message: Unexpected end of ZLIB input stream"},
         Outcome.OTHER, "EOFException"),
        ({"responseCode": f"{NONE}java.io.EOFException", "success": "false"}, Outcome.RESET,
         "ECONNRESET"),
        ({"responseCode": f"{NONE}a.b.OddException", "success": "false"}, Outcome.OTHER, "OddException"),
    ],
)  # fmt: skip
def test_a_row_is_a_request_of_ours(change: dict[str, str], outcome: Outcome, error: str | None):
    (row,) = Results().feed(jtl({**ROW, **change}))
    found = parse_exchange(request_line(row).decode())
    assert (found.outcome, found.error, found.sent) == (outcome, error, True)
    assert (found.user, found.endpoint, found.instance, found.zone) == (
        "17",
        "index, page",
        "i-1",
        None,
    )
    assert (found.arrived_ms, found.start_ms, found.total_ms) == (1790000000098, 1790000000100, 31)
    assert found.ttfb_ms == (30 if error is None else None)


def test_a_url_that_is_none_was_never_sent():
    (row,) = Results().feed(jtl({**ROW, "responseCode": f"{NONE}java.net.URISyntaxException"}))
    assert not parse_exchange(request_line(row).decode()).sent
    assert code_of("200", "OK") is None


def test_a_redirect_to_nowhere_was_sent():
    odd = {
        "responseCode": f"{NONE}java.lang.IllegalArgumentException",
        "responseMessage": "Non HTTP response message: Missing location header in redirect for GET",
    }
    (row,) = Results().feed(jtl({**ROW, **odd, "success": "false"}))
    found = parse_exchange(request_line(row).decode())
    assert (found.sent, found.outcome) == (True, Outcome.OTHER)
    assert row.without_location


@pytest.mark.parametrize("size", [1, 7, 4096])
def test_results_are_read_in_pieces_of_any_size(size: int):
    text = jtl(ROW, {**ROW, "responseMessage": 'two\nlines, "quoted"'}, {**ROW, "label": plan.END})
    reader = Results()
    rows = [row for at in range(0, len(text), size) for row in reader.feed(text[at : at + size])]
    assert [row.completed for row in rows] == [False, False, True]


@pytest.mark.parametrize(
    ("written", "label", "elsewhere"),
    [("", "x", ""), ("null", "x", ""), ("../y", "x", "../y"), ("../y", plan.END, "")],
)
def test_where_an_answer_redirects_to_elsewhere_is_read(written: str, label: str, elsewhere: str):
    (row,) = Results().feed(jtl({**ROW, "label": label, "elsewhere": written}))
    assert row.elsewhere == elsewhere


def test_a_captured_value_is_looked_at_where_it_is_sent(tmp_path: Path):
    file = tmp_path / "ours.yml"
    names = ("unused", "plain", "first", "second")
    captures = [{"json": f"$.{name}", "as": name} for name in names]
    flow = [
        {"get": {"url": "/", "capture": captures}},
        {"get": {"url": "/{{ plain }}", "headers": {"x": "{{ first }} {{ second }}"}}},
        {"post": {"url": "/", "json": {"a": 1}, "headers": {"x": "{{ second }}{{ plain }}"}}},
    ]
    content = {"config": {"http": {"timeout": 1}}, "scenarios": [{"flow": flow}]}
    file.write_text(yaml.safe_dump(content))
    _, tree = plan_of(file)
    looked = [
        {one.get("name"): one.text for one in taken.iter("stringProp")}
        for taken in tree.iter("RegexExtractor")
        if taken.get("testname") == f"takes {plan.UNSENDABLE}"
    ]
    found = [
        (one["Scope.variable"], one["RegexExtractor.default"], one["RegexExtractor.regex"])
        for one in looked
    ][:3]
    kept = "${unsendable}"  # what the first one has
    assert [(name, default) for name, default, _ in found] == [
        ("plain__plain__captured", None),
        ("first__plain__captured", kept),
        ("second__plain__captured", kept),
    ]
    in_url, in_header, of_body = (re.compile(one or "") for *_, one in found)
    for text, finding in {"a b%41/?": "", "50% b": "%", "a|b": "|", "é": "é", "a\n": "\n"}.items():
        assert (in_url.search(text) or [""])[0] == finding
    for text, finding in {"50% b|é\t": "", "日": "日", "a\n": "\n"}.items():
        assert (in_header.search(text) or [""])[0] == finding
    assert of_body.search("é")
    assert not of_body.search("50% b|")
    (row,) = Results().feed(jtl({**ROW, "unsendable": "日"}))
    assert row.unsendable == "日"


def test_the_request_to_nobody_is_no_visitor_s():
    reader = Results()
    assert len(list(reader.feed(jtl({**ROW, "label": plan.WARM_UP}, ROW)))) == 1
    assert reader.warm_ups == 1


def test_results_without_our_columns_are_refused():
    with pytest.raises(ValueError, match="lack Latency"):
        list(Results().feed("timeStamp,elapsed\n"))


class Said:
    def __init__(self) -> None:
        self.lines = list[str]()

    def take(self, raw: bytes) -> bool:
        self.lines.append(raw.decode().strip())
        return True


def test_visitors_arrive_leave_and_are_counted():
    said = Said()
    visits = Visits(said, np.array([0.0, 0.1]))  # type: ignore[arg-type]
    rows = jtl(
        {**ROW, "threadName": "visitors 1-1", "arrived": "1790000000003"},
        {**ROW, "threadName": "visitors 1-2", "arrived": "1790000000107", "success": "false",
         "responseCode": "503"},
        {**ROW, "threadName": "visitors 1-1", "arrived": "1790000000003", "label": plan.END},
    )  # fmt: skip
    for row in Results().feed(rows):
        assert not visits.all_left
        visits.add(row)
    assert visits.all_left
    assert [line for line in said.lines if line[0] in "ae"] == ["a 0.000", "a 4.000", "e 0", "e 1"]
    assert said.lines[0] == "began 1790000000003.000"
    assert visits.counters == {
        "vusers.created": 2, "vusers.completed": 1, "vusers.failed": 1,
        "http.codes.200": 1, "http.codes.503": 1,
    }  # fmt: skip


def test_what_is_recorded_of_an_answer_is_among_jmeter_s_own_variables():
    assert settings.PROPERTIES["sample_variables"].split(",") == [
        "arrived",
        "elsewhere",
        "unsendable",
        *plan.RECORDED,
    ]
