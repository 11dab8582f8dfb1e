"""The script for k6 reads templates, conditions and JSONPath as the installed Artillery does."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from loadtest.cli import tools
from loadtest.engine.generators.k6 import generator
from loadtest.engine.generators.locust.inside import redirects
from loadtest.engine.generators.translation.conditions import parse

pytestmark = pytest.mark.region  # needs the installed Artillery

VARS: dict[str, Any] = {
    "name": "Ana", "n": 7, "zero": 0, "no": False, "empty": "", "list": [1, 2, 3], "text": "7",
    "user": {"id": 5, "tags": ["x", "y"], "a b": {"c": 1}}, "a.b": "dotted",
}  # fmt: skip
TEMPLATES: list[Any] = [
    "plain", "{{ name }}", "{{name}}", "{{{ name }}}", "a {{ name }} b {{ n }}", "{{ n }}", "{{ zero }}",
    "{{ no }}", "{{ empty }}|", "{{ list }}", "l {{ list }}", "{{ list[1] }}", "{{ user.id }}",
    "{{ user.tags[0] }}", "u {{ user }}", "{{ user['a b'].c }}", "{{ a.b }}", "{{ nobody }}",
    "x{{ nobody }}", "{{ $randomNumber(3, 3) }}", "{{ n }}-{{ $randomNumber(4, 4) }}",
    {"a": "{{ n }}", "b": ["{{ name }}", {"c": "{{ user.id }}"}], "d": 1, "{{ name }}": 2},
    7, True, None,
]  # fmt: skip
CONDITIONS = [
    "n == 7", 'n == "7"', 'text == 7', "n != 7", "nobody", "not nobody", "n > 3 and zero", "n > 3 or zero",
    "n + 1 * 2 == 9", "2 ^ 3 ^ 2", "-n + 8", "n % 4", "n in (1, 7)", "n not in (1, 7)", 'name == "Ana"',
    'name ~= "^A"', "no", "not no", "n < 8 == 1", "max(n, 9)", "n ? 2 : 3", "zero ? 2 : 3", "not n == 0",
    "id of user", "round(2.4) + abs(0 - 1)", "empty", '"b" > "a"', "n >= 7 and n <= 7",
]  # fmt: skip
DOCUMENT = {
    "a": {"b": [{"id": 1, "n": "x"}, {"id": 2, "n": "y"}]}, "id": 9, "k-1": {"é": 3}, "list": [4, 5],
    "text": "a\u00e9\U0001f600", "none": [], "empty": "", "number": {"7": "x"},
}  # fmt: skip
PATHS = [
    "$.id", "id", "$.a.b[0].id", "$.a.b[*].id", "$.a.b[1]['n']", "$..id", "$..b[0].n", "$.nobody",
    "$.list[1]", "$.list.*", "$['k-1']", "$.list[7]", "$.list", "$.a.b[0]",
    "$.list.length", "$.text.length", "$.text[1]", "$.a.length", "$.constructor", "$.list.map",
    "$.list['1']", "$.none.length", "$.empty.length", "$.id.length", "$.list['01']", "$.number[7]",
]  # fmt: skip
BASE = "http://127.0.0.1:8080/a/b?c=d"
REDIRECTS = [
    *((BASE, to) for to in (
        "/x", "/x?y=z", "x", "../x/", "?y", "//other:81/x", "https://o.example/p", "x/y?z", "/a%zz", "/a%",
        "/50%25", "/a b", "/a^b|c", '/a"b<c>`{d}[e]', "?q=a b'\"<>|^`{}", "./x", "x/../y", "/a\\b", "?a\\b",
        "/é", "/\ufffd", "/%2e%2e/b", "/a%2e%2E/b", "/a/./b//c/", " /sp ", "/a?b%zz", "/t\ta", "/a/..",
        "/a/.", "..", "HTTPS://o.example/q/../r", "//o.example", "/x;y=1,z@:!$&()*+~",
    )),
    ("http://h", "/x"), ("http://h?q=1", "/x"), ("https://h:8443/a", "b"),
]  # fmt: skip
HOSTS = [
    ("http://h:81/x", "http://h:81", True), ("http://h:81/x", "http://h:82", False),
    ("https://h/x", "http://h", True), ("http://H/x", "http://h", True),
    ("http://other/x", "http://h", False), ("http://[::1]:81/", "http://[::1]:81/base", True),
    ("http://h.evil/", "http://h", False),
]  # fmt: skip
"""Whether a request goes to the stack: its host, its own port or one of the usual."""
ERRORS = [
    (0, "", None), (1503, "", None), (1404, "", None), (1050, "request timeout", "ETIMEDOUT"),
    (1212, "dial: connection refused", "ECONNREFUSED"),
    (1220, "read: connection reset by peer", "ECONNRESET"),
    (1000, "EOF", "ECONNRESET"), (1000, "unexpected EOF", "ECONNRESET"),
    (1101, "no such host", "ENOTFOUND"),
    (1310, "x509: unknown authority", "EPROTO"), (1701, "decompression", "decompression"),
    (1200, "read tcp: i/o timeout", "ETIMEDOUT"),
]  # fmt: skip
CODE = """
import { template as theirs } from %(util)s;
import { compileExpression } from %(filtrex)s;
import { JSONPath } from %(path)s;
import { template } from %(own)s + '/template.js';
import { evaluate } from %(own)s + '/condition.js';
import { jsonPath } from %(own)s + '/json_path.js';
import { errorCode, location, sameHost } from %(own)s + '/http.js';
""".replace("%(own)s + '", "'%(own)s")
BODY = """
import fs from 'node:fs';
const given = JSON.parse(fs.readFileSync(0, 'utf8'));
const { vars, templates, conditions, document, paths, redirects, hosts, errors } = given;
const funcs = { $randomNumber: (a) => a };
const text = (value) => JSON.stringify(value ?? null);
const answer = {
  templates: templates.map((one) => [text(theirs(one, { vars, funcs })), text(template(one, vars))]),
  conditions: conditions.map(([one, tree]) =>
    [Boolean(compileExpression(one)(vars)), Boolean(evaluate(tree, vars))]),
  paths: paths.map((path) => [text(JSONPath({ path, json: document, wrap: true }) ?? []),
    text(jsonPath(document, path))]),
  redirects: redirects.map(([url, Location]) => [new URL(Location, url).href,
    location({ url, headers: {} }, 302, { Location }).url]),
  hosts: hosts.map(([url, target, same]) => [same, sameHost(url, target)]),
  errors: errors.map(([error_code, error, name]) => [name, errorCode({ error_code, error })])
};
console.log(JSON.stringify(answer));
"""


@pytest.fixture(scope="module")
def answers() -> dict[str, list[list[Any]]]:
    package = Path(tools.artillery()[-1]).parent.parent
    libraries = package.parent
    code = CODE % {
        "util": json.dumps(str(package / "dist" / "lib" / "commons" / "engine_util.js")),
        "filtrex": json.dumps(str(libraries / "filtrex" / "dist" / "cjs" / "filtrex.js")),
        "path": json.dumps(str(libraries / "jsonpath-plus" / "dist" / "index-node-esm.js")),
        "own": str(generator.SCRIPTS[0].parent),
    }
    given = {
        "vars": VARS,
        "templates": TEMPLATES,
        "conditions": [[one, parse(one)] for one in CONDITIONS],
        "document": DOCUMENT,
        "paths": PATHS,
        "redirects": REDIRECTS,
        "hosts": HOSTS,
        "errors": ERRORS,
    }
    done = subprocess.run(
        [tools.artillery()[0], "--input-type=module", "-e", code + BODY],
        input=json.dumps(given),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize(("kind", "given"), [("templates", TEMPLATES), ("conditions", CONDITIONS),
                                             ("paths", PATHS), ("redirects", REDIRECTS),
                                             ("hosts", HOSTS), ("errors", ERRORS)])  # fmt: skip
def test_both_read_the_same(kind: str, given: list[Any], answers: dict[str, list[list[Any]]]):
    different = [
        (one, *both) for one, both in zip(given, answers[kind], strict=True) if both[0] != both[1]
    ]
    assert different == []


def test_locust_follows_redirects_to_the_same_urls(answers: dict[str, list[list[Any]]]):
    for (base, to), (wanted, _) in zip(REDIRECTS, answers["redirects"], strict=True):
        assert redirects.resolve(base, to.encode().decode("latin-1")) == wanted
    # What is no UTF-8 is replaced, byte by byte.
    assert redirects.resolve(BASE, "/\xe9\xff") == "http://127.0.0.1:8080/%EF%BF%BD%EF%BF%BD"
    assert redirects.resolve(BASE, "ftp://x/") == "ftp://x/"
