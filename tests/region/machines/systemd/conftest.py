"""A machine of a directory and plain processes: neither root nor containers are needed."""

from __future__ import annotations

import os
import runpy
import signal
import subprocess
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from region.machines.accounts import Accounts
from region.machines.errors import MachineError
from region.machines.processes import Command
from region.machines.root_file_system import RootFileSystem
from region.machines.systemd.manager import ServiceManager
from tests.patience import PATIENCE

MARK = "HAPROOF_TEST_GROUP"


class Files(RootFileSystem):
    """A root whose programs run in this process, on paths below the directory."""

    def __init__(self, root: Path) -> None:
        super().__init__(lambda: root)
        self.root = root

    def call(self, program: Path, request: Mapping[str, object]) -> dict[str, Any]:
        main = runpy.run_path(str(program))["main"]
        main.__globals__["ROOT"] = str(self.root)
        return main(request)

    def write(self, path: str, text: str) -> str:
        """Write a file of the machine and return its path."""
        file = self.root / path.lstrip("/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        return path


class Processes:
    """Stands in for ProcessTable. Groups are found by a variable that descendants inherit."""

    def __init__(self) -> None:
        self.powered = True
        self.commands: list[Command] = []
        self.confined: list[str] = []
        self._groups: dict[str, str] = {}
        self._children: list[tuple[str, subprocess.Popen[bytes]]] = []

    def spawn(self, command: Command) -> subprocess.Popen[bytes]:
        if not self.powered:
            raise MachineError("the machine is off")
        self.commands.append(command)
        mark = self._groups.setdefault(command.group, uuid.uuid4().hex)
        command.log.parent.mkdir(parents=True, exist_ok=True)
        with command.log.open("ab") as log, (command.errors or command.log).open("ab") as errors:
            process = subprocess.Popen(
                # Like the gate: a program that does not exist is an exit status, no exception.
                ["sh", "-c", 'exec "$@"', "gate", *command.argv],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=errors,
                env={**command.environment, MARK: mark},
                start_new_session=True,
            )
        self._children.append((command.group, process))
        return process

    def pids(self, group: str) -> set[int]:
        wanted = f"{MARK}={self._groups.get(group)}".encode()
        # A child that is just being executed has no environment for a moment.
        children = {p.pid for name, p in self._children if name == group and p.poll() is None}
        return children | {pid for pid in _processes() if wanted in _environment(pid)}

    def signal(self, group: str, number: signal.Signals) -> None:
        for pid in self.pids(group):
            with suppress(ProcessLookupError):
                os.kill(pid, number)

    def kill(self, group: str) -> None:
        deadline = time.monotonic() + PATIENCE
        while self.pids(group):
            assert time.monotonic() < deadline
            self.signal(group, signal.SIGKILL)
            time.sleep(0.01)

    def confine(self, group: str) -> None:
        if self.pids(group):
            self.confined.append(group)

    def clear(self) -> None:
        for group in self._groups:
            self.kill(group)
        for _, child in self._children:
            child.wait(5)


def _processes() -> list[int]:
    return [int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit()]


def _environment(pid: int) -> list[bytes]:
    # That of a zombie is empty.
    try:
        return Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    except OSError:
        return []


@pytest.fixture
def processes() -> Iterator[Processes]:
    table = Processes()
    yield table
    table.powered = False
    table.clear()


@pytest.fixture
def files(tmp_path: Path) -> Files:
    made = Files(tmp_path / "root")
    me = f"app:x:{os.getuid()}:{os.getgid()}::/home/app:/bin/bash\n"
    made.write("/etc/passwd", f"root:x:0:0:root:/root:/bin/bash\n{me}")
    made.write("/etc/group", f"root:x:0:\nweb:x:1234:app\nextra:x:{os.getgid()}:\n")
    made.write("/etc/hostname", "ip-10-0-0-1\n")
    (made.root / "run").mkdir()
    return made


@pytest.fixture
def console() -> list[str]:
    return []


@pytest.fixture
def new_manager(
    tmp_path: Path, files: Files, processes: Processes, console: list[str]
) -> Iterator[Callable[[], ServiceManager]]:
    """Makes managers of the same files, as a machine has one after the other."""
    made: list[ServiceManager] = []

    def make() -> ServiceManager:
        manager = ServiceManager(
            processes=processes,
            files=files,
            accounts=Accounts(files),
            log_directory=tmp_path / "log",
            environment=lambda: {"PATH": "/usr/bin:/bin", "HOME": "/root", "USER": "root"},
            console=console.append,
            alive=lambda: processes.powered,
            memory=tmp_path / "services",
        )
        made.append(manager)
        return manager

    yield make
    processes.powered = False
    for manager in made:
        manager.stop_all(0)


@pytest.fixture
def manager(new_manager: Callable[[], ServiceManager]) -> ServiceManager:
    return new_manager()


@pytest.fixture
def add_unit(files: Files) -> Callable[..., str]:
    """Writes a unit to /etc/systemd/system and returns its name."""

    def add(name: str, service: str, unit: str = "") -> str:
        full = name if "." in name else f"{name}.service"
        text = f"[Unit]\n{unit}\n[Service]\n{service}\n[Install]\nWantedBy=multi-user.target\n"
        files.write(f"/etc/systemd/system/{full}", text)
        return full

    return add


@pytest.fixture
def eventually() -> Callable[..., None]:
    def wait(condition: Callable[[], bool], what: str, timeout: float = PATIENCE) -> None:
        deadline = time.monotonic() + timeout
        while not condition():
            assert time.monotonic() < deadline, f"not within {timeout} s: {what}"
            time.sleep(0.02)

    return wait
