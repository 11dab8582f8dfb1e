"""Roles: what the instances may do, and what CodeDeploy may do to them."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.base import Component
from components.iam_documents import (
    instance_permissions,
    managed_policy_arn,
    session_permissions,
    trust,
)
from components.tags import Tags


@dataclass(frozen=True, kw_only=True)
class IdentityArgs:
    """ARNs of what the instances read: the revisions' bucket and the database's secret."""

    bucket_arn: pulumi.Input[str]
    secret_arn: pulumi.Input[str]
    region: str
    tags: Tags


class Identity(Component):
    """An instance profile with least privilege, and CodeDeploy's service role."""

    instance_profile_name: pulumi.Output[str]
    instance_grants: tuple[pulumi.Resource, ...]
    """Instances depend on these: the boot script and the agent use them at once."""

    delivery_role_arn: pulumi.Output[str]
    delivery_grants: tuple[pulumi.Resource, ...]
    """The deployment group depends on these: CodeDeploy tries the role when the group is made."""

    def __init__(
        self, name: str, args: IdentityArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        """Creates everything; `name` is the prefix of every child's name."""
        super().__init__("identity:Identity", name, {"region": args.region}, opts)
        self._name = name
        self._args = args
        role = self._role("instance", "ec2.amazonaws.com")
        permissions = aws.iam.RolePolicy(
            f"{name}-instance",
            role=role.id,
            policy=pulumi.Output.all(args.bucket_arn, args.secret_arn).apply(
                lambda arns: instance_permissions(
                    bucket_arn=arns[0], secret_arn=arns[1], region=args.region
                )
            ),
            opts=self.child(),
        )
        # Session Manager instead of SSH (Security Hub SSM.1). A policy of its own, because all of it
        # is known in a preview: a policy pack can tell that the instances will be reached.
        sessions = aws.iam.RolePolicy(
            f"{name}-sessions", role=role.id, policy=session_permissions(), opts=self.child()
        )
        profile = aws.iam.InstanceProfile(
            f"{name}-instance", role=role.name, tags=dict(args.tags), opts=self.child()
        )
        self.instance_profile_name = profile.name
        self.instance_grants = (permissions, sessions)

        delivery = self._role("delivery", "codedeploy.amazonaws.com")
        # The managed policy: it follows CodeDeploy's features (suspending Auto Scaling processes,
        # for one), which a copy would miss.
        self.delivery_grants = (
            self._attach(delivery, "delivery", "service-role/AWSCodeDeployRole"),
        )
        self.delivery_role_arn = delivery.arn
        self.finish(
            {
                "instanceProfileName": self.instance_profile_name,
                "deliveryRoleArn": self.delivery_role_arn,
            }
        )

    def _role(self, role: str, service: str) -> aws.iam.Role:
        return aws.iam.Role(
            f"{self._name}-{role}",
            assume_role_policy=trust(service),
            tags=dict(self._args.tags),
            opts=self.child(),
        )

    def _attach(
        self, role: aws.iam.Role, purpose: str, policy: str
    ) -> aws.iam.RolePolicyAttachment:
        return aws.iam.RolePolicyAttachment(
            f"{self._name}-{purpose}",
            role=role.name,
            policy_arn=managed_policy_arn(self._args.region, policy),
            opts=self.child(),
        )
