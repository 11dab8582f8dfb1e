"""Real Artillery with functions that a script brings: they run, and the records stay true."""

from __future__ import annotations

import subprocess
from collections import Counter
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from loadtest.analysis import run_loading
from loadtest.cli import tools
from loadtest.cli.load_request import load_for
from loadtest.engine import runner
from loadtest.engine.generators.artillery import own_functions
from loadtest.engine.generators.base import Installation
from loadtest.errors import GeneratorError, LoadTestError
from loadtest.outcomes import Outcome
from loadtest.profiles import Phase, Profile
from loadtest.scenario import scenario
from loadtest.scenario.scenario import Choice
from loadtest.stack.outputs import StackOutputs

pytestmark = pytest.mark.region

TINY = Profile("tiny", (Phase("hold", 2, 5),))
USERS = 10


@pytest.fixture
def run(
    tmp_path: Path,
    oracle: Callable[[dict[int, str]], Any],
    make_outputs: Callable[..., StackOutputs],
) -> Callable[..., tuple[runner.RunResult, Any, str]]:
    """Runs a script with its processor against a server that answers as planned."""

    def start(
        script: str, functions: str, name: str = "own.js", plan: dict[int, str] | None = None
    ):
        server = oracle(plan or {})
        (tmp_path / name).write_text(functions)
        file = tmp_path / "ours.yml"
        file.write_text(script)
        printed = StringIO()
        done = runner.run_load(
            make_outputs(url=server.url),
            runner.LoadTest(TINY, command=tools.artillery(), scenario=str(file)),
            console=Console(file=printed, width=200),
            base=tmp_path / "results",
        )
        return done, server, printed.getvalue()

    return start


SCRIPT = """\
config:
  target: http://localhost:3000
  phases: [{duration: 60, arrivalRate: 1}]
  processor: ./own.js
before:
  flow:
    - post: {url: /prepare, body: before, capture: {regexp: ok, as: prepared}}
scenarios:
  - beforeScenario: arrive
    beforeRequest: sign
    afterResponse: check
    afterScenario: leave
    flow:
      - function: pick
      - loop:
          - post: {url: "/{{ word }}", body: "{{ word }} {{ prepared }}", beforeRequest: late}
        whileTrue: more
"""
FUNCTIONS = """\
const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
module.exports = {
  arrive(context, events, done) { context.vars.rounds = 0; delete context.haproofUser; done(); },
  async pick(context) { await wait(5); context.vars.word = 'picked'; },
  sign(request, context, events, next) {
    request.headers = { 'x-signed': context.vars.word };
    performance.now = () => 0;
    setTimeout(next, 300);
  },
  async late(request) { await wait(1); request.uuid = request.uuid; },
  check(request, response, context, events, next) {
    request.uuid = 'another';
    return next(context.vars.rounds === 1 ? new Error('not what I want') : undefined);
  },
  more(context, next) { context.vars.rounds += 1; next(context.vars.rounds < 2); },
  leave(context, events, done) { done(); }
};
"""


def test_functions_run_and_do_not_falsify_the_records(
    run: Callable[..., tuple[runner.RunResult, Any, str]],
):
    done, server, printed = run(SCRIPT, FUNCTIONS)
    assert "ours.yml:2:3: `target`: the stack's URL replaces it" in printed
    bodies = Counter(server.bodies)
    # Once before the load, not recorded; each user twice, and the second time `check` ends it.
    assert bodies == {b"before": 1, b"picked ok": 2 * USERS}
    summary = done.summary
    assert summary.requests.total == 2 * USERS
    assert summary.requests.outcomes[Outcome.GOOD] == USERS
    assert summary.users.failed == summary.users.created == USERS
    assert [str(one.name) for one in summary.validity.checks if not one.passed] == []
    requests = run_loading.load_requests(done.directory)
    # Neither the pause in `sign` nor its clock is in the times.
    assert float(requests.total_ms.max()) < 250
    assert {one.name for one in done.directory.iterdir()} >= {"processor.mjs", "recorder.cjs"}


@pytest.mark.slow
def test_typescript_and_answers_that_are_wrong(
    run: Callable[..., tuple[runner.RunResult, Any, str]], tmp_path: Path
):
    script = """\
config: {http: {timeout: 5}, processor: ./own.ts}
scenarios: [{flow: [{get: {url: /, afterResponse: seen}}]}]
"""
    functions = """\
import { good } from './judge';
import { readFileSync } from 'node:fs';
import * as path from 'node:path';
// As beside Artillery's own bundle, which would lie in `dist`; and from the script's directory.
const words = [path.join(__dirname, '../words.json'), 'words.json'].map((one) => readFileSync(one, 'utf8'));
if (words[0] !== words[1]) throw new Error('two files');
export async function seen(request: { url: string }, response: { statusCode: number }): Promise<void> {
  if (!good(response.statusCode)) throw new Error('bad');
}
"""
    (tmp_path / "words.json").write_text('["rock"]')
    (tmp_path / "judge.ts").write_text("export const good = (code: number): boolean => code < 400;")
    done, server, _ = run(script, functions, "own.ts", {3: "503"})
    assert server.did == {"200": USERS - 1, "503": 1}
    assert done.summary.requests.outcomes[Outcome.SERVER_ERROR] == 1
    assert done.summary.users.failed == 1
    assert [str(one.name) for one in done.summary.validity.checks if not one.passed] == []
    assert not (tmp_path / "dist").exists()


@pytest.mark.parametrize(
    ("flow", "functions", "message"),
    [
        pytest.param("{get: {url: /, beforeRequest: go}}",
         "exports.go = (request, context, events, next) => next(new Error('no token'));",
         r"the scenario failed, not the stack: the function go failed: no token \(10 users\)",
         marks=pytest.mark.slow),
        pytest.param("{get: {url: /, beforeRequest: go}}",
         "exports.go = (request) => request.body.length;",
         "own.js: go failed: Cannot read properties of undefined",
         marks=pytest.mark.slow),
        pytest.param("{get: {url: /, beforeRequest: go}}", "const go = 1;",
         "the processor own.js exports no function go",
         marks=pytest.mark.slow),
        pytest.param("{get: {url: /, beforeRequest: go}}", "exports.go = (;",
         "the processor own.js cannot be loaded: Unexpected token",
         marks=pytest.mark.slow),
        ("{get: {url: '{{ elsewhere }}', beforeRequest: go}}",
         "exports.go = (r, c, e, next) => { c.vars.elsewhere = 'http://127.79.0.99:9/'; next(); };",
         "a request went to 127.79.0.99:9: only the stack's own URL"),
        pytest.param("{get: {url: '{{ elsewhere }}', beforeRequest: go}}",
         "exports.go = (r, c, e, next) => { c.vars.elsewhere = 'notes'; next(); };",
         r"the scenario failed, not the stack: Invalid URL - notes \(10 users\)",
         marks=pytest.mark.slow),
    ],
)  # fmt: skip
def test_a_failed_script_ends_in_its_own_message(
    run: Callable[..., tuple[runner.RunResult, Any, str]],
    flow: str,
    functions: str,
    message: str,
):
    script = (
        f"config: {{http: {{timeout: 5}}, processor: ./own.js}}\nscenarios: [{{flow: [{flow}]}}]\n"
    )
    with pytest.raises(GeneratorError, match=message):
        run(script, functions)


@pytest.mark.parametrize(
    ("name", "functions", "said"),
    [
        ("own.js", "exports.go = (;\n", r"own.js:1: SyntaxError: Unexpected token ';'"),
        (
            "own.js",
            "exports.go = () => { await x; };\n",
            r"own.js:1: SyntaxError: await is only valid",
        ),
        ("own.mjs", "\nexport const go = ;\n", r"own.mjs:2: SyntaxError: Unexpected token ';'"),
        ("own.ts", "export const go: = 1;\n", 'own.ts: 1:18: Unexpected "="'),
        (
            "own.ts",
            "import { a } from 'gone';\nexport const go = a;\n",
            r"own.ts: 1:19: Could not resolve",
        ),
        ("own.js", "import fs from 'node:fs';\nexport const go = async () => fs;\n", None),
        ("own.cjs", "#!/usr/bin/env node\nexports.go = () => 1;\n", None),
        ("own.ts", "import type { A } from './gone';\nexport const go = (a: A) => a;\n", None),
    ],
)
def test_functions_that_cannot_be_read_are_told_before_anything_is_built(
    name: str, functions: str, said: str | None, tmp_path: Path
):
    (tmp_path / name).write_text(functions)
    file = tmp_path / "ours.yml"
    file.write_text(
        f"config: {{http: {{timeout: 5}}, processor: ./{name}}}\n"
        "scenarios: [{flow: [{function: go}, {get: {url: /}}]}]\n"
    )
    choice = Choice(str(file))
    if said is None:
        assert load_for(choice, "artillery").functions == ["go"]
        return
    with pytest.raises((GeneratorError, LoadTestError)) as caught:
        load_for(choice, "artillery")
    assert said in str(caught.value).replace(f"{tmp_path}/", "")


def test_what_is_left_out_of_a_bundle_is_found_beside_the_processor(tmp_path: Path):
    (tmp_path / "node_modules" / "native").mkdir(parents=True)
    (tmp_path / "node_modules" / "native" / "index.js").write_text(
        "module.exports = { word: 'outside' };"
    )
    (tmp_path / "own.ts").write_text(
        "import { word } from 'native';\nexport const go = () => word;\n"
    )
    file = tmp_path / "ours.yml"
    file.write_text(
        "config: {http: {timeout: 5}, processor: own.ts, bundling: {external: [native]}}\n"
        "scenarios: [{flow: [{function: go}, {get: {url: /}}]}]\n"
    )
    node, entry = tools.artillery()[0], tools.artillery()[-1]
    installed = Installation((node, entry), "2", 1, 1)
    results = tmp_path / "results"
    results.mkdir()
    variables = own_functions.prepare(scenario.load(str(file)), results, installed)
    bundle = Path(variables["HAPROOF_PROCESSOR"])
    assert "outside" not in bundle.read_text()
    done = subprocess.run(
        [node, "-p", f"require({str(bundle)!r}).go()"],
        env={"NODE_PATH": variables["NODE_PATH"]},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "outside\n"


@pytest.mark.slow
def test_what_fails_before_the_load_is_told(run: Callable[..., tuple[runner.RunResult, Any, str]]):
    script = """\
config: {http: {timeout: 5}}
before: {flow: [{post: {url: /users, body: x}}]}
scenarios: [{flow: [{get: {url: /}}]}]
"""
    with pytest.raises(GeneratorError, match=r"POST /users before or after the load answered 503"):
        run(script, "", plan={1: "503"})


EXPECTING = """\
config: {target: http://localhost:3000, plugins: {expect: {}}}
before:
  flow:
    - post: {url: /prepare, body: before, expect: {contentType: text/plain}}
scenarios:
  - flow:
      - post:
          url: /right
          body: right
          capture: {regexp: o(k), group: 1, as: rest}
          expect:
            - contentType: text/plain
            - hasHeader: x-app-version
            - headerEquals: [x-app-version, "{{ version }}"]
            - matchesRegexp: ^o{{ rest }}$
            - equals: ["{{ rest }}", k]
            - notStatusCode: 500
      - post: {url: /late, body: late, expect: {notStatusCode: [500, 502]}}
      - post: {url: /known, body: known, expect: [{statusCode: "{{ status }}"}, {statusCode: [200, 500]}]}
      - post: {url: /wrong, body: wrong, expect: [{statusCode: 200}, {hasProperty: token}]}
      - post: {url: /never, body: never}
"""


def test_what_expect_asks_of_an_answer_is_checked_as_the_plugin_does(
    run: Callable[..., tuple[runner.RunResult, Any, str]],
):
    script = EXPECTING.replace(
        "plugins:", "variables: {version: ['0123456789ab'], status: 200}, plugins:"
    )
    done, server, _ = run(script, "")
    # An answer is not what was asked for: its user has failed and does not go on.
    assert Counter(server.bodies) == {
        b"before": 1,
        b"right": USERS,
        b"late": USERS,
        b"known": USERS,
        b"wrong": USERS,
    }
    summary = done.summary
    assert summary.requests.outcomes[Outcome.GOOD] == 3 * USERS
    assert summary.requests.outcomes[Outcome.OTHER] == USERS
    assert summary.users.failed == summary.users.created == USERS
    assert [str(one.name) for one in summary.validity.checks if not one.passed] == []
