"""CloudWatch as AWS answers it: metrics, alarms, composite alarms and alarm mute rules.

Dashboards stay moto's.
"""

from __future__ import annotations

from region.services.cloudwatch import (
    alarm_patches,
    composite_patches,
    metric_patches,
    mute_patches,
)


def install() -> None:
    """Patch moto's CloudWatch."""
    for module in (metric_patches, alarm_patches, composite_patches, mute_patches):
        module.patches.install()
