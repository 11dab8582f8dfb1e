"""Fakes that the region's tests share: machines and load balancers do what a test decides."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from http.client import HTTPConnection
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

import boto3
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials as Keys

from region import credentials, private
from region.api.server import ControlPlane
from region.credentials import Credential
from region.loopback.addresses import has_twin, loopback_of
from region.machines.codedeploy_agent.messages import AgentDeployment, EventResult
from region.machines.errors import BootError, UnknownMachine
from region.machines.run_command import RunOutcome
from region.machines.spec import MachineSpec
from region.network.errors import NetworkError
from region.services.elbv2.haproxy.model import Health, LoadBalancer, Target, TargetStatus
from region.services.elbv2.haproxy.request_log import RequestLog
from region.services.elbv2.haproxy.runtime_api import Statistics

REGION = "ap-northeast-2"
USER = Credential("HAPROOFTESTTESTTESTT", "a secret that only tests know")
"""The key pair of the regions that tests start."""


def give_credential(root: Path) -> None:
    """Make `USER` the user's key pair of the region that will start in `root`."""
    path = credentials.file(root)
    private.directory(path.parent)
    private.write(path, json.dumps(asdict(USER)))


class Aws:
    """boto3 clients of one control plane, by service name."""

    def __init__(self, endpoint: str) -> None:
        self._endpoint = endpoint
        self._clients: dict[str, Any] = {}

    def __getattr__(self, service: str) -> Any:
        if service not in self._clients:
            self._clients[service] = boto3.client(
                service,
                endpoint_url=self._endpoint,
                region_name=REGION,
                aws_access_key_id=USER.access_key_id,
                aws_secret_access_key=USER.secret_access_key,
                config=Config(retries={"max_attempts": 0}),
            )
        return self._clients[service]


def queue_for_services(aws: Aws, name: str) -> tuple[str, str]:
    """Create a queue that SNS and EventBridge may send to; return its URL and its ARN."""
    url = aws.sqs.create_queue(QueueName=name)["QueueUrl"]
    asked = {"QueueUrl": url, "AttributeNames": ["QueueArn"]}
    arn: str = aws.sqs.get_queue_attributes(**asked)["Attributes"]["QueueArn"]
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": ["sns.amazonaws.com", "events.amazonaws.com"]},
        "Action": "sqs:SendMessage",
        "Resource": arn,
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    aws.sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
    return url, arn


class Answer(NamedTuple):
    """What the API answered to one request."""

    status: int
    headers: dict[str, str]
    body: bytes


def ask(
    plane: ControlPlane,
    method: str,
    target: str,
    *,
    signed_for: str | None = None,
    headers: Mapping[str, str] | None = None,
    body: bytes = b"",
    port: int | None = None,
) -> Answer:
    """Send one request as it is, signed by the user for a service unless that is None."""
    host = f"127.0.0.1:{port or plane.port}"
    request = AWSRequest(method, f"http://{host}{target}", dict(headers or {}), data=body)
    if "Host" not in request.headers:
        request.headers["Host"] = host
    if signed_for:
        user = plane.credentials.user
        keys = Keys(user.access_key_id, user.secret_access_key)
        SigV4Auth(keys, signed_for, REGION).add_auth(request)
    connection = HTTPConnection("127.0.0.1", port or plane.port, timeout=10)
    try:
        connection.request(method, target, body, dict(request.headers.items()))
        answer = connection.getresponse()
        found = {name.lower(): value for name, value in answer.getheaders()}
        return Answer(answer.status, found, answer.read())
    finally:
        connection.close()


class FakeAgent:
    """A CodeDeploy agent that records its events and answers as its pool decides."""

    def __init__(self, pool: FakePool) -> None:
        self._pool = pool
        self.events: list[tuple[str, str]] = []
        self.keys: list[str] = []
        self.answers = True

    def run_event(self, event: str, deployment: AgentDeployment) -> EventResult:
        self.events.append((deployment.deployment_id, event))
        if event == "DownloadBundle":
            self.keys.append(deployment.key)
        return self._pool.answer(self, event, deployment)


class FakeFiles:
    """The files of a machine: its image is Debian's."""

    def read_text(self, path: str) -> str:
        assert path == "/etc/os-release"
        return 'PRETTY_NAME="Debian GNU/Linux 12"\nNAME="Debian GNU/Linux"\nVERSION_ID="12"\n'


class FakeMachine:
    """A machine without processes: it boots at once unless it `hangs` or `fails`."""

    def __init__(self, spec: MachineSpec, pool: FakePool) -> None:
        self.spec = spec
        self.agent = FakeAgent(pool)
        self.files = FakeFiles()
        self.state = "pending"
        self.boots = 0
        self.fails = False
        self.hangs: threading.Event | None = None
        self.responds = True
        self.power_request = ""
        self.limited = 0
        self.spared: list[bool] = []
        self.pool = pool
        self.scripts: list[tuple[str, dict[str, Any]]] = []

    def boot(self) -> None:
        if self.hangs is not None:
            self.hangs.wait(10)
        if self.fails:
            raise BootError("runcmd 1 exited with 3")
        self.boots += 1
        self.state, self.power_request = "running", ""

    def alive(self) -> bool:
        return self.responds

    def console_output(self) -> str:
        return f"{self.spec.instance_id} booted\n" * self.boots

    def spare_services(self, *, during: bool) -> None:
        self.spared.append(during)

    def limit_services(self) -> None:
        self.limited += 1

    def run_command(self, script: str, *, cancelled: threading.Event, **how: Any) -> RunOutcome:
        self.scripts.append((script, how))
        return self.pool.run(self, script, cancelled)


class FakePool:
    """A machine pool that records what the controllers ask of it.

    `prepare` is called with each machine that is launched. `failing` decides which of an agent's
    events fail; `gates["Install"]` holds installations until it is set; `most_busy` is how many
    of them ran at once. `run` is what a script does. `left` are the instances whose machines a killed
    region has left running, `strange` those of them that cannot be taken over.
    """

    def __init__(self) -> None:
        self.machines: dict[str, FakeMachine] = {}
        self.launched: list[str] = []
        self.stopped: list[str] = []
        self.terminated: list[str] = []
        self.left: set[str] = set()
        self.strange: set[str] = set()
        self.others_ended = 0
        self.prepare: Callable[[FakeMachine], None] = lambda machine: None
        self.failing: Callable[[FakeMachine, str, AgentDeployment], bool] = lambda *_: False
        self.gates: dict[str, threading.Event] = {}
        self.run: Callable[[FakeMachine, str, threading.Event], RunOutcome] = lambda *_: RunOutcome(
            0, "", ""
        )
        self.busy = 0
        self.most_busy = 0
        self._lock = threading.Lock()

    def launch(self, spec: MachineSpec) -> FakeMachine:
        self.launched.append(spec.instance_id)
        machine = self.machines.setdefault(spec.instance_id, FakeMachine(spec, self))
        self.prepare(machine)
        return machine

    def take_over(self, spec: MachineSpec) -> FakeMachine | None:
        if spec.instance_id not in self.left:
            return None
        if spec.instance_id in self.strange:
            raise AttributeError("kept by another version")
        machine = self.machines[spec.instance_id] = FakeMachine(spec, self)
        machine.state = "running"
        return machine

    def end_others(self) -> None:
        self.others_ended += 1

    def get(self, instance_id: str) -> FakeMachine:
        if instance_id not in self.machines:
            raise UnknownMachine(instance_id)
        return self.machines[instance_id]

    def stop(self, instance_id: str) -> None:
        self.get(instance_id).state = "stopped"
        self.stopped.append(instance_id)

    def terminate(self, instance_id: str) -> None:
        self.get(instance_id)
        del self.machines[instance_id]
        self.terminated.append(instance_id)

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
    """A load balancer's process: targets are healthy at the second poll and drain for a while.

    `sick` are the targets that fail their health checks, `drain_polls` is how many polls a target
    drains for.
    """

    sick: ClassVar[set[str]] = set()
    drain_polls: ClassVar[int] = 2

    def __init__(self, spec: LoadBalancer, directory: Path, runtime: Path) -> None:
        self.spec = spec
        self.targets: dict[str, dict[str, Target]] = {}
        self.seen: dict[str, int] = {}
        self.draining: dict[str, int] = {}
        self.is_running = False
        self.requests = RequestLog()
        self.zones: tuple[str, ...] = ()
        self.shifted: frozenset[str] = frozenset()

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

    def set_zones(self, active: Sequence[str], shifted: frozenset[str]) -> None:
        self.zones, self.shifted = tuple(active), shifted

    def statistics(self) -> Statistics:
        return Statistics((), ())

    def poll(self) -> dict[str, dict[str, TargetStatus]]:
        report: dict[str, dict[str, TargetStatus]] = {}
        nodes = frozenset(node.zone for node in self.spec.nodes)
        for group, targets in self.targets.items():
            found = report.setdefault(group, {})
            for name in targets:
                self.seen[name] = self.seen.get(name, 0) + 1
                health = Health.HEALTHY if self.seen[name] > 1 else Health.INITIAL
                if name in self.sick:
                    health = Health.UNHEALTHY
                healthy = nodes if health is Health.HEALTHY else frozenset()
                zone = targets[name].zone
                found[name] = TargetStatus(
                    name, health, zone=zone, healthy_in=healthy, checked_in=nodes
                )
            for name in list(self.draining):
                self.draining[name] += 1
                if self.draining[name] >= self.drain_polls:
                    del self.draining[name]
                else:
                    found[name] = TargetStatus(name, Health.DRAINING)
        return report

    def close(self) -> None:
        self.is_running = False
        self.requests.close()


class HostNetwork:
    """Stands in for the region's network: private addresses are their twins on the host."""

    name = ""
    path = ""

    def __init__(self) -> None:
        self.addresses: set[str] = set()

    def add_address(self, address: str) -> None:
        self.addresses.add(address)

    def remove_address(self, address: str) -> None:
        self.addresses.discard(address)

    def listen(self, address: str, port: int) -> socket.socket:
        local = loopback_of(address) if has_twin(address) else address
        try:
            return socket.create_server((local, port))
        except OSError as error:
            raise NetworkError(f"{local}:{port}: {error.strerror}.") from error


def trust_of(service: str) -> str:
    """Return a trust policy that lets a service assume its role."""
    statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def service_role(aws: Any, service: str) -> str:
    """Return the ARN of a role that a service assumes and that permits everything."""
    name = service.partition(".")[0]
    with contextlib.suppress(aws.iam.exceptions.NoSuchEntityException):
        return str(aws.iam.get_role(RoleName=name)["Role"]["Arn"])
    made = aws.iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust_of(service))["Role"]
    allowed = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    aws.iam.put_role_policy(
        RoleName=name,
        PolicyName="everything",
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": allowed}),
    )
    return str(made["Arn"])
