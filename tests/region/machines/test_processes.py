"""The processes of a machine that is powered off while one of them is being started."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
from pathlib import Path
from typing import cast

import psutil
import pytest

from region.machines.cgroups import Limits
from region.machines.container.process import (
    AdoptedProcess,
    adopting_orphans,
    pid_namespace,
    reap_orphans,
)
from region.machines.container.runtime import Runtime
from region.machines.processes import Command, ProcessTable
from tests.patience import PATIENCE
from tests.region.builders import until


class FakeProcess:
    """One that has been killed with its container and waits to be reaped."""

    def __init__(self) -> None:
        self.pid = 1
        self.reaped = False

    def poll(self) -> int | None:
        return -9 if self.reaped else None

    def wait(self, timeout: float | None = None) -> int:
        self.reaped = True
        return -9


class FakeContainer:
    """Both the container and its control groups; starting a process lasts until it is killed."""

    def __init__(self) -> None:
        self.process = FakeProcess()
        self.starts = threading.Event()
        self.killed = threading.Event()
        self.was_reaped: bool | None = None
        self.forgotten = False

    def execute(self, *_: object, **__: object) -> FakeProcess:
        self.starts.set()
        assert self.killed.wait(10)
        return self.process

    def kill(self, group: str) -> None:
        self.killed.set()

    def delete(self, name: str) -> None:
        self.was_reaped = self.process.reaped

    def forget(self, name: str) -> None:
        self.forgotten = True

    def remove(self, group: str) -> None:
        pass


def powered(
    monkeypatch: pytest.MonkeyPatch, container: FakeContainer, init: FakeProcess
) -> ProcessTable:
    """A table that is powered on, with `init` as the container's first process."""

    def adopt(pid: int) -> AdoptedProcess:
        return cast("AdoptedProcess", init)

    monkeypatch.setattr("region.machines.processes.AdoptedProcess", adopt)
    table = ProcessTable(
        cast("Limits", container), "group", cast("Runtime", container), "i-00000000000000001"
    )
    table.power_on(lambda: 1)
    return table


def test_what_is_being_started_is_reaped_before_the_container_is_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    container = FakeContainer()
    table = powered(monkeypatch, container, FakeProcess())
    command = Command(["true"], "services", {}, "/", tmp_path / "log")
    starter = threading.Thread(target=table.spawn, args=[command])
    starter.start()
    assert container.starts.wait(10)
    table.power_off()
    starter.join(10)
    assert container.was_reaped


class StuckProcess(FakeProcess):
    """A container's first process that does not end, because something in it is not reaped."""

    def wait(self, timeout: float | None = None) -> int:
        raise subprocess.TimeoutExpired("init", timeout or 0.0)


def test_a_container_whose_first_process_does_not_end_is_forgotten(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    container = FakeContainer()
    powered(monkeypatch, container, StuckProcess()).power_off()
    assert container.forgotten
    assert container.was_reaped is None


def _only_child(pid: int) -> int:
    until(lambda: bool(psutil.Process(pid).children()))
    return psutil.Process(pid).children()[0].pid


@pytest.mark.region
def test_what_a_starter_that_was_killed_has_left_in_a_container_is_reaped() -> None:
    with subprocess.Popen(["unshare", "--pid", "--fork", "sleep", "600"]) as container:
        init = _only_child(container.pid)
        namespace = pid_namespace(init)
        assert namespace is not None
        with adopting_orphans:
            enter = ["nsenter", f"--target={init}", "--pid", "sleep", "600"]
            with subprocess.Popen(enter) as starter:
                orphan = _only_child(starter.pid)
                starter.kill()
        os.kill(init, signal.SIGKILL)
        until(lambda: psutil.Process(orphan).status() == psutil.STATUS_ZOMBIE)
        assert container.poll() is None, "the kernel waits until the orphan has been reaped"
        until(lambda: reap_orphans(namespace, but=init) == [orphan])
        assert container.wait(PATIENCE) != 0
