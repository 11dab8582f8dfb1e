"""Flow logs: who talked to whom in the VPC."""

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
"""The default, said here: at 60 s the same traffic makes up to ten times the records, which are
billed by volume (VPC user guide, "Flow log basics")."""


@dataclass(frozen=True, kw_only=True)
class FlowLogsArgs:
    """`account_id` and `region` say whose flow logs may use the role."""

    vpc_id: pulumi.Input[str]
    account_id: pulumi.Input[str]
    region: str
    retention_days: int
    tags: Tags


class FlowLogs(Component):
    """All of a VPC's traffic, accepted and rejected, into a log group with a retention (Security
    Hub EC2.6).
    """

    group_name: pulumi.Output[str]

    def __init__(
        self, name: str, args: FlowLogsArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        """Creates everything; `name` is the prefix of every child's name."""
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

        def permissions(facts: Sequence[Any]) -> str:
            arn, account = facts
            return flow_log_permissions(group_arn=arn, account=account, region=region)

        grant = aws.iam.RolePolicy(
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
            # Before the grant the first deliveries would fail.
            opts=self.child(depends_on=[grant]),
        )
        self.group_name = group.name
        self.finish({"groupName": self.group_name})
