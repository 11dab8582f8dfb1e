"""The DB instance classes of RDS for PostgreSQL: EC2's types of some families, with `db.` before the name.

https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Concepts.DBInstanceClass.Summary.html
"""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Final

from region.machines.instance_types import INSTANCE_TYPES, InstanceType

_BURSTABLE: Final = frozenset({"t3", "t4g"})
_FAMILIES: Final = _BURSTABLE | {
    *("m5", "m5d", "m6g", "m6gd", "m6i", "m6id", "m7g", "m7i", "m8g"),
    *("r5", "r5b", "r5d", "r6g", "r6gd", "r6i", "r6id", "r7g", "r7i", "r8g"),
    *("x2g", "x2idn", "x2iedn"),
}
_NOT_OF_RDS: Final = ("nano", "medium", "metal")
"""Sizes that RDS does not have; `medium` only of burstable families."""


def _is_offered(name: str) -> bool:
    family, _, size = name.partition(".")
    if family in _BURSTABLE:
        return size != "nano"
    return family in _FAMILIES and not size.startswith(_NOT_OF_RDS)


CLASSES: Final[Mapping[str, InstanceType]] = {
    f"db.{name}": found for name, found in INSTANCE_TYPES.items() if _is_offered(name)
}


class UnknownClassError(ValueError):
    """A DB instance class that RDS for PostgreSQL has not; the message names similar ones."""


def class_of(name: str) -> InstanceType:
    """Return what a DB instance class has.

    Raises:
        UnknownClassError: There is no such class.
    """
    try:
        return CLASSES[name]
    except KeyError:
        near = ", ".join(get_close_matches(name, CLASSES, 3)) or "db.t4g.micro"
        raise UnknownClassError(
            f"DB instance class {name!r} is not known: use one such as {near}."
        ) from None
