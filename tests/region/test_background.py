"""A region that does not start says why, and one that is starting can be stopped."""

from __future__ import annotations

import errno
import io
import os
import subprocess
import sys
from pathlib import Path

import pytest

from region import background, cli, private, session
from tests.region.builders import until


class Full(io.StringIO):
    """A log on a full disk."""

    def write(self, text: str, /) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_what_a_log_cannot_take_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    descriptor = os.memfd_create(background._MEMORY)
    monkeypatch.setenv(background._ERRORS, str(descriptor))
    monkeypatch.setattr(sys, "stderr", Full())
    background.keep_errors()
    print("the cause", file=sys.stderr)
    assert os.pread(descriptor, 100, 0) == b"the cause\n"
    background.settle()
    print("later", file=sys.stderr)
    with pytest.raises(OSError, match="Bad file"):
        os.pread(descriptor, 1, 0)


def test_another_descriptor_of_that_number_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    before = sys.stderr
    monkeypatch.setenv(background._ERRORS, "0")
    background.keep_errors()
    assert sys.stderr is before


def test_a_start_that_fails_says_why_where_nothing_could_be_logged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = background.log_file(tmp_path)
    private.directory(log.parent)
    log.symlink_to("/dev/full")
    with pytest.raises(background.BackgroundError, match="not a TCP port"):
        background.launch(tmp_path, ["--port", "70000"])


def test_a_failed_write_names_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(descriptor: int, *_: object) -> None:
        os.close(descriptor)
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patched:
        patched.setattr(os, "fdopen", full)
        with pytest.raises(OSError, match="No space left") as failed:
            private.write(tmp_path / "record.json", "{}")
    assert failed.value.filename == str(tmp_path / "record.json")


def test_stop_ends_a_region_that_is_not_ready(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    session.announce(tmp_path, process.pid)
    assert session.starting(tmp_path) is not None
    assert cli.main(["stop", "--root", str(tmp_path)]) == 0
    assert process.poll() is not None or process.wait(1) is not None
    assert "local region stopped" in capfd.readouterr().err
    assert session.starting(tmp_path) is None


def test_the_first_that_starts_is_the_one_that_counts(tmp_path: Path) -> None:
    session.announce(tmp_path, os.getpid())
    other = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    try:
        session.announce(tmp_path, other.pid)
        found = session.starting(tmp_path)
        assert found is not None
        assert found.pid == os.getpid()
    finally:
        other.kill()
        other.wait()


@pytest.mark.region
def test_stop_ends_a_start_whose_command_was_killed(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    command = [sys.executable, "-m", "region", "start", "--root", str(tmp_path)]
    client = subprocess.Popen(command)
    until(lambda: session.starting(tmp_path) is not None)
    client.kill()
    client.wait()
    coming = session.starting(tmp_path)
    assert coming is not None
    assert cli.main(["stop", "--root", str(tmp_path)]) == 0
    assert not coming.alive()
    assert session.running(tmp_path) is None
    assert "another" not in capfd.readouterr().err


@pytest.mark.region
def test_a_full_disk_is_named(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can mount a small disk")
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "x", str(tmp_path)], check=True)
    try:
        (tmp_path / "log").mkdir()
        (tmp_path / "log/serve.log").touch()
        filled = ["dd", "if=/dev/zero", f"of={tmp_path / 'all'}", "bs=4096", "status=none"]
        assert subprocess.run(filled, check=False).returncode != 0
        assert cli.main(["start", "--root", str(tmp_path)]) == 4
        said = capfd.readouterr().err
        assert "No space left on device" in said
        assert str(tmp_path) in said
    finally:
        subprocess.run(["umount", str(tmp_path)], check=True)


@pytest.mark.parametrize("speed", ["inf", "nan", "1e9", "0", "-1"])
def test_a_speed_that_cannot_be_is_refused(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], speed: str
) -> None:
    assert cli.main(["start", "--root", str(tmp_path), "--speed", speed]) == 4
    assert "1000" in capfd.readouterr().err
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["", "nowhere", "ap-northeast-22", "AP-NORTHEAST-2", "../x"])
def test_a_region_that_aws_does_not_have_is_refused(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], name: str
) -> None:
    assert cli.main(["start", "--root", str(tmp_path), "--region", name]) == 4
    assert "is not the name of an AWS region" in capfd.readouterr().err
    assert not list(tmp_path.iterdir())
