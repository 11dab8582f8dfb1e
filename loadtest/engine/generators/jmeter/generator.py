"""JMeter as a load generator: found, given its test plan and the planned visitors, and started."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from loadtest.engine.generators.base import Installation, Load, Running
from loadtest.engine.generators.jmeter import plan, settings
from loadtest.engine.generators.jmeter.process import RESULTS, JMeterProcess, free_port
from loadtest.engine.generators.portable import support
from loadtest.engine.generators.portable.steps import Refusal
from loadtest.engine.generators.portable.translation import translate
from loadtest.engine.generators.portable.visitors import (
    require_open,
    variables,
    visitors,
    write_rows,
)
from loadtest.engine.generators.process import GeneratorProcess
from loadtest.errors import GeneratorError
from loadtest.runs import paths
from loadtest.scenario.scenario import Scenario
from loadtest.yaml_positions import Problem

PLAN, PROPERTIES, LOGGING = "test-plan.jmx", "jmeter.properties", "log4j2.xml"
REMEDY = "run `.venv/bin/python -m toolchain tool jmeter`"
SPARE_S = 10.0
"""What visitors get on top of the time in which all their requests must have ended."""
_VERSION = re.compile(r"ApacheJMeter-(\d+\.\d+\S*)\.jar")


class JMeter:
    """JMeter's command line with an Open Model Thread Group."""

    name = "jmeter"
    title = "JMeter"
    log = "jmeter.log"

    def inspect(self, command: Sequence[str]) -> Installation:
        """Read JMeter's version. `command` is [java, -cp, launcher, class].

        Raises:
            GeneratorError: It is not there.
        """
        launcher = Path(command[command.index("-cp") + 1])
        found = _VERSION.fullmatch(launcher.name)
        if found is None or not launcher.is_file():
            raise GeneratorError(f"there is no JMeter at {launcher}; {REMEDY}")
        return Installation(tuple(command), found[1], os.cpu_count() or 1, workers=1)

    def refused(self, scenario: Scenario) -> list[Problem]:
        """Return what has no equal in JMeter."""
        portable = translate(scenario.validated)
        refusals: list[Refusal] = [*portable.refusals]
        if not refusals:
            # As for a run, but for the stack and the arrivals.
            tried = plan.write(
                portable, variables(scenario), f"http://localhost{scenario.target_path}", None
            )
            refusals += tried.refusals
        return support.refused(scenario, refusals)

    def prepare(self, load: Load) -> None:
        """Write the test plan, the settings and the visitors into the run's directory.

        Raises:
            GeneratorError: The profile skips visitors.
            ResultsError: The directory cannot be written to.
        """
        require_open(load.profile, self.title)
        portable, directory = translate(load.scenario.validated), load.directory
        arrivals = plan.Arrivals(load.profile.schedule(), load.scenario.longest_s + SPARE_S)
        made = plan.write(portable, variables(load.scenario), load.base_url, arrivals)
        rows = (
            (one.flow, *(column.value(one.values) for column in made.columns))
            for one in visitors(load, portable.flows)
        )
        paths.write_text(directory / PLAN, made.jmx)
        paths.write_text(directory / PROPERTIES, settings.properties())
        paths.write_text(directory / LOGGING, settings.LOGGING)
        with paths.writing_to(directory):
            write_rows(directory / paths.VISITORS, rows)

    def start(self, load: Load) -> GeneratorProcess:
        """Start it on the test plan in the run's directory.

        Raises:
            GeneratorError: It cannot be started.
        """
        java, *rest = load.installation.command
        port = free_port()
        arguments = [
            *(java, *settings.HEAP, "-Djava.awt.headless=true", *rest),
            *("--nongui", "--testfile", PLAN, "--logfile", RESULTS),
            *("--addprop", PROPERTIES, "--jmeterlogconf", LOGGING),
            *(f"-Jjmeterengine.nongui.port={port}", f"-Jjmeterengine.nongui.maxport={port}"),
        ]
        return JMeterProcess(
            arguments, load, {}, port=port, log=self.log, title=self.title, remedy=REMEDY
        )

    def script_error(
        self, process: Running, directory: Path, recorded: Iterable[str]
    ) -> str | None:
        """Return nothing: visitors that a script ends are missing in the counts."""
        del process, directory, recorded
        return None
