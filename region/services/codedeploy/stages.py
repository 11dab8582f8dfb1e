"""The stages of a deployment: all instances at once, or one Availability Zone after the other.

https://docs.aws.amazon.com/codedeploy/latest/userguide/deployment-configurations-create.html#zonal-config
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from region.services.codedeploy.minimum_healthy_hosts import PERCENT, MinimumHealthyHosts
from region.services.codedeploy.records import ZonalConfig


@dataclass(frozen=True, slots=True)
class Stage:
    """Instances that are deployed to before those of the next stage.

    Attributes:
        instances: Their ids.
        minimum: What must stay healthy among them.
        monitor: Seconds to watch before the next stage begins; after the last one there is none.
    """

    instances: frozenset[str]
    minimum: MinimumHealthyHosts
    monitor: float = 0.0


NO_MINIMUM = MinimumHealthyHosts(PERCENT, 0)


def stages_of(zones: Mapping[str, str], zonal: ZonalConfig | None) -> Sequence[Stage]:
    """Return the stages of a deployment to the instances of `zones` (id -> zone), by zone name."""
    if zonal is None:
        return [Stage(frozenset(zones), NO_MINIMUM)]
    names = sorted(set(zones.values()))
    minimum = MinimumHealthyHosts(zonal.minimum_type, zonal.minimum_value)
    first = zonal.monitor if zonal.first_monitor is None else zonal.first_monitor
    return [
        Stage(
            frozenset(instance for instance, zone in zones.items() if zone == name),
            minimum,
            0.0 if name == names[-1] else (first if name == names[0] else zonal.monitor),
        )
        for name in names
    ]
