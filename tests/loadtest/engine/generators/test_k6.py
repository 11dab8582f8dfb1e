"""Real k6 against a server that misbehaves by plan: every class of answer, counted exactly."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import psutil
import pytest
from rich.console import Console

from loadtest.cli import tools
from loadtest.engine import runner
from loadtest.engine.generators.k6.generator import K6, LEAST_USERS
from loadtest.errors import GeneratorError
from loadtest.outcomes import Outcome
from loadtest.profiles import Phase, Profile
from loadtest.runs import paths
from loadtest.runs.journal import Journal, locate
from loadtest.runs.recording import Beat, events, exchanges
from loadtest.stack.outputs import StackOutputs
from tests.loadtest.engine.tiny_load import FAULTS, TINY, USERS

pytestmark = pytest.mark.region

TWO_STEPS = """\
config:
  http: {timeout: 2}
  payload:
    {path: credentials.csv, fields: [username, password], order: sequence, skipHeader: true, cast: false}
scenarios:
  - flow:
      - get: {url: /, name: index page, expect: {statusCode: 200}}
      - post: {url: /login, name: login, json: {username: "{{ username }}"}, expect: {statusCode: 200}}
"""


@pytest.fixture
def run(
    tmp_path: Path,
    oracle: Callable[[dict[int, str]], Any],
    make_outputs: Callable[..., StackOutputs],
):
    """Runs a script by k6 against a server that answers as planned."""
    try:
        command = tools.generator("k6")
    except GeneratorError as error:
        pytest.skip(str(error))

    def start(script: str, plan: dict[int, str] | None = None, profile: Profile = TINY):
        server = oracle(plan or {})
        (tmp_path / "ours.yml").write_text(script)
        done = runner.run_load(
            make_outputs(url=server.url),
            runner.LoadTest(
                profile, command=command, generator="k6", scenario=str(tmp_path / "ours.yml")
            ),
            console=Console(file=StringIO()),
            base=tmp_path / "results",
        )
        return done, server

    return start


def test_every_class_is_counted_exactly(run: Any):
    done, server = run(TWO_STEPS, FAULTS)
    summary, requests = done.summary, done.summary.requests
    assert requests.total == sum(server.did.values())
    assert server.did == Counter({"200": requests.total - 10, "503": 3, "hang": 2, "reset": 2,
                                  "stall": 1, "302": 2})  # fmt: skip
    assert requests.count(Outcome.SERVER_ERROR) == 3
    assert requests.timeouts == 3
    assert requests.count(Outcome.RESET) == 2
    assert requests.count(Outcome.GOOD) == server.did["200"] + server.did["302"]
    assert set(requests.errors) == {"ECONNRESET", "ETIMEDOUT"}
    assert (summary.users.created, summary.users.failed) == (USERS, 8)
    assert [str(c.name) for c in summary.validity.checks if not c.passed] == []
    assert (summary.generator.name, summary.generator.artillery) == ("k6", None)
    found = list(exchanges(Journal(done.directory / "requests.ndjson.gz")))
    names = {json.loads(body)["username"] for body in server.bodies if body}
    assert len(names) == len({e.user for e in found if e.endpoint == "login"}) > 40
    good = [e for e in found if e.outcome is Outcome.GOOD]
    assert all(e.ttfb_ms is not None and 0 < e.ttfb_ms <= e.total_ms for e in good)
    assert not list(done.directory.glob("rows.json"))


def test_a_target_that_is_not_there_is_measured_too(
    run: Any, make_outputs: Callable[..., StackOutputs], tmp_path: Path
):
    profile = Profile("brief", (Phase("hold", 1, 5),))
    (tmp_path / "ours.yml").write_text(TWO_STEPS)
    done = runner.run_load(
        make_outputs(url="http://127.79.0.13:9"),
        runner.LoadTest(
            profile,
            command=tools.generator("k6"),
            generator="k6",
            scenario=str(tmp_path / "ours.yml"),
        ),
        console=Console(file=StringIO()),
        base=tmp_path / "results",
    )
    assert done.summary.requests.outcomes[Outcome.REFUSED] == 5
    assert done.summary.users.failed == 5


WALK = """\
config:
  http: {timeout: 2}
  variables: {word: [walked]}
scenarios:
  - flow:
      - loop:
          - post: {url: "/{{ $loopElement }}", name: looped, body: "{{ word }} {{ $loopCount }}"}
        over: [a, b]
      - post: {url: /skipped, name: skipped, body: no, ifTrue: 'word == "ran"'}
      - post: {url: /sent, name: sent, form: {x: "{{ word }} & more"}, ifTrue: 'word == "walked"'}
      - get:
          url: /captured
          name: captured
          capture: [{header: x-app-version, as: version}, {regexp: "^(o)k", group: 1, as: letter}]
      - post: {url: /last, name: last, json: {version: "{{ version }}", letter: "{{ letter }}"}}
      - think: 20ms
      - get: {url: /mismatch, name: mismatch, match: {regexp: "never", value: "x"}}
      - get: {url: /never, name: never}
"""


def test_a_user_walks_through_loops_conditions_and_captures(run: Any):
    done, server = run(WALK, profile=Profile("one", (Phase("hold", 1, 1),)))
    found = list(exchanges(Journal(done.directory / "requests.ndjson.gz")))
    assert [one.endpoint for one in found] == [
        "looped", "looped", "sent", "captured", "last", "mismatch",
    ]  # fmt: skip
    assert server.bodies[:3] == [b"walked 0", b"walked 1", b"x=walked%20%26%20more"]
    assert json.loads(server.bodies[4]) == {"version": "0123456789ab", "letter": "o"}
    assert found[-1].outcome is Outcome.OTHER
    assert done.summary.users.failed == 1


def test_a_script_that_fails_ends_the_run_with_its_own_message(run: Any):
    script = TWO_STEPS.replace(
        "      - get:", '      - think: "{{ $randomString(3) }}"\n      - get:'
    )
    with pytest.raises(GeneratorError, match="the scenario failed, not the stack: Invalid think"):
        run(script, profile=Profile("one", (Phase("hold", 1, 2),)))


def test_users_beyond_the_limit_are_skipped(run: Any):
    closed = Profile("closed", (Phase("hold", 2, 10, most_at_once=2),))
    done, _ = run(TWO_STEPS, dict.fromkeys(range(1, 5), "hang"), closed)
    users = done.summary.users
    assert users.created + users.skipped == closed.planned_users
    assert users.skipped > 10


def test_users_are_made_while_answers_are_missing(run: Any):
    """Nobody waits for a user of k6 until another's answer came: that would be after two seconds."""
    hanging = Profile("hanging", (Phase("hold", 2, 40),))
    done, _ = run(TWO_STEPS, dict.fromkeys(range(1, 81), "hang"), hanging)
    assert json.loads((done.directory / "k6" / "plan.json").read_text())["ready"] == LEAST_USERS
    assert done.summary.users.created == hanging.planned_users == 4 * LEAST_USERS
    assert done.summary.requests.count(Outcome.TIMEOUT) == hanging.planned_users
    arrived = [one.arrived_ms for one in exchanges(Journal(done.directory / "requests.ndjson.gz"))]
    assert max(arrived) - min(arrived) < hanging.duration_s * 1000 + 1500
    journal = locate(done.directory, paths.GENERATOR)
    assert journal is not None
    beats = [one for one in events(Journal(journal)) if isinstance(one, Beat)]
    assert max(one.in_flight for one in beats) > 2 * LEAST_USERS


def test_k6_alone_is_not_enough(tmp_path: Path):
    plain = tmp_path / "k6"
    plain.write_text("#!/bin/sh\necho 'k6 v1.8.1 (go1.26.8, linux/amd64)'\n")
    plain.chmod(0o755)
    with pytest.raises(GeneratorError, match=r"has no k6/x/haproof: .* toolchain tool k6"):
        K6().inspect([str(plain)])


def test_k6_ends_when_its_runner_is_killed(
    oracle: Callable[[dict[int, str]], Any],
    make_outputs: Callable[..., StackOutputs],
    tmp_path: Path,
    run: Any,
):
    file = tmp_path / "outputs.json"
    file.write_text(make_outputs(url=oracle({}).url).to_json())
    command = [sys.executable, "-m", "loadtest", "run", "--outputs", str(file), "--generator", "k6"]
    runner_process = subprocess.Popen(
        [*command, "--profile", "smoke"],
        env={**os.environ, "LOADTEST_RESULTS": str(tmp_path / "results")},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        assert runner_process.stdout is not None
        assert any("good" in line for line in runner_process.stdout)
        started = psutil.Process(runner_process.pid).children()
        (child,) = (one for one in started if one.name() == "k6")
    finally:
        runner_process.kill()
        runner_process.wait()
    _, alive = psutil.wait_procs([child], timeout=5)
    assert alive == []
