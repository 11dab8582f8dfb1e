"""Repeated runs: their order, and what they say together.

One run of each stack is an anecdote: a noisy neighbor, a cold cache or the time of day may be the
whole difference. Repetitions in the order A B B A A B spread slow drifts over both sides, and
conclusions from them rest on how runs differ, not on how many requests each of them had.
"""

from __future__ import annotations

import math
import statistics as summary_statistics
from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Literal

from pydantic import AwareDatetime

from loadtest.analysis import inference
from loadtest.analysis.columns import finite
from loadtest.analysis.inference import Interval, mean_interval, newcombe, pooled_share
from loadtest.analysis.margins import ChangeOutcome, Margins, judge
from loadtest.analysis.series_verdict import between_runs
from loadtest.messages.message import Message, msg
from loadtest.models import Percentile, PercentileInterval, Record, RunSummary, Verdict

CONFIDENCE = 0.95
CONTRAST_CONFIDENCE = 1 - (1 - CONFIDENCE) / 2
"""Two figures are compared, so each gets half of the error budget."""
P99 = "p99"
SHORTEST_MS = 0.001
"""What a p99 of 0 counts as on the scale of logarithms: the recorder's resolution."""
ContrastFinding = Literal["higher", "lower", "no-difference", "undecided"]
Metric = Literal["failed-users", "p99"]


class RepeatedRun(Record):
    """One run of the series."""

    slot: int
    """From 1; runs of the same slot are a pair."""
    stack: str
    run: str
    outcome: str
    counted: bool
    """Whether it is part of the pooled figures: valid, and not cut short."""
    users: int
    failed_users: int
    requests: int
    timeouts: int
    p99: Percentile | None
    p99_interval: PercentileInterval | None = None

    @property
    def failed_share(self) -> float:
        """Failed users of all."""
        return self.failed_users / self.users if self.users else 0.0


class Pooled(Record):
    """What all counted runs of one stack say together. None means that an end is unlimited."""

    stack: str
    runs: int
    users: int
    failed_users: int
    failed_low: float
    failed_high: float
    p99_mean_ms: float | None
    p99_low_ms: float | None
    p99_high_ms: float | None
    p99_sd_ms: float | None
    """Standard deviation from run to run."""
    p99_at_least: bool
    """Whether a p99 was at least the timeout, so that all of these are lower bounds."""
    summary: Message
    verdict: Verdict | None = None
    """On all runs together. None in series saved before it existed."""


class Contrast(Record):
    """By how much the second stack exceeds the first, slot by slot."""

    metric: Metric
    unit: Literal["share", "ms"]
    by_slot: list[float]
    mean: float | None
    low: float | None
    high: float | None
    confidence: float
    at_least: bool
    finding: ContrastFinding
    relative_low: float | None = None
    """The difference as a share of the first stack's figure, of a percentile only."""
    relative_high: float | None = None
    margin: str | None = None
    """The largest difference that does not matter; None in series saved before it existed."""
    outcome: ChangeOutcome = "inconclusive"
    """What the interval says about the margin; lower figures are better."""


class RunSeries(Record):
    """A series of repeated runs: the content of `repeats-….json`."""

    schema_version: Literal[2] = 2
    id: str
    started_at: AwareDatetime
    profile: str
    scenario: str
    planned: int
    """Number of runs intended."""
    runs: list[RepeatedRun]
    pooled: list[Pooled]
    contrasts: list[Contrast]
    summary: list[Message]
    decided: bool | None = None
    """Whether every contrast was told before the pairs ran out; None where their number was fixed."""


def order(stacks: Sequence[str], repeat: int) -> Iterator[tuple[int, str]]:
    """Yield slot and stack of every run: A B B A A B … for two stacks, A A A … for one."""
    for slot in range(1, repeat + 1):
        for stack in stacks if slot % 2 else reversed(stacks):
            yield slot, stack


def record(slot: int, stack: str, summary: RunSummary) -> RepeatedRun:
    """Record one run of the series."""
    return RepeatedRun(
        slot=slot,
        stack=stack,
        run=summary.id,
        outcome=summary.verdict.outcome,
        counted=summary.validity.valid and not summary.cut_short,
        users=summary.users.created,
        failed_users=summary.users.failed,
        requests=summary.requests.total,
        timeouts=summary.requests.timeouts,
        p99=summary.latency.censored[P99] if summary.latency.censored else None,
        p99_interval=(summary.latency.intervals or {}).get(P99),
    )


def pool(
    runs: Sequence[RepeatedRun],
    stacks: Sequence[str],
    verdicts: Mapping[str, Verdict] = MappingProxyType({}),
    *,
    margins: Margins | None = None,
    confidence: float | None = None,
) -> tuple[list[Pooled], list[Contrast], list[Message]]:
    """Return the pooled figures of each stack, their contrasts if there are two, and a summary.

    Args:
        runs: All runs of the series.
        stacks: The names of the one or two stacks.
        verdicts: On all runs of each stack together.
        margins: What does not matter; None for the default.
        confidence: Of each contrast's interval; None where the number of pairs was fixed before.
    """
    counted = [run for run in runs if run.counted]
    pooled = [_pooled(s, [r for r in counted if r.stack == s], verdicts.get(s)) for s in stacks]
    contrasts = list[Contrast]()
    if len(stacks) == 2:
        level = CONTRAST_CONFIDENCE if confidence is None else confidence
        contrasts = _contrasts(counted, stacks[0], stacks[1], level, margins or Margins())
    left_out = len(runs) - len(counted)
    summary = [one.summary for one in pooled]
    summary += [_promise(one.stack, one.verdict) for one in pooled if one.verdict is not None]
    summary += [sentence for c in contrasts for sentence in _conclusions(c, stacks)]
    if left_out:
        summary.append(msg("series.left-out", left=left_out, all=len(runs)))
    return pooled, contrasts, summary


def _promise(stack: str, verdict: Verdict) -> Message:
    found = msg(f"verdict.{verdict.outcome}")
    if not verdict.reasons:
        return msg("series.promise", stack=stack, verdict=found)
    reasons = tuple(verdict.reasons)
    return msg("series.promise-because", stack=stack, verdict=found, reasons=reasons)


def _pooled(stack: str, runs: Sequence[RepeatedRun], verdict: Verdict | None) -> Pooled:
    failed = [run.failed_users for run in runs]
    users = [run.users for run in runs]
    share = pooled_share(failed, users, CONFIDENCE)
    p99 = [run.p99 for run in runs if run.p99 is not None]
    values = [one.value_ms for one in p99]
    mean = between_runs(p99, [run.p99_interval for run in runs if run.p99]) if values else None
    at_least = any(one.at_least for one in p99)
    return Pooled(
        stack=stack,
        runs=len(runs),
        users=sum(users),
        failed_users=sum(failed),
        failed_low=share.low,
        failed_high=share.high,
        p99_mean_ms=summary_statistics.fmean(values) if values else None,
        p99_low_ms=finite(mean.low) if mean and len(values) > 1 else None,
        p99_high_ms=finite(mean.high) if mean and not at_least else None,
        p99_sd_ms=summary_statistics.stdev(values) if len(values) > 1 else None,
        p99_at_least=at_least,
        summary=_summary(
            stack,
            runs=len(runs),
            failed=(sum(failed), sum(users)),
            share=share,
            p99=values,
            at_least=at_least,
        ),
        verdict=verdict,
    )


def _summary(
    stack: str,
    *,
    runs: int,
    failed: tuple[int, int],
    share: Interval,
    p99: Sequence[float],
    at_least: bool,
) -> Message:
    if not runs:
        return msg("series.no-runs", stack=stack)
    found = msg(
        "series.failed-users",
        stack=stack,
        failed=failed[0],
        users=failed[1],
        n=runs,
        low=share.low * 100,
        high=share.high * 100,
        confidence=CONFIDENCE * 100,
    )
    if len(p99) < 2:
        return msg("series.one-run", failed=found)
    if at_least:
        return msg("series.p99-at-least", failed=found, low=min(p99), high=max(p99))
    return msg("series.p99", failed=found, low=min(p99), high=max(p99))


def _contrasts(
    runs: Sequence[RepeatedRun], a: str, b: str, confidence: float, margins: Margins
) -> list[Contrast]:
    pairs = list(_pairs(runs, a, b))
    shares = [second.failed_share - first.failed_share for first, second in pairs]
    firsts, seconds = [first for first, _ in pairs], [second for _, second in pairs]
    interval = mean_interval(shares, confidence)
    if interval.known:
        # Runs that all agree (none failed) must not look more certain than their number of users allows.
        counts = (
            sum(run.failed_users for run in firsts), sum(run.users for run in firsts),
            sum(run.failed_users for run in seconds), sum(run.users for run in seconds),
        )  # fmt: skip
        interval = interval.hull(newcombe(*counts, confidence)).within(-1.0, 1.0)
    both = [(f.p99, s.p99) for f, s in pairs if f.p99 is not None and s.p99 is not None]
    return [
        _contrast("failed-users", shares, (interval, None), margins, at_least=False),
        _p99_contrast(both, confidence, margins),
    ]


def _pairs(
    runs: Sequence[RepeatedRun], a: str, b: str
) -> Iterator[tuple[RepeatedRun, RepeatedRun]]:
    by_slot = {(run.slot, run.stack): run for run in runs}
    for slot in sorted({run.slot for run in runs}):
        if (slot, a) in by_slot and (slot, b) in by_slot:
            yield by_slot[slot, a], by_slot[slot, b]


def _p99_contrast(
    pairs: Sequence[tuple[Percentile, Percentile]], confidence: float, margins: Margins
) -> Contrast:
    differences = [second.value_ms - first.value_ms for first, second in pairs]
    ratios = [_log(second) - _log(first) for first, second in pairs]
    limits = [(first.at_least, second.at_least) for first, second in pairs]
    interval = _limited(mean_interval(differences, confidence), limits)
    logs = _limited(mean_interval(ratios, confidence), limits)
    relative = Interval(inference.relative(logs.low), inference.relative(logs.high), confidence)
    at_least = any(first or second for first, second in limits)
    return _contrast("p99", differences, (interval, relative), margins, at_least=at_least)


def _log(found: Percentile) -> float:
    return math.log(max(found.value_ms, SHORTEST_MS))


def _limited(interval: Interval, limits: Sequence[tuple[bool, bool]]) -> Interval:
    """Open the ends that a p99 only known to be at least the timeout says nothing about."""
    low = -math.inf if any(first for first, _ in limits) else interval.low
    high = math.inf if any(second for _, second in limits) else interval.high
    return Interval(low, high, interval.confidence)


def _contrast(
    metric: Metric,
    by_slot: list[float],
    intervals: tuple[Interval, Interval | None],
    margins: Margins,
    *,
    at_least: bool,
) -> Contrast:
    interval, relative = intervals
    margin = margins.of("failed_users" if metric == "failed-users" else metric)
    return Contrast(
        metric=metric,
        unit="share" if metric == "failed-users" else "ms",
        by_slot=by_slot,
        mean=summary_statistics.fmean(by_slot) if by_slot else None,
        low=finite(interval.low),
        high=finite(interval.high),
        confidence=interval.confidence,
        at_least=at_least,
        finding=_finding(interval),
        relative_low=finite(relative.low) if relative else None,
        relative_high=finite(relative.high) if relative else None,
        margin=str(margin),
        outcome=judge(interval, relative, margin),
    )


def _finding(interval: Interval) -> ContrastFinding:
    if not interval.known:
        return "undecided"
    if 0 in interval:
        return "no-difference"
    return "higher" if interval.low > 0 else "lower"


def all_decided(contrasts: Sequence[Contrast]) -> bool:
    """Return whether every figure is known to be better, worse or equivalent."""
    return all(one.outcome != "inconclusive" for one in contrasts)


def _conclusions(contrast: Contrast, stacks: Sequence[str]) -> Iterator[Message]:
    yield _conclusion(contrast, stacks)
    if contrast.outcome == "equivalent" and contrast.margin is not None:
        a, b = stacks
        yield msg("series.equivalent", a=a, b=b, margin=contrast.margin)


def _conclusion(contrast: Contrast, stacks: Sequence[str]) -> Message:
    a, b = stacks
    failed = contrast.metric == "failed-users"
    metric = msg("series.failed-share") if failed else msg("series.p99-name")
    pairs = len(contrast.by_slot)
    match contrast.finding:
        case "undecided":
            return msg("series.undecided", metric=metric, pairs=pairs)
        case "no-difference":
            return msg("series.no-difference", metric=metric, a=a, b=b, pairs=pairs)
        case "higher" | "lower":
            found = "series.higher" if contrast.finding == "higher" else "series.lower"
            percent = CONFIDENCE * 100
            return msg(found, metric=metric, a=a, b=b, pairs=pairs, confidence=percent)
