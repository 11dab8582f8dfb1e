"""Which zones' nodes a load balancer's name leads to.

A zone leaves the name during a zonal shift away from it, and while a target group has too few healthy
targets as its node sees them. If that is so in all zones, all stay. Clients follow after a while.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from region.services.elbv2.haproxy.model import (
    Health,
    LoadBalancer,
    Node,
    Report,
    TargetGroup,
    TargetStatus,
)


def named(spec: LoadBalancer, report: Report, away_from: Collection[str]) -> list[str]:
    """Return the zones that the name should lead to."""
    zones = [node.zone for node in spec.nodes]
    kept = [zone for zone in zones if zone not in away_from]
    healthy = [
        node.zone
        for node in spec.nodes
        if node.zone in kept
        and all(
            _is_healthy(group, node, list(report.get(group.name, {}).values()))
            for group in spec.target_groups
        )
    ]
    return healthy or kept or zones


def _is_healthy(group: TargetGroup, node: Node, targets: Collection[TargetStatus]) -> bool:
    """Return whether a zone has enough healthy targets of a group; an empty group does not count."""
    targets = [target for target in targets if target.health is not Health.DRAINING]
    if not targets:
        return True
    return group.dns.met(*counts(targets, node.zone))


def counts(targets: Iterable[TargetStatus], zone: str) -> tuple[int, int]:
    """Return how many targets a zone's node finds healthy, and to how many it may send requests."""
    served = [target for target in targets if zone in target.checked_in]
    return sum(zone in target.healthy_in for target in served), len(served)


@dataclass(slots=True)
class Followed:
    """The zones that clients know of, some time after the name has changed."""

    active: list[str]
    since: dict[str, float] = field(default_factory=dict[str, float])
    """When a zone's place in the name changed, on the monotonic clock."""

    def follow(self, zones: Iterable[str], wanted: Collection[str], now: float, lag: float) -> None:
        """Take a change over that is older than `lag` seconds."""
        known = list(zones)
        active = {zone for zone in self.active if zone in known} or set(wanted)
        for zone in known:
            if (zone in wanted) == (zone in active):
                self.since.pop(zone, None)
            elif now - self.since.setdefault(zone, now) >= lag:
                del self.since[zone]
                active = active | {zone} if zone in wanted else active - {zone}
        for gone in self.since.keys() - set(known):
            del self.since[gone]
        self.active = [zone for zone in known if zone in active] or known
