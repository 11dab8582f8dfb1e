"""How long RDS waits."""

from __future__ import annotations

from typing import Final

from region.periods import Period

_GUIDE: Final = "https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide"
_DAY: Final = 86_400.0

FAILOVER: Final = Period(
    "Failover of a Multi-AZ DB instance, typically 60 to 120 s",
    80,
    f"{_GUIDE}/Concepts.MultiAZSingleStandby.html",
)
FAILOVER_AGAIN: Final = Period(
    "After a failover, until a requested one is not abandoned (RDS-EVENT-0034)",
    60,
    "RDS says `recently` (RDS guide, Event categories and messages); the period is ours",
)
CONVERSION: Final = Period(
    "Conversion of a Single-AZ DB instance to Multi-AZ",
    120,
    "RDS says that it depends on the volume (RDS guide, Modifying a DB instance to be a Multi-AZ "
    "deployment); the period is ours",
)
STOPPED: Final = Period(
    "A stopped DB instance is started again", 7 * _DAY, f"{_GUIDE}/USER_StopInstance.html"
)
ROTATION: Final = Period(
    "Rotation of a managed master password", 7 * _DAY, f"{_GUIDE}/rds-secrets-manager.html"
)
STORAGE_LOW: Final = Period(
    "Low free storage before it grows by itself", 300, f"{_GUIDE}/USER_PIOPS.Autoscaling.html"
)
STORAGE_AGAIN: Final = Period(
    "After a change of storage, until it may be changed again, or grows by itself",
    6 * 3600,
    f"{_GUIDE}/USER_PIOPS.Autoscaling.html",
)
MONITORING: Final = Period("Metrics of a DB instance", 60, f"{_GUIDE}/rds-metrics.html")
