"""The account's quota of Fargate: how many vCPUs may run at a time, and how many do."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from loadtest.engine.fargate import aws
from loadtest.errors import LoadTestError
from loadtest.stack.clients import Clients, error_code

SERVICE, CODE = "fargate", "L-3032A538"
"""Fargate On-Demand vCPU resource count."""
LOOK_BACK: Final = timedelta(minutes=15)
PERIOD_S: Final = 300


@dataclass(frozen=True)
class Quota:
    """How many vCPUs may run, and how many did at most in the last quarter of an hour."""

    vcpus: float
    used: float | None
    """None: AWS does not say, or whoever asks may not know."""

    def require(self, vcpus: float) -> None:
        """Require that so many more may run.

        Raises:
            LoadTestError: The quota does not allow them.
        """
        if (self.used or 0) + vcpus > self.vcpus:
            in_use = f", of which {self.used:g} are in use" if self.used else ""
            raise LoadTestError(
                f"the workers need {vcpus:g} vCPUs, and the account's quota of Fargate in this region is "
                f"{self.vcpus:g}{in_use}: take fewer workers, or ask for more (Service Quotas, {CODE})"
            )

    def __str__(self) -> str:
        used = "unknown how many" if self.used is None else f"{self.used:g}"
        return f"{self.vcpus:g} vCPUs of Fargate at a time ({CODE}), {used} in use"


def ask(clients: Clients) -> Quota:
    """Ask Service Quotas, and CloudWatch for what is in use.

    Raises:
        LoadTestError: There is no answer.
    """
    found = _quota(clients)
    return Quota(float(found["Value"]), _used(clients, found.get("UsageMetric") or {}))


def _quota(clients: Clients) -> dict[str, Any]:
    client = clients["service-quotas"]
    named = {"ServiceCode": SERVICE, "QuotaCode": CODE}
    try:
        return aws.call(f"read the quota of Fargate ({CODE})", client.get_service_quota, **named)[
            "Quota"
        ]
    except LoadTestError as error:
        # Nothing was ever applied for: AWS's default holds.
        if error_code(error.__cause__) != "NoSuchResourceException":
            raise
    what = f"read the default quota of Fargate ({CODE})"
    return aws.call(what, client.get_aws_default_service_quota, **named)["Quota"]


def _used(clients: Clients, metric: dict[str, Any]) -> float | None:
    if not metric.get("MetricName"):
        return None
    now = datetime.now(UTC)
    dimensions = metric.get("MetricDimensions") or {}
    try:
        answer = clients["cloudwatch"].get_metric_statistics(
            Namespace=metric["MetricNamespace"],
            MetricName=metric["MetricName"],
            Dimensions=[{"Name": name, "Value": value} for name, value in dimensions.items()],
            StartTime=now - LOOK_BACK,
            EndTime=now,
            Period=PERIOD_S,
            Statistics=["Maximum"],
        )
    except (BotoCoreError, ClientError):
        return None
    return max((float(one["Maximum"]) for one in answer["Datapoints"]), default=0.0)
