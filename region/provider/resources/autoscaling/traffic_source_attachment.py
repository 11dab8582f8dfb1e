"""Target groups that are attached to Auto Scaling groups as traffic sources."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from typing_extensions import override

from region.provider import checks
from region.provider.errors import CheckFailure
from region.provider.operation import Operation
from region.provider.resources.autoscaling.attachment import ELBV2, GroupAttachment
from region.provider.values import Properties


class TrafficSourceAttachment(GroupAttachment):
    """`aws.autoscaling.TrafficSourceAttachment` of a target group."""

    resource_type = "aws:autoscaling/trafficSourceAttachment:TrafficSourceAttachment"
    supported = frozenset(
        {"autoscalingGroupName", "trafficSource.identifier", "trafficSource.type"}
    )

    @override
    def check(self, op: Operation, inputs: Properties, old: Properties) -> Iterable[CheckFailure]:
        """Check that it is a target group."""
        source: Any = inputs.get("trafficSource")
        if not isinstance(source, dict):
            yield CheckFailure("trafficSource", "an attachment needs 'trafficSource'; set it")
            return
        yield from checks.one_of("trafficSource.type", source.get("type"), (ELBV2,))

    @override
    def arn_of(self, inputs: Properties) -> str:
        return inputs["trafficSource"]["identifier"]

    @override
    def inputs_of(self, arn: str) -> Properties:
        return {"trafficSource": {"identifier": arn, "type": ELBV2}}
