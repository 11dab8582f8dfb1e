"""Nobody else can lock what is the region's, not even in a directory that an older version left open."""

from __future__ import annotations

import os
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from region import locks, session
from region.machines import machine_pool
from region.machines.images import cache

STRANGER = 65534


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def hold(path: Path, user: int | None) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        ["flock", "--no-fork", str(path), "sh", "-c", "echo locked; exec sleep 60"],
        stdout=subprocess.PIPE,
        text=True,
        user=user,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "locked\n"
    return process


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A directory of a region as an older version made it."""
    for above in (tmp_path, *tmp_path.parents):
        if above.stat().st_uid == os.geteuid() and above != Path("/"):
            above.chmod(mode(above) | 0o011)
    root = tmp_path / "region"
    root.mkdir(mode=0o755)
    for name in ("lock", "machines.lock"):
        (root / name).write_text("[]")
        (root / name).chmod(0o644)
    return root


@pytest.fixture(params=["lock", "machines.lock"])
def taken(old: Path, request: pytest.FixtureRequest) -> Iterator[Path]:
    if os.geteuid() != 0:
        pytest.skip("only root can act as another user")
    process = hold(old / request.param, STRANGER)
    yield old
    process.kill()
    process.wait()


def test_a_strangers_lock_does_not_count(taken: Path) -> None:
    with session.exclusive(taken):
        assert machine_pool.sweep(taken) == []
        with pytest.raises(session.SessionError), session.exclusive(taken):
            pass
    assert (taken / "machines.lock").read_text() == "[]"


def test_what_an_older_version_left_open_is_closed(old: Path) -> None:
    with session.exclusive(old):
        machine_pool.sweep(old)
    assert mode(old) == 0o700
    assert [mode(old / name) for name in ("lock", "machines.lock")] == [0o600, 0o600]


def test_the_cache_of_images_cannot_be_locked_by_others(tmp_path: Path) -> None:
    with cache.locked(tmp_path):
        assert mode(tmp_path / "lock") == 0o600


def test_ones_own_lock_counts(old: Path) -> None:
    process = hold(old / "lock", None)
    try:
        with pytest.raises(session.SessionError), session.exclusive(old):
            pass
    finally:
        process.kill()
        process.wait()
    with session.exclusive(old):
        pass


def test_a_link_is_no_lock(tmp_path: Path) -> None:
    (tmp_path / "target").write_text("x")
    (tmp_path / "lock").symlink_to(tmp_path / "target")
    with pytest.raises(OSError, match="symbolic links"):
        locks.opened(tmp_path / "lock")
