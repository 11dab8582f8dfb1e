"""How long EC2 waits, and how often it measures."""

from __future__ import annotations

from typing import Final

from region.periods import Period

STATUS_CHECK: Final = Period(
    "Status checks of an instance, and the metrics of detailed monitoring",
    60,
    "EC2 guide, Status checks for your instances; Enable or turn off detailed monitoring",
)
BASIC_MONITORING: Final = Period(
    "Metrics of basic monitoring", 300, "EC2 guide, Enable or turn off detailed monitoring"
)
CREDIT_METRICS: Final = Period(
    "CPU credit metrics, and the interval that credits are accounted for",
    300,
    "EC2 guide, Monitor your CPU credits for burstable performance instances",
)
CREDITS_KEPT: Final = Period(
    "CPU credits of a stopped T3, T3a or T4g instance",
    7 * 86_400,
    "EC2 guide, Accrued CPU credits life span",
)
INITIALIZING: Final = Period(
    "Status checks of a started instance are initializing",
    120,
    "EC2 names no period; instances are observed to pass after two to three minutes",
)
TERMINATED: Final = Period(
    "A terminated instance stays visible",
    3600,
    "https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/terminating-instances.html",
)
