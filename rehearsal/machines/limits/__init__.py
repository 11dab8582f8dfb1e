"""CPU and memory limits of machines by Linux control groups, version 1 or 2.

`detect()` gives the back end that this host lets this user write to.
"""

from rehearsal.machines.errors import LimitsError, LimitsUnavailable
from rehearsal.machines.limits.base import GroupUsage, Limits
from rehearsal.machines.limits.detection import (
    Surroundings,
    detect,
    leftover_groups,
    remove_groups,
    remove_namespace,
)
from rehearsal.machines.limits.v1 import CgroupV1
from rehearsal.machines.limits.v2 import CgroupV2

__all__ = [
    "CgroupV1",
    "CgroupV2",
    "GroupUsage",
    "Limits",
    "LimitsError",
    "LimitsUnavailable",
    "Surroundings",
    "detect",
    "leftover_groups",
    "remove_groups",
    "remove_namespace",
]
