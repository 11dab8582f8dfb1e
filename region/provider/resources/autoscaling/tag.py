"""Single tags of Auto Scaling groups that something else made."""

from __future__ import annotations

from typing import Any, ClassVar

from typing_extensions import override

from region.provider.handler import Handler
from region.provider.operation import Operation
from region.provider.values import Properties


class Tag(Handler):
    """`aws.autoscaling.Tag`."""

    resource_type = "aws:autoscaling/tag:Tag"
    supported = frozenset({"autoscalingGroupName", "tag.key", "tag.value", "tag.propagateAtLaunch"})
    fixed_identity: ClassVar = True

    @override
    def create(self, op: Operation, inputs: Properties) -> str:
        """Call CreateOrUpdateTags; the id is the group's name and the key."""
        _put(op, inputs)
        return f"{inputs['autoscalingGroupName']},{inputs['tag']['key']}"

    @override
    def apply(self, op: Operation, identity: str, new: Properties, old: Properties | None) -> None:
        """Call CreateOrUpdateTags again."""
        if old is not None:
            _put(op, new)

    @override
    def read(self, op: Operation, identity: str, state: Properties) -> Properties | None:
        """Describe the tag."""
        group, _, key = identity.partition(",")
        filters = [
            {"Name": "auto-scaling-group", "Values": [group]},
            {"Name": "key", "Values": [key]},
        ]
        for tag in op.aws.autoscaling.describe_tags(Filters=filters)["Tags"]:
            found = {
                "key": tag["Key"],
                "value": tag["Value"],
                "propagateAtLaunch": bool(tag.get("PropagateAtLaunch")),
            }
            return {"autoscalingGroupName": group, "tag": found}
        return None

    @override
    def delete(self, op: Operation, identity: str, state: Properties) -> None:
        """Call DeleteTags."""
        group, _, key = identity.partition(",")
        tag: dict[str, Any] = {
            "ResourceId": group,
            "ResourceType": "auto-scaling-group",
            "Key": key,
        }
        op.aws.autoscaling.delete_tags(Tags=[tag])


def _put(op: Operation, inputs: Properties) -> None:
    tag = inputs["tag"]
    op.aws.autoscaling.create_or_update_tags(
        Tags=[
            {
                "ResourceId": inputs["autoscalingGroupName"],
                "ResourceType": "auto-scaling-group",
                "Key": tag["key"],
                "Value": tag["value"],
                "PropagateAtLaunch": tag["propagateAtLaunch"],
            }
        ]
    )
