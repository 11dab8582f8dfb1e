"""Locust as a load generator: found, given its locustfile and the planned visitors, and started."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path

from loadtest.engine.generators.base import Installation, Load, Running
from loadtest.engine.generators.locust import locustfile
from loadtest.engine.generators.portable import javascript_numbers, support
from loadtest.engine.generators.portable.translation import translate
from loadtest.engine.generators.portable.visitors import require_open, visitors, write_rows
from loadtest.engine.generators.process import GeneratorProcess, answer
from loadtest.engine.generators.recorded_process import RecordedProcess
from loadtest.errors import GeneratorError
from loadtest.runs import paths
from loadtest.scenario.scenario import Scenario
from loadtest.yaml_positions import Problem

LOCUSTFILE = "locustfile.py"
INSIDE = (
    *sorted(Path(__file__).with_name("inside").glob("[!_]*.py")),
    Path(javascript_numbers.__file__),
)
"""What the locustfile imports; copied beside it, so that the directory alone documents what ran."""
REMEDY = "run `.venv/bin/python -m toolchain tool locust`"
_VERSION = re.compile(r"\d+\.\d+\.\d+\S*")
_VARIABLES = {
    "NO_COLOR": "1",
    "PYTHONDONTWRITEBYTECODE": "1",
    # Else it would read options from the user's own locust.conf.
    "LOCUST_CONFIG": os.devnull,
}
_ARGUMENTS = (
    "--locustfile", LOCUSTFILE, "--headless", "--users", "1", "--only-summary",
    "--loglevel", "WARNING",
)  # fmt: skip
"""One user of Locust's own: it starts the visitors (`inside/open_model.py`)."""


class Locust:
    """Locust with an open model on top."""

    name = "locust"
    title = "Locust"
    log = "locust.log"

    def inspect(self, command: Sequence[str]) -> Installation:
        """Read Locust's version. It runs in one thread, so on one CPU.

        Raises:
            GeneratorError: It does not run, or is another program.
        """
        said = answer([*command, "--version"], _VARIABLES, title=self.title, remedy=REMEDY)
        found = _VERSION.search(said)
        if found is None:
            raise GeneratorError(
                f"{command[0]} is not Locust: it says {said.strip()[:80]!r}; {REMEDY}"
            )
        return Installation(tuple(command), found[0], cpus=1, workers=1)

    def refused(self, scenario: Scenario) -> list[Problem]:
        """Return what has no equal in Locust."""
        return support.refused(scenario, translate(scenario.validated).refusals)

    def prepare(self, load: Load) -> None:
        """Write the locustfile, what it imports, and the visitors into the run's directory.

        Raises:
            GeneratorError: The profile skips visitors.
            ResultsError: The directory cannot be written to.
        """
        require_open(load.profile, self.title)
        portable = translate(load.scenario.validated)
        written = locustfile.write(portable, load.scenario.name)
        paths.write_text(load.directory / LOCUSTFILE, written)
        rows = map(locustfile.visitor_row, visitors(load, portable.flows))
        with paths.writing_to(load.directory):
            for file in INSIDE:
                shutil.copyfile(file, load.directory / file.name)
            write_rows(load.directory / paths.VISITORS, rows)

    def start(self, load: Load) -> GeneratorProcess:
        """Start it on the locustfile in the run's directory.

        Raises:
            GeneratorError: It cannot be started.
        """
        return RecordedProcess(
            [*load.installation.command, *_ARGUMENTS, "--host", load.base_url],
            load,
            _VARIABLES,
            log=self.log,
            title=self.title,
            remedy=REMEDY,
        )

    def script_error(
        self, process: Running, directory: Path, recorded: Iterable[str]
    ) -> str | None:
        """Return nothing: what the scenario does wrong ends the run (`inside/open_model.py`)."""
        del process, directory, recorded
        return None
