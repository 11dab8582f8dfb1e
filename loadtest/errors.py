"""What can go wrong in a load test."""

from __future__ import annotations

from collections.abc import Sequence

from commandline.errors import UserError
from commandline.exit_codes import ExitCode


class LoadTestError(UserError):
    """Base of every error this package raises on purpose."""


class OutputsError(LoadTestError):
    """The stack's outputs cannot be read or are not what the program promises."""


class ReleaseError(LoadTestError):
    """A deployment failed, or what it deployed does not answer."""


class GeneratorError(LoadTestError):
    """Artillery could not be started, crashed or hung."""


class TurnError(LoadTestError):
    """A load test that was to wait for its turn cannot, or was not given it."""


class ResultsError(LoadTestError):
    """A results directory or file is missing, damaged or from another version."""


class ComparisonError(LoadTestError):
    """Two runs whose conditions differ, so that their difference would prove nothing."""

    exit_code = ExitCode.NO_VERDICT


class ExperimentError(LoadTestError):
    """An experiment that cannot be read, or that may not touch what it was to touch."""


class ExperimentFormError(ExperimentError):
    """Something in an experiment's file is wrong, at `location`: keys and indices from its root."""

    def __init__(self, text: str, location: Sequence[str | int] = ()) -> None:
        super().__init__(text)
        self.location = tuple(location)
