"""The environment variables that configure the load of the hook after `pulumi up`.

Whoever runs `pulumi up` sets them (`variables`), and `post-up` reads them (`scenario_choice`).
"""

from __future__ import annotations

import os
from pathlib import Path

from loadspec import setting
from loadtest import variable_names
from loadtest.errors import LoadTestError
from loadtest.profiles import Profile, of_setting
from loadtest.scenario import scenario
from loadtest.scenario.scenario import Choice
from loadtest.stack.outputs import StackOutputs

SCENARIO = "LOADTEST_SCENARIO"
ENVIRONMENT = "LOADTEST_ENVIRONMENT"
PASSED = "LOADTEST_PASS_ENV"
GENERATOR = variable_names.GENERATOR
SLO = variable_names.SLO
NOTES_TOLD = "LOADTEST_NOTES_TOLD"
"""Set where whoever runs `pulumi up` has already told what is replaced in the script."""


def variables(choice: Choice, generator: str, slo: Path | None = None) -> dict[str, str]:
    """Return the variables from which the hook takes scenario, generator and SLO, wherever it runs."""
    name = choice.name if scenario.builtin(choice.name) else str(Path(choice.name).absolute())
    passed = {variable: os.environ[variable] for variable in sorted(choice.pass_env)}
    return {
        **passed,
        SCENARIO: name,
        ENVIRONMENT: choice.environment or "",
        PASSED: ",".join(passed),
        GENERATOR: generator,
        NOTES_TOLD: "1",
        **({SLO: str(slo.absolute())} if slo else {}),
    }


def scenario_choice(outputs: StackOutputs) -> Choice:
    """Return the scenario that the variables name; the login without them.

    Its own phases are the load if the stack's `loadProfile` says so. Whether there are the variables that
    are to be passed on is for the caller to check.
    """
    passed = (name.strip() for name in os.environ.get(PASSED, "").split(","))
    return Choice(
        os.environ.get(SCENARIO) or "login",
        os.environ.get(ENVIRONMENT) or None,
        frozenset(filter(None, passed)),
        own_phases=outputs.load_profile == setting.SCRIPT,
    )


def profile(outputs: StackOutputs, choice: Choice) -> Profile | None:
    """Return the load that the stack's `loadProfile` says; None for `none`.

    Raises:
        LoadTestError: It is the script's own, and there is no such script or it has no phases.
    """
    if outputs.load_profile == setting.NONE:
        return None
    if outputs.load_profile != setting.SCRIPT:
        return of_setting(outputs.load_profile)
    own = scenario.load(choice=choice).load
    if own is None:
        raise LoadTestError(
            f"loadProfile is {setting.SCRIPT!r}, but the scenario {choice.name!r} has no `phases`: name a "
            f"script that has some in {SCENARIO}, or set haproof:loadProfile to a profile"
        )
    return own
