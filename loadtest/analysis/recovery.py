"""Turns a broken run (killed, disk full, file damaged) into one that every command can read."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from loadtest.analysis import run_loading
from loadtest.errors import ResultsError
from loadtest.models import RunSummary
from loadtest.runs import paths, recording
from loadtest.runs.journal import Journal, append, locate


def repair(directory: Path) -> RunSummary:
    """Write down what can be read of a broken run; the result is never valid.

    The replaced files stay beside the new ones, with `.broken` appended to their names.

    Raises:
        ResultsError: The directory contains no requests, or there is no room to write.
    """
    summary = run_loading.recover(directory)
    requests = locate(directory, paths.REQUESTS)
    if requests is None:
        raise ResultsError(f"{directory} contains no requests")
    journal = Journal(requests)
    lines = "".join(f"{line}\n" for line in _readable(journal))
    try:
        if journal.damage:
            requests.replace(requests.with_name(f"{requests.name}.broken"))
            append(directory / f"{paths.REQUESTS}.gz", lines)
        if (old := directory / paths.SUMMARY).exists():
            old.replace(old.with_name(f"{old.name}.broken"))
        (directory / paths.CREDENTIALS).unlink(missing_ok=True)
    except OSError as error:
        raise ResultsError(f"cannot repair {directory}: {error.strerror}") from error
    paths.save_summary(directory, summary)
    return summary


def _readable(journal: Journal) -> Iterator[str]:
    """Yield the lines that are requests, up to where the journal is damaged."""
    for line in journal:
        try:
            recording.parse_exchange(line)
        except ValueError as error:
            journal.stop(str(error))
            return
        yield line
