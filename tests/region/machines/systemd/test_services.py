"""Supervision with plain processes: neither root nor control groups needed."""

from __future__ import annotations

import os
import signal
import socket
import sys
import threading
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from region.machines.errors import ServiceError
from region.machines.systemd import service, systemctl

SLEEP = "ExecStart=/bin/sleep 60"
# A daemon as of old: the first process ends once its child has written the PID file.
DAEMON = """#!/bin/sh
# Two processes stay: the main one, named in the PID file, and a worker.
setsid sh -c '
  trap "exit ${CODE:-0}" TERM
  sleep 61 & echo $$ >"$1"
  while :; do sleep 0.05; done' daemon "$1" >/dev/null 2>&1 &
while ! [ -s "$1" ]; do sleep 0.01; done
"""


@pytest.fixture
def daemon(files):
    """Returns the ExecStart= of a daemon, and the PID file that it writes on the host."""
    files.write("/usr/sbin/daemon", DAEMON)
    program = files.root / "usr/sbin/daemon"
    program.chmod(0o755)
    pid_file = files.root / "run/daemon.pid"
    return f"ExecStart={program} {pid_file}", pid_file


def test_restart_always_brings_a_killed_service_back(manager, add_unit, processes, eventually):
    manager.start(add_unit("web", f"{SLEEP}\nRestart=always\nRestartSec=0"))
    (first,) = processes.pids("services/web.service")
    os.kill(first, signal.SIGKILL)
    eventually(lambda: processes.pids("services/web.service") - {first} != set(), "a new process")
    eventually(lambda: manager.state("web.service") == "active", "active again")
    assert manager.service("web.service").restarts == 1


@pytest.mark.parametrize(
    "case",
    [
        ("on-failure", 1, True, ""),
        ("on-failure", 0, False, ""),
        ("no", 1, False, ""),
        ("on-success", 0, True, ""),
        ("on-failure", 3, False, "RestartPreventExitStatus=3"),
        ("no", 3, True, "RestartForceExitStatus=3"),
        ("on-failure", 143, False, "SuccessExitStatus=143"),
    ],
)
def test_restart_rules(manager, add_unit, processes, eventually, case):
    restart, code, restarts, more = case
    unit = f"ExecStart=/bin/sh -c 'exit {code}'\nRestart={restart}\nRestartSec=0\n{more}"
    manager.start(add_unit("job", unit))
    end = "inactive" if not restarts and (code in (0, 143)) else "failed"
    eventually(lambda: manager.state("job.service") == end, end)
    # A crash loop ends at the start limit: five starts within ten seconds.
    assert len(processes.commands) == (5 if restarts else 1)


def test_oneshot_is_done_when_start_returns(manager, add_unit, tmp_path):
    target = tmp_path / "made"
    unit = f"Type=oneshot\nExecStart=/bin/sh -c 'sleep 0.2; echo 1 > {target}'\nExecStart=/bin/true"
    manager.start(add_unit("once", unit))
    assert target.read_text() == "1\n"
    assert manager.state("once.service") == "inactive"


def test_oneshot_that_remains_runs_its_stop_command(manager, add_unit, tmp_path):
    target = tmp_path / "stopped"
    name = add_unit(
        "once",
        f"Type=oneshot\nRemainAfterExit=yes\nExecStart=/bin/true\nExecStop=/bin/touch {target}",
    )
    manager.start(name)
    assert (manager.state(name), manager.service(name).sub_state) == ("active", "exited")
    manager.stop(name)
    assert target.exists()
    assert manager.state(name) == "inactive"


def test_oneshot_that_fails_fails_the_start(manager, add_unit):
    name = add_unit("once", "Type=oneshot\nExecStart=/bin/false")
    with pytest.raises(ServiceError, match=r"once.*status 1.*once\.log"):
        manager.start(name)
    assert manager.state(name) == "failed"


def test_pre_command_that_fails_keeps_the_service_from_starting(manager, add_unit, processes):
    name = add_unit("web", f"ExecStartPre=/bin/false\n{SLEEP}")
    with pytest.raises(ServiceError, match="/bin/false"):
        manager.start(name)
    assert processes.pids("services/web.service") == set()
    tolerated = add_unit("lax", f"ExecStartPre=-/bin/false\n{SLEEP}")
    manager.start(tolerated)
    assert manager.state(tolerated) == "active"


@pytest.mark.parametrize("kind", ["exec", "dbus"])
def test_a_missing_program_fails_the_start_where_systemd_waits_for_it(manager, add_unit, kind):
    name = add_unit("web", f"Type={kind}\nExecStart=/nowhere/program")
    with pytest.raises(ServiceError, match="command not found"):
        manager.start(name)


def test_a_shell_counts_as_executed_at_once(manager, add_unit):
    name = add_unit("web", "Type=exec\nExecStart=/bin/sh -c 'while :; do sleep 0.1; done'")
    thread = threading.Thread(target=manager.start, args=(name,))
    thread.start()
    thread.join(3)
    assert not thread.is_alive()
    assert manager.state(name) == "active"


TELL = """
import os, socket, sys, time
os.chdir(sys.argv[1] + os.path.dirname(os.environ["NOTIFY_SOCKET"]))
def tell(text):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as made:
        made.sendto(text.encode(), os.path.basename(os.environ["NOTIFY_SOCKET"]))
"""


@pytest.fixture
def telling(files):
    """Returns the ExecStart= of a program that may `tell(text)` its manager something."""

    def made(program):
        path = files.write("/opt/program.py", TELL + program)
        return f"Type=notify\nExecStart={sys.executable} {files.root}{path} {files.root}"

    return made


def test_notify_is_active_once_it_says_so(manager, add_unit, telling, files):
    ready = files.root / "ready"
    program = f"time.sleep(0.5); open({str(ready)!r}, 'w'); tell('STATUS=on\\nREADY=1')\n"
    name = add_unit("web", telling(program + "while True: tell('WATCHDOG=1'); time.sleep(0.01)"))
    manager.start(name)
    assert ready.exists()
    assert manager.state(name) == "active"
    manager.stop(name)
    assert manager.state(name) == "inactive"


@pytest.mark.parametrize(
    ("program", "result"),
    [
        ("", "protocol"),
        ("tell('READY=0'); tell('ready=1')", "protocol"),
        ("sys.exit(3)", "exit-code"),
        ("os.kill(os.getpid(), 9)", "signal"),
        ("time.sleep(60)", "timeout"),
    ],
)
def test_notify_that_never_says_so_fails(manager, add_unit, telling, program, result):
    name = add_unit("web", telling(program) + "\nTimeoutStartSec=1")
    with pytest.raises(ServiceError, match="READY=1"):
        manager.start(name)
    assert manager.state(name) == "failed"
    shown = systemctl.run(manager, ["show", "-p", "Result", "--value", name]).stdout
    assert shown == f"{result}\n"


def test_a_notify_service_may_hand_over_to_another_main_process(manager, add_unit, telling):
    program = """
if os.fork():
    time.sleep(0.3); sys.exit()
tell(f"MAINPID={os.getpid()}"); time.sleep(0.6); tell("READY=1"); time.sleep(60)
"""
    name = add_unit("web", telling(program))
    manager.start(name)
    time.sleep(0.3)
    assert manager.state(name) == "active"
    assert {manager.service(name).main_pid} == manager.service(name).pids()


def test_a_stranger_is_not_heard(manager, add_unit, telling, files):
    name = add_unit("web", telling("time.sleep(60)") + "\nTimeoutStartSec=1")
    thread = threading.Thread(
        target=lambda: [time.sleep(0.4), _tell_all(files.root / "run/systemd/notify")]
    )
    thread.start()
    with pytest.raises(ServiceError, match="within 1 s"):
        manager.start(name)
    thread.join()


def _tell_all(directory):
    for path in directory.iterdir():
        descriptor = os.open(directory, os.O_RDONLY)
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as made:
            made.sendto(b"READY=1", f"/proc/self/fd/{descriptor}/{path.name}")
        os.close(descriptor)


def test_start_times_out(manager, add_unit):
    name = add_unit("slow", "Type=oneshot\nTimeoutStartSec=200ms\nExecStart=/bin/sleep 60")
    with pytest.raises(ServiceError, match=r"longer than 0\.2 s"):
        manager.start(name)
    assert manager.service(name).last.result == "timeout"


def test_stop_kills_what_ignores_sigterm(manager, add_unit, processes, eventually, tmp_path):
    ready = tmp_path / "ready"
    command = f"trap : TERM; touch {ready}; while :; do sleep 0.05; done"
    name = add_unit("deaf", f"ExecStart=/bin/sh -c '{command}'\nTimeoutStopSec=300ms")
    manager.start(name)
    eventually(ready.exists, "the trap is set")
    manager.stop(name)
    assert processes.pids("services/deaf.service") == set()
    assert manager.state(name) == "inactive"


def test_stop_wins_over_restart(manager, add_unit, processes):
    manager.start(add_unit("web", f"{SLEEP}\nRestart=always\nRestartSec=0"))
    manager.stop("web.service")
    assert manager.state("web.service") == "inactive"
    assert len(processes.commands) == 1


def test_stop_abandons_a_start_in_progress(manager, add_unit, processes, eventually):
    name = add_unit("slow", "Type=oneshot\nExecStart=/bin/sleep 60")
    errors: list[Exception] = []

    def start() -> None:
        try:
            manager.start(name)
        except ServiceError as error:
            errors.append(error)

    thread = threading.Thread(target=start)
    thread.start()
    eventually(lambda: processes.pids("services/slow.service") != set(), "started")
    manager.stop(name, 1)
    thread.join(5)
    assert not thread.is_alive()
    assert errors
    assert manager.state(name) == "inactive"


def test_a_forking_service_is_followed_and_restarted(manager, add_unit, eventually, daemon):
    start, pid_file = daemon
    name = add_unit(
        "daemon", f"Type=forking\n{start}\nPIDFile=daemon.pid\nRestart=always\nRestartSec=0"
    )
    manager.start(name)
    main = int(pid_file.read_text())
    assert manager.service(name).main_pid == main
    assert len(manager.service(name).pids()) >= 2
    pid_file.unlink()
    os.kill(main, signal.SIGKILL)
    eventually(lambda: manager.service(name).main_pid not in (None, main), "a new main process")
    manager.stop(name)
    assert manager.state(name) == "inactive"
    assert manager.service(name).pids() == set()


def test_without_a_pid_file_the_main_process_is_guessed(manager, add_unit, eventually, daemon):
    start, pid_file = daemon
    name = add_unit("daemon", f"Type=forking\n{start}")
    manager.start(name)
    # It is the one that no other process of the service has started.
    assert manager.service(name).main_pid == int(pid_file.read_text())
    os.kill(manager.service(name).main_pid, signal.SIGKILL)
    eventually(lambda: manager.state(name) == "failed", "failed")
    assert manager.service(name).pids() == set()


def test_a_daemon_without_a_known_main_process_lives_as_long_as_any(
    manager, add_unit, eventually, processes
):
    name = add_unit("two", "Type=forking\nExecStart=/bin/sh -c 'sleep 60 & sleep 61 &'")
    manager.start(name)
    assert manager.state(name) == "active"
    assert manager.service(name).main_pid is None
    processes.kill("services/two.service")
    eventually(lambda: manager.state(name) == "inactive", "inactive")


def test_a_forking_service_whose_pid_file_names_a_stranger_fails(manager, add_unit, daemon):
    start, pid_file = daemon
    pid_file.with_name("other.pid").write_text("1")
    name = add_unit("daemon", f"Type=forking\n{start}\nPIDFile=other.pid\nTimeoutStartSec=1")
    with pytest.raises(ServiceError, match=r"PIDFile=/run/other.pid did not name a process"):
        manager.start(name)


def test_stop_commands_know_the_main_process_and_the_result(manager, add_unit, tmp_path):
    output = tmp_path / "output"
    name = add_unit(
        "web",
        f"{SLEEP}\nExecStop=/bin/sh -c 'echo stop $MAINPID >> {output}'\n"
        f"ExecStopPost=/bin/sh -c 'echo post ${{SERVICE_RESULT}} >> {output}'",
    )
    manager.start(name)
    pid = manager.service(name).main_pid
    manager.stop(name)
    assert output.read_text().splitlines() == [f"stop {pid}", "post success"]


def test_exec_stop_post_runs_after_a_failed_start_and_a_crash(
    manager, add_unit, tmp_path, eventually
):
    output = tmp_path / "output"
    post = f"ExecStopPost=/bin/sh -c 'echo ${{SERVICE_RESULT}} ${{EXIT_STATUS}} >> {output}'"
    failing = add_unit("bad", f"Type=oneshot\nExecStart=/bin/sh -c 'exit 3'\n{post}")
    with pytest.raises(ServiceError):
        manager.start(failing)
    assert output.read_text() == "exit-code 3\n"
    output.unlink()
    manager.start(add_unit("web", f"{SLEEP}\n{post}\nExecStop=/bin/touch {tmp_path}/no"))
    os.kill(manager.service("web.service").main_pid, signal.SIGKILL)
    eventually(lambda: manager.state("web.service") == "failed", "failed")
    assert output.read_text() == "signal KILL\n"
    # ExecStop= is for what stops or ends well.
    assert not (tmp_path / "no").exists()


def test_kill_mode_process_lets_the_others_go(manager, add_unit, processes, eventually):
    command = "sleep 62 & exec sleep 63"
    name = add_unit("web", f"ExecStart=/bin/sh -c '{command}'\nKillMode=process")
    manager.start(name)
    eventually(lambda: len(processes.pids("services/web.service")) == 2, "both run")
    manager.stop(name)
    assert len(processes.pids("services/web.service")) == 1
    assert processes.confined == ["services/web.service"]


def test_kill_mode_mixed_kills_the_others_without_waiting(manager, add_unit, processes, tmp_path):
    ready = tmp_path / "ready"
    child = f'trap "" TERM; touch {ready}; sleep 64'
    command = f"sh -c '\\''{child}'\\'' & exec sleep 65"
    name = add_unit(
        "web", f'ExecStart=/bin/sh -c "{command}"\nKillMode=mixed'.replace("'\\''", "'")
    )
    manager.start(name)
    manager.stop(name)
    assert processes.pids("services/web.service") == set()


def test_reload_runs_exec_reload_and_keeps_the_service(manager, add_unit, tmp_path):
    output = tmp_path / "output"
    name = add_unit("web", f"{SLEEP}\nExecReload=/bin/sh -c 'echo $MAINPID > {output}'")
    manager.start(name)
    pid = manager.service(name).main_pid
    manager.reload_service(name)
    assert output.read_text() == f"{pid}\n"
    assert manager.service(name).main_pid == pid
    manager.start(add_unit("bare", SLEEP))
    with pytest.raises(ServiceError, match="not applicable"):
        manager.reload_service("bare.service")


def test_restart_with_an_invalid_unit_leaves_the_running_service_alone(
    manager, add_unit, processes
):
    systemctl.run(manager, ["start", add_unit("web", SLEEP)])
    before = processes.pids("services/web.service")
    add_unit("web", "Type=magic\nExecStart=/bin/true")
    systemctl.run(manager, ["daemon-reload"])
    outcome = systemctl.run(manager, ["restart", "web"])
    assert outcome.status == 1
    assert "Type=magic" in outcome.stderr
    assert processes.pids("services/web.service") == before


def test_changed_unit_needs_daemon_reload_while_it_runs(manager, add_unit, processes):
    systemctl.run(manager, ["start", add_unit("web", SLEEP)])
    add_unit("web", "ExecStart=/bin/sleep 61")
    warned = systemctl.run(manager, ["restart", "web"])
    assert "web.service changed on disk" in warned.stderr
    assert "60" in processes.commands[-1].argv
    systemctl.run(manager, ["daemon-reload"])
    assert systemctl.run(manager, ["restart", "web"]).stderr == ""
    assert "61" in processes.commands[-1].argv


def test_settings_that_are_not_applied_are_reported_in_the_console(manager, add_unit, console):
    manager.start(add_unit("web", f"{SLEEP}\nPrivateTmp=yes"))
    manager.restart("web.service")
    assert sum("PrivateTmp=" in line for line in console) == 1
    # Only of what runs here.
    add_unit("other", f"{SLEEP}\nPrivateDevices=yes")
    systemctl.run(manager, ["status", "other"])
    assert not any("PrivateDevices=" in line for line in console)


def test_no_service_starts_on_a_machine_that_is_off(manager, add_unit, processes):
    name = add_unit("web", SLEEP)
    processes.powered = False
    with pytest.raises(ServiceError, match="off"):
        manager.start(name)


def test_log_per_unit(manager, add_unit, tmp_path: Path, eventually):
    manager.start(add_unit("talk", "ExecStart=/bin/echo hello"))
    log = tmp_path / "log/talk.log"
    eventually(lambda: log.exists() and log.read_text() == "hello\n", "the log")


def test_the_start_limit_holds_for_whoever_starts(manager, add_unit, processes, eventually):
    name = add_unit("web", "ExecStart=/bin/false\nRestart=always\nRestartSec=0")
    manager.start(name)
    eventually(lambda: manager.state(name) == "failed", "given up")
    with pytest.raises(ServiceError, match=r"too quickly.*reset-failed web\.service"):
        manager.start(name)
    assert len(processes.commands) == 5
    assert systemctl.run(manager, ["start", name]).status == 1
    shown = systemctl.run(manager, ["show", "-p", "Result", "--value", name]).stdout
    assert shown == "start-limit-hit\n"
    manager.reset_failed([name])
    manager.start(name)
    eventually(lambda: len(processes.commands) > 5, "started again")


def test_starts_by_hand_count_until_the_interval_is_over(manager, add_unit, monkeypatch):
    limit = "[Unit]\nStartLimitBurst=2\nStartLimitIntervalSec=600\n[Service]\n"
    name = add_unit("web", f"{limit}{SLEEP}")
    for _ in range(2):
        manager.start(name)
        manager.stop(name)
    with pytest.raises(ServiceError, match="start-limit-hit"):
        manager.start(name)
    assert manager.state(name) == "failed"
    later = SimpleNamespace(monotonic=lambda: time.monotonic() + 600, sleep=time.sleep)
    monkeypatch.setattr(service, "time", later)
    manager.start(name)
    assert manager.state(name) == "active"


def test_a_new_boot_counts_from_the_beginning(manager, add_unit):
    name = add_unit("web", f"{SLEEP}\n[Unit]\nStartLimitBurst=1")
    manager.start(name)
    manager.stop(name)
    with pytest.raises(ServiceError, match="start-limit-hit"):
        manager.start(name)
    manager.start_enabled()
    manager.start(name)
