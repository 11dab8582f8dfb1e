"""A/A test: the same stack loaded repeatedly, so that every difference comes from this computer.

It says how much runs scatter, which difference a series of that many pairs can tell here, and how often
a comparison claims one although there is none.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np
import scipy  # loads `scipy.stats`, which takes a second or more, at its first use

from loadtest.analysis import comparability, inference, repeats, run_comparison, saved_runs
from loadtest.analysis.columns import MAIN_QUANTILES
from loadtest.analysis.margins import Margins
from loadtest.analysis.repeats import CONTRAST_CONFIDENCE, Contrast
from loadtest.analysis.run_comparison import Comparison
from loadtest.analysis.saved_runs import SavedRun
from loadtest.errors import ComparisonError
from loadtest.messages.message import Message, msg
from loadtest.models import Record, RunSummary

POWER = 0.9
"""A difference can be told if this share of all series of its size would show it."""
LEAST_PAIRS = 3
SIDES = ("first", "second")
ALARM = 0.05
"""The share of comparisons of one run each that may claim a difference where there is none."""


class Scatter(Record):
    """How much one figure differs from run to run, and what that hides."""

    key: str
    metric: Message
    unit: str
    """`share` or `ms`, of `mean`, `lowest` and `highest`."""
    mean: float
    lowest: float
    highest: float
    spread: float
    """Standard deviation of the difference of a pair: of percentiles relative, of shares absolute."""
    detectable: dict[int, float | None]
    """By number of pairs, the smallest difference that is told with 90 % power, in the same unit; None
    where one pair more is needed to tell any."""


class SelfComparison(Record):
    """What `aa --json` prints."""

    schema_version: int = 1
    topology: str
    profile: str
    scenario: str
    computer: str
    pairs: list[tuple[str, str]]
    scatter: list[Scatter]
    alarms: list[str]
    """Pairs of which a comparison of one run each claims a difference, by their second run."""
    alarm_figures: list[str]
    contrasts: list[Contrast]
    """The series' own test, as of two stacks."""
    summary: list[Message]

    @property
    def trustworthy(self) -> bool:
        """Whether a series of pairs on this computer found no difference where there is none."""
        return all(one.finding not in {"higher", "lower"} for one in self.contrasts)


def analyze(
    runs: Sequence[SavedRun], *, margins: Margins | None = None, planned: Sequence[int] = (3, 5, 10)
) -> SelfComparison:
    """Analyze runs of one stack, in the order in which they were made: each two are a pair.

    Args:
        runs: At least six; the last one of an odd number is left out.
        margins: What does not matter; None for the default.
        planned: Numbers of pairs to say for what they can tell, besides the number there is.

    Raises:
        ComparisonError: There are too few, one is not valid, or they were made under other conditions,
            or of another version of the application.
        ResultsError: A run's requests cannot be read, or one is given twice.
    """
    summaries = [run.summary for run in saved_runs.given_once(runs)]
    _require_alike(summaries)
    _require_one_version(runs)
    pairs = list(zip(runs[::2], runs[1::2], strict=False))
    used = [summary for pair in pairs for summary in (pair[0].summary, pair[1].summary)]
    compared = [run_comparison.compare(a, b, margins=margins) for a, b in pairs]
    _, contrasts, _ = repeats.pool(
        [
            repeats.record(slot, side, run.summary)
            for slot, pair in enumerate(pairs, start=1)
            for side, run in zip(SIDES, pair, strict=True)
        ],
        SIDES,
        margins=margins,
    )
    numbers = sorted({*planned, len(pairs)})
    scatter = [
        _of_users(used, numbers),
        *(_of_latency(used, name, numbers) for name in MAIN_QUANTILES),
    ]
    alarms = [one for one in compared if one.changed]
    first = used[0]
    return SelfComparison(
        topology=first.topology,
        profile=first.profile.name,
        scenario=first.scenario.name,
        computer=first.generator.computer,
        pairs=[(a.summary.id, b.summary.id) for a, b in pairs],
        scatter=scatter,
        alarms=[one.b.id for one in alarms],
        alarm_figures=sorted(set(_claimed(alarms))),
        contrasts=contrasts,
        summary=list(_summary(scatter, contrasts, len(alarms), len(pairs))),
    )


def valid_pairs(runs: Sequence[SavedRun]) -> tuple[list[SavedRun], list[str]]:
    """Return the runs of those pairs of which both are valid, and why the others are left out.

    Whether a run is valid says something about the computer, not about the stack: to leave it out
    favors no side.

    Raises:
        ComparisonError: Too few pairs are left; the message says which runs are valid.
    """
    kept, reasons = list[SavedRun](), list[str]()
    for pair in zip(runs[::2], runs[1::2], strict=False):
        found = [f"{run.summary.id}: {why}" for run in pair for why in run.summary.validity.reasons]
        reasons += found
        kept += () if found else pair
    if len(kept) < 2 * LEAST_PAIRS:
        usable = " ".join(run.summary.id for run in kept)
        again = f"; the valid ones count with later ones: `aa {usable} …`" if usable else ""
        raise ComparisonError(
            f"{len(kept) // 2} of {len(runs) // 2} pairs are valid, {LEAST_PAIRS} are needed: "
            f"{'; '.join(reasons)}; make more pairs, such as `--pairs {len(runs) // 2 + 2}`{again}"
        )
    return kept, reasons


def detectable(spread: float, pairs: int, confidence: float = CONTRAST_CONFIDENCE) -> float | None:
    """Return the smallest difference that so many pairs tell with `POWER`; None for one pair.

    Args:
        spread: Standard deviation of one pair's difference.
        pairs: Number of pairs.
        confidence: Of the series' interval.
    """
    if pairs < 2:
        return None
    tail = float(scipy.stats.t.isf((1 - confidence) / 2, pairs - 1))
    return (tail + float(scipy.stats.t.isf(1 - POWER, pairs - 1))) * spread / math.sqrt(pairs)


def _require_alike(runs: Sequence[RunSummary]) -> None:
    if len(runs) < 2 * LEAST_PAIRS:
        raise ComparisonError(
            f"how much runs differ here is not shown by {len(runs)}; give at least {2 * LEAST_PAIRS}, "
            f"or `--pairs {LEAST_PAIRS}` and more"
        )
    for other in runs[1:]:
        comparability.require(runs[0], other)
        if other.topology != runs[0].topology:
            raise ComparisonError(
                f"{runs[0].id} is a run of {runs[0].topology}, {other.id} of {other.topology}; A/A "
                "compares a stack with itself"
            )
    comparability.require_valid(*runs)


def _require_one_version(runs: Sequence[SavedRun]) -> None:
    """Require that the same application answered in all runs that say which it was."""
    named = {run.summary.id: run.app_versions for run in runs if run.app_versions}
    if len({tuple(versions) for versions in named.values()}) > 1:
        said = "; ".join(f"{name}: {', '.join(versions)}" for name, versions in named.items())
        raise ComparisonError(
            f"other versions of the application answered in some of the runs ({said}); A/A compares a "
            "stack with itself: `compare` tells what changed"
        )


def _of_latency(runs: Sequence[RunSummary], name: str, numbers: Sequence[int]) -> Scatter:
    found = [(run.latency.censored or {})[name] for run in runs]
    values = [max(one.value_ms, repeats.SHORTEST_MS) for one in found]
    spread = math.expm1(_spread([math.log(value) for value in values]))
    return Scatter(
        key=name,
        metric=msg("metric.percentile", percentile=name),
        unit="ms",
        mean=float(np.mean(values)),
        lowest=min(values),
        highest=max(values),
        spread=spread,
        detectable={n: detectable(spread, n) for n in numbers},
    )


def _of_users(runs: Sequence[RunSummary], numbers: Sequence[int]) -> Scatter:
    shares = [run.users.failed_share for run in runs]
    spread = _spread(shares)
    users = sum(run.users.created for run in runs)
    share = sum(run.users.failed for run in runs) / users if users else 0.0
    least = dict[int, float | None]()
    for n in numbers:
        told = detectable(spread, n)
        # Where nobody failed, or all runs agree, the number of users still sets a limit.
        of = n * users // len(runs)
        counts = round(share * of), of
        limit = inference.newcombe(*counts, *counts, CONTRAST_CONFIDENCE).high
        least[n] = None if told is None else max(told, limit)
    return Scatter(
        key="failed_users",
        metric=msg("metric.failed-users"),
        unit="share",
        mean=float(np.mean(shares)),
        lowest=min(shares),
        highest=max(shares),
        spread=spread,
        detectable=least,
    )


def _spread(values: Sequence[float]) -> float:
    """Return the standard deviation of a pair's difference; its mean is known to be 0."""
    differences = np.asarray(values[1::2]) - np.asarray(values[::2])
    return float(np.sqrt(np.mean(differences**2)))


def _claimed(alarms: Sequence[Comparison]) -> Iterator[str]:
    for one in alarms:
        yield from (row.key for row in one.changes if row.finding in {"better", "worse"})


def _summary(
    scatter: Sequence[Scatter], contrasts: Sequence[Contrast], alarms: int, pairs: int
) -> Iterator[Message]:
    p99 = next(one for one in scatter if one.key == repeats.P99)
    yield msg("aa.spread", spread=p99.spread * 100, low=p99.lowest, high=p99.highest)
    least = p99.detectable[pairs]
    if least is not None:
        yield msg("aa.detectable", pairs=pairs, least=least * 100, power=POWER * 100)
    yield msg("aa.alarms", alarms=alarms, pairs=pairs, expected=ALARM * 100)
    chance = float(scipy.stats.binom.sf(alarms - 1, pairs, ALARM))
    if chance < ALARM:
        yield msg("aa.too-many-alarms")
    if any(one.finding in {"higher", "lower"} for one in contrasts):
        yield msg("aa.series-differs")
