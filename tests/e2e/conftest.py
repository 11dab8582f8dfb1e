"""A root of its own for each whole rehearsal, and the check that nothing of it is left."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from region import network
from region.identity import region_id
from tests.ended_regions import ending

ROOT = Path(__file__).resolve().parents[2]


class Command:
    """`python -m rehearsal …` on one root."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.environment = {**os.environ, "COLUMNS": "120"}
        self.mounts: tuple[str, ...] = ()

    def line(self, *arguments: str) -> list[str]:
        mine = [sys.executable, "-m", "rehearsal", *arguments, "--root", str(self.root)]
        if not self.mounts:
            return mine
        # A mount namespace of its own: what it breaks is broken for this command only.
        script = " && ".join([*(f"mount {mount}" for mount in self.mounts), 'exec "$@"'])
        return ["unshare", "--mount", "sh", "-c", script, "sh", *mine]

    def with_mounts(self, *mounts: str) -> Command:
        """The same command with these file systems or files mounted over others."""
        self.mounts = mounts
        return self

    def __call__(self, *arguments: str, timeout: float = 400) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.line(*arguments),
            cwd=ROOT,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=timeout,
            check=False,
        )

    def left_over(self) -> list[str]:
        """What there still is of this root: processes, control groups, its network."""
        mine = {os.getpid(), os.getppid()}
        found: list[str] = []
        for process in psutil.process_iter(["pid", "cmdline", "status"]):
            words = " ".join(process.info["cmdline"] or [])
            if str(self.root) in words and process.info["pid"] not in mine:
                found.append(words)
        groups = Path("/sys/fs/cgroup").glob(f"**/haproof/{region_id(self.root)}")
        return [*found, *map(str, groups), *network.leftovers(self.root)]


@contextmanager
def lasting(root: Path) -> Generator[Command]:
    """A root for as long as the caller wants; nothing of it may be left."""
    command = Command(root)
    with ending(root):
        try:
            yield command
        finally:
            command.mounts = ()
            command("stop", timeout=120)
    assert command.left_over() == []


@pytest.fixture
def rehearsal(tmp_path: Path) -> Iterator[Command]:
    with lasting(tmp_path / "region") as command:
        yield command
