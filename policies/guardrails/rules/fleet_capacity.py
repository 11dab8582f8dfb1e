"""Rules about what is left of a fleet: after the loss of a zone, and by its schedule."""

from __future__ import annotations

from collections.abc import Iterator
from types import MappingProxyType

from availability.zones import too_few_left

from guardrails.architecture.deployments import Deployments
from guardrails.architecture.fleets import Group
from guardrails.architecture.given import given
from guardrails.architecture.serving import Fleet, Remainder, Serving
from guardrails.architecture.traffic import Traffic
from guardrails.model import (
    Level,
    Parameters,
    Question,
    Scope,
    Settings,
    Severity,
    StackRule,
    Violation,
)
from guardrails.resources import Resource, Stack
from guardrails.values import UNKNOWN, number, show

NEEDED = "instancesAfterZoneLoss"
NEED: Parameters = MappingProxyType(
    {
        NEEDED: {
            "type": "integer",
            "minimum": 1,
            "default": 1,
            "description": (
                "Instances of each fleet that have to be left after the loss of any zone, while the "
                "fleet is at its smallest: what your load needs then."
            ),
        }
    }
)


def spanning_fleets(stack: Stack) -> Iterator[Fleet]:
    """Yield each fleet that gets requests and may span several zones."""
    for fleet in stack.derived(Serving).fleets:
        # A fleet that cannot span two zones is reported by asg-multi-az.
        if not fleet.idle and fleet.zones.possible > 1:
            yield fleet


def _names(fleet: Fleet) -> str:
    names = " and ".join(f'"{group.name}"' for group in fleet.groups)
    return (
        f"Auto Scaling groups {names}" if len(fleet.groups) > 1 else f"Auto Scaling group {names}"
    )


def _sizes(fleet: Fleet) -> str:
    return " and ".join(str(group.minimum) for group in fleet.groups)


def _path(remainder: Remainder) -> tuple[str, ...]:
    zone = remainder.zone or "any zone"
    return (f"loss of {zone}", *remainder.steps, f"left: {remainder.left}")


def _needed(fleet: Fleet, need: int) -> int:
    """Return the smallest number of instances per group of which enough are left."""
    size = 1
    while size < need * 2 and (fleet.after_zone_loss(lambda _: size).left or 0) < need:  # noqa: B023
        size += 1
    return size


_SET_ANYWAY = (
    "set a min_size that survives; which target group has the weight 0, and so which group stays "
    "idle, is known only when they exist."
)


def survives(fleet: Fleet, need: int) -> bool:
    """Return whether enough of the fleet is certainly left at its smallest sizes."""
    left = fleet.after_zone_loss(lambda group: group.minimum).left
    return left is not None and left >= need


def _needed_anyway(stack: Stack, need: int) -> set[Fleet]:
    """Return fleets that are too small, and of which more are than can have the weight 0."""
    small = [
        fleet
        for fleet in spanning_fleets(stack)
        if fleet.perhaps_idle and not survives(fleet, need)
    ]
    found: set[Fleet] = set()
    for targets, spare in stack.derived(Traffic).choices():
        behind = [fleet for fleet in small if fleet.targets & targets]
        found.update(behind if len(behind) > spare else ())
    return found


def _zone_loss(stack: Stack, settings: Settings) -> Iterator[Violation]:
    need = settings.integer(NEEDED)
    needed = _needed_anyway(stack, need)
    for fleet in spanning_fleets(stack):
        perhaps = fleet.perhaps_idle and fleet not in needed
        remainder = fleet.after_zone_loss(lambda group: group.minimum)
        unknown = next((group for group in fleet.groups if group.minimum is None), None)
        if unknown is not None:
            if not _needed_to_deploy(stack, unknown):
                yield _unknown_size(unknown)
        elif remainder.left is not None and (problem := too_few_left(remainder.left, need)):
            yield Violation(
                f"{_names(fleet)} may shrink to {_sizes(fleet)} (min_size): {problem}.",
                fleet.groups[0].resource,
                path=_path(remainder),
                remedy=_SET_ANYWAY
                if perhaps
                else f"set min_size to {_needed(fleet, need)} or more, desired_capacity and max_size to "
                "no less.",
                undecided=perhaps,
            )


def _needed_to_deploy(stack: Stack, group: Group) -> bool:
    """Return whether codedeploy-healthy-hosts-possible asks for the size of the group."""
    return any(
        one.minimum.custom
        and not one.minimum.possible_at_two_or_more
        and group.resource in one.groups.any
        for one in stack.derived(Deployments).servers
    )


def _unknown_size(group: Group) -> Violation:
    kind = group.given("desiredCapacityType")
    if kind not in (None, "units", UNKNOWN):
        return Violation(
            f'Auto Scaling group "{group.name}" counts its capacity in {show(kind)}: how many '
            "instances that is depends on their types.",
            group.resource,
            remedy="state the capacity in instances: leave desired_capacity_type out.",
            undecided=True,
        )
    return Violation(
        f'Auto Scaling group "{group.name}" has a min_size that is '
        f"{group.resource.shown('minSize')}.",
        group.resource,
        remedy="give min_size as a number, for example from the stack's configuration.",
        undecided=True,
    )


ASG_SURVIVES_ZONE_LOSS = StackRule(
    id="asg-survives-zone-loss",
    title="Enough instances are left after the loss of any zone",
    question=Question.SURVIVE,
    severity=Severity.HIGH,
    scope=Scope.HIGH_AVAILABILITY,
    controls={"Well-Architected": ("REL11-BP05", "REL10-BP01")},
    url="https://docs.aws.amazon.com/wellarchitected/latest/reliability-pillar/rel_withstand_component_failures_static_stability.html",
    remedy="raise min_size, so that what is left after the loss of a zone carries the load.",
    steps=(
        "Compute min_size - ceil(min_size / zones): it has to be what the load needs.",
        "Raise min_size; desired_capacity alone does not hold, because the group may scale in.",
        "State what your load needs in this rule's parameter instancesAfterZoneLoss.",
    ),
    unknown=(
        "A min_size that is not known is not decidable. Zones that are not known count as spread "
        "as well as they may be; asg-multi-az reports them."
    ),
    parameters=NEED,
    check=_zone_loss,
)


def _each_zone(stack: Stack, _: Settings) -> Iterator[Violation]:
    for fleet in spanning_fleets(stack):
        if not survives(fleet, 1) or not fleet.zones.known:
            continue  # asg-survives-zone-loss and asg-multi-az report it
        running = sum(group.minimum or 0 for group in fleet.groups)
        zones = len(fleet.zones.zones)
        if running < zones:
            yield Violation(
                f"{_names(fleet)} may shrink to {running} instances in {zones} zones "
                f"({', '.join(fleet.zones.zones)}): after the loss of a zone fewer than one per "
                "remaining zone is left until Auto Scaling has launched others.",
                fleet.groups[0].resource,
                remedy=f"set min_size to {zones} or more, or use only {running} zones.",
            )


ASG_INSTANCE_PER_ZONE = StackRule(
    id="asg-instance-per-zone",
    title="Every zone of a fleet has an instance",
    question=Question.SURVIVE,
    severity=Severity.LOW,
    level=Level.ADVISORY,  # a further instance costs money
    scope=Scope.HIGH_AVAILABILITY,
    controls={
        "Trusted Advisor": ("Amazon EC2 Availability Zone Balance",),
        "Well-Architected": ("REL10-BP01",),
    },
    url="https://docs.aws.amazon.com/autoscaling/ec2/userguide/auto-scaling-benefits.html",
    remedy="set min_size to at least the number of zones.",
    steps=("Set min_size to the number of zones, or to a multiple of it.",),
    unknown="Sizes and zones that are not known are reported by the rules that need them.",
    check=_each_zone,
)


def _lowest(schedule: Resource, group: Group) -> int | None:
    """Return the smallest number of instances that a scheduled action may leave."""
    minimum = _scheduled(schedule, "minSize")
    lowest = [group.minimum if minimum == -1 else group.instances(minimum)]
    for prop in ("maxSize", "desiredCapacity"):
        size = _scheduled(schedule, prop)
        if size != -1:
            lowest.append(group.instances(size))
    known = [size for size in lowest if size is not None]
    return min(known) if len(known) == len(lowest) else None


def _scheduled(schedule: Resource, prop: str) -> float | None:
    """Return a size that an action sets; -1 leaves it unchanged, and left out it is 0."""
    value = given(schedule, prop)
    return 0.0 if value is None else number(value)


def _schedule(stack: Stack, settings: Settings) -> Iterator[Violation]:
    need = settings.integer(NEEDED)
    for fleet in spanning_fleets(stack):
        if not survives(fleet, need) and not fleet.perhaps_idle:
            continue  # asg-survives-zone-loss reports it
        for group in fleet.groups:
            for schedule in group.schedules:
                yield from _one_schedule(fleet, group, schedule, need)


def _one_schedule(fleet: Fleet, group: Group, schedule: Resource, need: int) -> Iterator[Violation]:
    lowest = _lowest(schedule, group)
    sizes = ", ".join(
        f"{label} {show(given(schedule, prop))}"
        for label, prop in (
            ("min_size", "minSize"),
            ("max_size", "maxSize"),
            ("desired_capacity", "desiredCapacity"),
        )
    )
    action = f'Scheduled action "{schedule.name}" of Auto Scaling group "{group.name}"'
    if lowest is None:
        yield Violation(
            f"{action} sets {sizes}: what it leaves is not known.",
            schedule,
            remedy="give the sizes as numbers; -1 leaves one unchanged.",
            undecided=True,
        )
        return
    remainder = fleet.after_zone_loss(lambda one: lowest if one is group else one.minimum)
    if remainder.left is None or remainder.left >= need:
        return
    yield Violation(
        f"{action} sets {sizes}: from then on {lowest} may run, and {remainder.left} are left "
        f"after the loss of a zone; at least {need} are required.",
        schedule,
        path=_path(remainder),
        remedy=(
            f"let the action leave {_needed(fleet, need)} or more: -1 leaves a size unchanged, one "
            "that is left out is set to 0."
        ),
    )


ASG_SCHEDULE = StackRule(
    id="asg-schedule-keeps-capacity",
    title="No scheduled action scales below the required capacity",
    question=Question.SURVIVE,
    severity=Severity.HIGH,
    scope=Scope.HIGH_AVAILABILITY,
    controls={"Well-Architected": ("REL07-BP01",)},
    url="https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-scheduled-scaling.html",
    remedy="let the scheduled action keep enough instances for the loss of a zone.",
    steps=(
        "Set the action's min_size to at least two, and to what the load needs then.",
        "Set sizes that should stay to -1: the provider sets one that is left out to 0.",
    ),
    unknown="A size that is not known is not decidable; one that is left out is 0, its default.",
    parameters=NEED,
    check=_schedule,
)


RULES = (ASG_SURVIVES_ZONE_LOSS, ASG_INSTANCE_PER_ZONE, ASG_SCHEDULE)
