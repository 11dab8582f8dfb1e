"""Security groups. Their rules are resources of their own, in `resources/vpc`."""

from __future__ import annotations

from typing import ClassVar

from typing_extensions import override

from region.provider.autoname import Naming
from region.provider.handler import Handler, given, tag_map
from region.provider.operation import Operation
from region.provider.resources.ec2.common import IN_USE, retag, tag_specifications
from region.provider.values import Properties


class SecurityGroup(Handler):
    """`aws.ec2.SecurityGroup` without inline rules."""

    resource_type = "aws:ec2/securityGroup:SecurityGroup"
    supported = frozenset(
        {"name", "namePrefix", "description", "vpcId", "revokeRulesOnDelete", "tags"}
    )
    hints: ClassVar = {
        "ingress": "use aws.vpc.SecurityGroupIngressRule",
        "egress": "use aws.vpc.SecurityGroupEgressRule",
    }
    defaults: ClassVar = {"description": "Managed by Pulumi", "revokeRulesOnDelete": False}
    naming = Naming(
        pattern=r"(?!sg-)[\w .:/()#,@\[\]+=&;{}!$*-]+",
        rule="letters, digits, spaces and ._-:/()#,@[]+=&;{}!$*, not starting with sg-",
    )
    computed = frozenset({"vpcId"})

    @override
    def create(self, op: Operation, inputs: Properties) -> str:
        """Call CreateSecurityGroup."""
        response = op.aws.ec2.create_security_group(
            GroupName=inputs["name"],
            Description=inputs["description"],
            TagSpecifications=tag_specifications("security-group", inputs.get("tags")),
            **given({"VpcId": "vpcId"}, inputs),
        )
        return response["GroupId"]

    @override
    def apply(self, op: Operation, identity: str, new: Properties, old: Properties | None) -> None:
        """Revoke the rule that allows all egress, as the real provider does on creation."""
        if old is None:
            group = op.aws.ec2.describe_security_groups(GroupIds=[identity])["SecurityGroups"][0]
            if group.get("IpPermissionsEgress"):
                op.aws.ec2.revoke_security_group_egress(
                    GroupId=identity, IpPermissions=group["IpPermissionsEgress"]
                )
        retag(op, identity, new, old)

    @override
    def read(self, op: Operation, identity: str, state: Properties) -> Properties | None:
        """Describe the group."""
        for group in op.aws.ec2.describe_security_groups(GroupIds=[identity])["SecurityGroups"]:
            return {
                "name": group["GroupName"],
                "description": group["Description"],
                "vpcId": group.get("VpcId", ""),
                "arn": op.arn("ec2", f"security-group/{identity}"),
                "ownerId": group.get("OwnerId", op.account),
                "tags": tag_map(group.get("Tags")),
            }
        return None

    @override
    def delete(self, op: Operation, identity: str, state: Properties) -> None:
        """Call DeleteSecurityGroup, again while interfaces or rules use the group."""
        op.release(
            f"security group {identity}",
            lambda: op.aws.ec2.delete_security_group(GroupId=identity),
            *IN_USE,
        )
