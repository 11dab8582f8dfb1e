"""The CloudWatch dashboard's body as plain data. Pure.

Format: "Dashboard body structure and syntax" (CloudWatch API reference). A dashboard is 24 columns
wide.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from components.observability.alarms import AlarmSpec

COLUMNS = 24
WIDTH, HEIGHT = 8, 6


@dataclass(frozen=True, kw_only=True)
class Line:
    """One metric of a graph; `dimensions` are known values."""

    namespace: str
    metric: str
    statistic: str
    dimensions: Mapping[str, str]

    def written(self) -> list[Any]:
        """The metric as a dashboard writes it."""
        flat = [part for pair in self.dimensions.items() for part in pair]
        return [self.namespace, self.metric, *flat, {"stat": self.statistic}]


def body(region: str, alarm_arns: Sequence[str], graphs: Mapping[str, Sequence[Line]]) -> Any:
    """All alarms in one row on top, and below them a graph for each title."""
    widgets: list[dict[str, Any]] = [
        {
            "type": "alarm",
            "x": 0,
            "y": 0,
            "width": COLUMNS,
            "height": 3,
            "properties": {"title": "Alarms", "alarms": list(alarm_arns)},
        }
    ]
    per_row = COLUMNS // WIDTH
    for index, (title, lines) in enumerate(graphs.items()):
        widgets.append(
            {
                "type": "metric",
                "x": WIDTH * (index % per_row),
                "y": 3 + HEIGHT * (index // per_row),
                "width": WIDTH,
                "height": HEIGHT,
                "properties": {
                    "title": title,
                    "region": region,
                    "view": "timeSeries",
                    "period": 60,
                    "metrics": [line.written() for line in lines],
                },
            }
        )
    return {"widgets": widgets}


def graphs_of(specs: Iterable[tuple[AlarmSpec, Mapping[str, str]]]) -> dict[str, list[Line]]:
    """One graph per service and metric that an alarm watches, beside what explains it.

    Each specification comes with its dimensions resolved.
    """
    graphs: dict[str, list[Line]] = {}
    for spec, dimensions in specs:
        title, others = COMPANIONS[spec.metric]
        lines = graphs.setdefault(title, [])
        lines.append(
            Line(
                namespace=spec.namespace,
                metric=spec.metric,
                statistic=spec.statistic,
                dimensions=dimensions,
            )
        )
        lines += [
            Line(
                namespace=spec.namespace,
                metric=metric,
                statistic=statistic,
                dimensions=dimensions,
            )
            for metric, statistic in others
        ]
    return graphs


COMPANIONS: Mapping[str, tuple[str, Sequence[tuple[str, str]]]] = {
    "HTTPCode_Target_5XX_Count": ("Requests and errors", [("RequestCount", "Sum")]),
    "HTTPCode_ELB_5XX_Count": ("Requests and errors", []),
    "TargetResponseTime": ("Response time (s)", [("TargetResponseTime", "p50")]),
    "UnHealthyHostCount": ("Hosts", [("HealthyHostCount", "Minimum")]),
    "StatusCheckFailed": ("Instance", [("CPUUtilization", "Average")]),
    "CPUCreditBalance": ("CPU and credits", [("CPUUtilization", "Average")]),
    "CPUSurplusCreditsCharged": ("CPU and credits", [("CPUUtilization", "Average")]),
    "CPUUtilization": ("Database CPU (%)", []),
    "FreeStorageSpace": ("Database storage (bytes)", []),
    "DatabaseConnections": ("Database connections", []),
}
"""The graph that a watched metric belongs to, and what is drawn beside it."""
