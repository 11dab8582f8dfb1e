# ruff: noqa: ISC004
"""What Artillery accepts and takes otherwise than it reads."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.loadtest.scenario.brought import a_flow, refused, script_of, told, written


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        (
            "{loop: [{get: {url: '/{{ item.id }}'}}], over: [{id: 1}], loopValue: item}",
            "5:51: `item` is the number of the round, from 0: the element of `over` is named by "
            "`loopElement: item`",
        ),
        (
            "post: {url: /, headers: {Content-Type: multipart/form-data}, formData: {a: b}}",
            "5:34: `content-type: multipart/form-data` hides the one with a boundary that Artillery writes "
            "for `formData`: remove it",
        ),
        (
            "get: {url: /, capture: {regexp: '/a(b)/g', as: x}}",
            "5:33: the slashes of `/a(b)/g` are part of the pattern: without them, write `regexp: a(b)` "
            "and `flags: g`",
        ),
    ],
)
def test_what_is_surely_meant_otherwise_is_refused(tmp_path: Path, step: str, expected: str):
    found = refused(written(tmp_path, a_flow(step, "get: {url: /}")))
    assert [line.partition(": ")[2] for line in found] == [expected.partition(": ")[2]]


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        (
            "{loop: [{get: {url: '/{{ n }}'}}], over: [a], loopValue: n}",
            "`n` is the number of the round",
        ),
        (
            "get: {url: /, capture: {regexp: '/users/(x+)/', as: x}}",
            "the slashes of `/users/(x+)/` are",
        ),
        ("get: {url: /, probability: 0.5}", "`probability: 0.5` is 0.5 %: write `50` for 50 %"),
        ("think: 500", '`500` are seconds: milliseconds are written as `"500ms"`'),
        (
            "think: '{{ $randomNumber(1000, 3000) }}'",
            'seconds: milliseconds are written as `"3000ms"`',
        ),
    ],
)
def test_what_may_be_meant_is_told(tmp_path: Path, step: str, expected: str):
    _, notes = told(written(tmp_path, a_flow(step, "get: {url: /}", "think: 5m")))
    assert len(notes) == 1
    assert expected in notes[0]


def test_a_body_of_the_other_kind(tmp_path: Path):
    config = "http: {timeout: 5}\n  variables: {text: '{\"a\": 1}', word: abc, thing: {a: 1}}"
    flow = a_flow(
        "post: {url: /, json: '{{ text }}'}",
        "post: {url: /, body: '{{ thing }}'}",
        config=config,
    )
    assert [line.partition(": ")[2] for line in refused(written(tmp_path, flow))] == [
        '`text` is a text, and is sent as one in quotes: write `body: "{{ text }}"`',
        '`thing` is not a string, and Artillery ends the user: write `json: "{{ thing }}"`',
    ]
    fine = a_flow(
        "post: {url: /, json: '{{ thing }}'}",
        "post: {url: /, json: '{{ word }}'}",
        "post: {url: /, body: '{{ text }}'}",
        config=config,
    )
    assert told(written(tmp_path, fine))[1] == []


def test_default_headers_hide_the_boundary_of_a_form_as_well(tmp_path: Path):
    config = "http: {timeout: 5, defaults: {headers: {content-type: application/json}}}"
    flow = a_flow("post: {url: /, formData: {a: b}}", "post: {url: /, json: {}}", config=config)
    (found,) = refused(written(tmp_path, flow))
    assert "`content-type: application/json` hides" in found
    fine = flow.replace(
        "/, formData", "/, headers: {content-type: multipart/form-data; boundary=x}, formData"
    )
    assert told(written(tmp_path, fine))[1] == []


@pytest.mark.parametrize(
    ("target", "path"),
    [
        ("localhost:3000", ""),
        ("localhost:3000/v1/", "/v1"),
        ("api.example.com", ""),
        ("/v2", "/v2"),
    ],
)
def test_a_target_without_a_scheme(tmp_path: Path, target: str, path: str):
    found, _ = told(written(tmp_path, a_flow("get: {url: /x}", config=f"target: {target}")))
    assert script_of(found)["config"]["target"] == f"http://127.0.0.1:8080{path}"


def test_random_arrivals_for_all_phases_are_refused(tmp_path: Path):
    config = "mode: poisson\n  phases: [{duration: 5, arrivalRate: 1}]"
    file = written(tmp_path, a_flow("get: {url: /}", config=config))
    (found,) = refused(file, own_phases=True)
    assert found.startswith("2:3: `mode`: arrivals of mode 'poisson' are random")
    assert any("`mode`: the load profile replaces it" in note for note in told(file)[1])


@pytest.mark.parametrize(
    ("rows", "fields", "expected"),
    [
        ("a;b\nc;d\n", "[x, y]", 'has 1 columns, but 2 `fields`: write `delimiter: ";"`'),
        ("a\tb\nc\td\n", "[x, y]", 'has 1 columns, but 2 `fields`: write `delimiter: "\\t"`'),
        ("a\nc\n", "[x, y]", "has 1 columns, but 2 `fields`"),
    ],
)
def test_another_delimiter_is_named(tmp_path: Path, rows: str, fields: str, expected: str):
    (tmp_path / "rows.csv").write_text(rows)
    config = f"http: {{timeout: 5}}\n  payload: {{path: rows.csv, fields: {fields}, order: random}}"
    (found,) = refused(written(tmp_path, a_flow("get: {url: /}", config=config)))
    assert found.endswith(expected)


def test_rows_that_are_read_otherwise_than_they_look(tmp_path: Path):
    (tmp_path / "rows.csv").write_text("ann;1, x\nbob;2, y\n")
    config = "http: {timeout: 5}\n  payload: {path: rows.csv, fields: [a, b], order: random}"
    _, notes = told(written(tmp_path, a_flow("get: {url: /}", config=config)))
    assert notes == [
        "3:13: values that begin with a space keep it: write none behind the delimiter"
    ]
    (tmp_path / "rows.csv").write_text("ann;1\nbob;2\n")
    _, notes = told(written(tmp_path, a_flow("get: {url: /}", config=config.replace("a, b", "a"))))
    assert notes == ['3:13: each value may be several columns: write `delimiter: ";"`']


def test_a_question_mark_in_braces_is_part_of_a_url(tmp_path: Path):
    found, _ = told(written(tmp_path, a_flow("get: {url: /search?q=가나&n=1, name: search}")))
    assert script_of(found)["scenarios"][0]["flow"][0]["get"]["url"] == "/search?q=가나&n=1"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "config: {}\nscenarios:\n  - flow:\n      - get: {url: /}\n      -get: {url: /}\n",
            "indented otherwise",
        ),
        ("config:\n  target: 'x\nscenarios: []\n", "a quotation mark before this is not closed"),
        ("config: *common\nscenarios: []\n", "nothing before this is called `&common`"),
    ],
)
def test_what_is_no_yaml_has_a_remedy(tmp_path: Path, text: str, expected: str):
    (found,) = refused(written(tmp_path, text))
    assert expected in found


def test_a_limit_in_milliseconds_is_named(tmp_path: Path):
    (found,) = refused(written(tmp_path, a_flow("get: {url: /}", config="http: {timeout: 30000}")))
    assert found == "2:10: `timeout`: is in seconds: write 30, not 30000"


def test_variables_that_bring_into_a_header_what_none_can_have(tmp_path: Path):
    """For some users only: Artillery ends them, and other generators would send something else."""
    (tmp_path / "rows.csv").write_text("ann,é\nbob,日\n", encoding="utf-8")
    config = (
        "http: {timeout: 5}\n"
        '  variables: {lines: "a\\nb", plain: ü}\n'
        "  payload: {path: rows.csv, fields: [who, name], order: random}"
    )
    flow = a_flow(
        "get: {url: /, headers: {x-who: '{{ who }} {{ plain }}', x-name: 'n {{ name }}'}}",
        "get: {url: /, cookie: {c: '{{ name }}'}, headers: {x-all: '{{ lines }}'}}",
        config=config,
    )
    found = [line.partition(": ")[2] for line in refused(written(tmp_path, flow))]
    ends = "which no header can have: Artillery ends such a user"
    assert found == [
        f"`x-name`: `name` can have the character U+65E5, {ends}",
        f"`c`: `name` can have the character U+65E5, {ends}",
        f"`x-all`: `lines` can have a new line, {ends}",
    ]


def test_percent_signs_in_urls_that_encode_nothing(tmp_path: Path):
    """Artillery's metrics by endpoint decode each URL; other generators would send something else."""
    (tmp_path / "rows.csv").write_text("10%25,41\n50% off,42\n", encoding="utf-8")
    config = "http: {timeout: 5}\n  payload: {path: rows.csv, fields: [part, hex], order: random}"
    flow = a_flow(
        "get: {url: /100%/x}",
        "get: {url: '/x?q=5%2'}",
        "get: {url: /caf%E9}",
        "get: {url: '/a?b={{ part }}'}",
        "get: {url: '/caf%C3%A9%25?a=%2B&b=%{{ hex }}'}",
        "get: {url: '/', qs: {a: 5 %, b: '{{ part }}'}}",
        config=config,
    )
    found = [line.partition(": ")[2] for line in refused(written(tmp_path, flow))]
    ends = "which encodes nothing: Artillery ends such a user"
    assert found == [
        f"`url` has `%`, {ends}: write `%25` for a percent sign",
        f"`url` has `%`, {ends}: write `%25` for a percent sign",
        f"`url` has `%E9`, {ends}: write `%25` for a percent sign",
        f"`url` has `%`, {ends}, which `part` can have",
    ]
