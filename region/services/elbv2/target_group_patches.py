"""Target groups: validation of the calls, and their attributes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from moto.core.responses import ActionResult
from moto.elbv2.exceptions import TargetGroupNotFoundError
from moto.elbv2.models import ELBv2Backend, FakeTargetGroup
from moto.elbv2.responses import ELBV2Response

from region.api.parameters import Parameters
from region.api.patching import Original, Patches
from region.services.elbv2 import attributes, desired, limits, repeats
from region.services.elbv2.errors import invalid, refused, unsupported
from region.services.elbv2.records import TargetGroupRecord

patches = Patches()

_RANGES: Final = {
    "Port": (1, 65535),
    "HealthCheckIntervalSeconds": (5, 300),
    "HealthCheckTimeoutSeconds": (2, 120),
    "HealthyThresholdCount": (2, 10),
    "UnhealthyThresholdCount": (2, 10),
}
_CODES: Final = re.compile(r"\d{3}(-\d{3})?(,\d{3}(-\d{3})?)*")
_SUPPORTED: Final = {
    "Protocol": (("HTTP",), "its load balancer speaks HTTP with targets, use 'HTTP'"),
    "ProtocolVersion": (("HTTP1",), "its load balancer speaks HTTP/1.1 with targets, use 'HTTP1'"),
    "TargetType": (("instance", "ip"), "use 'instance' or 'ip'"),
    "IpAddressType": (("ipv4",), "its network has IPv4 only, use 'ipv4'"),
    "HealthCheckProtocol": (("HTTP",), "its health checks are HTTP, use 'HTTP'"),
}
_AWS_VALUES: Final = {
    "Protocol": ("HTTP", "HTTPS", "TCP", "TLS", "UDP", "TCP_UDP", "GENEVE", "QUIC", "TCP_QUIC"),
    "ProtocolVersion": ("HTTP1", "HTTP2", "GRPC"),
    "TargetType": ("instance", "ip", "lambda", "alb"),
    "IpAddressType": ("ipv4", "ipv6"),
    "HealthCheckProtocol": ("HTTP", "HTTPS", "TCP", "TLS", "UDP", "TCP_UDP", "GENEVE"),
}


@patches.around(ELBV2Response, "create_target_group")
def _create_call(moto: Original, self: ELBV2Response) -> object:
    given = Parameters(self)
    _check(given)
    if given.get("TargetControlPort") is not None:
        raise unsupported("parameter 'TargetControlPort' (target optimizer)", "leave it out")
    if given.get("Port") is None or not given.text("Protocol"):
        raise invalid("A port and a protocol must be specified")
    known = self.elbv2_backend.target_groups.values()
    same = [one for one in known if one.name == given.text("Name")]
    return repeats.create_once(moto, self, "TargetGroups", same)


@patches.around(ELBV2Response, "modify_target_group")
def _modify_call(moto: Original, self: ELBV2Response) -> object:
    given = Parameters(self)
    _check(given)
    group = self.elbv2_backend.target_groups.get(given.text("TargetGroupArn"))
    if group is not None:
        interval = given.integer("HealthCheckIntervalSeconds")
        timeout = given.integer("HealthCheckTimeoutSeconds")
        every = group.health_check_interval_seconds if interval is None else interval
        longest = group.health_check_timeout_seconds if timeout is None else timeout
        # A default may be as long as the interval.
        equal = int(longest) == int(every) and None not in (interval, timeout)
        if int(longest) > int(every) or equal:
            raise invalid(
                f"Health check timeout '{longest}' must be smaller than the interval '{every}'"
            )
    return moto(self)


def _check(given: Parameters) -> None:
    for name, (first, last) in _RANGES.items():
        value = given.integer(name)
        if value is not None and not first <= value <= last:
            raise invalid(f"{name} '{value}' must be between {first} and {last}")
    for name, (supported, instead) in _SUPPORTED.items():
        value = given.text(name)
        if value and value not in _AWS_VALUES[name]:
            raise invalid(f"{name} '{value}' must be one of {', '.join(_AWS_VALUES[name])}")
        if value and value not in supported:
            raise unsupported(f"{name} '{value}' of a target group", instead)
    if str(given.get("HealthCheckEnabled")).lower() == "false":
        raise invalid(
            "Health checks cannot be disabled for target groups with target type 'instance' or 'ip'",
            "InvalidConfigurationRequest",
        )
    path = given.get("HealthCheckPath")
    if path is not None and not (str(path).startswith("/") and len(str(path)) <= 1024):
        raise invalid(
            f"Health check path '{path}' must begin with / and have at most 1024 characters"
        )
    port = given.text("HealthCheckPort")
    if port not in {"", "traffic-port"} and not (port.isdigit() and 1 <= int(port) <= 65535):
        raise invalid(f"Health check port '{port}' must be 'traffic-port' or between 1 and 65535")
    _check_matcher(given.structure("Matcher"))


def _check_matcher(matcher: Mapping[str, Any]) -> None:
    if matcher.get("GrpcCode"):
        raise unsupported("GrpcCode of a matcher", "use 'HttpCode'")
    text = matcher.get("HttpCode")
    if text is None:
        return
    codes = [int(code) for code in re.findall(r"\d+", str(text))]
    if not _CODES.fullmatch(str(text)) or not all(200 <= code <= 499 for code in codes):
        raise invalid(
            f"Health check matcher HTTP code '{text}' must be within '200-499': write 200, 200,202 or "
            "200-299"
        )


@patches.around(FakeTargetGroup, "__init__")
def _new_target_group(moto: Original, self: FakeTargetGroup, *args: Any, **kwargs: Any) -> None:
    TargetGroupRecord().attach(self)
    moto(self, *args, **kwargs)
    self.attributes = dict[str, Any](attributes.defaults(attributes.TARGET_GROUP))


@patches.around(ELBv2Backend, "create_target_group")
def _create_target_group(
    moto: Original, self: ELBv2Backend, name: str, **kwargs: Any
) -> FakeTargetGroup:
    limits.check("target-groups", len(self.target_groups) + 1, "TooManyTargetGroups")
    created: FakeTargetGroup = moto(self, name, **kwargs)
    try:
        with refused():
            desired.target_group(created, float)
    except BaseException:
        del self.target_groups[created.arn]
        raise
    return created


@patches.around(ELBv2Backend, "modify_target_group")
def _modify_target_group(
    moto: Original, self: ELBv2Backend, arn: str, *args: Any, **kwargs: Any
) -> FakeTargetGroup:
    group = self.target_groups.get(arn)
    if group is None:
        raise TargetGroupNotFoundError
    before = {**vars(group), "matcher": dict(group.matcher)}
    modified: FakeTargetGroup = moto(self, arn, *args, **kwargs)
    try:
        with refused():
            desired.target_group(group, float)
    except BaseException:
        vars(group).update(before)
        raise
    return modified


@patches.method(ELBv2Backend)
def modify_target_group_attributes(
    self: ELBv2Backend, target_group_arn: str, attributes_given: dict[str, Any]
) -> None:
    """Store attributes that do something, and fit together."""
    group = self.target_groups.get(target_group_arn)
    if group is None:
        raise TargetGroupNotFoundError
    given = {key: str(value) for key, value in attributes_given.items()}
    before = dict(group.attributes)
    with refused():
        attributes.check_target_group(given, {key: str(value) for key, value in before.items()})
        group.attributes.update(given)
        try:
            desired.target_group(group, float)
        except BaseException:
            group.attributes = before
            raise


@patches.method(ELBV2Response, "modify_target_group_attributes")
def _modify_attributes_call(self: ELBV2Response) -> object:
    given = Parameters(self)
    arn = given.text("TargetGroupArn")
    changed = {item["Key"]: item["Value"] for item in given.structures("Attributes")}
    self.elbv2_backend.modify_target_group_attributes(arn, changed)
    return ActionResult({"Attributes": self.elbv2_backend.target_groups[arn].attributes})
