"""The experiments on the HA stack, for the report on the two loads."""

from __future__ import annotations

from loadtest.experiments.proof import rows
from loadtest.experiments.proof.models import Entry, Proof, slug
from loadtest.messages.names import named
from loadtest.reporting.experiments import ExperimentRow


def of(proof: Proof) -> list[ExperimentRow]:
    """Return a row for each experiment on the HA stack."""
    return [_row(entry) for entry in proof.entries if entry.promised]


def _row(entry: Entry) -> ExperimentRow:
    record = entry.record
    return ExperimentRow(
        experiment=record.experiment,
        title=record.title,
        outcome=record.outcome,
        because=record.because,
        cells=[
            named("survival", slug(record.outcome)),
            rows.detected(entry),
            rows.recovered(entry),
            rows.bad(entry),
        ],
    )
