"""A control plane with fake machines and fake load balancers: what they do, a test decides."""

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, ClassVar

import boto3
import pytest
from botocore.config import Config

from region.api.server import ControlPlane
from region.config import RegionConfig
from region.machines.codedeploy_agent.messages import AgentDeployment, EventResult
from region.machines.errors import UnknownMachine
from region.machines.spec import MachineSpec
from region.reconcile import ControllerLoop
from region.services.codedeploy.controller import DeploymentsController
from region.services.ec2.controller import InstancesController
from region.services.elbv2.controller import TargetsController
from region.services.elbv2.haproxy.model import Health, LoadBalancer, Target, TargetStatus

REGION = "ap-northeast-2"


class FakeAgent:
    """Answers events as told; remembers them with the number of machines busy at that time."""

    def __init__(self, park: "FakePark") -> None:
        self._park = park
        self.events: list[tuple[str, str]] = []
        self.keys: list[str] = []
        self.marked: list[str] = []

    def run_event(self, event: str, deployment: AgentDeployment) -> EventResult:
        self.events.append((deployment.deployment_id, event))
        if event == "DownloadBundle":
            self.keys.append(deployment.key)
        return self._park.answer(self, event, deployment)

    def mark_successful(self, deployment: AgentDeployment) -> None:
        self.marked.append(deployment.deployment_id)


class FakeMachine:
    def __init__(self, spec: MachineSpec, park: "FakePark") -> None:
        self.spec = spec
        self.state = "pending"
        self.agent = FakeAgent(park)
        self.limited = 0

    def boot(self) -> None:
        self.state = "running"

    def alive(self) -> bool:
        return True

    def console_output(self) -> str:
        return ""

    def limit_services(self) -> None:
        self.limited += 1


class FakePark:
    def __init__(self) -> None:
        self.machines: dict[str, FakeMachine] = {}
        self.failing: Callable[[FakeMachine, str, AgentDeployment], bool] = lambda *_: False
        self.gates: dict[str, threading.Event] = {}
        self.busy = 0
        self.most_busy = 0
        self._lock = threading.Lock()

    def launch(self, spec: MachineSpec) -> FakeMachine:
        return self.machines.setdefault(spec.instance_id, FakeMachine(spec, self))

    def get(self, instance_id: str) -> FakeMachine:
        if instance_id not in self.machines:
            raise UnknownMachine(instance_id)
        return self.machines[instance_id]

    def stop(self, instance_id: str) -> None:
        self.get(instance_id).state = "stopped"

    def terminate(self, instance_id: str) -> None:
        del self.machines[instance_id]

    def answer(self, agent: FakeAgent, event: str, deployment: AgentDeployment) -> EventResult:
        machine = next(item for item in self.machines.values() if item.agent is agent)
        if event == "Install":
            with self._lock:
                self.busy += 1
                self.most_busy = max(self.most_busy, self.busy)
            time.sleep(0.05)
            self.gates.get("Install", _open()).wait(10)
            with self._lock:
                self.busy -= 1
        if self.failing(machine, event, deployment):
            return EventResult(
                "Failed", 1, "stderr: no such file", "scripts/x.sh", "exit 1", "ScriptFailed"
            )
        return EventResult("Skipped" if event.startswith("Before") else "Succeeded")


def _open() -> threading.Event:
    event = threading.Event()
    event.set()
    return event


class FakeBalancer:
    """Targets are healthy at the second poll and drained after `drain_polls`."""

    sick: ClassVar[set[str]] = set()
    drain_polls: ClassVar[int] = 2

    def __init__(self, spec: LoadBalancer, directory: Path, runtime: Path) -> None:
        self.spec = spec
        self.targets: dict[str, dict[str, Target]] = {}
        self.seen: dict[str, int] = {}
        self.draining: dict[str, int] = {}
        self.is_running = False

    def start(self) -> None:
        self.is_running = True

    def running(self) -> bool:
        return self.is_running

    def configure(self, spec: LoadBalancer) -> None:
        self.spec = spec

    def set_targets(self, group: str, targets: list[Target]) -> None:
        before = self.targets.get(group, {})
        self.targets[group] = {target.id: target for target in targets}
        for name in before.keys() - self.targets[group].keys():
            self.draining[name] = 0
            self.seen.pop(name, None)

    def poll(self) -> dict[str, dict[str, TargetStatus]]:
        report: dict[str, dict[str, TargetStatus]] = {}
        for group, targets in self.targets.items():
            found = report.setdefault(group, {})
            for name in targets:
                self.seen[name] = self.seen.get(name, 0) + 1
                health = Health.HEALTHY if self.seen[name] > 1 else Health.INITIAL
                if name in self.sick:
                    health = Health.UNHEALTHY
                found[name] = TargetStatus(name, health)
            for name in list(self.draining):
                self.draining[name] += 1
                if self.draining[name] >= self.drain_polls:
                    del self.draining[name]
                else:
                    found[name] = TargetStatus(name, Health.DRAINING)
        return report

    def close(self) -> None:
        self.is_running = False


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


class Stage:
    """A VPC, instances with a tag, an application; helpers that poll."""

    def __init__(self, plane: ControlPlane, aws: Aws, park: FakePark) -> None:
        self.plane, self.aws, self.park = plane, aws, park
        self.vpc = aws.ec2.create_vpc(CidrBlock="10.78.0.0/16")["Vpc"]["VpcId"]
        self.subnets = [
            aws.ec2.create_subnet(
                VpcId=self.vpc, CidrBlock=f"10.78.{n}.0/24", AvailabilityZone=f"{REGION}{zone}"
            )["Subnet"]["SubnetId"]
            for n, zone in enumerate("ab")
        ]
        self.image = aws.ssm.get_parameter(
            Name="/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-arm64"
        )["Parameter"]["Value"]
        aws.codedeploy.create_application(applicationName="app", computePlatform="Server")

    def launch(self, count: int = 1) -> list[str]:
        found = self.aws.ec2.run_instances(
            ImageId=self.image,
            InstanceType="t4g.nano",
            MinCount=count,
            MaxCount=count,
            SubnetId=self.subnets[0],
            TagSpecifications=[
                {"ResourceType": "instance", "Tags": [{"Key": "role", "Value": "web"}]}
            ],
        )["Instances"]
        names = [entry["InstanceId"] for entry in found]
        self.until(lambda: all(self.state(name) == "running" for name in names))
        return names

    def state(self, name: str) -> str:
        found = self.aws.ec2.describe_instances(InstanceIds=[name])["Reservations"][0]
        return found["Instances"][0]["State"]["Name"]

    def group(self, name: str = "dg", **settings: Any) -> None:
        self.aws.codedeploy.create_deployment_group(
            applicationName="app",
            deploymentGroupName=name,
            serviceRoleArn="arn:aws:iam::123456789012:role/codedeploy",
            **(
                {
                    "deploymentConfigName": "CodeDeployDefault.AllAtOnce",
                    "ec2TagFilters": [{"Key": "role", "Value": "web", "Type": "KEY_AND_VALUE"}],
                }
                | settings
            ),
        )

    def balancer(self, targets: list[str]) -> str:
        load_balancer = self.aws.elbv2.create_load_balancer(Name="lb", Subnets=self.subnets)
        arn = load_balancer["LoadBalancers"][0]["LoadBalancerArn"]
        group = self.aws.elbv2.create_target_group(
            Name="tg", Protocol="HTTP", Port=8080, VpcId=self.vpc, HealthCheckPath="/health"
        )["TargetGroups"][0]["TargetGroupArn"]
        self.aws.elbv2.create_listener(
            LoadBalancerArn=arn,
            Protocol="HTTP",
            Port=80,
            DefaultActions=[{"Type": "forward", "TargetGroupArn": group}],
        )
        if targets:
            self.aws.elbv2.register_targets(
                TargetGroupArn=group, Targets=[{"Id": name} for name in targets]
            )
        return group

    def deploy(self, key: str = "v1.zip", **settings: Any) -> str:
        return self.aws.codedeploy.create_deployment(
            applicationName="app",
            deploymentGroupName="dg",
            revision={
                "revisionType": "S3",
                "s3Location": {"bucket": "releases", "key": key, "bundleType": "zip"},
            },
            **settings,
        )["deploymentId"]

    def info(self, deployment: str) -> dict[str, Any]:
        return self.aws.codedeploy.get_deployment(deploymentId=deployment)["deploymentInfo"]

    def ended(self, deployment: str, timeout: float = 20.0) -> dict[str, Any]:
        final = {"Succeeded", "Failed", "Stopped"}
        self.until(lambda: self.info(deployment)["status"] in final, timeout)
        return self.info(deployment)

    def target(self, deployment: str, instance: str) -> dict[str, Any]:
        return self.aws.codedeploy.get_deployment_target(
            deploymentId=deployment, targetId=instance
        )["deploymentTarget"]["instanceTarget"]

    def health(self, group: str) -> dict[str, tuple[str, str | None]]:
        found = self.aws.elbv2.describe_target_health(TargetGroupArn=group)
        return {
            entry["Target"]["Id"]: (
                entry["TargetHealth"]["State"],
                entry["TargetHealth"].get("Reason"),
            )
            for entry in found["TargetHealthDescriptions"]
        }

    @staticmethod
    def until(condition: Callable[[], bool], timeout: float = 20.0) -> None:
        deadline = time.monotonic() + timeout
        while not condition():
            assert time.monotonic() < deadline, "condition not met in time"
            time.sleep(0.05)


@pytest.fixture
def plane(tmp_path: Path) -> Iterator[ControlPlane]:
    plane = ControlPlane(RegionConfig(root=tmp_path / "region", region=REGION, speed=50.0))
    plane.start()
    yield plane
    plane.stop()


@pytest.fixture
def aws(plane: ControlPlane) -> Aws:
    return Aws(plane.endpoint)


@pytest.fixture
def park() -> FakePark:
    return FakePark()


@pytest.fixture
def balancer_class(monkeypatch: pytest.MonkeyPatch) -> type[FakeBalancer]:
    monkeypatch.setattr(FakeBalancer, "sick", set())
    monkeypatch.setattr(FakeBalancer, "drain_polls", 2)
    return FakeBalancer


@pytest.fixture
def deployments(plane: ControlPlane, park: FakePark) -> DeploymentsController:
    return DeploymentsController(plane, park)


@pytest.fixture
def stage(
    plane: ControlPlane,
    aws: Aws,
    park: FakePark,
    deployments: DeploymentsController,
    balancer_class: type[FakeBalancer],
) -> Iterator[Stage]:
    loop = ControllerLoop(
        plane,
        [
            InstancesController(plane, park),
            TargetsController(plane, balancer_class),
            deployments,
        ],
        tick=0.1,
    )
    loop.start()
    yield Stage(plane, aws, park)
    loop.stop()


@pytest.fixture
def stage_of(plane: ControlPlane, aws: Aws, park: FakePark) -> Callable[[], Stage]:
    """A stage without controllers: the test starts its own."""
    return lambda: Stage(plane, aws, park)
