"""The next launches and terminations of an Auto Scaling group, as pure functions.

Sources: the Amazon EC2 Auto Scaling user guide on instance distribution across Availability
Zones, termination policies, instance maintenance policies and availability zone rebalancing.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

BILLING_HOUR = 3600.0
LONGEST_BACK_OFF = 60.0


@dataclass(frozen=True, slots=True)
class Placement:
    """A subnet of a group and its Availability Zone."""

    subnet_id: str
    zone: str


@dataclass(frozen=True, slots=True)
class Member:
    """An instance of a group that counts towards its capacity: pending or in service.

    Attributes:
        launched_at: Epoch seconds.
        beyond_desired: It was launched to replace another instance before that one terminates,
            so it does not count as surplus until it is in service.
    """

    instance_id: str
    placement: Placement
    in_service: bool = True
    healthy: bool = True
    protected: bool = False
    template_version: int = 0
    launched_at: float = 0.0
    beyond_desired: bool = False


@dataclass(frozen=True, slots=True)
class GroupSettings:
    """The desired state of a group.

    Attributes:
        policies: Termination policies, in order.
        min_healthy: Percentage of the desired capacity, from the instance maintenance policy.
        max_healthy: Likewise; both are None without a policy.
        suspended: The names of suspended processes.
    """

    desired: int
    max_size: int
    placements: tuple[Placement, ...]
    policies: tuple[str, ...] = ("Default",)
    min_healthy: int | None = None
    max_healthy: int | None = None
    suspended: frozenset[str] = frozenset()

    @property
    def launches_first(self) -> bool:
        """Whether a replacement is launched before the instance that it replaces terminates."""
        return self.min_healthy is not None and self.min_healthy >= 100


@dataclass(frozen=True, slots=True)
class Launch:
    """An instance to launch and why: `difference`, `unhealthy` or `rebalance`."""

    placement: Placement
    reason: str
    beyond_desired: bool = False


@dataclass(frozen=True, slots=True)
class Termination:
    """An instance to terminate and why: `unhealthy` or `surplus`."""

    instance_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class Plan:
    """The next steps of a group."""

    launches: tuple[Launch, ...] = ()
    terminations: tuple[Termination, ...] = ()


def next_placement(placements: Sequence[Placement], taken: Sequence[Placement]) -> Placement:
    """Choose the zone with the fewest instances, and in it the subnet with the fewest."""
    zones = Counter(placement.zone for placement in taken)
    subnets = Counter(placement.subnet_id for placement in taken)
    return min(placements, key=lambda one: (zones[one.zone], subnets[one.subnet_id]))


def select_for_termination(
    members: Sequence[Member], policies: Sequence[str], now: float
) -> Member | None:
    """Select the instance that a scale-in terminates; None if all are protected.

    The zone with the most instances comes first (of those with an unprotected one), in it the
    unhealthy, then the group's termination policies decide.
    """
    free = [member for member in members if not member.protected]
    if not free:
        return None
    zones = Counter(member.placement.zone for member in members)
    most = max(zones[member.placement.zone] for member in free)
    candidates = [member for member in free if zones[member.placement.zone] == most]
    rank = _ranking(policies, now)
    return min(candidates, key=lambda member: (member.healthy, *rank(member), member.instance_id))


def plan(
    settings: GroupSettings, members: Sequence[Member], now: float, *, may_launch: bool
) -> Plan:
    """Plan the launches and terminations that bring a group closer to its desired state.

    `may_launch` is False while the group backs off after a failed launch.
    """
    may_launch = may_launch and "Launch" not in settings.suspended and bool(settings.placements)
    may_terminate = "Terminate" not in settings.suspended
    unhealthy = _unhealthy_to_terminate(settings, members) if may_terminate else []
    left = [member for member in members if member.instance_id not in unhealthy]
    terminations = [Termination(name, "unhealthy") for name in unhealthy]
    if may_terminate:
        terminations += _scale_in(settings, left, now)
    gone = {termination.instance_id for termination in terminations}
    left = [member for member in members if member.instance_id not in gone]
    launches = _launches(settings, left) if may_launch else []
    return Plan(tuple(launches), tuple(terminations))


def back_off(failures: int) -> float:
    """Return how many seconds to wait after failed launches in a row: 1, 2, 4 … 60."""
    return 0.0 if failures <= 0 else min(2.0 ** (min(failures, 10) - 1), LONGEST_BACK_OFF)


def _ranking(policies: Sequence[str], now: float) -> Callable[[Member], tuple[float, ...]]:
    def closest(member: Member) -> float:
        return -((now - member.launched_at) % BILLING_HOUR)

    measures: dict[str, Callable[[Member], tuple[float, ...]]] = {
        "Default": lambda member: (float(member.template_version), closest(member)),
        "OldestInstance": lambda member: (member.launched_at,),
        "NewestInstance": lambda member: (-member.launched_at,),
        "OldestLaunchTemplate": lambda member: (float(member.template_version),),
        "ClosestToNextInstanceHour": lambda member: (closest(member),),
    }
    chosen = [measures[name] for name in policies if name in measures] or [measures["Default"]]
    return lambda member: tuple(value for measure in chosen for value in measure(member))


def _unhealthy(members: Sequence[Member]) -> list[Member]:
    return [member for member in members if member.in_service and not member.healthy]


def _unhealthy_to_terminate(settings: GroupSettings, members: Sequence[Member]) -> list[str]:
    """Select unhealthy instances: all, or as many as there are replacements in service."""
    if "ReplaceUnhealthy" in settings.suspended:
        return []
    unhealthy = _unhealthy(members)
    if not unhealthy:
        return []
    if not settings.launches_first or _max_capacity(settings) <= settings.desired:
        return [member.instance_id for member in unhealthy]
    healthy = sum(1 for member in members if member.in_service and member.healthy)
    replaced = max(0, healthy + len(unhealthy) - settings.desired)
    return [member.instance_id for member in unhealthy[:replaced]]


def _max_capacity(settings: GroupSettings) -> int:
    """Return how many instances a group may have while it replaces some."""
    share = 100 if settings.max_healthy is None else settings.max_healthy
    room = max(settings.desired + 1, math.floor(settings.desired * share / 100))
    return min(settings.max_size, room)


def _scale_in(settings: GroupSettings, members: Sequence[Member], now: float) -> list[Termination]:
    excess = max(0, len(members) - settings.desired)
    remaining = [member for member in members if not _is_pending_replacement(member)]
    surplus = excess - (len(members) - len(remaining))
    result: list[Termination] = []
    for _ in range(surplus):
        selected = select_for_termination(remaining, settings.policies, now)
        if selected is None:
            break
        remaining.remove(selected)
        result.append(Termination(selected.instance_id, "surplus"))
    return result


def _is_pending_replacement(member: Member) -> bool:
    return member.beyond_desired and not member.in_service


def _launches(settings: GroupSettings, members: Sequence[Member]) -> list[Launch]:
    # A replacement goes to the zone of the instance that it replaces.
    leaving = [] if "ReplaceUnhealthy" in settings.suspended else _unhealthy(members)
    taken = [member.placement for member in members if member not in leaving]
    launches: list[Launch] = []

    def launch(reason: str, *, beyond: bool) -> None:
        placement = next_placement(settings.placements, taken)
        taken.append(placement)
        launches.append(Launch(placement, reason, beyond))

    for _ in range(settings.desired - len(members)):
        launch("difference", beyond=False)
    for _ in range(_replacement_count(settings, members)):
        launch("unhealthy", beyond=True)
    if not launches and _is_unbalanced(settings, members):
        launch("rebalance", beyond=True)
    return launches


def _replacement_count(settings: GroupSettings, members: Sequence[Member]) -> int:
    """Return how many replacements to launch beyond the desired capacity."""
    if not settings.launches_first or settings.suspended & {"ReplaceUnhealthy", "Terminate"}:
        return 0
    ahead = max(0, len(members) - settings.desired)
    room = _max_capacity(settings) - max(len(members), settings.desired)
    return max(0, min(len(_unhealthy(members)) - ahead, room))


def _is_unbalanced(settings: GroupSettings, members: Sequence[Member]) -> bool:
    """Return whether zones differ by two or more in a group that is otherwise stable."""
    if settings.suspended & {"AZRebalance", "Terminate"} or len(members) != settings.desired:
        return False
    if any(not member.in_service or not member.healthy for member in members):
        return False
    zones = {placement.zone: 0 for placement in settings.placements}
    for member in members:
        zones[member.placement.zone] = zones.get(member.placement.zone, 0) + 1
    usable = {placement.zone for placement in settings.placements}
    largest = max(zones.values())
    smallest = min(count for zone, count in zones.items() if zone in usable)
    movable = {zone for zone, count in zones.items() if count == largest}
    return largest - smallest >= 2 and any(
        not member.protected and member.placement.zone in movable for member in members
    )
