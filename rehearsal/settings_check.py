"""Whether program and region accept the stacks' settings, before anything is built for them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import cast

from commandline.errors import UserError
from region.machines.errors import MachineError
from region.machines.instance_types import instance_type
from rehearsal import own_programs, stack_settings
from rehearsal.stack_settings import StackSettings

CHECK = "components.config.check"

_REMEDY_OF_PULUMI = re.compile(r"\s*(Change|Remove) it with `pulumi config [^`]*`\.?")


class SettingsError(UserError):
    """The program does not accept these settings; the message names keys, values and remedies."""


def require(stacks: Sequence[str], overrides: Mapping[str, str]) -> None:
    """Let the program check the settings that these stacks would get.

    `overrides` are settings of the project's namespace that take precedence over `Pulumi.<stack>.yaml`.

    Raises:
        SettingsError: a stack could not be built with them.
        YamlFileError: a stack's file cannot be read.
    """
    settings = {stack: stack_settings.read(stack, overrides) for stack in stacks}
    namespace = next(iter(settings.values())).namespace
    found = own_programs.output(
        [CHECK, namespace],
        error=SettingsError,
        failure="the settings cannot be checked",
        text=json.dumps({stack: one.values for stack, one in settings.items()}),
    )
    problems = _by_problem(json.loads(found))
    told = " ".join(problems)
    for stack, one in settings.items():
        for problem in _unknown_types(one, told):
            problems.setdefault(problem, []).append(stack)
    if problems:
        lines = [f"  {problem} ({', '.join(where)})" for problem, where in problems.items()]
        raise SettingsError(
            "\n".join(
                [
                    "nothing was built, as a setting (--config, or Pulumi.STACK.yaml) is wrong:",
                    *lines,
                ]
            )
        )


def _unknown_types(settings: StackSettings, told: str) -> Iterator[str]:
    """Yield what is wrong with types that the region does not have, unless it is `told` already.

    The preview would find out a quarter of a minute later.
    """
    for name in (settings.get("instanceType"), *_listed(settings.get("instanceTypes"))):
        if name is not None and str(name) not in told:
            try:
                instance_type(str(name))
            except MachineError as error:
                yield str(error)


def _listed(several: object) -> list[object]:
    """Return the types of a list, which a text may be; none of what the program refuses."""
    try:
        found = json.loads(several) if isinstance(several, str) else several
    except ValueError:
        return []
    return list(cast("list[object]", found)) if isinstance(found, list) else []


def _by_problem(found: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """Return each problem once, with the stacks that have it."""
    stacks_of: dict[str, list[str]] = {}
    for stack, problems in found.items():
        for problem in problems:
            stacks_of.setdefault(_REMEDY_OF_PULUMI.sub("", problem), []).append(stack)
    return stacks_of
