"""What a group's plan is made for."""

from __future__ import annotations

from dataclasses import dataclass

from region.services.autoscaling.termination_policies import DEFAULT, Placement


@dataclass(frozen=True, slots=True)
class GroupSettings:
    """The desired state of a group.

    Attributes:
        policies: Termination policies, in order.
        min_healthy: Percentage of the desired capacity, from the instance maintenance policy.
        max_healthy: Likewise; both are None without a policy.
        suspended: The names of suspended processes.
        blocked_zones: Zones where nothing can be launched at present.
        being_replaced: How many instances that are replaced gradually have not ended yet.
        balanced_only: Launches that belong into such a zone wait for it.
    """

    desired: int
    max_size: int
    placements: tuple[Placement, ...]
    policies: tuple[str, ...] = (DEFAULT,)
    min_healthy: int | None = None
    max_healthy: int | None = None
    suspended: frozenset[str] = frozenset()
    blocked_zones: frozenset[str] = frozenset()
    being_replaced: int = 0
    balanced_only: bool = False

    @property
    def launches_first(self) -> bool:
        """Whether a replacement is launched before the instance that it replaces terminates."""
        return self.min_healthy is not None and self.min_healthy >= 100

    @property
    def zones(self) -> frozenset[str]:
        """The group's zones."""
        return frozenset(placement.zone for placement in self.placements)
