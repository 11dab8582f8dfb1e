"""Whether the program accepts the settings of `--config`, before anything is built for them."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from commandline.errors import UserError
from toolchain import paths

CHECK = (sys.executable, "-m", "components.config.check")
"""A process of its own: the rehearsal imports nothing of the program."""

_REMEDY_OF_PULUMI = re.compile(r"\s*(Change|Remove) it with `pulumi config [^`]*`\.?")


class SettingsError(UserError):
    """The program does not accept these settings; the message names keys, values and remedies."""


def require(stacks: Sequence[str], overrides: Mapping[str, str]) -> None:
    """Let the program check the settings that these stacks would get.

    `overrides` are settings of the project's namespace that take precedence over `Pulumi.<stack>.yaml`.

    Raises:
        SettingsError: a stack could not be built with them.
    """
    project = _read(paths.ROOT / "Pulumi.yaml")
    namespace = str(project["name"])
    defaults = {
        key: entry["default"] for key, entry in project["config"].items() if "default" in entry
    }
    given = {f"{namespace}:{key}": value for key, value in overrides.items()}
    configurations = {
        stack: {**defaults, **_read(paths.ROOT / f"Pulumi.{stack}.yaml").get("config", {}), **given}
        for stack in stacks
    }
    done = subprocess.run(
        [*CHECK, namespace],
        cwd=paths.ROOT,
        input=json.dumps(configurations),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["it printed nothing"])[-1]
        raise SettingsError(f"the settings cannot be checked: {last}")
    if found := _by_problem(json.loads(done.stdout)):
        lines = [f"  {problem} ({', '.join(where)})" for problem, where in found.items()]
        raise SettingsError("\n".join(["nothing was built, as --config is wrong:", *lines]))


def _by_problem(found: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """Return each problem once, with the stacks that have it."""
    stacks_of: dict[str, list[str]] = {}
    for stack, problems in found.items():
        for problem in problems:
            stacks_of.setdefault(_REMEDY_OF_PULUMI.sub("", problem), []).append(stack)
    return stacks_of


def _read(file: Path) -> dict[str, Any]:
    return yaml.safe_load(file.read_text(encoding="utf-8"))
