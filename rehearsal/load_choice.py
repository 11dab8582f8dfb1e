"""The load of a rehearsal: the setting `loadProfile` of both stacks, and what it means."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from loadspec import phases, setting
from loadspec.phases import Word
from loadtest.cli.load_request import own_profile
from loadtest.profiles import Profile, of_setting, profile_named
from loadtest.scenario.scenario import Choice, Scenario, load
from rehearsal import stack_settings

DEFAULT = "quick"


def setting_of(named: str | None, words: Sequence[Word], choice: Choice) -> str:
    """Return the setting for `--profile`, else for the phases given, else for those of the script.

    Raises:
        LoadTestError: There is no such profile, or a phase cannot be read or run.
    """
    if named is not None:
        return profile_named(named).name
    if own_profile(words) is not None:
        return phases.text_of(words)
    return DEFAULT if load(choice=choice).load is None else setting.SCRIPT


def profile_of(text: str, scenario: Scenario) -> Profile:
    """Return what a setting that `setting_of` made means with its scenario."""
    return scenario.load or of_setting(text)


def require_visitors(
    profile: Profile, scenario: Scenario, stacks: Sequence[str], overrides: Mapping[str, str]
) -> None:
    """Reject a load for which the stacks would not seed enough visitors.

    Raises:
        LoadTestError: There are too few; the message says how to seed more.
    """
    for stack in stacks:
        seeded = stack_settings.read(stack, overrides).get("seedUsers")
        scenario.check_supply(profile, 1, int(seeded))
