"""Which subnets have a way to the internet. Call with the control plane's lock held."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Network

from moto.ec2.models import EC2Backend
from moto.ec2.models.internet_gateways import InternetGateway
from moto.ec2.models.route_tables import Route, RouteTable
from moto.ec2.models.subnets import Subnet

from region.loopback.addresses import PRIVATE


def is_public(backend: EC2Backend, subnet: Subnet) -> bool:
    """Return whether a subnet's route table leads to an internet gateway that is attached to its VPC.

    A subnet without a table of its own has its VPC's main one. A route to private addresses only leads to
    nobody on the internet.
    """
    table = _table(backend, subnet)
    return table is not None and any(
        _leads_outside(route) and gateway.vpc is not None and gateway.vpc.id == subnet.vpc_id
        for route, gateway in _by_gateway(table)
    )


def _table(backend: EC2Backend, subnet: Subnet) -> RouteTable | None:
    tables = [one for one in backend.route_tables.values() if one.vpc_id == subnet.vpc_id]
    own = (one for one in tables if any(a.get("SubnetId") == subnet.id for a in one.associations))
    main = (one for one in tables if one.main_association_id is not None)
    return next(own, None) or next(main, None)


def _by_gateway(table: RouteTable) -> Iterator[tuple[Route, InternetGateway]]:
    for route in table.routes:
        if isinstance(route.gateway, InternetGateway):
            yield route, route.gateway


def _leads_outside(route: Route) -> bool:
    destination = route.destination_cidr_block
    if not destination:
        return False
    network = IPv4Network(destination)
    return not any(network.subnet_of(private) for private in PRIVATE)
