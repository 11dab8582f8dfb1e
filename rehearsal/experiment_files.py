"""The library's experiments in the time of a region: what AWS waits shorter, lasts shorter as well.

At `--speed 4` a health check that takes AWS ten seconds is through after 2.5. A fault of two minutes
would then show what eight minutes show on AWS, and take as long as three experiments.
"""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any, Final

import yaml

from loadtest.experiments.models import EXTENSION, ExperimentFile
from loadtest.runs import paths as runs_paths
from region import private

SHORTEST_FAULT_S: Final = 10.0
"""However fast the region's clock is: the load has to notice it."""
SHORTEST_RECOVERY_S: Final = 60.0
"""Boots and deployments take as long as this computer takes, whatever the speed."""


def write(experiment: ExperimentFile, speed: float, directory: Path) -> Path:
    """Write an experiment as it is at that speed, under its own name, and return the file."""
    private.directory(directory)
    target = directory / f"{experiment.name}.yaml"
    text = yaml.safe_dump(scaled(experiment.raw, speed), sort_keys=False, allow_unicode=True)
    runs_paths.write_text(target, text)
    return target


def scaled(raw: dict[str, Any], speed: float) -> dict[str, Any]:
    """Return an experiment with its faults and its target time divided by the speed."""
    found = copy.deepcopy(raw)
    for activity in found.get("method") or []:
        arguments = (activity.get("provider") or {}).get("arguments") or {}
        if "seconds" in arguments:
            arguments["seconds"] = shorter(arguments["seconds"], speed, SHORTEST_FAULT_S)
    for block in found.get("extensions") or []:
        if block.get("name") == EXTENSION:
            block["recovery_s"] = shorter(block["recovery_s"], speed, SHORTEST_RECOVERY_S)
    return found


def shorter(seconds: float, speed: float, least: float) -> float:
    """Divide a time by the speed; not below `least`, and never longer than it was."""
    return min(seconds, max(least, seconds / speed))
