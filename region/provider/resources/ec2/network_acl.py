"""Network ACLs, with their rules and subnets."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar, Literal

from typing_extensions import override

from region.provider import checks
from region.provider.errors import CheckFailure
from region.provider.handler import Handler, tag_map
from region.provider.operation import Operation
from region.provider.resources.ec2.common import IN_USE, retag, tag_specifications
from region.provider.values import Properties

_MEMBERS = (
    "action",
    "protocol",
    "ruleNo",
    "fromPort",
    "toPort",
    "cidrBlock",
    "icmpType",
    "icmpCode",
)
_NUMBERS = {"tcp": "6", "udp": "17", "icmp": "1", "all": "-1"}
_NAMES = {number: name for name, number in _NUMBERS.items() if number != "-1"}
_DEFAULT_RULE = 32767
Direction = Literal["ingress", "egress"]
_DIRECTIONS: tuple[Direction, Direction] = ("ingress", "egress")


class NetworkAcl(Handler):
    """`aws.ec2.NetworkAcl`."""

    resource_type = "aws:ec2/networkAcl:NetworkAcl"
    supported = frozenset(
        {
            "vpcId",
            "subnetIds",
            "tags",
            *(f"{direction}.{member}" for direction in _DIRECTIONS for member in _MEMBERS),
        }
    )
    hints: ClassVar = {
        f"{direction}.ipv6CidrBlock": "the local region has no IPv6" for direction in _DIRECTIONS
    }
    sets = frozenset({"subnetIds", "ingress", "egress"})
    computed = frozenset({"subnetIds", "ingress", "egress"})

    @override
    def check(self, op: Operation, inputs: Properties, old: Properties) -> Iterable[CheckFailure]:
        """Check actions, protocols and numbers."""
        for direction in _DIRECTIONS:
            for place, rule in enumerate(inputs.get(direction) or ()):
                path = f"{direction}[{place}]"
                yield from checks.one_of(f"{path}.action", rule.get("action"), ("allow", "deny"))
                yield from checks.within(f"{path}.ruleNo", rule.get("ruleNo"), 1, 32766)
                yield from checks.cidr(f"{path}.cidrBlock", rule.get("cidrBlock"))

    @override
    def create(self, op: Operation, inputs: Properties) -> str:
        """Call CreateNetworkAcl."""
        response = op.aws.ec2.create_network_acl(
            VpcId=inputs["vpcId"],
            TagSpecifications=tag_specifications("network-acl", inputs.get("tags")),
        )
        return response["NetworkAcl"]["NetworkAclId"]

    @override
    def apply(self, op: Operation, identity: str, new: Properties, old: Properties | None) -> None:
        """Put rules and subnets in line with the inputs; what is not given is left alone."""
        found = _describe(op, identity) or {}
        for direction in _DIRECTIONS:
            if new.get(direction) is not None:
                _set_rules(op, identity, direction, new[direction], found)
        if new.get("subnetIds") is not None:
            wanted, has = set(new["subnetIds"]), set(_subnets(found))
            _associate(op, identity, sorted(wanted - has))
            if has - wanted:
                _associate(op, _default_of(op, new["vpcId"]), sorted(has - wanted))
        retag(op, identity, new, old)

    @override
    def read(self, op: Operation, identity: str, state: Properties) -> Properties | None:
        """Describe the ACL."""
        found = _describe(op, identity)
        if found is None:
            return None
        return {
            "vpcId": found["VpcId"],
            "subnetIds": _subnets(found),
            **{direction: _rules(found, direction) for direction in _DIRECTIONS},
            "arn": op.arn("ec2", f"network-acl/{identity}"),
            "ownerId": found.get("OwnerId", op.account),
            "tags": tag_map(found.get("Tags")),
        }

    @override
    def delete(self, op: Operation, identity: str, state: Properties) -> None:
        """Return the subnets to the VPC's default ACL, then call DeleteNetworkAcl."""
        found = _describe(op, identity)
        if found is None:
            return
        if _subnets(found):
            _associate(op, _default_of(op, found["VpcId"]), _subnets(found))
        op.release(
            f"network ACL {identity}",
            lambda: op.aws.ec2.delete_network_acl(NetworkAclId=identity),
            *IN_USE,
        )


def _describe(op: Operation, identity: str) -> Mapping[str, Any] | None:
    acls = op.aws.ec2.describe_network_acls()["NetworkAcls"]
    return next((acl for acl in acls if acl["NetworkAclId"] == identity), None)


def _subnets(found: Mapping[str, Any]) -> list[str]:
    return sorted(one["SubnetId"] for one in found.get("Associations") or ())


def _rules(found: Mapping[str, Any], direction: Direction) -> list[Properties]:
    return [
        {
            "ruleNo": entry["RuleNumber"],
            "action": entry["RuleAction"],
            "protocol": _NAMES.get(str(entry["Protocol"]), str(entry["Protocol"])),
            "cidrBlock": entry.get("CidrBlock", ""),
            "fromPort": (entry.get("PortRange") or {}).get("From", 0),
            "toPort": (entry.get("PortRange") or {}).get("To", 0),
            "icmpType": (entry.get("IcmpTypeCode") or {}).get("Type", 0),
            "icmpCode": (entry.get("IcmpTypeCode") or {}).get("Code", 0),
        }
        for entry in sorted(found.get("Entries") or (), key=lambda entry: entry["RuleNumber"])
        if entry["Egress"] == (direction == "egress") and entry["RuleNumber"] != _DEFAULT_RULE
    ]


def _set_rules(
    op: Operation,
    identity: str,
    direction: Direction,
    wanted: Iterable[Properties],
    found: Mapping[str, Any],
) -> None:
    """Delete the rules that are there, and create those that are wanted."""
    about = {"NetworkAclId": identity, "Egress": direction == "egress"}
    for rule in _rules(found, direction):
        op.aws.ec2.delete_network_acl_entry(RuleNumber=rule["ruleNo"], **about)
    for rule in wanted:
        protocol = _NUMBERS.get(str(rule["protocol"]), str(rule["protocol"]))
        given: dict[str, Any] = {}
        if protocol == "1":
            given["IcmpTypeCode"] = {
                "Type": rule.get("icmpType", -1),
                "Code": rule.get("icmpCode", -1),
            }
        elif protocol != "-1":
            given["PortRange"] = {"From": rule["fromPort"], "To": rule["toPort"]}
        op.aws.ec2.create_network_acl_entry(
            RuleNumber=rule["ruleNo"],
            RuleAction=rule["action"],
            Protocol=protocol,
            CidrBlock=rule.get("cidrBlock") or "0.0.0.0/0",
            **about,
            **given,
        )


def _associate(op: Operation, identity: str, subnets: Iterable[str]) -> None:
    for subnet in subnets:
        for acl in op.aws.ec2.describe_network_acls()["NetworkAcls"]:
            for association in acl.get("Associations") or ():
                if association["SubnetId"] == subnet:
                    op.aws.ec2.replace_network_acl_association(
                        AssociationId=association["NetworkAclAssociationId"],
                        NetworkAclId=identity,
                    )


def _default_of(op: Operation, vpc: str) -> str:
    acls = op.aws.ec2.describe_network_acls()["NetworkAcls"]
    return next(acl["NetworkAclId"] for acl in acls if acl["IsDefault"] and acl["VpcId"] == vpc)
