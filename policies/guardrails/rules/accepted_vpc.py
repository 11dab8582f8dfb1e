"""What Amazon VPC refuses about networks: ranges, gateways, addresses and routes."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from typing import Any

from guardrails import tokens
from guardrails.architecture.network import Network
from guardrails.architecture.place_names import region_of_zone
from guardrails.architecture.targets import Targets
from guardrails.refusals import JointRefusal, alone, earlier, joint_refusal_rule, matching, sharing
from guardrails.resources import Resource, Stack
from guardrails.values import dig, items, show

_API = "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/"
_GUIDE = "https://docs.aws.amazon.com/vpc/latest/userguide/"
_ID = ("id",)
_OWN_SUBNET = "aws:ec2/subnet:Subnet"

Block = ipaddress.IPv4Network


def _block(value: Any, *, strict: bool = True) -> Block | None:
    """Return a range; without `strict`, also one that names an address in it."""
    try:
        return ipaddress.IPv4Network(value, strict) if isinstance(value, str) else None
    except ValueError:
        return None


def _size(_: Stack, network: Resource) -> str | None:
    """Return that a VPC or subnet is too large or too small."""
    block = _block(network.get("cidrBlock"), strict=False)
    if block is not None and not 16 <= block.prefixlen <= 28:
        return f"cidr_block is {show(network.get('cidrBlock'))}"
    return None


def _outside(stack: Stack, subnet: Resource) -> str | None:
    vpc, block = stack.derived(Network).vpc(subnet), _block(subnet.get("cidrBlock"))
    if not isinstance(vpc, Resource) or block is None:
        return None
    ranges = [_block(vpc.get("cidrBlock"))]
    added = [
        one for one in stack.of(tokens.VPC_RANGE) if stack.derived(Network).vpc(one) in (vpc, None)
    ]
    ranges += [_block(one.get("cidrBlock")) for one in added]
    if None in ranges or any(block.subnet_of(one) for one in ranges if one is not None):
        return None
    known = ", ".join(str(one) for one in ranges)
    return f'cidr_block {block} is outside VPC "{vpc.name}" ({known})'


def _overlap(stack: Stack, subnet: Resource) -> Iterator[str]:
    network, block = stack.derived(Network), _block(subnet.get("cidrBlock"))
    vpc = network.vpc(subnet)
    if block is None or vpc is None:
        return
    for other in earlier(stack, subnet, (_OWN_SUBNET,)):
        theirs = _block(other.get("cidrBlock"))
        if theirs is not None and theirs.overlaps(block) and network.vpc(other) == vpc:
            yield f'cidr_block {block} overlaps {theirs} of subnet "{other.name}"'


def _no_address(_: Stack, nat: Resource) -> str | None:
    if nat.get("connectivityType") == "private" or nat.get("availabilityMode") == "regional":
        return None
    if nat.left_out("allocationId") and not nat.left_out("subnetId"):
        return "it is public, allocation_id is not set"
    return None


def _address_twice(stack: Stack, nat: Resource) -> Iterator[str]:
    addresses = (tokens.ELASTIC_IP, ("id", "allocationId"))
    for other, one in sharing(stack, nat, "allocationId", addresses):
        yield f'it has address "{one.name}", which NAT gateway "{other.name}" has'
    own = nat.get("allocationId")
    for other in earlier(stack, nat, tokens.NAT_GATEWAY):
        same = isinstance(own, str) and own and other.get("allocationId") == own
        if same and not stack.sources(nat, "allocationId", tokens.ELASTIC_IP):
            yield f'it has address {own}, which NAT gateway "{other.name}" has'


def _route_twice(stack: Stack, route: Resource) -> Iterator[str]:
    for other, table in sharing(stack, route, "routeTableId", (tokens.ROUTE_TABLE, _ID)):
        for name in ("destinationCidrBlock", "destinationIpv6CidrBlock"):
            given = route.get(name)
            if isinstance(given, str) and given and other.get(name) == given:
                yield f'route "{other.name}" to {given} is in route table "{table.name}" already'


def _used_gateways(stack: Stack, route: Resource) -> tuple[Resource, ...]:
    """Return the internet gateways that a route, or the routes in a table, lead to."""
    prop = "gatewayId" if route.type in tokens.ROUTE else "routes"
    if route.left_out(prop):
        return ()
    listed = items(route.get(prop)) if prop == "routes" else []
    value = [dig(one, "gatewayId") for one in listed] if listed else None
    return stack.references(route, prop, tokens.INTERNET_GATEWAY, _ID, value=value).resources


def _attached_to_nothing(stack: Stack, route: Resource) -> Iterator[str]:
    attached = {
        gateway
        for one in stack.of(tokens.INTERNET_GATEWAY_ATTACHMENT)
        for gateway in stack.references(one, "internetGatewayId", tokens.INTERNET_GATEWAY, _ID).any
    }
    for gateway in _used_gateways(stack, route):
        if gateway.left_out("vpcId") and gateway not in attached:
            yield f'internet gateway "{gateway.name}" is attached to no VPC'


def _foreign_gateway(stack: Stack, route: Resource) -> str | None:
    network = stack.derived(Network)
    gateways = _used_gateways(stack, route)
    title, prop = "internet gateway", "vpcId"
    if not gateways and route.type in tokens.ROUTE and not route.left_out("natGatewayId"):
        gateways = stack.references(route, "natGatewayId", tokens.NAT_GATEWAY, _ID).resources
        title, prop = "NAT gateway", "subnetId"
    tables = (
        stack.references(route, "routeTableId", tokens.ROUTE_TABLE, _ID).resources
        if route.type in tokens.ROUTE
        else (route,)
    )
    if len(gateways) != 1 or len(tables) != 1 or gateways[0].left_out(prop):
        return None
    theirs, own = network.vpc(gateways[0], prop), network.vpc(tables[0])
    if isinstance(theirs, Resource) and isinstance(own, Resource) and theirs is not own:
        return (
            f'{title} "{gateways[0].name}" is in VPC "{theirs.name}", route table '
            f'"{tables[0].name}" in VPC "{own.name}"'
        )
    return None


def _subnet_twice(stack: Stack, association: Resource) -> Iterator[str]:
    for other, one in sharing(stack, association, "subnetId", (tokens.SUBNET, _ID)):
        yield f'subnet "{one.name}" is associated already, by "{other.name}"'


def _two_networks(stack: Stack, balancer: Resource) -> str | None:
    network = stack.derived(Network)
    subnets = stack.derived(Targets).balancer_subnets(balancer)
    found = [network.vpc(one) for one in subnets if isinstance(one, Resource)]
    named = dict.fromkeys(f'"{vpc.name}"' for vpc in found if isinstance(vpc, Resource))
    if len(named) > 1:
        return f"its subnets are in VPCs {' and '.join(named)}"
    return None


def _overlapping(stack: Stack, peering: Resource) -> str | None:
    network = stack.derived(Network)
    both = [network.vpc(peering), network.vpc(peering, "peerVpcId")]
    ranges = [_block(one.get("cidrBlock")) if isinstance(one, Resource) else None for one in both]
    first, second = ranges
    if both[0] is both[1] or first is None or second is None or not first.overlaps(second):
        return None
    names = [one.name for one in both if isinstance(one, Resource)]
    return f'VPC "{names[0]}" has {first}, and VPC "{names[1]}" {second}'


def _two_regions(stack: Stack, subnet: Resource) -> Iterator[str]:
    zone, network = subnet.get("availabilityZone"), stack.derived(Network)
    region = region_of_zone(zone) if isinstance(zone, str) else None
    vpc = network.vpc(subnet)
    if region is None or vpc is None:
        return
    for other in earlier(stack, subnet, (_OWN_SUBNET,)):
        theirs = other.get("availabilityZone")
        there = region_of_zone(theirs) if isinstance(theirs, str) else None
        if there not in (None, region) and network.vpc(other) == vpc:
            yield (
                f'availability_zone is {zone}, and subnet "{other.name}" of the same VPC is in {theirs}: a '
                "VPC is in one Region"
            )
            return


_TABLE = (
    JointRefusal(
        types=tokens.PEERING,
        says="InvalidParameterValue: the CIDR blocks of peered VPCs must not overlap.",
        source="https://docs.aws.amazon.com/vpc/latest/peering/invalid-peering-configurations.html",
        remedy="set cidr_block of one VPC to a range that the other does not have.",
        find=_overlapping,
    ),
    JointRefusal(
        types=(_OWN_SUBNET,),
        says="InvalidParameterValue: Value for parameter availabilityZone is invalid.",
        source=f"{_API}API_CreateSubnet.html",
        remedy="set availability_zone to a zone of the VPC's Region.",
        find=_two_regions,
    ),
    JointRefusal(
        types=("aws:ec2/vpc:Vpc",),
        says="InvalidVpc.Range: the block of a VPC has a prefix of /16 to /28.",
        source=f"{_GUIDE}vpc-cidr-blocks.html",
        remedy="set cidr_block to a range with a prefix of /16 to /28.",
        find=_size,
    ),
    JointRefusal(
        types=(_OWN_SUBNET,),
        says="InvalidSubnet.Range: The CIDR is invalid: a subnet's block is part of its VPC's.",
        source=f"{_API}API_CreateSubnet.html",
        remedy="set cidr_block of the subnet to a part of the VPC's.",
        find=_outside,
    ),
    JointRefusal(
        types=(_OWN_SUBNET,),
        says="InvalidSubnet.Conflict: The CIDR conflicts with another subnet.",
        source=f"{_API}API_CreateSubnet.html",
        remedy="set cidr_block of each subnet to a range of its own.",
        find=_overlap,
    ),
    JointRefusal(
        types=tokens.NAT_GATEWAY,
        says="MissingParameter: a public NAT gateway in a subnet needs an Elastic IP address.",
        source=f"{_API}API_CreateNatGateway.html",
        remedy="set allocation_id to the id of an aws.ec2.Eip.",
        find=_no_address,
    ),
    JointRefusal(
        types=tokens.NAT_GATEWAY,
        says="Resource.AlreadyAssociated: an Elastic IP address belongs to one NAT gateway.",
        source=f"{_API}API_CreateNatGateway.html",
        remedy="create an aws.ec2.Eip for each NAT gateway, and set allocation_id to its id.",
        find=_address_twice,
    ),
    JointRefusal(
        types=tokens.ROUTE,
        says="RouteAlreadyExists: The route identified by the destination already exists.",
        source=f"{_API}API_CreateRoute.html",
        remedy="set route_table_id to the table that this route is for.",
        find=_route_twice,
    ),
    JointRefusal(
        types=(*tokens.ROUTE, *tokens.ROUTE_TABLE),
        says="Gateway.NotAttached: the internet gateway is not attached to the network.",
        source=f"{_API}API_AttachInternetGateway.html",
        remedy="set vpc_id of the internet gateway to the VPC of the route table.",
        find=_attached_to_nothing,
    ),
    JointRefusal(
        types=(*tokens.ROUTE, *tokens.ROUTE_TABLE),
        says="InvalidParameterValue: route table and network gateway belong to different networks.",
        source=f"{_API}API_CreateRoute.html",
        remedy="set gateway_id or nat_gateway_id to a gateway in the VPC of the route table.",
        find=_foreign_gateway,
    ),
    JointRefusal(
        types=tokens.ROUTE_TABLE_ASSOCIATION,
        says="Resource.AlreadyAssociated: a subnet has one route table.",
        source=f"{_API}API_AssociateRouteTable.html",
        remedy="set subnet_id to the subnet that this association is for.",
        find=_subnet_twice,
    ),
    JointRefusal(
        types=tokens.LOAD_BALANCER,
        says="InvalidSubnet: all subnets of a load balancer are in one VPC.",
        source=(
            "https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/"
            "API_CreateLoadBalancer.html"
        ),
        remedy="set subnets of the load balancer to subnets of one VPC.",
        find=_two_networks,
    ),
    JointRefusal(
        types=(_OWN_SUBNET,),
        says="InvalidSubnet.Range: the block of a subnet has a prefix of /16 to /28.",
        source=f"{_GUIDE}subnet-sizing.html",
        remedy="set cidr_block of the subnet to a range with a prefix of /16 to /28.",
        find=_size,
    ),
    JointRefusal(
        types=(_OWN_SUBNET,),
        says="InvalidParameterValue: the zone is invalid. It is named by its Region and a letter.",
        source=f"{_API}API_CreateSubnet.html",
        remedy="set availability_zone to a zone, for example eu-west-1a.",
        find=alone(
            matching("availabilityZone", r"[a-z]{2,}(?:-[a-z0-9]+)*-\d[a-z]|[a-z0-9-]+-\d+[a-z]")
        ),
    ),
)

VPC_PARTS = joint_refusal_rule(
    _TABLE,
    id="vpc-parts-accepted",
    title="Amazon VPC accepts every network, subnet, gateway and route",
    url=f"{_API}API_CreateSubnet.html",
    remedy="correct the network as the message says.",
)

RULES = (VPC_PARTS,)
