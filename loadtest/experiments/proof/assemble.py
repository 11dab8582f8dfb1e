"""From the directory of an experiment's load run to its entry in the proof."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from loadtest.analysis import run_loading
from loadtest.errors import ResultsError
from loadtest.experiments import measurement, models, observe, prediction
from loadtest.experiments.faults import Fault
from loadtest.experiments.measurement import Measurement
from loadtest.experiments.models import ExperimentRecord
from loadtest.experiments.prediction import Agreement, Estimate, Prediction
from loadtest.experiments.proof.models import Comparison, Entry, LeftOut, Proof, sentence, verdict
from loadtest.messages.message import Message, msg
from loadtest.messages.names import named
from loadtest.models import PerSecondCounts, RunSummary

SHARE_TOLERANCE = 0.02
"""A share of bad requests agrees within a quarter, or two percentage points."""


def proof(
    directories: Sequence[Path], commit: str | None = None, left_out: Sequence[LeftOut] = ()
) -> Proof:
    """Put the experiments of these run directories together, in their order.

    `left_out` are those that belong to it and were not run.

    Raises:
        ResultsError: one of them has no experiment, or a file that cannot be read.
    """
    entries = list(_numbered(entry(directory) for directory in directories))
    speeds = [one.observed.timing.speed for one in entries if one.observed]
    return Proof(
        generated_at=datetime.now(UTC).isoformat(timespec="seconds"),
        commit=commit,
        outcome=verdict(entries),
        sentence=sentence(entries),
        speed=speeds[0] if speeds else 1.0,
        entries=entries,
        left_out=list(left_out),
    )


def _numbered(entries: Iterable[Entry]) -> Iterator[Entry]:
    """Yield entries with their numbers among those of the same experiment and stack."""
    seen = Counter[str]()
    for one in entries:
        seen[one.key] += 1
        yield one.model_copy(update={"number": seen[one.key]})


def entry(directory: Path) -> Entry:
    """Read one experiment, measure it and hold it against its prediction.

    Raises:
        ResultsError: there is no experiment, or a file is broken.
    """
    record = models.load(directory)
    if record is None:
        raise ResultsError(
            f"{directory} has no {models.FILE}; run `python -m loadtest experiment run` first"
        )
    observed = observe.load(directory)
    summary = _summary(directory)
    if summary is None:
        return Entry(record=record, observed=observed)
    began_ms = summary.load_began_at.timestamp() * 1000
    found = Entry(
        record=record,
        observed=observed,
        series=_compact(summary.series),
        rate=summary.profile.peak_rate,
        load_began_ms=began_ms,
    )
    if observed is None or found.fault_at_s is None:
        return found
    fault = fault_of(record, found.fault_at_s)
    table = run_loading.load_requests(directory)
    steady = record.after is not None and record.after.met
    measured = measurement.measure(table, began_ms, fault, observed, steady=steady)
    predicted = prediction.predict(fault, observed.timing)
    if not record.awaits_replacement:
        measured = measured.model_copy(update={"recovery_s": None})
        predicted = predicted.model_copy(update={"recovery": None})
    return found.model_copy(
        update={
            "measured": measured,
            "predicted": predicted,
            "comparisons": compared(predicted, measured),
        }
    )


def _summary(directory: Path) -> RunSummary | None:
    """Return the load's summary; None where an experiment ended before its load began."""
    try:
        return run_loading.load_summary(directory)
    except ResultsError:
        return None


def _compact(series: PerSecondCounts) -> PerSecondCounts:
    """Return the same with `slow` in runs that did not record it."""
    return series.model_copy(update={"slow": series.slow or [0] * len(series.good)})


def fault_of(record: ExperimentRecord, at_s: float) -> Fault:
    """Return the fault of an experiment as predictions know it.

    It lasts until it ends by itself: that all was put back sooner is no reason why the stack recovered.
    """
    began = record.fault_began_ms
    until = record.fault_ended_ms if record.fault_until_ms is None else record.fault_until_ms
    zones = {target.zone for target in record.targets if target.zone}
    lasts = None if until is None or began is None else round((until - began) / 1000, 3)
    zone = zones.pop() if len(zones) == 1 else None
    hit = tuple(target.id for target in record.targets if target.kind == "instance")
    return Fault(record.kind, at_s, lasts, zone, hit)


def compared(predicted: Prediction, measured: Measurement) -> list[Comparison]:
    """Hold every predicted figure against what was measured of it."""
    found: list[Comparison] = []
    pairs: list[tuple[str, Estimate | None, float | None]] = [
        ("prediction.detection", predicted.detection, measured.detection_s),
        ("prediction.recovery", predicted.recovery, measured.recovery_s),
    ]
    for name, estimate, value in pairs:
        if estimate is not None:
            agreement = prediction.compare(estimate, value, measured.parts)
            why = explained(estimate, agreement, measured.parts)
            if agreement.within and name == "prediction.recovery":
                why = longest(estimate, agreement, measured.parts)
            found.append(Comparison(name=msg(name), agreement=agreement, explanation=why))
    if predicted.bad_share is not None and measured.bad_share is not None:
        span, value = predicted.bad_share, measured.bad_share
        most = span.high + max(SHARE_TOLERANCE, prediction.TOLERANCE_SHARE * span.high)
        agreement = Agreement(predicted=span, measured_s=value, within=value <= most)
        found.append(Comparison(name=msg("prediction.bad-share"), agreement=agreement))
    return found


def explained(
    estimate: Estimate, agreement: Agreement, parts: Mapping[str, float]
) -> Message | None:
    """Say which assumption was wrong; None where prediction and measurement agree."""
    if agreement.within:
        return None
    if agreement.measured_s is None:
        return msg("prediction.never")
    if agreement.wrong is None:
        return msg("prediction.unknown")
    span = next(part.span for part in estimate.parts if part.name == agreement.wrong)
    return msg(
        "prediction.wrong",
        assumption=named("assumption", agreement.wrong),
        low=span.low,
        high=span.high,
        measured=parts[agreement.wrong],
    )


def longest(estimate: Estimate, agreement: Agreement, parts: Mapping[str, float]) -> Message | None:
    """Say which part of a recovery took longest; None if fewer than two of its parts were measured."""
    known = {part.name: parts[part.name] for part in estimate.parts if part.name in parts}
    if len(known) < 2 or not agreement.measured_s:
        return None
    name = max(known, key=lambda one: known[one])
    return msg(
        "prediction.longest",
        assumption=named("assumption", name),
        measured=known[name],
        all=agreement.measured_s,
    )
