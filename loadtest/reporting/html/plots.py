"""The page's figures: charts with their legends, and the same numbers as tables."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from markupsafe import Markup

from loadtest.models import RunSummary
from loadtest.reporting.html import charts, figures, host_plot
from loadtest.reporting.html.charts import Axes, ChartedRun, PanelRenderer
from loadtest.reporting.html.figures import LatencyDistribution
from loadtest.reporting.html.tables import (
    ChartPanel,
    DataCell,
    DataRow,
    DataTable,
    Figure,
    HeaderCell,
    LegendEntry,
)
from loadtest.reporting.texts import Texts
from loadtest.runs.table import RequestTable

CHART_STEPS = 180
TABLE_STEPS = 20
LIMITS_MS = (5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 50_000)
"""Latencies for which the distribution's table gives the share of requests within them."""


class Source(NamedTuple):
    """A run, its requests, and its title on the page."""

    run: RunSummary
    table: RequestTable
    title: str


class Plots:
    """Draws the figures of both runs."""

    def __init__(self, sources: Sequence[Source], texts: Texts) -> None:
        self._texts = texts
        seconds = max(figures.duration_s(source.run, source.table) for source in sources)
        self._runs, self._coarse = (
            [_charted(source, figures.step_for(seconds, most)) for source in sources]
            for most in (CHART_STEPS, TABLE_STEPS)
        )

    def over_time(self) -> list[Figure]:
        """Return arrivals and responses, latency, outcomes, and the computer's CPU if it was watched."""
        timeout_ms = max(run.summary.scenario.timeout_s for run in self._runs) * 1000
        axes = Axes.of(*(run.series for run in self._runs), timeout_ms=timeout_ms)
        panels = PanelRenderer(axes, self._texts)
        host = host_plot.figure(self._runs, panels, self._texts)
        found = [self._rates(panels), self._latency(panels), self._outcomes(panels)]
        return [*found, host] if host else found

    def _rates(self, panels: PanelRenderer) -> Figure:
        t = self._texts
        kinds = {
            "good": t("chart.rates.good"),
            "slow": t("chart.rates.slow"),
            "failed": t("chart.rates.failed"),
        }
        if not any(run.series.slow.any() for run in self._runs):
            del kinds["slow"]
        return Figure(
            id="rates",
            title=t("chart.rates"),
            note=t(
                "chart.rates.note",
                step=t.seconds(self._runs[0].series.step_s),
                most=max(run.summary.scenario.requests_per_user for run in self._runs),
            ),
            legend=[
                LegendEntry("arrivals", t("chart.rates.arrivals"), "line"),
                *(LegendEntry(kind, name, "line") for kind, name in kinds.items()),
            ],
            panels=self._panels(panels.rates),
            table=self._table(
                [t("column.arriving"), *kinds.values()],
                lambda run, n: [
                    t.count(values[n] * run.series.step_s)
                    for values in (
                        run.series.arrivals,
                        *(getattr(run.series, kind) for kind in kinds),
                    )
                ],
            ),
        )

    def _latency(self, panels: PanelRenderer) -> Figure:
        t = self._texts
        return Figure(
            id="latency-time",
            title=t("chart.latency"),
            note=t("chart.latency.note"),
            legend=[
                LegendEntry("p99", t("chart.latency.p99"), "line"),
                LegendEntry("median", t("chart.latency.median"), "line"),
                LegendEntry("timeout", t("chart.latency.beyond")),
            ],
            panels=self._panels(panels.latency),
            table=self._table(
                [t("column.median"), "p99"],
                lambda run, n: [t.ms(run.series.median[n]), t.ms(run.series.p99[n])],
            ),
        )

    def _outcomes(self, panels: PanelRenderer) -> Figure:
        t = self._texts
        shown = [
            outcome
            for outcome in charts.STACKING_ORDER
            if any(run.summary.requests.count(outcome) for run in self._runs)
        ]
        names = [t.label("outcome", outcome.value) for outcome in shown]
        return Figure(
            id="outcomes",
            title=t("chart.outcomes"),
            note=t("chart.outcomes.note"),
            legend=[
                LegendEntry(outcome.value, name) for outcome, name in zip(shown, names, strict=True)
            ],
            panels=self._panels(panels.outcomes),
            table=self._table(
                names,
                lambda run, n: [
                    t.count(run.series.outcomes[outcome][n] * run.series.step_s)
                    for outcome in shown
                ],
            ),
        )

    def _panels(self, draw: Callable[[ChartedRun], str]) -> list[ChartPanel]:
        return [ChartPanel(run.title, Markup(draw(run))) for run in self._runs]  # noqa: S704

    def _table(
        self, names: Sequence[str], cells: Callable[[ChartedRun, int], Sequence[str]]
    ) -> DataTable:
        """Return a row for each step of time with the cells of both runs; dashes after a run's end."""
        t, step = self._texts, self._coarse[0].series.step_s
        runs = [HeaderCell(run.title, colspan=len(names)) for run in self._runs]
        headers = [
            [HeaderCell(t("column.time"), rowspan=2), *runs],
            [HeaderCell(name) for name in names] * len(self._runs),
        ]
        rows = list[DataRow]()
        for number in range(max(len(run.series) for run in self._coarse)):
            row = list[str]()
            for run in self._coarse:
                ended = number >= len(run.series)
                row += [t("value.none")] * len(names) if ended else cells(run, number)
            span = t("value.step", start=number * step, end=(number + 1) * step)
            rows.append(DataRow(span, [DataCell(text) for text in row]))
        return DataTable(headers, rows)

    def distribution(self) -> Figure:
        """Return how many of all requests were answered within which time."""
        t = self._texts
        timeout_ms = max(run.distribution.timeout_ms for run in self._runs)
        rows = [
            DataRow(
                f"≤ {t.short_latency(ms)}",
                [DataCell(t.share(_within(run.distribution, ms))) for run in self._runs],
            )
            for ms in (*(limit for limit in LIMITS_MS if limit < timeout_ms), timeout_ms)
        ]
        unanswered = [DataCell(t.share(1 - run.distribution.coverage)) for run in self._runs]
        titles = [HeaderCell(run.title) for run in self._runs]
        return Figure(
            id="distribution",
            title=t("chart.distribution"),
            note=t("chart.distribution.note"),
            legend=[
                LegendEntry(f"run-{run.summary.topology}", run.title, "line") for run in self._runs
            ],
            panels=[ChartPanel("", Markup(charts.distribution(self._runs, t)))],  # noqa: S704
            table=DataTable(
                [[HeaderCell(t("column.first-byte")), *titles]],
                [*rows, DataRow(t("chart.no-response"), unanswered)],
            ),
        )


def _charted(source: Source, step_s: int) -> ChartedRun:
    run, table = source.run, source.table
    series = figures.time_series(run, table, step_s)
    return ChartedRun(run, source.title, series, figures.distribution(run, table))


def _within(found: LatencyDistribution, ms: float) -> float:
    """Return the share of all requests that was answered within that time."""
    if ms >= found.timeout_ms:
        return found.coverage
    place = int(np.searchsorted(found.ms, ms, side="right"))
    return float(found.share[place - 1]) if place else 0.0
