"""The fleets that serve: groups that stand in for each other, and what is left of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from availability.zones import lost

from guardrails import tokens
from guardrails.architecture.fleets import Fleets, Group
from guardrails.architecture.targets import Targets
from guardrails.architecture.traffic import Traffic
from guardrails.architecture.zones import Spread, together
from guardrails.resources import Resource, Stack

Running = Callable[[Group], int | None]
"""Says how many instances a group runs, `None` where that is not known."""


@dataclass(frozen=True)
class Remainder:
    """What is left of a fleet after the loss of the worst zone.

    Attributes:
        left: Instances that are left, `None` where that is not known.
        zone: The zone that is lost, `None` where the zones are not known.
        steps: What each group loses.
    """

    left: int | None
    zone: str | None = None
    steps: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Fleet:
    """Groups that serve the same target groups, and so stand in for each other.

    Attributes:
        idle: No listener sends requests to it: the weight of its target groups is 0.
        perhaps_idle: Which target group of a listener has the weight 0 is not known.
    """

    groups: tuple[Group, ...]
    idle: bool = False
    perhaps_idle: bool = False

    @cached_property
    def zones(self) -> Spread:
        """Return the zones that the groups span together."""
        return together([group.zones for group in self.groups])

    @property
    def targets(self) -> frozenset[Resource]:
        """Return the target groups of this stack in which its instances are registered."""
        return frozenset(one for group in self.groups for one in group.target_groups)

    def after_zone_loss(self, running: Running) -> Remainder:
        """Return what is left after the loss of the worst zone.

        A group with unknown zones counts as spread as well as it may be: what its zones are is a
        question of its own.
        """
        known = [(group, count) for group in self.groups if (count := running(group)) is not None]
        if len(known) < len(self.groups):
            return Remainder(None)
        zones: Sequence[str | None] = self.zones.zones if self.zones.known else ()
        left = [(*_left(known, zone), zone) for zone in zones or (None,)]
        worst = min(left, key=lambda one: one[0])
        return Remainder(worst[0], worst[2], worst[1])


def _left(known: Iterable[tuple[Group, int]], zone: str | None) -> tuple[int, tuple[str, ...]]:
    left = 0
    steps: list[str] = []
    for group, count in known:
        spanned = max(2, group.zones.possible) if zone is None else len(group.zones.zones)
        hit = zone is None or zone in group.zones.zones
        # Auto Scaling balances its instances over the zones: one has at most the rounded-up share.
        gone = lost(count, max(1, spanned)) if hit else 0
        left += count - gone
        steps.append(f'Auto Scaling group "{group.name}": {gone} of {count} lost')
    return left, tuple(steps)


class Serving:
    """The groups and fleets of one stack that serve requests."""

    def __init__(self, stack: Stack) -> None:
        """Join the groups that share a target group."""
        self._stack = stack
        all_groups = stack.derived(Fleets)
        # A stack without any load balancing has workers only; that it should have is not asked here.
        balanced = stack.of((*tokens.TARGET_GROUP, *tokens.LOAD_BALANCER))
        attached = any(group.attached for group in all_groups.groups)
        resources = stack.derived(Targets).serving_fleets() if balanced or attached else []
        self.groups: tuple[Group, ...] = tuple(all_groups.of(one) for one in resources)

    @cached_property
    def fleets(self) -> tuple[Fleet, ...]:
        """Return the serving groups, those that share a target group together."""
        idle, perhaps = self._stack.derived(Traffic).idle()
        found: list[tuple[set[object], list[Group]]] = []
        for group in self.groups:
            keys: set[object] = {*group.target_groups, *group.outside} or {group}
            joined = [one for one in found if one[0] & keys]
            members = [*(member for one in joined for member in one[1]), group]
            found = [one for one in found if one not in joined]
            found.append((keys.union(*(one[0] for one in joined)), members))
        fleets: list[Fleet] = []
        for keys, members in found:
            targets = {key for key in keys if isinstance(key, Resource)}
            unused = bool(targets) and targets <= idle
            fleets.append(Fleet(tuple(members), unused, bool(targets & perhaps)))
        return tuple(fleets)
