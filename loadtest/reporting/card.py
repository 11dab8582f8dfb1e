"""An SVG card of 1200 by 630: both figures and the sentence, for a README or a blog post."""

from __future__ import annotations

from loadtest.analysis.price import StackPrice
from loadtest.models import RunSummary
from loadtest.reporting.evidence import Evidence
from loadtest.reporting.html import charts
from loadtest.reporting.stack_comparison import Report
from loadtest.reporting.templating import environment
from loadtest.reporting.texts import Texts

WIDTH = 1056
"""Pixels between the margins."""
BAR = 456
COLUMNS = {"single": 72, "ha": 672}
SIZES = (47, 44, 40, 36, 32)
"""Letter heights to try for the sentence, in pixels."""
LINES = 3


def render(report: Report, evidence: Evidence, texts: Texts) -> str:
    """Return the card. It needs nothing but itself and follows dark mode."""
    del evidence
    published = report.published
    sentence = texts.render(report.headline.sentence)
    size, lines = fitted(sentence)
    prices = report.price
    stacks = [
        _stack(run, figures.failed_user_share if report.beside_published else None, price, texts)
        for run, figures, price in (
            (report.single, published.single, prices and prices.single),
            (report.ha, published.ha, prices and prices.ha),
        )
    ]
    return (
        environment()
        .get_template("card.svg.j2")
        .render(
            t=texts,
            outcome=report.headline.outcome,
            badge=texts(f"verdict.{report.headline.outcome}"),
            sentence=sentence,
            description="; ".join(map(_described, stacks)),
            size=size,
            lines=lines,
            stacks=stacks,
            foot=f"haproof · {texts.render(report.ha.profile.description)}",
        )
        + "\n"
    )


def _stack(
    run: RunSummary, published: float | None, price: StackPrice | None, texts: Texts
) -> dict[str, object]:
    return {
        "x": COLUMNS[run.topology],
        "title": texts(f"stack.{run.topology}.title"),
        "failed": texts.share(run.users.failed_share),
        "tone": "broken" if run.users.failed else "kept",
        "what": texts("card.users-failed"),
        "published": ""
        if published is None
        else texts("card.published", value=texts.share(published)),
        "price": texts("card.price", amount=price.per_million, currency=price.currency)
        if price
        else "",
        "parts": _parts(run),
    }


def _described(stack: dict[str, object]) -> str:
    failed = f"{stack['title']}: {stack['failed']} {stack['what']}"
    return ", ".join(str(one) for one in (failed, stack["published"], stack["price"]) if one)


def _parts(run: RunSummary) -> list[dict[str, str]]:
    return [
        {"kind": p.outcome.value, "x": f"{p.start:.1f}", "width": f"{max(p.size - 2, 1):.1f}"}
        for p in charts.bar_segments(run, BAR, least=4)
    ]


def fitted(sentence: str) -> tuple[int, list[str]]:
    """Return the largest letter height with which the sentence fits, and its lines."""
    for size in SIZES:
        if len(lines := wrapped(sentence, size, WIDTH)) <= LINES:
            return size, lines
    lines = wrapped(sentence, SIZES[-1], WIDTH - SIZES[-1])
    return SIZES[-1], [*lines[: LINES - 1], lines[LINES - 1] + " …"]


def wrapped(text: str, size: float, width: float) -> list[str]:
    """Break a text at spaces into lines of at most `width` pixels, by estimated letter widths."""
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if lines[-1] and _width(longer, size) > width:
            lines.append(word)
        else:
            lines[-1] = longer
    return lines


def _width(text: str, size: float) -> float:
    # Without the font: bold Latin letters of the widest fonts in use, and square Korean ones.
    return size * sum(1.0 if ord(c) > 0x1100 else 0.35 if c in " .,:;il" else 0.64 for c in text)
