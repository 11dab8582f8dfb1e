"""Names for visitors (Route 53): which cannot be looked up outside, and which lead to one server."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from guardrails import tokens
from guardrails.architecture.conditions import conditions
from guardrails.architecture.records import ZONES, Record, Records
from guardrails.architecture.traffic import is_internal
from guardrails.resources import Resource, Stack
from guardrails.values import is_absent, items

_ANSWERS = ("A", "AAAA", "CNAME")
_FRONTS = ("aws:cloudfront/", "aws:globalaccelerator/", "aws:apigateway")
"""What visitors may ask in place of the load balancer behind it."""
_INSIDE = ("internal", "local", "localdomain", "corp", "intern", "lan", "private", "home.arpa")
"""Ends of names that no public zone has: RFC 6762, RFC 8375, and ICANN's name for private use."""
_ONE = {
    **dict.fromkeys(tokens.INSTANCE, "instance"),
    **dict.fromkeys(tokens.ELASTIC_IP, "Elastic IP"),
    **dict.fromkeys(tokens.NETWORK_INTERFACE, "network interface"),
}
_SHARED = (*tokens.LOAD_BALANCER, *tokens.NAT_GATEWAY)
"""What may have an address that is not one server's."""


@dataclass(frozen=True)
class Hidden:
    """A name in a private zone only that leads to a load balancer for the internet.

    Attributes:
        public: The public zone of this stack in which the name is missing, if there is one.
    """

    record: Record
    zone: Resource
    balancer: Resource
    public: Resource | None


@dataclass(frozen=True)
class Single:
    """A name for visitors whose only answer is the address of one server."""

    record: Record
    server: Resource
    beside: Resource
    """A load balancer for the internet, which could be asked instead."""

    @property
    def label(self) -> str:
        """Name the server for a message."""
        return f'{_ONE[self.server.type]} "{self.server.name}"'


class PublicNames:
    """The names that visitors from outside ask for."""

    def __init__(self, stack: Stack) -> None:
        """Sort the records by their zones."""
        self._stack = stack
        self._records = [
            one
            for one in stack.derived(Records).records
            if one.kind in _ANSWERS and one.name and "." in one.name
        ]
        self._zones = {one.resource: self._zone(one) for one in self._records}
        self._balancers = [one for one in stack.of(tokens.LOAD_BALANCER) if not is_internal(one)]

    def _zone(self, record: Record) -> Resource | None:
        found = self._stack.references(record.resource, "zoneId", ZONES, ("zoneId", "id"))
        return found.resources[0] if found.complete and len(found.resources) == 1 else None

    def _is_inside(self, record: Record) -> bool:
        zone = self._zones[record.resource]
        return zone is not None and not zone.left_out("vpcs")

    # --- names that nobody outside finds ----------------------------------------------------------

    def hidden(self) -> Iterator[Hidden]:
        """Yield names of a private zone before a load balancer that visitors find by no other one."""
        found = {
            balancer
            for one in self._records
            if not self._is_inside(one)
            for balancer in one.balancers
        }
        found |= self._fronted()
        outside = {one.name for one in self._records if not self._is_inside(one)}
        for record in self._records:
            zone = self._zones[record.resource]
            if zone is None or not self._is_inside(record) or record.name in outside:
                continue
            if str(record.name).endswith(tuple(f".{end}" for end in _INSIDE)):
                continue
            for balancer in record.balancers:
                if balancer in self._balancers and balancer not in found:
                    yield Hidden(record, zone, balancer, self._public_zone(str(record.name)))

    def _fronted(self) -> set[Resource]:
        return {
            one
            for one in self._balancers
            if any(user.type.startswith(_FRONTS) for user in self._stack.users(one))
        }

    def _public_zone(self, name: str) -> Resource | None:
        for zone in self._stack.of(ZONES):
            own = zone.get("name")
            domain = own.lower().rstrip(".") if isinstance(own, str) else ""
            if zone.left_out("vpcs") and domain and f".{name}".endswith(f".{domain}"):
                return zone
        return None

    # --- names that lead to one server ------------------------------------------------------------

    def single(self) -> Iterator[Single]:
        """Yield names for visitors that lead to one server, past the load balancer."""
        names = self._stack.derived(Records)
        for record in self._records if self._balancers else ():
            if record.failover or self._is_inside(record) or names.beside(record):
                continue
            server = self._only_server(record.resource)
            if server is not None and self._is_for_visitors(record):
                yield Single(record, server, self._balancers[0])

    def _only_server(self, record: Resource) -> Resource | None:
        if len(items(record.get("records"))) != 1:
            return None
        found = self._stack.sources(record, "records", tuple(_ONE))
        shared = any(user.type in _SHARED for one in found for user in self._stack.users(one))
        return found[0] if len(found) == 1 and not shared else None

    def _is_for_visitors(self, record: Record) -> bool:
        """Return whether the name is that of the zone or www, or one that this stack serves."""
        zone = self._zones[record.resource]
        domain = zone.get("name") if zone is not None else None
        own = domain.lower().rstrip(".") if isinstance(domain, str) else None
        name = str(record.name)
        return name == own or name.startswith("www.") or name in self._served()

    def _served(self) -> set[str]:
        """Return the names that certificates, rules and distributions of this stack are for."""
        given = [
            *(one.get("domainName") for one in self._stack.of(tokens.CERTIFICATE)),
            *(
                alias
                for one in self._stack.of(tokens.DISTRIBUTION)
                for alias in items(one.get("aliases"))
            ),
            *(
                value
                for rule in self._stack.of(tokens.LISTENER_RULE)
                for one in conditions(rule)
                if one.field == "hostHeader"
                for _, value in one.values
            ),
        ]
        return {one.lower() for one in given if isinstance(one, str) and not is_absent(one)}
