"""The way back of every experiment: put back what still is to be put back, as its journal says."""

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
