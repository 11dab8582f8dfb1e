"""Groups and zonal shifts: AvailabilityZoneImpairmentPolicy.

https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-zonal-shift.html
While a zone is shifted away from nothing is launched in it. Its unhealthy instances are replaced elsewhere,
or kept until the shift ends: they may be healthy and only out of reach.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from moto.autoscaling.exceptions import ValidationError

from region.api.parameters import is_true
from region.services.autoscaling.records import GroupRecord

IGNORE: Final = "IgnoreUnhealthy"
BEHAVIORS: Final = ("ReplaceUnhealthy", IGNORE)


def is_enabled(record: GroupRecord) -> bool:
    """Return whether a zonal shift of the group may be started."""
    return _enabled(record.availability_zone_impairment_policy or {})


def keeps_unhealthy(record: GroupRecord, zone: str) -> bool:
    """Return whether unhealthy instances in a zone are not replaced for now."""
    policy = record.availability_zone_impairment_policy or {}
    return zone in record.away_from and policy.get("ImpairedZoneHealthCheckBehavior") == IGNORE


def check_policy(policy: Mapping[str, Any]) -> None:
    """Reject a policy that does not say what becomes of unhealthy instances.

    Raises:
        ValidationError: It does not.
    """
    if _enabled(policy) and not policy.get("ImpairedZoneHealthCheckBehavior"):
        message = (
            "ImpairedZoneHealthCheckBehavior is required when ZonalShiftEnabled is true: use "
            f"{' or '.join(BEHAVIORS)}."
        )
        raise ValidationError(message)


def _enabled(policy: Mapping[str, Any]) -> bool:
    return is_true(policy.get("ZonalShiftEnabled"))
