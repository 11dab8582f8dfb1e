"""The command `post-up`, the hook after `pulumi up`: release, load, and record the verdict."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console

from loadtest.analysis import preload
from loadtest.analysis.slo import Slo
from loadtest.cli import output, tools
from loadtest.cli.judged_load import SloFile
from loadtest.cli.load_request import choose_generator
from loadtest.cli.options import read_outputs, read_slo
from loadtest.engine import hook_variables
from loadtest.engine.runner import RunResult, run_load
from loadtest.engine.turn import announce_release, turn
from loadtest.errors import LoadTestError
from loadtest.experiments import scaling
from loadtest.formatting import line_printer
from loadtest.runs import paths
from loadtest.stack import release
from loadtest.stack.clients import Clients
from loadtest.stack.outputs import StackOutputs


def post_up_command(slo_file: SloFile = None) -> int:
    """Release, then load, as the stack's `loadProfile` says. Reads the outputs on standard input.

    The exit code is the gate: a broken SLO fails `pulumi up`. LOADTEST_SLO names the SLO file.
    LOADTEST_SCENARIO names the scenario or an Artillery script, LOADTEST_ENVIRONMENT one of its
    environments, LOADTEST_PASS_ENV the variables that it may read, separated by commas.
    LOADTEST_GENERATOR names what sends the requests instead of Artillery. LOADTEST_TURN names a Unix
    socket that tells it when to load, where stacks share a computer.

    Example: `pulumi stack output --json | python -m loadtest post-up`
    """
    console = Console()
    slo = read_slo(slo_file)
    result = post_up(read_outputs(None, "-"), console, slo)
    return output.show_run(console, result) if result else 0


def record_path(base: Path, topology: str) -> Path:
    """Return where the outcome of the latest post-up of a topology is recorded."""
    return base / f"post-up-{topology}.json"


def post_up(outputs: StackOutputs, console: Console, slo: Slo | None = None) -> RunResult | None:
    """Release, and run the load unless the stack's `loadProfile` is `none`.

    The outcome is recorded in every case: the next `pulumi up` does not repeat a failed hook, so only
    this file shows that the stack was never proven.
    """
    record: dict[str, Any] = {
        "topology": outputs.topology,
        "revisionDigest": outputs.revision_digest,
        "loadProfile": outputs.load_profile,
        "released": False,
        "run": None,
        "verdict": None,
        "error": None,
    }
    _write_cost(outputs)
    statistics = preload.start()
    announce_release(outputs.topology)
    try:
        scenario = hook_variables.scenario_choice(outputs)
        generator = choose_generator(None)
        profile = hook_variables.profile(outputs, scenario)
        done = release.release(outputs, line_printer(console))
        record |= {"released": True, "deployment": done.deployment_id, "version": done.version}
        if profile is None:
            return None
        statistics.join()
        with turn(outputs.topology, line_printer(console)):
            result = run_load(
                outputs,
                profile,
                console=console,
                slo=slo,
                scenario=scenario,
                generator=generator,
                command=tools.generator(generator),
                after_load=scaling.recorder(
                    outputs, Clients(outputs.region), line_printer(console)
                ),
            )
        record |= {
            "run": result.directory.name,
            "verdict": result.summary.verdict.model_dump(mode="json"),
        }
    except LoadTestError as error:
        record["error"] = str(error)
        raise
    except KeyboardInterrupt:
        record["error"] = "interrupted"
        raise
    else:
        return result
    finally:
        record["at"] = datetime.now(UTC).isoformat(timespec="seconds")
        base = paths.base()
        base.mkdir(parents=True, exist_ok=True)
        paths.write_json(record_path(base, outputs.topology), record)


def _write_cost(outputs: StackOutputs) -> None:
    """Write the itemised cost beside the results: the stack's outputs have the total only."""
    if outputs.monthly_cost is not None and outputs.monthly_cost.model_extra:
        file = paths.base() / f"cost-{outputs.topology}.json"
        file.parent.mkdir(parents=True, exist_ok=True)
        paths.write_json(
            file, outputs.monthly_cost.model_dump(mode="json", by_alias=True, exclude_none=True)
        )
