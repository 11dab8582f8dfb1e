"""The region's own control plane and controllers, and the engine's part in a resource's life.

Only what takes real processes is replaced: machines, load balancers and database servers do at once
what their controllers ask of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from region.api import state
from region.api.server import ControlPlane
from region.config import RegionConfig
from region.provider import lifecycle
from region.provider.clients import Clients
from region.provider.lifecycle import CheckTask, Difference
from region.provider.operation import Operation, ProviderContext
from region.provider.resources import all_handlers
from region.provider.sessions import Session
from region.provider.values import Properties, plain
from region.reconcile import ControllerLoop
from region.services.autoscaling.automation import AutomationController
from region.services.autoscaling.controller import AutoScalingController
from region.services.ec2.controller import InstancesController
from region.services.elbv2.controller import LoadBalancersController
from region.services.install import install_patches
from region.services.rds.controller import DatabasesController
from tests.certificates import self_signed
from tests.region.fakes import (
    REGION,
    FakeBalancer,
    FakePool,
    HostNetwork,
    give_credential,
    trust_of,
)
from tests.region.services.rds.fake_server import FakeServer

HANDLERS = all_handlers()


@pytest.fixture(scope="module")
def plane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ControlPlane]:
    """One control plane for a file's tests; `context` empties it for each of them."""
    root = tmp_path_factory.mktemp("region")
    give_credential(root)
    plane = ControlPlane(RegionConfig(root=root, region=REGION, speed=50.0), install_patches)
    plane.start()
    yield plane
    plane.stop()


@pytest.fixture(scope="module")
def clients(plane: ControlPlane) -> Clients:
    return Clients(plane.endpoint, REGION, plane.credentials.user)


@pytest.fixture
def context(plane: ControlPlane, clients: Clients) -> Iterator[ProviderContext]:
    with plane.lock:
        state.reset()
    controllers = [
        InstancesController(plane, FakePool()),
        DatabasesController(plane, FakeServer),
        LoadBalancersController(plane, HostNetwork(), FakeBalancer),
        AutoScalingController(plane),
        AutomationController(plane),
    ]
    loop = ControllerLoop(plane, controllers, tick=0.05)
    loop.start()
    yield ProviderContext(clients, REGION)
    loop.stop()


@dataclass
class Resource:
    """A resource as the engine's state holds it."""

    type: str
    id: str
    inputs: Properties
    state: Properties

    def __getitem__(self, name: str) -> Any:
        return self.state[name]


class Harness:
    """The engine's part of Check, Diff, Create, Read, Update and Delete."""

    def __init__(self, context: ProviderContext) -> None:
        self.context = context
        self.session = Session()
        self.made: list[Resource] = []

    @property
    def op(self) -> Operation:
        return Operation(self.context, self.session, "urn:pulumi:s::p::aws:x/y:Z::it", timeout=20)

    def check(self, type_: str, news: Properties, olds: Properties | None = None) -> Any:
        name = type_.rsplit(":", 1)[1].lower()
        task = CheckTask(logical_name=name, news=news, olds=olds or {}, seed=b"")
        return lifecycle.check(HANDLERS[type_], self.op, task)

    def failures(self, type_: str, news: Properties) -> dict[str, str]:
        """Property paths to reasons."""
        return {item.path: item.reason for item in self.check(type_, news)[1]}

    def create(self, type_: str, **news: Any) -> Resource:
        inputs, failures = self.check(type_, news)
        assert not failures
        identity, state = lifecycle.create(HANDLERS[type_], self.op, inputs)
        resource = Resource(type_, identity, inputs, plain(state))
        self.made.append(resource)
        return resource

    def diff(self, resource: Resource, **news: Any) -> Difference:
        inputs, failures = self.check(resource.type, news, resource.inputs)
        assert not failures
        return lifecycle.diff(HANDLERS[resource.type], resource.inputs, inputs)

    def update(self, resource: Resource, **news: Any) -> None:
        inputs, failures = self.check(resource.type, news, resource.inputs)
        assert not failures
        handler = HANDLERS[resource.type]
        olds = (resource.state, resource.inputs)
        resource.state = plain(lifecycle.update(handler, self.op, resource.id, olds, inputs))
        resource.inputs = inputs

    def read(self, resource: Resource) -> tuple[Properties, Properties] | None:
        handler = HANDLERS[resource.type]
        return lifecycle.read(handler, self.op, resource.id, resource.state, resource.inputs)

    def delete(self, resource: Resource) -> None:
        lifecycle.delete(HANDLERS[resource.type], self.op, resource.id, resource.state)


@pytest.fixture
def harness(context: ProviderContext) -> Harness:
    return Harness(context)


class World:
    """The things that other resources need, each created on first use."""

    def __init__(self, harness: Harness) -> None:
        self.harness = harness
        self._made: dict[str, Resource] = {}

    def _once(self, key: str, type_: str, **inputs: Any) -> Resource:
        if key not in self._made:
            self._made[key] = self.harness.create(type_, **inputs)
        return self._made[key]

    @property
    def vpc(self) -> str:
        return self._once("vpc", "aws:ec2/vpc:Vpc", cidrBlock="10.30.0.0/16").id

    def subnet(self, zone: str) -> str:
        number = "abc".index(zone)
        return self._once(
            f"subnet-{zone}",
            "aws:ec2/subnet:Subnet",
            vpcId=self.vpc,
            cidrBlock=f"10.30.{number}.0/24",
            availabilityZone=f"{REGION}{zone}",
        ).id

    @property
    def subnets(self) -> list[str]:
        return [self.subnet("a"), self.subnet("b")]

    @property
    def group(self) -> str:
        return self._once("group", "aws:ec2/securityGroup:SecurityGroup", vpcId=self.vpc).id

    @property
    def other_group(self) -> str:
        return self._once("other", "aws:ec2/securityGroup:SecurityGroup", vpcId=self.vpc).id

    @property
    def gateway(self) -> str:
        type_ = "aws:ec2/internetGateway:InternetGateway"
        return self._once("gateway", type_, vpcId=self.vpc).id

    def address(self, zone: str) -> str:
        return self._once(f"address-{zone}", "aws:ec2/eip:Eip").id

    def nat_gateway(self, zone: str) -> str:
        return self._once(
            f"nat-{zone}",
            "aws:ec2/natGateway:NatGateway",
            subnetId=self.subnet(zone),
            allocationId=self.address(zone),
        ).id

    def table(self, key: str = "1") -> str:
        return self._once(f"table-{key}", "aws:ec2/routeTable:RouteTable", vpcId=self.vpc).id

    @property
    def image(self) -> str:
        name = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-arm64"
        return self.harness.context.aws.ssm.get_parameter(Name=name)["Parameter"]["Value"]

    def role(self, key: str = "1") -> str:
        trust = trust_of("codedeploy.amazonaws.com")
        return self._once(f"role-{key}", "aws:iam/role:Role", assumeRolePolicy=trust).id

    def role_arn(self) -> str:
        self.role()
        return self._made["role-1"]["arn"]

    @property
    def profile(self) -> str:
        type_ = "aws:iam/instanceProfile:InstanceProfile"
        return self._once("profile", type_, role=self.role()).id

    @property
    def bucket(self) -> str:
        return self._once("bucket", "aws:s3/bucket:Bucket", forceDestroy=True).id

    @property
    def template(self) -> Resource:
        return self._once(
            "template",
            "aws:ec2/launchTemplate:LaunchTemplate",
            imageId=self.image,
            instanceType="t4g.nano",
            vpcSecurityGroupIds=[self.group],
        )

    @property
    def balancer(self) -> Resource:
        return self._once(
            "balancer",
            "aws:lb/loadBalancer:LoadBalancer",
            subnets=self.subnets,
            securityGroups=[self.group],
        )

    def targets(self, key: str = "1") -> Resource:
        return self._once(
            f"targets-{key}",
            "aws:lb/targetGroup:TargetGroup",
            port=8080,
            protocol="HTTP",
            vpcId=self.vpc,
        )

    def listener(self) -> str:
        return self._once(
            "listener",
            "aws:lb/listener:Listener",
            loadBalancerArn=self.balancer.id,
            port=80,
            defaultActions=[{"type": "forward", "targetGroupArn": self.targets()["arn"]}],
        ).id

    def certificate(self, key: str = "1") -> str:
        pair = self_signed(f"www{key}.example.com")
        return self._once(
            f"certificate-{key}",
            "aws:acm/certificate:Certificate",
            certificateBody=pair.certificate,
            privateKey=pair.key,
        ).id

    def https_listener(self) -> str:
        return self._once(
            "https-listener",
            "aws:lb/listener:Listener",
            loadBalancerArn=self.balancer.id,
            port=443,
            protocol="HTTPS",
            certificateArn=self.certificate(),
            defaultActions=[{"type": "forward", "targetGroupArn": self.targets()["arn"]}],
        ).id

    @property
    def fleet(self) -> str:
        return self._once(
            "fleet",
            "aws:autoscaling/group:Group",
            minSize=1,
            maxSize=2,
            vpcZoneIdentifiers=self.subnets,
            launchTemplate={"id": self.template.id, "version": "1"},
            forceDelete=True,
        ).id

    @property
    def database_subnets(self) -> str:
        return self._once("dbs", "aws:rds/subnetGroup:SubnetGroup", subnetIds=self.subnets).id

    @property
    def database(self) -> str:
        return self._once(
            "database",
            "aws:rds/instance:Instance",
            identifier="notes",
            engine="postgres",
            instanceClass="db.t4g.micro",
            allocatedStorage=20,
            username="keeper",
            manageMasterUserPassword=True,
            dbSubnetGroupName=self.database_subnets,
            skipFinalSnapshot=True,
        )["identifier"]

    def alarm(self, key: str) -> str:
        return self._once(
            f"alarm-{key}",
            "aws:cloudwatch/metricAlarm:MetricAlarm",
            namespace="own",
            metricName="m",
            statistic="Sum",
            comparisonOperator="GreaterThanThreshold",
            threshold=1,
            period=60,
            evaluationPeriods=1,
        )["name"]

    @property
    def key(self) -> str:
        return self._once("key", "aws:kms/key:Key")["arn"]

    @property
    def topic(self) -> str:
        return self._once("topic", "aws:sns/topic:Topic").id

    @property
    def application(self) -> Resource:
        return self._once("application", "aws:codedeploy/application:Application")


@pytest.fixture
def world(harness: Harness) -> World:
    return World(harness)
