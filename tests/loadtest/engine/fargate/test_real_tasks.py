"""Four workers as tasks: the program of the image, plan and records through S3, a server that counts."""

from __future__ import annotations

import gzip
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from loadtest.cli.main import main
from loadtest.engine.fargate.ledger import FILE
from loadtest.errors import GeneratorError
from loadtest.runs import paths
from tests.loadtest.engine.conftest import Oracle
from tests.loadtest.engine.fargate import coordinate
from tests.loadtest.engine.fargate.played_aws import ROOT, PlayedAws
from tests.loadtest.engine.stack_outputs import OUTPUTS

WITH_SIGINT = """
import runpy, signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)
module = sys.argv.pop(1)
runpy.run_module(module, run_name="__main__", alter_sys=True)
"""
pytestmark = [pytest.mark.region, pytest.mark.alone, pytest.mark.slow]


@pytest.fixture
def aws(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[PlayedAws]:
    with PlayedAws(tmp_path) as played:
        for name, value in played.environment().items():
            monkeypatch.setenv(name, value)
        coordinate.write(tmp_path)
        yield played


def outputs(oracle: Oracle) -> str:
    return json.dumps({**OUTPUTS, "url": oracle.url})


def lines(file: Path) -> list[dict[str, Any]]:
    with gzip.open(file, "rt") as text:
        return [json.loads(line) for line in text]


def await_until(condition: Callable[[], Any], seconds: float = 150) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def loading(directory: Path) -> bool:
    """Whether the first records have come."""
    return any(file.stat().st_size for file in directory.glob("results/*/worker-*/requests*.gz"))


def ledger(directory: Path) -> dict[str, Any]:
    return json.loads(next(directory.glob(f"results/*/{FILE}")).read_text())


def test_the_sum_is_the_load_and_nothing_is_left(tmp_path: Path, aws: PlayedAws):
    with Oracle({7: "503", 40: "reset"}) as oracle:
        done = coordinate.run(tmp_path, outputs(oracle))
        served, bodies = oracle.did, [json.loads(one) for one in oracle.bodies]

    planned = coordinate.LOAD.planned_users
    assert done.summary.users.created == planned == sum(served.values())
    own = [lines(one) for one in sorted(done.directory.glob(f"worker-*/{paths.REQUESTS}.gz"))]
    merged = lines(done.directory / f"{paths.REQUESTS}.gz")
    assert len(own) == coordinate.WORKERS
    assert sorted(map(str, merged)) == sorted(str(line) for one in own for line in one)
    assert len({line["vu"] for line in merged}) == planned
    # Each visitor has a row of the payload for itself; the other file is shared.
    assert len({one["name"] for one in bodies}) == planned
    assert {one["word"] for one in bodies} == {"sun", "moon"}
    # Whatever the computer of the coordinator did meanwhile, it sent none of that.
    settings = json.loads((done.directory / "settings.json").read_text())
    assert settings["host_watched"] is False
    assert settings["computer"] == "Fargate, arm64, 1 vCPU, 2 GB"
    told = ledger(tmp_path)
    assert told["open"] is False
    clocks = [one["clock"] for one in told["workers"].values()]
    assert (
        clocks
        == [{"source": "amazon-time-sync", "error_ms": 1.0, "synchronised": True}]
        * coordinate.WORKERS
    )
    assert aws.objects() == []
    assert aws.running() == []
    definition = aws.client("ecs").describe_task_definition(taskDefinition=told["definition"])
    assert definition["taskDefinition"]["status"] == "INACTIVE"


def test_a_killed_worker_makes_the_run_invalid(tmp_path: Path, aws: PlayedAws):
    def kill() -> None:
        await_until(lambda: loading(tmp_path))
        next(one for one in aws.tasks if one.worker == 3).kill()

    killer = threading.Thread(target=kill)
    killer.start()
    with Oracle() as oracle, pytest.raises(GeneratorError, match="worker-3: its task ended before"):
        coordinate.run(tmp_path, outputs(oracle))
    killer.join()

    summary = json.loads(next(tmp_path.glob("results/*/run.json")).read_text())
    assert summary["verdict"]["outcome"] == "invalid"
    assert aws.running() == []
    assert aws.objects() == []


def test_a_clock_that_is_not_synchronised_lets_nobody_begin(tmp_path: Path, aws: PlayedAws):
    aws.clocks = {2: {"ClockErrorBound": 0, "ClockSynchronizationStatus": "NOT_SYNCHRONIZED"}}
    with Oracle() as oracle:
        with pytest.raises(GeneratorError, match="worker-2: its clock is not synchronised"):
            coordinate.run(tmp_path, outputs(oracle))
        assert not oracle.did
    assert aws.running() == []
    assert ledger(tmp_path)["open"] is False


def started(directory: Path, oracle: Oracle) -> subprocess.Popen[bytes]:
    module = "tests.loadtest.engine.fargate.coordinate"
    return subprocess.Popen(
        # A shell that runs tests in the background lets SIGINT be ignored.
        [sys.executable, "-c", WITH_SIGINT, module, str(directory), outputs(oracle)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )


def test_workers_end_without_their_coordinator_and_stop_removes_what_it_left(
    tmp_path: Path,
    aws: PlayedAws,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
):
    with Oracle() as oracle:
        coordinator = started(tmp_path, oracle)
        await_until(lambda: len(aws.tasks) == coordinate.WORKERS and aws.objects())
        coordinator.kill()
        coordinator.wait()
        # Nobody begins, and each ends within the time that it waits for a word.
        await_until(lambda: not aws.running(), coordinate.PACE.abandoned_s + 120)
        assert not oracle.did
    assert all("STOPPED" in one.described()["lastStatus"] for one in aws.tasks)
    assert "StopTask" not in aws.calls
    assert ledger(tmp_path)["open"] is True

    monkeypatch.setenv("LOADTEST_RESULTS", str(tmp_path / "results"))
    assert main(["workers", "stop"]) == 0
    assert "nothing of it is left on AWS" in capsys.readouterr().out
    assert ledger(tmp_path)["open"] is False
    assert aws.objects() == []
    assert main(["workers", "stop"]) == 0
    assert "has left workers on AWS" in capsys.readouterr().out


def test_stop_ends_workers_that_still_run(
    tmp_path: Path, aws: PlayedAws, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("LOADTEST_RESULTS", str(tmp_path / "results"))
    with Oracle() as oracle:
        coordinator = started(tmp_path, oracle)
        await_until(lambda: loading(tmp_path))
        # As long as it lives, they are its own affair.
        assert main(["workers", "stop"]) == 0
        assert "StopTask" not in aws.calls
        coordinator.kill()
        coordinator.wait()
        assert aws.running()
        assert main(["workers", "stop"]) == 0
    assert aws.running() == []
    assert aws.objects() == []


def test_ctrl_c_stops_all_tasks(tmp_path: Path, aws: PlayedAws):
    with Oracle() as oracle:
        coordinator = started(tmp_path, oracle)
        await_until(lambda: loading(tmp_path))
        coordinator.send_signal(signal.SIGINT)
        coordinator.communicate(timeout=90)
    assert aws.running() == []
    assert aws.objects() == []
    assert ledger(tmp_path)["open"] is False
    summary = json.loads(next(tmp_path.glob("results/*/run.json")).read_text())
    assert summary["verdict"]["outcome"] == "invalid"
