"""Ways between the VPCs of one stack: routes in both directions, and peerings that are accepted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from guardrails import tokens
from guardrails.architecture.answers import Answer, all_of, no, yes
from guardrails.architecture.network import Network
from guardrails.architecture.permits import Party, is_everything, network, within
from guardrails.resources import Resource, Stack
from guardrails.values import UNKNOWN, is_absent, items

_ID = ("id",)
_OWN_VPC = "aws:ec2/vpc:Vpc"
_PEERED = "vpcPeeringConnectionId"
_CARRIERS = (
    "transitGatewayId",
    "coreNetworkArn",
    "networkInterfaceId",
    "instanceId",
    "vpcEndpointId",
    "localGatewayId",
)
"""What may carry packets to another VPC, beside a peering, a private NAT and a virtual private gateway."""
_PRIVATE_LINKS = ("aws:vpclattice/", "aws:ec2/vpcEndpointService:")


@dataclass(frozen=True)
class _Route:
    """One route: where it leads, and the peerings of this stack by which it does."""

    destination: Any
    peerings: tuple[Resource, ...]
    certain: bool
    """Whether it leads by these peerings and nothing else."""


class VpcWays:
    """Which VPCs of a stack reach each other."""

    def __init__(self, stack: Stack) -> None:
        """Index the routes by VPC."""
        self._stack = stack
        self._network = stack.derived(Network)
        self._routes: dict[Resource, list[_Route]] = {}
        self._loose = any(
            one.type.startswith(_PRIVATE_LINKS) for one in stack.resources
        )  # what they lead to is not followed
        for table in stack.of(tokens.ROUTE_TABLE):
            vpcs = self._vpcs_of(table)
            routes = None if table.left_out("routes") else table.get("routes")
            for route in [UNKNOWN] if routes is UNKNOWN else items(routes):
                self._index(vpcs, table, "routes", route)
        for route in stack.of(tokens.ROUTE):
            found = stack.references(route, "routeTableId", tokens.ROUTE_TABLE, _ID)
            mains = stack.sources(route, "routeTableId", tokens.VPC)
            self._loose |= not found.any and not mains
            vpcs = [*mains, *(vpc for table in found.any for vpc in self._vpcs_of(table))]
            self._index(vpcs, route, "", route.properties)

    def connects(self, source: Party, target: Party) -> Answer:
        """Answer whether packets find their way from one party to the other and back.

        Parties whose VPC is not certain, or not of this stack, are not judged: yes.
        """
        first, second = self._vpc(source), self._vpc(target)
        if first is None or second is None or first is second or self._loose:
            return yes()
        return all_of(
            (self._leads(first, second, target.name), self._leads(second, first, source.name))
        )

    # --- index ------------------------------------------------------------------------------------

    def _vpcs_of(self, table: Resource) -> list[Resource]:
        vpc = self._network.vpc(table)
        mains = self._stack.sources(table, "defaultRouteTableId", tokens.VPC)
        return [*([vpc] if isinstance(vpc, Resource) else []), *mains]

    def _index(self, vpcs: list[Resource], owner: Resource, prop: str, given: Any) -> None:
        for route in self._read(owner, prop, given):
            for vpc in dict.fromkeys(vpcs):
                self._routes.setdefault(vpc, []).append(route)

    def _read(self, owner: Resource, prop: str, given: Any) -> Iterator[_Route]:
        """Yield a route that may lead to another VPC."""
        if not isinstance(given, Mapping):
            yield _Route(UNKNOWN, (), certain=False)
            return

        def value(name: str) -> Any:
            return None if not prop and owner.left_out(name) else given.get(name)

        lists = [value("destinationPrefixListId")]
        ranges = [value(name) for name in ("destinationCidrBlock", "cidrBlock")]
        destination = next((one for one in ranges if not is_absent(one)), None)
        destination = UNKNOWN if any(not is_absent(one) for one in lists) else destination
        if destination is None:
            return  # of IPv6
        peered = value(_PEERED)
        if not is_absent(peered):
            found = self._stack.references(
                owner, prop or _PEERED, tokens.PEERING, _ID, value=peered
            )
            # Of the targets of an inline route, the provider leaves those unknown that are not set.
            if found.any or not prop or peered is not UNKNOWN:
                yield _Route(destination, found.any, certain=bool(found.any))
                return
        private = str(value("gatewayId")).startswith("vgw-")
        nat = not is_absent(value("natGatewayId")) and not is_everything(destination)
        if private or nat or any(not is_absent(value(name)) for name in _CARRIERS):
            yield _Route(destination, (), certain=False)

    # --- questions --------------------------------------------------------------------------------

    def _vpc(self, party: Party) -> Resource | None:
        """Return the VPC of a party's security groups, if it is one that this stack creates."""
        if not party.groups.complete:
            return None
        found = {self._network.vpc(group) for group in party.groups.resources}
        vpc = next(iter(found)) if len(found) == 1 else None
        if not isinstance(vpc, Resource) or vpc.type != _OWN_VPC:
            return None
        own, ranges = network(vpc.get("cidrBlock")), [network(one) for one in party.networks]
        # Who is elsewhere than its security groups is refused, which vpc-accepted reports.
        outside = own is not None and not any(one is None or within(one, own) for one in ranges)
        more = self._stack.of(tokens.VPC_RANGE)
        return None if outside and ranges and not more else vpc

    def _leads(self, first: Resource, second: Resource, whom: str) -> Answer:
        path = (f'VPC "{first.name}"', f'VPC "{second.name}"')
        fitting = [one for one in self._routes.get(first, ()) if self._fits(one, first, second)]
        pending = [self._pending(one) for one in fitting]
        if any(one is None for one in pending):
            return yes(*path)
        if pending and pending[0] is not None:
            name = pending[0].name
            return no(
                f'peering connection "{name}", by which VPC "{first.name}" reaches VPC '
                f'"{second.name}", waits to be accepted',
                *path,
                remedy=(
                    f'set auto_accept of "{name}" to true, or create an '
                    "aws.ec2.VpcPeeringConnectionAccepter for it."
                ),
            )
        return no(
            f'no route leads from VPC "{first.name}" to VPC "{second.name}", that of {whom}',
            *path,
            remedy=(
                f'create both in one VPC; or join VPC "{first.name}" and VPC "{second.name}" by an '
                "aws.ec2.VpcPeeringConnection with auto_accept, and add an aws.ec2.Route with its "
                "vpc_peering_connection_id to the route tables of both, to the range of the other one."
            ),
        )

    def _fits(self, route: _Route, first: Resource, second: Resource) -> bool:
        """Return whether a route of the first VPC may lead to the second."""
        joined = [
            one
            for one in route.peerings
            if {self._network.vpc(one), self._network.vpc(one, "peerVpcId")}
            <= {first, second, None}
        ]
        if route.certain and not joined:
            return False
        wanted, own = network(route.destination), network(second.get("cidrBlock"))
        more = self._stack.of(tokens.VPC_RANGE)
        if wanted is None or own is None or more or wanted.version != own.version:
            return True
        return wanted.overlaps(own)

    def _pending(self, route: _Route) -> Resource | None:
        """Return a peering that nobody accepts, `None` where a route leads on."""
        if not route.certain:
            return None
        accepters = self._stack.of(tokens.PEERING_ACCEPTER)
        for peering in route.peerings:
            accepted = any(
                peering in self._stack.references(one, _PEERED, tokens.PEERING, _ID).any
                for one in accepters
            )
            given = peering.get("autoAccept")
            by_itself = given is True or (given is UNKNOWN and not peering.left_out("autoAccept"))
            if accepted or by_itself or peering.get("acceptStatus") == "active":
                return None
        return route.peerings[0]
