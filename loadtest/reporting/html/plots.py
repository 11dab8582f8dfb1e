"""The page's figures: charts with their legends, and the same numbers as tables."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from markupsafe import Markup

from loadtest.models import RunSummary
from loadtest.reporting.html import charts, figures
from loadtest.reporting.html.charts import Arm, Axes, Panels
from loadtest.reporting.html.figures import Curve
from loadtest.reporting.html.tables import Cell, Figure, Head, Key, Line, Panel
from loadtest.reporting.texts import Texts
from loadtest.runs.table import RequestTable

CHART_STEPS = 180
TABLE_STEPS = 20
LIMITS_MS = (5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 50_000)
"""Latencies for which the distribution's table tells how much was answered within them."""


class Source(NamedTuple):
    """A run, its requests, and what the page calls it."""

    run: RunSummary
    table: RequestTable
    title: str


class Plots:
    """Draws the figures of both runs."""

    def __init__(self, sources: Sequence[Source], texts: Texts) -> None:
        self._texts = texts
        self._t = texts.say
        self._runs = [source.run for source in sources]
        seconds = max(figures.seconds_of(source.run, source.table) for source in sources)
        self._arms, self._coarse = (
            [_arm(source, figures.step_for(seconds, most)) for source in sources]
            for most in (CHART_STEPS, TABLE_STEPS)
        )

    def over_time(self) -> list[Figure]:
        """Arrivals and answers, latency, outcomes."""
        timeout_ms = max(run.scenario.timeout_s for run in self._runs) * 1000
        axes = Axes.of(*(arm.course for arm in self._arms), timeout_ms=timeout_ms)
        panels = Panels(axes, self._texts)
        return [self._rates(panels), self._latency(panels), self._stacks(panels)]

    def _rates(self, panels: Panels) -> Figure:
        t = self._t
        kinds = [("good", "answered well"), ("slow", "answered late"), ("failed", "failed")]
        shown = [
            (k, name)
            for k, name in kinds
            if k != "slow" or any(a.course.slow.any() for a in self._arms)
        ]
        names = ["arriving", *(name for _, name in shown)]
        step = self._texts.seconds(self._arms[0].course.step_s)
        return Figure(
            id="rates",
            title=t("Arrivals and answers"),
            note=t(
                "Per second, in steps of {step}, on equal axes. Users send up to {most} requests each; "
                "a request counts when it ended.",
                step=step,
                most=max(run.scenario.requests_per_user for run in self._runs),
            ),
            legend=[
                Key("arrivals", t("users arriving"), "line"),
                *(Key(kind, self._texts.told(f"requests {name}"), "line") for kind, name in shown),
            ],
            panels=[Panel(a.title, Markup(panels.rates(a))) for a in self._arms],  # noqa: S704
            heads=self._grouped([self._texts.told(name) for name in names]),
            rows=self._steps(
                lambda arm, n: [
                    self._texts.count(v[n] * arm.course.step_s)
                    for v in (arm.course.arrivals, *(getattr(arm.course, k) for k, _ in shown))
                ],
                len(names),
            ),
        )

    def _latency(self, panels: Panels) -> Figure:
        t, ms = self._t, self._texts.ms
        return Figure(
            id="latency-time",
            title=t("p99 over time"),
            note=t(
                "Time to first byte of the requests that began then; logarithmic, on equal axes. The "
                "band on top is beyond the time-out: there more than one in a hundred got no answer."
            ),
            legend=[
                Key("p99", t("p99 of all requests"), "line"),
                Key("median", t("median of all requests"), "line"),
                Key("timeout", t("p99 beyond the time-out")),
            ],
            panels=[Panel(a.title, Markup(panels.latency(a))) for a in self._arms],  # noqa: S704
            heads=self._grouped([t("median"), "p99"]),
            rows=self._steps(lambda arm, n: [ms(arm.course.median[n]), ms(arm.course.p99[n])], 2),
        )

    def _stacks(self, panels: Panels) -> Figure:
        t = self._t
        shown = [o for o in charts.STACK if any(run.requests.count(o) for run in self._runs)]
        return Figure(
            id="outcomes",
            title=t("Outcomes"),
            note=t(
                "All requests per second by what became of them, when they ended; on equal axes."
            ),
            legend=[Key(o.value, self._texts.told(o.value)) for o in shown],
            panels=[Panel(a.title, Markup(panels.outcomes(a))) for a in self._arms],  # noqa: S704
            heads=self._grouped([self._texts.told(o.value) for o in shown]),
            rows=self._steps(
                lambda arm, n: [
                    self._texts.count(arm.course.outcomes[o][n] * arm.course.step_s) for o in shown
                ],
                len(shown),
            ),
        )

    def _grouped(self, names: Sequence[str]) -> list[list[Head]]:
        """Two rows of heads: the arms, and below each of them these names."""
        arms = [Head(arm.title, span=len(names)) for arm in self._arms]
        return [[Head(self._t("Time"), deep=2), *arms], [Head(n) for n in names] * len(self._arms)]

    def _steps(self, cells: Callable[[Arm, int], Sequence[str]], width: int) -> list[Line]:
        """A row for each step of time, with the cells of both arms; dashes after an arm's end."""
        step = self._coarse[0].course.step_s
        rows = list[Line]()
        for number in range(max(len(arm.course) for arm in self._coarse)):
            row = list[str]()
            for arm in self._coarse:
                row += cells(arm, number) if number < len(arm.course) else ["–"] * width
            span = self._t(
                "{start} to {end} s", start=f"{number * step:,}", end=f"{(number + 1) * step:,}"
            )
            rows.append(Line(span, [Cell(text) for text in row]))
        return rows

    def distribution(self) -> Figure:
        """How many of all requests were answered within which time."""
        t = self._texts
        timeout_ms = max(arm.curve.timeout_ms for arm in self._arms)
        rows = [
            Line(
                f"≤ {charts.duration(ms, t)}",
                [Cell(t.share(_within(arm.curve, ms))) for arm in self._arms],
            )
            for ms in (*(limit for limit in LIMITS_MS if limit < timeout_ms), timeout_ms)
        ]
        unanswered = [Cell(t.share(1 - arm.curve.coverage)) for arm in self._arms]
        return Figure(
            id="distribution",
            title=self._t("Share of all requests answered within a time"),
            note=self._t(
                "The time axis is logarithmic. A curve that ends below 100 % leaves open what was never "
                "answered; the dot is the p99 of all requests."
            ),
            legend=[Key(f"arm-{a.run.topology}", a.title, "line") for a in self._arms],
            panels=[Panel("", Markup(charts.distribution(self._arms, t)))],  # noqa: S704
            heads=[[Head(self._t("Time to first byte")), *(Head(a.title) for a in self._arms)]],
            rows=[*rows, Line(self._t("no answer"), unanswered)],
        )


def _arm(source: Source, step_s: int) -> Arm:
    course = figures.course(source.run, source.table, step_s)
    return Arm(source.run, source.title, course, figures.curve(source.run, source.table))


def _within(curve: Curve, ms: float) -> float:
    """The share of all requests that was answered within that time."""
    if ms >= curve.timeout_ms:
        return curve.coverage
    place = int(np.searchsorted(curve.ms, ms, side="right"))
    return float(curve.share[place - 1]) if place else 0.0
