"""The runner of hook scripts, with processes of this computer in the place of a machine's."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from appspec import Script
from region.machines.codedeploy_agent.script_output import TAIL_CHARACTERS, ScriptLog
from region.machines.codedeploy_agent.scripts import Event, ScriptRunner
from region.machines.container.oci import ROOT
from region.machines.root_file_system import RootFileSystem

PASSWD = (
    "root:x:0:0:root:/root:/bin/sh\n"
    "app:x:4711:4711::/home/app:/bin/sh\n"
    "web:x:4712:4712::/:/usr/sbin/nologin\n"
)


class Files(RootFileSystem):
    """The files of a machine whose root is this computer's, except for its accounts."""

    def read_bytes(self, path):
        if path == "/etc/passwd":
            return PASSWD.encode()
        return super().read_bytes(path)


class Table:
    """Starts commands here, as whoever runs the tests."""

    powered = True

    def __init__(self, directory):
        self.directory = directory
        self.commands = []

    def spawn(self, command):
        self.commands.append(command)
        with command.log.open("ab") as output, command.errors.open("ab") as errors:
            return subprocess.Popen(
                command.argv,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=errors,
                env=dict(command.environment),
                cwd=self.directory,
                start_new_session=True,
            )


@pytest.fixture
def table(tmp_path):
    return Table(tmp_path)


@pytest.fixture
def run(tmp_path, table):
    archive = tmp_path / "archive"
    archive.mkdir()
    runner = ScriptRunner(
        *(Files(lambda: Path("/")), table, lambda: {"PATH": os.environ["PATH"], "OWN": "1"}),
        tmp_path / "log" / "deployments.log",
    )

    def call(text, timeout=20, location="x.sh", **options):
        if text is not None:
            (archive / location.lstrip("/")).write_bytes(text.encode())
        return runner.run(
            Event(
                name="AfterInstall",
                deployment_id="d-1",
                scripts=(Script(location, timeout, **options),),
                archive=str(archive),
                log=str(tmp_path / "scripts.log"),
                variables={"LIFECYCLE_EVENT": "AfterInstall"},
            )
        )

    return call


def test_output_is_logged_as_the_agent_logs_it(run, tmp_path):
    result = run("#!/bin/sh\necho out\necho err >&2\nprintf end\n")
    assert (result.status, result.exit_code) == ("Succeeded", 0)
    lines = result.log_tail.splitlines()
    assert lines[:2] == ["LifecycleEvent - AfterInstall", "Script - x.sh"]
    assert sorted(lines[2:]) == ["[stderr]err", "[stdout]end", "[stdout]out"]
    log = (tmp_path / "scripts.log").read_text().splitlines()
    assert [line[20:] for line in log] == lines
    assert log[0][:2] == "20"
    host = (tmp_path / "log/deployments.log").read_text().splitlines()
    assert host == [f"[d-1] {line}" for line in log]


def test_a_script_without_an_interpreter_is_run_by_bash(run):
    result = run('set -o pipefail\n[[ x == x ]] && echo "$BASH_VERSION $LIFECYCLE_EVENT $OWN"\n')
    assert result.status == "Succeeded"
    assert "AfterInstall 1" in result.log_tail


def test_a_program_is_executed(run, tmp_path):
    shutil.copy(shutil.which("uname") or "", tmp_path / "archive" / "bin")
    result = run(None, location="bin")
    assert (result.status, result.exit_code) == ("Succeeded", 0)
    assert "[stdout]Linux" in result.log_tail


def test_what_is_neither_a_program_nor_a_script_fails(run, tmp_path):
    (tmp_path / "archive" / "bin").write_bytes(b"\x7fELF" + bytes(200))
    result = run(None, location="bin")
    assert (result.status, result.exit_code) == ("Failed", 126)


@pytest.mark.parametrize("location", ["x.sh", "/x.sh", "./x.sh"])
def test_locations_begin_at_the_revisions_root(run, location):
    assert run("#!/bin/sh\n", location=location).status == "Succeeded"


def test_a_failing_script(run):
    result = run("#!/bin/sh\necho why >&2\nexit 7\n")
    assert (result.status, result.exit_code, result.error_code) == ("Failed", 7, "ScriptFailed")
    assert result.message == "Script at specified location: x.sh failed with exit code 7"
    assert result.log_tail.endswith("[stderr]why\n")


def test_a_missing_script(run):
    result = run(None)
    assert (result.error_code, result.script) == ("ScriptMissing", "x.sh")
    assert "Script does not exist at specified location: /" in result.message


def test_windows_line_ends_are_named_as_the_cause(run):
    result = run("#!/bin/sh\r\necho hi\r\n")
    assert result.error_code == "ScriptFailed"
    assert "Errno::ENOENT" in result.message
    assert "CR LF" in result.message
    with_option = run("#!/bin/bash -e\r\necho hi\r\n")
    assert "failed with exit code" in with_option.message
    assert "CR LF" in with_option.message
    assert "CR LF" in run("#!/bin/sh\r\nexit 3\r\n", runas="root").message
    assert run("#!/bin/sh\r\n", runas="root").exit_code in {126, 127}


@pytest.mark.parametrize(
    ("text", "options", "reason"),
    [
        ("#!/no/where\n", {}, "its interpreter '/no/where' does not exist"),
        ("#!/bin/sh\n", {"location": "my script.sh"}, "takes what follows a space"),
        (None, {"location": "."}, "Errno::EACCES.*it is a directory"),
    ],
)
def test_what_the_kernel_does_not_start(run, text, options, reason):
    result = run(text, **options)
    assert result.error_code == "ScriptFailed"
    assert re.search(reason, result.message)


def test_a_script_that_hangs_is_ended_with_its_children(run):
    result = run("#!/bin/sh\ntrap : TERM\necho begun\nsleep 60 & sleep 61\n", timeout=1)
    assert (result.error_code, result.exit_code) == ("ScriptTimedOut", None)
    assert result.message.endswith("x.sh failed to complete in 1 seconds")
    assert "[stdout]begun" in result.log_tail


@pytest.mark.parametrize(("stream", "redirection"), [("STDOUT", ""), ("STDERR", ">/dev/null")])
def test_a_process_left_behind_keeps_the_output_open(run, stream, redirection):
    result = run(f"#!/bin/sh\nsleep 60 {redirection} &\necho done\n", timeout=1)
    assert (result.status, result.error_code) == ("Failed", "UnknownError")
    assert f"failed to close {stream}" in result.message
    assert "[stdout]done" in result.log_tail
    assert run("#!/bin/sh\nsleep 1 >/dev/null 2>&1 &\n", timeout=9).status == "Succeeded"


def test_runas_is_su_with_the_users_shell(run, table):
    run("#!/bin/sh\nexit 5\n", runas="app")
    command = table.commands[-1]
    assert command.user.uid == 4711
    assert list(command.argv[:2]) == ["/bin/sh", "-c"]
    assert command.environment["HOME"] == "/home/app"
    assert command.environment["LOGNAME"] == "app"
    assert command.environment["LIFECYCLE_EVENT"] == "AfterInstall"
    run("#!/bin/sh\n", runas="web")
    assert table.commands[-1].argv[0] == "/usr/sbin/nologin"
    run("#!/bin/sh\n", runas="")
    assert table.commands[-1].user == ROOT


@pytest.mark.parametrize("name", ["nobody-here", "0"])
def test_runas_an_unknown_user_fails_as_su_does(run, table, name):
    result = run("#!/bin/sh\n", runas=name)
    assert (result.error_code, result.exit_code) == ("ScriptFailed", 1)
    assert f"run as user {name} failed with exit code 1" in result.message
    assert f"[stderr]su: user {name} does not exist" in result.log_tail
    assert table.commands == []


def test_sudo_clears_the_agents_variables(run, table):
    run("#!/bin/sh\n", sudo=True)
    assert "LIFECYCLE_EVENT" not in table.commands[-1].environment
    assert "OWN" in table.commands[-1].environment


def test_an_endless_line_is_cut(run):
    result = run("#!/bin/sh\nhead -c 200000 /dev/zero | tr '\\0' x\n")
    assert result.status == "Succeeded"


def test_the_tail_is_whole_lines_of_less_than_two_kibibytes():
    written = []
    log = ScriptLog(written.append)
    for number in range(500):
        log.append(f"line {number}\n")
    tail = log.tail()
    assert TAIL_CHARACTERS - 10 < len(tail) < TAIL_CHARACTERS
    assert tail.startswith("line ")
    assert tail.endswith("line 499\n")
    assert len(written) == 500
    log.append("x" * TAIL_CHARACTERS)
    assert log.tail() == ""
