"""The command `gate`: evaluate a saved run against an SLO."""

from __future__ import annotations

from rich.console import Console

from commandline.findings import Findings
from loadtest.analysis import fleet_capacity, run_loading, saved_runs, slo, verdict
from loadtest.analysis.saved_runs import SavedRun
from loadtest.analysis.slo import Slo
from loadtest.cli import output
from loadtest.cli.judged_load import SloFile
from loadtest.cli.options import Json, RunName, read_slo
from loadtest.errors import LoadTestError
from loadtest.models import Objective, Record, Verdict
from loadtest.runs import paths


class Gate(Record):
    """What `gate --json` prints."""

    schema_version: int = 2
    run: str
    topology: str
    objectives: list[Objective]
    """Complete even where the run is not valid, so that its verdict has none."""
    verdict: Verdict
    exit_code: int


def evaluate(run: SavedRun, slos: Slo) -> Gate:
    """Evaluate a saved run against its objectives.

    Raises:
        LoadTestError: The objectives do not apply to the run's topology.
    """
    summary = run_loading.with_intervals(run.directory, run.summary)
    if summary.topology not in slos.applies_to:
        raise LoadTestError(
            f"the SLO applies to {', '.join(slos.applies_to)}, but {summary.id} is a run of "
            f"{summary.topology}; give --slo a file with `applies_to: [{summary.topology}]`"
        )
    figures = slo.Figures.of(summary)
    decided = verdict.decide(
        summary.topology,
        figures,
        summary.validity,
        slo=slos,
        explanations=fleet_capacity.explanations_of(summary.verdict),
    )
    return Gate(
        run=summary.id,
        topology=summary.topology,
        objectives=slo.evaluate(slos, figures),
        verdict=decided,
        exit_code=verdict.exit_code(decided),
    )


def _show(console: Console, gate: Gate) -> None:
    """Show the objectives as a table, then the verdict with its reasons."""
    words = {True: "kept", False: "broken", None: "undecided"}
    rows = [
        [
            str(row.name),
            str(row.promised),
            str(row.measured),
            words[row.kept] if row.judged else "not judged",
        ]
        for row in gate.objectives
    ]
    columns = ("objective", "promised", "measured", "")
    output.show_table(console, f"{gate.topology}: {gate.run}", columns, rows)
    output.show_lines(console, f"verdict: {gate.verdict.outcome}", *map(str, gate.verdict.reasons))


def gate_command(
    run: RunName = "latest-ha",
    slo_file: SloFile = None,
    *,
    json: Json = False,
) -> int:
    """Evaluate a saved run against an SLO without a new load: for CI, or to try other objectives.

    Exit codes as for `run`: 0 kept, 2 broken, 3 invalid or inconclusive, 4 any other failure.

    Examples:
    - `python -m loadtest gate latest-ha --slo our-slo.yml`
    - `python -m loadtest gate --json`
    """
    findings = Findings()
    found = findings.of(saved_runs.load, paths.base(), run)
    slos = findings.of(read_slo, slo_file)
    findings.report()
    gate = evaluate(found.value, slos.value or slo.default())
    console = Console()
    if json:
        output.show_json(console, gate)
    else:
        _show(console, gate)
    return gate.exit_code
