"""The next launches and terminations of an Auto Scaling group, as pure functions.

Sources: the Amazon EC2 Auto Scaling user guide on instance distribution across Availability
Zones, termination policies, instance maintenance policies and availability zone rebalancing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from region.services.autoscaling import balance, periods, replacement, termination_policies
from region.services.autoscaling.settings import GroupSettings
from region.services.autoscaling.termination_policies import Member, Placement

__all__ = ["GroupSettings", "Launch", "Member", "Placement", "Plan", "Termination", "plan"]


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
    """The next steps of a group.

    `protected` means that it has more instances than desired, all protected from scale-in.
    """

    launches: tuple[Launch, ...] = ()
    terminations: tuple[Termination, ...] = ()
    protected: bool = False


def plan(
    settings: GroupSettings, members: Sequence[Member], now: float, *, may_launch: bool
) -> Plan:
    """Plan the launches and terminations that bring a group closer to its desired state.

    `may_launch` is False while the group backs off after a failed launch.
    """
    may_terminate = "Terminate" not in settings.suspended
    replaced = replacement.to_terminate(settings, members) if may_terminate else []
    left = [member for member in members if member.instance_id not in replaced]
    terminations = [Termination(name, "unhealthy") for name in replaced]
    protected = False
    if may_terminate:
        surplus, protected = _scale_in(settings, left, now)
        terminations += [Termination(name, "surplus") for name in surplus]
        left = [member for member in left if member.instance_id not in surplus]
    launches: list[Launch] = []
    if may_launch and "Launch" not in settings.suspended:
        launches = _launches(settings, left)
    return Plan(tuple(launches), tuple(terminations), protected)


def back_off(failures: int) -> float:
    """Return how many seconds to wait after failed launches in a row: 1, 2, 4 … 60."""
    longest = periods.LAUNCH_RETRY.seconds
    return 0.0 if failures <= 0 else min(2.0 ** (min(failures, 10) - 1), longest)


def _scale_in(
    settings: GroupSettings, members: Sequence[Member], now: float
) -> tuple[list[str], bool]:
    """Select the surplus; also whether protection keeps all that is left of it."""
    remaining = [one for one in members if not (one.beyond_desired and not _counts(one))]
    surplus = len(remaining) - settings.desired
    result: list[str] = []
    while len(result) < surplus:
        selected = termination_policies.select(remaining, settings.policies, now, settings.zones)
        if selected is None:
            return result, True
        remaining.remove(selected)
        result.append(selected.instance_id)
    return result, False


def _counts(member: Member) -> bool:
    return member.in_service and member.ready


def _launches(settings: GroupSettings, members: Sequence[Member]) -> list[Launch]:
    # A replacement goes to the zone of the instance that it replaces, and those of a refresh are even.
    leaving = replacement.leaving(settings, members)
    taken = [one.placement for one in members if one not in leaving and not one.outdated]
    outdated = [one.placement for one in members if one not in leaving and one.outdated]
    launches: list[Launch] = []
    places = settings.placements if settings.balanced_only else balance.available(settings)
    if not places:
        return []

    def launch(reason: str, *, beyond: bool) -> None:
        placement = balance.next_placement(places, taken, outdated)
        taken.append(placement)
        if placement.zone not in settings.blocked_zones:
            launches.append(Launch(placement, reason, beyond))

    for _ in range(settings.desired - len(members)):
        launch("difference", beyond=False)
    for _ in range(replacement.to_launch(settings, members)):
        launch("unhealthy", beyond=True)
    if not launches:
        for _ in range(balance.to_move(settings, members)):
            launch("rebalance", beyond=True)
    return launches
