"""Real Artillery against a server that misbehaves by plan: every class of answer, counted exactly."""

from __future__ import annotations

import contextlib
import gzip
import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import psutil
import pytest
import yaml
from rich.console import Console

from loadtest.analysis import run_loading
from loadtest.cli import tools
from loadtest.engine import runner, stall_watch
from loadtest.engine.generators import process as generator_process
from loadtest.engine.generators.artillery import generator as engine_artillery
from loadtest.errors import GeneratorError
from loadtest.messages.message import msg
from loadtest.outcomes import Outcome
from loadtest.profiles import Phase, Profile
from loadtest.runs import paths
from loadtest.runs.journal import Journal
from loadtest.runs.recording import Exchange, exchanges
from loadtest.scenario import scenario
from loadtest.stack.outputs import StackOutputs
from tests.loadtest.engine.tiny_load import FAULTS, TINY, USERS
from tests.processes import command_of

pytestmark = pytest.mark.region


@pytest.fixture
def impatient(tmp_path: Path) -> str:
    """The published scenario with a timeout of 2 s, so that the test is short."""
    script = scenario.load().script
    file = tmp_path / "impatient.yml"
    file.write_text(
        yaml.safe_dump({**script, "config": {**script["config"], "http": {"timeout": 2}}})
    )
    return str(file)


def load(outputs: StackOutputs, base: Path, name: str, profile: Profile = TINY) -> runner.RunResult:
    return runner.run_load(
        outputs,
        runner.LoadTest(profile, command=tools.artillery(), scenario=name),
        console=Console(file=StringIO()),
        base=base,
    )


def test_every_class_is_counted_exactly(
    tmp_path: Path,
    impatient: str,
    oracle: Callable[[dict[int, str]], Any],
    make_outputs: Callable[..., StackOutputs],
    monkeypatch: pytest.MonkeyPatch,
):
    # None of this may reach Artillery: its requests would go elsewhere.
    monkeypatch.setenv("HTTP_PROXY", "http://127.79.0.99:9")
    monkeypatch.setenv("NODE_OPTIONS", "--nonsense")
    server = oracle(FAULTS)
    done = load(make_outputs(url=server.url), tmp_path / "results", impatient)
    summary, requests = done.summary, done.summary.requests

    assert server.did == Counter({"200": requests.total - 10, "503": 3, "hang": 2, "reset": 2,
                                  "stall": 1, "302": 2})  # fmt: skip
    assert requests.total == sum(server.did.values())
    assert requests.count(Outcome.SERVER_ERROR) == 3
    assert requests.timeouts == 3
    assert requests.count(Outcome.RESET) == 2
    # A redirect along the way is not a failure.
    assert requests.count(Outcome.GOOD) == server.did["200"] + server.did["302"]
    # Two names for one thing: no answer at all, and an answer that stopped.
    assert set(requests.errors) == {"ECONNRESET", *(e for e in requests.errors if "TIME" in e)}
    assert summary.users.created == TINY.planned_users == USERS
    assert summary.users.failed == 8
    assert [str(c.name) for c in summary.validity.checks if not c.passed] == []
    assert summary.verdict.outcome == "broken"
    assert [i.instance for i in summary.instances] == ["i-0a"]

    _every_user_logs_in_as_another(done, server.bodies)
    _the_directory_is_complete(done)


def test_users_share_the_connections_of_a_pool(
    tmp_path: Path,
    oracle: Callable[[dict[int, str]], Any],
    make_outputs: Callable[..., StackOutputs],
):
    file = tmp_path / "pooled.yml"
    flow = "scenarios: [{flow: [{get: {url: /, name: page}}]}]"
    file.write_text(f"config: {{http: {{timeout: 2, pool: 1}}}}\n{flow}")
    server = oracle({20: "hang"})
    done = load(make_outputs(url=server.url), tmp_path / "results", str(file))
    summary = done.summary

    # Whoever hangs takes its connection along.
    assert len(server.used) == engine_artillery.inspect(tools.artillery()).workers + 1
    assert summary.requests.total == sum(server.did.values()) == USERS
    assert summary.requests.timeouts == 1
    assert summary.requests.count(Outcome.GOOD) + summary.requests.count(Outcome.SLOW) == USERS - 1
    assert not summary.scenario.new_connection_per_user
    # Those behind it waited for the only connection, which is part of what they noticed.
    assert summary.latency.answered is not None
    assert summary.latency.answered["p99"].value_ms > 1_000


def read_exchanges(path: Path) -> list[Exchange]:
    return list(exchanges(Journal(path)))


def _every_user_logs_in_as_another(done: runner.RunResult, bodies: list[bytes]) -> None:
    names = {json.loads(body)["username"] for body in bodies if body}
    exchanges = read_exchanges(done.directory / "requests.ndjson.gz")
    assert len(names) == len({e.user for e in exchanges if e.endpoint == "login"}) > 40
    assert max(names) <= f"visitor-{USERS:06d}"


def _the_directory_is_complete(done: runner.RunResult) -> None:
    assert {p.name for p in done.directory.iterdir()} == {
        "settings.json", "outputs.json", "scenario.yml", "recorder.cjs", "arrival_clock.cjs",
        "broken_bodies.cjs", "expectations.cjs", "starter.cjs", "young.cjs", "artillery.json",
        "artillery.log",
        "requests.ndjson.gz", "generator.ndjson.gz", "probes.ndjson.gz", "host.ndjson.gz",
        "stalls.ndjson.gz", "run.json",
    }  # fmt: skip
    exchanges = read_exchanges(done.directory / "requests.ndjson.gz")
    assert len(exchanges) == done.summary.requests.total
    good = [e for e in exchanges if e.outcome is Outcome.GOOD]
    assert all(e.ttfb_ms is not None and 0 < e.ttfb_ms <= e.total_ms for e in good)
    assert all(1_900 < e.total_ms < 11_000 for e in exchanges if e.outcome is Outcome.TIMEOUT)
    assert run_loading.load_summary(paths.latest(done.directory.parent, "ha")) == done.summary
    for file in done.directory.rglob("*"):
        raw = file.read_bytes()
        text = gzip.decompress(raw) if file.suffix == ".gz" else raw
        assert b"music-note-demo" not in text, f"{file.name} holds a password"


def test_a_target_that_is_not_there_is_measured_too(
    tmp_path: Path, impatient: str, make_outputs: Callable[..., StackOutputs]
):
    profile = Profile("brief", (Phase("hold", 1, 5),))
    done = load(make_outputs(url="http://127.79.0.13:9"), tmp_path, impatient, profile)
    assert done.summary.requests.outcomes[Outcome.REFUSED] == 5
    assert done.summary.users.failed == 5
    assert done.summary.latency.answered is None
    assert done.summary.verdict.outcome == "broken"


@pytest.fixture
def started(
    tmp_path: Path,
    oracle: Callable[[dict[int, str]], Any],
    make_outputs: Callable[..., StackOutputs],
) -> Iterator[subprocess.Popen[str]]:
    """`python -m loadtest run` in the middle of a run."""
    file = tmp_path / "outputs.json"
    file.write_text(make_outputs(url=oracle({}).url).to_json())
    process = subprocess.Popen(
        [sys.executable, "-m", "loadtest", "run", "--outputs", str(file), "--profile", "smoke"],
        env={**os.environ, "LOADTEST_RESULTS": str(tmp_path / "results")},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        assert process.stdout is not None
        for line in process.stdout:
            if "good" in line:
                break
        yield process
    finally:
        process.kill()
        process.wait()


def artillery_of(process: subprocess.Popen[str]) -> psutil.Process:
    watch = Path(stall_watch.__file__).name
    children = psutil.Process(process.pid).children()
    (child,) = [one for one in children if watch not in " ".join(command_of(one))]
    return child


def gone(process: psutil.Process, within_s: float) -> bool:
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline:
        if not process.is_running() or process.status() == psutil.STATUS_ZOMBIE:
            return True
        time.sleep(0.1)
    return False


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_keeps_what_it_measured(
    started: subprocess.Popen[str], tmp_path: Path, number: signal.Signals
):
    artillery = artillery_of(started)
    started.send_signal(number)
    assert started.wait(15) == 130
    assert gone(artillery, within_s=1)
    (directory,) = (p for p in (tmp_path / "results").iterdir() if p.is_dir())
    summary = run_loading.load_summary(directory)
    assert summary.cut_short
    assert summary.requests.total > 0
    assert summary.verdict.outcome == "invalid"
    assert len(read_exchanges(directory / "requests.ndjson.gz")) == summary.requests.total
    assert not (directory / paths.CREDENTIALS).exists()


def test_artillery_ends_when_its_runner_is_killed(started: subprocess.Popen[str]):
    artillery = artillery_of(started)
    started.kill()
    assert gone(artillery, within_s=6)


def test_artillery_ends_when_its_runner_was_killed_while_it_was_loading(
    tmp_path: Path,
    oracle: Callable[[dict[int, str]], Any],
    make_outputs: Callable[..., StackOutputs],
):
    # Its parent is another process then before it looks for the first time.
    file = tmp_path / "outputs.json"
    file.write_text(make_outputs(url=oracle({}).url).to_json())
    process = subprocess.Popen(
        [sys.executable, "-m", "loadtest", "run", "--outputs", str(file), "--ramp", "1:2:120s"],
        env={**os.environ, "LOADTEST_RESULTS": str(tmp_path / "results")},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        runs: list[psutil.Process] = []
        while not runs:
            assert process.poll() is None
            # What asks for versions has ended before it can be asked for its own arguments.
            with contextlib.suppress(psutil.Error):
                found = psutil.Process(process.pid).children()
                runs = [one for one in found if "--output" in command_of(one)]
    finally:
        process.kill()
        process.wait()
    assert gone(runs[0], within_s=60)


def test_a_killed_artillery_is_reported_and_its_requests_are_kept(
    started: subprocess.Popen[str], tmp_path: Path
):
    artillery_of(started).kill()
    output, _ = started.communicate(timeout=15)
    assert started.returncode == 4
    assert "Artillery ended with status -9; see " in output
    assert "requests before that are kept" in output
    (directory,) = (p for p in (tmp_path / "results").iterdir() if p.is_dir())
    summary = run_loading.load_summary(directory)
    assert summary.cut_reason == msg("cut.generator-exited", status=-9)
    assert 0 < summary.requests.total == len(run_loading.load_requests(directory))
    assert summary.verdict.outcome == "invalid"
    assert not (directory / paths.CREDENTIALS).exists()


@pytest.fixture
def fake(tmp_path: Path) -> Callable[[str], list[str]]:
    """A command that looks like Artillery and runs the given code."""

    def make(code: str) -> list[str]:
        package = tmp_path / "artillery"
        (package / "bin").mkdir(parents=True)
        (package / "package.json").write_text('{"version": "9.9.9"}')
        (package / "bin" / "run").write_text(code)
        return [tools.artillery()[0], str(package / "bin" / "run")]

    return make


def test_a_crash_is_reported_with_the_last_output(
    tmp_path: Path, fake: Callable[[str], list[str]], make_outputs: Callable[..., StackOutputs]
):
    command = fake("console.log('\\x1b[31mEverything is on fire\\x1b[0m'); process.exit(11);")
    with pytest.raises(GeneratorError, match=r"(?s)status 11; see .*on fire$") as caught:
        runner.run_load(
            make_outputs(),
            runner.LoadTest(TINY, command=command),
            console=Console(file=StringIO()),
            base=tmp_path,
        )
    assert caught.value.exit_code == 4
    assert "\x1b" not in str(caught.value)


def test_a_run_without_a_single_request_is_an_error(
    tmp_path: Path, fake: Callable[[str], list[str]], make_outputs: Callable[..., StackOutputs]
):
    with pytest.raises(GeneratorError, match="without sending a single request"):
        runner.run_load(
            make_outputs(),
            runner.LoadTest(TINY, command=fake("")),
            console=Console(file=StringIO()),
            base=tmp_path,
        )


def test_a_hung_artillery_is_ended(
    tmp_path: Path,
    fake: Callable[[str], list[str]],
    make_outputs: Callable[..., StackOutputs],
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setattr(runner, "STARTUP_S", -60.0)
    monkeypatch.setattr(runner, "DRAIN_S", 40.0)
    command = fake("process.on('SIGINT', () => {}); setInterval(() => {}, 1000);")
    monkeypatch.setattr(generator_process, "STOP_GRACE_S", 0.3)
    with pytest.raises(GeneratorError, match="had not ended after 3 s and was stopped"):
        runner.run_load(
            make_outputs(),
            runner.LoadTest(TINY, command=command),
            console=Console(file=StringIO()),
            base=tmp_path,
        )
    assert not [
        p for p in psutil.process_iter(["cmdline"]) if command[1] in (p.info["cmdline"] or [])
    ]


def test_artillery_gets_no_secret_and_calls_nobody(
    tmp_path: Path, fake: Callable[[str], list[str]], monkeypatch: pytest.MonkeyPatch
):
    for name in ("AWS_SECRET_ACCESS_KEY", "HTTPS_PROXY", "ARTILLERY_CLOUD_API_KEY", "DEBUG"):
        monkeypatch.setenv(name, "leak")
    found = engine_artillery.inspect(fake("console.log(JSON.stringify(process.env))"))
    assert (found.version, found.workers) == ("9.9.9", max(1, found.cpus - 1))
    child = engine_artillery.start(found, tmp_path)
    while child.poll() is None:
        time.sleep(0.05)
    environment = json.loads((tmp_path / paths.ARTILLERY_LOG).read_text())
    assert "leak" not in environment.values()
    assert environment["ARTILLERY_DISABLE_TELEMETRY"] == "1"


def test_a_missing_artillery_is_reported(tmp_path: Path):
    with pytest.raises(GeneratorError, match=r"does not run .*run `make setup`"):
        engine_artillery.inspect(["node", str(tmp_path / "artillery" / "bin" / "run")])
