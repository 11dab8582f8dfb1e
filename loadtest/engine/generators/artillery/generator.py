"""Artillery as a load generator: found, given its script and recorder, and started."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from loadtest.engine.generators.artillery import own_functions, script_errors
from loadtest.engine.generators.base import Installation, Load, Running
from loadtest.engine.generators.process import GeneratorProcess, environment
from loadtest.errors import GeneratorError
from loadtest.runs import paths
from loadtest.scenario import js_yaml, script
from loadtest.scenario.scenario import Scenario
from loadtest.yaml_positions import Problem

RECORDER = Path(__file__).with_name(script.RECORDER)
ARRIVAL_CLOCK = RECORDER.with_name("arrival_clock.cjs")
YOUNG = RECORDER.with_name("young.cjs")
RECORDER_FILES = (
    RECORDER,
    ARRIVAL_CLOCK,
    RECORDER.with_name("broken_bodies.cjs"),
    RECORDER.with_name("expectations.cjs"),
    RECORDER.with_name("starter.cjs"),
    YOUNG,
)
"""The recorder with what it requires."""
REPORTER = Path(__file__).with_name("reporter.cjs")

# Telemetry is the only call home that `artillery run` makes by itself; Artillery Cloud needs
# --record or a WORKER_ID.
_QUIET = {"ARTILLERY_DISABLE_TELEMETRY": "1", "NO_COLOR": "1"}

# What keeps pauses short, once few objects survive a collection (ADR 88). V8 begins to allocate objects in
# the old generation where many of their kind have survived, as they do while Artillery loads; whatever
# those refer to survives with them. A collection with helpers lasts until each has had a CPU. In a small
# young generation, little is under way at a time.
_NODE_OPTIONS = (
    "--no-allocation-site-pretenuring",
    "--no-parallel-scavenge",
    "--max-semi-space-size=4",
)


class Artillery:
    """The generator that the project's scripts are written for: it refuses nothing that is checked."""

    name = "artillery"
    title = "Artillery"
    log = paths.ARTILLERY_LOG

    def inspect(self, command: Sequence[str]) -> Installation:
        """Read Artillery's version, and its Node's version and CPUs. `command` is [node, script].

        Raises:
            GeneratorError: It does not run.
        """
        return inspect(command)

    def refused(self, scenario: Scenario) -> list[Problem]:
        """Return nothing: what the schema accepts, Artillery runs."""
        del scenario
        return []

    def prepare(self, load: Load) -> None:
        """Write the script, and the recorder next to it: the directory alone documents what ran.

        Raises:
            ResultsError: The directory cannot be written to.
        """
        # By their names: they lie beside the script, and Artillery looks from there.
        own = load.turn.dealt if load.turn else {}
        dealt = {file: Path(mine.name) for file, mine in own.items()}
        made = load.scenario.artillery_script(load.target, load.profile, dealt)
        paths.write_text(load.directory / paths.SCRIPT, js_yaml.write(made))
        with paths.writing_to(load.directory):
            for file in RECORDER_FILES:
                shutil.copyfile(file, load.directory / file.name)

    def start(self, load: Load) -> GeneratorProcess:
        """Start it on the script in the run's directory.

        Raises:
            GeneratorError: It cannot be started, or the script's functions cannot be compiled.
        """
        own = own_functions.prepare(load.scenario, load.directory, load.installation)
        let_in = {name: os.environ[name] for name in load.pass_env if name in os.environ}
        turn = load.turn.variables if load.turn else {}
        variables = {**let_in, **own, **turn, "HAPROOF_TARGET": load.base_url}
        # Where Artillery is usually started: functions read files that lie beside the script.
        current = load.scenario.directory if load.scenario.processor else None
        return start(load.installation, load.directory, variables, current)

    def script_error(
        self, process: Running, directory: Path, recorded: Iterable[str]
    ) -> str | None:
        """Return what Artillery counts as errors that no request ended with."""
        del process
        return script_errors.find(directory, recorded)


def inspect(command: Sequence[str]) -> Installation:
    """Read Artillery's version, and its Node's version and CPUs. `command` is [node, script].

    Raises:
        GeneratorError: It does not run.
    """
    node, entry = command[0], Path(command[-1])
    try:
        package = json.loads((entry.parent.parent / "package.json").read_text(encoding="utf-8"))
        answer = subprocess.run(
            [node, "-p", "JSON.stringify([process.version, os.cpus().length])"],
            capture_output=True,
            text=True,
            timeout=30,
            check=True,
            env=environment(_QUIET),
        )
        version, cpus = json.loads(answer.stdout)
    except (OSError, ValueError, subprocess.SubprocessError) as error:
        raise GeneratorError(
            f"Artillery at {entry} does not run ({error}); run `make setup`"
        ) from error
    return Installation(
        command=(node, *_NODE_OPTIONS, *command[1:]),
        version=str(package.get("version")),
        cpus=int(cpus),
        # Worker threads: one CPU is left to Artillery's main thread.
        workers=max(1, int(cpus) - 1),
        node=str(version).lstrip("v"),
    )


def start(
    installation: Installation,
    directory: Path,
    variables: Mapping[str, str] | None = None,
    current: Path | None = None,
) -> GeneratorProcess:
    """Start `artillery run` on the script in `directory`, where it also leaves its log and report.

    `variables` are added to its environment; `current` is its current directory, by default `directory`.

    Raises:
        GeneratorError: It cannot be started.
    """
    recorded = {
        "HAPROOF_REQUESTS_FILE": str((directory / paths.REQUESTS).resolve()) + ".gz",
        "HAPROOF_GENERATOR_FILE": str((directory / paths.GENERATOR).resolve()),
        "CUSTOM_REPORTERS": str(REPORTER),
    }
    report, script_file = (
        str((directory / name).resolve()) for name in (paths.ARTILLERY_REPORT, paths.SCRIPT)
    )
    arguments = ["run", "--quiet", "--output", report, script_file]
    return GeneratorProcess(
        [*installation.command, *arguments],
        directory,
        {**_QUIET, **(variables or {}), **recorded},
        log=paths.ARTILLERY_LOG,
        title="Artillery",
        current=current,
    )
