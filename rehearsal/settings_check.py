"""Whether program and region accept the stacks' settings, before anything is built for them."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence

from commandline.errors import UserError
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
        MachineError: the region has no such instance type.
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
        raise SettingsError(
            "\n".join(
                [
                    "nothing was built, as a setting (--config, or Pulumi.STACK.yaml) is wrong:",
                    *lines,
                ]
            )
        )

    for one in settings.values():
        _require_types(one)


def _require_types(settings: StackSettings) -> None:
    """Require instance types that the region plays: the preview would find out a quarter of a minute later.

    Raises:
        MachineError: it knows one of them not; the message names similar ones.
    """
    several = settings.get("instanceTypes") or []
    listed = json.loads(several) if isinstance(several, str) else several
    for name in (settings.get("instanceType"), *listed):
        if name is not None:
            instance_type(str(name))


def _by_problem(found: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """Return each problem once, with the stacks that have it."""
    stacks_of: dict[str, list[str]] = {}
    for stack, problems in found.items():
        for problem in problems:
            stacks_of.setdefault(_REMEDY_OF_PULUMI.sub("", problem), []).append(stack)
    return stacks_of
