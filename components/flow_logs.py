"""VPC flow logs: which addresses exchanged traffic."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_aws as aws

from components.base import Component
from components.iam_documents import flow_log_permissions, flow_log_trust
from components.tags import Tags

AGGREGATION_SECONDS = 600
"""The default, set explicitly: at 60 s the same traffic produces up to ten times the records, which
are billed by volume (VPC user guide, "Flow log basics")."""


@dataclass(frozen=True, kw_only=True)
class FlowLogsArgs:
    """Arguments of `FlowLogs`.

    Attributes:
        vpc_id: The VPC to record.
        account_id: The account whose flow logs may use the role.
        region: The Region whose flow logs may use the role.
        retention_days: How long records are kept.
        tags: Tags of every resource.
    """

    vpc_id: pulumi.Input[str]
    account_id: pulumi.Input[str]
    region: str
    retention_days: int
    tags: Tags


class FlowLogs(Component):
    """All traffic of a VPC, accepted and rejected, in a log group (Security Hub EC2.6)."""

    group_name: pulumi.Output[str]

    def __init__(
        self, name: str, args: FlowLogsArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("network:FlowLogs", name, {"retentionDays": args.retention_days}, opts)
        region = args.region
        group = aws.cloudwatch.LogGroup(
            f"{name}-records",
            retention_in_days=args.retention_days,
            tags=dict(args.tags),
            opts=self.child(),
        )
        role = aws.iam.Role(
            f"{name}-role",
            assume_role_policy=pulumi.Output.from_input(args.account_id).apply(
                lambda account: flow_log_trust(account=account, region=region)
            ),
            tags=dict(args.tags),
            opts=self.child(),
        )

        def permissions(resolved: Sequence[Any]) -> str:
            arn, account = resolved
            return flow_log_permissions(group_arn=arn, account=account, region=region)

        role_policy = aws.iam.RolePolicy(
            f"{name}-role",
            role=role.id,
            policy=pulumi.Output.all(group.arn, args.account_id).apply(permissions),
            opts=self.child(),
        )
        aws.ec2.FlowLog(
            f"{name}-log",
            vpc_id=args.vpc_id,
            traffic_type="ALL",
            log_destination_type="cloud-watch-logs",
            log_destination=group.arn,
            iam_role_arn=role.arn,
            max_aggregation_interval=AGGREGATION_SECONDS,
            tags=dict(args.tags),
            # Without the role policy the first deliveries would fail.
            opts=self.child(depends_on=[role_policy]),
        )
        self.group_name = group.name
        self.register({"groupName": self.group_name})
