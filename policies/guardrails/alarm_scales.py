"""Thresholds of alarms in the scale of their metric: a percentage, or bytes."""

from __future__ import annotations

from collections.abc import Iterator
from types import MappingProxyType
from typing import Final

from guardrails.architecture.alarms import Metric
from guardrails.model import Violation
from guardrails.resources import Resource
from guardrails.values import is_absent, number

_PERCENT: Final = MappingProxyType(
    {
        "AWS/EC2": ("CPUUtilization",),
        "AWS/RDS": ("CPUUtilization",),
        "AWS/DocDB": ("CPUUtilization",),
        "AWS/ElastiCache": ("CPUUtilization", "EngineCPUUtilization"),
        "AWS/ECS": ("CPUUtilization", "MemoryUtilization"),
    }
)
"""Metrics from 0 to 100 that fleets and stores are watched by."""
_BYTES: Final = MappingProxyType(
    {
        "AWS/RDS": ("FreeStorageSpace", "FreeableMemory", "FreeLocalStorage"),
        "AWS/DocDB": ("FreeLocalStorage", "FreeableMemory"),
        "AWS/ElastiCache": ("FreeableMemory",),
    }
)
"""Metrics in bytes, of what is left."""
_LEAST_BYTES: Final = 2**20
"""A threshold below a mebibyte was meant in megabytes or gigabytes."""
_SINGLE: Final = ("Average", "Maximum", "Minimum")
_ALL: Final = 100


def off_scale(alarm: Resource, metric: Metric) -> Iterator[Violation]:
    """Yield that an alarm compares a metric with what it never is, or always is."""
    threshold = number(alarm.get("threshold"))
    if threshold is None or not is_absent(alarm.get("metricQueries")):
        return
    namespace = str(metric.namespace)
    found = None
    if metric.name in _PERCENT.get(namespace, ()):
        found = _percentage(alarm, str(metric.name), threshold)
    elif metric.name in _BYTES.get(namespace, ()):
        found = _bytes(alarm, str(metric.name), threshold)
    if found is None and namespace.startswith("AWS/"):
        found = _always(alarm, str(metric.name), threshold)
    if found is not None:
        what, remedy = found
        path = (f'alarm "{alarm.name}"', f"metric {metric.describe()}", f"threshold {threshold:g}")
        yield Violation(f'Alarm "{alarm.name}" {what}.', alarm, path, remedy)


def _percentage(alarm: Resource, name: str, threshold: float) -> tuple[str, str] | None:
    statistic, comparison = alarm.get("statistic"), str(alarm.get("comparisonOperator"))
    if statistic in ("Sum", "SampleCount"):
        what = "adds up the percentages" if statistic == "Sum" else "counts the values"
        return (
            f"{what} of {name} in place of comparing them: statistic is {statistic}",
            'set statistic to "Average".',
        )
    if statistic not in _SINGLE:
        return None
    least = {"GreaterThanThreshold": _ALL, "GreaterThanOrEqualToThreshold": _ALL + 0.01}
    if threshold >= least.get(comparison, float("inf")):
        return (
            f"waits for {name} above {threshold:g}, a percentage: it never goes off",
            "set threshold to a percentage below 100, for example 80.",
        )
    if comparison.startswith("Greater") and 0 < threshold <= 1:
        return (
            (
                f"goes off while {name} is above {threshold:g} %, and is therefore always on: the metric "
                "is a percentage"
            ),
            f"set threshold to a percentage, {threshold * _ALL:g} where a share was meant.",
        )
    return None


def _always(alarm: Resource, name: str, threshold: float) -> tuple[str, str] | None:
    """Return that a metric is never below a threshold: what AWS counts and measures is 0 or more."""
    comparison = str(alarm.get("comparisonOperator"))
    above = comparison == "GreaterThanThreshold" and threshold < 0
    from_zero = comparison == "GreaterThanOrEqualToThreshold" and threshold <= 0
    if not above and not from_zero:
        return None
    return (
        f"goes off with every value of {name}, as none is below {threshold:g} ({comparison})",
        'set comparison_operator to "GreaterThanThreshold" and threshold to what is still well.',
    )


def _bytes(alarm: Resource, name: str, threshold: float) -> tuple[str, str] | None:
    below = str(alarm.get("comparisonOperator")).startswith("LessThan")
    if not below or threshold >= _LEAST_BYTES or alarm.get("statistic") not in _SINGLE:
        return None
    return (
        f"waits until {name} is below {threshold:g} bytes, when nothing is left: the metric is in bytes",
        f"set threshold in bytes: {threshold:g} * 1024**3 for GiB, {threshold:g} * 1024**2 for MiB.",
    )
