"""Undoing what experiments left behind: at the next command, by the guard, or on request."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import psutil

from loadtest.errors import ExperimentError
from loadtest.experiments import ways_back
from loadtest.experiments.undo import (
    FaultJournal,
    Header,
    remove_unfinished,
    unfinished_journals,
)
from loadtest.stack.clients import Clients, answering, endpoint, is_local


@dataclass(frozen=True)
class Recovered:
    """What became of one journal."""

    id: str
    experiment: str
    put_back: list[str]
    left: list[str]
    running: bool = False
    """Whether somebody holds it, so that nothing was touched."""
    guarded: bool = False
    """Whether that is the guard: the experiment has ended, and is being put back."""
    stack: str = ""
    """The stack of a journal that somebody holds, if it says so."""
    elsewhere: bool = False
    """Whether its faults are in another place than where calls go, so that nothing was touched."""


def put_back(journal: FaultJournal) -> tuple[list[str], list[str]]:
    """Put everything of a journal back; returns what was put back, and what was not.

    Raises:
        ExperimentError: Calls would not go where the faults were caused.
    """
    if (why := _elsewhere(journal.path, journal.header)) is not None:
        raise ExperimentError(why)
    return ways_back.put_all_back(Clients(journal.header.region), journal)


def recover(results: Path) -> list[Recovered]:
    """Put back whatever experiments below `results` have left.

    What cannot be put back keeps no other journal from it; it is in `left`.
    """
    remove_unfinished(results)
    found = [_recovered(path) for path in unfinished_journals(results)]
    return [one for one in found if one is not None]


def before_another(results: Path, stack: str, print_line: Callable[[str], None]) -> None:
    """Put back what earlier experiments left. What is under way or left elsewhere disturbs nobody.

    Raises:
        ExperimentError: That cannot be done, or one is still under way on the stack of that name.
    """
    for left in recover(results):
        name = left.experiment or left.id
        if left.running and (left.elsewhere or (left.stack and left.stack != stack)):
            continue
        if left.guarded:
            raise ExperimentError(
                f"what experiment {left.id} left is being put back at this moment: try again in a minute"
            )
        if left.running:
            raise ExperimentError(f"experiment {left.id} is still under way: wait, or end it")
        for line in left.put_back:
            print_line(f"left by {name}, put back: {line}")
        if left.elsewhere:
            print_line(f"left by {name}, not put back: {left.left[0]}")
        elif left.left:
            raise ExperimentError(
                "left by an earlier experiment, and not put back: " + left.left[0]
            )


def _recovered(path: Path) -> Recovered | None:
    """Put one journal back; None if it is gone meanwhile."""
    try:
        journal = FaultJournal.take(path)
    except ExperimentError as error:
        return Recovered(path.stem, "", [], [str(error)])
    if journal is None:
        return _held(path) if path.exists() else None
    header = journal.header
    try:
        why = _elsewhere(path, header) if journal.to_put_back else None
        if why is not None:
            return Recovered(header.id, header.experiment, [], [why], elsewhere=True)
        done, left = put_back(journal) if journal.to_put_back else ([], [])
        return Recovered(header.id, header.experiment, done, [*left, *journal.unreadable])
    finally:
        journal.close()


def _held(path: Path) -> Recovered:
    """Return whose journal it is that somebody holds: the experiment's own, or its guard's."""
    header = FaultJournal.header_of(path)
    if header is None:
        return Recovered(path.stem, "", [], [], running=True)
    return Recovered(
        path.stem,
        header.experiment,
        [],
        [],
        running=True,
        guarded=not psutil.pid_exists(header.pid),
        stack=header.stack,
        elsewhere=_elsewhere(path, header) is not None,
    )


def _elsewhere(path: Path, header: Header) -> str | None:
    """Say that the faults are not where calls go; None if they are.

    Names are the same in every local region and every account: what is not there would seem to need
    nothing, and what is would be changed for nothing.
    """
    there, here = header.endpoint, endpoint()
    if is_local(there) or is_local(here):
        if is_local(there) and is_local(here) and _same(str(there), str(here)):
            return None
        place = f"the local region {there}" if is_local(there) else "AWS"
        remedy = (
            'run `eval "$(python -m region env)"` first, with that region running; if it is gone for '
            "good, remove the file"
            if is_local(there)
            else "unset AWS_ENDPOINT_URL, and give the account's credentials"
        )
        return f"{path}: the faults are in {place}, but calls go to {here or 'AWS'}; {remedy}"
    return _other_account(path, header)


def _same(one: str, other: str) -> bool:
    """Return whether two endpoints on this computer are the same: by their ports."""
    return urlsplit(one).port == urlsplit(other).port


def _other_account(path: Path, header: Header) -> str | None:
    if not header.account:
        return None
    try:
        account = account_of(Clients(header.region))
    except ExperimentError as error:
        return f"{path}: {error}"
    if account == header.account:
        return None
    return (
        f"{path}: the faults are in the AWS account {header.account}, but the credentials are of "
        f"{account}; give that account's"
    )


def account_of(clients: Clients) -> str:
    """Return the number of the account that calls go to.

    Raises:
        ExperimentError: There are no credentials, or nobody answers.
    """
    with answering():
        return str(clients["sts"].get_caller_identity()["Account"])
