"""IAM roles: the instances' instance profile and CodeDeploy's service role."""

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
class IamRolesArgs:
    """Arguments of `IamRoles`.

    Attributes:
        bucket_arn: The bucket of revisions, which the instances read.
        secret_arn: The database's secret, which the instances read.
        region: The Region of the CodeDeploy agent's installer; it determines the partition too.
        tags: Tags of every resource.
    """

    bucket_arn: pulumi.Input[str]
    secret_arn: pulumi.Input[str]
    region: str
    tags: Tags


class IamRoles(Component):
    """A least-privilege instance profile and CodeDeploy's service role."""

    instance_profile_name: pulumi.Output[str]
    instance_policies: tuple[pulumi.Resource, ...]
    """Instances depend on these: the boot script and the agent use them at once."""

    codedeploy_role_arn: pulumi.Output[str]
    codedeploy_policies: tuple[pulumi.Resource, ...]
    """The deployment group depends on these: CodeDeploy tests the role when the group is created."""

    def __init__(
        self, name: str, args: IamRolesArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("security:IamRoles", name, {"region": args.region}, opts)
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
        # Session Manager instead of SSH (Security Hub SSM.1). A separate policy, because all of it is
        # known in a preview, so a policy pack can verify that the instances will be reachable.
        sessions = aws.iam.RolePolicy(
            f"{name}-sessions", role=role.id, policy=session_permissions(), opts=self.child()
        )
        profile = aws.iam.InstanceProfile(
            f"{name}-instance", role=role.name, tags=dict(args.tags), opts=self.child()
        )
        self.instance_profile_name = profile.name
        self.instance_policies = (permissions, sessions)

        codedeploy = self._role("delivery", "codedeploy.amazonaws.com")
        # The managed policy: it keeps up with CodeDeploy's features (suspending Auto Scaling
        # processes, for example), which a copy would miss.
        self.codedeploy_policies = (
            self._attach(codedeploy, "delivery", "service-role/AWSCodeDeployRole"),
        )
        self.codedeploy_role_arn = codedeploy.arn
        self.register(
            {
                "instanceProfileName": self.instance_profile_name,
                "codedeployRoleArn": self.codedeploy_role_arn,
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
