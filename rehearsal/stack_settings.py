"""The settings that a stack would get: project defaults, its own file, then the command line."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rehearsal import yaml_file
from toolchain import paths


@dataclass(frozen=True)
class StackSettings:
    """One stack's settings. `values` has every key with its namespace, as `haproof:instanceType`."""

    namespace: str
    values: Mapping[str, Any]

    def get(self, name: str) -> Any:
        """Return a setting of the project's own namespace; None without one."""
        return self.values.get(f"{self.namespace}:{name}")


def read(stack: str, overrides: Mapping[str, str], root: Path = paths.ROOT) -> StackSettings:
    """Read the settings of `stack` of the project in `root`.

    `overrides` are settings of the project's namespace that take precedence over the stack's file.

    Raises:
        YamlFileError: One of the files cannot be read; the message names it, with the line.
    """
    project = _yaml(root / "Pulumi.yaml")
    namespace = str(project["name"])
    defaults = {
        key: entry["default"] for key, entry in project["config"].items() if "default" in entry
    }
    file = root / f"Pulumi.{stack}.yaml"
    own = yaml_file.config(_yaml(file), file)
    given = {f"{namespace}:{name}": value for name, value in overrides.items()}
    return StackSettings(namespace, {**defaults, **own, **given})


def _yaml(file: Path) -> dict[str, Any]:
    return yaml_file.read(file)
