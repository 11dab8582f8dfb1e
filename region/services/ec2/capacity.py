"""Launches that EC2 has no capacity for.

A region has room for every launch, unless one of these says otherwise: `python -m region shortages`,
whose file `load` reads, and fault injection, which calls `begin` and `end`. Callers hold the control
plane's lock.
"""

from __future__ import annotations

import logging
import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, cast

from moto.ec2.exceptions import EC2ClientError
from moto.ec2.models import EC2Backend

from region import shortages
from region.shortages import CapacityError, Shortage

log = logging.getLogger(__name__)

CODE: Final = "InsufficientInstanceCapacity"
COMMAND: Final = "command"
"""The key of what the command line asked for."""
_ATTRIBUTE: Final = "region_shortages"


@dataclass
class _Shortages:
    """Kept on moto's backend, with which they are saved."""

    by_key: dict[str, list[Shortage]] = field(default_factory=dict[str, list[Shortage]])
    file_version: int = 0


def load(backend: EC2Backend, root: Path) -> None:
    """Take over what the command line asked for, if that has changed."""
    path = root / shortages.FILE
    version = path.stat().st_mtime_ns if path.exists() else 0
    known = _of(backend)
    if version != known.file_version:
        known.file_version = version
        try:
            begin(backend, COMMAND, shortages.read(root))
        except CapacityError as error:
            log.warning("%s", error)


def begin(backend: EC2Backend, key: str, found: Iterable[Shortage]) -> None:
    """Let launches fail until `end`; `key` names who wants it, such as an experiment's id."""
    _of(backend).by_key[key] = list(found)


def end(backend: EC2Backend, key: str) -> None:
    """Let them succeed again."""
    _of(backend).by_key.pop(key, None)


def is_short(backend: EC2Backend, instance_type: str, zone: str, group: str = "") -> bool:
    """Return whether a launch fails for want of capacity: asked once per launch.

    With a `group` only for what is short for that Auto Scaling group: RunInstances asks about the rest.
    """
    return any(
        shortage.percentage >= random.randint(1, 100)  # noqa: S311 - not a secret
        for shortage in _all(backend)
        if shortage.group == group and shortage.concerns(instance_type, zone)
    )


def check(backend: EC2Backend, instance_type: str, zone: str) -> None:
    """Reject a launch that there is no capacity for.

    Raises:
        EC2ClientError: If there is none.
    """
    if is_short(backend, instance_type, zone):
        raise EC2ClientError(CODE, message(backend, instance_type, zone))


def message(backend: EC2Backend, instance_type: str, zone: str) -> str:
    """Return what EC2 says about a launch that there is no capacity for."""
    zones = {subnet.availability_zone for subnet in backend.describe_subnets()} - {zone}
    others = sorted(one for one in zones if not _is_all_short(backend, instance_type, one))
    choice = f" or choosing {', '.join(others)}" if others else ""
    return (
        f"We currently do not have sufficient {instance_type} capacity in the Availability Zone you "
        f"requested ({zone}). Our system will be working on provisioning additional capacity. You "
        f"can currently get {instance_type} capacity by not specifying an Availability Zone in your "
        f"request{choice}."
    )


def _is_all_short(backend: EC2Backend, instance_type: str, zone: str) -> bool:
    return any(
        not one.group and one.percentage >= 100 and one.concerns(instance_type, zone)
        for one in _all(backend)
    )


def _all(backend: EC2Backend) -> Iterator[Shortage]:
    for found in _of(backend).by_key.values():
        yield from found


def _of(backend: EC2Backend) -> _Shortages:
    return cast("_Shortages", vars(backend).setdefault(_ATTRIBUTE, _Shortages()))
