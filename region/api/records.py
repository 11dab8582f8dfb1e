"""Typed records: what the region keeps about a moto object, in one attribute of that object.

moto's own attributes have moto's own types. What the region adds is a dataclass per kind of
object, attached when moto makes the object and read through its class:

    @dataclass
    class GroupRecord(Record[FakeAutoScalingGroup]):
        launch_failures: int = 0

    GroupRecord().attach(group)
    GroupRecord.of(group).launch_failures += 1

Records are pickled with the objects that they belong to: raise `region.api.state.FORMAT` when a
field is added, renamed or removed.
"""

from __future__ import annotations

from typing import Generic, Self, TypeVar, cast

Owner = TypeVar("Owner")
ATTRIBUTE = "region_record"
REQUEST = "_haproof_request"
"""The attribute of an object that remembers the parameters of the call that created it."""


class Record(Generic[Owner]):
    """Base of the dataclasses that the region attaches to moto objects of one kind."""

    def attach(self, owner: Owner) -> Self:
        """Make this the owner's record."""
        vars(owner)[ATTRIBUTE] = self
        return self

    @classmethod
    def of(cls, owner: Owner) -> Self:
        """Return the owner's record.

        Raises:
            TypeError: If the owner has no record of this kind: it was made by unpatched moto.
        """
        record = vars(owner).get(ATTRIBUTE)
        if not isinstance(record, cls):
            raise TypeError(f"{owner!r} has no {cls.__name__}.")
        return record


def all_records() -> list[type[Record[object]]]:
    """List the kinds of records that have been defined."""
    return [cast("type[Record[object]]", kind) for kind in Record.__subclasses__()]
