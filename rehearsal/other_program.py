"""Any Pulumi program in Python, to be previewed on the region: its project file and its stacks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import yaml

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
    regions = {_region(_read(directory / f"Pulumi.{one}.yaml")) for one in chosen if one in known}
    if len(regions) > 1:
        raise EngineError(
            f"the stacks {', '.join(chosen)} are in different Regions, and a local region is one: name "
            "one of them with --stack"
        )
    return Program(directory, chosen, regions.pop() if regions else None)


def _region(settings: Mapping[str, Any]) -> str | None:
    config = settings.get("config")
    found = (
        cast("Mapping[str, Any]", config).get("aws:region") if isinstance(config, dict) else None
    )
    return found if isinstance(found, str) else None


def _read(file: Path) -> Mapping[str, Any]:
    try:
        content = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise EngineError(
            f"cannot read {file}: {error}; --program takes the directory of a Pulumi program"
        ) from error
    except yaml.YAMLError as error:
        raise EngineError(f"{file} is not YAML: {error}") from error
    if not isinstance(content, dict):
        raise EngineError(f"{file} is not a mapping")
    return cast("Mapping[str, Any]", content)
