"""The processes of a machine that is powered off while one of them is being started."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import cast

import pytest

from region.machines.cgroups import Limits
from region.machines.container.process import AdoptedProcess
from region.machines.container.runtime import Runtime
from region.machines.processes import Command, ProcessTable


class FakeProcess:
    """One that has been killed with its container and waits to be reaped."""

    def __init__(self) -> None:
        self.pid = 1
        self.reaped = False

    def poll(self) -> int | None:
        return None

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

    def execute(self, *_: object, **__: object) -> FakeProcess:
        self.starts.set()
        assert self.killed.wait(10)
        return self.process

    def kill(self, group: str) -> None:
        self.killed.set()

    def delete(self, name: str) -> None:
        self.was_reaped = self.process.reaped

    def remove(self, group: str) -> None:
        pass


def test_what_is_being_started_is_reaped_before_the_container_is_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def adopt(pid: int) -> AdoptedProcess:
        return cast("AdoptedProcess", FakeProcess())

    monkeypatch.setattr("region.machines.processes.AdoptedProcess", adopt)
    container = FakeContainer()
    table = ProcessTable(
        cast("Limits", container), "group", cast("Runtime", container), "i-00000000000000001"
    )
    table.power_on(lambda: 1)
    command = Command(["true"], "services", {}, "/", tmp_path / "log")
    starter = threading.Thread(target=table.spawn, args=[command])
    starter.start()
    assert container.starts.wait(10)
    table.power_off()
    starter.join(10)
    assert container.was_reaped
