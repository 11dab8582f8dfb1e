"""Rules about where a fleet's instances are placed, and on which capacity: Spot, one rack, one host."""

from __future__ import annotations

from collections.abc import Iterator

from guardrails import tokens
from guardrails.architecture.fleets import Fleets, Group
from guardrails.architecture.network import Network, subnet_name
from guardrails.architecture.permits import network as network_of
from guardrails.architecture.routes import address_range
from guardrails.architecture.serving import Serving
from guardrails.model import Question, Scope, Settings, Severity, StackRule, Violation
from guardrails.resources import Resource, Stack
from guardrails.rules.fleet_capacity import NEED, NEEDED, spanning_fleets, survives
from guardrails.values import UNKNOWN, dig, is_absent, number, show


def _refused(stack: Stack, spot: list[Group]) -> bool:
    """Return whether a mixed group uses their template too: asg-settings-accepted reports it."""
    asking = {one for group in spot for one in group.launching.spot_templates()}
    return any(
        group.launching.mixed and asking & set(group.launching.templates)
        for group in stack.derived(Fleets).groups
    )


def _by_template(group: Group) -> str | None:
    """Return the remedy for a template that asks for Spot, beside which a mixed policy is refused."""
    templates = [] if group.launching.mixed else group.launching.spot_templates()
    if not templates:
        return None
    return (
        f'remove instance_market_options of launch template "{templates[0].name}"; to keep some Spot '
        "Instances, set mixed_instances_policy with an on_demand_base_capacity in its place."
    )


def _on_demand(stack: Stack, settings: Settings) -> Iterator[Violation]:
    need = settings.integer(NEEDED)
    for fleet in spanning_fleets(stack):
        if not survives(fleet, 1) and not fleet.perhaps_idle:
            continue  # asg-survives-zone-loss reports it
        counts = [(group, group.launching.on_demand(group.minimum or 0)) for group in fleet.groups]
        sure = sum(count or 0 for _, count in counts)
        spot = [group for group, count in counts if count is None or count < (group.minimum or 0)]
        if sure >= need or not spot or _refused(stack, spot):
            continue
        unknown = any(count is None for _, count in counts)
        yield Violation(
            f'Auto Scaling group "{spot[0].name}" may run on Spot Instances only: {sure} of '
            f"{spot[0].minimum} are On-Demand for certain; when EC2 takes its Spot capacity back, "
            f"at least {need} have to be left.",
            spot[0].resource,
            remedy=(
                "give on_demand_base_capacity and on_demand_percentage_above_base_capacity as "
                "numbers."
                if unknown
                else _by_template(spot[0])
            ),
            undecided=unknown,
        )


ASG_ON_DEMAND_BASE = StackRule(
    id="asg-on-demand-base",
    title="A serving fleet does not run on Spot Instances only",
    question=Question.SURVIVE,
    severity=Severity.HIGH,
    scope=Scope.HIGH_AVAILABILITY,
    controls={"Well-Architected": ("REL11-BP05",)},
    url="https://docs.aws.amazon.com/autoscaling/ec2/userguide/allocation-strategies.html",
    remedy=(
        "set mixed_instances_policy.instances_distribution.on_demand_base_capacity to what has to "
        "be left, for example one per zone, and capacity_rebalance to true."
    ),
    steps=(
        "Set on_demand_base_capacity to the number of zones, or more.",
        "Take instance_market_options out of the launch template: a mixed instances policy decides.",
        "Or put a second, On-Demand, group behind the same target group.",
    ),
    unknown=(
        "A distribution that is unknown as a whole is left to the provider: all On-Demand. An "
        "unknown share above the base is not decidable, unless the base suffices."
    ),
    parameters=NEED,
    check=_on_demand,
)


def _placement(stack: Stack, _: Settings) -> Iterator[Violation]:
    for group in stack.derived(Serving).groups:
        places = [(group.resource, "placementGroup", group.resource.get("placementGroup"))]
        places += [
            (template, "placement", dig(placement, "groupName"))
            for template, placement in group.launching.template_values("placement")
        ]
        for owner, prop, value in places:
            if not is_absent(value) and prop in owner.properties:
                yield from _one_placement(stack, group, owner, prop, value)
        yield from _one_reservation(group)
        yield from _only_reserved(group)
        yield from _one_zone(group)
        for template, host in group.launching.template_values("placement", "hostId"):
            if not is_absent(host):
                yield Violation(
                    f'Auto Scaling group "{group.name}" launches every instance on the Dedicated '
                    f"Host {show(host)}: one machine in one zone.",
                    template,
                    remedy=(
                        "take placement.host_id out of the launch template; use a host resource "
                        "group, placement.host_resource_group_arn, with hosts in several zones."
                    ),
                )


def _one_zone(group: Group) -> Iterator[Violation]:
    for template, zone in group.launching.template_values("placement", "availabilityZone"):
        if isinstance(zone, str) and zone and group.zones.possible > 1:
            yield Violation(
                f'Auto Scaling group "{group.name}" spans {", ".join(group.zones.zones)}, and its '
                f'launch template "{template.name}" names the zone {zone}: it cannot launch in the '
                "others.",
                template,
                (f'Auto Scaling group "{group.name}"', f'"{template.name}"', zone),
                remedy=(
                    "take placement.availability_zone out of the launch template: the group's "
                    "subnets decide."
                ),
            )


def _one_reservation(group: Group) -> Iterator[Violation]:
    path = ("capacityReservationSpecification", "capacityReservationTarget")
    for template, reservation in group.launching.template_values(*path, "capacityReservationId"):
        if not is_absent(reservation):
            yield Violation(
                f'Auto Scaling group "{group.name}" launches every instance in capacity reservation '
                f"{show(reservation)}: it is in one zone, and ends with its number of instances.",
                template,
                remedy=(
                    "take capacity_reservation_specification.capacity_reservation_target out of the "
                    "launch template, or name a group there, "
                    "capacity_reservation_resource_group_arn, with reservations in several zones."
                ),
            )


def _only_reserved(group: Group) -> Iterator[Violation]:
    path = ("capacityReservationSpecification", "capacityReservationPreference")
    for template, preference in group.launching.template_values(*path):
        if preference == "capacity-reservations-only":
            yield Violation(
                f'whether Auto Scaling group "{group.name}" can replace or add an instance is not known: '
                "it launches in capacity reservations only, whose size and zones are not in the "
                "program.",
                template,
                (
                    f'Auto Scaling group "{group.name}"',
                    f'launch template "{template.name}"',
                    preference,
                ),
                'set capacity_reservation_preference to "open" or "capacity-reservations-first": what is '
                "not reserved is then launched as well.",
                undecided=True,
            )


def _one_placement(
    stack: Stack, group: Group, owner: Resource, prop: str, value: object
) -> Iterator[Violation]:
    refers = stack.references(owner, prop, tokens.PLACEMENT_GROUP, ("name", "id"), value=value)
    for placement in refers.any:
        strategy = placement.get("strategy")
        if strategy == "cluster":
            yield Violation(
                f'Auto Scaling group "{group.name}" launches into placement group '
                f'"{placement.name}" with the strategy "cluster": neighboring racks of one zone, '
                "so it cannot launch in the others.",
                group.resource,
                path=(f'"{owner.name}"', f'placement group "{placement.name}"', "one zone"),
            )
        elif strategy is UNKNOWN:
            yield _unknown_placement(group, f'"{placement.name}"')
    if not refers.any:
        yield _unknown_placement(group, show(value))


def _unknown_placement(group: Group, name: str) -> Violation:
    return Violation(
        f'Auto Scaling group "{group.name}" launches into placement group {name}, whose strategy '
        "is not known.",
        group.resource,
        remedy="create the placement group in this stack, with its strategy, or leave it out.",
        undecided=True,
    )


ASG_PLACEMENT = StackRule(
    id="asg-placement-spans-zones",
    title="A serving group's instances are not placed together",
    question=Question.SURVIVE,
    severity=Severity.HIGH,
    scope=Scope.HIGH_AVAILABILITY,
    controls={"Well-Architected": ("REL10-BP01",)},
    url="https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/placement-strategies.html",
    remedy='leave the placement group out, or give it the strategy "spread".',
    steps=(
        "Remove placement_group from the group and placement from the launch template.",
        'Or set the strategy of the placement group to "spread" or "partition".',
    ),
    unknown=(
        "A placement group of another stack, or with an unknown strategy, is not decidable; an "
        "unknown name is resolved through the placement group it comes from."
    ),
    check=_placement,
)

_RESERVED = 5
"""Addresses of each subnet that AWS keeps for itself (VPC guide, "Subnet sizing")."""


def _small_subnets(stack: Stack, _: Settings) -> Iterator[Violation]:
    network = stack.derived(Network)
    for group in stack.derived(Serving).groups:
        subnets = network.subnets(group.resource, "vpcZoneIdentifiers")
        ranges = [network_of(address_range(one)) for one in subnets]
        known = [one for one in ranges if one is not None and one.version == 4]
        most = number(group.resource.get("maxSize"))
        if not known or len(known) < len(subnets) or most is None:
            continue
        free = sum(max(0, one.num_addresses - _RESERVED) for one in known)
        if free < most:
            yield Violation(
                f'Auto Scaling group "{group.name}" may grow to {most:g} instances, and its subnets '
                f"have {free} addresses.",
                group.resource,
                (
                    f'Auto Scaling group "{group.name}", max_size {most:g}',
                    *(
                        f"{subnet_name(one)}: {given}"
                        for one, given in zip(subnets, known, strict=True)
                    ),
                ),
            )


LARGE_SUBNETS = StackRule(
    id="asg-subnets-large-enough",
    title="The subnets of a group have an address for every instance",
    question=Question.SURVIVE,
    severity=Severity.MEDIUM,
    scope=Scope.HIGH_AVAILABILITY,
    controls={"Well-Architected": ("REL02-BP03",)},
    url="https://docs.aws.amazon.com/vpc/latest/userguide/subnet-sizing.html",
    remedy=(
        "give the subnets a larger cidr_block, for example a /24 each, or lower max_size of the "
        "group to what they have room for."
    ),
    steps=(
        "Count 2^(32 - prefix) - 5 addresses per subnet; load balancers and tasks take some too.",
    ),
    unknown="A subnet whose range is not known leaves the question open: it is not judged.",
    check=_small_subnets,
)

# --- where what was lost is launched again --------------------------------------------------------

_ONLY = "balanced-only"


def _stays_lost(stack: Stack, _: Settings) -> Iterator[Violation]:
    for fleet in spanning_fleets(stack):
        held = [
            group
            for group in fleet.groups
            if group.given("availabilityZoneDistribution", "capacityDistributionStrategy") == _ONLY
        ]
        left = fleet.after_zone_loss(lambda group: group.minimum)
        if not held or left.left is None or left.left < 1:
            continue  # asg-survives-zone-loss reports it
        name = held[0].name
        path = (
            f'Auto Scaling group "{name}"',
            f"capacity_distribution_strategy {_ONLY}",
            *left.steps,
        )
        if left.left == 1:
            yield Violation(
                f'After the loss of a zone Auto Scaling group "{name}" stays at one instance until the '
                "zone is back: it launches what it lost in that zone only, and the next fault ends the "
                "service.",
                held[0].resource,
                path,
            )
        else:
            yield Violation(
                f"whether {left.left} instances carry the load: after the loss of a zone Auto Scaling "
                f'group "{name}" launches what it lost in that zone only, until the zone is back.',
                held[0].resource,
                path,
                "set capacity_distribution_strategy to balanced-best-effort; keep balanced-only where "
                "a load test has shown that what is left suffices, with an exception that says so.",
                undecided=True,
            )


LAUNCHES_ELSEWHERE = StackRule(
    id="asg-launches-in-other-zones",
    title="Instances lost with a zone are replaced in the other zones",
    question=Question.SURVIVE,
    severity=Severity.HIGH,
    scope=Scope.HIGH_AVAILABILITY,
    controls={"Well-Architected": ("REL11-BP03", "REL11-BP05")},
    url="https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-availability-zone-balanced.html",
    remedy=(
        "set capacity_distribution_strategy of availability_zone_distribution to "
        "balanced-best-effort, or leave it out."
    ),
    steps=(
        "Leave availability_zone_distribution out: balanced-best-effort is the default.",
        "Keep balanced-only for members of a quorum, and raise min_size so that two are left.",
    ),
    unknown="A strategy or size that is not known is not judged. With more than one left it is undecided.",
    check=_stays_lost,
)


RULES = (ASG_ON_DEMAND_BASE, ASG_PLACEMENT, LARGE_SUBNETS, LAUNCHES_ELSEWHERE)
