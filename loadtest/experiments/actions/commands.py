"""Runs scripts on instances with Run Command of Systems Manager."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from loadtest.errors import ExperimentError
from loadtest.experiments.session import Session
from loadtest.stack import run_command
from loadtest.stack.run_command import ANSWER_S, RunCommandError


def run(
    session: Session, instances: Sequence[str], script: str, timeout_s: float = ANSWER_S
) -> Mapping[str, str]:
    """Run a script as root on instances, wait for it, and return what it printed on each.

    Raises:
        ExperimentError: It failed on one of them, or did not end in time.
    """
    try:
        return run_command.run(session.clients["ssm"], instances, script, session.mark, timeout_s)
    except RunCommandError as error:
        raise ExperimentError(str(error)) from error
