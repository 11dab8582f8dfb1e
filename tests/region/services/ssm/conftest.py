"""Managed nodes: instances with a role that permits what SSM Agent needs, and a fast clock."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from region.api.server import ControlPlane
from region.reconcile import ControllerLoop
from region.services.ec2.controller import InstancesController
from region.services.ssm.controller import RunCommandController
from tests.region.builders import Network, until
from tests.region.fakes import Aws, FakePool

CORE = "arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore"


class Fleet:
    """Instances of one control plane, and short forms of Run Command's calls."""

    def __init__(self, plane: ControlPlane, aws: Aws, pool: FakePool, loop: ControllerLoop) -> None:
        self.plane, self.aws, self.pool, self.loop = plane, aws, pool, loop
        self.network = Network(aws)

    def profile(self, name: str, *, managed: str = CORE, inline: dict | None = None) -> str:
        trusted = {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}}
        document = {"Version": "2012-10-17", "Statement": [trusted | {"Action": "sts:AssumeRole"}]}
        iam = self.aws.iam
        iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(document))
        if managed:
            iam.attach_role_policy(RoleName=name, PolicyArn=managed)
        if inline is not None:
            iam.put_role_policy(RoleName=name, PolicyName="own", PolicyDocument=json.dumps(inline))
        iam.create_instance_profile(InstanceProfileName=name)
        iam.add_role_to_instance_profile(InstanceProfileName=name, RoleName=name)
        return name

    def launch(self, count: int = 1, profile: str = "", **tags: str) -> list[str]:
        found = self.aws.ec2.run_instances(
            ImageId=self.network.image,
            InstanceType="t4g.nano",
            MinCount=count,
            MaxCount=count,
            SubnetId=self.network.subnets[0],
            **({"IamInstanceProfile": {"Name": profile}} if profile else {}),
            TagSpecifications=[
                {
                    "ResourceType": "instance",
                    "Tags": [{"Key": key, "Value": value} for key, value in tags.items()]
                    or [{"Key": "made", "Value": "here"}],
                }
            ],
        )["Instances"]
        names = [entry["InstanceId"] for entry in found]
        until(lambda: all(self.state(name) == "running" for name in names))
        return names

    def managed(self, count: int = 1, **tags: str) -> list[str]:
        """Launch instances and wait until they are managed nodes."""
        if "managed" not in [role["RoleName"] for role in self.aws.iam.list_roles()["Roles"]]:
            self.profile("managed")
        names = self.launch(count, "managed", **tags)
        until(lambda: set(names) <= set(self.nodes()))
        return names

    def state(self, name: str) -> str:
        found = self.aws.ec2.describe_instances(InstanceIds=[name])["Reservations"][0]
        return found["Instances"][0]["State"]["Name"]

    def nodes(self) -> dict[str, str]:
        found = self.aws.ssm.describe_instance_information(MaxResults=50)
        return {node["InstanceId"]: node["PingStatus"] for node in found["InstanceInformationList"]}

    def send(self, *names: str, commands: tuple[str, ...] = ("true",), **settings) -> str:
        parameters = {"commands": list(commands)} | settings.pop("parameters", {})
        where = {"InstanceIds": list(names)} if names else {}
        return self.aws.ssm.send_command(
            DocumentName="AWS-RunShellScript", Parameters=parameters, **where, **settings
        )["Command"]["CommandId"]

    def result(self, command: str, name: str) -> dict:
        return self.aws.ssm.get_command_invocation(CommandId=command, InstanceId=name)

    def command(self, command: str) -> dict:
        return self.aws.ssm.list_commands(CommandId=command)["Commands"][0]

    def ended(self, command: str) -> dict:
        """Wait until a command has ended everywhere and return what describes it."""
        active = {"Pending", "InProgress", "Cancelling"}
        until(lambda: self.command(command)["Status"] not in active)
        return self.command(command)


@pytest.fixture
def fleet(plane: ControlPlane, aws: Aws, pool: FakePool) -> Iterator[Fleet]:
    controllers = [InstancesController(plane, pool), RunCommandController(plane, pool)]
    loop = ControllerLoop(plane, controllers, tick=0.05)
    loop.start()
    yield Fleet(plane, aws, pool, loop)
    loop.stop()
