"""What ingress and egress rules of security groups share."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from typing import Any, ClassVar, Literal

from typing_extensions import override

from region.provider import checks
from region.provider.errors import CheckFailure
from region.provider.handler import Handler, given, known, tag_map
from region.provider.operation import Operation
from region.provider.resources.ec2.common import retag, tag_specifications
from region.provider.values import Properties

ALL_PROTOCOLS = "-1"


PROTOCOLS = ("tcp", "udp", "icmp", "icmpv6", ALL_PROTOCOLS)
PEERS = frozenset({"cidrIpv4", "cidrIpv6", "prefixListId", "referencedSecurityGroupId"})


class SecurityGroupRule(Handler):
    """A rule for one direction of traffic, with one source or destination."""

    direction: ClassVar[Literal["ingress", "egress"]]
    supported = frozenset(
        {
            "securityGroupId",
            "ipProtocol",
            "fromPort",
            "toPort",
            "cidrIpv4",
            "cidrIpv6",
            "prefixListId",
            "referencedSecurityGroupId",
            "description",
            "tags",
        }
    )

    @override
    def check(self, op: Operation, inputs: Properties, old: Properties) -> Iterable[CheckFailure]:
        """Check that the rule has one peer, a known protocol and ports in order."""
        yield from checks.exactly_one(inputs, sorted(PEERS))
        yield from checks.cidr("cidrIpv4", inputs.get("cidrIpv4"))
        if known(inputs, "cidrIpv6"):
            yield from _cidr_v6(inputs["cidrIpv6"])
        yield from checks.one_of("ipProtocol", inputs.get("ipProtocol"), PROTOCOLS)
        yield from self._check_ports(inputs)

    @override
    def replaces(self, old: Properties, new: Properties, changed: frozenset[str]) -> frozenset[str]:
        """Replace a rule whose peer becomes one of another kind: EC2 cannot modify that."""
        before, after = ({name for name in PEERS if inputs.get(name)} for inputs in (old, new))
        return frozenset(changed & PEERS) if before != after else frozenset()

    def _check_ports(self, inputs: Properties) -> Iterable[CheckFailure]:
        protocol, low, high = (inputs.get(name) for name in ("ipProtocol", "fromPort", "toPort"))
        if protocol == ALL_PROTOCOLS:
            for name in ("fromPort", "toPort"):
                if inputs.get(name) not in {None, -1}:
                    reason = f"{name!r} has no meaning with ipProtocol '-1' (all); remove it"
                    yield CheckFailure(name, reason)
        elif protocol in {"tcp", "udp"}:
            yield from checks.within("fromPort", low, 0, 65535)
            yield from checks.within("toPort", high, 0, 65535)
            if low is None or high is None:
                yield CheckFailure("fromPort", f"a {protocol} rule needs 'fromPort' and 'toPort'")
            elif isinstance(low, int) and isinstance(high, int) and low > high:
                yield CheckFailure(
                    "fromPort", f"'fromPort' {low} is above 'toPort' {high}; swap them"
                )
        elif protocol in {"icmp", "icmpv6"}:
            yield from self._check_icmp(str(protocol), low, high)

    @staticmethod
    def _check_icmp(protocol: str, kind: Any, code: Any) -> Iterable[CheckFailure]:
        """Check type and code, which rules of ICMP have in place of ports."""
        yield from checks.within("fromPort", kind, -1, 255)
        yield from checks.within("toPort", code, -1, 255)
        if protocol == "icmp" and (kind is None or code is None):
            reason = "an icmp rule needs 'fromPort' (type) and 'toPort' (code); -1 is all of them"
            yield CheckFailure("fromPort", reason)
        if kind == -1 and isinstance(code, int) and code != -1:
            reason = f"'toPort' (code) is {code} and must be -1 where 'fromPort' (type) is -1 (all)"
            yield CheckFailure("toPort", reason)

    @override
    def create(self, op: Operation, inputs: Properties) -> str:
        """Call AuthorizeSecurityGroupIngress or …Egress with one permission."""
        authorize = getattr(op.aws.ec2, f"authorize_security_group_{self.direction}")
        response = authorize(
            GroupId=inputs["securityGroupId"],
            IpPermissions=[_permission(inputs)],
            TagSpecifications=tag_specifications("security-group-rule", inputs.get("tags")),
        )
        return response["SecurityGroupRules"][0]["SecurityGroupRuleId"]

    @override
    def apply(self, op: Operation, identity: str, new: Properties, old: Properties | None) -> None:
        """Call ModifySecurityGroupRules."""
        if old is None:
            return
        names = self.supported - {"tags", "securityGroupId"}
        if any(new.get(name) != old.get(name) for name in names):
            rule = given(_RULE_PARAMETERS, new)
            op.aws.ec2.modify_security_group_rules(
                GroupId=new["securityGroupId"],
                SecurityGroupRules=[{"SecurityGroupRuleId": identity, "SecurityGroupRule": rule}],
            )
        retag(op, identity, new, old)

    @override
    def read(self, op: Operation, identity: str, state: Properties) -> Properties | None:
        """Describe the rule."""
        response = op.aws.ec2.describe_security_group_rules(SecurityGroupRuleIds=[identity])
        for rule in response["SecurityGroupRules"]:
            return {
                "securityGroupId": rule["GroupId"],
                **_described(rule),
                "securityGroupRuleId": identity,
                "arn": op.arn("ec2", f"security-group-rule/{identity}"),
                "tags": tag_map(rule.get("Tags")),
            }
        return None

    @override
    def delete(self, op: Operation, identity: str, state: Properties) -> None:
        """Call RevokeSecurityGroupIngress or …Egress of this rule only."""
        group = state.get("securityGroupId") or (self.read(op, identity, state) or {}).get(
            "securityGroupId"
        )
        if group:
            revoke = getattr(op.aws.ec2, f"revoke_security_group_{self.direction}")
            revoke(GroupId=group, SecurityGroupRuleIds=[identity])


_RULE_PARAMETERS = {
    "IpProtocol": "ipProtocol",
    "FromPort": "fromPort",
    "ToPort": "toPort",
    "CidrIpv4": "cidrIpv4",
    "CidrIpv6": "cidrIpv6",
    "PrefixListId": "prefixListId",
    "ReferencedGroupId": "referencedSecurityGroupId",
    "Description": "description",
}


def _cidr_v6(text: Any) -> Iterable[CheckFailure]:
    try:
        ipaddress.IPv6Network(text)
    except ValueError as error:
        yield CheckFailure(
            "cidrIpv6", f"{text!r} is not an IPv6 CIDR block ({error}); write one like ::/0"
        )


def _permission(inputs: Properties) -> dict[str, Any]:
    """Return the rule as an `IpPermission`."""
    note = given({"Description": "description"}, inputs)
    permission = given(
        {"IpProtocol": "ipProtocol", "FromPort": "fromPort", "ToPort": "toPort"}, inputs
    )
    if inputs.get("cidrIpv4"):
        permission["IpRanges"] = [{"CidrIp": inputs["cidrIpv4"], **note}]
    elif inputs.get("cidrIpv6"):
        permission["Ipv6Ranges"] = [{"CidrIpv6": inputs["cidrIpv6"], **note}]
    elif inputs.get("prefixListId"):
        permission["PrefixListIds"] = [{"PrefixListId": inputs["prefixListId"], **note}]
    else:
        group = inputs["referencedSecurityGroupId"]
        permission["UserIdGroupPairs"] = [{"GroupId": group, **note}]
    return permission


def _described(rule: dict[str, Any]) -> Properties:
    """Return the inputs of a rule; EC2 reports -1 for ports without a meaning."""
    pair: dict[str, Any] = rule.get("ReferencedGroupInfo") or {}
    values = {
        "ipProtocol": rule.get("IpProtocol"),
        "fromPort": rule.get("FromPort"),
        "toPort": rule.get("ToPort"),
        "cidrIpv4": rule.get("CidrIpv4"),
        "cidrIpv6": rule.get("CidrIpv6"),
        "prefixListId": rule.get("PrefixListId"),
        "referencedSecurityGroupId": pair.get("GroupId"),
        "description": rule.get("Description"),
    }
    return {name: value for name, value in values.items() if value not in {None, "", -1}}
