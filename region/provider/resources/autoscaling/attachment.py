"""Target groups that are attached to Auto Scaling groups."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from typing_extensions import override

from region.provider.errors import CheckFailure
from region.provider.handler import Handler
from region.provider.operation import Operation
from region.provider.values import Properties

ELBV2 = "elbv2"


class GroupAttachment(Handler):
    """What both types do; `arn_of` says where the target group's ARN is."""

    fixed_identity: ClassVar = True

    def arn_of(self, inputs: Properties) -> str:
        """Return the target group's ARN."""
        raise NotImplementedError

    def inputs_of(self, arn: str) -> Properties:
        """Return the inputs that name a target group."""
        raise NotImplementedError

    @override
    def create(self, op: Operation, inputs: Properties) -> str:
        """Call AttachTrafficSources; the id is the group's name and the ARN."""
        group, arn = inputs["autoscalingGroupName"], self.arn_of(inputs)
        op.aws.autoscaling.attach_traffic_sources(
            AutoScalingGroupName=group, TrafficSources=[{"Identifier": arn, "Type": ELBV2}]
        )
        return f"{group},{arn}"

    @override
    def read(self, op: Operation, identity: str, state: Properties) -> Properties | None:
        """Describe the group's traffic sources; one that is being removed is gone."""
        group, _, arn = identity.partition(",")
        if any(source["Identifier"] == arn for source in _sources(op, group)):
            return {"autoscalingGroupName": group, **self.inputs_of(arn)}
        return None

    @override
    def delete(self, op: Operation, identity: str, state: Properties) -> None:
        """Call DetachTrafficSources."""
        group, _, arn = identity.partition(",")
        if self.read(op, identity, state) is None:
            return
        op.aws.autoscaling.detach_traffic_sources(
            AutoScalingGroupName=group, TrafficSources=[{"Identifier": arn, "Type": ELBV2}]
        )


class Attachment(GroupAttachment):
    """`aws.autoscaling.Attachment` of a target group."""

    resource_type = "aws:autoscaling/attachment:Attachment"
    supported = frozenset({"autoscalingGroupName", "lbTargetGroupArn"})
    hints: ClassVar = {"elb": "there are no Classic Load Balancers: set 'lbTargetGroupArn'"}

    @override
    def check(self, op: Operation, inputs: Properties, old: Properties) -> Iterable[CheckFailure]:
        """Check that there is a target group."""
        if inputs.get("lbTargetGroupArn") is None:
            yield CheckFailure("lbTargetGroupArn", "an attachment needs 'lbTargetGroupArn'; set it")

    @override
    def arn_of(self, inputs: Properties) -> str:
        return inputs["lbTargetGroupArn"]

    @override
    def inputs_of(self, arn: str) -> Properties:
        return {"lbTargetGroupArn": arn}


def _sources(op: Operation, group: str) -> list[dict[str, Any]]:
    groups = op.aws.autoscaling.describe_auto_scaling_groups(AutoScalingGroupNames=[group])
    if not groups["AutoScalingGroups"]:
        return []
    response = op.aws.autoscaling.describe_traffic_sources(AutoScalingGroupName=group)
    return [one for one in response["TrafficSources"] if one["State"] != "Removing"]
