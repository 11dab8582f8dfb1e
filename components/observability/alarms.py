"""The CloudWatch alarms as plain data.

Thresholds suit a service of this size; each documents what it is derived from. The alarms that may
stop a deployment measure errors and latency of real requests only: a deployment deregisters
instances, which changes HealthyHostCount and would stop every release.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Literal

import pulumi

from components.config.constants import STOP_ALARM_PERIOD, STOP_ALARM_POINTS
from components.config.rds_classes import default_max_connections

NOT_BREACHING = "notBreaching"
MISSING = "missing"

ERRORS_PER_MINUTE = 10
"""Less than 0.1 % of what six instances serve at the scaling policy's default target (3,000 each)."""

SLOW_SECONDS = 1.0
CREDITS_LOW = 1.0
"""CPU credits: with fewer, a burstable instance in standard mode runs at its baseline."""

DATABASE_BUSY_PERCENT = 90
STORAGE_LOW_BYTES = 2 * 1024**3
"""A tenth of the volume. RDS enters `storage-full` well before zero bytes."""

CONNECTIONS_SHARE = 0.6
"""Share of the `max_connections` that the formula gives. RDS subtracts the memory of its own
processes first, so on the smallest classes about 0.7 of that value is available: 0.6 leaves time to
act."""


@dataclass(frozen=True, kw_only=True)
class AlarmSpec:
    """One CloudWatch alarm.

    Attributes:
        key: The suffix of the alarm's logical name.
        description: What the alarm means, for whoever is notified.
        namespace: CloudWatch namespace of the metric.
        metric: Name of the metric.
        statistic: CloudWatch's name (`Sum`) or a percentile (`p99`).
        dimensions: Dimensions of the metric.
        threshold: In the metric's unit.
        comparison: How the statistic is compared with the threshold.
        period: Length of an evaluation period in seconds.
        periods: Number of most recent periods that are evaluated.
        breaches: Breaching periods among them that trigger the alarm.
        missing: How missing data is treated.
        stops_deployments: Whether the alarm stops a deployment.
    """

    key: str
    description: str
    namespace: str
    metric: str
    statistic: str
    dimensions: Mapping[str, pulumi.Input[str]]
    threshold: float
    comparison: Literal[
        "GreaterThanOrEqualToThreshold", "GreaterThanThreshold", "LessThanThreshold"
    ] = "GreaterThanOrEqualToThreshold"
    period: int = 60
    periods: int = 3
    breaches: int = 2
    missing: str = NOT_BREACHING
    stops_deployments: bool = False

    @property
    def percentile(self) -> bool:
        """Whether the statistic is a percentile, for which CloudWatch has a separate field."""
        return self.statistic.startswith("p")


_STOPPING = partial(
    AlarmSpec,
    namespace="AWS/ApplicationELB",
    period=STOP_ALARM_PERIOD,
    breaches=STOP_ALARM_POINTS,
    stops_deployments=True,
)
"""An alarm on the load balancer's metrics that stops a deployment."""


def load_balancer_alarms(
    load_balancer: pulumi.Input[str], target_group: pulumi.Input[str]
) -> list[AlarmSpec]:
    """Return the alarms on what visitors notice. The arguments are ARN suffixes.

    Metrics and their meaning: "CloudWatch metrics for your Application Load Balancer" (ELB user
    guide). Error counts are reported only when they are not zero, so no data means no errors.
    """
    balancer = {"LoadBalancer": load_balancer}
    targets = {**balancer, "TargetGroup": target_group}
    return [
        _STOPPING(
            key="target-errors",
            description="The application responds with 5xx.",
            metric="HTTPCode_Target_5XX_Count",
            statistic="Sum",
            dimensions=targets,
            threshold=ERRORS_PER_MINUTE,
        ),
        _STOPPING(
            key="balancer-errors",
            description="The load balancer itself responds with 5xx because no target can.",
            metric="HTTPCode_ELB_5XX_Count",
            statistic="Sum",
            dimensions=balancer,
            threshold=ERRORS_PER_MINUTE,
        ),
        _slow(targets, "slow", "p99", "One request in a hundred takes"),
        # The load balancer sends few requests to instances that are slow: a bad revision in one zone of
        # three made 0.5 % of all slow. Too few requests a minute leave this alarm as it is.
        _slow(targets, "slow-few", "p99.7", "Three requests in a thousand take"),
        AlarmSpec(
            key="unhealthy-hosts",
            description="An instance fails its health check and has not been replaced.",
            namespace="AWS/ApplicationELB",
            metric="UnHealthyHostCount",
            statistic="Maximum",
            dimensions=targets,
            threshold=1,
            # A replacement takes minutes: anything shorter is Auto Scaling at work.
            periods=5,
            breaches=5,
        ),
    ]


def _slow(
    targets: dict[str, pulumi.Input[str]], key: str, percentile: str, share: str
) -> AlarmSpec:
    return _STOPPING(
        key=key,
        description=f"{share} {SLOW_SECONDS:g} s or more.",
        metric="TargetResponseTime",
        statistic=percentile,
        dimensions=targets,
        threshold=SLOW_SECONDS,
    )


def instance_alarms(instance_id: pulumi.Input[str]) -> list[AlarmSpec]:
    """Return the alarm on the single instance: without a load balancer it has no request metrics."""
    return [
        AlarmSpec(
            key="status-check",
            description="The instance fails EC2's status checks.",
            namespace="AWS/EC2",
            metric="StatusCheckFailed",
            statistic="Maximum",
            dimensions={"InstanceId": instance_id},
            threshold=1,
            periods=2,
            missing=MISSING,
        )
    ]


def credit_alarms(dimensions: Mapping[str, pulumi.Input[str]], mode: str | None) -> list[AlarmSpec]:
    """Return the alarms on CPU credits; none for types without credits (`mode` is None).

    In standard mode an empty balance throttles to the baseline; in unlimited mode it is billed
    ("Burstable performance instances", EC2 user guide; the metrics have a five-minute resolution).
    T4g starts with an empty balance, so only an hour without credits is an alarm.
    """
    if mode is None:
        return []
    if mode == "unlimited":
        return [
            AlarmSpec(
                key="credits-charged",
                description="CPU usage beyond the earned credits is being billed.",
                namespace="AWS/EC2",
                metric="CPUSurplusCreditsCharged",
                statistic="Maximum",
                dimensions=dimensions,
                threshold=0,
                comparison="GreaterThanThreshold",
                period=300,
                periods=1,
                breaches=1,
            )
        ]
    return [
        AlarmSpec(
            key="credits-low",
            description="CPU credits are exhausted: instances run at their baseline.",
            namespace="AWS/EC2",
            metric="CPUCreditBalance",
            statistic="Average",
            dimensions=dimensions,
            threshold=CREDITS_LOW,
            comparison="LessThanThreshold",
            period=300,
            periods=12,
            breaches=12,
        )
    ]


def database_alarms(identifier: pulumi.Input[str], instance_class: str) -> list[AlarmSpec]:
    """Return the alarms on what runs out first in a small database.

    Metrics and their meaning: "CloudWatch metrics for Amazon RDS".
    """
    dimensions = {"DBInstanceIdentifier": identifier}
    limit = default_max_connections(instance_class)
    return [
        AlarmSpec(
            key="database-cpu",
            description=f"The database is over {DATABASE_BUSY_PERCENT} % busy for 15 minutes.",
            namespace="AWS/RDS",
            metric="CPUUtilization",
            statistic="Average",
            dimensions=dimensions,
            threshold=DATABASE_BUSY_PERCENT,
            period=300,
            breaches=3,
            missing=MISSING,
        ),
        AlarmSpec(
            key="database-storage",
            description="The database has less than a tenth of its storage left.",
            namespace="AWS/RDS",
            metric="FreeStorageSpace",
            statistic="Minimum",
            dimensions=dimensions,
            threshold=STORAGE_LOW_BYTES,
            comparison="LessThanThreshold",
            period=300,
            missing=MISSING,
        ),
        AlarmSpec(
            key="database-connections",
            description="The database is about to run out of connections.",
            namespace="AWS/RDS",
            metric="DatabaseConnections",
            statistic="Maximum",
            dimensions=dimensions,
            threshold=int(limit * CONNECTIONS_SHARE),
            missing=MISSING,
        ),
    ]
