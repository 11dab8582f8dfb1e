"""The forms of ids and ARNs, and the names of filters: what cannot be one is refused as such.

AWS looks at the form of an id first, and for what has it says afterwards that it does not exist.
"""

from __future__ import annotations

import functools
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, cast

from region.api.calls import Call, members_of
from region.api.constraints import Violation


@dataclass(frozen=True, slots=True)
class _Kind:
    """The ids of one kind of resource of EC2's, by the name of their shape in its model.

    Attributes:
        prefix: What they begin with.
        code: EC2's error for one that does not (API reference, "Error codes for the EC2 API").
        number: The form of what follows; EC2 is known to look at that of some kinds only.
    """

    prefix: str
    code: str
    number: str = ".*"


_HEXADECIMAL: Final = "[0-9a-f]{8}|[0-9a-f]{17}"
_IDS: Final[Mapping[str, _Kind]] = {
    "ImageId": _Kind("ami", "InvalidAMIID.Malformed", _HEXADECIMAL),
    "InstanceId": _Kind("i", "InvalidInstanceID.Malformed", _HEXADECIMAL),
    "LaunchTemplateId": _Kind("lt", "InvalidLaunchTemplateId.Malformed", _HEXADECIMAL),
    "NetworkInterfaceId": _Kind("eni", "InvalidNetworkInterfaceId.Malformed"),
    "RouteTableId": _Kind("rtb", "InvalidRouteTableId.Malformed"),
    "SecurityGroupId": _Kind("sg", "InvalidGroupId.Malformed"),
    "SnapshotId": _Kind("snap", "InvalidSnapshotID.Malformed"),
    "VolumeId": _Kind("vol", "InvalidVolumeID.Malformed"),
    "VpcEndpointId": _Kind("vpce", "InvalidVpcEndpointId.Malformed"),
}
_FILTERS: Final = Path(__file__).parent / "ec2_filters.toml"
_RESOLVED: Final = "resolve:"
"""An image may be named by a parameter of Systems Manager."""
_ARN: Final = re.compile(r"arn:[a-z-]+:elasticloadbalancing:[a-z0-9-]+:\d{12}:([a-z-]+)/.+")
_ARNS: Final[Mapping[str, tuple[str, str]]] = {
    "LoadBalancerArn": ("loadbalancer", "load balancer"),
    "TargetGroupArn": ("targetgroup", "target group"),
    "ListenerArn": ("listener", "listener"),
    "RuleArn": ("listener-rule", "listener rule"),
}
"""The kinds of ARNs by the names of their shapes in the load balancers' model."""


def violation(call: Call) -> Violation | None:
    """Return the error for the first malformed id or ARN, None without one.

    Raises:
        ValueError: The parameters cannot be read.
    """
    if call.service not in {"ec2", "elbv2"} or call.shape is None:
        return None
    if found := _filter(call):
        return found
    check = _id if call.service == "ec2" else _arn
    for name, text in _texts(call.parameters, call.shape):
        # EC2 takes what is empty for what is not given.
        if (text or check is _arn) and (found := check(name, text)):
            return found
    return None


def _filter(call: Call) -> Violation | None:
    """Return the error for the first filter that an operation of EC2's does not have."""
    known = _filters().get(call.operation)
    given = call.parameters.get("Filters") or call.parameters.get("Filter")
    if known is None or not isinstance(given, list):
        return None
    for condition in cast("list[dict[str, Any]]", given):
        name = str(condition.get("Name"))
        # Names in camel case are those of the API's first years, `isDefault`, and still work.
        spelled = re.sub(r"(?<=[a-z])([A-Z])", r"-\1", name).lower()
        if not {name, spelled} & known and not (name.startswith("tag:") and "tag:" in known):
            return Violation("InvalidParameterValue", f"The filter '{name}' is invalid")
    return None


@functools.cache
def _filters() -> Mapping[str, frozenset[str]]:
    content = tomllib.loads(_FILTERS.read_text(encoding="utf-8"))
    return {operation: frozenset(names.split()) for operation, names in content.items()}


def _id(shape: str, text: str) -> Violation | None:
    kind = _IDS.get(shape)
    if kind is None or text.startswith(_RESOLVED):
        return None
    if re.fullmatch(f"{kind.prefix}-(?:{kind.number})", text):
        return None
    return Violation(kind.code, f'Invalid id: "{text}" (expecting "{kind.prefix}-...")')


def _arn(shape: str, text: str) -> Violation | None:
    if shape not in _ARNS:
        return None
    kind, spoken = _ARNS[shape]
    found = _ARN.fullmatch(text)
    if found is not None and found.group(1) == kind:
        return None
    return Violation("ValidationError", f"'{text}' is not a valid {spoken} ARN")


def _texts(value: object, shape: Any) -> Iterator[tuple[str, str]]:
    """Yield each text of a value with the name of its shape."""
    kind = str(shape.type_name)
    if isinstance(value, str):
        yield str(shape.name), value
    elif kind == "structure" and isinstance(value, Mapping):
        members = members_of(shape)
        for name, inner in cast("Mapping[str, object]", value).items():
            if name in members:
                yield from _texts(inner, members[name])
    elif kind == "list" and isinstance(value, list):
        for inner in cast("list[object]", value):
            yield from _texts(inner, shape.member)
