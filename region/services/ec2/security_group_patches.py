"""Security groups: rules that EC2 would refuse are refused, and groups in use are not deleted.

moto keeps whatever it is given, and a rule at a time: of a request that fails halfway, the first rules
would stay.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.exceptions import (
    DependencyViolationError,
    EC2ClientError,
    InvalidPermissionDuplicateError,
    InvalidSecurityGroupNotFoundError,
    InvalidSecurityGroupRuleIdNotFoundError,
    InvalidVPCIdError,
)
from moto.ec2.models import EC2Backend
from moto.ec2.models.security_groups import (
    SecurityGroup,
    SecurityGroupBackend,
    SecurityGroupRule,
)
from moto.ec2.responses.security_groups import SecurityGroups
from moto.elbv2.models import elbv2_backends
from moto.rds.models import rds_backends

from region.api.parameters import Parameters
from region.api.patching import Original, Patches
from region.services.ec2 import rule_checks

patches = Patches()

Given = dict[str, Any]
"""One permission of a request, as moto's backend takes it."""

PREFIX_NOTE = "prefix_list_description"
"""Where a rule keeps what describes its prefix list, which moto drops."""
_PEERS = ("CidrIpv4", "CidrIpv6", "PrefixListId", "ReferencedGroupId")


@patches.around(SecurityGroups, "_process_rules_from_querystring")
def _rules_of_request(moto: Original, self: SecurityGroups) -> Iterator[Given]:
    """Check a whole request before any of its rules changes something."""
    found: list[Given] = list(moto(self))
    for given in found:
        if not given["security_rule_ids"]:
            _check(self.ec2_backend, given)
    return iter(found)


@patches.around(SecurityGroups, "authorize_security_group_ingress")
def _authorize_ingress(moto: Original, self: SecurityGroups) -> ActionResult:
    return _authorize(moto, self, "ingress_rules")


@patches.around(SecurityGroups, "authorize_security_group_egress")
def _authorize_egress(moto: Original, self: SecurityGroups) -> ActionResult:
    return _authorize(moto, self, "egress_rules")


def _authorize(moto: Original, response: SecurityGroups, direction: str) -> ActionResult:
    """Add all rules of a request or, where one of them cannot be added, none."""
    backend: EC2Backend = response.ec2_backend
    call = Parameters(response)
    name = call.text("GroupId") or call.text("GroupName")
    if not name:
        rule_checks.missing("groupId")
    group = group_of(backend, name)
    before = list(getattr(group, direction))
    try:
        moto(response)
    except Exception:
        setattr(group, direction, before)
        raise
    # moto would answer with the rules of the last permission only.
    known = {rule.id for rule in before}
    added = [rule for rule in getattr(group, direction) if rule.id not in known]
    return ActionResult({"Return": True, "SecurityGroupRules": added})


@patches.method(SecurityGroupBackend)
def modify_security_group_rules(
    self: EC2Backend, group_id: str, rules: dict[str, dict[str, Any]]
) -> None:
    """Change rules: all of them, or none if one cannot be."""
    group = group_of(self, group_id)
    changes = [_change(self, group, name, wanted) for name, wanted in rules.items()]
    for rule, changed in changes:
        others = [one for one in (*group.ingress_rules, *group.egress_rules) if one.id != rule.id]
        if any(one.is_egress == rule.is_egress and one == changed for one in others):
            raise InvalidPermissionDuplicateError
    for rule, changed in changes:
        for name in ("ip_protocol", "from_port", "to_port", "ip_range", "source_group"):
            setattr(rule, name, getattr(changed, name))
        rule.prefix_list_id = changed.prefix_list_id


@patches.around(SecurityGroupBackend, "create_security_group")
def _create_security_group(
    moto: Original,
    self: EC2Backend,
    name: str,
    description: str,
    vpc_id: str | None = None,
    *args: object,
    **kwargs: object,
) -> SecurityGroup:
    if vpc_id and vpc_id not in self.vpcs:
        raise InvalidVPCIdError(vpc_id)
    if name.startswith("sg-"):
        raise EC2ClientError(
            "InvalidParameterValue",
            f"Value ({name}) for parameter GroupName is invalid. Group names may not be in the format "
            "sg-*.",
        )
    return moto(self, name, description, vpc_id, *args, **kwargs)


@patches.around(SecurityGroups, "delete_security_group")
def _delete_security_group(moto: Original, self: SecurityGroups) -> ActionResult:
    """Delete a group that nothing uses. DeleteVpc, which takes the default group along, is elsewhere."""
    call = Parameters(self)
    group = group_of(self.ec2_backend, call.text("GroupId") or call.text("GroupName"))
    if group.is_default:
        raise EC2ClientError(
            "CannotDelete",
            f'the specified group: "{group.id}" name: "{group.name}" cannot be deleted by a user',
        )
    if any(group.id in used for used in _groups_in_use(self.ec2_backend, group)):
        raise DependencyViolationError(f"resource {group.id} has a dependent object")
    return moto(self)


def _groups_in_use(backend: EC2Backend, asked: SecurityGroup) -> Iterator[set[str]]:
    """Return the groups that each network interface has, and that each other group's rules name."""
    for interface in backend.enis.values():
        yield {str(group.id) for group in interface.group_set}
    where = (backend.account_id, backend.region_name)
    for balancer in elbv2_backends[where[0]][where[1]].load_balancers.values():
        yield {str(group) for group in balancer.security_groups or ()}
    for database in rds_backends[where[0]][where[1]].databases.values():
        yield {str(group) for group in database.vpc_security_group_ids or ()}
    for endpoint in backend.vpc_end_points.values():
        if endpoint.state not in {"deleted", "deleting"}:
            yield {str(group) for group in endpoint.security_group_ids or ()}
    for groups in backend.groups.values():
        for group in groups.values():
            if group is not asked:
                for rule in (*group.ingress_rules, *group.egress_rules):
                    yield {str(rule.source_group.get("GroupId", ""))}


def _check(backend: EC2Backend, given: Given) -> None:
    wanted = rule_checks.service(given["ip_protocol"], given["from_port"], given["to_port"])
    given["ip_protocol"] = wanted.protocol
    # A number that moto would convert, which means nothing for such a protocol: see `_new_rule`.
    given["from_port"], given["to_port"] = wanted.first, wanted.last
    given["ip_ranges"] = rule_checks.ranges(given["ip_ranges"])
    if not any(given[name] for name in ("ip_ranges", "source_groups", "prefix_list_ids")):
        rule_checks.missing_peer()
    for pair in given["source_groups"]:
        _check_peer(
            backend, given["group_name_or_id"], pair.get("GroupId") or pair.get("GroupName")
        )
    for listed in given["prefix_list_ids"]:
        _check_prefix_list(backend, listed.get("PrefixListId"))


@patches.around(SecurityGroupRule, "__init__")
def _new_rule(
    moto: Original,
    self: SecurityGroupRule,
    backend: EC2Backend,
    protocol: str,
    group_id: str,
    *rest: Any,
    **kwargs: Any,
) -> None:
    """Keep a rule of a protocol that has no ports without any: moto converts them to numbers."""
    first, last, *further = rest
    moto(self, backend, protocol, group_id, first or 0, last or 0, *further, **kwargs)
    if first is None:
        self.from_port = self.to_port = None
    prefixes = further[2] if len(further) > 2 else kwargs.get("prefix_list_id")
    vars(self)[PREFIX_NOTE] = (prefixes or {}).get("Description")


def _change(
    backend: EC2Backend, group: SecurityGroup, rule_id: str, wanted: dict[str, Any]
) -> tuple[SecurityGroupRule, SecurityGroupRule]:
    """Return a rule and what it is to become."""
    rule = rule_of(group, rule_id)
    peers = [name for name in _PEERS if wanted.get(name) is not None]
    if len(peers) > 1:
        raise EC2ClientError(
            "InvalidParameterCombination",
            "Only one of cidrIp, cidrIpv6, prefixListId, or referencedGroupId can be specified",
        )
    if not peers:
        rule_checks.missing_peer()
    if peers[0] != _peer_of(rule):
        rule_checks.invalid(
            f"Invalid rule type for security group rule '{rule_id}'. You may not specify {peers[0]} "
            f"for an existing {_peer_of(rule)} rule."
        )
    service = rule_checks.service(
        wanted.get("IpProtocol"), wanted.get("FromPort"), wanted.get("ToPort")
    )
    note = {"Description": wanted["Description"]} if wanted.get("Description") is not None else {}
    blocks: dict[str, str] | None = None
    source: dict[str, str] | None = None
    prefixes: dict[str, str] | None = None
    if peers[0] == "CidrIpv4":
        blocks = {**rule.ip_range, "CidrIp": rule_checks.cidr_v4(wanted["CidrIpv4"]), **note}
    elif peers[0] == "CidrIpv6":
        blocks = {**rule.ip_range, "CidrIpv6": rule_checks.cidr_v6(wanted["CidrIpv6"]), **note}
    elif peers[0] == "PrefixListId":
        _check_prefix_list(backend, wanted["PrefixListId"])
        prefixes = {"PrefixListId": wanted["PrefixListId"]}
    else:
        _check_peer(backend, group.id, wanted["ReferencedGroupId"])
        source = {**rule.source_group, "GroupId": wanted["ReferencedGroupId"], **note}
    made: Any = SecurityGroupRule
    about = (service.protocol, group.id, service.first, service.last)
    return rule, made(backend, *about, blocks, source, prefixes, is_egress=rule.is_egress)


def _peer_of(rule: SecurityGroupRule) -> str:
    if rule.source_group:
        return "ReferencedGroupId"
    if rule.prefix_list_id:
        return "PrefixListId"
    return "CidrIpv6" if "CidrIpv6" in rule.ip_range else "CidrIpv4"


def group_of(backend: EC2Backend, name: str) -> SecurityGroup:
    """Return a security group by its name or id; raises EC2's error if there is none."""
    found = backend.get_security_group_by_name_or_id(name)
    if found is None:
        raise InvalidSecurityGroupNotFoundError(name)
    return found


def rule_of(group: SecurityGroup, name: str | None) -> SecurityGroupRule:
    """Return a rule of a group by its id; raises EC2's error if there is none."""
    found = group.get_rule(name or "")
    if found is None:
        raise InvalidSecurityGroupRuleIdNotFoundError(name or "")
    return found


def _check_peer(backend: EC2Backend, group_name: str, peer_name: str | None) -> None:
    """Check the group that a rule names as its other side."""
    if not peer_name:
        rule_checks.missing("groupId")
    group, peer = group_of(backend, group_name), group_of(backend, peer_name)
    if peer.vpc_id != group.vpc_id:
        raise EC2ClientError(
            "InvalidGroup.NotFound",
            "You have specified two resources that belong to different networks.",
        )


def _check_prefix_list(backend: EC2Backend, name: str | None) -> None:
    if not name:
        rule_checks.missing("prefixListId")
    if name not in backend.managed_prefix_lists:
        raise EC2ClientError(
            "InvalidPrefixListID.NotFound", f"The prefix list ID '{name}' does not exist"
        )
