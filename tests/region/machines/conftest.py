"""Fixtures of the machines' tests: a private disk, processes without limits, a real pool."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest
import yaml

from region.machines import MachinePool, MachineSpec
from region.machines.disk import Disk
from region.machines.errors import MachineError
from region.machines.processes import Command
from region.machines.systemd.manager import ServiceManager


@pytest.fixture
def disk(tmp_path: Path) -> Disk:
    host_opt = tmp_path / "host-opt"
    host_opt.mkdir()
    made = Disk(tmp_path / "disk", host_opt)
    made.create()
    return made


class PlainProcesses:
    """Stands in for ProcessTable where a test must need neither root nor control groups."""

    def __init__(self) -> None:
        self.powered = True
        self.started: list[tuple[str, subprocess.Popen[bytes]]] = []
        self.commands: list[Command] = []

    def spawn(self, command: Command) -> subprocess.Popen[bytes]:
        if not self.powered:
            raise MachineError("the machine is off")
        self.commands.append(command)
        command.log.parent.mkdir(parents=True, exist_ok=True)
        with command.log.open("ab") as log:
            process = subprocess.Popen(
                # Like the launcher: a program that does not exist is an exit status, no exception.
                ["sh", "-c", 'exec "$@"', "launcher", *command.argv],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=dict(command.environment),
                start_new_session=True,
            )
        self.started.append((command.group, process))
        return process

    def pids(self, group: str) -> set[int]:
        return {p.pid for name, p in self.started if name == group and p.poll() is None}

    def signal(self, group: str, number: signal.Signals) -> None:
        for pid in self.pids(group):
            with suppress(ProcessLookupError):
                os.killpg(pid, number)

    def kill(self, group: str) -> None:
        self.signal(group, signal.SIGKILL)
        for name, process in self.started:
            if name == group:
                process.wait(5)


@pytest.fixture
def processes() -> Iterator[PlainProcesses]:
    table = PlainProcesses()
    yield table
    for group, _ in table.started:
        table.kill(group)


@pytest.fixture
def console() -> list[str]:
    return []


@pytest.fixture
def new_manager(
    tmp_path: Path, disk: Disk, processes: PlainProcesses, console: list[str]
) -> Iterator[Callable[[], ServiceManager]]:
    """Makes managers that share one state file, as a machine has one after the other."""
    made: list[ServiceManager] = []

    def make() -> ServiceManager:
        manager = ServiceManager(
            processes=processes,
            disk=disk,
            state_file=tmp_path / "units.json",
            log_directory=tmp_path / "log",
            environment=lambda: {"PATH": "/usr/bin:/bin"},
            console=console.append,
            alive=lambda: processes.powered,
        )
        made.append(manager)
        return manager

    yield make
    processes.powered = False
    for manager in made:
        manager.stop_all(0)


@pytest.fixture
def manager(new_manager: Callable[[], ServiceManager]) -> ServiceManager:
    return new_manager()


@pytest.fixture
def add_unit(disk: Disk) -> Callable[[str, str], str]:
    """Writes a unit to the disk and returns its path as the machine sees it."""

    def add(name: str, service: str) -> str:
        path = disk.resolve(f"/opt/haproof/{name}.service")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"[Service]\n{service}\n[Install]\nWantedBy=multi-user.target\n")
        return f"/opt/haproof/{name}.service"

    return add


def wait_until(condition: Callable[[], bool], what: str, timeout: float = 15.0) -> None:
    deadline = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < deadline, f"not within {timeout} s: {what}"
        time.sleep(0.02)


@pytest.fixture
def eventually() -> Callable[..., None]:
    return wait_until


@pytest.fixture
def pool(tmp_path: Path) -> Iterator[MachinePool]:
    made = MachinePool(tmp_path / "region", "http://127.0.0.1:9", "ap-northeast-2")
    made.start()
    yield made
    made.close()


def process_runs(pid: int) -> bool:
    """Whether the process runs; a killed orphan stays a zombie until its new parent looks."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


@pytest.fixture
def runs() -> Callable[[int], bool]:
    return process_runs


def free_port(address: str) -> int:
    with socket.socket() as probe:
        probe.bind((address, 0))
        return int(probe.getsockname()[1])


PLACEHOLDER = """
import http.server, os

class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("X-Instance-Id", os.environ["INSTANCE_ID"])
        self.end_headers()
        self.wfile.write(b"placeholder")

    def log_message(self, *_):
        pass

address = (os.environ["APP_HOST"], int(os.environ["APP_PORT"]))
http.server.ThreadingHTTPServer(address, Handler).serve_forever()
"""
PLACEHOLDER_UNIT = """
[Unit]
Description=Placeholder
[Service]
EnvironmentFile=/opt/haproof/environment
ExecStart=python3 /opt/haproof/placeholder.py
Restart=always
RestartSec=0
[Install]
WantedBy=multi-user.target
"""
BOOT = """#!/bin/sh
set -eu
imds=${AWS_EC2_METADATA_SERVICE_ENDPOINT:-http://169.254.169.254}/latest
ttl='X-aws-ec2-metadata-token-ttl-seconds: 60'
token=$(curl -fsS -X PUT -H "$ttl" "$imds/api/token")
get() { curl -fsS -H "X-aws-ec2-metadata-token: $token" "$imds/meta-data/$1"; }
{
  echo "INSTANCE_ID=$(get instance-id)"
  echo "APP_HOST=$(get local-ipv4)"
  echo "AVAILABILITY_ZONE=$(get placement/availability-zone)"
} >> /opt/haproof/environment
systemctl enable --now /opt/haproof/placeholder.service
systemctl is-active --quiet codedeploy-agent
"""


def cloud_config(files: dict[str, str], *commands: str) -> bytes:
    document = {
        "swap": {"filename": "/opt/haproof/swapfile", "size": 536870912},
        "write_files": [
            {"path": f"/opt/haproof/{name}", "content": text, "permissions": "0755"}
            for name, text in files.items()
        ],
        "runcmd": list(commands),
    }
    return b"#cloud-config\n" + yaml.safe_dump(document).encode()


def placeholder_user_data(port: int) -> bytes:
    files = {
        "environment": f"AWS_REGION=ap-northeast-2\nAPP_PORT={port}\nHEALTH_PATH=/health\n",
        "placeholder.py": PLACEHOLDER,
        "placeholder.service": PLACEHOLDER_UNIT,
        "boot.sh": BOOT,
    }
    return cloud_config(files, "/opt/haproof/boot.sh")


def make_spec(
    user_data: bytes = b"", host: int = 1, instance_type: str = "t4g.nano"
) -> MachineSpec:
    # Two test runs at once must not meet on an address.
    third = os.getpid() % 250
    return MachineSpec(
        instance_id=f"i-{host:017x}",
        instance_type=instance_type,
        address=f"127.77.{third}.{host}",
        private_ip=f"10.77.{third}.{host}",
        region="ap-northeast-2",
        availability_zone="ap-northeast-2a",
        user_data=user_data,
    )


@pytest.fixture
def spec_of() -> Callable[..., MachineSpec]:
    return make_spec


@pytest.fixture
def placeholder_spec() -> Callable[[int], MachineSpec]:
    def make(host: int) -> MachineSpec:
        address = make_spec(host=host).address
        return make_spec(placeholder_user_data(free_port(address)), host)

    return make


@pytest.fixture
def user_data_of() -> Callable[..., bytes]:
    return cloud_config
