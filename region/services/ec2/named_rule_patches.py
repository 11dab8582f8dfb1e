"""Rules of security groups that a call names, by ids or by values: removed, or described differently."""

from __future__ import annotations

from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.exceptions import InvalidPermissionNotFoundError
from moto.ec2.models import EC2Backend
from moto.ec2.models.security_groups import SecurityGroup, SecurityGroupRule
from moto.ec2.responses.security_groups import SecurityGroups

from region.api.parameters import Parameters, is_true
from region.api.patching import Patches
from region.services.ec2.security_group_patches import PREFIX_NOTE, Given, group_of, rule_of

patches = Patches()


@patches.value(SecurityGroupRule, "description")
def _description(self: SecurityGroupRule) -> str | None:
    """Return what describes a rule, whatever its other side is; moto knows that of addresses."""
    found = self.ip_range.get("Description") or self.source_group.get("Description")
    return found or vars(self).get(PREFIX_NOTE)


@patches.method(SecurityGroups)
def revoke_security_group_ingress(self: SecurityGroups) -> ActionResult:
    """RevokeSecurityGroupIngress."""
    return _revoke(self, "ingress_rules")


@patches.method(SecurityGroups)
def revoke_security_group_egress(self: SecurityGroups) -> ActionResult:
    """RevokeSecurityGroupEgress."""
    return _revoke(self, "egress_rules")


def _revoke(response: SecurityGroups, direction: str) -> ActionResult:
    """Remove all rules of a request or, where one of them is not there, none.

    moto passes over those of IPv6. API reference: in a default VPC, what is not there is told, and no
    error.
    """
    backend: EC2Backend = response.ec2_backend
    call = Parameters(response)
    group = group_of(backend, call.text("GroupId") or call.text("GroupName"))
    found, unknown = _named(response, group, direction)
    if unknown and not _is_in_default_vpc(backend, group):
        raise InvalidPermissionNotFoundError
    gone = {rule.id for rule in found}
    setattr(group, direction, [one for one in getattr(group, direction) if one.id not in gone])
    answer: dict[str, Any] = {"Return": not unknown, "RevokedSecurityGroupRules": found}
    if unknown:
        answer["UnknownIpPermissions"] = call.structures("IpPermissions")
    return ActionResult(answer)


def _named(
    response: SecurityGroups, group: SecurityGroup, direction: str
) -> tuple[list[SecurityGroupRule], bool]:
    """Return the rules of a group that a request names, by ids or by values, and whether some lack."""
    found: list[SecurityGroupRule] = []
    rules: list[SecurityGroupRule] = getattr(group, direction)
    unknown = False
    for given in response._process_rules_from_querystring():  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
        if given["security_rule_ids"]:
            found += [rule_of(group, name) for name in given["security_rule_ids"]]
            continue
        for wanted in _rules_of(response.ec2_backend, group, given, direction):
            same = [rule for rule in rules if _values(rule) == _values(wanted)]
            found += same
            unknown = unknown or not same
    return found, unknown


def _rules_of(
    backend: EC2Backend, group: SecurityGroup, given: Given, direction: str
) -> list[SecurityGroupRule]:
    """Return rules with the values of one permission of a request."""
    sources = backend._add_source_group(given["source_groups"], given.get("vpc_id"))  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
    return list(
        backend._iterate_security_rules(  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
            given["ip_protocol"],
            group.group_id,
            given["from_port"],
            given["to_port"],
            given["ip_ranges"],
            sources,
            given["prefix_list_ids"] or [],
            is_egress=direction == "egress_rules",
        )
    )


def _values(rule: SecurityGroupRule) -> tuple[str, ...]:
    """Return what tells a rule from others: its description does not."""
    ports = () if str(rule.ip_protocol) == "-1" else (str(rule.from_port), str(rule.to_port))
    blocks, source = rule.ip_range or {}, rule.source_group or {}
    peers = (
        blocks.get("CidrIp"),
        blocks.get("CidrIpv6"),
        source.get("GroupId"),
        rule.prefix_list_id,
    )
    return (str(rule.ip_protocol), *ports, *map(str, peers))


def _is_in_default_vpc(backend: EC2Backend, group: SecurityGroup) -> bool:
    vpc = backend.vpcs.get(str(group.vpc_id))
    return vpc is not None and is_true(vpc.is_default)


@patches.method(SecurityGroups)
def update_security_group_rule_descriptions_ingress(self: SecurityGroups) -> ActionResult:
    """UpdateSecurityGroupRuleDescriptionsIngress."""
    return _describe_rules(self, "ingress_rules")


@patches.method(SecurityGroups)
def update_security_group_rule_descriptions_egress(self: SecurityGroups) -> ActionResult:
    """UpdateSecurityGroupRuleDescriptionsEgress."""
    return _describe_rules(self, "egress_rules")


def _describe_rules(response: SecurityGroups, direction: str) -> ActionResult:
    """Change what describes rules, named by their ids or by their values; none if one is not there."""
    call = Parameters(response)
    group = group_of(response.ec2_backend, call.text("GroupId") or call.text("GroupName"))
    described = call.structures("SecurityGroupRuleDescriptions")
    found = [
        (rule_of(group, one.get("SecurityGroupRuleId")), one.get("Description", ""))
        for one in described
    ]
    if not described:
        rules: list[SecurityGroupRule] = getattr(group, direction)
        for given in response._process_rules_from_querystring():  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
            for wanted in _rules_of(response.ec2_backend, group, given, direction):
                same = [rule for rule in rules if _values(rule) == _values(wanted)]
                if not same:
                    raise InvalidPermissionNotFoundError
                found.append((same[0], wanted.description or ""))
    for rule, text in found:
        kept = vars(rule) if rule.prefix_list_id else rule.source_group or rule.ip_range
        kept[PREFIX_NOTE if rule.prefix_list_id else "Description"] = text
    return ActionResult({"Return": True})
