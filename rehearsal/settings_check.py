"""Whether the program accepts the settings of `--config`, before anything is built for them."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence

from commandline.errors import UserError
from rehearsal import own_programs, stack_settings

CHECK = "components.config.check"

_REMEDY_OF_PULUMI = re.compile(r"\s*(Change|Remove) it with `pulumi config [^`]*`\.?")


class SettingsError(UserError):
    """The program does not accept these settings; the message names keys, values and remedies."""


def require(stacks: Sequence[str], overrides: Mapping[str, str]) -> None:
    """Let the program check the settings that these stacks would get.

    `overrides` are settings of the project's namespace that take precedence over `Pulumi.<stack>.yaml`.

    Raises:
        SettingsError: a stack could not be built with them.
    """
    settings = {stack: stack_settings.read(stack, overrides) for stack in stacks}
    namespace = next(iter(settings.values())).namespace
    found = own_programs.output(
        [CHECK, namespace],
        error=SettingsError,
        failure="the settings cannot be checked",
        text=json.dumps({stack: one.values for stack, one in settings.items()}),
    )
    if problems := _by_problem(json.loads(found)):
        lines = [f"  {problem} ({', '.join(where)})" for problem, where in problems.items()]
        raise SettingsError("\n".join(["nothing was built, as --config is wrong:", *lines]))


def _by_problem(found: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """Return each problem once, with the stacks that have it."""
    stacks_of: dict[str, list[str]] = {}
    for stack, problems in found.items():
        for problem in problems:
            stacks_of.setdefault(_REMEDY_OF_PULUMI.sub("", problem), []).append(stack)
    return stacks_of
