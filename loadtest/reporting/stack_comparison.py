"""A single run, an HA run and the published figures side by side."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Literal

from pydantic import Field

from commandline.exit_codes import ExitCode
from loadtest import profiles
from loadtest.analysis import price, uneven_host
from loadtest.analysis.price import PriceOfQuality, StackPrice
from loadtest.messages.message import Message, msg
from loadtest.models import Latency, Percentile, Record, RunSummary, VerdictOutcome
from loadtest.outcomes import Outcome
from loadtest.reporting import conditions as conditions_of
from loadtest.reporting.conditions import Condition
from loadtest.reporting.experiments import ExperimentRow
from loadtest.reporting.published import PUBLISHED, Published, is_its_load
from loadtest.stack.outputs import StackOutputs

SCHEMA_VERSION = 2
NONE = msg("value.none")
EXIT_CODES = {
    "kept": ExitCode.SUCCESS,
    "measured": ExitCode.SUCCESS,
    "broken": ExitCode.BROKEN_PROMISE,
    "undecided": ExitCode.NO_VERDICT,
    "invalid": ExitCode.NO_VERDICT,
}


class Row(Record):
    """One figure of all four columns."""

    name: Message
    single: Message
    ha: Message
    published_single: Message = NONE
    published_ha: Message = NONE
    note: Message | None = None


class Headline(Record):
    """The verdict on the pair of runs."""

    outcome: VerdictOutcome
    sentence: Message
    reasons: list[Message]

    @property
    def further_reasons(self) -> list[Message]:
        """The reasons that the sentence does not contain itself."""
        return [one for one in self.reasons if one not in self.sentence.params.values()]

    @property
    def exit_code(self) -> int:
        """The exit code of a process with this verdict."""
        return EXIT_CODES[self.outcome]


class Report(Record):
    """The content of `report.json`, and all that the page and the terminal show."""

    schema_version: Literal[2] = SCHEMA_VERSION
    generated_at: str
    headline: Headline
    rows: list[Row]
    conditions: list[Condition]
    versions: list[Condition]
    published: Published
    single: RunSummary
    ha: RunSummary
    experiments: list[ExperimentRow] = Field(default_factory=list[ExperimentRow])
    """What failed on the HA stack after the loads, and whether its users noticed."""
    price: PriceOfQuality | None = None
    """What good requests cost; None where no stack estimates its cost, or no run is valid."""

    @property
    def beside_published(self) -> bool:
        """Whether the load is the experiment's login: of any other, the published figures say nothing."""
        return is_its_load(self.single)

    def cells(self, row: Row) -> tuple[Message, ...]:
        """Return a row's figures: of both stacks, and the published ones if the load was theirs."""
        published = (row.published_single, row.published_ha) if self.beside_published else ()
        return (row.single, row.ha, *published)

    @property
    def uneven_host(self) -> Message | None:
        """What to know of the figures where other programs ran during only one of the two loads."""
        found = uneven_host.compare(self.single.host, self.ha.host)
        if found is None:
            return None
        runs = (self.single, self.ha) if found.first_had_more else (self.ha, self.single)
        more, less = sorted((found.first, found.second), reverse=True)
        disturbed, quiet = map(stack, runs)
        return msg(
            "check.host-uneven",
            disturbed=disturbed,
            quiet=quiet,
            more=more,
            less=less,
            cpus=found.cpus,
        )

    @property
    def price_messages(self) -> list[Message]:
        """What an additional nine costs, and what the prices assume; nothing without any."""
        if self.price is None:
            return []
        per_nine = self.price.message
        return [*([per_nine] if per_nine else []), msg("price.assumption")]


def compare(
    single: RunSummary,
    ha: RunSummary,
    outputs: tuple[StackOutputs, StackOutputs],
    extra: list[Condition] | None = None,
    experiments: list[ExperimentRow] | None = None,
) -> Report:
    """Build the report of two runs.

    Args:
        single: The run of the single instance.
        ha: The run of the HA stack.
        outputs: The outputs of both stacks, in the same order.
        extra: Conditions that only the caller knows.
        experiments: Experiments on the HA stack after the loads.

    Raises:
        ComparisonError: the runs had different load.
    """
    conditions_of.require_comparable(single, ha)
    priced = price.compare(single, ha, outputs)
    return Report(
        generated_at=datetime.now(UTC).isoformat(timespec="seconds"),
        headline=headline(single, ha),
        rows=[*rows(single, ha), *_prices(priced)],
        conditions=[*conditions_of.known(single, ha, outputs), *(extra or [])],
        versions=conditions_of.versions(single, ha),
        published=PUBLISHED,
        single=single,
        ha=ha,
        experiments=experiments or [],
        price=priced,
    )


def headline(single: RunSummary, ha: RunSummary) -> Headline:
    """Return the verdict as one sentence. An invalid run on either side spoils the comparison."""
    invalid = [
        msg("check.failed-of", stack=stack(run), check=check.name, detail=check.detail)
        for run in (single, ha)
        for check in run.validity.checks
        if not check.passed
    ]
    if invalid:
        return Headline(
            outcome="invalid", sentence=msg("verdict.sentence.invalid"), reasons=invalid
        )
    # What a kept promise still has are the objectives that were not judged: the sentence names them.
    reasons = [] if ha.verdict.outcome == "kept" else ha.verdict.reasons
    return Headline(outcome=ha.verdict.outcome, sentence=_sentence(single, ha), reasons=reasons)


def _sentence(single: RunSummary, ha: RunSummary) -> Message:
    share, users, failed = single.users.failed_share, ha.users.created, ha.users.failed
    match ha.verdict.outcome:
        case "kept":
            return _as_far_as_shown(ha, _kept(single, ha))
        case "measured" if failed == single.users.failed == 0:
            return msg("verdict.sentence.measured-no-difference", users=users)
        case "measured":
            return msg("verdict.sentence.measured", failed=failed, users=users, share=share)
        case "broken":
            return msg("verdict.sentence.broken", reason=ha.verdict.reasons[0], share=share)
        case "undecided" | "invalid":  # `headline` has dealt with runs that are not valid
            return msg("verdict.sentence.undecided", reason=ha.verdict.reasons[0], share=share)


def _kept(single: RunSummary, ha: RunSummary) -> Message:
    share, users, failed = single.users.failed_share, ha.users.created, ha.users.failed
    if failed:
        return msg("verdict.sentence.kept-with-failures", failed=failed, users=users, share=share)
    if single.users.failed == 0:
        # Nothing was at stake: a load that the single instance bears says nothing of the difference.
        return msg("verdict.sentence.kept-no-difference", users=users)
    return msg("verdict.sentence.kept", users=users, share=share)


def _as_far_as_shown(run: RunSummary, kept: Message) -> Message:
    """Return the sentence with what the load profile is too short to judge."""
    names = tuple(one.name for one in run.verdict.objectives if not one.judged)
    if not names:
        return kept
    return msg(
        "verdict.sentence.as-far-as-shown",
        profile=run.profile.name,
        kept=kept,
        seconds=profiles.seconds(run.profile),
        names=names,
    )


def stack(run: RunSummary) -> Message:
    """Return the short name of a run's stack."""
    return msg(f"stack.{run.topology}")


def rows(single: RunSummary, ha: RunSummary) -> list[Row]:
    """Return the figures, one row each."""
    runs, published = (single, ha), (PUBLISHED.single, PUBLISHED.ha)
    return [
        _row(msg("row.users"), *(_count(run.users.created) for run in runs),
             *(_count(one.users) for one in published)),
        *_skipped(runs),
        _row(msg("row.failed-users"),
             *(_part(run.users.failed, run.users.failed_share) for run in runs),
             *(msg("value.share", share=one.failed_user_share) for one in published),
             note=msg("row.failed-users.note")),
        _row(msg("row.requests"), *(_count(run.requests.total) for run in runs),
             note=msg("row.requests.note")),
        _row(msg("row.timeouts"),
             *(_part(run.requests.timeouts, run.requests.timeout_share) for run in runs),
             *(_part(one.timeouts, one.timeout_share) for one in published),
             note=msg("row.timeouts.note")),
        _row(msg("row.server-errors"), *(_outcomes(run, Outcome.SERVER_ERROR) for run in runs)),
        _row(msg("row.other-failures"),
             *(_outcomes(run, Outcome.REFUSED, Outcome.RESET, Outcome.OTHER, Outcome.CLIENT_ERROR)
               for run in runs),
             note=msg("row.other-failures.note")),
        _row(msg("row.answered"),
             *(msg("value.share", share=run.latency.coverage) for run in runs),
             note=msg("row.answered.note")),
        *(
            _row(msg("row.percentile-answered", percentile=name),
                 *(answered(run.latency, name) for run in runs),
                 *((_published_p99(one.p99_ms) for one in published) if name == "p99" else ()))
            for name in ("p50", "p95", "p99")
        ),
        _row(msg("row.percentile-all", percentile="p99"),
             *(censored(run.latency, "p99") for run in runs),
             note=msg("row.percentile-all.note")),
    ]  # fmt: skip


def _prices(priced: PriceOfQuality | None) -> list[Row]:
    if priced is None:
        return []
    stacks = (priced.single, priced.ha)
    amounts = [
        NONE if one is None else msg("price.amount", amount=one.per_million) for one in stacks
    ]
    return [
        _row(
            msg("row.per-million", currency=priced.currency),
            *amounts,
            note=msg("row.per-million.note"),
        ),
        _row(msg("row.nines"), *(nines(one) for one in stacks), note=msg("row.nines.note")),
    ]


def nines(one: StackPrice | None) -> Message:
    """Return how many nines of good requests a stack has."""
    if one is None:
        return NONE
    return msg("price.nines-at-least" if one.nines_at_least else "price.nines", nines=one.nines)


def _skipped(runs: Sequence[RunSummary]) -> list[Row]:
    """Return the arrivals that a closed load skipped; nothing of an open one."""
    if not any(run.profile.closed for run in runs):
        return []
    values = [
        _part(users.skipped, users.skipped / max(users.skipped + users.created, 1))
        for users in (run.users for run in runs)
    ]
    return [_row(msg("row.skipped"), *values, note=msg("row.skipped.note"))]


def _row(name: Message, *values: Message, note: Message | None = None) -> Row:
    columns = ("single", "ha", "published_single", "published_ha")
    return Row(name=name, note=note, **dict(zip(columns, values, strict=False)))


def _count(count: int) -> Message:
    return msg("value.count", n=count)


def _part(count: int, share: float) -> Message:
    return msg("value.share-and-count", share=share, n=count) if count else _count(0)


def _outcomes(run: RunSummary, *outcomes: Outcome) -> Message:
    return _count(sum(run.requests.count(outcome) for outcome in outcomes))


def answered(latency: Latency, name: str) -> Message:
    """Return a percentile of the answered requests."""
    return latency.answered[name].message if latency.answered else NONE


def censored(latency: Latency, name: str) -> Message:
    """Return a percentile of all requests."""
    return latency.censored[name].message if latency.censored else NONE


def _published_p99(value_ms: float | None) -> Message:
    return NONE if value_ms is None else Percentile(value_ms=value_ms).message
