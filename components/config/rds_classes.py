"""Memory and connection limit of RDS instance classes, derived from their names. Pure."""

from __future__ import annotations

import re

BYTES_PER_CONNECTION = 9_531_392
"""From RDS's default `LEAST({DBInstanceClassMemory/9531392},5000)` (RDS user guide, "Quotas and
constraints for Amazon RDS", maximum number of database connections)."""

MAX_CONNECTIONS = 5000

_CLASS = re.compile(r"db\.(?P<family>[a-z])[a-z0-9-]*\.(?P<size>[a-z0-9]+)")
_BURSTABLE_GIBIBYTES = {"micro": 1, "small": 2, "medium": 4}
_GIBIBYTES_PER_CPU = {"t": 4, "m": 4, "c": 2, "r": 8, "z": 8, "x": 16}


def default_max_connections(instance_class: str) -> int:
    """Return RDS's default `max_connections` for PostgreSQL, from the class's nominal memory.

    Raises:
        ValueError: The class's memory cannot be derived from its name.
    """
    memory = memory_gibibytes(instance_class) * 1024**3
    return min(int(memory // BYTES_PER_CONNECTION), MAX_CONNECTIONS)


def memory_gibibytes(instance_class: str) -> int:
    """Return the memory of an RDS instance class, from its family's gibibytes per vCPU.

    From "DB instance class types" (RDS user guide).

    Raises:
        ValueError: The class does not follow the naming rule.
    """
    match = _CLASS.fullmatch(instance_class)
    per_cpu = _GIBIBYTES_PER_CPU.get(match["family"]) if match else None
    if match is None or per_cpu is None:
        raise ValueError(
            "belongs to a family whose memory is unknown, which the alarm on connections needs; use "
            "one of db.t, db.m, db.c, db.r, db.z or db.x"
        )
    size = match["size"]
    if match["family"] == "t" and size in _BURSTABLE_GIBIBYTES:
        return _BURSTABLE_GIBIBYTES[size]
    return per_cpu * _cpus(size)


def _cpus(size: str) -> int:
    if size in {"medium", "large"}:
        return {"medium": 1, "large": 2}[size]
    match = re.fullmatch(r"(\d*)xlarge", size)
    if match is None:
        raise ValueError("has a size that RDS does not offer; use one such as micro or large")
    return 4 * int(match[1] or 1)
