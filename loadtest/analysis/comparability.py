"""Whether the figures of two runs may be held against each other at all."""

from __future__ import annotations

from typing import NamedTuple

from loadtest.errors import ComparisonError
from loadtest.models import RunSummary

OFFERED_LOAD = 0.02
"""Share by which the users who arrived may differ."""


class Difference(NamedTuple):
    """A condition that was not the same."""

    name: str
    a: str
    b: str

    def __str__(self) -> str:
        """As an error message names it."""
        return f"{self.name} ({self.a} and {self.b})"


def differences(a: RunSummary, b: RunSummary) -> list[Difference]:
    """Every condition in which two runs differ. What is compared (stack, version) is none."""
    found = [
        Difference(name, str(first), str(second))
        for name, first, second in (
            ("scenario", a.scenario.digest[:12], b.scenario.digest[:12]),
            ("time-out", f"{a.scenario.timeout_s:g} s", f"{b.scenario.timeout_s:g} s"),
            ("limit of a slow answer", _limit(a.slow_ms), _limit(b.slow_ms)),
            ("connections", _connections(a), _connections(b)),
            ("load profile", a.profile.description, b.profile.description),
            ("Artillery", a.generator.artillery, b.generator.artillery),
            ("Node", a.generator.node, b.generator.node),
            ("generator's worker threads", a.generator.workers, b.generator.workers),
            ("generator's CPUs", a.generator.host_cpus, b.generator.host_cpus),
        )
        if first != second
    ]
    created = a.users.created, b.users.created
    # A failed user sends no more requests, so what was offered is users, not requests.
    if abs(created[0] - created[1]) > OFFERED_LOAD * max(created):
        found.append(Difference("offered load", *(f"{n:,} users" for n in created)))
    return found


def _limit(milliseconds: float | None) -> str:
    return "none" if milliseconds is None else f"{milliseconds:g} ms"


def _connections(run: RunSummary) -> str:
    return "a new one per user" if run.scenario.new_connection_per_user else "kept open"


def require(a: RunSummary, b: RunSummary) -> None:
    """Raises ComparisonError, which names every difference, unless conditions were the same."""
    if found := differences(a, b):
        raise ComparisonError(
            f"these runs cannot be compared: they differ in {', '.join(map(str, found))}; "
            "repeat one of them under the conditions of the other"
        )


def require_valid(*runs: RunSummary) -> None:
    """Raises ComparisonError if a run's own numbers may not be believed."""
    if reasons := [f"{run.id}: {reason}" for run in runs for reason in run.validity.reasons]:
        raise ComparisonError(
            f"these runs cannot be compared, as not every one is valid: {'; '.join(reasons)}"
        )
