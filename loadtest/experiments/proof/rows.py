"""The table of experiments, in the page's language: one row per experiment and stack."""

from __future__ import annotations

from typing import NamedTuple

from loadtest.experiments.prediction import Agreement, Span
from loadtest.experiments.proof.models import Comparison, Entry, Proof, slug
from loadtest.messages.message import Message, msg
from loadtest.reporting.texts import Texts

SHARE = "prediction.bad-share"


class Row(NamedTuple):
    """A row of the table; the first cell is its name."""

    name: str
    cells: list[str]


def columns(texts: Texts) -> list[str]:
    """Return the names of the columns."""
    return [
        texts("proof-page.experiment"),
        texts("column.stack"),
        texts("proof-page.outcome"),
        texts("proof-page.because"),
        texts("prediction.detection"),
        texts("prediction.recovery"),
        texts("proof-page.bad-requests"),
        texts("proof-page.budget"),
    ]


def rows(proof: Proof, texts: Texts) -> list[Row]:
    """Return a row per entry."""
    return [_row(entry, texts) for entry in proof.entries]


def _row(entry: Entry, t: Texts) -> Row:
    record, measured = entry.record, entry.measured
    nothing = t("value.none")
    cells = [
        t.label("stack", record.topology),
        t(f"survival.{slug(record.outcome)}"),
        nothing if record.survived_by_itself else ", ".join(record.because) or nothing,
        t.render(detected(entry)),
        t.render(recovered(entry)),
        t.render(bad(entry)),
        nothing if measured is None else t("proof-page.minutes", minutes=measured.budget_minutes),
    ]
    return Row(title(entry, t), cells)


def title(entry: Entry, texts: Texts) -> str:
    """Return what an experiment is called, with its number where it ran more than once."""
    found = texts.experiment(entry.record.experiment, entry.record.title)
    return found if entry.number == 1 else f"{found} ({entry.number})"


def bad(entry: Entry) -> Message:
    """Say how many requests were bad."""
    found = entry.measured
    if found is None:
        return msg("value.none")
    return msg("proof-page.bad-of", bad=found.bad, requests=found.requests)


def detected(entry: Entry) -> Message:
    """Say when the fault was noticed, beside the prediction."""
    return beside(entry.measured and entry.measured.detection_s, _compared(entry, "detection"))


def recovered(entry: Entry) -> Message:
    """Say when all was as before, beside the prediction; or that the experiment did not wait for that."""
    if not entry.record.awaits_replacement:
        return msg("proof-page.not-awaited")
    return beside(entry.measured and entry.measured.recovery_s, _compared(entry, "recovery"))


def _compared(entry: Entry, figure: str) -> Comparison | None:
    name = f"prediction.{figure}"
    return next((one for one in entry.comparisons if one.name.id == name), None)


def beside(measured_s: float | None, found: Comparison | None) -> Message:
    """Return what was measured with what was predicted, and whether they agree."""
    value = msg("value.none") if measured_s is None else seconds(measured_s)
    if found is None:
        return value
    return msg(
        "prediction.beside",
        measured=value,
        predicted=spanned(found.agreement.predicted, share=False),
        within=within(found.agreement),
    )


def seconds(value: float) -> Message:
    """Return a measured time."""
    return msg("value.seconds-precise", seconds=value)


def within(agreement: Agreement) -> Message:
    """Say whether prediction and measurement agree."""
    return msg("prediction.within" if agreement.within else "prediction.off")


def spanned(span: Span, *, share: bool) -> Message:
    """Return a predicted span of seconds, or of shares."""
    if share:
        return msg("prediction.at-most", share=min(span.high, 1.0))
    if round(span.low, 1) == round(span.high, 1):
        return seconds(span.high)
    return msg("prediction.span", low=span.low, high=span.high)


def measured(comparison: Comparison) -> Message:
    """Return what was measured of a predicted figure."""
    value = comparison.agreement.measured_s
    if value is None:
        return msg("value.none")
    return msg("value.share", share=value) if comparison.name.id == SHARE else seconds(value)
