"""A control plane on a free port, a park without processes, and a group to scale."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config

from region.api.server import ControlPlane
from region.config import RegionConfig
from region.machines.errors import BootError, UnknownMachine
from region.machines.spec import MachineSpec

REGION = "ap-northeast-2"
ZONES = ("a", "b", "c")


class FakeMachine:
    def __init__(self, spec: MachineSpec) -> None:
        self.spec = spec
        self.state = "pending"
        self.boots = 0
        self.fails = False
        self.hangs: threading.Event | None = None
        self.responds = True

    def boot(self) -> None:
        if self.hangs is not None:
            self.hangs.wait(10)
        if self.fails:
            raise BootError("runcmd 1 exited with 3")
        self.boots += 1
        self.state = "running"

    def alive(self) -> bool:
        return self.responds

    def console_output(self) -> str:
        return f"{self.spec.instance_id} booted\n" * self.boots


class FakePark:
    """What the instances controller asks of a park, remembered."""

    def __init__(self) -> None:
        self.machines: dict[str, FakeMachine] = {}
        self.launched: list[str] = []
        self.stopped: list[str] = []
        self.terminated: list[str] = []
        self.prepare: Callable[[FakeMachine], None] = lambda machine: None

    def launch(self, spec: MachineSpec) -> FakeMachine:
        self.launched.append(spec.instance_id)
        machine = self.machines.setdefault(spec.instance_id, FakeMachine(spec))
        self.prepare(machine)
        return machine

    def stop(self, instance_id: str) -> None:
        self._known(instance_id).state = "stopped"
        self.stopped.append(instance_id)

    def terminate(self, instance_id: str) -> None:
        self._known(instance_id)
        del self.machines[instance_id]
        self.terminated.append(instance_id)

    def _known(self, instance_id: str) -> FakeMachine:
        if instance_id not in self.machines:
            raise UnknownMachine(instance_id)
        return self.machines[instance_id]


class Aws:
    """boto3 clients of one control plane."""

    def __init__(self, endpoint: str) -> None:
        self._endpoint = endpoint
        self._clients: dict[str, Any] = {}

    def __getattr__(self, service: str) -> Any:
        if service not in self._clients:
            self._clients[service] = boto3.client(
                service,
                endpoint_url=self._endpoint,
                region_name=REGION,
                aws_access_key_id="rehearsal",
                aws_secret_access_key="rehearsal",
                config=Config(retries={"max_attempts": 0}),
            )
        return self._clients[service]


class Network:
    """A VPC with a public subnet per zone and an AMI."""

    def __init__(self, aws: Aws, cidr: str = "10.20.0.0/16") -> None:
        self.vpc = aws.ec2.create_vpc(CidrBlock=cidr)["Vpc"]["VpcId"]
        prefix = cidr.rsplit(".", 2)[0]
        self.subnets = [
            aws.ec2.create_subnet(
                VpcId=self.vpc, CidrBlock=f"{prefix}.{n}.0/24", AvailabilityZone=REGION + zone
            )["Subnet"]["SubnetId"]
            for n, zone in enumerate(ZONES)
        ]
        for subnet in self.subnets:
            aws.ec2.modify_subnet_attribute(SubnetId=subnet, MapPublicIpOnLaunch={"Value": True})
        self.group = aws.ec2.create_security_group(
            GroupName="app", Description="app", VpcId=self.vpc
        )["GroupId"]
        self.image = aws.ssm.get_parameter(
            Name="/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-arm64"
        )["Parameter"]["Value"]


@pytest.fixture
def make_plane(tmp_path: Path) -> Iterator[Callable[..., ControlPlane]]:
    started: list[ControlPlane] = []

    def make(**settings: Any) -> ControlPlane:
        config = RegionConfig(**{"root": tmp_path / "region", "region": REGION} | settings)
        plane = ControlPlane(config)
        plane.start()
        started.append(plane)
        return plane

    yield make
    for plane in started:
        plane.stop()


@pytest.fixture
def plane(make_plane: Callable[..., ControlPlane]) -> ControlPlane:
    return make_plane()


@pytest.fixture
def clients_of() -> Callable[[str], Aws]:
    return Aws


@pytest.fixture
def aws(plane: ControlPlane) -> Aws:
    return Aws(plane.endpoint)


@pytest.fixture
def network_of() -> Callable[[Aws], Network]:
    return Network


@pytest.fixture
def network(aws: Aws) -> Network:
    return Network(aws)


@pytest.fixture
def park() -> FakePark:
    return FakePark()
