"""What changed between two saved runs, with confidence intervals."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from pydantic import Field

from loadtest.analysis import columns, comparability, inference, run_loading
from loadtest.analysis.inference import Interval, Sample
from loadtest.analysis.margins import ChangeOutcome, Margins, judge, worst
from loadtest.analysis.sample_size import least_requests, too_few
from loadtest.analysis.saved_runs import SavedRun
from loadtest.array_types import Flags
from loadtest.messages.message import Message, msg
from loadtest.messages.names import endpoint_name
from loadtest.models import Record, RunSummary
from loadtest.outcomes import FAILED, Outcome
from loadtest.runs.table import RequestTable

ChangeFinding = Literal["better", "worse", "no-difference", "undecided"]

OTHER_FAILURES = FAILED - {Outcome.TIMEOUT, Outcome.SERVER_ERROR}


class Change(Record):
    """One row: a figure of both runs, their difference and its interval.

    Shares are from 0 to 1, times in ms. None is unknown or unlimited.
    """

    key: str
    """The figure: `failed_users`, `p99`; with an endpoint `p99:login`."""
    metric: Message
    unit: Literal["share", "ms"]
    a: float | None
    b: float | None
    a_at_least: bool
    """Whether the figure is only a lower bound, namely the timeout, as no answer ever came."""
    b_at_least: bool
    difference: float | None
    low: float | None
    high: float | None
    relative_low: float | None = None
    """The change as a share of the first figure, of percentiles only; unlimited as `low` and `high`."""
    relative_high: float | None = None
    confidence: float
    finding: ChangeFinding
    """Whether a difference is shown at all, however small."""
    margin: str
    """The largest change that does not matter: `10 %`, `0.5 pp`."""
    outcome: ChangeOutcome
    """What the interval says about the margin."""
    least_requests: int | None = None
    """Of a percentile of which nothing is known because a run has fewer requests: how many it needs."""


class RunRef(Record):
    """The run that a column is about."""

    id: str
    topology: str
    app_versions: list[str]


class Comparison(Record):
    """The answer to: what changed?"""

    schema_version: Literal[2] = 2
    a: RunRef
    b: RunRef
    more_a: list[RunRef] = Field(default_factory=list[RunRef])
    """Further runs on the same side, where groups of runs are compared."""
    more_b: list[RunRef] = Field(default_factory=list[RunRef])
    baseline: str | None = None
    """The name of the baseline that side A is."""
    confidence: float
    """Family-wise confidence level: that of all rows together (Bonferroni)."""
    changes: list[Change]
    outcome: ChangeOutcome
    """`worse` if any row is, else `inconclusive` if any is, else `better`, else `equivalent`."""
    summary: list[Message]
    note: Message = msg("compare.one-run-each")

    @property
    def changed(self) -> bool:
        """Whether any figure demonstrably differs."""
        return any(change.finding in {"better", "worse"} for change in self.changes)


@dataclass(frozen=True)
class Metric:
    """A figure to compare; lower is better for all of them."""

    key: str
    """Its margin's name."""
    name: Message
    sample: Callable[[RequestTable], Sample]
    q: float | None = None
    """Which quantile of the sample; None for the share of true values."""
    outcomes: frozenset[Outcome] = frozenset()
    """Of a share of requests: which outcomes it counts."""
    endpoint: str | None = None


def compare(
    a: SavedRun,
    b: SavedRun,
    *,
    by_endpoint: bool = False,
    confidence: float = 0.95,
    margins: Margins | None = None,
) -> Comparison:
    """Compare two saved runs under equal conditions.

    Raises:
        ComparisonError: The conditions differ, or a run is not valid.
        ResultsError: A run's requests cannot be read.
    """
    comparability.require(a.summary, b.summary)
    comparability.require_valid(a.summary, b.summary)
    changes = compare_tables(
        run_loading.load_requests(a.directory),
        run_loading.load_requests(b.directory),
        timeout_s=a.summary.scenario.timeout_s,
        endpoints=common_endpoints([a.summary, b.summary]) if by_endpoint else (),
        confidence=confidence,
        margins=margins,
    )
    return Comparison(
        a=ref(a),
        b=ref(b),
        confidence=confidence,
        changes=changes,
        outcome=worst(one.outcome for one in changes),
        summary=summarize(changes, confidence),
    )


def ref(run: SavedRun) -> RunRef:
    """Return what a comparison says about a run."""
    return RunRef(id=run.summary.id, topology=run.summary.topology, app_versions=run.app_versions)


def common_endpoints(runs: Sequence[RunSummary]) -> list[str]:
    """Return the endpoints that every run has, in the order of the first."""
    others = [{one.name for one in run.endpoints} for run in runs[1:]]
    return [one.name for one in runs[0].endpoints if all(one.name in names for names in others)]


def metrics_of(endpoints: Sequence[str] = ()) -> list[Metric]:
    """Return the metrics that are compared: of all requests, and of each of these endpoints."""
    return [*METRICS, *(metric for name in endpoints for metric in _endpoint_metrics(name))]


def compare_tables(
    a: RequestTable,
    b: RequestTable,
    *,
    timeout_s: float,
    endpoints: Sequence[str] = (),
    confidence: float = 0.95,
    margins: Margins | None = None,
) -> list[Change]:
    """Compare two runs' requests, one row per metric.

    Every row gets its share of the error budget (Bonferroni), so that `confidence` holds for the
    whole table: looking at more figures must not find more differences.
    """
    metrics = metrics_of(endpoints)
    per_row = confidence_per_row(confidence, len(metrics))
    return [change(metric, a, b, timeout_s * 1000, per_row, margins=margins) for metric in metrics]


def confidence_per_row(confidence: float, rows: int) -> float:
    """Return the level that each row needs for the whole table to have `confidence` (Bonferroni)."""
    return 1 - (1 - confidence) / rows


def _endpoint_metrics(name: str) -> Iterator[Metric]:
    endpoint = endpoint_name(name)
    failures = msg("metric.failures-of", endpoint=endpoint)
    yield Metric(
        "endpoint_failures",
        failures,
        lambda t: _share_of(FAILED, _only(t, name)),
        outcomes=FAILED,
        endpoint=name,
    )
    p99 = msg("metric.percentile-of", percentile="p99", endpoint=endpoint)
    quantile = columns.QUANTILES["p99"]
    yield Metric("p99", p99, lambda t: _latencies(_only(t, name)), quantile, endpoint=name)


def _only(requests: RequestTable, endpoint: str) -> RequestTable:
    return requests.where(requests.endpoint.mask(endpoint))


def _share_of(outcomes: frozenset[Outcome], requests: RequestTable) -> Sample:
    return Sample(requests.is_(*outcomes), requests.start_ms)


def _failed_users(requests: RequestTable) -> Sample:
    """Return whether each user failed, at the time when the user arrived."""
    found = columns.users(requests)
    return Sample(found.failed, found.arrived_ms)


def _latencies(requests: RequestTable) -> Sample:
    return Sample(columns.latencies(requests), requests.start_ms)


def change(
    metric: Metric,
    a: RequestTable,
    b: RequestTable,
    timeout_ms: float,
    confidence: float,
    *,
    margins: Margins | None = None,
) -> Change:
    """Compare one metric of both runs."""
    samples = metric.sample(a), metric.sample(b)
    relative, least = None, None
    if metric.q is None:
        values = tuple(_mean(np.asarray(sample.values)) for sample in samples)
        interval = inference.share_difference(*samples, confidence=confidence)
    else:
        values = tuple(columns.quantile(np.asarray(s.values), metric.q) for s in samples)
        interval, relative = (
            measure(*samples, metric.q, limit_ms=timeout_ms, confidence=confidence)
            for measure in (inference.percentile_difference, inference.percentile_change)
        )
        if too_few(samples[0].values, samples[1].values, metric.q, confidence):
            least = least_requests(metric.q, confidence)
    found = row(metric, values, (interval, relative), timeout_ms, margins)
    return found.model_copy(update={"least_requests": least})


def row(
    metric: Metric,
    values: Sequence[float],
    intervals: tuple[Interval, Interval | None],
    timeout_ms: float,
    margins: Margins | None,
) -> Change:
    """Return the row of one metric.

    Args:
        metric: What is compared.
        values: The figure of each side: shares, or ms, infinite without answers, NaN if unknown.
        intervals: Of the difference, and of the relative change where it is a percentile.
        timeout_ms: What an unanswered request is shown as.
        margins: What does not matter; None for the default.
    """
    (first, second), (interval, relative) = values, intervals
    shown = tuple(min(value, timeout_ms) if metric.q else value for value in values)
    neither = math.isinf(first) and math.isinf(second)
    known = not (neither or math.isnan(first) or math.isnan(second))
    margin = (margins or Margins()).of(metric.key)
    return Change(
        key=metric.key if metric.endpoint is None else f"{metric.key}:{metric.endpoint}",
        metric=metric.name,
        unit="share" if metric.q is None else "ms",
        a=columns.finite(shown[0]),
        b=columns.finite(shown[1]),
        a_at_least=math.isinf(first),
        b_at_least=math.isinf(second),
        difference=columns.finite(shown[1] - shown[0]) if known else None,
        low=columns.finite(interval.low),
        high=columns.finite(interval.high),
        relative_low=columns.finite(relative.low) if relative else None,
        relative_high=columns.finite(relative.high) if relative else None,
        confidence=round(interval.confidence, 6),
        finding=_finding(interval) if known else "undecided",
        margin=str(margin),
        outcome=judge(interval, relative, margin) if known else "inconclusive",
    )


METRICS = (
    Metric("failed_users", msg("metric.failed-users"), _failed_users),
    *(
        Metric(key, name, functools.partial(_share_of, outcomes), outcomes=outcomes)
        for key, name, outcomes in (
            ("timeouts", msg("metric.timeouts"), frozenset({Outcome.TIMEOUT})),
            ("server_errors", msg("metric.server-errors"), frozenset({Outcome.SERVER_ERROR})),
            ("other_failures", msg("metric.other-failures"), frozenset(OTHER_FAILURES)),
        )
    ),
    *(
        Metric(name, msg("metric.percentile", percentile=name), _latencies, q)
        for name, q in columns.MAIN_QUANTILES.items()
    ),
)
"""The metrics that are compared by default."""


def _mean(flags: Flags) -> float:
    return float(flags.mean()) if len(flags) else math.nan


def _finding(interval: Interval) -> ChangeFinding:
    if not interval.known:
        return "undecided"
    if 0 in interval:
        return "no-difference"
    return "worse" if interval.low > 0 else "better"


def summarize(changes: Sequence[Change], confidence: float) -> list[Message]:
    """Return the whole comparison in a few sentences."""
    worse, better, undecided = (
        tuple(
            one.metric for one in changes if one.finding == finding and one.least_requests is None
        )
        for finding in ("worse", "better", "undecided")
    )
    percent = confidence * 100
    if worse and better:
        found = msg("compare.worse-and-better", worse=worse, better=better, confidence=percent)
    elif worse:
        found = msg("compare.worse", worse=worse, confidence=percent)
    elif better:
        found = msg("compare.better", better=better, confidence=percent)
    else:
        found = msg("compare.no-difference", confidence=percent)
    more = [msg("compare.undecided", metrics=undecided)] if undecided else []
    more += [
        msg("compare.too-few", metric=one.metric, least=one.least_requests)
        for one in changes
        if one.least_requests is not None
    ]
    return [found, *more, *_p99_range(changes), *_margins(changes)]


def _margins(changes: Sequence[Change]) -> list[Message]:
    """Say which figures are shown to have stayed within their margins, and which are not shown to."""
    equivalent, unknown = (
        tuple(change.metric for change in changes if change.outcome == outcome)
        for outcome in ("equivalent", "inconclusive")
    )
    within = [msg("compare.equivalent", metrics=equivalent)] if equivalent else []
    return [*within, *([msg("compare.inconclusive", metrics=unknown)] if unknown else [])]


def _p99_range(changes: Sequence[Change]) -> list[Message]:
    """Say by how much a p99 without a shown difference may still differ: that has a size, too."""
    metric = msg("metric.percentile", percentile="p99")
    p99 = next((change for change in changes if change.metric == metric), None)
    if p99 is None or p99.finding != "no-difference":
        return []
    if p99.relative_low is None or p99.relative_high is None:
        return []
    low, high = p99.relative_low * 100, p99.relative_high * 100
    return [msg("compare.p99-range", low=low, high=high)]
