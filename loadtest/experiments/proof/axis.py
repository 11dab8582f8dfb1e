"""The timeline of one experiment as SVG: requests per second, healthy targets, and events."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from markupsafe import Markup

from loadtest.experiments.observations import Source, TimelineEvent
from loadtest.experiments.proof.models import Entry
from loadtest.messages.message import msg
from loadtest.messages.names import named
from loadtest.models import PerSecondCounts
from loadtest.reporting.html import svg
from loadtest.reporting.html.charts import TIME_STEPS_S
from loadtest.reporting.texts import Texts

LANES: tuple[Source, ...] = ("group", "target", "deployment", "alarm", "database")
LANE_HEIGHT = 22
USERS_HEIGHT = 170
BAR = 10
LEAST_WIDTH = 3.0
APART = 22.0
"""Between two numbers along the line of healthy targets: so wide is one on a narrow screen."""
TROUBLED = frozenset(
    {"unhealthy", "unused", "ALARM", "Failed", "Terminating", "not registered", "draining"}
)
"""States that are drawn in the color of failures."""


class _Band(NamedTuple):
    """The part of the picture that shows requests per second."""

    frame: svg.Frame
    y: svg.Linear
    x: svg.Linear
    most: int


def lanes(entry: Entry) -> list[Source]:
    """Return the lanes that have something to show."""
    events = entry.observed.events if entry.observed else []
    return [source for source in LANES if any(event.source == source for event in events)]


def draw(entry: Entry, texts: Texts) -> Markup | None:
    """Draw the axis; None where the load left nothing to draw."""
    series = whole_seconds(entry)
    if series is None or not series.good:
        return None
    shown = lanes(entry)
    frame = svg.Frame(
        width=720,
        height=26 + USERS_HEIGHT + LANE_HEIGHT * len(shown) + 34,
        left=136,
        right=12,
    )
    users_foot = frame.top + USERS_HEIGHT
    totals = [sum(counts) for counts in zip(series.good, series.slow, series.failed, strict=True)]
    most = svg.ceiling(max(totals))
    band = _Band(
        frame,
        svg.Linear(most, users_foot, frame.top),
        svg.Linear(_end_s(entry), frame.left, frame.x1),
        most,
    )
    drawn = [
        *_grid(band, texts),
        *_fault(entry, band, texts),
        *_users(series, band),
        *_healthy(entry, band),
        *(
            part
            for number, source in enumerate(shown)
            for part in _lane(entry, source, users_foot + LANE_HEIGHT * number, band, texts)
        ),
    ]
    title = texts(
        "proof-page.axis",
        experiment=msg("value.name", name=entry.record.experiment),
        stack=named("stack", entry.record.topology),
    )
    return Markup(svg.picture(f"axis-{entry.key}", frame, title, describe(entry, texts), drawn))  # noqa: S704


def describe(entry: Entry, texts: Texts) -> str:
    """Return the axis in words, for screen readers."""
    measured = entry.measured
    return texts(
        "proof-page.axis.description",
        seconds=_end_s(entry),
        failed=measured.failed if measured else sum(entry.series.failed if entry.series else []),
        events=len(entry.observed.events) if entry.observed else 0,
    )


def _end_s(entry: Entry) -> float:
    """Return where the axis ends: with the last answer, or the last look at the targets."""
    series = whole_seconds(entry)
    answers = float(len(series.good)) if series else 0.0
    looks = entry.observed.health if entry.observed else []
    return max(answers, entry.fault_until_s or 0.0, looks[-1].at_s if looks else 0.0, 1.0)


def whole_seconds(entry: Entry) -> PerSecondCounts | None:
    """Return the answers of the seconds that the experiment lasted to their end; None without a load.

    The load ends in the middle of one, which would look as if users had stayed away.
    """
    series, record = entry.series, entry.record
    if series is None or entry.load_began_ms is None:
        return series
    whole = max(1, int((record.finished_ms - entry.load_began_ms) / 1000))
    return PerSecondCounts(
        arrivals=series.arrivals[:whole],
        good=series.good[:whole],
        failed=series.failed[:whole],
        slow=series.slow[:whole],
    )


def _grid(band: _Band, texts: Texts) -> list[str]:
    frame, drawn = band.frame, list[str]()
    for value in range(0, band.most + 1, svg.round_step(band.most, 4)):
        drawn.append(svg.line(frame.left, band.y(value), frame.x1, band.y(value), "grid"))
        label = texts.count(value)
        drawn.append(svg.text(frame.left - 6, band.y(value) + 4, label, anchor="end"))
    step = next((s for s in TIME_STEPS_S if band.x.most / s <= 10), 14_400)
    for second in range(0, int(band.x.most * 0.98) + 1, step):
        at = band.x(second)
        drawn.append(svg.text(at, frame.y1 + 20, texts.seconds(second), anchor="middle"))
        drawn.append(svg.line(at, frame.top, at, frame.y1, "grid"))
    return drawn


def _fault(entry: Entry, band: _Band, texts: Texts) -> list[str]:
    """Shade the time from the fault to its end."""
    began = entry.fault_at_s
    if began is None:
        return []
    left = band.x(began)
    right = band.x(entry.fault_until_s) if entry.fault_until_s is not None else left
    foot = band.frame.y1 - band.frame.top
    return [
        svg.rect(left, band.frame.top, max(right - left, LEAST_WIDTH), foot, "fault"),
        svg.line(left, band.frame.top, left, band.frame.y1, "event"),
        svg.text(left + 4, band.frame.top - 8, texts("proof-page.fault"), "label"),
    ]


def _users(series: PerSecondCounts, band: _Band) -> list[str]:
    below = [0] * len(series.good)
    drawn: list[str] = []
    for kind, counts in (("good", series.good), ("slow", series.slow), ("failed", series.failed)):
        if not any(counts):
            continue
        above = [low + count for low, count in zip(below, counts, strict=True)]
        pattern = "" if kind == "good" else f"hatch-{kind}"
        drawn.append(svg.area(_steps(above, band), _steps(below, band), f"fill k-{kind}", pattern))
        below = above
    return drawn


def _steps(counts: Sequence[int], band: _Band) -> list[tuple[float, float]]:
    return [
        point
        for second, count in enumerate(counts)
        for point in ((band.x(second), band.y(count)), (band.x(second + 1), band.y(count)))
    ]


def _healthy(entry: Entry, band: _Band) -> list[str]:
    """Draw how many targets get requests, as a share of the height: all of them at the top.

    Their number is written where it changes, as the scale is that of the answers.
    """
    looks = entry.observed.health if entry.observed else []
    looks = [one for one in looks if one.at_s >= 0]
    most = max((one.healthy for one in looks), default=0)
    if not most:
        return []
    y = svg.Linear(most * 1.06, band.y.start, band.y.end)
    points: list[tuple[float, float]] = []
    numbers = list[str]()
    written, free = -1, -math.inf
    for one in looks:
        at = band.x(one.at_s)
        if points:
            points.append((at, points[-1][1]))
        points.append((at, y(one.healthy)))
        if one.healthy != written and at >= free:
            numbers.append(svg.text(at + 3, y(one.healthy) - 5, str(one.healthy), "label count"))
            written, free = one.healthy, at + APART
    return [svg.path(points, "line healthy"), *numbers]


def _lane(entry: Entry, source: Source, top: float, band: _Band, texts: Texts) -> list[str]:
    frame = band.frame
    name = texts.label("lane", source)
    drawn = [
        svg.line(frame.left, top, frame.x1, top, "grid"),
        svg.text(frame.left - 6, top + LANE_HEIGHT / 2 + 4, name, "label", "end"),
    ]
    observed = entry.observed
    events = observed.events if observed else []
    return drawn + [
        part
        for event in events
        if event.source == source and (event.until_s or event.at_s) >= 0
        for part in _mark(event, top, band)
    ]


def _mark(event: TimelineEvent, top: float, band: _Band) -> list[str]:
    left = band.x(event.at_s)
    right = band.x(event.until_s) if event.until_s is not None else left
    kind = "mark bad" if event.state in TROUBLED or event.detail == "Failed" else "mark"
    width = max(right - left, LEAST_WIDTH)
    return [svg.rect(left, top + (LANE_HEIGHT - BAR) / 2, width, BAR, kind)]
