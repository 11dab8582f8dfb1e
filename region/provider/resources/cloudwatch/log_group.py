"""CloudWatch log groups. Nothing in the region writes to them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from typing_extensions import override

from region.provider.autoname import Naming
from region.provider.errors import CheckFailure
from region.provider.handler import Handler, sync_tags
from region.provider.operation import Operation
from region.provider.values import Properties

RETENTION_DAYS = frozenset(
    {1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922}
    | {3288, 3653}
)


class LogGroup(Handler):
    """`aws.cloudwatch.LogGroup`; nothing in the region writes to it."""

    resource_type = "aws:cloudwatch/logGroup:LogGroup"
    supported = frozenset({"name", "namePrefix", "retentionInDays", "skipDestroy", "tags"})
    defaults: ClassVar = {"retentionInDays": 0, "skipDestroy": False}
    naming = Naming(limit=512, pattern=r"[\w./#-]+", rule="letters, digits and -_./#")

    @override
    def check(self, op: Operation, inputs: Properties, old: Properties) -> Iterable[CheckFailure]:
        """Check that CloudWatch Logs offers the retention; 0 keeps logs forever."""
        days: Any = inputs.get("retentionInDays")
        if isinstance(days, int) and days and days not in RETENTION_DAYS:
            near = min(RETENTION_DAYS, key=lambda allowed: abs(allowed - days))
            reason = f"'retentionInDays' {days} is not offered by CloudWatch Logs; use {near}"
            yield CheckFailure("retentionInDays", reason)

    @override
    def create(self, op: Operation, inputs: Properties) -> str:
        """Call CreateLogGroup; the id is the name."""
        tags = {"tags": inputs["tags"]} if inputs.get("tags") else {}
        op.aws.logs.create_log_group(logGroupName=inputs["name"], **tags)
        return inputs["name"]

    @override
    def apply(self, op: Operation, identity: str, new: Properties, old: Properties | None) -> None:
        """Call PutRetentionPolicy, or DeleteRetentionPolicy for 0."""
        logs, days = op.aws.logs, new["retentionInDays"]
        if days != (old or {}).get("retentionInDays", 0):
            if days:
                logs.put_retention_policy(logGroupName=identity, retentionInDays=days)
            else:
                logs.delete_retention_policy(logGroupName=identity)
        arn = _log_group_arn(op, identity)
        sync_tags(
            new,
            old,
            lambda tags: logs.tag_resource(resourceArn=arn, tags=tags),
            lambda keys: logs.untag_resource(resourceArn=arn, tagKeys=keys),
        )

    @override
    def read(self, op: Operation, identity: str, state: Properties) -> Properties | None:
        """Describe the log group."""
        response = op.aws.logs.describe_log_groups(logGroupNamePrefix=identity)
        for group in response["logGroups"]:
            if group["logGroupName"] != identity:
                continue
            arn = _log_group_arn(op, identity)
            return {
                "name": identity,
                "arn": arn,
                "retentionInDays": group.get("retentionInDays", 0),
                "tags": dict(op.aws.logs.list_tags_for_resource(resourceArn=arn)["tags"]),
            }
        return None

    @override
    def delete(self, op: Operation, identity: str, state: Properties) -> None:
        """Call DeleteLogGroup, unless the group is to be kept."""
        if not state.get("skipDestroy"):
            op.aws.logs.delete_log_group(logGroupName=identity)


def _log_group_arn(op: Operation, name: str) -> str:
    return op.arn("logs", f"log-group:{name}")
