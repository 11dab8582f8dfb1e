# ruff: noqa: ISC004
"""What other tools fill in, and Artillery sends as it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.loadtest.scenario.brought import a_flow, refused, told, written

_VARIABLES = "http: {timeout: 5}\n  variables: {id: 7, names: [[ann, bob]], index: 1}"


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        ("get: {url: '/${TENANT}/x'}", "6:15: `${TENANT}` is sent as it is: write `{{ $env.TENANT }}`, or "
         "let `envsubst` fill it in before"),
        ("get: {url: /, headers: {a: 'Bearer ${TOKEN:-none}'}}", "6:33: `${TOKEN:-none}` is sent as it is: "
         "write `{{ $env.TOKEN }}`, or let `envsubst` fill it in before"),
        ("post: {url: /, json: {a: '${id}'}}", "6:31: `${id}` is sent as it is: Artillery takes "
         "`{{ id }}`"),
        ("get: {url: /, qs: {a: '${other}'}}", "6:28: `${other}` is sent as it is: Artillery takes "
         "`{{ other }}`"),
        ("get: {url: '/users/{userId}'}", "6:15: `{userId}` is sent as it is: Artillery takes "
         "`{{ userId }}`; write `%7BuserId%7D` if the braces are meant"),
        ("get: {url: '/users/:id/x'}", "6:15: `:id` is sent as it is: Artillery takes `{{ id }}`"),
        ("get: {url: '/{{ names[index] }}'}", "6:15: `{{ names[index] }}`: Artillery takes `index` in "
         'brackets for a name, not for a variable, and sends "undefined": loop `over` the list, or choose '
         "in a function"),
        ("post: {url: /, formData: {file: '@a.txt;type=text/plain'}}", "6:35: `@a.txt;type=text/plain` is "
         "sent as a text: write `{fromFile: a.txt}` to send the file"),
        ("function: sign, other", "6:9: own.js has no function `sign, other`"),
    ],
)  # fmt: skip
def test_a_placeholder_that_stands_for_something_else_is_refused(
    tmp_path: Path, step: str, expected: str
):
    (tmp_path / "a.txt").write_text("a")
    (tmp_path / "own.js").write_text("module.exports = { sign, other };")
    config = f"{_VARIABLES}\n  processor: own.js" if "function" in step else _VARIABLES
    found = refused(written(tmp_path, a_flow(step, "get: {url: /}", config=config)))
    assert found == [expected.replace("6:", "7:", 1) if "function" in step else expected]


def test_texts_that_only_look_like_one_are_sent(tmp_path: Path):
    flow = a_flow(
        "post: {url: '/v1/things:cancel?q={\"a\":1}', body: 'const a = `${b}`, {c}, $${D}'}",
        "post: {url: '/{{ id }}/:part', formData: {user: '@ann', price: '$5'}}",
        "post: {url: /, json: {query: 'query { a(b: {c: 1}) { d }}'}}",
        config=_VARIABLES,
    )
    _, notes = told(written(tmp_path, flow))
    assert notes == ["7:16: `:part` is sent as it is: a variable is `{{ part }}`"]


def test_a_phase_whose_numbers_a_shell_would_fill_in(tmp_path: Path):
    text = (
        "config:\n  http: {timeout: 5}\n  phases:\n"
        "    - {duration: '${TIME:-60}', arrivalRate: 5, name: '${NAME}'}\n"
        "    - {duration: 60, arrivalRate: 0, rampTo: 0}\n"
        "scenarios: [{flow: [{get: {url: /}}]}]\n"
    )
    assert refused(written(tmp_path, text), own_phases=True) == [
        '4:8: `duration`: `${TIME:-60}` is not a number: write "{{ $env.TIME }}", or let `envsubst` fill '
        "it in before",
        "5:38: nobody arrives in a ramp from 0 to 0: write `pause: 60`",
    ]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("get: {url: /, params: {a: 1}}", "unknown key `params` in a request: the query is `qs`"),
        ("get: {url: /, count: 3}", "unknown key `count` in a request; known are"),
        ("{get: {url: /}, count: 3}", "unknown key `count` in a step: it belongs beside `loop`"),
        ("{get: {url: /}, name: a}", "unknown key `name` in a step: it belongs into the request"),
        ("wait: 3", "unknown key `wait` in a step: a pause is `think`"),
        ("get: {url: /, auth: {username: a}}", "unknown key `username` in `auth`: it is `user`"),
        (
            "get: {url: /, expect: [{responseTime: 5}]}",
            "unknown key `responseTime` in `expect`: how long",
        ),
    ],
)
def test_a_key_of_another_tool_is_told_with_what_is_meant(tmp_path: Path, line: str, expected: str):
    found = refused(written(tmp_path, a_flow(line, "get: {url: /}")))
    assert any(expected in one for one in found), found


def test_names_of_files_come_from_variables_that_are_let_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    (tmp_path / "rows.csv").write_text("ann\n")
    (tmp_path / "own.js").write_text("exports.sign = () => {};\n")
    config = (
        "http: {timeout: 5}\n  processor: '{{ $env.OURS }}.js'\n"
        "  payload: {path: '{{ $processEnvironment.ROWS }}', fields: [name], order: random}"
    )
    file = written(tmp_path, a_flow("get: {url: '/{{ name }}'}", "function: sign", config=config))
    assert [line.partition(" ")[0] for line in refused(file)] == ["3:3:", "4:13:"]
    monkeypatch.setenv("OURS", "own")
    monkeypatch.setenv("ROWS", "rows.csv")
    found, _ = told(file, pass_env=frozenset({"OURS", "ROWS"}))
    assert found.functions == ["sign"]
    assert [one.name for one in found.shared_payloads] == ["rows.csv"]


def test_a_value_that_is_replaced_within_a_text(tmp_path: Path):
    config = "http: {timeout: 5}\n  variables: {word: 'pa$$word', nothing: }"
    flow = a_flow("get: {url: /, auth: {user: a, pass: '{{ word }}'}}", config=config)
    _, notes = told(written(tmp_path, flow))
    assert notes == ["3:33: `nothing` is empty: Artillery sends `null`"]
    assert refused(written(tmp_path, flow.replace("'{{ word }}'", "'a-{{ word }}'"))) == [
        "6:39: `word` can be 'pa$$word', and within a text Artillery replaces its `$$`: let the variable "
        "stand alone, or set the text in a function"
    ]


def test_a_payload_in_json_is_called_so(tmp_path: Path):
    (tmp_path / "rows.json").write_text('[{"name": "ann"}]')
    config = "http: {timeout: 5}\n  payload: {path: rows.json, fields: [name]}"
    (found,) = refused(written(tmp_path, a_flow("get: {url: /}", config=config)))
    assert "rows.json is JSON, and Artillery reads CSV" in found


def test_numbers_and_dates_that_were_written_otherwise(tmp_path: Path):
    flow = a_flow(
        "get: {url: /, headers: {a: 1.10, b: 1.5}}",
        "post: {url: /, json: {price: 19.90, phone: +4915112, hex: 0x1F, big: 1e5, "
        "at: 2026-11-27 10:00:00 +09:00}}",
    )
    _, notes = told(written(tmp_path, flow))
    assert [
        line.partition(": ")[2].removesuffix(": quote it if it is a text") for line in notes
    ] == [
        "`1.10` is a number to Artillery, 1.1",
        "`+4915112` is a number to Artillery, 4915112",
        "`0x1F` is a number to Artillery, 31",
        "`1e5` is a number to Artillery, 100000",
        "`2026-11-27 10:00:00 +09:00` is a date to Artillery, 2026-11-27T01:00:00.000Z",
    ]
