"""Rules of security groups as requests give them: checked as EC2 does, and in the form it keeps them.

API reference, `IpPermission`, `IpRange` and `SecurityGroupRuleRequest`. What a rule means in packets
is the matter of `region.network.firewall`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network
from typing import Any, Final, NoReturn

from moto.ec2.exceptions import EC2ClientError

ALL: Final = "-1"
_NAMES: Final = {
    "tcp": "tcp",
    "6": "tcp",
    "udp": "udp",
    "17": "udp",
    "icmp": "icmp",
    "1": "icmp",
    "icmpv6": "icmpv6",
    "58": "icmpv6",
    "all": ALL,
    ALL: ALL,
}
_LARGEST_PROTOCOL: Final = 255
_LARGEST_PORT: Final = 65535
_LARGEST_TYPE: Final = 255
_ANY: Final = -1
_NUMBER: Final = re.compile(r"-?[0-9]{1,10}")


@dataclass(frozen=True, slots=True)
class Service:
    """What a rule is about: protocol and ports, or type and code of ICMP; None where it has none."""

    protocol: str
    first: int | None = None
    last: int | None = None


def service(protocol: object, first: object, last: object) -> Service:
    """Return protocol and ports in the form that EC2 keeps.

    Raises:
        EC2ClientError: EC2 refuses them.
    """
    name = _protocol(protocol)
    if name not in {"tcp", "udp", "icmp", "icmpv6"}:
        # All ports of the protocol, "regardless of any port range you specify".
        return Service(name)
    low, high = _number(first), _number(last)
    if name in {"tcp", "udp"}:
        return Service(name, *_ports(low, high))
    return Service(name, *_type_and_code(name, low, high))


def cidr_v4(text: object) -> str:
    """Return an IPv4 block without host bits, as EC2 keeps it.

    Raises:
        EC2ClientError: It is none.
    """
    return str(_block(text, IPv4Network))


def cidr_v6(text: object) -> str:
    """Return an IPv6 block in its shortest form and without host bits, as EC2 keeps it.

    Raises:
        EC2ClientError: It is none.
    """
    return str(_block(text, IPv6Network))


def ranges(given: list[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the members of `IpRanges` and `Ipv6Ranges`, each with its block as EC2 keeps it.

    Raises:
        EC2ClientError: One is not a block of its kind.
    """
    kept: list[dict[str, Any]] = []
    for block in given:
        found = dict(block)
        if "CidrIp" in found:
            found["CidrIp"] = cidr_v4(found["CidrIp"])
        elif "CidrIpv6" in found:
            found["CidrIpv6"] = cidr_v6(found["CidrIpv6"])
        else:
            missing("cidrIp")
        kept.append(found)
    return kept


def invalid(message: str) -> NoReturn:
    """Refuse a value of the request.

    Raises:
        EC2ClientError: Always.
    """
    raise EC2ClientError("InvalidParameterValue", message)


def missing(parameter: str) -> NoReturn:
    """Refuse a request that lacks a parameter.

    Raises:
        EC2ClientError: Always.
    """
    raise EC2ClientError("MissingParameter", f"The request must contain the parameter {parameter}")


def missing_peer() -> NoReturn:
    """Reject a rule that does not say whom it admits.

    Raises:
        EC2ClientError: Always.
    """
    raise EC2ClientError(
        "MissingParameter",
        "The request must contain exactly one of: cidrIp, cidrIpv6, prefixListId, or "
        "referencedGroupId",
    )


def _protocol(given: object) -> str:
    if given is None or given == "":
        invalid(
            "Invalid value 'null' for protocol. VPC security group rules must specify protocols "
            "explicitly."
        )
    text = str(given).lower()
    known = _NAMES.get(text)
    if known is not None:
        return known
    if not (text.isascii() and text.isdecimal() and int(text[:4]) <= _LARGEST_PROTOCOL):
        invalid(
            f"Invalid value '{given}' for IP protocol. Unknown protocol. Use tcp, udp, icmp, icmpv6, "
            f"a number up to {_LARGEST_PROTOCOL}, or -1 for all."
        )
    number = str(int(text))
    return _NAMES.get(number, number)


def _number(given: object) -> int | None:
    if given is None or given == "":
        return None
    if not _NUMBER.fullmatch(str(given)):
        invalid(f"Invalid value '{given}' for portRange. Must be a number.")
    return int(str(given))


def _ports(low: int | None, high: int | None) -> tuple[int, int]:
    if low is None or high is None:
        invalid("Invalid value for portRange. Must specify both from and to ports with TCP/UDP.")
    for port in (low, high):
        if not 0 <= port <= _LARGEST_PORT:
            invalid(f"TCP/UDP port ({port}) out of range")
    if low > high:
        invalid(f"Invalid TCP/UDP port range ({low}:{high})")
    return low, high


def _type_and_code(name: str, kind: int | None, code: int | None) -> tuple[int, int]:
    if name == "icmpv6" and kind is None and code is None:
        return _ANY, _ANY
    if kind is None or code is None:
        invalid("Invalid value for portRange. Must specify both type and code with ICMP.")
    if not _ANY <= kind <= _LARGEST_TYPE:
        invalid(f"ICMP type ({kind}) out of range")
    if not _ANY <= code <= _LARGEST_TYPE:
        invalid(f"ICMP code ({code}) out of range")
    if kind == _ANY and code != _ANY:
        invalid(f"ICMP code ({code}) must be -1 where the type is -1 (all types)")
    return kind, code


def _block(text: object, kind: type[IPv4Network | IPv6Network]) -> IPv4Network | IPv6Network:
    given = str(text)
    try:
        # ipaddress would also read 10.0.0.1, 10.0.0.0/255.0.0.0 and fe80::%eth0/64.
        _, slash, length = given.partition("/")
        if not (slash and length.isascii() and length.isdecimal()) or "%" in given:
            raise ValueError
        return kind(given, strict=False)
    except ValueError:
        raise EC2ClientError("InvalidParameterValue", f"CIDR block {given} is malformed") from None
