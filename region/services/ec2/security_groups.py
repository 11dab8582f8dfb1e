"""moto's security groups as values. Call with the control plane's lock held."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from moto.ec2.models import EC2Backend
from moto.ec2.models.security_groups import SecurityGroupRule

from region.network.firewall import Permission, SecurityGroup

_PROTOCOLS: Final = ("tcp", "udp", "icmp", "-1")


def read(backend: EC2Backend) -> dict[str, SecurityGroup]:
    """Return every security group by its id."""
    return {
        str(group.id): SecurityGroup(
            str(group.id),
            ingress=tuple(_permissions(group.ingress_rules)),
            egress=tuple(_permissions(group.egress_rules)),
        )
        for groups in backend.groups.values()
        for group in groups.values()
    }


def _permissions(rules: Iterable[SecurityGroupRule]) -> Iterator[Permission]:
    for rule in rules:
        protocol = str(rule.ip_protocol)
        # A protocol that no program of an instance speaks, such as 50 (ESP), permits nothing here.
        if protocol in _PROTOCOLS:
            yield Permission(
                protocol,
                None if rule.from_port is None else int(rule.from_port),
                None if rule.to_port is None else int(rule.to_port),
                cidrs=(str(rule.cidr_ipv4),) if rule.cidr_ipv4 else (),
                groups=_sources(rule),
            )


def _sources(rule: SecurityGroupRule) -> tuple[str, ...]:
    source = rule.source_group.get("GroupId")
    return (str(source),) if source else ()
