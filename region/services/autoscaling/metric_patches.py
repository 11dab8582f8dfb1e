"""Calls about the metrics of groups."""

from __future__ import annotations

from moto.autoscaling.exceptions import ValidationError
from moto.autoscaling.responses import AutoScalingResponse
from moto.core.responses import ActionResult, EmptyResult

from region.api.parameters import Parameters
from region.api.patching import Patches
from region.services.autoscaling.group_metrics import NAMES
from region.services.autoscaling.groups import require_group

GRANULARITY = "1Minute"

patches = Patches()


@patches.method(AutoScalingResponse)
def enable_metrics_collection(self: AutoScalingResponse) -> EmptyResult:
    """Enable metrics, all without a list."""
    given = Parameters(self)
    group = require_group(self.autoscaling_backend, given.text("AutoScalingGroupName"))
    if given.text("Granularity") != GRANULARITY:
        raise ValidationError(
            f"Granularity {given.text('Granularity')} is not valid: use {GRANULARITY}."
        )
    wanted = _checked(given)
    group.metrics = [*group.metrics, *(name for name in wanted if name not in group.metrics)]
    return EmptyResult()


@patches.method(AutoScalingResponse)
def disable_metrics_collection(self: AutoScalingResponse) -> EmptyResult:
    """Disable metrics, all without a list."""
    given = Parameters(self)
    group = require_group(self.autoscaling_backend, given.text("AutoScalingGroupName"))
    unwanted = _checked(given)
    group.metrics = [name for name in group.metrics if name not in unwanted]
    return EmptyResult()


@patches.method(AutoScalingResponse)
def describe_metric_collection_types(self: AutoScalingResponse) -> ActionResult:
    """List the metrics."""
    del self
    return ActionResult(
        {
            "Metrics": [{"Metric": name} for name in NAMES],
            "Granularities": [{"Granularity": GRANULARITY}],
        }
    )


def _checked(given: Parameters) -> list[str]:
    names = given.texts("Metrics")
    for name in names:
        if name not in NAMES:
            raise ValidationError(f"{name} is not a metric of Auto Scaling groups.")
    return names or list(NAMES)
