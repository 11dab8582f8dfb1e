"""What a rehearsal ends with: the report of its loads, the proof of its experiments, an exit code."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from rich.console import Console

from loadtest.analysis import run_loading
from loadtest.experiments.proof import excerpt, terminal
from loadtest.experiments.proof import write as proof_files
from loadtest.experiments.proof.models import Proof
from loadtest.models import RunSummary
from loadtest.reporting import report
from loadtest.runs import paths as runs_paths
from loadtest.stack import outputs as stack_outputs
from region import calibration
from rehearsal import conditions, first_proof
from rehearsal.pulumi_project import STACKS, Project


def write(
    root: Path, project: Project, runs: Mapping[str, Path], target: Path, proof: Proof | None
) -> int:
    """Write the report of both runs, and of the experiments if there were any, into `target`.

    Returns:
        The exit code of all of it.
    """
    single, ha = (_stack_run(root, runs[stack]) for stack in STACKS)
    extra = [
        *conditions.conditions(project.session, single, ha, calibration.read(root)),
        *conditions.versions(),
    ]
    rows = excerpt.of(proof) if proof else None
    written = report.write_report(runs["single"], runs["ha"], target, extra, experiments=rows)
    out = Console()
    report.show(out, report.render_terminal(written.report))
    if proof is not None:
        proof_files.write(proof, target)
        report.show(out, terminal.render(proof))
    out.print(f"report: {written.html}", soft_wrap=True, highlight=False)
    return first_proof.exit_code(written.report.headline.exit_code, proof)


def _stack_run(root: Path, run: Path) -> conditions.StackRun:
    summary: RunSummary = run_loading.load_summary(run)
    outputs = stack_outputs.from_file(str(run / runs_paths.OUTPUTS))
    return conditions.stack_run(root, summary, outputs)
