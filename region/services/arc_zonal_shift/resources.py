"""What zones can be shifted away from: load balancers and Auto Scaling groups that say that they may.

Callers hold the control plane's lock.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from region.services.autoscaling import zonal_shift
from region.services.autoscaling.records import GroupRecord
from region.services.elbv2 import attributes
from region.services.elbv2.records import LoadBalancerRecord

if TYPE_CHECKING:
    from region.api.server import ControlPlane

HOW_TO_ENABLE: Final = (
    f"set {attributes.ZONAL_SHIFT} of a load balancer, or ZonalShiftEnabled in a group's "
    "AvailabilityZoneImpairmentPolicy, to true"
)


@dataclass(frozen=True, slots=True)
class Resource:
    """A load balancer or a group.

    Attributes:
        zones: The names of its Availability Zones.
        enabled: Whether zones may be shifted away from.
        record: Where it learns which are.
    """

    arn: str
    name: str
    zones: frozenset[str]
    enabled: bool
    record: LoadBalancerRecord | GroupRecord

    def shift_away(self, zones: frozenset[str]) -> bool:
        """Tell it which zones are shifted away from, and return whether that is new."""
        changed = self.record.away_from != zones
        self.record.away_from = zones
        return changed


def all_of(plane: ControlPlane) -> dict[str, Resource]:
    """Return the resources of the region by their ARNs."""
    return {resource.arn: resource for resource in (*_balancers(plane), *_groups(plane))}


def _balancers(plane: ControlPlane) -> Iterator[Resource]:
    for balancer in plane.backend("elbv2").load_balancers.values():
        record = LoadBalancerRecord.of(balancer)
        enabled = str(balancer.attrs.get(attributes.ZONAL_SHIFT)) == "true"
        yield Resource(balancer.arn, balancer.name, frozenset(record.nodes), enabled, record)


def _groups(plane: ControlPlane) -> Iterator[Resource]:
    for group in plane.backend("autoscaling").autoscaling_groups.values():
        record = GroupRecord.of(group)
        zones = frozenset(str(zone) for zone in group.availability_zones)
        yield Resource(str(group.arn), group.name, zones, zonal_shift.is_enabled(record), record)
