"""Whether two runs were made under the same conditions, so that their figures can be compared."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from loadtest.errors import ComparisonError
from loadtest.generator_names import ARTILLERY
from loadtest.generator_record import GeneratorRecord
from loadtest.host_record import HostRecord
from loadtest.messages.message import Message, msg
from loadtest.models import RunSummary

OFFERED_LOAD = 0.02
"""Share by which the numbers of users who arrived may differ."""
CALIBRATED = 0.25
"""Share by which calibrations may differ: they follow the speed of the cores, which differs from one
minute to the next on one computer too (docs/calibration.md). Beyond it is another computer, or another
choice of `--cpu-factor`."""
_OF_THE_LOAD = frozenset({"difference.load", "difference.offered-load", "difference.workers"})


class Difference(NamedTuple):
    """A condition that was not the same."""

    condition: Message
    a: Message
    b: Message

    @property
    def message(self) -> Message:
        """The condition with both of its values."""
        return msg("difference.values", condition=self.condition, a=self.a, b=self.b)


def differences(a: RunSummary, b: RunSummary) -> list[Difference]:
    """Return every condition in which two runs differ. Stack and version may: they are compared."""
    values: list[tuple[Message, Message, Message]] = [
        (msg("difference.scenario"), _text(a.scenario.digest[:12]), _text(b.scenario.digest[:12])),
        (msg("difference.timeout"), _seconds(a.scenario.timeout_s), _seconds(b.scenario.timeout_s)),
        (msg("difference.slow-limit"), _limit(a.slow_ms), _limit(b.slow_ms)),
        (msg("difference.connections"), connections(a), connections(b)),
        (msg("difference.load"), a.profile.description, b.profile.description),
        (msg("difference.generator"), _text(a.generator.title), _text(b.generator.title)),
        *_versions(a.generator, b.generator),
        (msg("difference.workers"), _count(a.generator.workers), _count(b.generator.workers)),
        (msg("difference.cpus"), _count(a.generator.host_cpus), _count(b.generator.host_cpus)),
    ]
    computers = a.generator.computer, b.generator.computer
    if all(computers):  # runs saved before it was recorded may be of any
        values.append((msg("difference.computer"), _text(computers[0]), _text(computers[1])))
    found = [Difference(name, first, second) for name, first, second in values if first != second]
    found += _targets(a.host, b.host)
    created = a.users.created, b.users.created
    # A failed user sends no more requests, so the offered load is measured in users.
    if abs(created[0] - created[1]) > OFFERED_LOAD * max(created):
        users = (msg("difference.users", n=n) for n in created)
        found.append(Difference(msg("difference.offered-load"), *users))
    return found


def apart_from_load(a: RunSummary, b: RunSummary) -> list[Difference]:
    """Return every condition in which two runs differ, but for how much load who sent."""
    return [one for one in differences(a, b) if one.condition.id not in _OF_THE_LOAD]


def _targets(a: HostRecord | None, b: HostRecord | None) -> Iterator[Difference]:
    """Yield what differs of where the target is, and of how fast its vCPUs are emulated."""
    if a is None or b is None or a.target_here is None or b.target_here is None:
        return  # runs saved before it was recorded may be of any
    if a.target_here != b.target_here:
        where = (
            msg("difference.here" if one.target_here else "difference.there") for one in (a, b)
        )
        yield Difference(msg("difference.target"), *where)
    elif a.vcpu_seconds and b.vcpu_seconds:
        first, second = a.vcpu_seconds, b.vcpu_seconds
        if abs(first - second) > CALIBRATED * max(first, second):
            shown = (msg("difference.vcpu", seconds=one) for one in (first, second))
            yield Difference(msg("difference.calibration"), *shown)


def _versions(a: GeneratorRecord, b: GeneratorRecord) -> list[tuple[Message, Message, Message]]:
    """Return the versions of one generator in both runs; of two generators they say nothing."""
    if a.name != b.name:
        return []
    name = "difference.artillery" if a.name == ARTILLERY else "version.generator"
    params = {} if a.name == ARTILLERY else {"generator": a.title}
    return [
        (msg(name, **params), _text(a.release), _text(b.release)),
        (msg("difference.node"), _text(a.node or ""), _text(b.node or "")),
    ]


def _text(value: str) -> Message:
    return msg("value.name", name=value)


def _count(value: int) -> Message:
    return msg("value.count", n=value)


def _seconds(value: float) -> Message:
    return msg("value.seconds", seconds=value)


def _limit(milliseconds: float | None) -> Message:
    if milliseconds is None:
        return msg("difference.no-limit")
    return msg("difference.milliseconds", ms=milliseconds)


def connections(run: RunSummary) -> Message:
    """Return how the run's users connected."""
    new = run.scenario.new_connection_per_user
    return msg("connections.new") if new else msg("connections.kept")


def require(a: RunSummary, b: RunSummary) -> None:
    """Require that two runs were made under the same conditions.

    Raises:
        ComparisonError: they were not; it names every difference.
    """
    if found := differences(a, b):
        names = ", ".join(str(one.message) for one in found)
        raise ComparisonError(
            f"these runs cannot be compared: they differ in {names}; "
            "repeat one of them under the conditions of the other"
        )


def require_valid(*runs: RunSummary) -> None:
    """Require that every run's own numbers can be trusted.

    Raises:
        ComparisonError: a run is not valid.
    """
    if reasons := [f"{run.id}: {reason}" for run in runs for reason in _reasons(run)]:
        raise ComparisonError(
            f"these runs cannot be compared, as not all of them are valid: {'; '.join(reasons)}"
        )


def _reasons(run: RunSummary) -> list[str]:
    """Return why a run's numbers cannot be trusted; also those of a file that somebody has changed."""
    found = [str(reason) for reason in run.validity.reasons]
    users, requests = run.users, run.requests
    counts = [users.created, users.failed, requests.total, *requests.outcomes.values()]
    if min(counts) < 0:
        found.append(f"it counted {min(counts):,} of something, which cannot be")
    elif users.failed > users.created:
        found.append(f"{users.failed:,} of {users.created:,} users failed, which cannot be")
    elif sum(requests.outcomes.values()) > requests.total:
        found.append(
            f"its outcomes are of more requests than the {requests.total:,} that it counted"
        )
    return found
