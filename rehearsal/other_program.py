"""Any Pulumi program in Python, to be previewed on the region: its project file and its stacks."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from rehearsal import foreign_settings, yaml_file
from rehearsal.pulumi_project import EngineError

PROJECT = "Pulumi.yaml"
ENDINGS = ("yaml", "yml")
NO_SETTINGS = "preview"
"""Name of the stack of a program without settings of one."""


@dataclass(frozen=True)
class Program:
    """A program, and what of it is previewed."""

    stacks: tuple[str, ...]
    region: str | None
    """The AWS Region that its settings name; None if they name none."""
    project: Path
    """Its project file."""
    settings: Mapping[str, Path]
    """The settings file of each stack that has one."""

    def notes(self) -> list[str]:
        """Return what of its settings is previewed otherwise than it is deployed.

        Raises:
            EngineError: One cannot be read.
        """
        return [
            note
            for stack in self.stacks
            if stack in self.settings
            for note in foreign_settings.portable(
                _read(self.settings[stack]), self.settings[stack].name
            ).notes
        ]


def find(directory: Path, stacks: tuple[str, ...] = ()) -> Program:
    """Return the program of a directory; `stacks` are those to preview, by default all that it has.

    Raises:
        EngineError: It is no Pulumi program in Python, or has no such stack.
    """
    found = _project_file(directory)
    project = _read(found)
    runtime = project.get("runtime")
    name = cast("Mapping[str, Any]", runtime).get("name") if isinstance(runtime, dict) else runtime
    if name != "python":
        raise EngineError(
            f"{found}: its runtime is {name!r}; programs in Python can be previewed, "
            'others by `pulumi preview` after `eval "$(python -m rehearsal env)"`'
        )
    settings = _settings(directory / str(project.get("stackConfigDir") or ""))
    known = sorted(settings)
    for one in stacks:
        if one not in known:
            has = f"it has {', '.join(known)}" if known else "it has none"
            raise EngineError(f"{directory} has no settings of a stack {one!r}; {has}")
    chosen = stacks or tuple(known) or (NO_SETTINGS,)
    regions = {_region(settings[one]) for one in chosen if one in known}
    if len(regions) > 1:
        raise EngineError(
            f"the stacks {', '.join(chosen)} are in different Regions, and a local region is one: name "
            "one of them with --stack"
        )
    region = regions.pop() if regions else None
    return Program(chosen, region or _default_region(project), found, settings)


_STATE = (
    "judge what is deployed instead: `pulumi stack export --file state.json`, then `pulumi policy analyze "
    "--file state.json --policy-pack policies`"
)
_REMEDIES: Mapping[str, str] = {
    r"pulumi:pulumi:StackReference": "A preview here has no states of other stacks: write what it asks "
    f"them for below `config`, or {_STATE}",
    r"ModuleNotFoundError: No module named '(\w+)": r"`\1` is not installed here, where programs run "
    f"with this project's packages: leave it out, or {_STATE}",
    r"KeyError: '([A-Z][A-Z0-9_]*)'": r"If `\1` is an environment variable: export it first",
    r"no resource plugin '?(?:pulumi-resource-)?([\w-]+)": r"The provider `\1` is not installed here: "
    f"leave it out, or {_STATE}",
}
"""What stands in a failed preview of a program that needs more than this project has, and the remedy."""


def explained(text: str) -> str:
    """Return the message of a failed preview with what can be done about it."""
    found = ((re.search(pattern, text), remedy) for pattern, remedy in _REMEDIES.items())
    return "\n".join([text, *(hit.expand(remedy) for hit, remedy in found if hit)])


def _project_file(directory: Path) -> Path:
    there = (directory / f"Pulumi.{ending}" for ending in ENDINGS)
    return next((file for file in there if file.is_file()), directory / PROJECT)


def _settings(directory: Path) -> dict[str, Path]:
    """Return the settings file of each stack, by the stack's name."""
    return {
        file.name.removeprefix("Pulumi.").removesuffix(f".{ending}"): file
        for ending in ENDINGS
        for file in sorted(directory.glob(f"Pulumi.*.{ending}"))
    }


def _default_region(project: Mapping[str, Any]) -> str | None:
    """Return the Region that the project file itself sets for all stacks."""
    config = project.get("config")
    given = (
        cast("Mapping[str, Any]", config).get("aws:region") if isinstance(config, dict) else None
    )
    value = cast("Mapping[str, Any]", given).get("value") if isinstance(given, dict) else given
    return value if isinstance(value, str) else None


def _region(file: Path) -> str | None:
    settings = _read(file)
    try:
        found = yaml_file.config(settings, file).get("aws:region")
    except yaml_file.YamlFileError as error:
        raise EngineError(str(error)) from error
    return found if isinstance(found, str) else None


def _read(file: Path) -> Mapping[str, Any]:
    try:
        return yaml_file.read(file, "; --program takes the directory of a Pulumi program")
    except yaml_file.YamlFileError as error:
        raise EngineError(str(error)) from error
