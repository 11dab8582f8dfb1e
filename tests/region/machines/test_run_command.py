"""A script as SSM Agent runs it, on processes of this computer instead of a machine's."""

from __future__ import annotations

import os
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path
from threading import Event
from typing import Any, cast

import psutil
import pytest

from region.machines import run_command
from region.machines.processes import Command, ProcessTable
from region.machines.run_command import RunOutcome, run_script
from tests.region.builders import until


class HostProcesses:
    """Stands in for ProcessTable, so that the test needs neither root nor a container."""

    def __init__(self) -> None:
        self.started: list[tuple[Command, subprocess.Popen[bytes]]] = []

    def spawn(self, command: Command) -> subprocess.Popen[bytes]:
        assert command.errors is not None
        with command.log.open("ab") as log, command.errors.open("ab") as errors:
            process = subprocess.Popen(
                command.argv,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=errors,
                env=dict(command.environment),
                cwd=command.directory,
                start_new_session=True,
            )
        self.started.append((command, process))
        return process


@pytest.fixture
def processes() -> HostProcesses:
    return HostProcesses()


@pytest.fixture
def run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, processes: HostProcesses
) -> Callable[..., RunOutcome]:
    monkeypatch.setattr(run_command, "SCRIPTS", str(tmp_path / "machine"))

    def one(script: str, **settings: Any) -> RunOutcome:
        defaults: dict[str, Any] = {
            "scratch": tmp_path / "scratch",
            "working_directory": "",
            "timeout": 30.0,
            "environment": {"PATH": os.defpath, "AWS_SSM_INSTANCE_ID": "i-0ab"},
            "cancelled": Event(),
        }
        return run_script(cast("ProcessTable", processes), script, **defaults | settings)

    return one


def test_output_error_and_status_are_caught(run: Callable[..., RunOutcome]) -> None:
    outcome = run("echo out\necho err >&2\nexit 3\n")
    assert outcome == RunOutcome(3, "out\n", "err\n")


def test_it_sees_its_environment_and_the_agents_directory(run: Callable[..., RunOutcome]) -> None:
    assert run("echo $AWS_SSM_INSTANCE_ID; pwd\n").stdout == "i-0ab\n/usr/bin\n"


def test_it_runs_where_it_is_told(run: Callable[..., RunOutcome], tmp_path: Path) -> None:
    assert run("pwd\n", working_directory=str(tmp_path)).stdout == f"{tmp_path}\n"
    outcome = run("echo never\n", working_directory="/no such directory")
    assert (outcome.status_code, outcome.stdout) == (1, "")
    assert "/no such directory" in outcome.stderr


@pytest.mark.parametrize(
    ("script", "printed"),
    [
        ("#!/bin/bash\n[[ a == a ]] && echo $BASH\n", "/bin/bash\n"),
        ("#!/usr/bin/env python3\nprint(6 * 7)\n", "42\n"),
        ("echo plain\n", "plain\n"),
    ],
)
def test_its_first_line_decides_what_interprets_it(
    run: Callable[..., RunOutcome], script: str, printed: str
) -> None:
    assert run(script).stdout == printed


def test_the_largest_script_runs(run: Callable[..., RunOutcome]) -> None:
    assert run("# " + "x" * (64 * 1024 - 20) + "\necho done\n").stdout == "done\n"


def test_a_signal_is_a_status_as_a_shell_reports_it(run: Callable[..., RunOutcome]) -> None:
    outcome = run("kill -9 $$\n")
    assert (outcome.status_code, outcome.cancelled) == (137, False)


def test_it_is_killed_with_its_children_when_its_time_is_over(
    run: Callable[..., RunOutcome],
) -> None:
    outcome = run("sleep 300 & echo $!; wait\n", timeout=0.5)
    assert (outcome.status_code, outcome.timed_out, outcome.cancelled) == (137, True, False)
    child = int(outcome.stdout)
    until(
        lambda: (
            not psutil.pid_exists(child) or psutil.Process(child).status() == psutil.STATUS_ZOMBIE
        )
    )


def test_it_is_killed_on_request(run: Callable[..., RunOutcome]) -> None:
    cancelled = Event()
    threading.Timer(0.3, cancelled.set).start()
    started = time.monotonic()
    outcome = run("echo begun\nsleep 300\n", cancelled=cancelled)
    assert (outcome.stdout, outcome.status_code) == ("begun\n", 137)
    assert (outcome.cancelled, outcome.timed_out) == (True, False)
    assert time.monotonic() - started < 10


def test_what_it_leaves_in_the_background_goes_on(
    run: Callable[..., RunOutcome], processes: HostProcesses
) -> None:
    outcome = run("sleep 300 & echo $!\n")
    child = psutil.Process(int(outcome.stdout))
    assert child.is_running()
    assert outcome.status_code == 0
    child.kill()


def test_only_the_beginning_of_much_output_is_kept(
    run: Callable[..., RunOutcome], tmp_path: Path
) -> None:
    outcome = run("head -c 1000000 /dev/zero | tr '\\0' x\n")
    assert len(outcome.stdout) == run_command.OUTPUT_BYTES
    assert not any((tmp_path / "scratch").iterdir())


def test_it_shares_the_services_cpu(
    run: Callable[..., RunOutcome], processes: HostProcesses
) -> None:
    run("true\n")
    assert processes.started[0][0].group.startswith("services/")
