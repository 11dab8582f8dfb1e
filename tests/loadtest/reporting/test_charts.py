"""Charts as drawn: inside their frames, on the same axes, with the same numbers as their tables."""

from __future__ import annotations

import itertools
import re
from dataclasses import replace
from typing import Any
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loadtest.messages.catalogue import LANGUAGES
from loadtest.models import Percentile, RunSummary
from loadtest.outcomes import Outcome
from loadtest.reporting.html import charts, svg
from loadtest.reporting.html.charts import Axes, ChartedRun, PanelRenderer
from loadtest.reporting.html.figures import TimeSeries
from loadtest.reporting.html.plots import Plots, Source
from loadtest.reporting.texts import Texts

FRAME = svg.Frame()


@pytest.fixture(scope="module")
def run(story: Any) -> RunSummary:
    return story.report.single


def points(drawn: str) -> list[tuple[float, float]]:
    pairs = re.findall(r'points="([^"]*)"', drawn)
    return [tuple(map(float, p.split(","))) for group in pairs for p in group.split()]


def corners(drawn: str) -> list[tuple[float, float]]:
    found = []
    for tag in re.findall(r"<rect [^>]*>", drawn):
        at = {k: float(v) for k, v in re.findall(r'\b(x|y|width|height)="([^"]*)"', tag)}
        found += [(at["x"], at["y"]), (at["x"] + at["width"], at["y"] + at["height"])]
    return found


@st.composite
def time_series(draw: st.DrawFn) -> TimeSeries:
    size = draw(st.integers(1, 30))

    def rates() -> Any:
        return np.array(draw(st.lists(st.floats(0, 10**5), min_size=size, max_size=size)))

    levels = st.one_of(
        st.none(),
        st.just(Percentile(value_ms=10_000, at_least=True)),
        st.floats(0.01, 9_999).map(lambda v: Percentile(value_ms=v)),
    )
    p99 = draw(st.lists(levels, min_size=size, max_size=size))
    return TimeSeries(
        step_s=draw(st.sampled_from((1, 5, 60))),
        arrivals=rates(),
        outcomes={outcome: rates() for outcome in Outcome},
        median=p99,
        p99=p99,
    )


@settings(deadline=None, max_examples=60)
@given(time_series(), time_series())
def test_everything_is_drawn_inside_its_frame(run: RunSummary, one: TimeSeries, other: TimeSeries):
    axes = Axes.of(one, other, timeout_ms=10_000)
    panels = PanelRenderer(axes, Texts("en"))
    for series in (one, other):
        charted = ChartedRun(run, "<Single>", series, None)
        for drawn in (panels.rates(charted), panels.latency(charted), panels.outcomes(charted)):
            ET.fromstring(drawn)
            for x, y in [*points(drawn), *corners(drawn)]:
                assert FRAME.left - 0.2 <= x <= FRAME.x1 + 0.2
                assert FRAME.top - 0.2 <= y <= FRAME.y1 + 0.2


@settings(deadline=None, max_examples=60)
@given(time_series())
def test_the_stack_is_as_high_as_its_sum(run: RunSummary, series: TimeSeries):
    axes = Axes.of(series, timeout_ms=10_000)
    drawn = PanelRenderer(axes, Texts("en")).outcomes(ChartedRun(run, "s", series, None))
    total = np.sum(list(series.outcomes.values()), axis=0)
    y = svg.Linear(axes.requests, FRAME.y1, FRAME.top)
    if total.any():
        assert min(level for _, level in points(drawn)) == pytest.approx(y(total.max()), abs=0.2)


@settings(deadline=None, max_examples=60)
@given(time_series())
def test_the_band_beyond_the_timeout_covers_what_is_not_known(run: RunSummary, series: TimeSeries):
    axes = Axes.of(series, timeout_ms=10_000)
    drawn = PanelRenderer(axes, Texts("en")).latency(ChartedRun(run, "s", series, None))
    bands = re.findall(r'<rect class="fill s-timeout" x="([^"]*)" y="[^"]*" width="([^"]*)"', drawn)
    covered = sum(float(width) for _, width in bands)
    beyond = sum(p is not None and p.at_least for p in series.p99) * series.step_s
    scale = (FRAME.x1 - FRAME.left) / axes.seconds
    assert covered == pytest.approx(beyond * scale, abs=0.2 * max(len(bands), 1))


def test_both_panels_share_their_axes(story: Any):
    sources = [
        Source(run, rows, run.topology)
        for run, rows in (
            (story.report.single, story.evidence.single), (story.report.ha, story.evidence.ha),
        )
    ]  # fmt: skip
    for language in LANGUAGES:
        plots = Plots(sources, Texts(language))
        for figure in plots.over_time():
            ticks = [
                re.findall(r'<text class="tick"[^>]*>[^<]*</text>', p.svg) for p in figure.panels
            ]
            assert len(figure.panels) == 2
            assert ticks[0] == ticks[1]
            assert len(ticks[0]) >= 6
            shades = [re.findall(r'<rect class="p\d"[^>]*>', p.svg) for p in figure.panels]
            assert shades[0] == shades[1]
            assert len(shades[0]) == 2
            widths = {len(row.cells) for row in figure.table.rows}
            assert widths == {sum(head.colspan for head in figure.table.headers[0][1:])}


def test_the_tables_have_the_same_numbers(story: Any):
    source = Source(story.report.single, story.evidence.single, "single")
    rates, _, outcomes = Plots([source, source], Texts("en")).over_time()
    counted = story.report.single.requests

    def column(figure: Any, n: int) -> int:
        return sum(int(row.cells[n].text.replace(",", "")) for row in figure.table.rows)

    assert column(rates, 0) == story.report.single.users.created
    assert column(rates, 1) == counted.count(Outcome.GOOD)
    shown = [outcome for outcome in charts.STACKING_ORDER if counted.count(outcome)]
    assert len(shown) >= 7
    assert [column(outcomes, n) for n in range(len(shown))] == [counted.count(o) for o in shown]
    assert len(rates.table.rows) <= 21


def test_what_was_never_answered_stays_open(story: Any):
    charted = [Plots([Source(run, rows, run.topology)] * 2, Texts("en"))._runs[0]
            for run, rows in ((story.report.single, story.evidence.single),
                              (story.report.ha, story.evidence.ha))]  # fmt: skip
    drawn = charts.distribution(charted, Texts("en"))
    ET.fromstring(drawn)
    assert re.findall(r'class="line open run-(\w+)"', drawn) == ["single"]
    assert re.findall(r'class="dot run-(\w+)"', drawn) == ["ha"]
    nothing = replace(
        charted[0].distribution, ms=np.zeros(0), share=np.zeros(0), coverage=0.0, p99=None
    )
    empty = charts.distribution([replace(charted[0], distribution=nothing)], Texts("en"))
    assert "polyline" not in empty


@settings(deadline=None)
@given(st.floats(0.5, 10**7), st.integers(2, 8))
def test_axes_end_on_round_numbers_just_above(peak: float, parts: int):
    most, step = svg.ceiling(peak, parts), svg.round_step(peak, parts)
    assert most >= peak
    assert most % step == 0
    assert most - peak <= step
    assert str(step).rstrip("0") in {"1", "2", "5"}


@settings(deadline=None)
@given(st.floats(0.001, 10**6))
def test_a_round_floor_is_just_below(value: float):
    floor = svg.round_floor(value)
    assert floor <= value < floor * 2.5 * (1 + 1e-9)


@settings(deadline=None)
@given(st.lists(st.floats(0.01, 10**5), min_size=2), st.floats(0.01, 1), st.floats(10, 10**4))
def test_a_log_scale_keeps_the_order(values: list[float], least: float, most: float):
    scale = svg.Log(least, most, 0, 1000)
    placed = [scale(v) for v in sorted(values)]
    assert placed == sorted(placed)
    assert 0 <= placed[0] <= placed[-1] <= 1000
    assert all(least * 0.999 <= d <= most * 1.001 for d in scale.decades)


@settings(deadline=None)
@given(st.lists(st.integers(0, 10**6), min_size=len(Outcome), max_size=len(Outcome)))
def test_a_bar_is_filled_in_proportion(run: RunSummary, counts: list[int]):
    outcomes = dict(zip(Outcome, counts, strict=True))
    requests = run.requests.model_copy(update={"outcomes": outcomes, "total": sum(counts)})
    parts = charts.bar_segments(run.model_copy(update={"requests": requests}), 100, least=1)
    assert {part.outcome: part.requests for part in parts} == {
        o: n for o, n in outcomes.items() if n
    }
    if parts:
        assert sum(part.size for part in parts) == pytest.approx(100)
        assert min(part.size for part in parts) > 0.9
    for before, after in itertools.pairwise(parts):
        assert before.start + before.size == pytest.approx(after.start)
