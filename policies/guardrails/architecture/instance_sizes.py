"""How large instance types are, and what they cost at least: of the families that are known here."""

from __future__ import annotations

import re
from dataclasses import dataclass

_TYPE = re.compile(r"(?P<family>[a-z]+)(?P<generation>\d)(?P<more>[a-z-]*)\.(?P<size>[a-z0-9]+)")
_PER_CPU = {"c": 2.0, "m": 4.0, "r": 8.0}
"""GiB per vCPU (Amazon EC2 user guide, "Instance type specifications")."""
_OLDEST = 5
"""From this generation on a family has the same memory per vCPU in every size."""
_OTHERS = ("c5n",)
_BURSTABLE = {
    "nano": (2, 0.5), "micro": (2, 1), "small": (2, 2), "medium": (2, 4), "large": (2, 8),
    "xlarge": (4, 16), "2xlarge": (8, 32),
}  # fmt: skip
_MIB = 1024


@dataclass(frozen=True)
class Size:
    """What an instance type has: vCPUs, and MiB of memory."""

    cpus: float
    memory: float


def size_of(instance_type: str) -> Size | None:
    """Return how large an instance type is, `None` if that is not known here."""
    found = _TYPE.fullmatch(instance_type)
    if found is None:
        return None
    family, generation, size = found["family"], int(found["generation"]), found["size"]
    if family == "t" and generation > 2 and size in _BURSTABLE:
        cpus, memory = _BURSTABLE[size]
        return Size(cpus, memory * _MIB)
    name = f"{family}{generation}{found['more']}"
    cpus = _cpus(size)
    if family not in _PER_CPU or generation < _OLDEST or name in _OTHERS or cpus is None:
        return None
    return Size(cpus, cpus * _PER_CPU[family] * _MIB)


def _cpus(size: str) -> float | None:
    named = {"medium": 1.0, "large": 2.0, "xlarge": 4.0}.get(size)
    times = re.fullmatch(r"(\d+)xlarge", size)
    return named if times is None else 4.0 * int(times[1])


# USD an hour: a tenth of what is cheapest on demand in the cheapest Region (ap-south-1), and less.
# Spot is up to 90 % cheaper (Amazon EC2 user guide, "Spot Instances").
_LEAST_PER_CPU = 0.002
"""Of a vCPU of any family but the burstable ones: c is the cheapest of them."""
_LEAST_PER_GIB = 0.0005
"""Of a GiB of a burstable type, whose prices follow its memory."""
_LEAST = 0.00025
"""Of the cheapest type that there is, t4g.nano."""
_NOT_BY_NAME = ("hpc", "mac", "u")
"""Families whose sizes do not say how many vCPUs they have."""


def least_spot_price(instance_type: str) -> float:
    """Return a price in USD an hour below which no Spot Instance of a type is ever to be had."""
    found = _TYPE.fullmatch(instance_type)
    if found is None or found["family"] in _NOT_BY_NAME:
        return _LEAST
    family, size = found["family"], found["size"]
    if family == "t":
        memory = _BURSTABLE[size][1] if size in _BURSTABLE else 0
        return max(_LEAST, memory * _LEAST_PER_GIB)
    return max(_LEAST, (_cpus(size) or 0) * _LEAST_PER_CPU)
