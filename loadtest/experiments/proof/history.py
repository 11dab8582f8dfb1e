"""Which experiments passed at which commit: a line per proof, beside the proofs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from pydantic import ValidationError

from loadtest.errors import ResultsError
from loadtest.experiments.models import Outcome
from loadtest.experiments.proof.models import Proof
from loadtest.models import Record
from loadtest.runs.journal import Journal

FILE = "proof-history.ndjson"


class Passed(Record):
    """One proof: its verdict, and the outcome of each experiment by stack and name."""

    at: str
    commit: str | None
    outcome: Outcome
    experiments: dict[str, Outcome]

    def count(self, outcome: Outcome) -> int:
        """Return how many experiments had that outcome."""
        return sum(found == outcome for found in self.experiments.values())


def append(results: Path, proof: Proof) -> None:
    """Add a proof to the history below `results`.

    Raises:
        ResultsError: it cannot be written.
    """
    line = Passed(
        at=proof.generated_at,
        commit=proof.commit,
        outcome=proof.outcome,
        experiments={entry.key: entry.record.outcome for entry in proof.entries},
    )
    file = results / FILE
    try:
        with file.open("a", encoding="utf-8") as journal:
            journal.write(json.dumps(line.model_dump(mode="json"), ensure_ascii=False) + "\n")
    except OSError as error:
        raise ResultsError(f"cannot write {file}: {error.strerror}") from error


def read(results: Path) -> list[Passed]:
    """Return all proofs below `results`, oldest first; none without a history.

    An unfinished last line is skipped.

    Raises:
        ResultsError: a line is anything else.
    """
    file = results / FILE
    return list(_parsed(Journal(file))) if file.exists() else []


def _parsed(journal: Journal) -> Iterator[Passed]:
    for line in journal:
        try:
            yield Passed.model_validate_json(line)
        except ValidationError as error:
            raise ResultsError(
                f"{journal.path}, line {journal.lines}: not a proof ({error.errors()[0]['msg']}); "
                "remove the line"
            ) from error
