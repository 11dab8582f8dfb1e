from __future__ import annotations

import re
import signal

import pytest

from region.machines.systemd.outcome import Outcome
from region.machines.systemd.systemctl import run

SLEEP = "ExecStart=/bin/sleep 60"


@pytest.fixture
def systemctl(manager):
    return lambda *arguments: run(manager, arguments)


def test_a_unit_copied_to_etc_is_enabled_started_and_shown(systemctl, add_unit, files, processes):
    assert systemctl("start", "web").status == 5
    add_unit("web", SLEEP)
    assert systemctl("daemon-reload") == Outcome()
    enabled = systemctl("enable", "--now", "web")
    link = "/etc/systemd/system/multi-user.target.wants/web.service"
    target = "/etc/systemd/system/web.service"
    assert enabled == Outcome(stderr=f"Created symlink {link} → {target}.\n")
    assert systemctl("enable", "web") == Outcome()
    assert files.link_target(link) == target
    assert systemctl("is-active", "web").stdout == "active\n"
    assert systemctl("is-enabled", "web.service").stdout == "enabled\n"
    assert len(processes.pids("services/web.service")) == 1
    disabled = systemctl("disable", "--now", "web")
    assert disabled.stderr == f'Removed "{link}".\n'
    assert systemctl("is-enabled", "web").stdout == "disabled\n"
    assert processes.pids("services/web.service") == set()


def test_without_daemon_reload_a_new_unit_is_found_as_well(systemctl, add_unit):
    add_unit("web", SLEEP)
    assert systemctl("start", "web") == Outcome()


def test_stop_ends_the_processes_and_start_brings_them_back(systemctl, add_unit, processes):
    add_unit("web", SLEEP)
    add_unit("other", SLEEP)
    assert systemctl("start", "web", "other").status == 0
    assert systemctl("stop", "web").status == 0
    assert processes.pids("services/web.service") == set()
    assert systemctl("is-active", "web") == Outcome(3, "inactive\n")
    # True if any is.
    assert systemctl("is-active", "web", "other") == Outcome(0, "inactive\nactive\n")
    systemctl("start", "web")
    assert len(processes.pids("services/web.service")) == 1
    assert systemctl("stop", "[wo]*").status == 0
    assert systemctl("is-active", "web", "other").status == 3


def test_agents_are_always_there(systemctl):
    for agent in ("codedeploy-agent", "amazon-ssm-agent.service"):
        assert systemctl("is-active", "--quiet", agent) == Outcome()
        assert systemctl("enable", "--now", agent) == Outcome()
        assert systemctl("restart", agent) == Outcome()
        assert "active (running)" in systemctl("status", agent).stdout
        assert systemctl("show", "-p", "ActiveState", "--value", agent).stdout == "active\n"
        for command in ("disable", "mask", "kill"):
            refused = systemctl(command, agent)
            assert refused.status == 1
            assert "remove the command" in refused.stderr
    assert "remove the command" in systemctl("stop", "amazon-ssm-agent").stderr


def test_the_agent_of_codedeploy_can_be_stopped(systemctl):
    assert systemctl("stop", "codedeploy-agent") == Outcome()
    assert systemctl("is-active", "codedeploy-agent") == Outcome(3, "inactive\n")
    assert "inactive (dead)" in systemctl("status", "codedeploy-agent").stdout
    assert "codedeploy-agent" not in systemctl("list-units").stdout
    assert systemctl("start", "codedeploy-agent") == Outcome()
    assert systemctl("is-active", "codedeploy-agent") == Outcome(0, "active\n")


def test_exit_statuses_for_unknown_units_and_arguments(systemctl):
    for command in ("start", "restart", "reload"):
        assert systemctl(command, "nothing").status == 5
    assert systemctl("stop", "nothing") == Outcome(
        5, stderr="Failed to stop nothing.service: Unit nothing.service not loaded.\n"
    )
    assert systemctl("status", "nothing").status == 4
    assert systemctl("is-active", "-q", "nothing") == Outcome(3)
    assert systemctl("is-enabled", "nothing").status == 1
    assert "does not exist" in systemctl("enable", "nothing").stderr
    assert systemctl("show", "nothing", "-p", "LoadState").stdout == "LoadState=not-found\n"
    assert systemctl("start").status == 1
    assert "absolute path" in systemctl("link", "x.service").stderr
    assert "systemctl link /etc/x.service" in systemctl("start", "/etc/x.service").stderr
    assert "not the name" in systemctl("start", "a/b").stderr


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (("start", "--wild", "x"), "--wild"),
        (("-H", "host", "status", "x"), "-H"),
        (("--user", "start", "x"), "--user"),
        (("reboot",), "RebootInstances"),
        (("isolate", "x.target"), "isolate"),
        (("start", "x.timer"), r"services \(\*.service\) only"),
        (("start", "own.target"), "own.target"),
    ],
)
def test_what_a_machine_has_not_is_refused_by_name(systemctl, arguments, named):
    outcome = systemctl(*arguments)
    assert outcome.status == 1
    assert re.search(named, outcome.stderr)


def test_targets_that_every_machine_has_reached(systemctl):
    assert systemctl("start", "network-online.target") == Outcome()
    assert systemctl("is-active", "multi-user.target").stdout == "active\n"


def test_show_and_status(systemctl, add_unit, manager, eventually, tmp_path):
    add_unit("web", "ExecStart=/bin/sh -c 'for i in 1 2 3; do echo line $i; done; exec sleep 60'")
    systemctl("start", "web")
    pid = manager.service("web.service").main_pid
    shown = systemctl("show", "web", "-p", "ActiveState,SubState", "-p", "MainPID", "--value")
    assert shown.stdout == f"active\nrunning\n{pid}\n"
    log = tmp_path / "log/web.log"
    eventually(lambda: log.exists() and log.read_text().count("\n") == 3, "the log")
    eventually(lambda: "(sleep)" in systemctl("status", "web").stdout, "executed")
    status = systemctl("status", "web", "-n", "2")
    assert status.status == 0
    assert "web.service; disabled; preset: disabled)" in status.stdout
    assert "Active: active (running) since" in status.stdout
    assert status.stdout.endswith("\n\nline 2\nline 3\n")


def test_status_and_show_of_a_failed_unit(systemctl, add_unit):
    add_unit("bad", "Type=oneshot\nExecStart=/bin/sh -c 'exit 7'")
    failed = systemctl("start", "bad")
    assert failed.status == 1
    assert 'journalctl -xeu bad.service" for details' in failed.stderr
    status = systemctl("status", "bad")
    assert status.status == 3
    assert "Active: failed (Result: exit-code)" in status.stdout
    assert "status=7" in status.stdout
    shown = systemctl("show", "bad", "-p", "Result", "-p", "ExecMainStatus", "-p", "UnitFileState")
    assert shown.stdout == "Result=exit-code\nExecMainStatus=7\nUnitFileState=disabled\n"
    assert systemctl("is-system-running") == Outcome(1, "degraded\n")
    assert systemctl("is-failed", "bad").status == 0
    assert "bad.service" in systemctl("--failed").stdout
    systemctl("reset-failed")
    assert systemctl("is-system-running") == Outcome(0, "running\n")


def test_reload_or_restart(systemctl, add_unit, manager, tmp_path):
    add_unit("web", f"{SLEEP}\nExecReload=/bin/touch {tmp_path}/reloaded")
    systemctl("reload-or-restart", "web")
    pid = manager.service("web.service").main_pid
    assert not (tmp_path / "reloaded").exists()
    assert systemctl("reload-or-restart", "web") == Outcome()
    assert (tmp_path / "reloaded").exists()
    assert manager.service("web.service").main_pid == pid
    systemctl("try-restart", "web")
    assert manager.service("web.service").main_pid != pid
    systemctl("stop", "web")
    assert systemctl("try-restart", "web") == Outcome()
    assert systemctl("is-active", "web").status == 3


def test_kill_sends_the_signal(systemctl, add_unit, manager, eventually):
    add_unit("web", SLEEP)
    assert "no process" in systemctl("kill", "web").stderr
    systemctl("start", "web")
    assert systemctl("kill", "-s", "KILL", "web") == Outcome()
    eventually(lambda: manager.state("web.service") == "failed", "failed")
    assert manager.service("web.service").last.status == -signal.SIGKILL
    assert "SIGNOPE" in systemctl("kill", "-s", "SIGNOPE", "web").stderr


def test_no_block_returns_before_the_service_has_started(systemctl, add_unit, eventually, tmp_path):
    done = tmp_path / "done"
    add_unit("slow", f"Type=oneshot\nExecStart=/bin/sh -c 'sleep 0.5; touch {done}'")
    assert systemctl("start", "--no-block", "slow") == Outcome()
    assert not done.exists()
    eventually(done.exists, "done")


def test_mask(systemctl, add_unit, files):
    files.write("/usr/lib/systemd/system/web.service", f"[Service]\n{SLEEP}\n")
    masked = systemctl("mask", "--now", "web")
    place = "/etc/systemd/system/web.service"
    assert masked.stderr == f"Created symlink {place} → /dev/null.\n"
    started = systemctl("start", "web")
    assert started.stderr == "Failed to start web.service: Unit web.service is masked.\n"
    assert systemctl("is-enabled", "web") == Outcome(1, "masked\n")
    assert systemctl("unmask", "web").stderr == f'Removed "{place}".\n'
    assert systemctl("start", "web") == Outcome()
    add_unit("own", SLEEP)
    assert "already exists" in systemctl("mask", "own").stderr


def test_lists_and_cat(systemctl, add_unit, files):
    add_unit("web", SLEEP)
    files.write("/etc/systemd/system/web.service.d/10.conf", "[Service]\nUMask=0077\n")
    systemctl("start", "web")
    listed = systemctl("list-units", "--type=service", "--no-legend").stdout
    assert "web.service" in listed
    assert "codedeploy-agent.service" in listed
    states = systemctl("list-unit-files", "web*").stdout
    assert "web.service disabled disabled" in " ".join(states.split())
    text = systemctl("cat", "web").stdout
    assert text.startswith("# /etc/systemd/system/web.service\n")
    assert "# /etc/systemd/system/web.service.d/10.conf\n[Service]\nUMask=0077\n" in text
    assert systemctl("--version").stdout.startswith("systemd 252")


def test_enabled_units_start_at_the_next_boot(systemctl, add_unit, files, new_manager):
    systemctl("enable", add_unit("kept", SLEEP))
    add_unit("plain", SLEEP)
    add_unit("by-hand", SLEEP)
    wants = files.root / "etc/systemd/system/multi-user.target.wants"
    (wants / "by-hand.service").symlink_to("/etc/systemd/system/by-hand.service")
    (wants / "gone.service").symlink_to("/etc/systemd/system/gone.service")
    again = new_manager()
    again.start_enabled()
    states = {name: again.state(f"{name}.service") for name in ("kept", "plain", "by-hand")}
    assert states == {"kept": "active", "plain": "inactive", "by-hand": "active"}
