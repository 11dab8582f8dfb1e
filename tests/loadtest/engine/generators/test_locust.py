"""The locustfile, and what runs inside of Locust, as far as that needs no Locust."""

from __future__ import annotations

import ast
import socket
import ssl
from pathlib import Path
from typing import Any

import pytest
import yaml

from loadtest.engine.generators.locust import locustfile
from loadtest.engine.generators.locust.inside import answers
from loadtest.engine.generators.portable.translation import translate
from loadtest.engine.generators.portable.visitors import Visitor
from loadtest.scenario import scenario


def written(directory: Path, *steps: Any, **config: Any) -> str:
    file = directory / "ours.yml"
    content = {"config": {"http": {"timeout": 3}, **config}, "scenarios": [{"flow": list(steps)}]}
    file.write_text(yaml.safe_dump(content, sort_keys=False))
    return locustfile.write(translate(scenario.load(str(file)).validated), "ours")


def calls(text: str) -> list[str]:
    """What the first flow does, statement by statement."""
    tree = ast.parse(text)
    flow = next(node for node in tree.body if isinstance(node, ast.ClassDef))
    steps = next(node for node in flow.body if isinstance(node, ast.FunctionDef))
    return [ast.unparse(node) for node in steps.body[1:]]


def test_the_published_scenario_is_as_one_would_write_it():
    text = locustfile.write(translate(scenario.load("login").validated), "login")
    assert calls(text) == [
        "self.send(Request('GET', '/', 'index page'), expected=(200,))",
        (
            "self.send(Request('POST', '/login', 'login', "
            "json_body={'username': v['username'], 'password': v['password']}), expected=(200,))"
        ),
    ]
    assert "network_timeout = connection_timeout = 10.0" in text


@pytest.mark.parametrize(
    ("step", "statement"),
    [
        ({"think": 2}, "self.think(2.0)"),
        ({"think": "{{ $randomNumber(1, 3) }}"}, "self.think(1, 3)"),
        (
            {"get": {"url": "/{{ $uuid }}/x", "probability": 100}},
            ("if chance(0.9900990099009901):\n"
            "    self.send(Request('GET', text('/', v['$uuid'], '/x'), 'GET /{{ $uuid }}/x'))"),
        ),
        (
            {"loop": [{"get": {"url": "/{{ $loopElement }}"}}], "over": ["a", 2]},
            ("for v['$loopCount'], v['$loopElement'] in enumerate(('a', 2)):\n"
            "    self.send(Request('GET', text('/', v['$loopElement']), 'GET /{{ $loopElement }}'))"),
        ),
        (
            {"post": {"url": "/", "form": {"a": "{{ $randomString(3) }}"}, "followRedirect": False}},
            ("self.send(Request('POST', '/', 'POST /', form={'a': text(random_string(3))}, "
            "follows=False))"),
        ),
        (
            {"get": {"url": "/", "capture": {"json": "$.a[0]", "as": "b"},
                     "match": {"header": "x-a", "value": "1", "strict": False}}},
            ("self.send(Request('GET', '/', 'GET /'), captures=(Capture('b', Json('a', 0), True),), "
            "matches=(Match(Header('x-a'), '1', False),))"),
        ),
    ],
)  # fmt: skip
def test_a_step_in_python(step: Any, statement: str, tmp_path: Path):
    assert calls(written(tmp_path, step, {"get": {"url": "/"}}))[0] == statement


def test_no_name_of_a_script_becomes_code(tmp_path: Path):
    name = '"""\nimport os; os.abort()\n"""'
    file = tmp_path / "ours.yml"
    request = {"url": "/'+x+'", "name": name, "headers": {"a'": "'b\\"}}
    content = {
        "config": {"http": {"timeout": 3}},
        "scenarios": [{"name": name, "flow": [{"get": request}]}],
    }
    file.write_text(yaml.safe_dump(content))
    text = locustfile.write(translate(scenario.load(str(file)).validated), name)
    assert not [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Import)]


def test_a_visitor_is_a_row():
    row = locustfile.visitor_row(Visitor(0.008, 1, {"a": "é", "b": 2}))
    assert row == ("0.008000", 1, '{"a": "é", "b": 2}')


class HTTPConnectionClosed(Exception):  # noqa: N818 - as geventhttpclient calls it
    pass


def _retries(original: Exception) -> Exception:
    error = Exception("retries exceeded")
    error.original = original  # type: ignore[attr-defined]
    return error


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (TimeoutError(), "ETIMEDOUT"),
        (ConnectionRefusedError(), "ECONNREFUSED"),
        (ConnectionResetError(), "ECONNRESET"),
        (BrokenPipeError(), "EPIPE"),
        (socket.gaierror(), "ENOTFOUND"),
        (ssl.SSLError(), "EPROTO"),
        (HTTPConnectionClosed(), "ECONNRESET"),
        (_retries(TimeoutError()), "ETIMEDOUT"),
        (ZeroDivisionError(), "ZeroDivisionError"),
    ],
)
def test_an_error_has_artillery_s_code(error: Exception, code: str):
    assert answers.code_of(error) == code


def test_a_status_is_right_if_it_is_expected_or_a_success():
    assert answers.is_expected(204, ())
    assert not answers.is_expected(404, ())
    assert answers.is_expected(404, (404, 410))
    assert not answers.is_expected(200, (404,))


def test_values_are_found_as_artillery_finds_them():
    body = '{"notes": [{"id": 7}], "token": "ab"}'
    assert answers.Json("notes", 0, "id").find(body, {}) == 7
    assert answers.Json("notes", 1).find(body, {}) is answers.MISSING
    assert answers.Json("a").find("no json", {}) is answers.MISSING
    assert answers.Json("a").find("[" * 100_000, {}) is answers.MISSING
    assert answers.Regexp('"TOKEN": "([^"]*)"', 1, "i").find(body, {}) == "ab"
    assert answers.Regexp("b.d").find(body, {}) is answers.MISSING
    assert answers.Header("x-a").find("", {"x-a": "1"}) == "1"
    assert answers.Header("x-a").find("", {}) is answers.MISSING


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("list", "length"), 2),
        (("list", "1"), "b"),
        (("list", 2), answers.MISSING),
        (("list", "01"), answers.MISSING),
        (("list", -1), answers.MISSING),
        (("text", 1), "\u00e9"),
        (("text", "length"), 4),  # of which the face is two
        (("empty", "length"), answers.MISSING),
        (("none", "length"), 0),
        (("object", 0), "zero"),
        (("object", "length"), answers.MISSING),
        (("number", "length"), answers.MISSING),
    ],
)
def test_a_path_leads_where_javascript_has_something_of_its_own(path: Any, value: Any):
    body = """{"list": ["a", "b"], "none": [], "text": "a\u00e9\U0001f600", "empty": "",
        "object": {"0": "zero"}, "number": 7}"""
    assert answers.Json(*path).find(body, {}) == value


@pytest.mark.parametrize(
    ("found", "wanted", "equal"),
    [
        (True, 1, False),
        (0, False, False),
        (1, 1.0, True),
        ("1", 1, False),
        ([], [], False),
        (answers.MISSING, "x", False),
        (True, True, True),
    ],
)
def test_values_are_equal_as_in_javascript(found: Any, wanted: Any, equal: bool):
    assert answers.same(found, wanted) is equal
