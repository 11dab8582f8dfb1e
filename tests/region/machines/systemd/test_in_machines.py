"""Services in real machines: what plain processes cannot show."""

from __future__ import annotations

import os
import signal

import pytest

from region.machines.systemd import main_process

pytestmark = pytest.mark.region

KERNEL = tuple(int(part) for part in os.uname().release.split(".")[:2])

# As old daemons do it: the first process ends, its grandchild is adopted by the machine's init.
DAEMON = """#!/bin/sh
setsid sh -c 'echo $$ >/run/daemon/pid; id >&2; exec sleep 600' >/dev/null &
while ! [ -s /run/daemon/pid ]; do sleep 0.01; done
"""
UNIT = """[Unit]
Description=A daemon
[Service]
Type=forking
PIDFile=/run/daemon/pid
ExecStart=/opt/haproof/daemon.sh
User=daemon
RuntimeDirectory=daemon
StandardOutput=append:/var/log/daemon.log
Restart=on-failure
RestartSec=0
[Install]
WantedBy=multi-user.target
"""
# What a revision's hook does: copy the unit, reload, enable and start it.
INSTALL = [
    "cp /opt/haproof/daemon.service /etc/systemd/system/",
    "systemctl daemon-reload",
    "systemctl enable daemon.service && systemctl restart daemon",
    'test "$(systemctl show -p MainPID --value daemon)" = "$(cat /run/daemon/pid)"',
    "systemctl status daemon | grep 'Active: active (running)'",
    "journalctl -u daemon --no-pager -n 1 -o cat",
]


def test_a_daemon_of_a_user_is_followed_restarted_and_started_at_boot(
    pool, spec_of, user_data_of, read, eventually
):
    data = user_data_of({"daemon.sh": DAEMON, "daemon.service": UNIT}, *INSTALL)
    machine = pool.launch(spec_of(data, 31))
    machine.boot()
    assert "multi-user.target.wants/daemon.service → /etc/systemd/system/daemon.service" in (
        machine.console_output()
    )
    services = machine._services
    main = services.service("daemon.service").main_pid
    assert main_process.number_in_machine(main) == int(read(machine, "/run/daemon/pid"))
    assert "(daemon)" in read(machine, "/var/log/daemon.log")
    # How a process that is not ours ended is known from the kernel: SIGKILL is a failure, SIGTERM
    # is none.
    os.kill(main, signal.SIGKILL)
    eventually(
        lambda: services.service("daemon.service").main_pid not in (None, main), "a new daemon"
    )
    if KERNEL >= (6, 15):
        os.kill(services.service("daemon.service").main_pid, signal.SIGTERM)
        eventually(lambda: services.state("daemon.service") == "inactive", "inactive")
    machine.shut_down(5)
    machine.boot()
    assert services.state("daemon.service") == "active"


TELLER = """#!/usr/bin/env python3
import os, socket, time
time.sleep(0.5)
with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as made:
    made.connect(os.environ["NOTIFY_SOCKET"])
    made.send(b"STATUS=serving\\nREADY=1")
time.sleep(600)
"""


def test_a_service_of_another_user_says_that_it_is_ready(boot_with):
    unit = "[Service]\nType=notify\nUser=ec2-user\nExecStart=/opt/haproof/teller.py\n"
    machine = boot_with(
        {"teller.py": TELLER, "teller.service": unit},
        "cp /opt/haproof/teller.service /etc/systemd/system",
        "systemctl start teller && systemctl is-active teller",
    )
    assert machine.state == "running"
    assert "\nactive\n" in machine.console_output()
