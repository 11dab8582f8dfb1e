"""The load that a command line asks for, put together once: scenario, generator and arrivals.

Whatever is wrong with a script is reported before a stack is looked for: it takes none to see that.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace

import typer

from commandline.findings import Checked, Findings
from loadspec import setting
from loadspec.phases import Word
from loadtest.cli import tools
from loadtest.cli.load_options import DASHES, LoadOptions
from loadtest.engine import hook_variables
from loadtest.engine.generators import registry
from loadtest.engine.generators.artillery import own_functions
from loadtest.errors import GeneratorError
from loadtest.generator_names import ARTILLERY, TITLES
from loadtest.profiles import Profile, of_setting, profile_named, written
from loadtest.scenario import scenario as scenarios
from loadtest.scenario.scenario import Choice, Scenario
from loadtest.stack.outputs import StackOutputs

_DEFAULT_PROFILE = "quick"


@dataclass(frozen=True, kw_only=True)
class LoadRequest:
    """What the options of the load say.

    Attributes:
        choice: Which scenario, and what of it.
        scenario: The same, loaded and validated.
        profile_name: The profile that `--profile` names.
        phases: The profile that `--ramp`, `--hold` and `--pause` make.
    """

    choice: Choice
    scenario: Scenario
    profile_name: str | None
    phases: Profile | None

    def profile(
        self, outputs: StackOutputs | None = None, default: str = _DEFAULT_PROFILE
    ) -> Profile:
        """Return the load: that of the options, else the script's, the stack's or the default.

        Raises:
            LoadTestError: There is no profile of that name.
        """
        if self.profile_name is not None:
            return profile_named(self.profile_name)
        if (own := self.phases or self.scenario.load) is not None:
            return own
        wanted = setting.NONE if outputs is None else outputs.load_profile
        return of_setting(default if wanted in (setting.NONE, setting.SCRIPT) else wanted)


def load_request(
    profile: str | None, words: Sequence[Word], choice: Choice, generator: str | None = None
) -> LoadRequest:
    """Put the options of a load together; with `generator`, for one that is installed and runs it.

    Args:
        profile: The name that `--profile` gives.
        words: The phases of `--ramp`, `--hold` and `--pause`, see `LoadOptions.phases`.
        choice: Which scenario; its own phases are the load if the options name none.
        generator: The load generator's name.

    Raises:
        LoadTestError: An option or the script is wrong, or the generator cannot run it.
        GeneratorError: The generator is not installed.
    """
    findings = Findings()
    if profile is not None:
        findings.of(profile_named, profile)
    phases = findings.of(own_profile, words)
    choice = replace(choice, own_phases=profile is None and not words)
    if generator:
        loaded = findings.of(load_for, choice, generator)
    else:
        loaded = findings.of(scenarios.load, choice=choice)
    findings.report()
    return LoadRequest(
        choice=choice, scenario=loaded.value, profile_name=profile, phases=phases.value
    )


def asked(
    findings: Findings, load: LoadOptions, context: typer.Context, generator: str | None
) -> tuple[Checked[LoadRequest], Checked[str]]:
    """Return the load that options ask for and the generator's name, or add to `findings` why not.

    `generator` is what `--generator` names.
    """
    named = findings.of(choose_generator, generator)
    return asked_load(findings, load, context, named.otherwise("")), named


def asked_load(
    findings: Findings, load: LoadOptions, context: typer.Context, generator: str | None = None
) -> Checked[LoadRequest]:
    """Return the load that options ask for, or add to `findings` why not; see `load_request`."""
    words = findings.of(load.phases, context).otherwise([])
    choice = choice_of(load)
    findings.of(scenarios.require_exported, sorted(choice.pass_env))
    return findings.of(load_request, load.profile, words, choice, generator)


def choice_of(load: LoadOptions) -> Choice:
    """Return what the options say of the scenario."""
    return Choice(load.scenario, load.environment, frozenset(load.pass_env or ()))


def own_profile(words: Sequence[Word]) -> Profile | None:
    """Return the profile that `--ramp`, `--hold` and `--pause` make; None without any of them.

    Raises:
        LoadTestError: One cannot be read; the message says what to write.
    """
    return written(words, DASHES) if words else None


def choose_generator(name: str | None) -> str:
    """Return which load generator to use: the one of that name, else LOADTEST_GENERATOR's.

    Raises:
        GeneratorError: There is none of that name.
    """
    given = os.environ.get(hook_variables.GENERATOR) or ARTILLERY
    chosen = given if name is None else name
    if chosen not in TITLES:
        raise GeneratorError(
            f"unknown load generator {chosen!r}; choose one of {', '.join(TITLES)}"
        )
    return chosen


def load_for(choice: Choice, generator: str) -> Scenario:
    """Load a scenario for a generator that is installed and runs it.

    Raises:
        LoadTestError: The scenario is missing or wrong, or the generator cannot run it.
        GeneratorError: It is not installed, or cannot read the functions that the scenario brings.
    """
    loaded = scenarios.load(choice=choice)
    registry.require_runnable(loaded, generator)
    command = tools.generator(generator)
    if generator == ARTILLERY:
        own_functions.require_valid(loaded, command)
    return loaded
