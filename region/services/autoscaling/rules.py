"""What an Auto Scaling group has to do next, as pure functions.

Sources: the Amazon EC2 Auto Scaling user guide on instance distribution across Availability
Zones, termination policies, instance maintenance policies and availability zone rebalancing.
"""

import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

BILLING_HOUR = 3600.0
LONGEST_BACK_OFF = 60.0


@dataclass(frozen=True, slots=True)
class Place:
    """A subnet of a group and its Availability Zone."""

    subnet_id: str
    zone: str


@dataclass(frozen=True, slots=True)
class Member:
    """An instance of a group that counts towards its capacity: pending or in service.

    `beyond_desired` marks one that was launched to replace another before that one is terminated;
    it does not count as surplus until it is in service. Times are epoch seconds.
    """

    instance_id: str
    place: Place
    in_service: bool = True
    healthy: bool = True
    protected: bool = False
    template_version: int = 0
    launched_at: float = 0.0
    beyond_desired: bool = False


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a group asks for.

    `min_healthy` and `max_healthy` are percentages of the desired capacity, from the instance
    maintenance policy; None without one.
    """

    desired: int
    max_size: int
    places: tuple[Place, ...]
    policies: tuple[str, ...] = ("Default",)
    min_healthy: int | None = None
    max_healthy: int | None = None
    suspended: frozenset[str] = frozenset()

    @property
    def launches_first(self) -> bool:
        """Whether a replacement is launched before the instance that it replaces ends."""
        return self.min_healthy is not None and self.min_healthy >= 100


@dataclass(frozen=True, slots=True)
class Launch:
    """An instance to launch. `beyond_desired` as in Member."""

    place: Place
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


def next_place(places: Sequence[Place], taken: Sequence[Place]) -> Place:
    """Where the next instance goes: the zone with the fewest, in it the subnet with the fewest."""
    zones = Counter(place.zone for place in taken)
    subnets = Counter(place.subnet_id for place in taken)
    return min(places, key=lambda place: (zones[place.zone], subnets[place.subnet_id]))


def choose_victim(members: Sequence[Member], policies: Sequence[str], now: float) -> Member | None:
    """The instance that a scale-in ends; None if all are protected.

    The zone with the most instances comes first (of those with an unprotected one), in it the
    unhealthy, then the group's termination policies decide.
    """
    free = [member for member in members if not member.protected]
    if not free:
        return None
    zones = Counter(member.place.zone for member in members)
    most = max(zones[member.place.zone] for member in free)
    candidates = [member for member in free if zones[member.place.zone] == most]
    rank = _ranking(policies, now)
    return min(candidates, key=lambda member: (member.healthy, *rank(member), member.instance_id))


def plan(wanted: Wanted, members: Sequence[Member], now: float, *, may_launch: bool) -> Plan:
    """The launches and terminations that bring a group closer to what it wants.

    `may_launch` is False while the group backs off after a failed launch.
    """
    may_launch = may_launch and "Launch" not in wanted.suspended and bool(wanted.places)
    may_end = "Terminate" not in wanted.suspended
    ending = _unhealthy_to_end(wanted, members) if may_end else []
    left = [member for member in members if member.instance_id not in ending]
    ending_reasons = [Termination(name, "unhealthy") for name in ending]
    if may_end:
        ending_reasons += _scale_in(wanted, left, now)
    gone = {termination.instance_id for termination in ending_reasons}
    left = [member for member in members if member.instance_id not in gone]
    launches = _launches(wanted, left) if may_launch else []
    return Plan(tuple(launches), tuple(ending_reasons))


def back_off(failures: int) -> float:
    """Seconds to wait after that many failed launches in a row: 1, 2, 4 … 60."""
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


def _sick(members: Sequence[Member]) -> list[Member]:
    return [member for member in members if member.in_service and not member.healthy]


def _unhealthy_to_end(wanted: Wanted, members: Sequence[Member]) -> list[str]:
    """Unhealthy instances to terminate now: all, or as many as replacements are in service."""
    if "ReplaceUnhealthy" in wanted.suspended:
        return []
    sick = _sick(members)
    if not sick:
        return []
    if not wanted.launches_first or _ceiling(wanted) <= wanted.desired:
        return [member.instance_id for member in sick]
    well = sum(1 for member in members if member.in_service and member.healthy)
    replaced = max(0, well + len(sick) - wanted.desired)
    return [member.instance_id for member in sick[:replaced]]


def _ceiling(wanted: Wanted) -> int:
    """How many instances a group may have while it replaces some."""
    share = 100 if wanted.max_healthy is None else wanted.max_healthy
    room = max(wanted.desired + 1, math.floor(wanted.desired * share / 100))
    return min(wanted.max_size, room)


def _scale_in(wanted: Wanted, members: Sequence[Member], now: float) -> list[Termination]:
    excess = max(0, len(members) - wanted.desired)
    remaining = [member for member in members if not _on_its_way_as_extra(member)]
    surplus = excess - (len(members) - len(remaining))
    result: list[Termination] = []
    for _ in range(surplus):
        victim = choose_victim(remaining, wanted.policies, now)
        if victim is None:
            break
        remaining.remove(victim)
        result.append(Termination(victim.instance_id, "surplus"))
    return result


def _on_its_way_as_extra(member: Member) -> bool:
    return member.beyond_desired and not member.in_service


def _launches(wanted: Wanted, members: Sequence[Member]) -> list[Launch]:
    # A replacement goes where the instance is that it replaces.
    leaving = [] if "ReplaceUnhealthy" in wanted.suspended else _sick(members)
    taken = [member.place for member in members if member not in leaving]
    launches: list[Launch] = []

    def launch(reason: str, *, beyond: bool) -> None:
        place = next_place(wanted.places, taken)
        taken.append(place)
        launches.append(Launch(place, reason, beyond))

    for _ in range(wanted.desired - len(members)):
        launch("difference", beyond=False)
    for _ in range(_replacements(wanted, members)):
        launch("unhealthy", beyond=True)
    if not launches and _out_of_balance(wanted, members):
        launch("rebalance", beyond=True)
    return launches


def _replacements(wanted: Wanted, members: Sequence[Member]) -> int:
    """How many replacements to launch beyond the desired capacity."""
    if not wanted.launches_first or wanted.suspended & {"ReplaceUnhealthy", "Terminate"}:
        return 0
    ahead = max(0, len(members) - wanted.desired)
    room = _ceiling(wanted) - max(len(members), wanted.desired)
    return max(0, min(len(_sick(members)) - ahead, room))


def _out_of_balance(wanted: Wanted, members: Sequence[Member]) -> bool:
    """Whether zones differ by two or more in a group that is otherwise at rest."""
    if wanted.suspended & {"AZRebalance", "Terminate"} or len(members) != wanted.desired:
        return False
    if any(not member.in_service or not member.healthy for member in members):
        return False
    zones = {place.zone: 0 for place in wanted.places}
    for member in members:
        zones[member.place.zone] = zones.get(member.place.zone, 0) + 1
    usable = {place.zone for place in wanted.places}
    largest = max(zones.values())
    smallest = min(count for zone, count in zones.items() if zone in usable)
    movable = {zone for zone, count in zones.items() if count == largest}
    return largest - smallest >= 2 and any(
        not member.protected and member.place.zone in movable for member in members
    )
