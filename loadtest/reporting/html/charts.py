"""The charts of the page: two panels on equal axes per kind of time series, and one distribution."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from loadtest.array_types import Floats
from loadtest.messages.message import msg
from loadtest.messages.names import named
from loadtest.models import Percentile, RunSummary
from loadtest.outcomes import Outcome
from loadtest.reporting.html import svg
from loadtest.reporting.html.figures import LatencyDistribution, TimeSeries
from loadtest.reporting.texts import Texts

TIME_STEPS_S = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200)
BAND_HEIGHT = 20
"""Height of the band above the timeout, for latencies of which only a lower bound is known."""

STACKING_ORDER = (
    Outcome.GOOD,
    Outcome.SLOW,
    Outcome.SERVER_ERROR,
    Outcome.TIMEOUT,
    Outcome.REFUSED,
    Outcome.RESET,
    Outcome.CLIENT_ERROR,
    Outcome.OTHER,
)
"""Outcomes from the bottom of a stacked chart to its top."""


class BarSegment(NamedTuple):
    """An outcome's part of a bar."""

    outcome: Outcome
    requests: int
    start: float
    size: float


def bar_segments(run: RunSummary, length: float, least: float) -> list[BarSegment]:
    """Return a run's outcomes as parts of a bar; each that occurred has at least about that size."""
    counts = [(o, run.requests.count(o)) for o in STACKING_ORDER if run.requests.count(o)]
    sizes = [max(least, length * count / run.requests.total) for _, count in counts]
    found, start = list[BarSegment](), 0.0
    for (outcome, count), size in zip(counts, sizes, strict=True):
        scaled = size * length / sum(sizes)
        found.append(BarSegment(outcome, count, start, scaled))
        start += scaled
    return found


@dataclass(frozen=True)
class ChartedRun:
    """One run with the figures that the charts show."""

    summary: RunSummary
    title: str
    series: TimeSeries
    distribution: LatencyDistribution


@dataclass(frozen=True)
class Axes:
    """The axes that the panels of both runs share, so that they can be compared by eye."""

    seconds: float
    users: int
    """Upper end of the axis for arrivals and answers, per second."""
    requests: int
    """Upper end of the axis for all outcomes together, per second."""
    least_ms: float
    timeout_ms: float

    @staticmethod
    def of(*series: TimeSeries, timeout_ms: float) -> Axes:
        """Return the smallest round axes on which all runs fit."""
        lines = [
            values for one in series for values in (one.arrivals, one.good, one.slow, one.failed)
        ]
        totals = [one.good + one.slow + one.failed for one in series]
        known = [p.value_ms for one in series for p in (*one.median, *one.p99) if p]
        least = min([v for v in known if v > 0], default=1.0)
        return Axes(
            seconds=max((len(one) * one.step_s for one in series), default=1) or 1,
            users=svg.ceiling(_peak(lines)),
            requests=svg.ceiling(_peak(totals)),
            least_ms=svg.round_floor(min(least, timeout_ms / 10)),
            timeout_ms=timeout_ms,
        )


def _peak(series: Sequence[Floats]) -> float:
    return max((float(values.max()) for values in series if len(values)), default=0.0)


class PanelRenderer:
    """Draws the panels of both runs on the same axes."""

    def __init__(self, axes: Axes, texts: Texts, frame: svg.Frame | None = None) -> None:
        self._axes = axes
        self._texts = texts
        self.frame = frame or svg.Frame()
        self.x = svg.Linear(axes.seconds, self.frame.left, self.frame.x1)

    def rates(self, run: ChartedRun) -> str:
        """Draw arrivals, good responses and failures per second."""
        series, t = run.series, self._texts
        y = svg.Linear(self._axes.users, self.frame.y1, self.frame.top)
        base = self._line(np.zeros(len(series)), series, y)
        kinds = {"good": series.good, "slow": series.slow, "failed": series.failed}
        lines = {k: self._line(v, series, y) for k, v in kinds.items() if v.any()}
        washes = [
            svg.area(points, base, f"wash {kind}", "" if kind == "good" else f"hatch-{kind}")
            for kind, points in lines.items()
        ]
        drawn = [
            *self.background(run),
            *self.counts(self._axes.users, y),
            *washes,
            svg.path(self._line(series.arrivals, series, y), "line arrivals"),
            *(svg.path(points, f"line {kind}") for kind, points in lines.items()),
        ]
        description = t(
            "chart.rates.description",
            users=t.count(_peak([series.arrivals])),
            good=t.count(_peak([series.good])),
            failed=t.count(_peak([series.failed])),
        )
        title = t("chart.rates.title", stack=run.title)
        return self.picture("rates", run, title, description, drawn)

    def latency(self, run: ChartedRun) -> str:
        """Draw median and p99 of what began in each step; beyond the timeout, a band."""
        series, t, frame = run.series, self._texts, self.frame
        limit = frame.top + BAND_HEIGHT
        y = svg.Log(self._axes.least_ms, self._axes.timeout_ms, frame.y1, limit)
        drawn = [
            *self.background(run),
            *(
                part
                for ms in y.decades
                for part in (
                    svg.line(frame.left, y(ms), frame.x1, y(ms), "grid"),
                    svg.text(frame.left - 6, y(ms) + 4, self._ms(ms), anchor="end"),
                )
            ),
            svg.line(frame.left, limit, frame.x1, limit, "limit"),
            *self._censored_bands(series),
            *self._known_values(series.median, series, y, "line median"),
            *self._known_values(series.p99, series, y, "line p99"),
        ]
        beyond = sum(1 for p in series.p99 if p and p.at_least) * series.step_s
        worst = max((p.value_ms for p in series.p99 if p and not p.at_least), default=0.0)
        description = t(
            "chart.latency.description",
            worst=self._ms(worst),
            timeout=self._ms(self._axes.timeout_ms),
            time=t.seconds(beyond),
        )
        title = t("chart.latency.title", stack=run.title)
        return self.picture("latency", run, title, description, drawn)

    def outcomes(self, run: ChartedRun) -> str:
        """Draw all requests by outcome, one on top of the other."""
        series, t = run.series, self._texts
        y = svg.Linear(self._axes.requests, self.frame.y1, self.frame.top)
        drawn = [*self.background(run), *self.counts(self._axes.requests, y)]
        below = np.zeros(len(series))
        for outcome in STACKING_ORDER:
            values = series.outcomes[outcome]
            if not values.any():
                continue
            above = below + values
            drawn.append(
                svg.area(
                    self._line(above, series, y),
                    self._line(below, series, y),
                    f"fill s-{outcome.value}",
                    "" if outcome is Outcome.GOOD else f"hatch-{outcome.value}",
                )
            )
            below = above
        total = run.summary.requests
        parts = tuple(
            msg("chart.outcomes.part", outcome=named("outcome", o.value), n=total.count(o))
            for o in STACKING_ORDER
            if total.count(o)
        )
        description = t("chart.outcomes.description", requests=total.total, outcomes=parts)
        title = t("chart.outcomes.title", stack=run.title)
        return self.picture("outcomes", run, title, description, drawn)

    def background(self, run: ChartedRun) -> list[str]:
        """Draw the load's phases and the axis of time."""
        t, frame = self._texts, self.frame
        step = next((s for s in TIME_STEPS_S if self._axes.seconds / s <= 6), 14400)
        ticks = [
            svg.text(self.x(second), frame.y1 + 22, t.seconds(second), anchor="middle")
            for second in range(0, int(self._axes.seconds * 0.97) + 1, step)
        ]
        named = [
            p.model_copy(update={"name": t.label("phase", p.name)})
            for p in run.summary.profile.phases
        ]
        return [*svg.phases(named, frame, self.x, t("chart.last-responses")), *ticks]

    def picture(
        self, kind: str, run: ChartedRun, title: str, description: str, drawn: list[str]
    ) -> str:
        """Return the panel, with the events of the run on top of everything else."""
        marks = [
            part
            for number, event in enumerate(run.summary.events, start=1)
            for part in svg.mark(self.frame, self.x(event.at_s), str(number))
        ]
        name = f"{kind}-{run.summary.topology}"
        return svg.picture(name, self.frame, title, description, [*drawn, *marks])

    def counts(self, most: int, y: svg.Scale) -> list[str]:
        """Draw the axis of whole numbers up to `most`."""
        frame = self.frame
        return [
            part
            for value in range(0, most + 1, svg.round_step(most, 4))
            for part in (
                svg.line(frame.left, y(value), frame.x1, y(value), "grid"),
                svg.text(frame.left - 6, y(value) + 4, self._texts.count(value), anchor="end"),
            )
        ]

    def _middle(self, step: int, series: TimeSeries) -> float:
        return self.x((step + 0.5) * series.step_s)

    def _line(self, values: Floats, series: TimeSeries, y: svg.Scale) -> list[tuple[float, float]]:
        return [(self._middle(n, series), y(float(v))) for n, v in enumerate(values)]

    def _known_values(
        self, values: Sequence[Percentile | None], series: TimeSeries, y: svg.Scale, kind: str
    ) -> list[str]:
        """Draw a line with gaps; a step between two gaps becomes a dot."""
        drawn, points = list[str](), list[tuple[float, float]]()
        for number, value in enumerate([*values, None]):
            if value is not None and not value.at_least:
                points.append((self._middle(number, series), y(value.value_ms)))
                continue
            if len(points) == 1:
                (x, level), half = points[0], self.x(series.step_s) - self.frame.left
                points = [(x - half / 2, level), (x + half / 2, level)]
            drawn.append(svg.path(points, kind))
            points = []
        return drawn

    def _censored_bands(self, series: TimeSeries) -> list[str]:
        """Mark the steps whose p99 is beyond the timeout, adjacent ones as one piece."""
        drawn, first = list[str](), None
        for number, value in enumerate([*series.p99, None]):
            censored = value is not None and value.at_least
            if censored and first is None:
                first = number
            elif not censored and first is not None:
                left, right = (self.x(n * series.step_s) for n in (first, number))
                top = (left, self.frame.top, right - left, BAND_HEIGHT)
                drawn += [svg.rect(*top, "fill s-timeout"), svg.hatched(*top, "hatch-timeout")]
                first = None
        return drawn

    def _ms(self, ms: float) -> str:
        return self._texts.short_latency(ms)


DISTRIBUTION_FRAME = svg.Frame(width=720, height=320, left=78, right=14, top=30, bottom=40)


def distribution(
    runs: Sequence[ChartedRun], texts: Texts, frame: svg.Frame = DISTRIBUTION_FRAME
) -> str:
    """Draw each run's share of requests answered within a time; curves end below 1 if some were not."""
    timeout_ms = max(run.distribution.timeout_ms for run in runs)
    fastest = min(
        (float(one.distribution.ms[0]) for one in runs if len(one.distribution.ms)), default=1.0
    )
    least = svg.round_floor(min(max(fastest, 0.1), timeout_ms / 10))
    # A fifth of the width lies beyond the timeout, where the curves end.
    edge = frame.left + (frame.x1 - frame.left) * 0.82
    x = svg.Log(least, timeout_ms, frame.left, edge)
    y = svg.Linear(1.0, frame.y1, frame.top)
    drawn = [
        svg.rect(edge, frame.top, frame.x1 - edge, frame.y1 - frame.top, "p1"),
        *(
            part
            for share in (0, 0.25, 0.5, 0.75, 1)
            for part in (
                svg.line(frame.left, y(share), frame.x1, y(share), "grid"),
                svg.text(
                    frame.left - 6, y(share) + 4, texts.share(share).replace(".0", ""), anchor="end"
                ),
            )
        ),
        *(
            part
            for ms in x.decades
            for part in (
                svg.line(x(ms), frame.top, x(ms), frame.y1, "grid"),
                svg.text(x(ms), frame.y1 + 24, texts.short_latency(ms), anchor="middle"),
            )
        ),
        svg.line(edge, frame.top, edge, frame.y1, "limit"),
        svg.text(
            (edge + frame.x1) / 2, frame.top - 8, texts("chart.no-response"), "label", "middle"
        ),
        *(part for run in runs for part in _curve(run, x, y, frame)),
    ]
    description = " ".join(
        texts(
            "chart.distribution.description",
            stack=run.title,
            coverage=run.distribution.coverage,
            timeout=texts.short_latency(run.distribution.timeout_ms),
            p99=texts.ms(run.distribution.p99),
        )
        for run in runs
    )
    title = texts("chart.distribution")
    return svg.picture("distribution", frame, title, description, drawn)


def _curve(run: ChartedRun, x: svg.Scale, y: svg.Scale, frame: svg.Frame) -> list[str]:
    kind, found = run.summary.topology, run.distribution
    if not len(found.ms):
        return []
    points = [(x(float(m)), y(float(s))) for m, s in zip(found.ms, found.share, strict=True)]
    edge, level = x(found.timeout_ms), y(found.coverage)
    points = [(points[0][0], y(0)), *points, (edge, level)]
    drawn = [svg.path(points, f"line run-{kind}")]
    if found.coverage < 1:
        drawn.append(svg.path([(edge, level), (frame.x1, level)], f"line open run-{kind}"))
    if found.p99 and not found.p99.at_least:
        at = (x(found.p99.value_ms), y(0.99))
        drawn.append(f'<circle class="dot run-{kind}" cx="{at[0]:g}" cy="{at[1]:g}" r="4.5"/>')
    return drawn
