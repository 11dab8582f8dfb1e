"""`logs` and `shell` as a user calls them."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import psutil
import pytest
from rich.console import Console

import region.cli as region_cli
from commandline.exit_codes import ExitCode
from region import session
from region.access import cli, shell
from region.machines.container import runtime

ROOT = Path(__file__).parents[3]


@pytest.fixture
def instance(root: Path, launch: Callable[..., str]) -> str:
    """An instance called web with logs."""
    name = launch("web")
    directory = root / "instances" / name
    (directory / "log").mkdir(parents=True)
    (directory / "console.log").write_bytes(b"".join(b"line %d\n" % n for n in range(20)))
    (directory / "log" / "app.log").write_bytes(b"\x1b[31mred\x1b[0m\n")
    return name


def logs(root: Path, *arguments: str) -> int:
    return region_cli.main(["logs", *arguments, "--root", str(root)])


def test_the_console_is_the_default(
    root: Path, instance: str, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    assert logs(root, "web") == ExitCode.SUCCESS
    assert capfdbinary.readouterr().out.count(b"\n") == 20
    assert logs(root, instance, "--lines", "2") == ExitCode.SUCCESS
    assert capfdbinary.readouterr().out == b"line 18\nline 19\n"


def test_a_pipe_gets_a_log_as_it_is(
    root: Path, instance: str, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    assert logs(root, "web", "app.service") == ExitCode.SUCCESS
    assert capfdbinary.readouterr().out == b"\x1b[31mred\x1b[0m\n"


@pytest.mark.parametrize(
    ("width", "terminal", "headings"),
    [
        (120, True, 8),
        (80, True, 6),
        (80, False, 8),
    ],
)
def test_a_line_for_each_instance_on_a_terminal_of_80_columns(
    width: int, terminal: bool, headings: int
) -> None:
    columns = {
        "instance": ["i-093dea43b8eb6e667"],
        "name": ["web-fleet"],
        "type": ["t4g.nano"],
        "zone": ["ap-northeast-2b"],
        "address": ["10.20.16.6"],
        "state": ["running"],
        "health": ["initializing"],
        "age": ["4m"],
    }
    table, needed = cli.fitting(columns, Console(width=width, force_terminal=terminal))
    assert len(table.columns) == headings
    assert needed <= width or not terminal


def process(root: Path, *arguments: str) -> list[str]:
    return [sys.executable, "-m", "region", *arguments, "--root", str(root)]


def test_a_terminal_gets_no_escapes(root: Path, instance: str) -> None:
    ours, theirs = pty.openpty()
    done = subprocess.run(
        process(root, "logs", instance, "app"), stdout=theirs, check=False, cwd=ROOT
    )
    os.close(theirs)
    assert (done.returncode, os.read(ours, 1000)) == (0, b"red\r\n")
    os.close(ours)


def test_a_reader_that_has_seen_enough_is_no_failure(root: Path, instance: str) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    command = process(root, "logs", instance)
    done = subprocess.run(command, stdout=writer, stderr=subprocess.PIPE, check=False, cwd=ROOT)
    os.close(writer)
    assert (done.returncode, done.stderr) == (0, b"")


def test_an_unknown_unit_is_one_message(
    root: Path, instance: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert logs(root, "web", "nothing") == ExitCode.FAILURE
    assert capsys.readouterr().err == (
        f"error: {instance} has no log of a unit 'nothing'; it has: console, app\n"
    )


def test_logs_of_instances_without_any(
    root: Path, launch: Callable[..., str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert logs(root, launch("gone", state=48)) == ExitCode.FAILURE
    assert "is terminated: its logs were removed with it" in capsys.readouterr().err
    assert logs(root, launch("new", state=0)) == ExitCode.FAILURE
    assert "is pending: it has no logs yet" in capsys.readouterr().err
    assert logs(root, "nobody") == ExitCode.FAILURE
    assert "there is no instance 'nobody'" in capsys.readouterr().err


def test_logs_outlive_the_region(tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    (tmp_path / "instances" / "i-0ab").mkdir(parents=True)
    (tmp_path / "instances" / "i-0ab" / "console.log").write_text("it was here\n")
    (tmp_path / "lock").touch()  # As every region leaves it.
    assert logs(tmp_path, "i-0a") == ExitCode.SUCCESS
    assert capfdbinary.readouterr().out == b"it was here\n"


def test_following_ends_cleanly_with_ctrl_c(root: Path, instance: str) -> None:
    command = process(root, "logs", instance, "--follow", "-n", "1")
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT
    ) as follower:
        assert follower.stdout is not None
        assert follower.stdout.readline() == "line 19\n"
        follower.send_signal(signal.SIGINT)
        _, errors = follower.communicate(timeout=10)
    assert (follower.returncode, errors) == (0, "")


def test_following_ends_when_the_instance_is_gone(root: Path, instance: str) -> None:
    command = process(root, "logs", instance, "later", "--follow")
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT
    ) as follower:
        assert follower.stdout is not None
        assert follower.stderr is not None
        waiting = "waiting for the log of later; there are logs of: console, app\n"
        assert follower.stderr.readline() == waiting
        directory = root / "instances" / instance
        (directory / "log" / "later.log").write_text("begins\n")
        assert follower.stdout.readline() == "begins\n"
        directory.rename(directory.with_name("removed"))
        _, errors = follower.communicate(timeout=10)
    assert (follower.returncode, errors) == (0, f"{instance} is gone\n")


class FakeRuntime:
    """A runtime with one container, whose command lines show how it was asked."""

    containers: Sequence[str] = ()
    machine = os.getpid()

    def __init__(self, root: Path) -> None:
        pass

    def names(self) -> list[str]:
        return list(self.containers)

    def alive(self, name: str) -> bool:
        return name in self.containers and psutil.pid_exists(self.machine)

    def pid(self, name: str) -> int:
        return self.machine

    def exec_command(self, instance_id: str, argv: Sequence[str], **how: Any) -> list[str]:
        self.asked = how
        terminal = "tty" if how["tty"] else "notty"
        groups = ",".join(map(str, how["groups"]))
        home = how["environment"]["HOME"]
        return ["runc", instance_id, terminal, how["user"], groups, home, *argv]


@pytest.fixture
def entered(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The command lines that this process would have become."""
    found: list[list[str]] = []
    monkeypatch.setattr(runtime, "Runtime", FakeRuntime)
    monkeypatch.setattr(shell, "replace_process", lambda argv: found.append(list(argv)))
    return found


def enter(root: Path, *arguments: str) -> int:
    return region_cli.main(["shell", "--root", str(root), *arguments])


def test_a_login_shell_is_the_default(
    root: Path,
    launch: Callable[..., str],
    entered: list[list[str]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    name = launch("web")
    monkeypatch.setattr(FakeRuntime, "containers", [name])
    assert enter(root, "web") == ExitCode.SUCCESS
    (command,) = entered
    assert command[:6] == ["runc", name, "notty", "0:0", "", "/root"]
    assert command[-2:] == ["/bin/bash", "-l"]


def test_a_command_with_options_of_its_own(
    root: Path,
    launch: Callable[..., str],
    entered: list[list[str]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    name = launch("web")
    monkeypatch.setattr(FakeRuntime, "containers", [name])
    assert enter(root, name[:6], "--", "ls", "-la", "--root", "/srv") == ExitCode.SUCCESS
    assert entered[0][-4:] == ["ls", "-la", "--root", "/srv"]


@pytest.mark.parametrize("words", [["ls", "-la", "--user", "x"], ["grep", "-f", "--", "--root"]])
def test_everything_behind_the_instance_is_the_commands(
    root: Path,
    launch: Callable[..., str],
    entered: list[list[str]],
    monkeypatch: pytest.MonkeyPatch,
    words: list[str],
) -> None:
    monkeypatch.setattr(FakeRuntime, "containers", [launch("web")])
    assert enter(root, "web", *words) == ExitCode.SUCCESS
    assert entered[0][-len(words) :] == words


def test_following_ends_when_the_region_stops(
    root: Path, instance: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    answers = iter([True, True, False])
    monkeypatch.setattr(session.Session, "alive", lambda _: next(answers, False))
    assert logs(root, instance, "--follow") == ExitCode.SUCCESS
    assert capfd.readouterr().err.endswith("no local region is running any more\n")


def test_another_user_with_its_groups(
    root: Path, launch: Callable[..., str], entered: list[list[str]], monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.setattr(FakeRuntime, "containers", [launch("web")])
    # This process stands for the machine's first one: its root directory is the host's.
    assert enter(root, "web", "--user", "daemon", "--", "id") == ExitCode.SUCCESS
    assert entered[0][3:6] == ["1:1", "", "/usr/sbin"]
    assert enter(root, "web", "--user", "nobody-here", "--", "id") == ExitCode.FAILURE
    assert "no user 'nobody-here'" in capsys.readouterr().err


@pytest.mark.parametrize(
    "refusal",
    [
        (80, "is stopped: only a running instance can be entered"),
        (48, "is terminated: only a running instance can be entered"),
        (0, "is pending, but its machine is not up"),
        (16, "is running, but its machine is not up"),
    ],
)
def test_an_instance_that_cannot_be_entered(
    root: Path,
    launch: Callable[..., str],
    entered: list[list[str]],
    capsys: pytest.CaptureFixture[str],
    refusal: tuple[int, str],
) -> None:
    state, message = refusal
    name = launch("web", state=state)
    assert enter(root, "web") == ExitCode.FAILURE
    assert f"error: {name} {message}" in capsys.readouterr().err
    assert not entered


def test_without_a_region_there_is_no_shell(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert enter(tmp_path, "web") == ExitCode.FAILURE
    assert "python -m rehearsal start" in capsys.readouterr().err


def test_a_shell_is_the_process_itself(tmp_path: Path) -> None:
    """Its exit status, its standard input and its signals are those of the command."""
    code = (
        "from region.access.shell import replace_process\n"
        "print('before')\n"
        "replace_process(['/bin/sh', '-c', 'cat; exit 7'])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], input="piped", capture_output=True, text=True, check=False,
        cwd=ROOT,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (7, "before\npiped")
