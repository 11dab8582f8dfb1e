"""moto's security groups as values. Call with the control plane's lock held."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from typing import Final

from moto.ec2.models import EC2Backend
from moto.ec2.models.security_groups import SecurityGroupRule

from region.network.errors import FirewallError
from region.network.firewall import Permission, SecurityGroup

log = logging.getLogger(__name__)

_PROTOCOLS: Final = ("tcp", "udp", "icmp", "-1")
_reported: set[str] = set()
"""The rules that were reported as impossible, so that not every round reports them again."""


def read(backend: EC2Backend) -> dict[str, SecurityGroup]:
    """Return every security group by its id."""
    return {
        str(group.id): SecurityGroup(
            str(group.id),
            ingress=tuple(_permissions(backend, group.ingress_rules)),
            egress=tuple(_permissions(backend, group.egress_rules)),
        )
        for groups in backend.groups.values()
        for group in groups.values()
    }


def _permissions(backend: EC2Backend, rules: Iterable[SecurityGroupRule]) -> Iterator[Permission]:
    for rule in rules:
        # A protocol that no program of an instance speaks, such as 50 (ESP), permits nothing here.
        if str(rule.ip_protocol) not in _PROTOCOLS:
            continue
        try:
            yield _permission(backend, rule)
        except (FirewallError, TypeError, ValueError) as error:
            # The API refuses such a rule, but the state of an older region may have one, and it
            # must not keep all others from being put into force. It permits nothing.
            if rule.id not in _reported:
                _reported.add(rule.id)
                log.warning("rule %s of %s is ignored: %s", rule.id, rule.group_id, error)


def _permission(backend: EC2Backend, rule: SecurityGroupRule) -> Permission:
    return Permission(
        str(rule.ip_protocol),  # pyright: ignore[reportArgumentType]
        None if rule.from_port is None else int(rule.from_port),
        None if rule.to_port is None else int(rule.to_port),
        cidrs=(str(rule.cidr_ipv4),) if rule.cidr_ipv4 else _prefixes(backend, rule),
        groups=_sources(rule),
    )


def _prefixes(backend: EC2Backend, rule: SecurityGroupRule) -> tuple[str, ...]:
    """Return the blocks of the prefix list that a rule names."""
    found = backend.managed_prefix_lists.get(_prefix_list_of(rule))
    if found is None or not found.entries:
        return ()
    entries = found.entries.get(found.version or 1) or []
    return tuple(str(entry["Cidr"]) for entry in entries)


def _prefix_list_of(rule: SecurityGroupRule) -> str:
    given = rule.prefix_list_id
    return str(given.get("PrefixListId", "")) if isinstance(given, dict) else str(given or "")


def _sources(rule: SecurityGroupRule) -> tuple[str, ...]:
    source = rule.source_group.get("GroupId")
    return (str(source),) if source else ()
