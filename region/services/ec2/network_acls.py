"""moto's network ACLs as values. Call with the control plane's lock held."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from typing import Any, Final, cast

from moto.ec2.models import EC2Backend

from region.api.parameters import is_true
from region.network.acls import AclRule, NetworkAcl
from region.network.errors import FirewallError
from region.network.services import Permission, Protocol

log = logging.getLogger(__name__)

_PROTOCOLS: Final = {"1": "icmp", "6": "tcp", "17": "udp", "all": "-1", "-1": "-1"}
"""By number, as the API has them; names are accepted too."""
_reported: set[str] = set()


def read(backend: EC2Backend) -> tuple[NetworkAcl, ...]:
    """Return the network ACLs that do anything."""
    found = [_acl(backend, acl) for acl in backend.network_acls.values()]
    return tuple(acl for acl in found if acl.subnets and not acl.is_open)


def _acl(backend: EC2Backend, acl: Any) -> NetworkAcl:
    blocks = [
        str(subnet.cidr_block)
        for association in acl.associations
        if (subnet := _subnet(backend, str(association.subnet_id))) is not None
    ]
    return NetworkAcl(
        str(acl.id),
        tuple(sorted(blocks)),
        ingress=tuple(_rules(entry for entry in acl.network_acl_entries if not _leaves(entry))),
        egress=tuple(_rules(entry for entry in acl.network_acl_entries if _leaves(entry))),
    )


def _subnet(backend: EC2Backend, subnet_id: str) -> Any:
    return next((zone[subnet_id] for zone in backend.subnets.values() if subnet_id in zone), None)


def _leaves(entry: Any) -> bool:
    return is_true(entry.egress)


def _rules(entries: Iterable[Any]) -> Iterator[AclRule]:
    for entry in entries:
        protocol = str(entry.protocol).lower()
        protocol = _PROTOCOLS.get(protocol, protocol)
        # What no program of an instance speaks, and IPv6, which the region does not have.
        if protocol not in {"tcp", "udp", "icmp", "-1"} or not entry.cidr_block:
            continue
        ports = (entry.port_range_from, entry.port_range_to)
        if protocol == "icmp":
            ports = (entry.icmp_type, entry.icmp_code)
        first, last = (None if value is None else int(value) for value in ports)
        try:
            permission = Permission(
                cast("Protocol", protocol), first, last, cidrs=(str(entry.cidr_block),)
            )
        except (FirewallError, ValueError) as error:
            if f"{entry.network_acl_id}{error}" not in _reported:
                _reported.add(f"{entry.network_acl_id}{error}")
                log.warning("a rule of %s is ignored: %s", entry.network_acl_id, error)
            continue
        yield AclRule(int(entry.rule_number), str(entry.rule_action) == "allow", permission)
