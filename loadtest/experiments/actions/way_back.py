"""The rollback of every experiment: undo what its journal still lists."""

from __future__ import annotations

from loadtest.errors import ExperimentError
from loadtest.experiments.session import current


def put_back() -> list[str]:
    """Put everything back; returns what was found changed.

    Raises:
        ExperimentError: Something could not be put back; it stays in the journal on disk.
    """
    session = current()
    session.put_all_back()
    if session.left:
        raise ExperimentError("; ".join(session.left))
    return session.reverted
