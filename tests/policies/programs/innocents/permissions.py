"""Other ways to let the instances' role do what it has to."""

from __future__ import annotations

import json
from typing import Any

import pulumi
import pulumi_aws as aws

from tests.policies.programs import bricks
from tests.policies.programs.cases import innocent

PROFILE_OF_OTHERS = (
    "The profile is not of this stack, so what its role may do is not in the preview."
)


def serve_as(who: Any) -> None:
    site = bricks.network()
    outside = bricks.balancer_group(site.vpc.id)
    front = bricks.balancer(site.public_ids(), outside)
    behind = bricks.targets(site.vpc.id)
    bricks.http(front, bricks.forward(behind))
    inside = bricks.app_group(site.vpc.id, outside)
    made_from = bricks.template(inside, who)
    group = bricks.fleet(site.private_ids(), made_from, behind)
    bricks.delivery(front, behind, group)


def _role(**more: Any) -> aws.iam.Role:
    return aws.iam.Role("app-role", assume_role_policy=bricks.trust("ec2.amazonaws.com"), **more)


def _profile(role: aws.iam.Role) -> aws.iam.InstanceProfile:
    return aws.iam.InstanceProfile("app-profile", role=role.name)


SESSIONS = [
    "ssm:UpdateInstanceInformation",
    "ssm:ListInstanceAssociations",
    "ssmmessages:*",
    "ec2messages:*",
]
READ = {"Effect": "Allow", "Action": ["s3:GetObject*", "s3:ListBucket"], "Resource": "*"}


@innocent(engine=True)
def customer_managed_policy() -> None:
    role = _role()
    policy = aws.iam.Policy(
        "sessions",
        policy=bricks.document({"Effect": "Allow", "Action": SESSIONS, "Resource": "*"}, READ),
    )
    aws.iam.RolePolicyAttachment("sessions-attached", role=role.name, policy_arn=policy.arn)
    serve_as(_profile(role))


@innocent(engine=True)
def wildcards() -> None:
    """`ssm:Update*` allows ssm:UpdateInstanceInformation."""
    role = _role()
    aws.iam.RolePolicy(
        "sessions",
        role=role.id,
        policy=bricks.document(
            {
                "Effect": "Allow",
                "Action": ["ssm:Update*", "ssm:List*", "ssmmessages:*", "ec2messages:*"],
                "Resource": "*",
            },
            READ,
        ),
    )
    serve_as(_profile(role))


@innocent()
def wildcards_in_another_case() -> None:
    """Actions are not case-sensitive (IAM user guide, "IAM JSON policy elements: Action")."""
    role = _role()
    aws.iam.RolePolicy(
        "sessions",
        role=role.id,
        policy=bricks.document(
            {
                "Effect": "Allow",
                "Action": ["SSM:Update*Information", "ssmmessages:*", "ec2messages:*"],
                "Resource": ["*"],
            },
            {**READ, "Action": "s3:get*"},
        ),
    )
    serve_as(_profile(role))


@innocent()
def policies_on_the_role_itself() -> None:
    serve_as(
        _profile(
            _role(
                managed_policy_arns=[bricks.SSM],
                inline_policies=[{"name": "read", "policy": bricks.document(READ)}],
            )
        )
    )


@innocent()
def policies_by_json_dumps() -> None:
    """`Output.json_dumps`, as the documentation of Pulumi shows it."""
    role = aws.iam.Role(
        "app-role",
        assume_role_policy=pulumi.Output.json_dumps(json.loads(bricks.trust("ec2.amazonaws.com"))),
    )
    aws.iam.RolePolicy(
        "sessions",
        role=role.name,
        policy=pulumi.Output.json_dumps(
            {
                "Version": "2012-10-17",
                "Statement": [{"Effect": "Allow", "Action": SESSIONS, "Resource": "*"}, READ],
            }
        ),
    )
    serve_as(_profile(role))


@innocent()
def policy_documents_as_lookups() -> None:
    """`get_policy_document`, the way of those who come from Terraform."""
    trust = aws.iam.get_policy_document(
        statements=[
            {
                "actions": ["sts:AssumeRole"],
                "principals": [{"type": "Service", "identifiers": ["ec2.amazonaws.com"]}],
            }
        ]
    )
    role = aws.iam.Role("app-role", assume_role_policy=trust.json)
    allowed = aws.iam.get_policy_document(statements=[{"actions": SESSIONS, "resources": ["*"]}])
    policy = aws.iam.Policy("sessions", policy=allowed.json)
    aws.iam.PolicyAttachment("sessions-attached", roles=[role.name], policy_arn=policy.arn)
    aws.iam.RolePolicyAttachment("read", role=role.name, policy_arn=bricks.AGENT)
    serve_as(_profile(role))


@innocent(undecided="The policy names a bucket that is still to be created.")
def policy_that_is_not_known_yet() -> None:
    """The document holds an ARN of this stack, so the preview has none of it."""
    bucket = bricks.closed_bucket("pictures")
    role = _role()
    aws.iam.RolePolicy(
        "all-in-one",
        role=role.id,
        policy=bucket.arn.apply(
            lambda arn: bricks.document(
                {"Effect": "Allow", "Action": SESSIONS, "Resource": "*"},
                {"Effect": "Allow", "Action": ["s3:GetObject"], "Resource": f"{arn}/*"},
            )
        ),
    )
    serve_as(_profile(role))


@innocent(undecided=PROFILE_OF_OTHERS, engine=True)
def profile_of_the_platform_team() -> None:
    serve_as(aws.iam.get_instance_profile(name="platform-instances"))


@innocent()
def several_managed_policies() -> None:
    serve_as(
        bricks.profile(
            "app",
            "arn:aws:iam::aws:policy/CloudWatchAgentServerPolicy",
            "arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore",
            "arn:aws:iam::aws:policy/service-role/AmazonEC2RoleforAWSCodeDeployLimited",
        )
    )
