"""The body of the CloudWatch dashboard as plain data. Pure.

Format: "Dashboard body structure and syntax" (CloudWatch API reference).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from components.observability.alarms import AlarmSpec

COLUMNS = 24
"""Width of a dashboard."""

WIDTH, HEIGHT = 8, 6


@dataclass(frozen=True, kw_only=True)
class GraphMetric:
    """One metric of a graph, with its dimensions resolved."""

    namespace: str
    metric: str
    statistic: str
    dimensions: Mapping[str, str]

    def render(self) -> list[Any]:
        """Return the metric in the dashboard's array format."""
        flat = [part for pair in self.dimensions.items() for part in pair]
        return [self.namespace, self.metric, *flat, {"stat": self.statistic}]


def render_body(
    region: str, alarm_arns: Sequence[str], graphs: Mapping[str, Sequence[GraphMetric]]
) -> Any:
    """Render all alarms in one row at the top, and below them a graph for each title."""
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
    for index, (title, metrics) in enumerate(graphs.items()):
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
                    "metrics": [metric.render() for metric in metrics],
                },
            }
        )
    return {"widgets": widgets}


def group_into_graphs(
    specs: Iterable[tuple[AlarmSpec, Mapping[str, str]]],
) -> dict[str, list[GraphMetric]]:
    """Group the metrics that alarms watch into graphs, beside the metrics that explain them.

    Each specification comes with its dimensions resolved.
    """
    graphs: dict[str, list[GraphMetric]] = {}
    for spec, dimensions in specs:
        title, others = COMPANIONS[spec.metric]
        metrics = graphs.setdefault(title, [])
        metrics.append(
            GraphMetric(
                namespace=spec.namespace,
                metric=spec.metric,
                statistic=spec.statistic,
                dimensions=dimensions,
            )
        )
        metrics += [
            GraphMetric(
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
"""The graph that a watched metric belongs to, and the metrics drawn beside it."""
