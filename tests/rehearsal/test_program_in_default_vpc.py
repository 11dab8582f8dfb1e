"""Previews of other people's programs: of the default VPC, and beyond what the local region implements."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from toolchain import paths

PROGRAM = """
import pulumi_aws as aws

vpc = aws.ec2.get_vpc(default=True)
subnets = aws.ec2.get_subnets(filters=[{"name": "vpc-id", "values": [vpc.id]}])
image = aws.ssm.get_parameter(
    name="/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-arm64"
)
group = aws.ec2.SecurityGroup("web", vpc_id=vpc.id)
aws.ec2.Instance(
    "server", ami=image.value, instance_type="t4g.nano", vpc_security_group_ids=[group.id]
)
template = aws.ec2.LaunchTemplate("template", image_id=image.value, instance_type="t4g.nano")
aws.autoscaling.Group(
    "fleet",
    min_size=1,
    max_size=2,
    availability_zones=["ap-northeast-2a", "ap-northeast-2b"],
    launch_template={"id": template.id, "version": "$Latest"},
)
aws.lb.LoadBalancer("front", subnets=subnets.ids, security_groups=[group.id])
aws.ec2.Vpc("own", cidr_block="10.0.0.0/16")
trust = aws.iam.get_policy_document(
    statements=[
        {
            "actions": ["sts:AssumeRole"],
            "principals": [{"type": "Service", "identifiers": ["ec2.amazonaws.com"]}],
        }
    ]
)
aws.iam.Role("role", assume_role_policy=trust.json)
aws.rds.Instance(
    "database",
    engine="postgres",
    instance_class="db.t4g.micro",
    allocated_storage=20,
    username="app",
    manage_master_user_password=True,
)
"""


BEYOND = """
import pulumi

open_door = {"protocol": "tcp", "from_port": 22, "to_port": 22, "cidr_blocks": ["0.0.0.0/0"]}
aws.ec2.SecurityGroup("inline", vpc_id=vpc.id, ingress=[open_door])
cluster = aws.ecs.Cluster("cluster")
aws.ecs.Service(
    "service",
    cluster=cluster.arn,
    task_definition="web:1",
    desired_count=2,
    opts=pulumi.ResourceOptions(delete_before_replace=True),
)
"""
"""What the local region does not implement."""


def preview(directory: Path, program: str) -> subprocess.CompletedProcess[str]:
    directory.mkdir()
    (directory / "Pulumi.yaml").write_text("name: mine\nruntime: python\n")
    (directory / "__main__.py").write_text(program)
    command = ["preview", "--program", str(directory), "--root", str(directory.parent / "root")]
    return subprocess.run(
        [sys.executable, "-m", "rehearsal", *command],
        cwd=paths.ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.slow
@pytest.mark.engine
@pytest.mark.region
def test_programs_of_others(tmp_path: Path) -> None:
    done = preview(tmp_path / "mine", PROGRAM)
    # The pack has much to say about it, which is another matter.
    assert done.returncode in {0, 2}, f"{done.stdout}\n{done.stderr}"
    # What the region could not run is no matter of the policies.
    done = preview(
        tmp_path / "elsewhere", PROGRAM.replace("10.0.0.0/16", "203.0.113.0/24") + BEYOND
    )
    assert done.returncode == 2, f"{done.stdout}\n{done.stderr}"
    assert "replacement-keeps-service" in done.stdout + done.stderr
    assert "sg-no-remote-admin" in done.stdout + done.stderr
    wrong = PROGRAM + 'aws.sqs.Queue("jobs", tags={"a": ["b"]})\n'
    done = preview(tmp_path / "wrong", wrong)
    assert done.returncode == 4
    assert "tags" in done.stdout + done.stderr
