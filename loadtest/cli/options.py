"""Options that several commands share, and what they name."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from loadspec import setting
from loadspec.phases import Word
from loadtest.analysis import margins, slo
from loadtest.analysis.margins import Margins
from loadtest.analysis.slo import Slo
from loadtest.cli import tools
from loadtest.cli.load_options import DASHES
from loadtest.engine.generators import registry
from loadtest.engine.workers.generator import Split, words
from loadtest.errors import GeneratorError, LoadTestError, OutputsError
from loadtest.generator_record import ARTILLERY, TITLES
from loadtest.profiles import Profile, of_setting, profile_named, written
from loadtest.scenario.scenario import Choice, Scenario, builtin, load
from loadtest.stack import outputs as stack_outputs
from loadtest.stack.outputs import StackOutputs

SLO_VARIABLE = "LOADTEST_SLO"
SCENARIO_VARIABLE = "LOADTEST_SCENARIO"
ENVIRONMENT_VARIABLE = "LOADTEST_ENVIRONMENT"
PASSED_VARIABLE = "LOADTEST_PASS_ENV"
GENERATOR_VARIABLE = "LOADTEST_GENERATOR"

Stack = Annotated[
    str | None, typer.Option("--stack", help="Pulumi stack to read the outputs of, such as `ha`.")
]
Outputs = Annotated[
    str | None,
    typer.Option("--outputs", help="JSON file with a stack's outputs instead; `-` is stdin."),
]
SloFile = Annotated[
    Path | None,
    typer.Option(
        "--slo",
        help=(
            f"YAML file with the SLO; by default the one that {SLO_VARIABLE} names, else no failure "
            "and a p99 of at most 25.8 ms."
        ),
    ),
]
MarginOptions = Annotated[
    list[str] | None,
    typer.Option(
        "--margin",
        metavar="[FIGURE=]SIZE",
        help=(
            "How large a change does not matter: `p99=5%`, `failed-users=0.1pp`, or `5%` for all "
            "percentiles; may be repeated. Default: `margins` of the SLO file."
        ),
    ),
]
WorkerCount = Annotated[
    int | None,
    typer.Option(
        "--workers", min=1, max=64, help="How many generators share the load; they begin together."
    ),
]
WorkerPrefix = Annotated[
    str,
    typer.Option(
        "--worker-prefix",
        help="Words before each worker's command, such as `ip netns exec load-{worker}`.",
    ),
]
GeneratorName = Annotated[
    str | None,
    typer.Option(
        "--generator",
        help=(
            f"What sends the requests: {', '.join(TITLES)}; by default what {GENERATOR_VARIABLE} names, "
            "else artillery."
        ),
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
RUN_HELP = "A run's id or the beginning of one, `latest-single`, `latest-ha`, or a directory."
RunName = Annotated[str, typer.Argument(help=RUN_HELP)]


def read_outputs(stack: str | None, outputs: str | None) -> StackOutputs:
    """Read the outputs of the stack that `--stack` or `--outputs` names."""
    if stack and not outputs:
        return stack_outputs.from_stack(stack, tools.pulumi())
    if outputs and not stack:
        return stack_outputs.from_file(outputs)
    raise OutputsError("name the stack: either --stack NAME or --outputs FILE (one of them)")


def read_slo(path: Path | None, *, may_be_empty: bool = False) -> Slo | None:
    """Read the SLO that `--slo` or LOADTEST_SLO names; None without one.

    Called before a load rather than after it, so that a broken file costs no run. `may_be_empty`
    where only its margins count.
    """
    named = path or os.environ.get(SLO_VARIABLE)
    return slo.read(Path(named), may_be_empty=may_be_empty) if named else None


def read_margins(path: Path | None, given: list[str] | None) -> Margins:
    """Return the margins of the SLO file (else the default ones) with those of `--margin`.

    Raises:
        MarginError: One of `--margin` cannot be read.
        SloError: The file cannot be read.
    """
    chosen = read_slo(path, may_be_empty=True) or slo.default()
    return margins.changed(chosen.margins, given or [])


def choose_scenario(
    name: str, environment: str | None, pass_env: list[str] | None, *, own_phases: bool = False
) -> Choice:
    """Return which scenario to run; with `own_phases`, its own phases are the load.

    Raises:
        OutputsError: A variable that is to be passed on does not exist.
    """
    for variable in pass_env or []:
        if variable not in os.environ:
            raise OutputsError(
                f"--pass-env {variable!r}: there is no such environment variable; export it first"
            )
    return Choice(name, environment, frozenset(pass_env or []), own_phases)


def choose_workers(workers: int | None, prefix: str) -> Split | None:
    """Return into how many workers to split the load; None for one generator without a prefix.

    Raises:
        GeneratorError: A quote is open in the prefix.
    """
    if workers is None and not prefix:
        return None
    return Split(workers or 1, tuple(words(prefix)))


def choose_generator(name: str | None) -> str:
    """Return which load generator to use: the one of that name, else LOADTEST_GENERATOR's.

    Raises:
        GeneratorError: There is none of that name.
    """
    chosen = name or os.environ.get(GENERATOR_VARIABLE) or ARTILLERY
    if chosen not in TITLES:
        raise GeneratorError(
            f"unknown load generator {chosen!r}; choose one of {', '.join(TITLES)}"
        )
    return chosen


def load_for(choice: Choice, generator: str) -> Scenario:
    """Load a scenario for a generator that is installed and runs it.

    Raises:
        LoadTestError: The scenario is missing or wrong, or the generator cannot run it.
        GeneratorError: It is not installed.
    """
    loaded = load(choice=choice)
    registry.require_runnable(loaded, generator)
    tools.generator(generator)
    return loaded


def chosen_for_hook(choice: Choice, generator: str) -> dict[str, str]:
    """Return the variables from which the hook takes scenario and generator, wherever it runs."""
    name = choice.name if (builtin(choice.name)) else str(Path(choice.name).absolute())
    passed = {one: os.environ[one] for one in sorted(choice.pass_env)}
    named = {
        SCENARIO_VARIABLE: name,
        ENVIRONMENT_VARIABLE: choice.environment or "",
        PASSED_VARIABLE: ",".join(passed),
        GENERATOR_VARIABLE: generator,
    }
    return {**passed, **named}


def scenario_of_hook(outputs: StackOutputs) -> Choice:
    """Return the scenario that LOADTEST_SCENARIO and its companions name; the login without them.

    Its own phases are the load if the stack's `loadProfile` says so.
    """
    passed = [name for name in os.environ.get(PASSED_VARIABLE, "").split(",") if name]
    name = os.environ.get(SCENARIO_VARIABLE) or "login"
    environment = os.environ.get(ENVIRONMENT_VARIABLE) or None
    own_phases = outputs.load_profile == setting.SCRIPT
    return choose_scenario(name, environment, passed, own_phases=own_phases)


def load_of_hook(outputs: StackOutputs, choice: Choice) -> Profile | None:
    """Return the load that the stack's `loadProfile` says; None for `none`.

    Raises:
        LoadTestError: It is the script's own, and there is no such script or it has no phases.
    """
    if outputs.load_profile == setting.NONE:
        return None
    if outputs.load_profile != setting.SCRIPT:
        return of_setting(outputs.load_profile)
    own = load(choice=choice).load
    if own is None:
        raise LoadTestError(
            f"loadProfile is {setting.SCRIPT!r}, but the scenario {choice.name!r} has no `phases`: name a "
            f"script that has some in {SCENARIO_VARIABLE}, or set haproof:loadProfile to a profile"
        )
    return own


def own_profile(words: Sequence[Word]) -> Profile | None:
    """Return the profile that `--ramp`, `--hold` and `--pause` make; None without any of them.

    Raises:
        LoadTestError: One cannot be read; the message says what to write.
    """
    return written(words, DASHES) if words else None


def choose_profile(name: str | None, outputs: StackOutputs, *others: Profile | None) -> Profile:
    """Return the named load profile, else the first other one, else the stack's, else the quick one."""
    found = next((one for one in others if one is not None), None)
    if name is None and found is not None:
        return found
    if name is not None:
        return profile_named(name)
    wanted = outputs.load_profile
    return of_setting("quick" if wanted in (setting.NONE, setting.SCRIPT) else wanted)
