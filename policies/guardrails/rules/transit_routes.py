"""The rule about transit gateways: what leaves by one is not dropped there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from guardrails import tokens
from guardrails.architecture.permits import is_everything
from guardrails.model import Question, Settings, Severity, StackRule, Violation
from guardrails.resources import Resource, Stack
from guardrails.values import dig, is_absent, is_true, items

_TABLE = "transitGatewayRouteTableId"
_GATEWAY = "transitGatewayId"


def _leaving(stack: Stack) -> Iterator[Resource]:
    """Yield what sends everything that leaves a network to a transit gateway."""

    def leads(route: Any, *ranges: str) -> bool:
        away = any(is_everything(dig(route, one)) for one in ranges)
        return away and not is_absent(dig(route, _GATEWAY))

    for route in stack.of(tokens.ROUTE):
        ranges = ("destinationCidrBlock", "destinationIpv6CidrBlock")
        if leads(route.properties, *ranges) and not route.left_out(_GATEWAY):
            yield route
    for table in stack.of(tokens.ROUTE_TABLE):
        if any(leads(one, "cidrBlock", "ipv6CidrBlock") for one in items(table.get("routes"))):
            yield table


def _used(stack: Stack, route: Resource) -> bool | None:
    """Return whether the networks of this stack use the table of a route; `None` if that is open."""
    tables = stack.references(route, _TABLE, tokens.TRANSIT_TABLE, ("id",))
    if not tables.any:
        # The gateway's own table is the one that attachments get by default.
        return True if stack.origins(route, _TABLE) else None
    joined = (
        stack.references(one, _TABLE, tokens.TRANSIT_TABLE, ("id",)).any
        for one in stack.of(tokens.TRANSIT_TABLE_ASSOCIATION)
    )
    return True if any(set(found) & set(tables.any) for found in joined) else None


def _dropped(stack: Stack, _: Settings) -> Iterator[Violation]:
    drops = [
        route
        for route in stack.of(tokens.TRANSIT_ROUTE)
        if is_true(route.get("blackhole")) and is_everything(route.get("destinationCidrBlock"))
    ]
    leaving = next(_leaving(stack), None) if drops else None
    if leaving is None:
        return
    for route in drops:
        used = _used(stack, route)
        what = f'route "{route.name}" of the transit gateway drops everything (blackhole is true)'
        yield Violation(
            f"Nothing leaves the network: {what}."
            if used
            else f"whether something leaves the network is not known: {what}, and whether the attachment "
            "uses its table is not in this stack.",
            route,
            (f'"{leaving.name}"', "transit gateway", f'route "{route.name}", blackhole'),
            undecided=not used,
        )


PASSES = StackRule(
    id="transit-gateway-passes",
    title="A transit gateway does not drop what leaves the network by it",
    question=Question.SERVE,
    severity=Severity.HIGH,
    controls={"Well-Architected": ("REL02-BP01",)},
    url="https://docs.aws.amazon.com/vpc/latest/tgw/tgw-route-tables.html",
    remedy=(
        "set transit_gateway_attachment_id of the route to the attachment of the network that leads to "
        "the internet, and remove blackhole."
    ),
    steps=(
        "Name the attachment of the network with the NAT gateways in transit_gateway_attachment_id.",
        "Keep blackhole for ranges that are not to be reached.",
    ),
    unknown=(
        "A route whose table the stack does not associate with an attachment is undecided. Routes of "
        "single ranges are not judged: they keep networks apart."
    ),
    check=_dropped,
)

RULES = (PASSES,)
