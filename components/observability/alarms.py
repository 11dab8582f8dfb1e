"""Which alarms watch what, as plain data.

Thresholds are for a service of this size; each says what it is derived from. The alarms that may
stop a deployment count errors and time of real requests only: taking instances out of traffic, as
every deployment does, moves HealthyHostCount and would stop each release.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import pulumi

NOT_BREACHING = "notBreaching"
MISSING = "missing"

ERRORS_PER_MINUTE = 10
"""Under 0.1 % of what six instances answer at the scaling policy's default target (3,000 each)."""

SLOW_SECONDS = 1.0
CREDITS_LOW = 1.0
"""Credits of CPU time: with less, a burstable instance in standard mode runs at its baseline."""

DATABASE_BUSY_PERCENT = 90
STORAGE_LOW_BYTES = 2 * 1024**3
"""A tenth of the volume. RDS stops at `storage-full`, well before zero bytes."""

CONNECTIONS_SHARE = 0.6
"""Of what `max_connections` is by formula. RDS takes its own processes off the memory first, so on
the smallest classes about 0.7 of the formula's value is real: 0.6 leaves a margin to act in."""

BYTES_PER_CONNECTION = 9_531_392
"""From RDS's default `LEAST({DBInstanceClassMemory/9531392},5000)` (RDS user guide, "Quotas and
constraints for Amazon RDS", maximum number of database connections)."""

MAX_CONNECTIONS = 5000

_CLASS = re.compile(r"db\.(?P<family>[a-z])[a-z0-9-]*\.(?P<size>[a-z0-9]+)")
_BURSTABLE_GIBIBYTES = {"micro": 1, "small": 2, "medium": 4}
_GIBIBYTES_PER_CPU = {"t": 4, "m": 4, "c": 2, "r": 8, "z": 8, "x": 16}


@dataclass(frozen=True, kw_only=True)
class AlarmSpec:
    """One CloudWatch alarm. `period` is in seconds; `breaches` of `periods` raise it.

    `statistic` is CloudWatch's name (`Sum`) or a percentile (`p99`).
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
        """Whether the statistic is a percentile, which CloudWatch takes in a field of its own."""
        return self.statistic.startswith("p")


def balancer_alarms(
    load_balancer: pulumi.Input[str], target_group: pulumi.Input[str]
) -> list[AlarmSpec]:
    """What visitors notice. Arguments are ARN suffixes, as CloudWatch names them.

    Metrics and their meaning: "CloudWatch metrics for your Application Load Balancer" (ELB user
    guide). Counts of errors are reported only when there are any, so no data means none.
    """
    balancer = {"LoadBalancer": load_balancer}
    targets = {**balancer, "TargetGroup": target_group}
    return [
        AlarmSpec(
            key="target-errors",
            description="The application answers with 5xx.",
            namespace="AWS/ApplicationELB",
            metric="HTTPCode_Target_5XX_Count",
            statistic="Sum",
            dimensions=targets,
            threshold=ERRORS_PER_MINUTE,
            stops_deployments=True,
        ),
        AlarmSpec(
            key="balancer-errors",
            description="The load balancer itself answers with 5xx: no target could.",
            namespace="AWS/ApplicationELB",
            metric="HTTPCode_ELB_5XX_Count",
            statistic="Sum",
            dimensions=balancer,
            threshold=ERRORS_PER_MINUTE,
            stops_deployments=True,
        ),
        AlarmSpec(
            key="slow",
            description=f"One request in a hundred takes {SLOW_SECONDS:g} s or more.",
            namespace="AWS/ApplicationELB",
            metric="TargetResponseTime",
            statistic="p99",
            dimensions=targets,
            threshold=SLOW_SECONDS,
            stops_deployments=True,
        ),
        AlarmSpec(
            key="unhealthy-hosts",
            description="An instance fails its health check and has not been replaced.",
            namespace="AWS/ApplicationELB",
            metric="UnHealthyHostCount",
            statistic="Maximum",
            dimensions=targets,
            threshold=1,
            # A replacement takes minutes: shorter is Auto Scaling at work.
            periods=5,
            breaches=5,
        ),
    ]


def instance_alarms(instance_id: pulumi.Input[str]) -> list[AlarmSpec]:
    """The single instance has no load balancer, hence no metric of its answers."""
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
    """CPU credits of burstable instances; none for types without credits (`mode` is None).

    In standard mode an empty balance throttles to the baseline; in unlimited mode it is billed
    ("Burstable performance instances", EC2 user guide; the metrics come every five minutes). T4g
    starts with an empty balance, so only an hour without any is an alarm.
    """
    if mode is None:
        return []
    if mode == "unlimited":
        return [
            AlarmSpec(
                key="credits-charged",
                description="CPU beyond the earned credits is being billed.",
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
            description="CPU credits are used up: instances run at their baseline.",
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
    """What runs out first in a small database ("CloudWatch metrics for Amazon RDS")."""
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


def default_max_connections(instance_class: str) -> int:
    """RDS's default `max_connections` for PostgreSQL on a class, from its nominal memory.

    Raises ValueError for a class whose memory cannot be told from its name.
    """
    memory = memory_gibibytes(instance_class) * 1024**3
    return min(int(memory // BYTES_PER_CONNECTION), MAX_CONNECTIONS)


def memory_gibibytes(instance_class: str) -> int:
    """Memory of an RDS instance class, by its family's gibibytes per vCPU ("DB instance class
    types"); raises ValueError for a class that follows no such rule.
    """
    match = _CLASS.fullmatch(instance_class)
    per_cpu = _GIBIBYTES_PER_CPU.get(match["family"]) if match else None
    if match is None or per_cpu is None:
        raise ValueError(
            "is of a family whose memory is not known, which the alarm on connections needs; use "
            "one of db.t, db.m, db.c, db.r, db.z or db.x"
        )
    size = match["size"]
    if match["family"] == "t" and size in _BURSTABLE_GIBIBYTES:
        return _BURSTABLE_GIBIBYTES[size]
    return per_cpu * _cpus(size)


def _cpus(size: str) -> int:
    if size in {"medium", "large"}:
        return {"medium": 1, "large": 2}[size]
    match = re.fullmatch(r"(\d*)xlarge", size)
    if match is None:
        raise ValueError("has a size that RDS does not offer; use one such as micro or large")
    return 4 * int(match[1] or 1)
