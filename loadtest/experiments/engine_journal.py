"""Reads what the Chaos Toolkit's engine recorded: its journal and its log. Pure."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from loadtest.experiments import foreign, own_functions
from loadtest.experiments.models import Action, ProbeResult, SteadyState

SHOWN: Final = 500
"""How much of a value or of an error is kept, in characters."""


def describe(state: SteadyState) -> str:
    """Say which property of the steady state is not met."""
    missed = next((one for one in state.probes if not one.met), None)
    if missed is None:
        return "nothing is off"
    value = missed.value
    shown = f"{value:.3g}" if isinstance(value, float) else value
    return f"{missed.name}: {missed.error or shown}"


def steady_state(state: dict[str, Any] | None) -> SteadyState | None:
    """Convert a round of the engine's; None if there was none."""
    if not state or not state.get("probes"):
        return None
    probes = [_probe(run) for run in state["probes"]]
    return SteadyState(at_ms=probes[0].at_ms, met=bool(state["steady_state_met"]), probes=probes)


def _probe(run: dict[str, Any]) -> ProbeResult:
    value = run.get("output")
    if not isinstance(value, str | int | float | bool | None):
        value = str(value)[:SHOWN]
    return ProbeResult(
        name=str(run["activity"]["name"]),
        at_ms=_epoch_ms(run["start"]),
        duration_s=float(run.get("duration") or 0),
        met=bool(run.get("tolerance_met")),
        value=value,
        error=_error(run) if run.get("status") == "failed" else None,
    )


def actions(journal: dict[str, Any]) -> list[Action]:
    """Return the actions of the method and of the rollbacks, in their order."""
    found = [(run, False) for run in journal.get("run") or []]
    found += [(run, True) for run in journal.get("rollbacks") or []]
    return [
        Action(
            name=str(run["activity"]["name"]),
            began_ms=_epoch_ms(run["start"]),
            ended_ms=_epoch_ms(run.get("end") or run["start"]),
            succeeded=run.get("status") == "succeeded" and failure(run) is None,
            error=failure(run),
            rollback=rollback,
        )
        for run, rollback in found
        if run["activity"].get("type") == "action"
    ]


def of_others(journal: dict[str, Any]) -> tuple[float, float] | None:
    """Return from when to when the method's actions of other packages acted (epoch ms); None without any.

    They know nothing of the session; what is the load test's own says itself when its fault begins.
    """
    found = [
        run
        for run in journal.get("run") or []
        if run["activity"].get("type") == "action"
        and run.get("status") == "succeeded"
        and failure(run) is None
        and not own_functions.is_own(run["activity"].get("provider") or {})
    ]
    if not found:
        return None
    began = min(_epoch_ms(run["start"]) for run in found)
    return began, max(_epoch_ms(run.get("end") or run["start"]) for run in found)


def _epoch_ms(text: str) -> float:
    return datetime.fromisoformat(text).timestamp() * 1000


def failure(run: dict[str, Any]) -> str | None:
    """Return why an activity failed, or had no effect; None if it had."""
    return _error(run) if run.get("status") == "failed" else foreign.failure(run)


def _error(run: dict[str, Any]) -> str:
    text = "; ".join("".join(run.get("exception") or []).strip().splitlines()) or "no reason given"
    for prefix in ("chaoslib.exceptions.ActivityFailed: ", "loadtest.errors.ExperimentError: "):
        text = text.rpartition(prefix)[2]
    return text[:SHOWN]


def last_step(journal: dict[str, Any]) -> str:
    """Return the name of the activity that did not end."""
    runs: list[dict[str, Any]] = [*(journal.get("run") or []), *(journal.get("rollbacks") or [])]
    open_ = [str(one["activity"]["name"]) for one in runs if "status" not in one]
    return open_[0] if open_ else "something in it"
