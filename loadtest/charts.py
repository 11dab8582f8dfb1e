"""Time series as inline SVG: no script, no font, no request to any network."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from loadtest.models import PhaseRecord, Series

WIDTH, HEIGHT = 720, 250
LEFT, RIGHT, TOP, BOTTOM = 44, 10, 26, 34
LINES = (
    ("arrivals", "users arriving"),
    ("good", "requests answered"),
    ("failed", "requests failed"),
)
"""CSS class and name of each line, in the order in which they are drawn."""


@dataclass(frozen=True)
class Scale:
    """Axes that both charts share, so that the eye may compare them."""

    seconds: int
    peak: int

    @staticmethod
    def of(*series: Series) -> Scale:
        """The smallest round scale on which all series fit."""
        seconds = max((len(one.good) for one in series), default=0)
        peak = max((max(values, default=0) for one in series for values in _values(one)), default=0)
        step = _step(max(peak, 1), 5)
        return Scale(max(seconds, 1), -(-max(peak, 1) // step) * step)

    def x(self, second: float) -> float:
        """Pixels from the left for a time."""
        return round(LEFT + (WIDTH - LEFT - RIGHT) * min(second, self.seconds) / self.seconds, 1)

    def y(self, value: float) -> float:
        """Pixels from the top for a value."""
        return round(HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * value / self.peak, 1)


def _values(series: Series) -> tuple[list[int], list[int], list[int]]:
    return series.arrivals, series.good, series.failed


def _step(extent: int, parts: int) -> int:
    """A round distance of grid lines, so that about `parts` of them fit."""
    raw = extent / parts
    for power in (10**n for n in range(7)):
        for factor in (1, 2, 5):
            if factor * power >= raw:
                return factor * power
    return extent


def time_series(series: Series, phases: Sequence[PhaseRecord], scale: Scale, title: str) -> str:
    """One chart as an `<svg>` element; colours come from the page's style sheet."""
    title = escape(title)
    parts = [
        f'<svg class="chart" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{title}">',
        f"<title>{title}</title>",
        *_phases(phases, scale),
        *_grid(scale),
        *(_area(values, name, scale) for (name, _), values in _drawn(series) if name != "arrivals"),
        *(_line(values, name, scale) for (name, _), values in _drawn(series)),
        "</svg>",
    ]
    return "".join(parts)


def _drawn(series: Series) -> list[tuple[tuple[str, str], list[int]]]:
    return list(zip(LINES, _values(series), strict=True))


def _phases(phases: Sequence[PhaseRecord], scale: Scale) -> list[str]:
    drawn = list[str]()
    for number, phase in enumerate(phases):
        left, top = scale.x(phase.start_s), TOP - 8
        width = round(scale.x(phase.start_s + phase.duration_s) - left, 1)
        height = HEIGHT - TOP - BOTTOM
        drawn.append(
            f'<rect class="phase p{number % 2}" x="{left}" y="{TOP}" width="{width}" '
            f'height="{height}"/>'
            f'<text class="label" x="{left + 4}" y="{top}">{escape(phase.name)}</text>'
        )
    last = max((p.start_s + p.duration_s for p in phases), default=0)
    if scale.x(scale.seconds) - scale.x(last) > 70:
        drawn.append(
            f'<text class="label" x="{scale.x(last) + 4}" y="{TOP - 8}">last answers</text>'
        )
    return drawn


def _grid(scale: Scale) -> list[str]:
    bottom = HEIGHT - BOTTOM
    lines = [
        f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{scale.y(value)}" '
        f'y2="{scale.y(value)}"/><text class="tick" x="{LEFT - 6}" y="{scale.y(value) + 4}" '
        f'text-anchor="end">{value:,}</text>'
        for value in range(0, scale.peak + 1, _step(scale.peak, 5))
    ]
    seconds = _step(scale.seconds, 8)
    ticks = [
        f'<text class="tick" x="{scale.x(second)}" y="{bottom + 22}" '
        f'text-anchor="middle">{second} s</text>'
        for second in range(0, scale.seconds, seconds)
    ]
    return [*lines, *ticks]


def _points(values: Sequence[int], scale: Scale) -> str:
    # A second's count stands in its middle.
    return " ".join(f"{scale.x(s + 0.5)},{scale.y(value)}" for s, value in enumerate(values))


def _area(values: Sequence[int], name: str, scale: Scale) -> str:
    if not any(values):
        return ""
    start, end = scale.x(0.5), scale.x(len(values) - 0.5)
    base, points = scale.y(0), _points(values, scale)
    return f'<polygon class="area {name}" points="{start},{base} {points} {end},{base}"/>'


def _line(values: Sequence[int], name: str, scale: Scale) -> str:
    return (
        f'<polyline class="line {name}" points="{_points(values, scale)}"/>' if any(values) else ""
    )


def table(series: Series, scale: Scale) -> list[tuple[str, int, int, int]]:
    """The same numbers for those who read: totals over at most twenty stretches of time."""
    step = max(1, _step(scale.seconds, 20))
    return [
        (f"{start} to {min(start + step, scale.seconds)} s", *_sums(series, start, start + step))
        for start in range(0, scale.seconds, step)
    ]


def _sums(series: Series, start: int, end: int) -> tuple[int, int, int]:
    arrivals, good, failed = (sum(values[start:end]) for values in _values(series))
    return arrivals, good, failed
