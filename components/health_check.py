"""When a target of the load balancer counts as healthy and as failed. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from policies.availability import target_groups


@dataclass(frozen=True, kw_only=True)
class HealthCheckTiming:
    """The timing of a health check; durations in seconds."""

    interval: int = 5
    timeout: int = 2
    healthy_threshold: int = 2
    unhealthy_threshold: int = 2

    @property
    def healthy_after(self) -> float:
        """After how many seconds a new target is healthy at the earliest."""
        return target_groups.healthy_after(self.interval, self.healthy_threshold)

    @property
    def fails_after(self) -> float:
        """For how many seconds a target that has failed still gets requests, at most."""
        return target_groups.fails_after(self.interval, self.unhealthy_threshold, self.timeout)


DEFAULT_TIMING = HealthCheckTiming()
"""A failed target leaves after twelve seconds, a new one gets requests after ten."""
