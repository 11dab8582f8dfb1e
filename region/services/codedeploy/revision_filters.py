"""Which revisions ListApplicationRevisions names, and in which order.

https://docs.aws.amazon.com/codedeploy/latest/APIReference/API_ListApplicationRevisions.html
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from moto.codedeploy.exceptions import CodeDeployException

from region.api.parameters import Parameters
from region.services.codedeploy.records import RegisteredRevision, Revision

TIMES = {
    "registerTime": "registered",
    "firstUsedTime": "first_used",
    "lastUsedTime": "last_used",
}
ORDERS = ("ascending", "descending")
STATES = ("include", "exclude", "ignore")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a call asks for.

    Attributes:
        by: The attribute of a revision by whose time it is sorted.
        bucket: Its bucket; empty for any.
        prefix: What its key begins with.
        deployed: `include` for target revisions of deployment groups only, `exclude` for all others.
    """

    by: str = "registered"
    descending: bool = False
    bucket: str = ""
    prefix: str = ""
    deployed: str = "ignore"


def read(given: Parameters) -> Wanted:
    """Return what the call asks for; raises AWS's error for what it does not take."""
    bucket, prefix = given.text("s3Bucket"), given.text("s3KeyPrefix")
    if prefix and not bucket:
        raise CodeDeployException(
            "BucketNameFilterRequiredException", "s3KeyPrefix needs an s3Bucket beside it."
        )
    by = _one_of(given, "sortBy", tuple(TIMES), "InvalidSortByException")
    order = _one_of(given, "sortOrder", ORDERS, "InvalidSortOrderException")
    deployed = given.text("deployed") or STATES[-1]
    if deployed not in STATES:
        raise CodeDeployException(
            "InvalidDeployedStateFilterException",
            f"deployed is {deployed!r}: use {', '.join(STATES)}.",
        )
    return Wanted(TIMES[by], order == ORDERS[1], bucket, prefix, deployed)


def select(
    revisions: Sequence[RegisteredRevision],
    wanted: Wanted,
    deployed: Collection[Revision | None],
) -> list[RegisteredRevision]:
    """Return those of an application's revisions that are wanted, in order.

    `deployed` are the target revisions of its deployment groups.
    """

    def is_wanted(entry: RegisteredRevision) -> bool:
        place = entry.revision.get("s3Location") or {}
        return (
            (not wanted.bucket or place.get("bucket") == wanted.bucket)
            and str(place.get("key", "")).startswith(wanted.prefix)
            and (
                wanted.deployed == "ignore"
                or (entry.revision in deployed) == (wanted.deployed == "include")
            )
        )

    def time_of(entry: RegisteredRevision) -> datetime:
        # Unused ones have no such time: they count from their registration.
        return getattr(entry, wanted.by) or entry.registered

    return sorted(filter(is_wanted, revisions), key=time_of, reverse=wanted.descending)


def _one_of(given: Parameters, name: str, known: tuple[str, ...], code: str) -> str:
    value = given.text(name) or known[0]
    if value not in known:
        raise CodeDeployException(code, f"{name} is {value!r}: use {', '.join(known)}.")
    return value
