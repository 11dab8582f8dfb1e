"""Target groups of Application Load Balancers."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from typing_extensions import override

from region.provider import checks
from region.provider.errors import CheckFailure
from region.provider.handler import Handler, found, given
from region.provider.operation import Operation
from region.provider.resources.lb import common, target_group_attributes
from region.provider.values import UNKNOWN, Properties

_ATTRIBUTES = {
    "deregistration_delay.timeout_seconds": "deregistrationDelay",
    "slow_start.duration_seconds": "slowStart",
    "load_balancing.algorithm.type": "loadBalancingAlgorithmType",
    "load_balancing.cross_zone.enabled": "loadBalancingCrossZoneEnabled",
}
_HEALTH = {
    "HealthCheckEnabled": "enabled",
    "HealthCheckProtocol": "protocol",
    "HealthCheckPath": "path",
    "HealthCheckPort": "port",
    "HealthCheckIntervalSeconds": "interval",
    "HealthCheckTimeoutSeconds": "timeout",
    "HealthyThresholdCount": "healthyThreshold",
    "UnhealthyThresholdCount": "unhealthyThreshold",
}
_MATCHER = re.compile(r"\d{3}(-\d{3})?(,\d{3}(-\d{3})?)*")
ALGORITHMS = ("round_robin", "least_outstanding_requests", "weighted_random")
DEFAULT_INTERVAL, DEFAULT_TIMEOUT = 30, 5
"""ELB's defaults for HTTP, in seconds."""


class TargetGroup(Handler):
    """`aws.lb.TargetGroup` of HTTP on instances."""

    resource_type = "aws:lb/targetGroup:TargetGroup"
    supported = frozenset(
        {
            "name",
            "namePrefix",
            "port",
            "protocol",
            "protocolVersion",
            "targetType",
            "vpcId",
            "healthCheck",
            "stickiness",
            "targetGroupHealth",
            "tags",
            *_ATTRIBUTES.values(),
        }
    )
    defaults: ClassVar = {"targetType": "instance", "deregistrationDelay": 300, "slowStart": 0}
    naming = common.NAMING
    computed = frozenset(
        {
            "healthCheck",
            "loadBalancingAlgorithmType",
            "loadBalancingCrossZoneEnabled",
            "protocolVersion",
            "stickiness",
            "targetGroupHealth",
        }
    )
    volatile = frozenset({"loadBalancerArns"})

    @override
    def check(self, op: Operation, inputs: Properties, old: Properties) -> Iterable[CheckFailure]:
        """Check for HTTP to instances, with a health check that ELB would accept."""
        for name in ("port", "protocol", "vpcId"):
            if inputs.get(name) is None:
                yield CheckFailure(name, f"a target group needs {name!r}; set it")
        yield from checks.one_of("protocol", inputs.get("protocol"), ["HTTP"])
        yield from checks.one_of("protocolVersion", inputs.get("protocolVersion"), ["HTTP1"])
        yield from checks.one_of("targetType", inputs.get("targetType"), ["instance"])
        yield from checks.within("port", inputs.get("port"), 1, 65535)
        delay = inputs.get("deregistrationDelay")
        yield from checks.within("deregistrationDelay", delay, 0, 3600, " seconds")
        if inputs.get("slowStart") != 0:
            yield from checks.within("slowStart", inputs.get("slowStart"), 30, 900, " seconds")
        algorithm = inputs.get("loadBalancingAlgorithmType")
        yield from checks.one_of("loadBalancingAlgorithmType", algorithm, ALGORITHMS)
        yield from target_group_attributes.check(inputs)
        health: Any = inputs.get("healthCheck")
        if isinstance(health, dict):
            yield from _check_health(health)

    @override
    def changes_outputs(self, changed: frozenset[str]) -> frozenset[str]:
        """Return nothing: an update does not change which load balancers use the group."""
        return frozenset()

    @override
    def create(self, op: Operation, inputs: Properties) -> str:
        """Call CreateTargetGroup; the id is the ARN."""
        response = op.aws.elbv2.create_target_group(
            Name=inputs["name"],
            **common.tags_parameter(inputs),
            **given(
                {
                    "Port": "port",
                    "Protocol": "protocol",
                    "ProtocolVersion": "protocolVersion",
                    "TargetType": "targetType",
                    "VpcId": "vpcId",
                },
                inputs,
            ),
            **_health(inputs),
        )
        return response["TargetGroups"][0]["TargetGroupArn"]

    @override
    def apply(self, op: Operation, identity: str, new: Properties, old: Properties | None) -> None:
        """Call ModifyTargetGroup and ModifyTargetGroupAttributes."""
        elb = op.aws.elbv2
        before = old or {}
        if old is not None and new.get("healthCheck") != old.get("healthCheck") and _health(new):
            elb.modify_target_group(TargetGroupArn=identity, **_health(new))
        differing = {name: value for name, value in new.items() if before.get(name) != value}
        attributes = [
            *common.attribute_list(_ATTRIBUTES, differing),
            *target_group_attributes.parameters(differing),
        ]
        if attributes:
            elb.modify_target_group_attributes(TargetGroupArn=identity, Attributes=attributes)
        common.retag(op, identity, new, old)

    @override
    def read(self, op: Operation, identity: str, state: Properties) -> Properties | None:
        """Describe the target group."""
        elb = op.aws.elbv2
        described = elb.describe_target_groups(TargetGroupArns=[identity])["TargetGroups"]
        if not described:
            return None
        group = described[0]
        attributes = elb.describe_target_group_attributes(TargetGroupArn=identity)["Attributes"]
        matcher = (group.get("Matcher") or {}).get("HttpCode")
        return {
            "name": group["TargetGroupName"],
            **found({"Port": "port", "Protocol": "protocol", "VpcId": "vpcId"}, group),
            **found({"ProtocolVersion": "protocolVersion", "TargetType": "targetType"}, group),
            "healthCheck": {**found(_HEALTH, group), **({"matcher": matcher} if matcher else {})},
            "arn": identity,
            "arnSuffix": identity.rsplit(":", 1)[-1],
            "loadBalancerArns": list(group.get("LoadBalancerArns") or ()),
            "tags": common.tags_of(op, identity),
            **common.described_attributes(_ATTRIBUTES, attributes),
            "loadBalancingCrossZoneEnabled": _cross_zone(attributes),
            **target_group_attributes.described(attributes),
        }

    @override
    def delete(self, op: Operation, identity: str, state: Properties) -> None:
        """Call DeleteTargetGroup, again while a listener still forwards to it."""
        op.release(
            "the target group",
            lambda: op.aws.elbv2.delete_target_group(TargetGroupArn=identity),
            *common.IN_USE,
        )


def _cross_zone(attributes: Iterable[Mapping[str, str]]) -> str:
    """Return the attribute as a text; it has a third value beside true and false."""
    key = "load_balancing.cross_zone.enabled"
    values = {item["Key"]: item.get("Value", "") for item in attributes}
    return values.get(key, "use_load_balancer_configuration")


def _health(inputs: Properties) -> dict[str, Any]:
    check = inputs.get("healthCheck") or {}
    matcher = {"Matcher": {"HttpCode": check["matcher"]}} if check.get("matcher") else {}
    return {**given(_HEALTH, check), **matcher}


def _check_health(health: Properties) -> Iterable[CheckFailure]:
    path = "healthCheck"
    yield from checks.one_of(f"{path}.protocol", health.get("protocol"), ["HTTP"])
    yield from checks.within(f"{path}.interval", health.get("interval"), 5, 300, " seconds")
    yield from checks.within(f"{path}.timeout", health.get("timeout"), 2, 120, " seconds")
    for name in ("healthyThreshold", "unhealthyThreshold"):
        yield from checks.within(f"{path}.{name}", health.get(name), 2, 10)
    yield from _check_texts(health)
    interval = health.get("interval", DEFAULT_INTERVAL)
    timeout = health.get("timeout", DEFAULT_TIMEOUT)
    if isinstance(interval, int) and isinstance(timeout, int) and timeout >= interval:
        yield CheckFailure(
            f"{path}.timeout",
            f"the health check's timeout of {timeout} s must be below its interval of "
            f"{interval} s; lower 'timeout' or raise 'interval'",
        )


def _check_texts(health: Properties) -> Iterable[CheckFailure]:
    where = health.get("path")
    if isinstance(where, str) and not where.startswith("/"):
        reason = f"the health check's path {where!r} must start with '/'"
        yield CheckFailure("healthCheck.path", reason)
    codes = health.get("matcher")
    if isinstance(codes, str) and not _MATCHER.fullmatch(codes):
        reason = f"the matcher {codes!r} is not a list of HTTP codes; write 200, 200,302 or 200-299"
        yield CheckFailure("healthCheck.matcher", reason)
    port = health.get("port")
    if port not in {None, UNKNOWN, "traffic-port"} and not _is_port(port):
        reason = f"the health check's port {port!r} must be 'traffic-port' or 1 to 65535"
        yield CheckFailure("healthCheck.port", reason)


def _is_port(port: Any) -> bool:
    return isinstance(port, str) and port.isdigit() and int(port) in checks.PORTS
