"""The library's experiments at a region's speed: a shorter AWS waiting period shortens the fault too.

At `--speed 4` a health check that takes AWS ten seconds is through after 2.5. A fault of two minutes
would then show what eight minutes show on AWS, and take as long as three experiments.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import yaml

from loadtest.experiments import kinds
from loadtest.experiments.models import EXTENSION, ExperimentFile
from loadtest.runs import paths as runs_paths
from region import private

SHORTEST_FAULT_S: Final = 10.0
"""However fast the region's clock is: the load has to notice it."""
SHORTEST_RECOVERY_S: Final = 60.0
SHORTEST_LOOK_S: Final = 15.0
"""So long at least a fault gets to show: the computer needs its time for that."""
CONTRAST_LOOK_S: Final = 12.0
"""How long a stack for contrast is watched after the window in which requests may fail: longer than any
of them waits for its answer (10 s), so that whoever came right after the window has had it."""


def write(
    experiment: ExperimentFile, speed: float, directory: Path, *, contrast: bool = False
) -> Path:
    """Write an experiment as it is at that speed, under its own name, and return the file.

    For `contrast` it ends once users must have met what nobody is expected to repair.
    """
    private.directory(directory)
    target = directory / f"{experiment.name}.yaml"
    raw = scaled(experiment.raw, speed)
    text = yaml.safe_dump(
        ended_early(raw) if contrast else raw, sort_keys=False, allow_unicode=True
    )
    runs_paths.write_text(target, text)
    return target


def ended_early(raw: dict[str, Any]) -> dict[str, Any]:
    """Return an experiment that does not await a recovery for which nobody is there.

    It is not survived by then: requests fail after the window in which they may, all of them if there is
    but one instance.
    """
    found = copy.deepcopy(raw)
    (block,) = (one for one in found["extensions"] if one.get("name") == EXTENSION)
    window_s = float((block.get("allowed") or {}).get("window_s", 0.0))
    if not window_s:
        return found
    most_s = window_s + CONTRAST_LOOK_S
    for activity in found["method"]:
        if kinds.function(activity["provider"]) == "probes.steady_again":
            arguments = activity["provider"].setdefault("arguments", {})
            arguments["at_most_s"] = most_s
            arguments["at_least_s"] = min(most_s, float(arguments.get("at_least_s", most_s)))
    block |= {"recovery_s": min(most_s, float(block["recovery_s"])), "awaits_replacement": False}
    return found


def scaled(raw: dict[str, Any], speed: float) -> dict[str, Any]:
    """Return an experiment with its faults and its target time divided by the speed."""
    found = copy.deepcopy(raw)
    for activity in found.get("method") or []:
        provider = activity.get("provider") or {}
        arguments = provider.get("arguments") or {}
        if "seconds" in arguments and not (_timed_by_fis(provider) or _is_work(provider)):
            arguments["seconds"] = shorter(arguments["seconds"], speed, SHORTEST_FAULT_S)
        if "at_least_s" in arguments:
            arguments["at_least_s"] = shorter(arguments["at_least_s"], speed, SHORTEST_LOOK_S)
    for block in found.get("extensions") or []:
        if block.get("name") == EXTENSION:
            block["recovery_s"] = _recovery_s(block, speed)
    return found


def _timed_by_fis(provider: Mapping[str, Any]) -> bool:
    """Return whether AWS FIS ends the fault: its minutes are shorter in a faster region already."""
    match kinds.function(provider):
        case "capacity.no_capacity":
            return True
        case "network.lose_zone":
            return (provider.get("arguments") or {}).get("how", "silent") == "silent"
        case _:
            return False


def _is_work(provider: Mapping[str, Any]) -> bool:
    """Return whether its seconds only limit what an instance has to do, which takes its CPU time."""
    return kinds.function(provider) == "instances.exhaust_memory"


def _recovery_s(block: dict[str, Any], speed: float) -> float:
    """Return a target time of which only what AWS waits is shorter, not boots and deployments."""
    whole = float(block["recovery_s"])
    waits = min(whole, float(block.get("waits_s", whole)))
    return min(whole, max(SHORTEST_RECOVERY_S, whole - waits + waits / speed))


def shorter(seconds: float, speed: float, least: float) -> float:
    """Divide a time by the speed; not below `least`, and never longer than it was."""
    return min(seconds, max(least, seconds / speed))
