"""The page of the proof: its content, in the page's language. `proof.html.j2` is its form."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from loadtest.experiments.measurement import Measurement
from loadtest.experiments.models import ExperimentRecord
from loadtest.experiments.observations import TimelineEvent
from loadtest.experiments.proof import axis, rows
from loadtest.experiments.proof.models import Entry, Proof, slug
from loadtest.messages.message import Message, msg
from loadtest.messages.names import named
from loadtest.reporting.html.page_links import PageLink
from loadtest.reporting.html.tables import (
    DataCell,
    DataRow,
    DataTable,
    HeaderCell,
    LegendEntry,
    TextColumn,
    TextRow,
    TextTable,
)
from loadtest.reporting.templating import environment
from loadtest.reporting.texts import Texts

TONES = {"survived": "kept", "not survived": "broken", "not shown": "undecided"}
"""The classes of the style sheet that color an outcome."""


def render(proof: Proof, texts: Texts, other: PageLink | None = None) -> str:
    """Return the page. Everything it needs is in it; text from results is escaped."""
    return (
        environment()
        .get_template("proof.html.j2")
        .render(
            t=texts,
            other=other,
            written=texts.moment(datetime.fromisoformat(proof.generated_at)),
            tone=TONES[proof.outcome],
            badge=texts(f"survival.{slug(proof.outcome)}"),
            sentence=texts.render(proof.sentence),
            clock=_clock(proof, texts),
            notes=[
                texts.render(one)
                for one in (*_rates(proof), *proof.repeated, *proof.left_out_messages)
            ],
            table=_table(proof, texts),
            entries=[_entry(entry, texts) for entry in proof.entries],
            commit=proof.commit,
        )
    )


def _clock(proof: Proof, t: Texts) -> str:
    """Say how well the clocks agree, and how fast AWS's periods pass here."""
    clocks = [one.observed.clock for one in proof.entries if one.observed]
    measured = [clock for clock in clocks if clock.samples]
    worst = max((abs(clock.estimate_s) for clock in measured), default=0.0)
    unsure = max((clock.uncertainty_s for clock in measured), default=0.0)
    said = t("proof-page.clock", offset=worst, uncertainty=unsure) if measured else ""
    fast = t("proof-page.speed", speed=proof.speed) if proof.speed != 1 else ""
    return " ".join(filter(None, (said, fast)))


def _rates(proof: Proof) -> list[Message]:
    """Say how many users arrived on each stack, where these are not the same."""
    found = {entry.record.topology: entry.rate for entry in proof.entries if entry.rate is not None}
    if len(set(found.values())) < 2:
        return []
    return [msg("proof-page.rates", ha=found["ha"], single=found["single"])]


def _table(proof: Proof, t: Texts) -> TextTable:
    columns = [TextColumn(name) for name in rows.columns(t)]
    return TextTable(columns, [TextRow(row.name, row.cells) for row in rows.rows(proof, t)])


def _entry(entry: Entry, t: Texts) -> dict[str, Any]:
    record = entry.record
    return {
        "key": entry.key,
        "title": rows.title(entry, t),
        "stack": t.label("stack", f"{record.topology}.title"),
        "tone": TONES[record.outcome],
        "badge": t(f"survival.{slug(record.outcome)}"),
        "because": _because(entry, t),
        "reasons": [t.markup(reason) for reason in (*record.reasons, *_back(record))],
        "axis": axis.draw(entry, t),
        "legend": _legend(entry, t),
        "predictions": _predictions(entry, t),
        "explanations": [t.markup(one.explanation) for one in entry.comparisons if one.explanation],
        "events": _events(entry, t),
        "problems": entry.observed.problems if entry.observed else [],
        "run": record.run,
    }


def _back(record: ExperimentRecord) -> list[Message]:
    """Say when the steady state was back, and when it had to be; nothing where it was never off.

    Or that this was not awaited: then nobody looked at the fleet.
    """
    if not record.awaits_replacement:
        return [msg("proof-page.not-awaited.why")]
    took_s = record.recovery_measured_s
    if record.outcome != "survived" or not took_s:
        return []
    return [msg("proof-page.back", took=took_s, seconds=record.recovery_s)]


def _because(entry: Entry, t: Texts) -> str:
    """Name the controls that held, or the policies that would have refused the stack."""
    record = entry.record
    if not record.because:
        return ""
    names = tuple(msg("value.name", name=name) for name in record.because)
    match record.outcome:
        case "survived" if record.survived_by_itself:
            return t("proof-page.held-elsewhere-by", names=names)
        case "survived":
            return t("proof-page.held-by", names=names)
        case "not survived":
            return t("proof-page.refused-by", names=names)
        case "not shown":
            return t("proof-page.expected-by", names=names)


def _legend(entry: Entry, t: Texts) -> list[LegendEntry]:
    series = entry.series
    counts = {"good": series.good, "slow": series.slow, "failed": series.failed} if series else {}
    names = {
        "good": t("outcome.good"),
        "slow": t("outcome.slow"),
        "failed": t("proof-page.failed"),
    }
    shown = [LegendEntry(f"k-{kind}", names[kind]) for kind, n in counts.items() if any(n)]
    if entry.observed and entry.observed.health:
        shown.append(LegendEntry("healthy", t("proof-page.healthy"), "line"))
    return shown


def _predictions(entry: Entry, t: Texts) -> TextTable | None:
    """Return predicted beside measured, then what is only measured; None without any figure."""
    if entry.measured is None:
        return None
    names = ("column.figure", "prediction.predicted", "prediction.measured")
    columns = [TextColumn(t(name)) for name in names]
    columns.append(TextColumn(t("prediction.agreement")))
    found = [
        TextRow(
            t.markup(one.name),
            [
                t.render(rows.spanned(one.agreement.predicted, share=one.name.id == rows.SHARE)),
                t.render(rows.measured(one)),
                t("prediction.yes") if one.agreement.within else t("prediction.no"),
            ],
        )
        for one in entry.comparisons
    ]
    return TextTable(columns, [*found, *_only_measured(entry.measured, t)])


def _only_measured(found: Measurement, t: Texts) -> list[TextRow]:
    nothing = t("value.none")
    first = nothing if found.first_good_s is None else _moment(found.first_good_s, t)
    bad = t("proof-page.bad-of", bad=found.bad, requests=found.requests)
    budget = t("proof-page.minutes", minutes=found.budget_minutes)
    return [
        TextRow(t("proof-page.first-good"), [nothing, first, nothing]),
        TextRow(t("proof-page.bad-requests"), [nothing, bad, nothing]),
        TextRow(t("proof-page.budget"), [nothing, budget, nothing]),
    ]


def _events(entry: Entry, t: Texts) -> DataTable | None:
    events = entry.observed.events if entry.observed else []
    if not events:
        return None
    names = (
        ("column.from", ""),
        ("column.to", ""),
        ("proof-page.part", "text"),
        ("column.name", "text"),
        ("proof-page.state", "text"),
        ("column.zone", "text"),
        ("column.detail", "text"),
    )
    headers = [[HeaderCell(t(name), kind) for name, kind in names]]
    return DataTable(headers, [_event(event, t) for event in events])


def _event(event: TimelineEvent, t: Texts) -> DataRow:
    until = t("value.none") if event.until_s is None else _moment(event.until_s, t)
    return DataRow(
        _moment(event.at_s, t),
        [
            DataCell(until),
            DataCell(t.render(named("lane", event.source)), "text"),
            DataCell(event.subject, "text"),
            DataCell(event.state, "text"),
            DataCell(event.zone or t("value.none"), "text"),
            DataCell(event.detail, "text"),
        ],
    )


def _moment(seconds: float, t: Texts) -> str:
    return t("value.seconds-precise", seconds=seconds)
