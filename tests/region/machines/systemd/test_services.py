"""Supervision and systemctl with plain processes: neither root nor control groups needed."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from region.machines.errors import ServiceError
from region.machines.systemd import systemctl

SLEEP = "ExecStart=/bin/sleep 60"


def test_enable_now_starts_a_unit_by_absolute_path(manager, add_unit, processes):
    outcome = systemctl.run(manager, ["enable", "--now", add_unit("web", SLEEP)])
    assert outcome == systemctl.Outcome()
    assert systemctl.run(manager, ["is-active", "web"]).stdout == "active\n"
    assert systemctl.run(manager, ["is-enabled", "web.service"]).stdout == "enabled\n"
    assert len(processes.pids("services/web.service")) == 1


def test_stop_ends_the_processes_and_start_brings_them_back(manager, add_unit, processes):
    systemctl.run(manager, ["enable", "--now", add_unit("web", SLEEP)])
    assert systemctl.run(manager, ["stop", "web"]).status == 0
    assert processes.pids("services/web.service") == set()
    stopped = systemctl.run(manager, ["is-active", "web"])
    assert (stopped.status, stopped.stdout) == (3, "inactive\n")
    systemctl.run(manager, ["start", "web"])
    assert len(processes.pids("services/web.service")) == 1


def test_enabled_units_survive_and_start_at_the_next_boot(manager, add_unit, new_manager):
    systemctl.run(manager, ["enable", add_unit("kept", SLEEP)])
    systemctl.run(manager, ["link", add_unit("linked", SLEEP)])
    again = new_manager()
    again.start_enabled()
    assert again.state("kept.service") == "active"
    assert again.state("linked.service") == "inactive"
    again.disable("kept.service")
    assert not new_manager().is_enabled("kept.service")


def test_restart_always_brings_a_killed_service_back(manager, add_unit, processes, eventually):
    systemctl.run(manager, ["start", add_unit("web", f"{SLEEP}\nRestart=always\nRestartSec=0")])
    (first,) = processes.pids("services/web.service")
    os.kill(first, signal.SIGKILL)
    eventually(lambda: processes.pids("services/web.service") - {first} != set(), "a new process")
    eventually(lambda: manager.state("web.service") == "active", "active again")


@pytest.mark.parametrize(
    "case",
    [("on-failure", 1, True), ("on-failure", 0, False), ("no", 1, False), ("on-success", 0, True)],
)
def test_restart_rules(manager, add_unit, processes, eventually, case):
    restart, code, restarts = case
    unit = f"ExecStart=/bin/sh -c 'exit {code}'\nRestart={restart}\nRestartSec=0"
    manager.start(manager.link(add_unit("job", unit)))
    end = "failed" if code or restarts else "inactive"
    eventually(lambda: manager.state("job.service") == end, end)
    # A crash loop ends at the start limit: five starts within ten seconds.
    assert len(processes.commands) == (5 if restarts else 1)


def test_oneshot_is_done_when_start_returns(manager, add_unit, tmp_path):
    target = tmp_path / "made"
    unit = f"Type=oneshot\nExecStart=/bin/sh -c 'sleep 0.2; echo 1 > {target}'\nExecStart=/bin/true"
    manager.start(manager.link(add_unit("once", unit)))
    assert target.read_text() == "1\n"
    assert manager.state("once.service") == "inactive"


def test_oneshot_that_fails_fails_the_start(manager, add_unit):
    name = manager.link(add_unit("once", "Type=oneshot\nExecStart=/bin/false"))
    with pytest.raises(ServiceError, match=r"once.*status 1.*once\.log"):
        manager.start(name)
    assert manager.state(name) == "failed"


def test_pre_command_that_fails_keeps_the_service_from_starting(manager, add_unit, processes):
    name = manager.link(add_unit("web", f"ExecStartPre=/bin/false\n{SLEEP}"))
    with pytest.raises(ServiceError, match="/bin/false"):
        manager.start(name)
    assert processes.pids("services/web.service") == set()
    tolerated = manager.link(add_unit("lax", f"ExecStartPre=-/bin/false\n{SLEEP}"))
    manager.start(tolerated)
    assert manager.state(tolerated) == "active"


def test_type_exec_fails_where_the_program_is_missing(manager, add_unit):
    name = manager.link(add_unit("web", "Type=exec\nExecStart=/nowhere/program"))
    with pytest.raises(ServiceError, match="command not found"):
        manager.start(name)


def test_start_times_out(manager, add_unit):
    unit = "Type=oneshot\nTimeoutStartSec=200ms\nExecStart=/bin/sleep 60"
    with pytest.raises(ServiceError, match=r"longer than 0\.2 s"):
        manager.start(manager.link(add_unit("slow", unit)))


def test_stop_kills_what_ignores_sigterm(manager, add_unit, processes, eventually, tmp_path):
    ready = tmp_path / "ready"
    command = f"trap : TERM; touch {ready}; while :; do sleep 0.05; done"
    manager.start(
        manager.link(add_unit("deaf", f"ExecStart=/bin/sh -c '{command}'\nTimeoutStopSec=300ms"))
    )
    eventually(ready.exists, "the trap is set")
    manager.stop("deaf.service")
    assert processes.pids("services/deaf.service") == set()
    assert manager.state("deaf.service") == "inactive"


def test_stop_wins_over_restart(manager, add_unit, processes):
    manager.start(manager.link(add_unit("web", f"{SLEEP}\nRestart=always\nRestartSec=0")))
    manager.stop("web.service")
    assert manager.state("web.service") == "inactive"
    assert len(processes.commands) == 1


def test_stop_abandons_a_start_in_progress(manager, add_unit, processes, eventually):
    import threading

    name = manager.link(add_unit("slow", "Type=oneshot\nExecStart=/bin/sleep 60"))
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


def test_environment_files_reach_the_service(manager, add_unit, disk, tmp_path, eventually):
    disk.resolve("/opt/haproof").mkdir(exist_ok=True)
    disk.resolve("/opt/haproof/environment").write_text("PORT=8080\nFIRST=file\n")
    output = tmp_path / "output"
    unit = (
        "Environment=FIRST=unit SECOND=unit\nEnvironmentFile=/opt/haproof/environment\n"
        "EnvironmentFile=-/opt/haproof/absent\n"
        f"ExecStart=/bin/sh -c 'echo $FIRST $SECOND ${{PORT}} > {output}'"
    )
    manager.start(manager.link(add_unit("env", unit)))
    eventually(lambda: output.exists() and output.read_text() == "file unit 8080\n", "output")
    missing = "EnvironmentFile=/opt/haproof/absent\nExecStart=/bin/true"
    with pytest.raises(ServiceError, match="/opt/haproof/absent"):
        manager.start(manager.link(add_unit("bad", missing)))


def test_restart_with_an_invalid_unit_leaves_the_running_service_alone(
    manager, add_unit, processes
):
    systemctl.run(manager, ["start", add_unit("web", SLEEP)])
    before = processes.pids("services/web.service")
    add_unit("web", "Type=notify\nExecStart=/bin/true")
    systemctl.run(manager, ["daemon-reload"])
    outcome = systemctl.run(manager, ["restart", "web"])
    assert outcome.status == 1
    assert "Type=notify" in outcome.stderr
    assert processes.pids("services/web.service") == before


def test_changed_unit_needs_daemon_reload_while_it_runs(manager, add_unit, processes):
    systemctl.run(manager, ["start", add_unit("web", SLEEP)])
    add_unit("web", "ExecStart=/bin/sleep 61")
    systemctl.run(manager, ["restart", "web"])
    assert "60" in processes.commands[-1].argv
    systemctl.run(manager, ["daemon-reload"])
    systemctl.run(manager, ["restart", "web"])
    assert "61" in processes.commands[-1].argv


def test_codedeploy_agent_is_always_there(manager):
    assert (
        systemctl.run(manager, ["is-active", "--quiet", "codedeploy-agent"]) == systemctl.Outcome()
    )
    assert systemctl.run(manager, ["enable", "--now", "codedeploy-agent"]).status == 0
    assert "active" in systemctl.run(manager, ["status", "codedeploy-agent"]).stdout
    assert systemctl.run(manager, ["stop", "codedeploy-agent"]).status == 1


def test_exit_statuses_for_unknown_units_and_arguments(manager):
    assert systemctl.run(manager, ["start", "nothing"]).status == 5
    assert systemctl.run(manager, ["status", "nothing"]).status == 4
    assert systemctl.run(manager, ["is-active", "-q", "nothing"]).status == 3
    assert systemctl.run(manager, ["start"]).status == 1
    assert "mask" in systemctl.run(manager, ["mask", "x"]).stderr
    assert "--wild" in systemctl.run(manager, ["start", "--wild", "x"]).stderr
    assert "absolute path" in systemctl.run(manager, ["link", "x.service"]).stderr
    assert "/etc/x.service" in systemctl.run(manager, ["start", "/etc/x.service"]).stderr


def test_enable_without_install_section_is_refused(manager, disk):
    path = disk.resolve("/opt/haproof/bare.service")
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"[Service]\n{SLEEP}\n")
    outcome = systemctl.run(manager, ["enable", "/opt/haproof/bare.service"])
    assert outcome.status == 1
    assert "WantedBy" in outcome.stderr


def test_settings_that_are_not_applied_are_reported_in_the_console(manager, add_unit, console):
    manager.start(manager.link(add_unit("web", f"{SLEEP}\nDynamicUser=yes")))
    assert any("DynamicUser=" in line for line in console)


def test_no_service_starts_on_a_machine_that_is_off(manager, add_unit, processes):
    name = manager.link(add_unit("web", SLEEP))
    processes.powered = False
    with pytest.raises(ServiceError, match="off"):
        manager.start(name)


def test_log_per_unit(manager, add_unit, tmp_path: Path, eventually):
    manager.start(manager.link(add_unit("talk", "ExecStart=/bin/echo hello")))
    log = tmp_path / "log/talk.log"
    eventually(lambda: log.exists() and log.read_text() == "hello\n", "the log")
