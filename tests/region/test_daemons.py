"""Records of background processes: only exactly the process that was started is ended."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from region import daemons
from tests.processes import command_of

SLEEP = "import time; time.sleep(60)"


@pytest.fixture
def sleeper():
    process = subprocess.Popen([sys.executable, "-c", SLEEP])
    yield process
    process.kill()
    process.wait()


def record(path: Path, process: int, **changes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    daemons._write_record(path, process, str(Path(sys.executable).resolve()), "KILL")
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))
    return path


def test_a_recorded_process_is_ended(tmp_path, sleeper):
    path = record(tmp_path / "a" / f"x{daemons.RECORD_SUFFIX}", sleeper.pid)
    assert len(daemons.sweep(tmp_path)) == 1
    sleeper.wait(5)
    assert not psutil.pid_exists(sleeper.pid)
    assert not path.exists()


@pytest.mark.parametrize("place", ["instances/i-1/root/srv", "databases/db-1/data"])
def test_what_an_instance_or_a_database_writes_names_nobody(tmp_path, sleeper, place):
    record(tmp_path / place / f"x{daemons.RECORD_SUFFIX}", sleeper.pid)
    assert daemons.sweep(tmp_path) == []
    assert sleeper.poll() is None


@pytest.mark.parametrize(
    "changes",
    [{"started": 1}, {"boot": "another"}, {"executable": "/usr/sbin/haproxy"}, {"pid": "x"}],
)
def test_another_process_with_the_same_number_is_left_alone(tmp_path, sleeper, changes):
    path = record(tmp_path / f"x{daemons.RECORD_SUFFIX}", sleeper.pid, **changes)
    assert daemons.sweep(tmp_path) == []
    assert sleeper.poll() is None
    assert not path.exists()


def test_a_recorded_process_is_taken_over(tmp_path, sleeper):
    path = record(tmp_path / f"x{daemons.RECORD_SUFFIX}", sleeper.pid)
    found = daemons.adopt(path, tmp_path / "log")
    assert found is not None
    assert (found.pid, found.running()) == (sleeper.pid, True)
    assert found in daemons.running()
    found.stop(timeout=5)
    assert not found.running()
    assert not path.exists()
    assert daemons.adopt(path, tmp_path / "log") is None


@pytest.mark.parametrize("changes", [{"started": 1}, {"boot": "another"}, {"pid": "x"}])
def test_another_process_is_not_taken_over(tmp_path, sleeper, changes):
    path = record(tmp_path / f"x{daemons.RECORD_SUFFIX}", sleeper.pid, **changes)
    assert daemons.adopt(path, tmp_path / "log") is None


def test_a_zombie_is_not_taken_over(tmp_path, sleeper):
    path = record(tmp_path / f"x{daemons.RECORD_SUFFIX}", sleeper.pid)
    sleeper.kill()
    os.waitid(os.P_PID, sleeper.pid, os.WEXITED | os.WNOWAIT)
    assert daemons.adopt(path, tmp_path / "log") is None


def test_nothing_runs_that_could_not_be_found_again(tmp_path, monkeypatch):
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_text", full)
    before = len(daemons.running())
    with pytest.raises(daemons.DaemonError, match="No space left on device"):
        daemons.spawn(
            [sys.executable, "-c", SLEEP],
            record=tmp_path / f"x{daemons.RECORD_SUFFIX}",
            log=tmp_path / "log",
        )
    assert len(daemons.running()) == before
    assert not [one for one in psutil.Process().children() if SLEEP in command_of(one)]


def test_without_setpriv_the_error_names_the_package(monkeypatch):
    monkeypatch.setenv("PATH", "/nonexistent")
    with pytest.raises(daemons.DaemonError, match="apt-get install util-linux"):
        daemons.bound_command(["/bin/true"])
