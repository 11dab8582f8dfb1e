"""Every generator sends the same requests of one script: methods, paths, bodies, headers, cookies, hops."""

from __future__ import annotations

import json
import re
import threading
from collections import Counter
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest
from rich.console import Console

from loadtest.cli import tools
from loadtest.engine import runner
from loadtest.engine.generators.registry import DEFAULT, GENERATORS
from loadtest.errors import GeneratorError
from loadtest.models import RunSummary
from loadtest.outcomes import Outcome
from loadtest.profiles import Phase, Profile
from loadtest.stack import outputs
from tests.loadtest.engine.stack_outputs import OUTPUTS

pytestmark = [pytest.mark.region, pytest.mark.slow]

VISITORS = 20
PROFILE = Profile("few", (Phase("hold", 2, 10),))
ANSWER = json.dumps({"notes": [{"id": 7}], "token": "a-b"}).encode()
SCRIPT = r"""
config:
  http: {timeout: 5}
  payload: {path: users.csv, fields: [u, n], order: sequence}
  variables: {colour: "gr\"ü n"}
scenarios:
  - flow:
      - get:
          url: /old
          name: old
          qs: {q: "{{ colour }} & 1", l: [1, "a b"], n: ~, u: "{{ u }}"}
          expect: {statusCode: 200}
          capture:
            - {json: "$.notes[0].id", as: note}
            - {regexp: '"token": "([^"]*)"', group: 1, as: token}
      - loop:
          - get:
              url: "/notes/{{ note }}/{{ $loopCount }}/{{ u }}"
              headers: {x-token: "{{ token }}", x-text: "back\\slash {{ u }}"}
        count: 2
      - think: 0.01s
      - post:
          url: /create
          json: {a: "{{ n }}", b: ["x {{ colour }}", 1, true, null], c: {d: "{{ colour }}"}}
          expect: {statusCode: 201}
          match: {json: "$.notes[0].id", value: 7}
      - loop:
          - post: {url: /form, form: {a: "{{ $loopElement }}", t: "{{ token }}"}}
        over: ["ä b", 2]
      - put: {url: "/last/{{ n }}", body: "raw {{ u }}", headers: {Content-Type: text/plain}}
      - get: {url: /bad, name: bad}
      - get: {url: /never}
"""


PLAIN = SCRIPT.replace('regexp: \'"token": "([^"]*)"\', group: 1', 'json: "$.token"')
"""The same, of which k6's extension needs no JavaScript."""


class Stack(ThreadingHTTPServer):
    """Answers, and keeps what it was asked."""

    request_queue_size = 200

    def __init__(self) -> None:
        self.asked = list[tuple[str, str, str, str, str]]()
        super().__init__(("127.79.0.67", 0), Handler)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Stack

    def log_message(self, *_: Any) -> None:
        pass

    def answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length") or 0)).decode()
        sent = self.headers
        if self.path != "/health":
            # A user may open a second connection, but has the cookie of the first.
            one = re.fullmatch(r"sid=\d+", sent.get("cookie") or "")
            cookie = "one" if one else str(sent.get("cookie"))
            more = f"{sent.get('x-token')} {sent.get('x-text')}"
            kind = (
                (sent.get("content-type") or "").partition(";")[0] if self.path != "/last" else ""
            )
            shown = json.dumps(json.loads(body), sort_keys=True) if "json" in kind else body
            self.server.asked.append((self.command, self.path, shown, cookie, more))
        status = {"/bad": 503, "/create": 201}.get(self.path, 200)
        headers = {"X-Instance-Id": "i-1", "Set-Cookie": f"sid={self.client_address[1]}; Path=/"}
        if self.path.startswith("/old"):
            status, headers = 302, {**headers, "Location": "/new?x=1"}
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(ANSWER))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(ANSWER)

    do_GET = do_POST = do_PUT = answer  # noqa: N815


@pytest.fixture
def stack() -> Iterator[Stack]:
    with Stack() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def run(name: str, script: str, stack: Stack, directory: Path) -> RunSummary:
    (directory / "s.yml").write_text(script)
    rows = [f"u {number},{number}" for number in range(2 * VISITORS)]
    (directory / "users.csv").write_text("\n".join(rows) + "\n")
    url = f"http://127.79.0.67:{stack.server_port}"
    done = runner.run_load(
        outputs.parse(json.dumps({**OUTPUTS, "url": url}), "few"),
        runner.LoadTest(
            PROFILE,
            generator=name,
            command=tools.generator(name),
            scenario=str(directory / "s.yml"),
        ),
        console=Console(stderr=True),
        base=directory / "results",
    )
    return done.summary


@pytest.mark.parametrize(
    ("name", "script"), [*((name, SCRIPT) for name in GENERATORS), ("k6", PLAIN)]
)
def test_the_same_requests_are_sent_and_recorded(
    name: str, script: str, stack: Stack, tmp_path: Path
):
    try:
        tools.generator(name)
    except GeneratorError as error:
        pytest.skip(str(error))
    summary = run(name, script, stack, tmp_path)
    if name == "k6":
        (plan,) = tmp_path.glob("results/*/k6/plan.json")
        walks = json.loads(plan.read_text())["walks"]
        assert walks.startswith("k6's extension" if script == PLAIN else "JavaScript, line ")
    of_one = [one for one in stack.asked if "u%200" in one[1] or "u+0&" in one[1]]
    assert (summary.users.created, summary.users.failed) == (VISITORS, VISITORS)
    expected = {"old": 2 * VISITORS, "bad": VISITORS}
    expected |= {"POST /create": VISITORS, "POST /form": 2 * VISITORS}
    expected["GET /notes/{{ note }}/{{ $loopCount }}/{{ u }}"] = 2 * VISITORS
    expected["PUT /last/{{ n }}"] = VISITORS
    found = {one.name: one.requests.total for one in summary.endpoints}
    assert found == expected
    assert summary.requests.count(Outcome.SERVER_ERROR) == VISITORS
    # How busy the machine is, is not this test's matter.
    right = summary.requests.count(Outcome.GOOD) + summary.requests.count(Outcome.SLOW)
    assert right == VISITORS * 8
    assert [one.instance for one in summary.instances] == ["i-1"]
    asked = Counter((method, path.partition("?")[0]) for method, path, *_ in stack.asked)
    assert ("GET", "/never") not in asked
    assert asked["GET", "/new"] == VISITORS
    queries = {path.partition("?")[2] for _, path, *_ in stack.asked if path.startswith("/old")}
    assert {tuple(parse_qsl(one, keep_blank_values=True)[:4]) for one in queries} == {
        (("q", 'gr"ü n & 1'), ("l", "1"), ("l", "a b"), ("n", ""))
    }
    cookies = {one[3] for one in stack.asked if not one[1].startswith(("/old", "/new"))}
    assert cookies == {"one"}
    # Artillery begins to send cookies with the request after the one that brought the first.
    on_hops = {one[3] for one in stack.asked if one[1].startswith("/new")}
    assert on_hops == {"None" if name == DEFAULT else "one"}
    assert {one[4] for one in of_one if one[1].startswith("/notes")} == {"a-b back\\slash u 0"}
    bodies = {one[2] for one in stack.asked if one[1] == "/create"}
    assert json.loads(min(bodies))["b"] == ['x gr"ü n', 1, True, None]
    assert {json.loads(body)["a"] for body in bodies} <= set(range(2 * VISITORS))
    forms = {one[2].replace("%20", "+") for one in stack.asked if one[1] == "/form"}
    assert forms == {"a=%C3%A4+b&t=a-b", "a=2&t=a-b"}
    assert all(one[2].startswith("raw u ") for one in stack.asked if one[1].startswith("/last"))
