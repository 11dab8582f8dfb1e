"""Who calls: an instance is its role, in a session with the instance's name."""

from __future__ import annotations

import json
from typing import Any

import boto3

from region.api.server import ControlPlane
from region.credentials import Credential
from tests.region.builders import Network
from tests.region.fakes import Aws


def identity(plane: ControlPlane, keys: Credential) -> Any:
    client = boto3.client(
        "sts",
        endpoint_url=plane.endpoint,
        region_name=plane.config.region,
        aws_access_key_id=keys.access_key_id,
        aws_secret_access_key=keys.secret_access_key,
        aws_session_token=keys.session_token or None,
    )
    return client.get_caller_identity()


def launch(aws: Aws, network: Network, **settings: Any) -> Any:
    return aws.ec2.run_instances(
        ImageId=network.image,
        InstanceType="t4g.nano",
        SubnetId=network.subnets[0],
        MinCount=1,
        MaxCount=1,
        **settings,
    )["Instances"][0]["InstanceId"]


def test_an_instance_is_the_role_of_its_profile(
    plane: ControlPlane, aws: Aws, network: Network
) -> None:
    role = aws.iam.create_role(
        RoleName="web",
        AssumeRolePolicyDocument=json.dumps(
            {
                "Version": "2012-10-17",
                "Statement": [
                    {
                        "Effect": "Allow",
                        "Principal": {"Service": "ec2.amazonaws.com"},
                        "Action": "sts:AssumeRole",
                    }
                ],
            }
        ),
    )["Role"]
    aws.iam.create_instance_profile(InstanceProfileName="web")
    aws.iam.add_role_to_instance_profile(InstanceProfileName="web", RoleName="web")
    name = launch(aws, network, IamInstanceProfile={"Name": "web"})
    found = identity(plane, plane.credentials.issue(name))
    account = found["Account"]
    assert found["Arn"] == f"arn:aws:sts::{account}:assumed-role/web/{name}"
    assert found["UserId"] == f"{role['RoleId']}:{name}"
    assert identity(plane, plane.credentials.user)["Arn"].endswith(":user/haproof")


def test_an_instance_without_a_profile_is_not_the_user(
    plane: ControlPlane, aws: Aws, network: Network
) -> None:
    name = launch(aws, network)
    found = identity(plane, plane.credentials.issue(name))
    assert found["Arn"].endswith(f":assumed-role/instance-role/{name}")
