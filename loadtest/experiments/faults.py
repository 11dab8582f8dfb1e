"""The kinds of faults: what they do, what they hit, and how they are detected. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Literal


class Kind(StrEnum):
    """What an experiment does to the stack, as far as a prediction needs to know."""

    INSTANCE_DIES = "instance-dies"
    INSTANCE_HANGS = "instance-hangs"
    INSTANCE_SLOW = "instance-slow"
    INSTANCE_ERRORS = "instance-errors"
    DISK_FULL = "disk-full"
    ZONE_REFUSED = "zone-refused"
    ZONE_SILENT = "zone-silent"
    ZONE_WITHOUT_CAPACITY = "zone-without-capacity"
    DATABASE_CUT = "database-cut"
    DATABASE_FAILOVER = "database-failover"
    DEPLOYMENT = "deployment"
    BAD_DEPLOYMENT = "bad-deployment"
    """Bad in a way that fails at once."""
    UNHEALTHY_DEPLOYMENT = "unhealthy-deployment"
    """Bad in a way that its own check notices, once that gives up."""
    STOPPED_DEPLOYMENT = "stopped-deployment"
    """Bad in a way that only an alarm notices, once users have met it."""
    OTHER = "other"
    """Nothing that a prediction exists for."""


DEPLOYMENTS = frozenset(
    {
        Kind.DEPLOYMENT,
        Kind.BAD_DEPLOYMENT,
        Kind.UNHEALTHY_DEPLOYMENT,
        Kind.STOPPED_DEPLOYMENT,
    }
)


@dataclass(frozen=True)
class Fault:
    """One fault: when it began on the load's axis, and how long it lasts (None: for good)."""

    kind: Kind
    at_s: float
    lasts_s: float | None = None
    zone: str | None = None
    instances: tuple[str, ...] = ()
    """Those that it hits, where that is known."""


@dataclass(frozen=True)
class Shape:
    """What a kind of fault means to a health check and to the group.

    `check`: a refused check fails at once, a silent one after its timeout. `gone`: the instance does
    not run any more, which the group sees whatever its grace period. `stays`: nobody takes it out of
    service, so nothing has to come back.
    """

    hits: Literal["instance", "zone", "all"]
    check: Literal["refused", "silent"] | None
    gone: bool = False
    stays: bool = False


SHAPES: Final[Mapping[Kind, Shape]] = {
    Kind.INSTANCE_DIES: Shape("instance", "refused", gone=True),
    Kind.INSTANCE_HANGS: Shape("instance", "silent"),
    # It answers its health checks late, and within their timeout.
    Kind.INSTANCE_SLOW: Shape("instance", None, stays=True),
    Kind.INSTANCE_ERRORS: Shape("instance", "refused"),
    # What serves needs to read, not to write: a service that does write fails its check, or should.
    Kind.DISK_FULL: Shape("instance", None, stays=True),
    Kind.ZONE_REFUSED: Shape("zone", "refused", gone=True),
    Kind.ZONE_SILENT: Shape("zone", "silent"),
    Kind.ZONE_WITHOUT_CAPACITY: Shape("zone", "silent"),
    Kind.DATABASE_CUT: Shape("all", None),
    Kind.DATABASE_FAILOVER: Shape("all", None),
}


def noticed_by_checks(fault: Fault) -> bool:
    """Return whether only failed health checks take what a fault hits out of rotation.

    Whoever is deregistered then leaves for another reason: the group shrinks, or replaces somebody. Where
    an instance is gone, that is how it is noticed; of other people's actions nothing is known.
    """
    shape = SHAPES.get(fault.kind)
    return bool(fault.instances) if shape is None else not shape.gone


def hits(fault: Fault, instance: str, zone: str | None) -> bool:
    """Return whether a fault hits an instance in that zone; True for any if its targets are unknown."""
    shape = SHAPES.get(fault.kind)
    if shape is not None and shape.hits == "all":
        return True
    if fault.instances:
        return instance in fault.instances
    return fault.zone is None or zone == fault.zone


def grace_matters(kind: Kind) -> bool:
    """Return whether a fault shows in health checks only, which the group ignores in a grace period."""
    shape = SHAPES.get(kind)
    return shape is not None and shape.check is not None and not shape.gone
