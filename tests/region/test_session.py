"""How other processes find the region, and what they can reach."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from region import credentials, environment, session
from region.session import Session
from region.usage import recorder


def mine(**changes: object) -> Session:
    values = {
        "pid": os.getpid(),
        "created": session.own_creation_time(),
        "api_port": 4566,
        "provider_port": 4567,
    }
    return Session(**{**values, **changes})  # pyright: ignore[reportArgumentType]


def test_a_running_region_is_found(tmp_path: Path) -> None:
    session.write(tmp_path, mine())
    assert session.running(tmp_path) == mine()
    assert session.require(tmp_path) == mine()


def test_a_process_with_the_same_number_is_not_the_region(tmp_path: Path) -> None:
    session.write(tmp_path, mine(created=f"{mine().created}1"))
    assert session.running(tmp_path) is None


def test_setting_the_clock_of_the_computer_changes_nothing(tmp_path: Path, monkeypatch) -> None:
    session.write(tmp_path, mine())
    # What psutil and ps compute a process's start from moves with the clock.
    monkeypatch.setattr("psutil._pslinux.boot_time", lambda: 12345.0)
    monkeypatch.setattr("time.time", lambda: 67890.0)
    assert session.running(tmp_path) == mine()


def test_an_ended_process_is_not_the_region(tmp_path: Path) -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    session.write(tmp_path, mine(pid=ended.pid))
    with pytest.raises(session.SessionError, match="python -m rehearsal start"):
        session.require(tmp_path)


@pytest.mark.parametrize("content", ["", "{", '{"pid": 1}', '{"unknown": 1}', "[]"])
def test_a_damaged_record_is_not_a_region(tmp_path: Path, content: str) -> None:
    session.record(tmp_path).write_text(content)
    assert session.running(tmp_path) is None


def test_one_region_at_a_time(tmp_path: Path) -> None:
    with (
        session.exclusive(tmp_path),
        pytest.raises(session.SessionError, match="rehearsal stop"),
        session.exclusive(tmp_path),
    ):
        pass
    with session.exclusive(tmp_path):
        pass


def test_the_environment_contains_nothing_of_a_real_account(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    others = ("PULUMI_STACK", "PULUMI_OPTION_JSON", "PULUMI_ACCESS_TOKEN", "PULUMI_PARALLEL")
    for name in (
        "AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL_S3", "AWS_ROLE_ARN", *others,
    ):  # fmt: skip
        monkeypatch.setenv(name, "real")
    monkeypatch.setenv("TMPDIR", str(tmp_path / "gone"))
    monkeypatch.setattr(tempfile, "tempdir", None)
    credentials.ensure(tmp_path)
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example:3128")

    found = environment.process_environment(mine(), tmp_path)

    assert "real" not in found.values()
    assert "HTTPS_PROXY" not in found
    assert found["AWS_ENDPOINT_URL"] == "http://127.0.0.1:4566"
    assert found["AWS_ACCESS_KEY_ID"] == credentials.read(tmp_path).access_key_id
    assert found["PULUMI_DEBUG_PROVIDERS"] == "aws:4567"
    assert not set(others) & set(found)
    # Go's and Node's programs fail in a directory that is not there.
    assert Path(found["TMPDIR"]).is_dir()


def test_the_shell_lines_do_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "real")
    root = tmp_path / "it's here"
    credentials.ensure(root)
    lines = environment.shell_lines(mine(), root)
    script = "; ".join([*lines, 'echo "$AWS_PROFILE|$AWS_ENDPOINT_URL|$PULUMI_BACKEND_URL"'])

    printed = subprocess.run(
        ["bash", "-c", script], capture_output=True, text=True, check=True
    ).stdout

    assert printed.strip() == f"|http://127.0.0.1:4566|file://{root}/pulumi"


@given(st.text(min_size=1).filter(lambda text: "\0" not in text))
def test_values_are_quoted_for_any_shell(value: str) -> None:
    assert shlex.split(environment._quoted(value)) == [value]


def test_cpu_use_is_computed_from_the_samples_around_the_interval(tmp_path: Path) -> None:
    lines = [
        f'{{"version": 2, "at": {at}, "kind": "{kind}", "name": "i-1", "cpu_seconds": {used}}}'
        for at in range(100, 161)
        for kind, used in (("instance", at * 0.08), ("region", at * 0.5))
    ]
    recorder.usage_file(tmp_path).write_text("\n".join([*lines, '{"version": 2, "at": 161, "inst']))

    assert recorder.cpu_cores_used(tmp_path, 110, 140)["i-1"] == pytest.approx(0.08)
    assert recorder.cpu_cores_used(tmp_path, 500, 600) == {}
