"""Putting back what experiments left: at the next command, by the guard, or on request."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from loadtest.errors import ExperimentError
from loadtest.experiments import ways_back
from loadtest.experiments.undo import FaultJournal, remove_unfinished, unfinished_journals
from loadtest.stack.clients import Clients, endpoint, is_local


@dataclass(frozen=True)
class Recovered:
    """What became of one journal."""

    id: str
    experiment: str
    put_back: list[str]
    left: list[str]
    running: bool = False
    """Whether its experiment is still under way, so that nothing was touched."""
    stack: str = ""
    """The stack of an experiment under way, if its journal says so."""


def put_back(journal: FaultJournal) -> tuple[list[str], list[str]]:
    """Put everything of a journal back; returns what was put back, and what was not.

    Raises:
        ExperimentError: Calls would not go where the faults were caused.
    """
    _require_same_place(journal)
    return ways_back.put_all_back(Clients(journal.header.region), journal)


def recover(results: Path) -> list[Recovered]:
    """Put back whatever experiments below `results` have left.

    Raises:
        ExperimentError: Calls would not go where the faults were caused.
    """
    found = list[Recovered]()
    remove_unfinished(results)
    for path in unfinished_journals(results):
        journal = FaultJournal.take(path)
        if journal is None:
            if path.exists():
                stack = FaultJournal.stack_of(path)
                found.append(Recovered(path.stem, "", [], [], running=True, stack=stack))
            continue
        try:
            done, left = put_back(journal) if journal.to_put_back else ([], [])
            left = [*left, *journal.unreadable]
            found.append(Recovered(journal.header.id, journal.header.experiment, done, left))
        finally:
            journal.close()
    return found


def _require_same_place(journal: FaultJournal) -> None:
    there, here = journal.header.endpoint, endpoint()
    if is_local(there) != is_local(here):
        place = "a local region" if is_local(there) else "AWS"
        remedy = (
            'run `eval "$(python -m region env)"` first, with the region running'
            if is_local(there)
            else "unset AWS_ENDPOINT_URL, and give the account's credentials"
        )
        raise ExperimentError(
            f"{journal.path}: the faults are in {place}, but calls go to {here or 'AWS'}; {remedy}"
        )
