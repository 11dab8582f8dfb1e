"""Puts a single run, an HA run and the published figures side by side."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Literal

from commandline.exit_codes import ExitCode
from loadtest.formatting import NOTHING, percent
from loadtest.models import Latency, Record, RunSummary
from loadtest.outcomes import Outcome
from loadtest.reporting import conditions as conditions_of
from loadtest.reporting.conditions import Condition
from loadtest.reporting.published import PUBLISHED, Published
from loadtest.stack.outputs import StackOutputs

SCHEMA_VERSION = 1
EXIT_CODES = {
    "kept": ExitCode.SUCCESS,
    "broken": ExitCode.BROKEN_PROMISE,
    "invalid": ExitCode.INVALID_RUN,
}


class Row(Record):
    """One figure of all four columns, ready to print."""

    name: str
    single: str
    ha: str
    published_single: str = NOTHING
    published_ha: str = NOTHING
    note: str = ""


class Headline(Record):
    """The verdict on the pair of runs."""

    outcome: Literal["kept", "broken", "invalid"]
    sentence: str
    reasons: list[str]

    @property
    def exit_code(self) -> int:
        """What a process returns for it."""
        return EXIT_CODES[self.outcome]


class Report(Record):
    """The content of `report.json`, and all that the page and the terminal show."""

    schema_version: Literal[1] = SCHEMA_VERSION
    generated_at: str
    headline: Headline
    rows: list[Row]
    conditions: list[Condition]
    versions: list[Condition]
    published: Published
    single: RunSummary
    ha: RunSummary


def compare(
    single: RunSummary,
    ha: RunSummary,
    outputs: tuple[StackOutputs, StackOutputs],
    extra: list[Condition] | None = None,
) -> Report:
    """Builds the report. `outputs` are of both stacks, `extra` conditions that the caller knows.

    Raises ComparisonError for runs under different load.
    """
    conditions_of.require_comparable(single, ha)
    return Report(
        generated_at=datetime.now(UTC).isoformat(timespec="seconds"),
        headline=headline(single, ha),
        rows=rows(single, ha),
        conditions=[*conditions_of.known(single, ha, outputs), *(extra or [])],
        versions=conditions_of.versions(single, ha),
        published=PUBLISHED,
        single=single,
        ha=ha,
    )


def headline(single: RunSummary, ha: RunSummary) -> Headline:
    """The verdict as one sentence. An invalid run on either side spoils the comparison."""
    invalid = [
        f"{run.topology}: {reason}" for run in (single, ha) for reason in run.validity.reasons
    ]
    if invalid:
        return Headline(
            outcome="invalid",
            sentence="These figures may not be believed: a run was not valid.",
            reasons=invalid,
        )
    baseline = f"the single instance failed {percent(single.users.failed_share)} of its users"
    if ha.verdict.outcome == "kept":
        users = f"none of {ha.users.created:,} users failed"
        return Headline(
            outcome="kept",
            sentence=f"The HA stack kept its promise: {users}, where {baseline}.",
            reasons=[],
        )
    return Headline(
        outcome="broken",
        sentence=f"The HA stack broke its promise: {ha.verdict.reasons[0]}; {baseline}.",
        reasons=ha.verdict.reasons,
    )


def rows(single: RunSummary, ha: RunSummary) -> list[Row]:
    """The figures, one row each."""
    published = (PUBLISHED.single, PUBLISHED.ha)
    return [
        _row("Virtual users", *(f"{run.users.created:,}" for run in (single, ha)),
             *(f"{arm.users:,}" for arm in published)),
        _row("Failed users",
             *(_of(run.users.failed, run.users.failed_share) for run in (single, ha)),
             *(percent(arm.failed_user_share) for arm in published),
             note="of all virtual users"),
        _row("Requests", *(f"{run.requests.total:,}" for run in (single, ha)),
             note="a failed user sends no further ones"),
        _row("Timeouts",
             *(_of(run.requests.timeouts, run.requests.timeout_share) for run in (single, ha)),
             *(_of(arm.timeouts, arm.timeout_share) for arm in published),
             note="of all requests"),
        _row("5xx", *(_count(run, Outcome.SERVER_ERROR) for run in (single, ha))),
        _row("Other failures",
             *(_count(run, Outcome.REFUSED, Outcome.RESET, Outcome.OTHER, Outcome.CLIENT_ERROR)
               for run in (single, ha)),
             note="refused, reset, 4xx, other"),
        _row("Answered", *(percent(run.latency.coverage) for run in (single, ha)),
             note="what the next three rows cover"),
        *(
            _row(f"{name} of the answered", *(answered(run.latency, name) for run in (single, ha)),
                 NOTHING, _published_p99(PUBLISHED.ha.p99_ms) if name == "p99" else NOTHING)
            for name in ("p50", "p95", "p99")
        ),
        _row("p99 of all", *(censored(run.latency, "p99") for run in (single, ha)),
             note="an unanswered request counts as at least the time-out"),
    ]  # fmt: skip


def _row(name: str, *values: str, note: str = "") -> Row:
    columns = ("single", "ha", "published_single", "published_ha")
    return Row(name=name, note=note, **dict(zip(columns, values, strict=False)))


def _of(count: int, share: float) -> str:
    return "0" if count == 0 else f"{percent(share)} ({count:,})"


def _count(run: RunSummary, *outcomes: Outcome) -> str:
    return f"{sum(run.requests.count(outcome) for outcome in outcomes):,}"


def answered(latency: Latency, name: str) -> str:
    """A percentile of the answered requests."""
    return str(latency.answered[name]) if latency.answered else NOTHING


def censored(latency: Latency, name: str) -> str:
    """A percentile of all requests."""
    return str(latency.censored[name]) if latency.censored else NOTHING


def _published_p99(value: float | None) -> str:
    return NOTHING if value is None else f"{value} ms"
