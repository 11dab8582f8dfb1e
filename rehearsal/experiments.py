"""Runs experiments on the stacks of a rehearsal, one after the other, each in its own process."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from commandline.errors import reported
from commandline.steady_clock import SteadyClock
from loadtest.errors import LoadTestError
from loadtest.experiments import faults, files, kinds, models
from loadtest.experiments.faults import Kind
from loadtest.experiments.models import Allowed, ExperimentFile, ExperimentRecord, Topology
from loadtest.messages.names import free_text
from loadtest.runs import paths as runs_paths
from loadtest.scenario.scenario import Choice
from loadtest.stack import outputs as stack_outputs
from loadtest.stack.outputs import StackOutputs
from rehearsal import display, experiment_files, settling
from rehearsal.causes import LAST_LINES
from rehearsal.pulumi_project import Project
from rehearsal.region_clients import RegionClients
from toolchain import paths

ENDINGS: Mapping[models.Outcome, display.Ending] = {
    "survived": display.Ending("✓", "green", "survived"),
    "not survived": display.Ending("✗", "red", "not survived"),
    "not shown": display.Ending("–", "yellow", "not shown"),
}
CONTRAST: Final = display.Ending("–", "yellow", "not survived, as expected")
"""What a stack that promises nothing ends with: the contrast, and no failure of the proof."""
WORST_FIRST: Final = (
    ENDINGS["not survived"],
    ENDINGS["not shown"],
    CONTRAST,
    ENDINGS["survived"],
)
"""How a line ends that is about several experiments."""


@dataclass(frozen=True)
class Applicable:
    """An experiment, and the stack that it is run on."""

    experiment: ExperimentFile
    stack: Topology

    @property
    def contrast(self) -> bool:
        """Whether the stack is not expected to survive it."""
        return self.experiment.hypothesis.is_contrast(self.stack)

    @property
    def deploys(self) -> bool:
        """Whether it is about a deployment."""
        return kinds.of_file(self.experiment.raw) in faults.DEPLOYMENTS

    @property
    def checked(self) -> bool:
        """Whether failed health checks decide what becomes of it.

        Either they have somebody replaced, or it shows that they have nobody replaced. Both needs a fleet
        whose grace period is over; a single instance has none.
        """
        if self.stack != "ha":
            return False
        steps = map(kinds.function, kinds.providers(self.experiment.raw, "probe"))
        return "probes.kept_instances" in steps or faults.grace_matters(
            kinds.of_file(self.experiment.raw)
        )

    @property
    def instances_hit(self) -> int | None:
        """How many instances it takes away whose grace period has to be over; None: it may be any.

        An experiment that takes instances away hits so many of the oldest ones, and each checked one in its
        load others. What must have nobody replaced is about the whole fleet.
        """
        if not self.experiment.hypothesis.dies:
            return None
        counts = [
            int((provider.get("arguments") or {}).get("count", 1))
            for provider in kinds.providers(self.experiment.raw, "action")
            if kinds.function(provider).startswith("instances.")
        ]
        # 0 is all of them.
        return sum(counts) if counts and all(counts) else None


def applicable(stacks: Sequence[Topology], only: Iterable[str] = ()) -> list[Applicable]:
    """Return the library's experiments on the stacks that they are about.

    Raises:
        LoadTestError: `only` names an experiment that the library does not have.
    """
    found = [files.find(name) for name in list(only) or files.names()]
    return [
        Applicable(one, stack)
        for stack in stacks
        for one in found
        if stack in {*one.hypothesis.applies_to, *one.hypothesis.contrast}
    ]


def _options(choice: Choice) -> Iterator[str]:
    """Yield the options that say what each user does."""
    yield from ("--scenario", choice.name)
    if choice.environment is not None:
        yield from ("--environment", choice.environment)
    for name in sorted(choice.pass_env):
        yield from ("--pass-env", name)


class Runner:
    """Runs experiments on one region; results go below `results`."""

    def __init__(
        self,
        project: Project,
        results: Path,
        rate: int | None = None,
        choice: Choice | None = None,
        outputs: Mapping[str, Path] | None = None,
    ) -> None:
        """Prepare to run; `rate` is in users per second, by default what the load test usually takes.

        `outputs` are files with the outputs of stacks; by default the engine is asked, which knows none
        of a stack whose load broke its promise.
        """
        self._project, self._results = project, results
        self._load = [] if rate is None else ["--rate", str(rate)]
        self._load += [] if choice is None else list(_options(choice))
        self._outputs = dict(outputs or {})

    def run(self, wanted: Sequence[Applicable], progress: display.StageProgress) -> list[Path]:
        """Run experiments on one stack under one load; return the directories of their records.

        Raises:
            Interrupted: somebody ended the rehearsal.
        """
        (stack,) = {one.stack for one in wanted}
        outputs, speed = self.outputs(stack), self._project.session.speed
        clients = RegionClients(self._project)
        settling.wait(outputs, clients, progress.tell)
        if any(one.deploys for one in wanted):
            settling.until_no_alarm(outputs, clients, progress.tell)
        if checked := [one for one in wanted if one.checked]:
            hit = [one.instances_hit for one in checked]
            oldest = None if None in hit else sum(one or 0 for one in hit)
            settling.outlast_grace(outputs, clients, speed, progress.tell, oldest)
        directory = self._project.root / "experiments"
        written = [
            experiment_files.write(one.experiment, speed, directory, contrast=one.contrast)
            for one in wanted
        ]
        return self.run_files(wanted, written, progress)

    def run_files(
        self,
        wanted: Sequence[Applicable],
        experiment_files: Sequence[Path],
        progress: display.StageProgress,
    ) -> list[Path]:
        """Run experiments on one stack as these files say it, under one load; return their directories.

        Raises:
            Interrupted: somebody ended the rehearsal.
        """
        clock = SteadyClock()
        began_ms = clock.ms()
        (stack,) = {one.stack for one in wanted}
        outputs = self.outputs(stack)
        command = [
            *(sys.executable, "-m", "loadtest", "experiment", "run"),
            *map(str, experiment_files),
            *("--outputs", str(self._outputs[stack])),
            *("--instances", str(outputs.instance_count)),
            *self._load,
        ]
        known = set(models.recorded(self._results))
        printed = self._printed(command, progress)
        found, left = list[Path](), self._recorded(known)
        for one in wanted:
            directory = next((path for path, made in left.items() if _is_of(made, one)), None)
            if directory is not None:
                # The next run of the same one has another.
                del left[directory]
            else:
                why = "\n".join(reported(printed) or printed[-LAST_LINES:])
                directory = self._not_begun(one, (began_ms, clock.ms()), why)
            found.append(directory)
        records = [record for one in found if (record := models.load(one)) is not None]
        progress.ending = min(map(ending, records), key=WORST_FIRST.index)
        for record in records:
            if len(records) > 1 and record.outcome == "survived":
                progress.line(f"{record.experiment}: survived")
            for reason in record.reasons:
                if record.outcome != "survived":
                    progress.line(f"{record.experiment}: {record.outcome}: {reason}")
        return found

    def _printed(self, command: Sequence[str], progress: display.StageProgress) -> list[str]:
        """Run a command of the load test, tell what it prints, and return that."""
        printed = list[str]()
        with self._project.processes.started(
            command, cwd=paths.ROOT, env=self._project.environment(), stdin=None
        ) as process:
            assert process.stdout is not None  # noqa: S101
            for line in process.stdout:
                printed.append(line.rstrip())
                progress.tell(line.strip())
            process.wait()
        return printed

    def outputs(self, stack: str) -> StackOutputs:
        """Return the outputs of a stack, which are in a file from then on."""
        if stack not in self._outputs:
            target = self._project.root / f"outputs-{stack}.json"
            runs_paths.write_text(target, json.dumps(self._project.outputs(stack)))
            self._outputs[stack] = target
        return stack_outputs.from_file(str(self._outputs[stack]))

    def _recorded(self, known: set[Path]) -> dict[Path, ExperimentRecord]:
        """Return what experiments have left beside what is known, by its directory, oldest first."""
        new = [path for path in models.recorded(self._results) if path not in known]
        found = {path: record for path in new if (record := models.load(path)) is not None}
        return dict(sorted(found.items(), key=lambda one: one[1].started_ms))

    def _not_begun(self, one: Applicable, times_ms: tuple[float, float], why: str) -> Path:
        """Write the record of an experiment that could not be begun: it showed nothing."""
        directory = runs_paths.new_directory(self._results, one.stack, one.experiment.name)
        models.save(directory, not_begun(one, directory.name, times_ms, why))
        return directory


def _is_of(record: ExperimentRecord, one: Applicable) -> bool:
    """Return whether it is the record of that experiment on that stack."""
    return (record.experiment, record.topology) == (one.experiment.name, one.stack)


def not_begun(
    one: Applicable, run: str, times_ms: tuple[float, float], why: str
) -> ExperimentRecord:
    """Return the record of an experiment that could not be begun; from when until when it was tried."""
    return ExperimentRecord(
        experiment=one.experiment.name,
        title=one.experiment.title,
        kind=Kind.OTHER,
        because=list(one.experiment.because),
        stack=one.stack,
        topology=one.stack,
        contrast=one.contrast,
        run=run,
        started_ms=times_ms[0],
        finished_ms=times_ms[1],
        fault_began_ms=None,
        fault_ended_ms=None,
        targets=[],
        actions=[],
        before=None,
        during=[],
        after=None,
        recovered_ms=None,
        allowed=Allowed(),
        recovery_s=one.experiment.hypothesis.recovery_s,
        impact=None,
        host_valid=True,
        host_reasons=[],
        outcome="not shown",
        reasons=[free_text(why or "it ended without a result")],
        reverted=[],
        engine="",
    )


def ending(record: ExperimentRecord) -> display.Ending:
    """Return how the line of an experiment ends."""
    for_contrast = record.contrast or record.topology != "ha"
    if for_contrast and record.outcome == "not survived":
        return CONTRAST
    return ENDINGS[record.outcome]


def require(names: Iterable[str]) -> None:
    """Reject names of experiments that the library does not have, before minutes of work.

    Raises:
        LoadTestError: there is one.
    """
    known = files.names()
    if wrong := [name for name in dict.fromkeys(names) if name not in known]:
        raise LoadTestError(
            f"there is no experiment {', '.join(map(repr, wrong))}; choose of {', '.join(known)}"
        )
