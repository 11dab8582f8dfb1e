"""Services that go on when their region was killed and another one takes them over."""

from __future__ import annotations

import os
import signal

from region.machines.systemd import systemctl

SLEEP = "ExecStart=/bin/sleep 60"


def test_a_running_service_goes_on_and_is_followed(
    new_manager, add_unit, processes, eventually, console
):
    first = new_manager()
    first.start(add_unit("web", f"{SLEEP}\nRestart=always\nRestartSec=0"))
    (pid,) = processes.pids("services/web.service")
    since = first.service("web.service").since
    second = new_manager()
    second.take_over()
    service = second.service("web.service")
    assert (service.state, service.main_pid, service.since) == ("active", pid, since)
    assert second.unit("web.service").restart == "always"
    assert f"Main PID: {pid}" in systemctl.run(second, ["status", "web"]).stdout
    # Its end is noticed, as if it had been started here; the first region is gone.
    first.service("web.service")._run.stop.set()
    os.kill(pid, signal.SIGKILL)
    eventually(lambda: processes.pids("services/web.service") - {pid} != set(), "a new process")
    eventually(lambda: service.state == "active", "active again")
    assert service.restarts == 1
    second.stop("web.service")
    assert processes.pids("services/web.service") == set()


def test_one_that_ended_while_no_region_ran_is_restarted(
    new_manager, add_unit, processes, eventually
):
    first = new_manager()
    first.start(add_unit("web", f"{SLEEP}\nRestart=on-failure\nRestartSec=0"))
    first.start(add_unit("job", SLEEP))
    for name in ("web", "job"):
        first.service(f"{name}.service")._run.stop.set()
        (pid,) = processes.pids(f"services/{name}.service")
        os.kill(pid, signal.SIGKILL)
    eventually(lambda: not processes.pids("services/web.service"), "both have ended")
    second = new_manager()
    second.take_over()
    eventually(lambda: second.state("web.service") == "active", "started again")
    assert processes.pids("services/web.service")
    eventually(lambda: second.state("job.service") == "failed", "without Restart= it has failed")


def test_states_without_a_process_are_known_too(new_manager, add_unit, processes, eventually):
    first = new_manager()
    first.start(add_unit("once", "Type=oneshot\nRemainAfterExit=yes\nExecStart=/bin/true"))
    first.start(add_unit("bad", "ExecStart=/bin/false"))
    eventually(lambda: first.state("bad.service") == "failed", "it has failed")
    first.start(add_unit("gone", SLEEP))
    first.stop("gone.service")
    second = new_manager()
    second.take_over()
    assert (second.state("once.service"), second.service("once.service").sub_state) == (
        "active", "exited",
    )  # fmt: skip
    assert second.state("bad.service") == "failed"
    assert "status 1" in second.service("bad.service").result
    assert second.state("gone.service") == "inactive"
    second.start("gone.service")
    assert second.state("gone.service") == "active"


def test_a_stop_that_was_cut_off_is_finished(new_manager, add_unit, processes, eventually):
    first = new_manager()
    first.start(add_unit("web", SLEEP))
    service = first.service("web.service")
    service._run.stop.set()
    service._enter("deactivating")
    second = new_manager()
    second.take_over()
    eventually(lambda: second.state("web.service") == "inactive", "it has stopped")
    assert processes.pids("services/web.service") == set()


def test_a_unit_that_changed_meanwhile_is_told(new_manager, add_unit):
    first = new_manager()
    first.start(add_unit("web", SLEEP))
    second = new_manager()
    second.take_over()
    assert not second.changed_on_disk("web.service")
    add_unit("web", f"{SLEEP}\nRestart=always")
    assert second.changed_on_disk("web.service")
    assert second.unit("web.service").restart == "no"


def test_nothing_is_known_of_a_machine_without_services(new_manager):
    manager = new_manager()
    manager.take_over()
    assert manager.names() == []
