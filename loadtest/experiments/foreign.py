"""Third-party activities: how long they may take, and whether they had an effect.

The Chaos Toolkit lets a command, a request and a function take as long as they like, and counts a command
that ended with an error, or a request that was refused, as succeeded.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any, Final

from loadtest.experiments import kinds
from loadtest.experiments.actions import database, deployments, mutable_tag

PROBE_S: Final = 30.0
"""How long a command or a request of a steady state may take that says nothing else: it is asked every
second."""
REFUSED: Final = 400
"""From this status on a request was not carried out."""
TAIL: Final = 200
LATER_S: Final = 60.0
"""A command that never ends is to be ended with all that it started; its own timeout ends a shell only."""
OWN_WAITS_S: Final[Mapping[str, float]] = {
    f"{module.__name__.rpartition('.')[2]}.{name}": seconds
    for module in (database, deployments, mutable_tag)
    for name, seconds in module.AT_MOST_S.items()
}
"""How long the load test's own actions wait at the most for what takes as long as it takes."""

WAITED_FOR: Final = frozenset({"network.lose_zone", "network.cut_database", "capacity.no_capacity"})
"""Actions of the load test's own that end with their fault."""


def longest_s(raw: Mapping[str, Any], load_s: float) -> float:
    """Return how long a method may take, in seconds: as long as its load lasts, and its own waits."""
    own = (OWN_WAITS_S.get(kinds.function(one), 0.0) for one in kinds.providers(raw))
    return load_s + sum(own)


def least_s(raw: Mapping[str, Any]) -> float:
    """Return how long a method takes at least, in seconds: its pauses, and faults that it waits for.

    What is in the background, and what is only known once variables have their values, counts nothing.
    """
    found = 0.0
    for activity in kinds.steps(raw):
        pauses = activity.get("pauses") or {}
        times = [pauses.get("before"), pauses.get("after")]
        provider = activity.get("provider") or {}
        if kinds.function(provider) in WAITED_FOR and not activity.get("background"):
            times.append((provider.get("arguments") or {}).get("seconds"))
        found += sum(one for one in times if isinstance(one, int | float))
    return found


def limited(raw: Mapping[str, Any], method_s: float) -> dict[str, Any]:
    """Return an experiment whose commands and requests have a timeout, by default what is left for them.

    Python functions have none: whoever runs the engine has to interrupt them.
    """
    found: dict[str, Any] = copy.deepcopy(dict(raw))
    for probe in (found.get("steady-state-hypothesis") or {}).get("probes") or []:
        _limit(probe, PROBE_S)
        _limit(probe.get("tolerance"), PROBE_S)
    for activity in [*(found.get("method") or []), *(found.get("rollbacks") or [])]:
        _limit(activity, method_s + LATER_S)
    return found


def _limit(activity: Any, seconds: float) -> None:
    provider = activity.get("provider") if isinstance(activity, dict) else None
    if not isinstance(provider, dict):
        return
    if provider.get("type") in {"process", "http"}:
        provider.setdefault("timeout", seconds)
    elif activity.get("type") == "probe":
        # The engine puts the value that a tolerance judges there.
        provider.setdefault("arguments", {})


def failure(run: Mapping[str, Any]) -> str | None:
    """Return why an activity had no effect although it ended; None if it may have had."""
    output = run.get("output")
    if not isinstance(output, Mapping):
        return None
    status = output.get("status")
    match run["activity"].get("provider", {}).get("type"):
        case "process" if status:
            said = str(output.get("stderr") or "").strip()[-TAIL:]
            return f"the command ended with {status}" + (f": {said}" if said else "")
        case "http" if isinstance(status, int) and status >= REFUSED:
            return f"the request was answered with {status}"
        case _:
            return None
