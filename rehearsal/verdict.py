"""The end of a rehearsal: the report on its loads, the proof of its experiments, and an exit code.

The verdict on the loads is there before the experiments begin, and does not wait for them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console

from loadtest.analysis import run_loading
from loadtest.experiments.proof import excerpt, terminal
from loadtest.experiments.proof import write as proof_files
from loadtest.experiments.proof.models import Proof
from loadtest.models import RunSummary
from loadtest.reporting import report
from loadtest.reporting.conditions import Condition
from loadtest.reporting.experiments import ExperimentRow
from loadtest.runs import paths as runs_paths
from loadtest.stack import health
from loadtest.stack import outputs as stack_outputs
from loadtest.stack.outputs import StackOutputs
from region import calibration
from rehearsal import conditions, cpu_credits, first_proof
from rehearsal.pulumi_project import STACKS, Project
from rehearsal.region_clients import RegionClients


@dataclass(frozen=True)
class Verdict:
    """The verdict on both loads, from their runs on disk."""

    root: Path
    project: Project
    runs: Mapping[str, Path]
    target: Path
    """The report's directory."""

    def on_loads(self) -> int:
        """Write the report of both runs, print it, and return its exit code."""
        written = self._report()
        out = Console()
        report.show(out, report.render_terminal(written.report))
        _name(out, written)
        return written.report.headline.exit_code

    def on_all(self, proof: Proof) -> int:
        """Add the experiments to the report, print both verdicts, and return the exit code of all."""
        written = self._report(excerpt.of(proof))
        proof_files.write(proof, self.target)
        out = Console()
        report.show(out, terminal.render(proof))
        report.show(out, report.render_verdict(written.report))
        _name(out, written)
        return first_proof.exit_code(written.report.headline.exit_code, proof)

    def _report(self, experiments: list[ExperimentRow] | None = None) -> report.Written:
        single, ha = (_stack_run(self.root, self.project, self.runs[stack]) for stack in STACKS)
        speed = calibration.read(self.root)
        extra = [
            *conditions.conditions(self.project.session, single, ha, speed, self._credits),
            *conditions.versions(),
        ]
        return report.write_report(
            self.runs["single"], self.runs["ha"], self.target, extra, experiments=experiments
        )

    def _credits(self, single: conditions.StackRun, ha: conditions.StackRun) -> list[Condition]:
        """Return the rows about CPU credits; none where nobody measured what instances used."""
        if not single.cores or not ha.cores:
            return []
        clients, saved_up = RegionClients(self.project), self.project.session.cpu_credits
        factor, speed = calibration.factor_in(self.root), self.project.session.speed
        try:
            fleets = [
                cpu_credits.fleet(
                    clients, run, factor=run.factor(factor), saved_up=saved_up, speed=speed
                )
                for run in (single, ha)
            ]
        except (BotoCoreError, ClientError) as error:
            # Two rows are not worth the report.
            Console(stderr=True).print(f"CPU credits cannot be read: {error}", markup=False)
            return []
        return cpu_credits.rows(*fleets)


def _name(out: Console, written: report.Written) -> None:
    out.print(f"report: {written.html}", soft_wrap=True, highlight=False)


def _stack_run(root: Path, project: Project, run: Path) -> conditions.StackRun:
    summary: RunSummary = run_loading.load_summary(run)
    outputs = stack_outputs.from_file(str(run / runs_paths.OUTPUTS))
    return conditions.stack_run(root, summary, outputs, partial(_instances, project, outputs))


def _instances(project: Project, outputs: StackOutputs) -> set[str]:
    """Return the stack's instances; none where the region does not say."""
    try:
        found, _ = health.instances(outputs, RegionClients(project)["autoscaling"])
    except (BotoCoreError, ClientError) as error:
        # A row is not worth the report.
        Console(stderr=True).print(f"the instances cannot be read: {error}", markup=False)
        return set()
    return found
