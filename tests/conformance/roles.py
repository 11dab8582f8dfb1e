"""Roles of IAM that conformance tests give to services and instances."""

from __future__ import annotations

import json

from tests.conformance.cloud import Cloud


def make_role(cloud: Cloud, name: str, service: str, *policies: str) -> str:
    """Create a role that a service assumes, with these policies by ARN; return its ARN."""
    iam = cloud.iam
    statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    trust = {"Version": "2012-10-17", "Statement": [statement]}
    role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))["Role"]
    cloud.afterwards(iam.delete_role, RoleName=name)
    for policy in policies:
        iam.attach_role_policy(RoleName=name, PolicyArn=policy)
        cloud.afterwards(iam.detach_role_policy, RoleName=name, PolicyArn=policy)
    _let_it_be_known(cloud)
    return str(role["Arn"])


def make_profile(cloud: Cloud, prefix: str, *policies: str) -> str:
    """Create an instance profile whose role has policies; return the name of both."""
    iam, name = cloud.iam, cloud.name(prefix)
    make_role(cloud, name, "ec2.amazonaws.com", *policies)
    iam.create_instance_profile(InstanceProfileName=name)
    cloud.afterwards(iam.delete_instance_profile, InstanceProfileName=name)
    iam.add_role_to_instance_profile(InstanceProfileName=name, RoleName=name)
    cloud.afterwards(iam.remove_role_from_instance_profile, InstanceProfileName=name, RoleName=name)
    _let_it_be_known(cloud)
    return name


def _let_it_be_known(cloud: Cloud) -> None:
    if cloud.is_aws:
        cloud.pause(15)  # What is new in IAM is not known everywhere at once.
