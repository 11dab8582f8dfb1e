"""Scales, axes and shapes of inline SVG: no script, no font, no network request.

Everything drawn gets its colors from classes of the page's style sheet, so that it follows dark
mode. Every text is escaped here.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from html import escape

from loadtest.load_record import PhaseRecord


@dataclass(frozen=True)
class Frame:
    """The plot's rectangle inside its picture, in the picture's units."""

    width: int = 520
    height: int = 250
    left: int = 68
    right: int = 10
    top: int = 26
    bottom: int = 34

    @property
    def x1(self) -> int:
        """Its right edge."""
        return self.width - self.right

    @property
    def y1(self) -> int:
        """Its lower edge."""
        return self.height - self.bottom


@dataclass(frozen=True)
class Linear:
    """Maps 0 to `most` to a range of pixels."""

    most: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        """Return pixels; values outside the scale are placed on its edge."""
        share = min(max(value / self.most, 0.0), 1.0)
        return round(self.start + (self.end - self.start) * share, 1)


@dataclass(frozen=True)
class Log:
    """Maps `least` to `most`, both above 0, to a range of pixels, logarithmically."""

    least: float
    most: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        """Return pixels; values outside the scale are placed on its edge."""
        share = math.log(max(value, self.least) / self.least) / math.log(self.most / self.least)
        return round(self.start + (self.end - self.start) * min(share, 1.0), 1)

    @property
    def decades(self) -> list[float]:
        """The powers of ten on the scale."""
        first, last = math.ceil(math.log10(self.least)), math.floor(math.log10(self.most) + 1e-9)
        return [10.0**n for n in range(first, last + 1)]


Scale = Callable[[float], float]


def round_step(extent: float, parts: int) -> int:
    """Return a round distance between grid lines (1, 2 or 5 of a power of ten), about `parts` of them."""
    raw = max(extent, 1) / parts
    power = 10 ** math.floor(math.log10(raw)) if raw > 1 else 1
    return next(int(f * power) for f in (1, 2, 5, 10) if f * power >= raw)


def ceiling(peak: float, parts: int = 4) -> int:
    """Return the round number at which an axis for values up to `peak` ends."""
    step = round_step(peak, parts)
    return max(math.ceil(peak / step), 1) * step


def round_floor(value: float) -> float:
    """Return the largest 1, 2 or 5 of a power of ten that does not exceed a positive value."""
    power = 10.0 ** math.floor(math.log10(value))
    # Just below a power of ten, its logarithm may be rounded up to a whole number: hence 0.5.
    return next(f * power for f in (5, 2, 1, 0.5) if f * power <= value)


def text(x: float, y: float, content: str, kind: str = "tick", anchor: str = "start") -> str:
    """Draw a label."""
    return (
        f'<text class="{kind}" x="{x:g}" y="{y:g}" text-anchor="{anchor}">{escape(content)}</text>'
    )


def rect(x: float, y: float, width: float, height: float, kind: str) -> str:
    """Draw a filled rectangle."""
    return (
        f'<rect class="{kind}" x="{x:g}" y="{y:g}" width="{max(width, 0):.4g}" '
        f'height="{max(height, 0):.4g}"/>'
    )


def hatched(x: float, y: float, width: float, height: float, pattern: str) -> str:
    """Draw a rectangle filled with a pattern of the page."""
    return (
        f'<rect fill="url(#{pattern})" x="{x:g}" y="{y:g}" width="{max(width, 0):.4g}" '
        f'height="{max(height, 0):.4g}"/>'
    )


def line(x0: float, y0: float, x1: float, y1: float, kind: str) -> str:
    """Draw a straight line."""
    return f'<line class="{kind}" x1="{x0:g}" y1="{y0:g}" x2="{x1:g}" y2="{y1:g}"/>'


def path(points: Iterable[tuple[float, float]], kind: str) -> str:
    """Draw a polyline; nothing if there are no points."""
    drawn = " ".join(f"{x:g},{y:g}" for x, y in points)
    return f'<polyline class="{kind}" points="{drawn}"/>' if drawn else ""


def area(upper: Sequence[tuple[float, float]], lower: Sequence[tuple[float, float]],
         kind: str, pattern: str = "") -> str:  # fmt: skip
    """Draw the surface between two lines, with a pattern over it for readers who do not see colors."""
    drawn = " ".join(f"{x:g},{y:g}" for x, y in (*upper, *reversed(lower)))
    if not drawn:
        return ""
    over = f'<polygon fill="url(#{pattern})" points="{drawn}"/>' if pattern else ""
    return f'<polygon class="{kind}" points="{drawn}"/>{over}'


def picture(name: str, frame: Frame, title: str, description: str, content: Iterable[str]) -> str:
    """Return the `<svg>` element with its description for screen readers. `name` is its id."""
    return (
        f'<svg class="chart" id="{name}" viewBox="0 0 {frame.width} {frame.height}" role="img" '
        f'tabindex="0" aria-labelledby="{name}-title" aria-describedby="{name}-desc">'
        f'<title id="{name}-title">{escape(title)}</title>'
        f'<desc id="{name}-desc">{escape(description)}</desc>{"".join(content)}</svg>'
    )


def phases(recorded: Sequence[PhaseRecord], frame: Frame, x: Scale, after: str) -> list[str]:
    """Shade the phases of the load and label those with enough room; `after` labels what follows."""
    drawn = list[str]()
    ends = [*((p.name, p.start_s, p.start_s + p.duration_s) for p in recorded)]
    last = max((end for _, _, end in ends), default=0.0)
    for number, (name, start, end) in enumerate(ends):
        left, right = x(start), x(end)
        drawn.append(rect(left, frame.top, right - left, frame.y1 - frame.top, f"p{number % 2}"))
        drawn += _named(name, left, right, frame)
    return [*drawn, *_named(after, x(last), frame.x1, frame)]


def _named(name: str, left: float, right: float, frame: Frame) -> list[str]:
    # On a phone the letters are about nine units wide; Korean ones twice as wide.
    wide = sum(16 if ord(letter) > 0x1100 else 9 for letter in name)
    return [text(left + 3, frame.top - 8, name, "label")] if wide < right - left else []


def mark(frame: Frame, x: float, name: str) -> list[str]:
    """Mark an event: a line with its number in a tab at the foot."""
    middle = min(max(x, frame.left + 9), frame.x1 - 9)
    return [
        line(x, frame.top, x, frame.y1, "event"),
        rect(middle - 9, frame.y1 - 18, 18, 18, "tab"),
        text(middle, frame.y1 - 4, name, "tabname", "middle"),
    ]
