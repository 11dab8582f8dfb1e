"""Notifications of the activities of Auto Scaling groups."""

from __future__ import annotations

from typing import Any

from typing_extensions import override

from region.provider.handler import Handler
from region.provider.operation import Operation
from region.provider.values import Properties


class Notification(Handler):
    """`aws.autoscaling.Notification`: one topic for several groups."""

    resource_type = "aws:autoscaling/notification:Notification"
    supported = frozenset({"groupNames", "notifications", "topicArn"})
    sets = frozenset({"groupNames", "notifications"})

    @override
    def create(self, op: Operation, inputs: Properties) -> str:
        """Call PutNotificationConfiguration for each group; the id is the topic's ARN."""
        for group in inputs["groupNames"]:
            _put(op, group, inputs)
        return inputs["topicArn"]

    @override
    def apply(self, op: Operation, identity: str, new: Properties, old: Properties | None) -> None:
        """Put the groups' configurations again, and delete those of groups that are left out."""
        if old is None:
            return
        for group in set(old["groupNames"]) - set(new["groupNames"]):
            _delete(op, group, identity)
        for group in new["groupNames"]:
            _put(op, group, new)

    @override
    def read(self, op: Operation, identity: str, state: Properties) -> Properties | None:
        """Describe which groups tell the topic what."""
        names: list[str] = list(state.get("groupNames") or ())
        existing = [
            group["AutoScalingGroupName"]
            for group in op.aws.autoscaling.describe_auto_scaling_groups(
                AutoScalingGroupNames=names
            )["AutoScalingGroups"]
        ]
        entries: list[Any] = op.aws.autoscaling.describe_notification_configurations(
            AutoScalingGroupNames=existing
        )["NotificationConfigurations"]
        mine = [entry for entry in entries if entry["TopicARN"] == identity]
        if not mine:
            return None
        return {
            "groupNames": sorted({entry["AutoScalingGroupName"] for entry in mine}),
            "notifications": sorted({entry["NotificationType"] for entry in mine}),
            "topicArn": identity,
        }

    @override
    def delete(self, op: Operation, identity: str, state: Properties) -> None:
        """Call DeleteNotificationConfiguration for each group that is left."""
        found = self.read(op, identity, state)
        for group in (found or {}).get("groupNames", ()):
            _delete(op, group, identity)


def _put(op: Operation, group: str, inputs: Properties) -> None:
    op.aws.autoscaling.put_notification_configuration(
        AutoScalingGroupName=group,
        TopicARN=inputs["topicArn"],
        NotificationTypes=list(inputs["notifications"]),
    )


def _delete(op: Operation, group: str, topic: str) -> None:
    op.aws.autoscaling.delete_notification_configuration(AutoScalingGroupName=group, TopicARN=topic)
