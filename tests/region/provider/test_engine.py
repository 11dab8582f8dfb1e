"""The real Pulumi engine on the provider: what `pulumi up` shows is what users judge it by."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from region.api.server import ControlPlane
from region.provider.server import ProviderServer

pytestmark = pytest.mark.engine

REPOSITORY = Path(__file__).parents[3]
TOOLS = REPOSITORY / ".tools" / "bin"
SEARCH_PATH = f"{TOOLS}{os.pathsep}{os.environ['PATH']}"

PROGRAM = """
import base64
import pulumi
import pulumi_aws as aws

config = pulumi.Config()
port = config.get_int("port") or 8080
size = config.get_int("size") or 2
zones = aws.get_availability_zones(state="available").names[:2]
image = aws.ssm.get_parameter_output(
    name="/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-arm64"
).value
vpc = aws.ec2.Vpc("net", cidr_block="10.60.0.0/16", enable_dns_hostnames=True)
subnets = [
    aws.ec2.Subnet(
        f"net-{zone}", vpc_id=vpc.id, cidr_block=f"10.60.{i}.0/24", availability_zone=zone
    )
    for i, zone in enumerate(zones)
]
gateway = aws.ec2.InternetGateway("net", vpc_id=vpc.id)
table = aws.ec2.RouteTable("net", vpc_id=vpc.id)
aws.ec2.Route(
    "net", route_table_id=table.id, destination_cidr_block="0.0.0.0/0", gateway_id=gateway.id
)
for zone, subnet in zip(zones, subnets):
    aws.ec2.RouteTableAssociation(f"net-{zone}", subnet_id=subnet.id, route_table_id=table.id)
group = aws.ec2.SecurityGroup("web", vpc_id=vpc.id, tags={"Name": "web"})
aws.vpc.SecurityGroupIngressRule(
    "web", security_group_id=group.id, ip_protocol="tcp", from_port=80, to_port=80,
    cidr_ipv4="0.0.0.0/0",
)
balancer = aws.lb.LoadBalancer(
    "web", subnets=[subnet.id for subnet in subnets], security_groups=[group.id]
)
targets = aws.lb.TargetGroup(
    "web", port=port, protocol="HTTP", vpc_id=vpc.id, deregistration_delay=10,
    health_check={"path": config.get("path") or "/health", "interval": 5, "timeout": 2},
)
aws.lb.Listener(
    "web", load_balancer_arn=balancer.arn, port=80,
    default_actions=[{"type": "forward", "target_group_arn": targets.arn}],
)
template = aws.ec2.LaunchTemplate(
    "web", image_id=image, instance_type=config.get("type") or "t4g.nano",
    vpc_security_group_ids=[group.id],
    user_data=base64.b64encode(b"#cloud-config").decode(), update_default_version=True,
)
fleet = aws.autoscaling.Group(
    "web", min_size=size, max_size=4, desired_capacity=size, force_delete=True,
    vpc_zone_identifiers=[subnet.id for subnet in subnets],
    launch_template={"id": template.id, "version": template.latest_version},
    target_group_arns=[targets.arn], health_check_type="ELB",
    tags=[{"key": "Name", "value": "web", "propagate_at_launch": True}],
)
pulumi.export("version", template.latest_version)
pulumi.export("targets", targets.arn)
"""


class Stack:
    """A stack of its own: program, state and home in one directory."""

    def __init__(self, directory: Path, provider_port: int) -> None:
        self.directory = directory / "program"
        self.directory.mkdir()
        project = {
            "name": "probe",
            "runtime": {"name": "python", "options": {"virtualenv": sys.prefix}},
        }
        (self.directory / "Pulumi.yaml").write_text(json.dumps(project))
        self.program = self.directory / "__main__.py"
        self.program.write_text(PROGRAM)
        state = directory / "state"
        state.mkdir()
        self.environment = {
            "PATH": SEARCH_PATH,
            "HOME": str(directory),
            "PULUMI_HOME": str(directory / "home"),
            "PULUMI_BACKEND_URL": state.as_uri(),
            "PULUMI_CONFIG_PASSPHRASE": "",
            "PULUMI_SKIP_UPDATE_CHECK": "1",
            "PULUMI_DEBUG_PROVIDERS": f"aws:{provider_port}",
            "NO_COLOR": "1",
        }
        self.run("stack", "init", "test")
        self.run("config", "set", "aws:region", "ap-northeast-2")

    def run(self, *arguments: str, expect: int = 0) -> str:
        done = subprocess.run(
            ["pulumi", *arguments, "--non-interactive"],
            cwd=self.directory,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=180,
            check=False,
        )
        output = done.stdout + done.stderr
        assert done.returncode == expect, output
        return output

    def set(self, **config: str) -> None:
        for key, value in config.items():
            self.run("config", "set", key, value)

    def up(self, *arguments: str) -> str:
        return self.run("up", "--yes", "--skip-preview", *arguments)

    def output(self, name: str) -> str:
        return self.run("stack", "output", name).strip()


@pytest.fixture
def stack(tmp_path: Path, plane: ControlPlane, context: Any) -> Iterator[Stack]:
    if shutil.which("pulumi", path=SEARCH_PATH) is None:
        pytest.skip("the Pulumi engine is not installed; run `make setup`")
    server = ProviderServer(plane.endpoint, "ap-northeast-2", plane.credentials.user)
    yield Stack(tmp_path, server.start())
    server.stop()


def test_a_stack_through_its_life(stack: Stack, context: Any) -> None:
    ec2, elb = context.aws.ec2, context.aws.elbv2
    before = census(context)

    preview = stack.run("preview")
    assert "16 to create" in preview
    assert census(context) == before

    stack.up()
    unchanged = stack.up("--expect-no-changes")
    assert "16 unchanged" in unchanged
    stack.run("refresh", "--yes", "--expect-no-changes")

    # In place: another health path, a third instance, another type in a new template version.
    stack.set(path="/other", size="3", type="t4g.micro")
    changed = stack.run("up", "--yes")
    assert "3 updated" in changed
    assert "replace" not in changed
    (targets,) = elb.describe_target_groups()["TargetGroups"]
    assert targets["HealthCheckPath"] == "/other"
    assert stack.output("version") == "2"
    stack.up("--expect-no-changes")

    # A replacement: made before the old one goes, and everybody moves over.
    stack.set(port="9090")
    old = stack.output("targets")
    replaced = stack.up()
    assert "1 replaced" in replaced
    (targets,) = elb.describe_target_groups()["TargetGroups"]
    assert targets["TargetGroupArn"] == stack.output("targets") != old
    assert targets["Port"] == 9090
    (fleet,) = context.aws.autoscaling.describe_auto_scaling_groups()["AutoScalingGroups"]
    assert fleet["TargetGroupARNs"] == [targets["TargetGroupArn"]]
    stack.up("--expect-no-changes")

    # Drift: what someone else changed or deleted, a refresh finds.
    ec2.delete_tags(Resources=[group_named(ec2, "web")], Tags=[{"Key": "Name"}])
    assert "1 updated" in stack.run("refresh", "--yes")
    assert "1 updated" in stack.up()

    stack.run("destroy", "--yes", "--skip-preview")
    assert census(context) == before


def test_a_misspelt_property_never_reaches_the_region(stack: Stack, context: Any) -> None:
    text = PROGRAM.replace('"interval": 5', '"intervall": 5')
    stack.program.write_text(text)
    before = census(context)
    output = stack.run("preview", expect=1)
    assert "has no property 'intervall'; did you mean 'interval'?" in output
    assert census(context) == before


def group_named(ec2: Any, name: str) -> str:
    mine = [{"Name": "tag:Name", "Values": [name]}]
    return ec2.describe_security_groups(Filters=mine)["SecurityGroups"][0]["GroupId"]


def census(context: Any) -> dict[str, int]:
    """How many of everything the region holds; terminated instances are nothing."""
    ec2, elb, scaling = context.aws.ec2, context.aws.elbv2, context.aws.autoscaling
    alive = [{"Name": "instance-state-name", "Values": ["pending", "running", "stopped"]}]
    return {
        "vpcs": len(ec2.describe_vpcs()["Vpcs"]),
        "subnets": len(ec2.describe_subnets()["Subnets"]),
        "groups": len(ec2.describe_security_groups()["SecurityGroups"]),
        "gateways": len(ec2.describe_internet_gateways()["InternetGateways"]),
        "tables": len(ec2.describe_route_tables()["RouteTables"]),
        "templates": len(ec2.describe_launch_templates()["LaunchTemplates"]),
        "instances": len(ec2.describe_instances(Filters=alive)["Reservations"]),
        "balancers": len(elb.describe_load_balancers()["LoadBalancers"]),
        "targets": len(elb.describe_target_groups()["TargetGroups"]),
        "fleets": len(scaling.describe_auto_scaling_groups()["AutoScalingGroups"]),
    }
