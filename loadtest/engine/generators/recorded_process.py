"""A generator that prints its records: the process, and the recorder of its output."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from loadtest.engine.generators.base import Load
from loadtest.engine.generators.process import GeneratorProcess
from loadtest.engine.generators.recorder import Recorder


class RecordedProcess(GeneratorProcess):
    """A generator whose standard output is what `recorder.py` describes."""

    def __init__(
        self,
        command: Sequence[str],
        load: Load,
        variables: Mapping[str, str],
        *,
        log: str,
        title: str,
        remedy: str,
    ) -> None:
        """Start it in the run's directory and record what it prints.

        Raises:
            GeneratorError: It cannot be started; the message ends with the `remedy`.
        """
        self.recorder = Recorder(
            load.directory, load.profile, load.installation.cpus, self.usage, self.complain
        )
        super().__init__(command, load.directory, variables, log=log, title=title, remedy=remedy)
        self.recorder.start()

    @property
    def script_errors(self) -> Mapping[str, int]:
        """How the script itself failed users, and how many."""
        return self.recorder.script_errors

    def take(self, raw: bytes) -> bool:
        """Take a line of what it prints as a record; False if it belongs into the log."""
        return self.recorder.take(raw)

    def stop(self) -> None:
        """Stop it, and write what is left of its records."""
        super().stop()
        self.recorder.close()
