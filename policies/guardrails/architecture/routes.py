"""Route tables: which subnet has which, and where its default routes lead."""

from __future__ import annotations

import ipaddress
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any

from guardrails import tokens
from guardrails.resources import Resource, Stack
from guardrails.values import UNKNOWN, is_absent, is_true, items

_ID = ("id",)

Subnet = Resource | str
"""A subnet of this stack, or the id of another one."""


class Way(Enum):
    """What a default route leads to."""

    INTERNET_GATEWAY = "internet gateway"
    NAT_GATEWAY = "NAT gateway"
    OUTBOUND_ONLY = "egress-only internet gateway"
    PEERING = "peering connection"
    """It carries traffic between the two networks only, not on to a gateway of the other one."""
    MACHINE = "instance or network interface"
    ELSEWHERE = "another network"
    """A transit gateway, appliance …: what is behind it is not part of this stack."""


_TARGETS = {
    "gatewayId": Way.INTERNET_GATEWAY,
    "natGatewayId": Way.NAT_GATEWAY,
    "egressOnlyGatewayId": Way.OUTBOUND_ONLY,
    "vpcPeeringConnectionId": Way.PEERING,
    **dict.fromkeys(
        (
            "transitGatewayId",
            "vpcEndpointId",
            "coreNetworkArn",
            "carrierGatewayId",
            "localGatewayId",
            "odbNetworkArn",
        ),
        Way.ELSEWHERE,
    ),
    **dict.fromkeys(("networkInterfaceId", "instanceId"), Way.MACHINE),
}


@dataclass(frozen=True)
class Exit:
    """A default route: what it leads to, and the gateway where that is a resource of this stack.

    Attributes:
        family: The version of IP of its destination.
    """

    way: Way
    gateway: Resource | None = None
    family: int = 4

    def describe(self) -> str:
        """Name it as a step of a path."""
        name = f' "{self.gateway.name}"' if self.gateway is not None else ""
        return f"{self.way.value}{name}"


@dataclass(frozen=True)
class Routes:
    """The default routes of one subnet.

    Attributes:
        table: The route table, as a step of a path.
        complete: Whether every route of the table is known from this stack.
    """

    table: str
    exits: tuple[Exit, ...]
    complete: bool = True
    resource: Resource | None = None


class RouteTables:
    """The route tables of one stack."""

    def __init__(self, stack: Stack) -> None:
        """Index routes by table and tables by subnet."""
        self._stack = stack
        self._exits: dict[Resource, list[Exit]] = {}
        """By route table, or by VPC for the main table."""
        self._open: set[Resource] = set()
        """Route tables with a route that the preview does not know."""
        self._tables: dict[Subnet, list[Resource]] = {}
        self._elsewhere: set[Subnet] = set()
        """Subnets with a route table that this stack does not create."""
        self._main: dict[Resource, Resource] = {}
        self._defaults: Counter[tuple[Resource, int]] = Counter()
        """How many default routes of each version of IP are resources of their own, by table."""
        self._index_tables()
        self._index_routes()
        self._index_associations()

    # --- index ------------------------------------------------------------------------------------

    def _index_tables(self) -> None:
        for table in self._stack.of(tokens.ROUTE_TABLE):
            exits = self._exits.setdefault(table, [])
            routes = None if table.left_out("routes") else table.get("routes")
            if routes is UNKNOWN:
                self._open.add(table)
            for route in items(routes):
                if route is UNKNOWN:
                    self._open.add(table)
                else:
                    exits += self._exit(table, "routes", route, ("cidrBlock", "ipv6CidrBlock"))
            for vpc in self._stack.sources(table, "defaultRouteTableId", tokens.VPC):
                self._main[vpc] = table

    def _index_routes(self) -> None:
        stack = self._stack
        for route in stack.of(tokens.ROUTE):
            exits = list(
                self._exit(
                    route,
                    "",
                    route.properties,
                    ("destinationCidrBlock", "destinationIpv6CidrBlock"),
                )
            )
            found = stack.references(route, "routeTableId", tokens.ROUTE_TABLE, _ID)
            owners = list(found.resources)
            self._open.update(found.possible)
            if not found.any:
                # The main table's id is an output of the VPC.
                owners += stack.sources(route, "routeTableId", tokens.VPC)
            for owner in owners:
                self._exits.setdefault(owner, []).extend(exits)
                self._defaults.update((owner, one.family) for one in exits)

    def _exit(
        self, owner: Resource, prop: str, route: Mapping[str, Any], destinations: tuple[str, ...]
    ) -> Iterator[Exit]:
        """Yield where a route leads if it is a default route; `prop` holds it if it is inline."""
        matched = [name for name in destinations if _is_default(route.get(name))]
        if not matched:
            return
        family = 6 if all("pv6" in name for name in matched) else 4
        for name, way in _TARGETS.items():
            value = route.get(name)
            if is_absent(value) or (not prop and owner.left_out(name)):
                continue
            if self._stays(owner, prop or name, name, value):
                continue
            types = {
                "gatewayId": tokens.INTERNET_GATEWAY,
                "natGatewayId": tokens.NAT_GATEWAY,
                "networkInterfaceId": (*tokens.INSTANCE, *tokens.NETWORK_INTERFACE),
                "vpcPeeringConnectionId": tokens.PEERING,
                "instanceId": tokens.INSTANCE,
            }.get(name, ())
            keys = (*_ID, "primaryNetworkInterfaceId")
            found = self._stack.references(owner, prop or name, types, keys, value=value)
            gateway = found.resources[0] if len(found.resources) == 1 else None
            if prop and value is UNKNOWN and types and not found.any:
                continue  # of the entry's targets, what the provider leaves unknown
            yield Exit(way if gateway is not None else _way(way, value), gateway, family)

    def _stays(self, owner: Resource, prop: str, name: str, value: Any) -> bool:
        """Return whether a target leads nowhere out: the VPC itself, or a gateway endpoint's service."""
        if name == "gatewayId" and value == "local":
            return True
        if name != "vpcEndpointId":
            return False
        found = self._stack.references(owner, prop, tokens.VPC_ENDPOINT, _ID, value=value)
        kinds = [one.setting("vpcEndpointType") for one in found.resources]
        # Without a type it is a gateway endpoint.
        return bool(kinds) and all(is_absent(kind) or kind == "Gateway" for kind in kinds)

    def _index_associations(self) -> None:
        stack = self._stack
        for association in stack.of(tokens.ROUTE_TABLE_ASSOCIATION):
            tables = stack.references(association, "routeTableId", tokens.ROUTE_TABLE, _ID)
            subnets = stack.references(association, "subnetId", tokens.SUBNET, _ID)
            for subnet in (*subnets.any, *subnets.foreign):
                self._tables.setdefault(subnet, []).extend(tables.any)
                if not tables.any:
                    self._elsewhere.add(subnet)
        for association in stack.of(tokens.MAIN_ROUTE_TABLE_ASSOCIATION):
            tables = stack.references(association, "routeTableId", tokens.ROUTE_TABLE, _ID)
            for vpc in stack.references(association, "vpcId", tokens.VPC, _ID).resources:
                if tables.resources:
                    self._main[vpc] = tables.resources[0]

    # --- questions --------------------------------------------------------------------------------

    @property
    def misplaced(self) -> bool:
        """Whether an association or a default route is where there is one already.

        Amazon VPC refuses it, and it is missing elsewhere: that is one fault.
        """
        twice = any(len(tables) > 1 for tables in self._tables.values())
        return twice or any(count > 1 for count in self._defaults.values())

    def vpc(self, resource: Resource, prop: str = "vpcId") -> Resource | str | None:
        """Return the VPC to which a property refers: a resource, its id, or None if not known."""
        found = self._stack.references(resource, prop, tokens.VPC, _ID)
        if len(found.resources) == 1:
            return found.resources[0]
        if found.foreign:
            return found.foreign[0]
        through = self._stack.sources(resource, prop, (*tokens.SUBNET, *tokens.SECURITY_GROUP))
        return self.vpc(through[0]) if through and not found.any else None

    def routes(self, subnet: Subnet, family: int = 4) -> Routes | None:
        """Return the default routes of a subnet; None if its route table is not in this stack.

        Those of IPv6 count in a subnet that has no other addresses.
        """
        found = self._of_both(subnet)
        native = isinstance(subnet, Resource) and is_true(subnet.get("ipv6Native"))
        if found is None or native:
            return found
        return replace(found, exits=tuple(one for one in found.exits if one.family == family))

    def _of_both(self, subnet: Subnet) -> Routes | None:
        tables = list(dict.fromkeys(self._tables.get(subnet, ())))
        if subnet in self._elsewhere:
            return None
        if len(tables) == 1:
            return self._routes(tables[0])
        if tables:
            exits = tuple(found for table in tables for found in self._exits.get(table, ()))
            return Routes("one of several route tables", exits, complete=False)
        if isinstance(subnet, str):
            return None
        return self._main_routes(subnet)

    def _routes(self, table: Resource) -> Routes:
        return Routes(
            f'route table "{table.name}"',
            tuple(self._exits.get(table, ())),
            table not in self._open,
            table,
        )

    def _main_routes(self, subnet: Resource) -> Routes | None:
        if subnet.type == "aws:ec2/defaultSubnet:DefaultSubnet":
            return Routes("the default VPC's route table", (Exit(Way.INTERNET_GATEWAY),))
        vpc = self.vpc(subnet)
        if not isinstance(vpc, Resource) or vpc.type != "aws:ec2/vpc:Vpc":
            return None
        own = tuple(self._exits.get(vpc, ()))
        if vpc in self._main:
            listed = self._routes(self._main[vpc])
            return Routes(listed.table, (*own, *listed.exits), listed.complete, listed.resource)
        return Routes(f'the main route table of VPC "{vpc.name}"', own)


def address_range(subnet: Subnet) -> Any:
    """Return the address range of a subnet, `UNKNOWN` where the program does not say it."""
    value = UNKNOWN if isinstance(subnet, str) else subnet.get("cidrBlock")
    return UNKNOWN if is_absent(value) else value


def _way(way: Way, value: Any) -> Way:
    """Tell the gateways apart that share `gateway_id`, where the id is known."""
    if way is Way.INTERNET_GATEWAY and isinstance(value, str) and not value.startswith("igw-"):
        return Way.ELSEWHERE
    return way


def _is_default(destination: Any) -> bool:
    """Return whether a destination is, or may be, the whole internet or half of it."""
    if destination is UNKNOWN:
        return True
    try:
        return ipaddress.ip_network(str(destination), strict=False).prefixlen <= 1
    except ValueError:
        return False
