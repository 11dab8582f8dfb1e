"""What a request cost the instances of a finished run, in CPU time of the reference core."""

from __future__ import annotations

from pathlib import Path

from loadtest.analysis import run_loading
from loadtest.runs import paths as runs_paths
from loadtest.stack import outputs as stack_outputs
from region import calibration
from rehearsal import capacity, conditions


def cost_and_type(root: Path, run: Path | None, results: Path) -> tuple[float, str]:
    """Return the reference CPU per request in milliseconds, and the instance type.

    The mean over the whole load, of all answers and all instances that answered; what an instance does
    besides requests is in it.

    Raises:
        ResultsError: There is no such run.
        CapacityError: The region in `root` did not record the CPU of the run's instances.
    """
    directory = run if run is not None else runs_paths.latest(results, "ha")
    summary = run_loading.load_summary(directory)
    outputs = stack_outputs.from_file(str(directory / runs_paths.OUTPUTS))
    found = conditions.stack_run(root, summary, outputs)
    cost = capacity.request_ms(
        cpu_cores=sum(found.cores.values()),
        seconds=sum(phase.duration_s for phase in summary.profile.phases),
        requests=sum(record.answers for record in summary.instances),
        factor=found.factor(calibration.factor_in(root)),
    )
    return cost, outputs.instance_type
