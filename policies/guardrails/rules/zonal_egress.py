"""Rules about what the instances need of the network: it must not be in one zone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from guardrails import tokens
from guardrails.architecture.network import ENDPOINTS, Network, Way, subnet_name
from guardrails.architecture.serving import Fleet, Serving
from guardrails.architecture.targets import Targets
from guardrails.architecture.zones import spread, zone_of
from guardrails.model import Question, Scope, Settings, Severity, StackRule, Violation
from guardrails.resources import Resource, Stack
from guardrails.values import is_true


@dataclass(frozen=True)
class _Path:
    """A subnet of a fleet and the NAT gateways through which it leads out; none for another way."""

    subnet: Resource
    gateways: tuple[Resource, ...]
    steps: tuple[str, ...]

    @property
    def zone(self) -> str | None:
        return zone_of(self.subnet)


def _egress(stack: Stack, _: Settings) -> Iterator[Violation]:
    reported: set[Resource] = set()
    if _has_endpoints(stack):
        return
    for fleet in stack.derived(Serving).fleets:
        paths = list(_paths(stack, fleet))
        zones = {path.zone or path.subnet.urn for path in paths}
        if fleet.idle or len(zones) < 2:
            continue  # asg-multi-az reports it
        for gateway in dict.fromkeys(one for path in paths for one in path.gateways):
            if gateway in reported or not _takes_all(stack, gateway, paths):
                continue
            if _with_balancer(stack, gateway):
                continue
            reported.add(gateway)
            yield _violation(stack, fleet, gateway, paths)


def _with_balancer(stack: Stack, gateway: Resource) -> bool:
    """Return whether it is where a load balancer in one zone is: elbv2-multi-az reports the zone."""
    places = stack.derived(Network).subnets(gateway, "subnetId")
    targets = stack.derived(Targets)
    return any(
        set(places) <= set(targets.balancer_subnets(balancer))
        and spread(stack, balancer, ("subnets", "subnetMappings")).possible < 2
        for balancer in stack.of(tokens.LOAD_BALANCER)
    )


def _has_endpoints(stack: Stack) -> bool:
    """Return whether instances reach CodeDeploy and S3 without a gateway."""
    names = (endpoint.get("serviceName") for endpoint in stack.of(tokens.VPC_ENDPOINT))
    given = {name.rpartition(".")[2] for name in names if isinstance(name, str)}
    return set(ENDPOINTS) <= given


def _paths(stack: Stack, fleet: Fleet) -> Iterator[_Path]:
    network = stack.derived(Network)
    for group in fleet.groups:
        for subnet in network.subnets(group.resource, "vpcZoneIdentifiers"):
            routes = network.routes(subnet)
            if isinstance(subnet, str) or routes is None:
                continue  # the route table of another stack
            used = [
                one.gateway
                for one in routes.exits
                if one.way is Way.NAT_GATEWAY or _is_machine(one.gateway)
            ]
            gateways = tuple(
                one
                for one in used
                if one is not None and _zonal(one) and not _is_misplaced(stack, one)
            )
            steps = (subnet_name(subnet), routes.table)
            yield _Path(subnet, gateways, steps)


def _is_machine(gateway: Resource | None) -> bool:
    """Return whether a default route leads to an instance or its interface, which is in one zone."""
    return gateway is not None and gateway.type in (*tokens.INSTANCE, *tokens.NETWORK_INTERFACE)


def _zonal(gateway: Resource) -> bool:
    return gateway.get("availabilityMode") != "regional"


def _zone_of_gateway(stack: Stack, gateway: Resource) -> str | None:
    subnets = stack.derived(Network).subnets(gateway, "subnetId")
    return zone_of(subnets[0]) if len(subnets) == 1 and isinstance(subnets[0], Resource) else None


def _is_misplaced(stack: Stack, gateway: Resource) -> bool:
    """Return whether the gateway itself has no way out: asg-reaches-codedeploy reports it."""
    network = stack.derived(Network)
    return any(network.is_public(one).is_no for one in network.subnets(gateway, "subnetId"))


def _takes_all(stack: Stack, gateway: Resource, paths: list[_Path]) -> bool:
    """Return whether, with the zone of a gateway, no other zone keeps a way out."""
    zone = _zone_of_gateway(stack, gateway)
    lost = {
        one
        for path in paths
        for one in path.gateways
        if one is gateway or (zone is not None and _zone_of_gateway(stack, one) == zone)
    }
    left = [path for path in paths if zone is None or path.zone != zone]
    return bool(left) and all(
        path.gateways and all(one in lost for one in path.gateways) for path in left
    )


def _violation(stack: Stack, fleet: Fleet, gateway: Resource, paths: list[_Path]) -> Violation:
    zone = _zone_of_gateway(stack, gateway)
    place = zone or "one zone"
    kind = "NAT gateway"
    if _is_machine(gateway):
        kind = "instance" if gateway.type in tokens.INSTANCE else "network interface"
    far = next(path for path in paths if path.zone != zone or zone is None)
    served = ", ".join(dict.fromkeys(path.zone or path.subnet.name for path in paths))
    return Violation(
        f'Every zone of Auto Scaling group "{fleet.groups[0].name}" ({served}) leads out through '
        f'{kind} "{gateway.name}" in {place}: with that zone the others lose Systems Manager, '
        "CodeDeploy and the internet, and no new instance gets the application.",
        gateway,
        path=(*far.steps, f'{kind} "{gateway.name}"', place),
    )


NAT_PER_ZONE = StackRule(
    id="nat-gateway-per-zone",
    title="No single NAT gateway carries every zone",
    question=Question.SURVIVE,
    severity=Severity.HIGH,
    scope=Scope.HIGH_AVAILABILITY,
    controls={
        "Trusted Advisor": ("NAT Gateway AZ Independence",),
        "Well-Architected": ("REL10-BP01", "REL11-BP05"),
    },
    url="https://docs.aws.amazon.com/vpc/latest/userguide/nat-gateway-basics.html",
    remedy=(
        "create a NAT gateway in a public subnet of every zone, and give each zone's private "
        "subnets a route table of their own with a route to it; or one gateway with "
        "availability_mode regional."
    ),
    steps=(
        "Create an aws.ec2.NatGateway in the public subnet of each zone.",
        "Give each private subnet a route table whose 0.0.0.0/0 leads to its zone's gateway.",
        "Or create one aws.ec2.NatGateway with availability_mode regional; it takes no subnet_id.",
    ),
    unknown=(
        "Unknown ids are resolved through the resources they come from. Route tables and gateways of "
        "another stack are left to it; a gateway in an unknown zone counts as in one zone."
    ),
    check=_egress,
)

_NEEDED = frozenset(
    (
        "codedeploy",
        "codedeploy-commands-secure",
        "ecr.api",
        "ecr.dkr",
        "kms",
        "s3",
        "secretsmanager",
        "ssm",
        "sts",
    )
)
"""Services without which instances do not start, deploy or reach their database."""


def _needed_in_zones(stack: Stack, settings: Settings) -> Iterator[Violation]:
    yield from _endpoints(stack, settings)
    yield from _links(stack)
    yield from _attachments(stack)


def _links(stack: Stack) -> Iterator[Violation]:
    for link in stack.of(tokens.HTTP_LINK):
        zones = spread(stack, link, ("subnetIds",))
        if zones.possible == 1:
            yield Violation(
                f'Every request of API Gateway goes through VPC link "{link.name}", which is in one '
                f"zone: {zones.describe()}.",
                link,
                path=(
                    "API Gateway",
                    f'VPC link "{link.name}"',
                    ", ".join(zones.zones) or "one zone",
                ),
                remedy="give subnet_ids of the link a subnet of every zone.",
            )


def _attachments(stack: Stack) -> Iterator[Violation]:
    """Find a transit gateway that does not reach every zone: it serves those of its subnets only."""
    network = stack.derived(Network)
    for attachment in stack.of(tokens.TRANSIT_ATTACHMENT):
        zones = spread(stack, attachment, ("subnetIds",))
        for fleet in stack.derived(Serving).fleets:
            own = fleet.zones
            left = [one for one in own.zones if one not in zones.zones]
            vpcs = {
                network.vpc(one)
                for group in fleet.groups
                for one in network.subnets(group.resource, "vpcZoneIdentifiers")
                if isinstance(one, Resource)
            }
            if zones.known and own.known and left and vpcs == {network.vpc(attachment)}:
                yield Violation(
                    f'Instances of Auto Scaling group "{fleet.groups[0].name}" in {", ".join(left)} do '
                    f'not reach the transit gateway: attachment "{attachment.name}" is in '
                    f"{', '.join(zones.zones)} only.",
                    attachment,
                    path=(
                        f'Auto Scaling group "{fleet.groups[0].name}" in {left[0]}',
                        f'attachment "{attachment.name}"',
                        ", ".join(zones.zones),
                    ),
                    remedy="give subnet_ids of the attachment a subnet of every zone in which there are "
                    "instances.",
                )


def _endpoints(stack: Stack, _: Settings) -> Iterator[Violation]:
    fleet = next((one for one in stack.derived(Serving).fleets if one.zones.certain > 1), None)
    if fleet is None:
        return
    for endpoint in stack.of(tokens.VPC_ENDPOINT):
        service = endpoint.get("serviceName")
        # com.amazonaws.<region>.<service>, where the service may have dots itself.
        name = ".".join(service.split(".")[3:]) if isinstance(service, str) else ""
        # Only with private DNS do the instances' requests to the service take the endpoint.
        used = is_true(endpoint.get("privateDnsEnabled"))
        zones = spread(stack, endpoint, ("subnetIds",))
        if name in _NEEDED and used and zones.possible == 1:
            yield Violation(
                f'Every request of Auto Scaling group "{fleet.groups[0].name}" '
                f"({', '.join(fleet.zones.zones)}) to {name} goes through VPC endpoint "
                f'"{endpoint.name}", which is in one zone: {zones.describe()}.',
                endpoint,
                path=(
                    f'Auto Scaling group "{fleet.groups[0].name}"',
                    f'VPC endpoint "{endpoint.name}"',
                    ", ".join(zones.zones) or "one zone",
                ),
            )


ENDPOINT_ZONES = StackRule(
    id="vpc-endpoint-several-zones",
    title="Endpoints, VPC links and transit gateway attachments are in every zone that needs them",
    question=Question.SURVIVE,
    severity=Severity.HIGH,
    scope=Scope.HIGH_AVAILABILITY,
    controls={"Well-Architected": ("REL10-BP01", "REL11-BP05")},
    url="https://docs.aws.amazon.com/vpc/latest/privatelink/interface-endpoints.html",
    remedy="give the endpoint's subnet_ids a subnet of every zone in which there are instances.",
    steps=(
        "List one subnet per zone in the endpoint's subnet_ids.",
        "Do the same for an aws.apigatewayv2.VpcLink and an aws.ec2transitgateway.VpcAttachment.",
    ),
    unknown="Subnets whose zone is not known do not count against it.",
    check=_needed_in_zones,
)

RULES = (NAT_PER_ZONE, ENDPOINT_ZONES)
