"""What Amazon VPC and Amazon S3 refuse about security group rules, names and lifecycles."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Mapping
from typing import Any

from guardrails import tokens
from guardrails.refusals import Refusal, known, matching, refusal_rule
from guardrails.resources import Resource
from guardrails.values import UNKNOWN, dig, is_absent, is_true, items, number, show

_EC2 = "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/"
_PERMISSION = f"{_EC2}API_IpPermission.html"
_PROVIDER = "https://www.pulumi.com/registry/packages/aws/api-docs/vpc/securitygroupingressrule/"
_SINGLE = (*tokens.INGRESS_RULE, *tokens.EGRESS_RULE)
_RULES = tokens.SECURITY_GROUP_RULE
_TYPES = (*_SINGLE, *_RULES, *tokens.SECURITY_GROUP)
_ALL = ("-1", "all")
_PORTS = ("tcp", "udp", "6", "17")


def _entries(resource: Resource) -> Iterator[tuple[Mapping[str, Any], str]]:
    """Yield each rule that a resource holds, and how a message names it."""
    if resource.type in tokens.SECURITY_GROUP:
        for direction in ("ingress", "egress"):
            for number_, entry in enumerate(items(resource.get(direction)), start=1):
                if isinstance(entry, Mapping):
                    yield entry, f"{direction} rule {number_}: "
    else:
        yield resource.properties, ""


def _protocol(entry: Mapping[str, Any]) -> str:
    given = entry.get("ipProtocol", entry.get("protocol"))
    return str(given).lower() if known(given) else ""


def _range(resource: Resource) -> Iterator[str]:
    for entry, where in _entries(resource):
        first, last = number(entry.get("fromPort")), number(entry.get("toPort"))
        if _protocol(entry) not in _PORTS or first is None or last is None:
            continue
        if first > last:
            yield f"{where}from_port is {first:g}, to_port {last:g}"
        elif not (0 <= first <= 65535 and 0 <= last <= 65535):
            yield f"{where}ports {first:g} to {last:g} are outside 0 to 65535"


def _open_range(resource: Resource) -> Iterator[str]:
    for entry, where in _entries(resource):
        missing = [name for name in ("fromPort", "toPort") if entry.get(name) is None]
        if _protocol(entry) in _PORTS and missing:
            names = {"fromPort": "from_port", "toPort": "to_port"}
            absent = " and ".join(names[name] for name in missing)
            yield f"{where}{absent} is not set for {_protocol(entry)}"


def _ports_of_everything(resource: Resource) -> Iterator[str]:
    for entry, where in _entries(resource):
        ports = [number(entry.get(name)) for name in ("fromPort", "toPort")]
        if _protocol(entry) in _ALL and any(port not in (None, 0, -1) for port in ports):
            first, last = show(entry.get("fromPort")), show(entry.get("toPort"))
            yield f'{where}protocol is "-1" with ports {first} to {last}'


_SOURCES = ("cidrIpv4", "cidrIpv6", "prefixListId", "referencedSecurityGroupId")


def _one_source(rule: Resource) -> str | None:
    given = [name for name in _SOURCES if not is_absent(rule.get(name))]
    return None if len(given) == 1 else f"it has {', '.join(given) or 'neither address nor group'}"


def _mixed_sources(rule: Resource) -> str | None:
    addresses = [
        name
        for name in ("cidrBlocks", "ipv6CidrBlocks", "prefixListIds")
        if not is_absent(rule.get(name))
    ]
    group = not is_absent(rule.get("sourceSecurityGroupId"))
    itself = is_true(rule.get("self"))
    if (group and (addresses or itself)) or (itself and (addresses or group)):
        return "it has both addresses and a security group"
    return None if addresses or group or itself else "it has neither address nor security group"


def _addresses(resource: Resource) -> Iterator[str]:
    for entry, where in _entries(resource):
        for name in ("cidrIpv4", "cidrIpv6", "cidrBlocks", "ipv6CidrBlocks"):
            value = entry.get(name)
            for address in value if isinstance(value, list) else [value]:
                if isinstance(address, str) and address and (wrong := _wrong(address)):
                    yield f"{where}{show(address)} {wrong}"


def _wrong(address: str) -> str | None:
    try:
        network = ipaddress.ip_network(address, strict=False)
    except ValueError:
        return "is no CIDR block"
    if "/" not in address:
        return f"has no prefix length (meant: {network})"
    host = address.partition("/")[0]
    if ipaddress.ip_address(host) != network.network_address:
        return f"has bits after its prefix (meant: {network})"
    return None


_GROUP = f"{_EC2}API_CreateSecurityGroup.html"
_PLAIN = r"[A-Za-z0-9 ._\-:/()#,@\[\]+=&;{}!$*]*"


_SECURITY_TABLE = (
    Refusal(
        types=_TYPES,
        says="InvalidParameterValue: Invalid TCP port range.",
        source=_PERMISSION,
        remedy="set from_port to the lower and to_port to the higher port.",
        find=_range,
    ),
    Refusal(
        types=_TYPES,
        says="InvalidParameterValue: Must specify both from and to ports with TCP/UDP.",
        source=_PERMISSION,
        remedy="set from_port and to_port.",
        find=_open_range,
    ),
    Refusal(
        types=(*_RULES, *tokens.SECURITY_GROUP),
        says='from_port and to_port must both be 0 to use the "-1" protocol.',
        source="https://www.pulumi.com/registry/packages/aws/api-docs/ec2/securitygroup/",
        remedy='set both ports to 0, or the protocol to "tcp".',
        find=_ports_of_everything,
    ),
    Refusal(
        types=_SINGLE,
        says=(
            "The provider needs exactly one of cidr_ipv4, cidr_ipv6, prefix_list_id and "
            "referenced_security_group_id."
        ),
        source=_PROVIDER,
        remedy="write one rule per address range and per security group.",
        find=_one_source,
    ),
    Refusal(
        types=_RULES,
        says="The provider needs addresses or a security group, not both.",
        source="https://www.pulumi.com/registry/packages/aws/api-docs/ec2/securitygrouprule/",
        remedy="write one rule for the addresses and one for the security group.",
        find=_mixed_sources,
    ),
    Refusal(
        types=_TYPES,
        says="InvalidParameterValue: CIDR block is malformed.",
        source=_PERMISSION,
        remedy="write the network's own address with its prefix length.",
        find=_addresses,
    ),
    Refusal(
        types=("aws:ec2/securityGroup:SecurityGroup",),
        says="InvalidParameterValue: the name of a group does not begin with sg-, and is not default.",
        source=_GROUP,
        remedy="rename the group, or leave the name to Pulumi.",
        find=matching("name", r"(?!sg-)(?!default$).+", 255),
    ),
    Refusal(
        types=("aws:ec2/securityGroup:SecurityGroup",),
        says="GroupDescription: up to 255 of a-z, A-Z, 0-9, spaces and ._-:/()#,@[]+=&;{}!$*",
        source=_GROUP,
        remedy="write description in these characters.",
        find=matching("description", _PLAIN, 255),
    ),
)

SECURITY_GROUP = refusal_rule(
    _SECURITY_TABLE,
    id="sg-accepted",
    title="Amazon VPC accepts every security group rule",
    url=_PERMISSION,
    remedy="correct the rule as the message says.",
)


# --- buckets --------------------------------------------------------------------------------------

_S3 = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/"
_BUCKET_NAME = (
    r"(?!xn--|sthree-|amzn-s3-demo-)(?!.*\.\.)(?!\d+\.\d+\.\d+\.\d+$)"
    r"[a-z0-9][a-z0-9.-]+[a-z0-9](?<!-s3alias)(?<!--ol-s3)(?<!--x-s3)"
)


def _short(bucket: Resource) -> str | None:
    name = bucket.get("bucket")
    return f"bucket is {show(name)}" if isinstance(name, str) and 0 < len(name) < 3 else None


def _lifecycle(configuration: Resource) -> Iterator[str]:
    for rule in items(configuration.get("rules")):
        name = show(dig(rule, "id"))
        end = number(dig(rule, "expiration", "days"))
        for transition in items(dig(rule, "transitions")):
            days, target = number(dig(transition, "days")), dig(transition, "storageClass")
            if days is not None and days < 30 and target in ("STANDARD_IA", "ONEZONE_IA"):
                yield f"rule {name} moves objects to {target} after {days:g} days"
            if end and days is not None and end <= days:
                yield f"rule {name} expires objects after {end:g} days, and moves them after {days:g}"


def _status(configuration: Resource) -> Iterator[str]:
    for rule in items(configuration.get("rules")):
        status = dig(rule, "status")
        if status is not UNKNOWN and status not in ("Enabled", "Disabled"):
            yield f"the status of rule {show(dig(rule, 'id'))} is {show(status)}"


_BUCKET_TABLE = (
    Refusal(
        types=tokens.BUCKET,
        says=(
            "InvalidBucketName: 3 to 63 lowercase letters, numbers, dots and hyphens; no IP address, "
            "no adjacent dots, no reserved prefix or suffix."
        ),
        source=f"{_S3}bucketnamingrules.html",
        remedy="rename the bucket, or leave the name to Pulumi.",
        find=matching("bucket", _BUCKET_NAME, 63),
    ),
    Refusal(
        types=tokens.BUCKET,
        says="InvalidBucketName: bucket names must be between 3 and 63 characters long.",
        source=f"{_S3}bucketnamingrules.html",
        remedy="rename the bucket, or leave the name to Pulumi.",
        find=_short,
    ),
    Refusal(
        types=tokens.BUCKET_LIFECYCLE,
        says=(
            "InvalidArgument: 'Days' in Transition action must be greater than or equal to 30 for "
            "storageClass 'STANDARD_IA', and 'Days' in the Expiration action greater than that."
        ),
        source=f"{_S3}lifecycle-transition-general-considerations.html",
        remedy="move objects after 30 days at the earliest, and let them expire later than that.",
        find=_lifecycle,
    ),
    Refusal(
        types=tokens.BUCKET_LIFECYCLE,
        says="MalformedXML: the status of a lifecycle rule is Enabled or Disabled.",
        source="https://docs.aws.amazon.com/AmazonS3/latest/API/API_LifecycleRule.html",
        remedy='set status to "Enabled" or "Disabled".',
        find=_status,
    ),
)

BUCKET = refusal_rule(
    _BUCKET_TABLE,
    id="s3-accepted",
    title="Amazon S3 accepts every bucket and lifecycle",
    url=f"{_S3}bucketnamingrules.html",
    remedy="correct the bucket or its lifecycle as the message says.",
)

RULES = (SECURITY_GROUP, BUCKET)
