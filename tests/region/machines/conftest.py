"""Fixtures of the machines' tests: a private disk, processes without limits, a real pool."""

from __future__ import annotations

import contextlib
import http.client
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import pytest
import yaml

from region.machines.errors import MachineError
from region.machines.images import Image, prepare
from region.machines.machine import Machine
from region.machines.machine_pool import MachinePool
from region.machines.processes import Command
from region.machines.spec import MachineSpec
from region.network import GATEWAY, RegionNetwork
from tests.patience import PATIENCE
from tests.region.in_network import open_to_all
from tests.region.machines.revisions import Store


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


def wait_until(condition: Callable[[], bool], what: str, timeout: float = PATIENCE) -> None:
    deadline = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < deadline, f"not within {timeout} s: {what}"
        time.sleep(0.02)


@pytest.fixture(scope="session")
def eventually() -> Callable[..., None]:
    return wait_until


@pytest.fixture(scope="session")
def image() -> Image:
    return prepare("host", {}).default


@pytest.fixture
def network(tmp_path: Path) -> Iterator[RegionNetwork]:
    """A region's network in which every instance of these tests' subnet accepts everything."""
    made = RegionNetwork(tmp_path / "region")
    made.start()
    made.apply(open_to_all(map(address_of, range(1, 60))))
    yield made
    made.stop()


@pytest.fixture
def new_pool(
    tmp_path: Path, network: RegionNetwork, image: Image
) -> Iterator[Callable[..., MachinePool]]:
    """Makes pools that share one root directory, as a region has them one after the other."""
    made: list[MachinePool] = []

    def make(**options: Any) -> MachinePool:
        pool = MachinePool(
            tmp_path / "region",
            network,
            "ap-northeast-2",
            image=lambda _: image,
            **{"aws_endpoint": "http://127.0.0.1:9", **options},
        )
        made.append(pool)
        return pool

    yield make
    for pool in made:
        pool.close()


@pytest.fixture
def pool(new_pool: Callable[..., MachinePool]) -> MachinePool:
    made = new_pool()
    made.start()
    return made


@pytest.fixture
def fetch(network: RegionNetwork) -> Callable[..., tuple[int, dict[str, str], bytes]]:
    """GET from a machine, as the internet gateway would; raises OSError if nobody answers."""

    def get(machine: Machine, path: str = "/", port: int = 8080):
        def request() -> tuple[int, dict[str, str], bytes]:
            connection = http.client.HTTPConnection(
                machine.spec.private_ip, port, timeout=2, source_address=(GATEWAY, 0)
            )
            with contextlib.closing(connection):
                connection.request("GET", path)
                answer = connection.getresponse()
                return answer.status, dict(answer.getheaders()), answer.read()

        return network.inside(request)

    return get


@pytest.fixture
def who(fetch: Callable[..., Any]) -> Callable[[Machine], str | None]:
    """The id with which a machine's service answers, None while it does not."""

    def ask(machine: Machine) -> str | None:
        try:
            return fetch(machine)[1]["X-Instance-Id"]
        except OSError:
            return None

    return ask


@pytest.fixture(scope="module")
def store() -> Iterator[Store]:
    made = Store()
    yield made
    made.close()


@pytest.fixture(scope="session")
def read() -> Callable[[Machine, str], str]:
    """The text of a machine's file; empty while it is not there."""

    def text(machine: Machine, path: str) -> str:
        try:
            return machine.files.read_text(path)
        except FileNotFoundError:
            return ""

    return text


def process_runs(pid: int) -> bool:
    """Whether the process runs; a killed orphan stays a zombie until its new parent looks."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


@pytest.fixture(scope="session")
def runs() -> Callable[[int], bool]:
    return process_runs


def address_of(host: int) -> str:
    return f"10.77.9.{host}"


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
ExecStart=/usr/bin/env python3 /opt/haproof/placeholder.py
Restart=always
RestartSec=0
[Install]
WantedBy=multi-user.target
"""
BOOT = """#!/bin/sh
set -eu
imds=http://169.254.169.254/latest
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


def placeholder_user_data(port: int = 8080) -> bytes:
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
    return MachineSpec(
        instance_id=f"i-{host:017x}",
        instance_type=instance_type,
        private_ip=address_of(host),
        subnet="10.77.9.0/24",
        region="ap-northeast-2",
        availability_zone="ap-northeast-2a",
        user_data=user_data,
    )


@pytest.fixture(scope="session")
def spec_of() -> Callable[..., MachineSpec]:
    return make_spec


@pytest.fixture(scope="session")
def placeholder_spec() -> Callable[[int], MachineSpec]:
    def make(host: int) -> MachineSpec:
        return make_spec(placeholder_user_data(), host)

    return make


@pytest.fixture(scope="session")
def user_data_of() -> Callable[..., bytes]:
    return cloud_config


@pytest.fixture
def boot_with(pool: MachinePool) -> Callable[..., Machine]:
    """Boots a machine with files below /opt/haproof and commands in its user data."""

    def boot(files: dict[str, str], *commands: str, host: int = 50) -> Machine:
        machine = pool.launch(make_spec(cloud_config(files, *commands), host))
        machine.boot()
        return machine

    return boot
