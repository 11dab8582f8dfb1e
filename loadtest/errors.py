"""What can go wrong, and the exit code that tells it."""

from __future__ import annotations

EXIT_KEPT = 0
EXIT_BROKEN = 2
EXIT_INVALID = 3
EXIT_INFRASTRUCTURE = 4
EXIT_INTERRUPTED = 130


class LoadTestError(Exception):
    """Ends a command with one clear message. `exit_code` is what the process returns."""

    exit_code = EXIT_INFRASTRUCTURE


class OutputsError(LoadTestError):
    """The stack's outputs cannot be read or are not what the program promises."""


class ReleaseError(LoadTestError):
    """A deployment failed, or what it deployed does not answer."""


class GeneratorError(LoadTestError):
    """Artillery could not be started, crashed or hung."""


class ResultsError(LoadTestError):
    """A results directory or file is missing, broken or from another version."""


class ComparisonError(LoadTestError):
    """Two runs whose conditions differ, so that their difference would say nothing."""

    exit_code = EXIT_INVALID
