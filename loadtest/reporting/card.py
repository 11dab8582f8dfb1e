"""An SVG card of 1200 by 630: both figures and the sentence, for a README or a blog post."""

from __future__ import annotations

from loadtest.models import RunSummary
from loadtest.reporting.html import charts
from loadtest.reporting.html.page import BADGES, TITLES, environment
from loadtest.reporting.texts import Texts
from loadtest.reporting.two_runs import Report

WIDTH = 1056
"""Pixels between the margins."""
BAR = 456
COLUMNS = {"single": 72, "ha": 672}
SIZES = (47, 44, 40, 36, 32)
"""Letter heights to try for the sentence, in pixels."""
LINES = 3


def render(report: Report, texts: Texts) -> str:
    """The card. It needs nothing but itself and follows dark mode."""
    published = report.published
    sentence = texts.told(report.headline.sentence)
    size, lines = _fitted(sentence)
    arms = [
        _arm(run, told.failed_user_share, texts)
        for run, told in ((report.single, published.single), (report.ha, published.ha))
    ]
    return (
        environment()
        .get_template("card.svg.j2")
        .render(
            texts=texts,
            outcome=report.headline.outcome,
            badge=texts.told(BADGES[report.headline.outcome]),
            sentence=sentence,
            description="; ".join(
                f"{arm['title']}: {arm['failed']} {arm['what']}, {arm['published']}" for arm in arms
            ),
            size=size,
            lines=lines,
            arms=arms,
            foot=f"haproof · {texts.told(report.ha.profile.description)}",
        )
        + "\n"
    )


def _arm(run: RunSummary, published: float, texts: Texts) -> dict[str, object]:
    return {
        "x": COLUMNS[run.topology],
        "title": texts.told(TITLES[run.topology]),
        "failed": texts.share(run.users.failed_share),
        "tone": "broken" if run.users.failed else "kept",
        "what": texts.say("of the users failed"),
        "published": texts.say("published: {value}", value=texts.share(published)),
        "parts": _parts(run),
    }


def _parts(run: RunSummary) -> list[dict[str, str]]:
    return [
        {"kind": p.outcome.value, "x": f"{p.start:.1f}", "width": f"{max(p.size - 2, 1):.1f}"}
        for p in charts.stretches(run, BAR, least=4)
    ]


def _fitted(sentence: str) -> tuple[int, list[str]]:
    """The largest letters with which the sentence fits, and its lines."""
    for size in SIZES:
        if len(lines := wrapped(sentence, size, WIDTH)) <= LINES:
            return size, lines
    lines = wrapped(sentence, SIZES[-1], WIDTH - SIZES[-1])
    return SIZES[-1], [*lines[: LINES - 1], lines[LINES - 1] + " …"]


def wrapped(text: str, size: float, width: float) -> list[str]:
    """Breaks a text at spaces into lines of at most `width` pixels, by estimated letter widths."""
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if lines[-1] and _width(longer, size) > width:
            lines.append(word)
        else:
            lines[-1] = longer
    return lines


def _width(text: str, size: float) -> float:
    # No font is at hand: bold Latin letters of the widest fonts in use, and square Korean ones.
    return size * sum(1.0 if ord(c) > 0x1100 else 0.35 if c in " .,:;il" else 0.64 for c in text)
