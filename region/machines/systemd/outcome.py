"""What a command of the service manager answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Outcome:
    """What the command prints and the status it exits with."""

    status: int = 0
    stdout: str = ""
    stderr: str = ""


def merged(outcomes: Sequence[Outcome], *, any_will_do: bool = False) -> Outcome:
    """Put together what a command answers for each of its units.

    The status is the first that is not 0; with `any_will_do` it is 0 if one is.
    """
    statuses = [outcome.status for outcome in outcomes]
    failed = next((status for status in statuses if status), 0)
    return Outcome(
        0 if any_will_do and 0 in statuses else failed,
        "".join(outcome.stdout for outcome in outcomes),
        "".join(outcome.stderr for outcome in outcomes),
    )
