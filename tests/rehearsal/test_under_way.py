"""One rehearsal at a time, and the end of one that is under way."""

from __future__ import annotations

import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from commandline import disk
from commandline.exit_codes import ExitCode
from region import cli as region_cli
from region import preflight, rootless
from rehearsal import cli, revision_check, testbed, under_way
from toolchain import paths

HOLDER = """
import sys
from pathlib import Path
from rehearsal import under_way
with under_way.exclusive(Path(sys.argv[1])):
    print("ready", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def other(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process with a rehearsal under way in `tmp_path`."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(tmp_path)],
        cwd=paths.ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        yield process
        process.kill()


def test_a_second_rehearsal_is_refused_before_it_touches_anything(
    other: subprocess.Popen[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(preflight, "require", lambda _: None)
    monkeypatch.setattr(preflight, "require_revision", lambda _: None)
    monkeypatch.setattr(revision_check, "require", lambda _: [])
    monkeypatch.setattr(rootless, "require_port", lambda _: None)
    monkeypatch.setattr(testbed.Testbed, "_running_region", lambda _: pytest.fail("it went on"))
    before = sorted(tmp_path.rglob("*"))

    assert cli.main(["run", "--root", str(tmp_path)]) == ExitCode.FAILURE

    said = capsys.readouterr().err
    assert f"a rehearsal is under way (process {other.pid})" in said
    assert "wait for it, stop it" in said
    assert sorted(tmp_path.rglob("*")) == before


def test_a_rehearsal_that_was_killed_leaves_no_lock(
    other: subprocess.Popen[str], tmp_path: Path
) -> None:
    assert under_way.running(tmp_path) == other.pid
    other.kill()
    other.wait()
    assert under_way.running(tmp_path) is None
    with under_way.exclusive(tmp_path):
        assert under_way.running(tmp_path) is not None
    assert under_way.running(tmp_path) is None


def test_only_its_owner_may_open_the_lock(tmp_path: Path) -> None:
    with under_way.exclusive(tmp_path):
        (file,) = tmp_path.iterdir()
        assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_without_a_rehearsal_none_is_running(tmp_path: Path) -> None:
    assert under_way.running(tmp_path / "absent") is None


def test_stop_ends_the_rehearsal_first_and_says_so(
    other: subprocess.Popen[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(region_cli, "stop", lambda *_: print("region", under_way.running(tmp_path)))
    assert cli.main(["stop", "--root", str(tmp_path)]) == ExitCode.SUCCESS
    assert other.wait(10) == -signal.SIGTERM
    said = capsys.readouterr()
    assert f"under way (process {other.pid})" in " ".join(said.err.split())
    assert said.out == "region None\n"


def test_a_rehearsal_that_does_not_end_is_named(
    other: subprocess.Popen[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(under_way, "STOP_TIMEOUT_S", 0.0)
    monkeypatch.setattr(under_way.os, "kill", lambda *_: None)
    with pytest.raises(under_way.UnderWayError, match=f"process {other.pid}.*kill -KILL"):
        under_way.stop(tmp_path, other.pid)


def test_a_directory_that_takes_nothing_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def full(directory: Path) -> None:
        raise disk.DiskError(f"4 KiB cannot be written to {directory}: full")

    monkeypatch.setattr(disk, "require_answering", full)
    with (
        pytest.raises(disk.DiskError, match=f"written to {tmp_path}"),
        under_way.exclusive(tmp_path),
    ):
        pass
    assert list(tmp_path.iterdir()) == []
