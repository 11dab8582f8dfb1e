"""How long Auto Scaling waits."""

from __future__ import annotations

from region.periods import Period

GROUP_METRICS = Period("Interval of a group's metrics", 60, "Auto Scaling guide, Group metrics")
CHECKPOINT_DELAY = Period(
    "Wait at a checkpoint of an instance refresh", 3600, "API reference, RefreshPreferences"
)
REFRESH_PATIENCE = Period(
    "Time without progress after which an instance refresh fails",
    3600,
    "Auto Scaling guide, Instance refresh, Limitations",
)
