"""Any Pulumi program in Python, to be previewed on the region: its project file and its stacks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from rehearsal import yaml_file
from rehearsal.pulumi_project import EngineError

PROJECT = "Pulumi.yaml"
NO_SETTINGS = "preview"
"""Name of the stack of a program without settings of one."""


@dataclass(frozen=True)
class Program:
    """A program, and what of it is previewed."""

    directory: Path
    stacks: tuple[str, ...]
    region: str | None
    """The AWS Region that its settings name; None if they name none."""


def find(directory: Path, stacks: tuple[str, ...] = ()) -> Program:
    """Return the program of a directory; `stacks` are those to preview, by default all that it has.

    Raises:
        EngineError: It is no Pulumi program in Python, or has no such stack.
    """
    project = _read(directory / PROJECT)
    runtime = project.get("runtime")
    name = cast("Mapping[str, Any]", runtime).get("name") if isinstance(runtime, dict) else runtime
    if name != "python":
        raise EngineError(
            f"{directory / PROJECT}: its runtime is {name!r}; programs in Python can be previewed, "
            'others by `pulumi preview` after `eval "$(python -m rehearsal env)"`'
        )
    known = sorted(
        file.name.removeprefix("Pulumi.").removesuffix(".yaml")
        for file in directory.glob("Pulumi.*.yaml")
    )
    for one in stacks:
        if one not in known:
            has = f"it has {', '.join(known)}" if known else "it has none"
            raise EngineError(f"{directory} has no settings of a stack {one!r}; {has}")
    chosen = stacks or tuple(known) or (NO_SETTINGS,)
    regions = {_region(directory / f"Pulumi.{one}.yaml") for one in chosen if one in known}
    if len(regions) > 1:
        raise EngineError(
            f"the stacks {', '.join(chosen)} are in different Regions, and a local region is one: name "
            "one of them with --stack"
        )
    return Program(directory, chosen, regions.pop() if regions else None)


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
