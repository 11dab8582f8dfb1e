"""The exit codes of every command, as README.md lists them. Scripts and CI jobs depend on them."""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """How a command ended.

    Code 1 is not among them: Python itself ends with it after an unforeseen error, with a traceback.
    """

    SUCCESS = 0
    """Done. Where a promise was at stake: it was kept."""

    BROKEN_PROMISE = 2
    """A promise was broken, and nothing else went wrong.

    The promise is the service level objectives of a run, a baseline that no figure may be worse than
    (`compare --to-baseline`) or, in `rehearsal preview`, the mandatory policies: all say that the
    architecture is not what it claims to be.
    """

    NO_VERDICT = 3
    """The run shows neither that the promise was kept nor that it was broken.

    Either it is not valid (its figures do not add up, or the machine was too busy to measure), or it
    is valid and too short or too unsteady to tell. So are two runs that cannot be compared.
    """

    FAILURE = 4
    """Wrong usage, a missing tool, no running region, or something around the run failed."""

    INTERRUPTED = 130
    """Ctrl-C or SIGTERM; 128 + SIGINT, as shells report it."""
