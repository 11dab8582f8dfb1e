"""An ordinary user of this computer to whom control groups are delegated, for tests that root runs."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import sys
from collections.abc import Generator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import pytest

from region import rootless
from region.machines.cgroups import files
from toolchain import paths

_CGROUPS = Path("/sys/fs/cgroup")
_HIDDEN_HOME = """\
set -e
mount --make-rprivate /
stage=$(mktemp -d)
mount -t tmpfs tmpfs "$stage"
closed=$1; shift
n=0
for path in "$@"; do n=$((n+1)); mkdir "$stage/$n"; mount --bind "$path" "$stage/$n"; done
mount -t tmpfs -o mode=0755 tmpfs "$closed"
n=0
for path in "$@"; do n=$((n+1)); mkdir -p "$path"; mount --bind "$stage/$n" "$path"; done
umount -l "$stage"; rmdir "$stage"
"""
"""Show of the directory `closed`, in this mount namespace, only the paths that the test needs."""


@dataclass(frozen=True)
class User:
    """A user, the groups of the test, and a directory of its own."""

    uid: int
    gid: int
    group: str
    home: Path

    def run(
        self, arguments: Sequence[str], timeout: float = 90
    ) -> subprocess.CompletedProcess[str]:
        """Run this Python with `arguments`, as the user."""
        return subprocess.run(
            [*self._command(), sys.executable, *arguments],
            capture_output=True,
            text=True,
            check=False,
            cwd=paths.ROOT,
            timeout=timeout,
            env={
                "HOME": str(self.home),
                "PATH": os.environ["PATH"],
                "LANG": "C.UTF-8",
                "PYTHONDONTWRITEBYTECODE": "1",
            },
        )

    def processes(self) -> set[int]:
        """Return the processes in the groups of the test."""
        return files.pids(base / self.group for base in _hierarchies())

    def _command(self) -> list[str]:
        switch = f'setpriv --reuid={self.uid} --regid={self.gid} --init-groups -- "$@"'
        joined = " ".join(str(base / self.group / "cgroup.procs") for base in _hierarchies())
        join = f"for file in {joined}; do echo $$ >$file; done"
        words = ["unshare", "--mount", "bash", "-c"]
        return [*words, f"{join}\n{_opening()}\nexec {switch}", "as-user"]


def _opening() -> str:
    """Return what makes Python and this project visible to others if they lie in a closed home."""
    needed = [Path(sys.base_prefix), paths.ROOT, paths.TOOLS.resolve(), paths.VENV.resolve()]
    closed = [
        next((p for p in reversed(path.resolve().parents) if not p.stat().st_mode & 1), None)
        for path in needed
    ]
    if not any(closed):
        return ""
    first = next(path for path in closed if path)
    inside = [str(path) for path in dict.fromkeys(needed) if path.is_relative_to(first)]
    quoted = " ".join(f"'{word}'" for word in (str(first), *inside))
    return f"(set -- {quoted}\n{_HIDDEN_HOME})"


def _somebody() -> pwd.struct_passwd:
    for line in (
        Path("/etc/subuid").read_text().splitlines() if Path("/etc/subuid").exists() else ()
    ):
        name, _, count = line.split(":")
        with suppress(KeyError):
            account = pwd.getpwnam(name)
            if account.pw_uid and int(count) >= rootless.LEAST_IDS:
                return account
    pytest.skip("no user of this computer has 65535 subordinate ids (/etc/subuid)")


@contextmanager
def user() -> Generator[User]:
    """Lend a user of this computer, with groups in which it may make others; skip without one."""
    if os.geteuid() != 0:
        pytest.skip("needs root, to become another user and to delegate control groups")
    for command in ("newuidmap", "newgidmap"):
        if not shutil.which(command):
            pytest.skip(f"needs {command} (package uidmap)")
    account = _somebody()
    group = f"haproof-test-{uuid4().hex[:8]}"
    home = Path(f"/var/tmp/{group}")  # closed to others, made below
    groups = [base / group for base in _hierarchies()]
    try:
        home.mkdir(mode=0o700)
        os.chown(home, account.pw_uid, account.pw_gid)
        for made in groups:
            _delegate(made, account)
        yield User(account.pw_uid, account.pw_gid, group, home)
    finally:
        files.kill(groups, 10)
        shutil.rmtree(home, ignore_errors=True)
        for made in groups:
            for path, _, _ in os.walk(made, topdown=False):
                with suppress(OSError):
                    Path(path).rmdir()


def _hierarchies() -> list[Path]:
    unified = (_CGROUPS / "cgroup.controllers").exists()
    return [_CGROUPS] if unified else [path for path in _CGROUPS.iterdir() if path.is_dir()]


def _delegate(group: Path, account: pwd.struct_passwd) -> None:
    group.mkdir()
    for name in ("cpuset.cpus", "cpuset.mems"):
        if (group.parent / name).exists() and not (group / "cgroup.controllers").exists():
            (group / name).write_text((group.parent / name).read_text())
    for path in (group, *group.iterdir()):
        os.chown(path, account.pw_uid, account.pw_gid)
