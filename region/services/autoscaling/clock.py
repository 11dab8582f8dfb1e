"""The region's clock, for calls: they have moto's backend and not the control plane."""

from __future__ import annotations

from collections.abc import Callable

from moto.autoscaling.models import AutoScalingBackend

from region.services.autoscaling.records import BackendRecord


def seconds_of(backend: AutoScalingBackend) -> Callable[[float], float]:
    """Return what converts a period of AWS, in seconds, to the region's clock."""
    speed = BackendRecord.of(backend).speed
    return lambda period: period / speed
