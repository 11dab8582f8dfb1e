"""A comparison of runs in a language: its table's cells, and the whole as Markdown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from loadtest.analysis.run_comparison import Change, Comparison, RunRef
from loadtest.messages.message import Message, msg
from loadtest.models import Percentile
from loadtest.reporting import markdown
from loadtest.reporting.texts import Texts

SIGNS: Final = {"better": "✅", "equivalent": "✅", "inconclusive": "❔", "worse": "❌"}
OUTCOMES: Final = {
    "better": msg("finding.better"),
    "worse": msg("finding.worse"),
    "equivalent": msg("finding.equivalent"),
    "inconclusive": msg("finding.inconclusive"),
}


def columns(texts: Texts) -> list[str]:
    """Return the heads of the table's columns."""
    ids = ("compare.change", "compare.interval", "compare.margin", "compare.outcome")
    return ["", "A", "B", *map(texts, ids)]


def title(compared: Comparison, texts: Texts) -> str:
    """Return the table's title."""
    return texts("compare.title", confidence=compared.confidence * 100)


def sides(compared: Comparison, texts: Texts) -> list[str]:
    """Return what A and B are, a line each."""
    return [
        texts("compare.side", side=side, runs=tuple(map(_run, runs)))
        for side, runs in (
            ("A", (compared.a, *compared.more_a)),
            ("B", (compared.b, *compared.more_b)),
        )
    ]


def cells(change: Change, texts: Texts) -> list[str]:
    """Return one row of the table."""
    margin = change.margin
    return [
        texts.render(change.metric),
        _figure(change, change.a, texts, at_least=change.a_at_least),
        _figure(change, change.b, texts, at_least=change.b_at_least),
        _difference(change, texts),
        _interval(change, texts),
        texts("compare.margin-value", margin=margin),
        texts.render(OUTCOMES[change.outcome]),
    ]


def conclusions(compared: Comparison, texts: Texts) -> list[str]:
    """Return what the table shows, in sentences."""
    return [" ".join(map(texts.render, compared.summary)), texts.render(compared.note)]


def render_markdown(compared: Comparison, texts: Texts) -> str:
    """Return the whole comparison, for a job summary or a pull request."""
    outcome = texts.render(OUTCOMES[compared.outcome])
    rows = [cells(change, texts) for change in compared.changes]
    parts: Sequence[str] = (
        f"## {SIGNS[compared.outcome]} {texts('compare.heading', outcome=outcome)}",
        markdown.bullets(sides(compared, texts)),
        markdown.table(columns(texts), rows),
        *map(markdown.escaped, conclusions(compared, texts)),
        f"<sub>{markdown.escaped(title(compared, texts))}</sub>",
    )
    return "\n\n".join(parts) + "\n"


def _run(run: RunRef) -> Message:
    versions = ", ".join(run.app_versions)
    if not versions:
        return msg("compare.run-unversioned", id=run.id, topology=run.topology)
    return msg("compare.run", id=run.id, topology=run.topology, versions=versions)


def _figure(change: Change, value: float | None, texts: Texts, *, at_least: bool) -> str:
    if value is None:
        return texts("value.none")
    if change.unit == "share":
        return texts.share(value)
    return texts.ms(Percentile(value_ms=value, at_least=at_least))


def _difference(change: Change, texts: Texts) -> str:
    if change.difference is None:
        return texts("value.none")
    text = _signed(change, change.difference, texts)
    if change.a_at_least or change.b_at_least:
        return f"{'≤' if change.a_at_least else '≥'} {text}"
    if change.unit == "ms" and change.a:
        text += f" ({texts('compare.percent', percent=change.difference / change.a * 100)})"
    return text


def _interval(change: Change, texts: Texts) -> str:
    match change.low, change.high:
        case None, None:
            return texts("compare.interval-unknown")
        case None, float(high):
            return texts("compare.interval-at-most", high=_signed(change, high, texts))
        case float(low), None:
            return texts("compare.interval-at-least", low=_signed(change, low, texts))
        case low, high:
            ends = _signed(change, low or 0.0, texts), _signed(change, high or 0.0, texts)
            text = texts("compare.interval-known", low=ends[0], high=ends[1])
            return text + _relative_interval(change, texts)


def _relative_interval(change: Change, texts: Texts) -> str:
    low, high = change.relative_low, change.relative_high
    if low is None or high is None:
        return ""
    ends = texts("compare.interval-percent", low=low * 100, high=high * 100)
    return f" ({ends})"


def _signed(change: Change, value: float, texts: Texts) -> str:
    if change.unit == "ms":
        return texts("compare.ms", ms=f"{value:+,.{1 if abs(value) < 100 else 0}f}")
    points = value * 100
    # Differences of rare failures live in the third digit.
    return texts("compare.points", points=f"{points:+.{1 if abs(points) >= 1 else 3}f}")
