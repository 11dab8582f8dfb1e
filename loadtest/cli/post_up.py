"""The command `post-up`, the hook after `pulumi up`: release, load, and record the verdict."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console

from commandline.errors import UserError
from commandline.findings import Findings
from loadspec import setting
from loadtest.analysis import preload
from loadtest.analysis.slo import Slo
from loadtest.cli import output, tools
from loadtest.cli.judged_load import SloFile
from loadtest.cli.load_request import choose_generator, load_for
from loadtest.cli.options import read_outputs, read_slo
from loadtest.engine import hook_variables
from loadtest.engine.runner import LoadTest, RunResult, run_load
from loadtest.engine.turn import announce_release, turn
from loadtest.experiments import scaling
from loadtest.formatting import line_printer
from loadtest.generator_names import ARTILLERY
from loadtest.profiles import Profile
from loadtest.runs import paths
from loadtest.scenario.scenario import Choice, require_exported
from loadtest.stack import release
from loadtest.stack.clients import Clients
from loadtest.stack.outputs import StackOutputs


def post_up_command(slo_file: SloFile = None) -> int:
    """Release, then load, as the stack's `loadProfile` says. Reads the outputs from standard input.

    The exit code is the gate: a broken SLO fails `pulumi up`. LOADTEST_SLO names the SLO file.
    LOADTEST_SCENARIO names the scenario or an Artillery script, LOADTEST_ENVIRONMENT one of its
    environments, LOADTEST_PASS_ENV the variables that it may read, separated by commas.
    LOADTEST_GENERATOR names a load generator other than Artillery. LOADTEST_TURN names a Unix socket
    that says when to load, where stacks share a computer.

    Example: `pulumi stack output --json | python -m loadtest post-up`
    """
    console = Console()
    result = post_up(read_outputs(None, "-"), console, slo_file)
    return output.show_run(console, result) if result else 0


def record_path(base: Path, topology: str) -> Path:
    """Return where the outcome of the latest post-up of a topology is recorded."""
    return base / f"post-up-{topology}.json"


@dataclass(frozen=True)
class _Asked:
    """What the environment asks for."""

    profile: Profile | None
    """The load; None without one."""
    scenario: Choice
    generator: str
    slo: Slo | None


def post_up(
    outputs: StackOutputs, console: Console, slo_file: Path | None = None
) -> RunResult | None:
    """Release, and run the load unless the stack's `loadProfile` is `none`.

    Nothing is released for a load that cannot be run. The outcome is recorded in every case: the next
    `pulumi up` does not repeat a failed hook, so only this file shows that the stack was never proven.
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
    statistics = preload.start()
    announce_release(outputs.topology)
    try:
        asked = _asked(outputs, slo_file)
        _write_cost(outputs)
        done = release.release(outputs, line_printer(console))
        record |= {"released": True, "deployment": done.deployment_id, "version": done.version}
        if asked.profile is None:
            return None
        statistics.join()
        with turn(outputs.topology, line_printer(console)):
            result = run_load(
                outputs,
                LoadTest(
                    asked.profile,
                    slo=asked.slo,
                    scenario=asked.scenario,
                    generator=asked.generator,
                    command=tools.generator(asked.generator),
                ),
                console=console,
                after_load=scaling.recorder(
                    outputs, Clients(outputs.region), line_printer(console)
                ),
            )
        record |= {
            "run": result.directory.name,
            "verdict": result.summary.verdict.model_dump(mode="json"),
        }
    except UserError as error:
        record["error"] = str(error)
        raise
    except KeyboardInterrupt:
        record["error"] = "interrupted"
        raise
    else:
        return result
    finally:
        record["at"] = datetime.now(UTC).isoformat(timespec="seconds")
        _write_record(outputs, record)


def _asked(outputs: StackOutputs, slo_file: Path | None) -> _Asked:
    """Return what the environment asks for.

    Raises:
        UserError: Some of it is wrong; the message has all that is.
    """
    findings = Findings()
    findings.of(paths.require_writable, paths.base())
    slo = findings.of(read_slo, slo_file)
    generator = findings.of(choose_generator, None)
    scenario = hook_variables.scenario_choice(outputs)
    findings.of(require_exported, sorted(scenario.pass_env))
    profile = findings.of(hook_variables.profile, outputs, scenario)
    if outputs.load_profile != setting.NONE:
        findings.of(load_for, scenario, generator.otherwise(ARTILLERY))
    findings.report()
    return _Asked(profile.value, scenario, generator.value, slo.value)


def _write_record(outputs: StackOutputs, record: Mapping[str, Any]) -> None:
    base = paths.base()
    try:
        base.mkdir(parents=True, exist_ok=True)
        paths.write_json(record_path(base, outputs.topology), record)
    except (OSError, paths.ResultsError):
        # What went wrong before says more, and most likely that nothing can be written.
        if record["error"] is None:
            raise


def _write_cost(outputs: StackOutputs) -> None:
    """Write the itemised cost beside the results: the stack's outputs have the total only."""
    if outputs.monthly_cost is not None and outputs.monthly_cost.model_extra:
        file = paths.base() / f"cost-{outputs.topology}.json"
        file.parent.mkdir(parents=True, exist_ok=True)
        paths.write_json(
            file, outputs.monthly_cost.model_dump(mode="json", by_alias=True, exclude_none=True)
        )
