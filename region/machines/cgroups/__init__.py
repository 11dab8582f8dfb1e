"""CPU and memory limits of machines by Linux control groups, version 1 or 2.

`detect()` returns the back end that this host lets this user write to.
"""

from __future__ import annotations

from region.machines.cgroups.base import GroupUsage, Limits
from region.machines.cgroups.detection import (
    CgroupProbe,
    detect,
    leftover_groups,
    remove_groups,
    remove_namespace,
)
from region.machines.cgroups.v1 import CgroupV1
from region.machines.cgroups.v2 import CgroupV2
from region.machines.errors import LimitsError, LimitsUnavailable

__all__ = [
    "CgroupProbe",
    "CgroupV1",
    "CgroupV2",
    "GroupUsage",
    "Limits",
    "LimitsError",
    "LimitsUnavailable",
    "detect",
    "leftover_groups",
    "remove_groups",
    "remove_namespace",
]
