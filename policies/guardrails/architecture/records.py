"""DNS records (Route 53) of one stack: which of them answer for the same name, and where they lead."""

from __future__ import annotations

from dataclasses import dataclass

from guardrails import tokens
from guardrails.resources import Resource, Stack
from guardrails.values import UNKNOWN, dig, is_true, items

ZONES = ("aws:route53/zone:Zone",)
ROUTED = (
    "failoverRoutingPolicies",
    "geolocationRoutingPolicies",
    "latencyRoutingPolicies",
    "weightedRoutingPolicies",
    "multivalueAnswerRoutingPolicy",
)
"""The properties that hold a routing policy."""


@dataclass(frozen=True)
class Record:
    """One record.

    Attributes:
        name: Its name as the program gives it, in small letters; `None` if that is not known.
        kind: Its type, for example A.
        failover: PRIMARY, SECONDARY or nothing.
        balancers: Load balancers of the stack to which it leads.
        asks: Whether an alias of it asks for the health of what it leads to.
    """

    resource: Resource
    name: str | None
    kind: str
    failover: str
    balancers: tuple[Resource, ...]
    asks: bool | None

    @property
    def answers_for(self) -> tuple[str | None, str]:
        """Return name and type, which records that stand in for each other share."""
        return self.name, self.kind


class Records:
    """Every DNS record of one stack."""

    def __init__(self, stack: Stack) -> None:
        """Read the records."""
        self.records: tuple[Record, ...] = tuple(
            _record(stack, one) for one in stack.of(tokens.DNS_RECORD)
        )

    def beside(self, record: Record) -> list[Record]:
        """Return the other records of the same name and type."""
        return [
            one
            for one in self.records
            if one is not record and one.name and one.answers_for == record.answers_for
        ]


def _record(stack: Stack, resource: Resource) -> Record:
    name = resource.get("name")
    routing = items(resource.setting("failoverRoutingPolicies"))
    balancers = [
        *stack.sources(resource, "aliases", tokens.LOAD_BALANCER),
        *stack.sources(resource, "records", tokens.LOAD_BALANCER),
    ]
    asked = [dig(one, "evaluateTargetHealth") for one in items(resource.get("aliases"))]
    asks = None if UNKNOWN in asked else any(is_true(one) for one in asked)
    return Record(
        resource,
        name.lower().rstrip(".") if isinstance(name, str) else None,
        str(resource.get("type")),
        str(dig(routing[0], "type")) if routing else "",
        tuple(dict.fromkeys(balancers)),
        asks,
    )
