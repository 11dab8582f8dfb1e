"""The command `recover-faults`: undo what killed experiments left behind."""

from __future__ import annotations

from rich.console import Console

from commandline.exit_codes import ExitCode
from loadtest.cli import output
from loadtest.experiments import recovery
from loadtest.runs import paths


def recover_faults_command() -> int:
    """Undo what killed experiments left behind, according to their journals on disk.

    It can be repeated. Changes by an experiment that is still running are left alone.

    Exit codes: 0 nothing is left, 4 something could not be undone, or an experiment is still running or
    being undone.

    Example: `python -m loadtest recover-faults`
    """
    found = recovery.recover(paths.base())
    lines = list[str]()
    for one in found:
        name = one.experiment or one.id
        if one.guarded:
            lines.append(
                f"{one.id}: its experiment has ended, and it is being put back at this moment"
            )
        elif one.running:
            lines.append(f"{one.id}: still under way; end it first")
        lines += [f"{name}: put back: {what}" for what in one.put_back]
        lines += [f"{name}: {what}" for what in one.left]
        if not (one.running or one.put_back or one.left):
            lines.append(f"{name}: nothing was left")
    output.show_lines(Console(), *(lines or ["no experiment has left anything"]))
    unfinished = any(one.running or one.left for one in found)
    return ExitCode.FAILURE if unfinished else ExitCode.SUCCESS
