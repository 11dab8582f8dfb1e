"""The charts of the page: two panels on equal axes for each kind of series, one distribution."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from loadtest.models import Percentile, RunSummary
from loadtest.outcomes import Outcome
from loadtest.reporting.html import svg
from loadtest.reporting.html.figures import Course, Curve, Floats
from loadtest.reporting.texts import Texts

TIME_STEPS_S = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200)
BEYOND = 20
"""Height of the band above the time-out, for what was slower than can be told."""

STACK = (
    Outcome.GOOD,
    Outcome.SLOW,
    Outcome.SERVER_ERROR,
    Outcome.TIMEOUT,
    Outcome.REFUSED,
    Outcome.RESET,
    Outcome.CLIENT_ERROR,
    Outcome.OTHER,
)
"""Outcomes from the bottom of a stack to its top."""


class Stretch(NamedTuple):
    """An outcome's part of a bar."""

    outcome: Outcome
    requests: int
    start: float
    size: float


def stretches(run: RunSummary, length: float, least: float) -> list[Stretch]:
    """A run's outcomes as parts of a bar; each that occurred has at least about that size."""
    counts = [(o, run.requests.count(o)) for o in STACK if run.requests.count(o)]
    sizes = [max(least, length * count / run.requests.total) for _, count in counts]
    found, start = list[Stretch](), 0.0
    for (outcome, count), size in zip(counts, sizes, strict=True):
        scaled = size * length / sum(sizes)
        found.append(Stretch(outcome, count, start, scaled))
        start += scaled
    return found


@dataclass(frozen=True)
class Arm:
    """One run as the charts need it."""

    run: RunSummary
    title: str
    course: Course
    curve: Curve


@dataclass(frozen=True)
class Axes:
    """What the panels of both arms share, so that the eye may compare them."""

    seconds: float
    users: int
    """Upper end of the axis for arrivals and answers, per second."""
    requests: int
    """Upper end of the axis for all outcomes together, per second."""
    least_ms: float
    timeout_ms: float

    @staticmethod
    def of(*courses: Course, timeout_ms: float) -> Axes:
        """The smallest round axes on which all courses fit."""
        lines = [values for c in courses for values in (c.arrivals, c.good, c.slow, c.failed)]
        totals = [c.good + c.slow + c.failed for c in courses]
        known = [p.value_ms for c in courses for p in (*c.median, *c.p99) if p]
        least = min([v for v in known if v > 0], default=1.0)
        return Axes(
            seconds=max((len(c) * c.step_s for c in courses), default=1) or 1,
            users=svg.ceiling(_peak(lines)),
            requests=svg.ceiling(_peak(totals)),
            least_ms=svg.round_floor(min(least, timeout_ms / 10)),
            timeout_ms=timeout_ms,
        )


def _peak(series: Sequence[Floats]) -> float:
    return max((float(values.max()) for values in series if len(values)), default=0.0)


class Panels:
    """Draws the panels of both arms on the same axes."""

    def __init__(self, axes: Axes, texts: Texts, frame: svg.Frame | None = None) -> None:
        self._axes = axes
        self._texts = texts
        self._frame = frame or svg.Frame()
        self._x = svg.Linear(axes.seconds, self._frame.left, self._frame.x1)

    def rates(self, arm: Arm) -> str:
        """Arrivals, good answers and failures per second."""
        course, t = arm.course, self._texts
        y = svg.Linear(self._axes.users, self._frame.y1, self._frame.top)
        base = self._line(np.zeros(len(course)), course, y)
        kinds = {"good": course.good, "slow": course.slow, "failed": course.failed}
        lines = {k: self._line(v, course, y) for k, v in kinds.items() if v.any()}
        washes = [
            svg.area(points, base, f"wash {kind}", "" if kind == "good" else f"hatch-{kind}")
            for kind, points in lines.items()
        ]
        drawn = [
            *self._ground(arm),
            *self._counts(self._axes.users, y),
            *washes,
            svg.path(self._line(course.arrivals, course, y), "line arrivals"),
            *(svg.path(points, f"line {kind}") for kind, points in lines.items()),
        ]
        description = t.say(
            "Per second: at most {users} users arriving, {good} requests answered well and {failed} "
            "failed.",
            users=t.count(_peak([course.arrivals])),
            good=t.count(_peak([course.good])),
            failed=t.count(_peak([course.failed])),
        )
        title = t.say("{arm}: arrivals and answers over time", arm=arm.title)
        return self._picture("rates", arm, title, description, drawn)

    def latency(self, arm: Arm) -> str:
        """Median and p99 of what began in each step; above the time-out, what is not known."""
        course, t, frame = arm.course, self._texts, self._frame
        limit = frame.top + BEYOND
        y = svg.Log(self._axes.least_ms, self._axes.timeout_ms, frame.y1, limit)
        drawn = [
            *self._ground(arm),
            *(
                part
                for ms in y.decades
                for part in (
                    svg.line(frame.left, y(ms), frame.x1, y(ms), "grid"),
                    svg.text(frame.left - 6, y(ms) + 4, self._ms(ms), anchor="end"),
                )
            ),
            svg.line(frame.left, limit, frame.x1, limit, "limit"),
            *self._beyond(course),
            *self._known(course.median, course, y, "line median"),
            *self._known(course.p99, course, y, "line p99"),
        ]
        beyond = sum(1 for p in course.p99 if p and p.at_least) * course.step_s
        worst = max((p.value_ms for p in course.p99 if p and not p.at_least), default=0.0)
        description = t.say(
            "p99 at most {worst} where it is known; at least {timeout} in steps of together {time}.",
            worst=self._ms(worst),
            timeout=self._ms(self._axes.timeout_ms),
            time=t.seconds(beyond),
        )
        title = t.say("{arm}: latency over time", arm=arm.title)
        return self._picture("latency", arm, title, description, drawn)

    def outcomes(self, arm: Arm) -> str:
        """All requests by what became of them, one class on top of the other."""
        course, t = arm.course, self._texts
        y = svg.Linear(self._axes.requests, self._frame.y1, self._frame.top)
        drawn = [*self._ground(arm), *self._counts(self._axes.requests, y)]
        below = np.zeros(len(course))
        for outcome in STACK:
            values = course.outcomes[outcome]
            if not values.any():
                continue
            above = below + values
            drawn.append(
                svg.area(
                    self._line(above, course, y),
                    self._line(below, course, y),
                    f"fill s-{outcome.value}",
                    "" if outcome is Outcome.GOOD else f"hatch-{outcome.value}",
                )
            )
            below = above
        total = arm.run.requests
        description = t.say(
            "Of {total} requests: {outcomes}.",
            total=t.count(total.total),
            outcomes=", ".join(
                f"{t.told(o.value)} {t.count(total.count(o))}" for o in STACK if total.count(o)
            ),
        )
        title = t.say("{arm}: outcomes over time", arm=arm.title)
        return self._picture("outcomes", arm, title, description, drawn)

    def _ground(self, arm: Arm) -> list[str]:
        t, frame = self._texts, self._frame
        step = next((s for s in TIME_STEPS_S if self._axes.seconds / s <= 6), 14400)
        ticks = [
            svg.text(self._x(second), frame.y1 + 22, t.seconds(second), anchor="middle")
            for second in range(0, int(self._axes.seconds * 0.97) + 1, step)
        ]
        named = [p.model_copy(update={"name": t.told(p.name)}) for p in arm.run.profile.phases]
        return [*svg.phases(named, frame, self._x, t.say("last answers")), *ticks]

    def _picture(self, kind: str, arm: Arm, title: str, description: str, drawn: list[str]) -> str:
        """The panel; what happened to the stack meanwhile lies on top of all else."""
        marks = [
            part
            for number, event in enumerate(arm.run.events, start=1)
            for part in svg.mark(self._frame, self._x(event.at_s), str(number))
        ]
        name = f"{kind}-{arm.run.topology}"
        return svg.picture(name, self._frame, title, description, [*drawn, *marks])

    def _counts(self, most: int, y: svg.Scale) -> list[str]:
        frame = self._frame
        return [
            part
            for value in range(0, most + 1, svg.round_step(most, 4))
            for part in (
                svg.line(frame.left, y(value), frame.x1, y(value), "grid"),
                svg.text(frame.left - 6, y(value) + 4, self._texts.count(value), anchor="end"),
            )
        ]

    def _middle(self, step: int, course: Course) -> float:
        return self._x((step + 0.5) * course.step_s)

    def _line(self, values: Floats, course: Course, y: svg.Scale) -> list[tuple[float, float]]:
        return [(self._middle(n, course), y(float(v))) for n, v in enumerate(values)]

    def _known(
        self, values: Sequence[Percentile | None], course: Course, y: svg.Scale, kind: str
    ) -> list[str]:
        """A line with gaps; a step between two gaps becomes a dot."""
        drawn, points = list[str](), list[tuple[float, float]]()
        for number, value in enumerate([*values, None]):
            if value is not None and not value.at_least:
                points.append((self._middle(number, course), y(value.value_ms)))
                continue
            if len(points) == 1:
                (x, level), half = points[0], self._x(course.step_s) - self._frame.left
                points = [(x - half / 2, level), (x + half / 2, level)]
            drawn.append(svg.path(points, kind))
            points = []
        return drawn

    def _beyond(self, course: Course) -> list[str]:
        """Marks the steps whose p99 is above the time-out, neighbours in one piece."""
        drawn, first = list[str](), None
        for number, value in enumerate([*course.p99, None]):
            censored = value is not None and value.at_least
            if censored and first is None:
                first = number
            elif not censored and first is not None:
                left, right = (self._x(n * course.step_s) for n in (first, number))
                top = (left, self._frame.top, right - left, BEYOND)
                drawn += [svg.rect(*top, "fill s-timeout"), svg.hatched(*top, "hatch-timeout")]
                first = None
        return drawn

    def _ms(self, ms: float) -> str:
        return duration(ms, self._texts)


def duration(ms: float, texts: Texts) -> str:
    """A latency in its shortest form: `20 ms`, `1.5 s`."""
    return texts.say("{n} s", n=f"{ms / 1000:,.3g}") if ms >= 1000 else f"{ms:,.3g} ms"


WIDE = svg.Frame(width=720, height=320, left=78, right=14, top=30, bottom=40)


def distribution(arms: Sequence[Arm], texts: Texts, frame: svg.Frame = WIDE) -> str:
    """Both arms' share of requests answered within a time; what was never answered stays open."""
    timeout_ms = max(arm.curve.timeout_ms for arm in arms)
    fastest = min((float(a.curve.ms[0]) for a in arms if len(a.curve.ms)), default=1.0)
    least = svg.round_floor(min(max(fastest, 0.1), timeout_ms / 10))
    # A fifth of the width lies beyond the time-out: there the curves end.
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
                svg.text(x(ms), frame.y1 + 24, duration(ms, texts), anchor="middle"),
            )
        ),
        svg.line(edge, frame.top, edge, frame.y1, "limit"),
        svg.text((edge + frame.x1) / 2, frame.top - 8, texts.say("no answer"), "label", "middle"),
        *(part for arm in arms for part in _curve(arm, x, y, frame)),
    ]
    description = " ".join(
        texts.say(
            "{arm}: {coverage} of the requests were answered within {timeout}; p99 of all {p99}.",
            arm=arm.title,
            coverage=texts.share(arm.curve.coverage),
            timeout=duration(arm.curve.timeout_ms, texts),
            p99=texts.ms(arm.curve.p99),
        )
        for arm in arms
    )
    title = texts.say("Share of all requests answered within a time")
    return svg.picture("distribution", frame, title, description, drawn)


def _curve(arm: Arm, x: svg.Scale, y: svg.Scale, frame: svg.Frame) -> list[str]:
    kind, found = arm.run.topology, arm.curve
    if not len(found.ms):
        return []
    points = [(x(float(m)), y(float(s))) for m, s in zip(found.ms, found.share, strict=True)]
    edge, level = x(found.timeout_ms), y(found.coverage)
    points = [(points[0][0], y(0)), *points, (edge, level)]
    drawn = [svg.path(points, f"line arm-{kind}")]
    if found.coverage < 1:
        drawn.append(svg.path([(edge, level), (frame.x1, level)], f"line open arm-{kind}"))
    if found.p99 and not found.p99.at_least:
        at = (x(found.p99.value_ms), y(0.99))
        drawn.append(f'<circle class="dot arm-{kind}" cx="{at[0]:g}" cy="{at[1]:g}" r="4.5"/>')
    return drawn
