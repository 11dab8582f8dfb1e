"""Checks that several resource types share."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

from botocore.exceptions import ClientError

from region.provider.errors import CheckFailure, is_missing
from region.provider.operation import Operation
from region.provider.values import UNKNOWN, Properties

PORTS: Final = range(1, 65536)
ZONES_NEEDED: Final = 2


def network(text: Any) -> ipaddress.IPv4Network | str:
    """Return the IPv4 network of a CIDR block, or what is wrong with it."""
    try:
        return ipaddress.IPv4Network(str(text))
    except ValueError as error:
        return f"{text!r} is not an IPv4 CIDR block ({error}); write one such as 10.10.0.0/16"


def cidr(path: str, text: Any) -> Iterator[CheckFailure]:
    """Reject a known value that is not a CIDR block."""
    if text is None or text is UNKNOWN:
        return
    block = network(text)
    if isinstance(block, str):
        yield CheckFailure(path, block)


def within(path: str, value: Any, low: int, high: int, unit: str = "") -> Iterator[CheckFailure]:
    """Reject a known number outside `low` to `high`."""
    if isinstance(value, int) and not low <= value <= high:
        yield CheckFailure(path, f"{path!r} is {value} and must be {low} to {high}{unit}")


def one_of(
    path: str, value: Any, allowed: Sequence[str], remedy: str = ""
) -> Iterator[CheckFailure]:
    """Reject a known value that the local region does not support."""
    if isinstance(value, str) and value not in allowed:
        choice = " or ".join(repr(item) for item in allowed)
        tail = f"; {remedy}" if remedy else ""
        yield CheckFailure(
            path, f"{path!r} is {value!r} and the local region supports {choice}{tail}"
        )


def exactly_one(inputs: Properties, names: Sequence[str]) -> Iterator[CheckFailure]:
    """Reject inputs that do not set exactly one of some properties."""
    chosen = [name for name in names if inputs.get(name) is not None]
    if len(chosen) != 1:
        has = ", ".join(chosen) or "none"
        yield CheckFailure(names[0], f"exactly one of {', '.join(names)} must be set, and {has} is")


def known_items(value: Any) -> list[str] | None:
    """Return a list of ids, or None while the list or one of its items is unknown or absent."""
    if not isinstance(value, list):
        return None
    items = [item for item in value if isinstance(item, str)]
    return items if len(items) == len(value) else None


def zones(op: Operation, path: str, subnets: Any, what: str) -> Iterator[CheckFailure]:
    """Reject subnets that do not span two Availability Zones."""
    if isinstance(subnets, list) and len(subnets) < ZONES_NEEDED:
        reason = f"{what} needs subnets in {ZONES_NEEDED} Availability Zones; add a subnet"
        yield CheckFailure(path, reason)
        return
    ids = known_items(subnets)
    if ids is None:
        return
    try:
        described: Iterable[Any] = op.aws.ec2.describe_subnets(SubnetIds=ids)["Subnets"]
    except ClientError as error:
        if not is_missing(error):
            raise
        missing = ", ".join(ids)
        yield CheckFailure(
            path, f"not all of the subnets {missing} exist; use ids of existing ones"
        )
        return
    names = sorted({str(subnet["AvailabilityZone"]) for subnet in described})
    if len(names) < ZONES_NEEDED:
        yield CheckFailure(
            path,
            f"{what} needs subnets in {ZONES_NEEDED} Availability Zones and these are all in "
            f"{', '.join(names)}; add a subnet in another zone",
        )


def instance_type(op: Operation, path: str, name: Any) -> Iterator[CheckFailure]:
    """Reject an instance type that AWS does not have."""
    if not isinstance(name, str):
        return
    try:
        op.aws.ec2.describe_instance_types(InstanceTypes=[name])
    except ClientError as error:
        if "InstanceType" not in str(error):
            raise
        yield CheckFailure(path, f"{name!r} is not an EC2 instance type; use one such as t4g.nano")
