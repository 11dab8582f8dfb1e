"""What the region keeps about moto's FIS experiments."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from moto.fis.models import Experiment

from region.api.records import Record

PENDING, INITIATING, RUNNING, COMPLETED = "pending", "initiating", "running", "completed"
STOPPING, STOPPED, FAILED, CANCELLED, SKIPPED = (
    "stopping",
    "stopped",
    "failed",
    "cancelled",
    "skipped",
)
FINAL = frozenset({COMPLETED, STOPPED, FAILED, CANCELLED})
ENDED = FINAL | {SKIPPED}


@dataclass
class ActionProgress:
    """How far an action is.

    Attributes:
        status: One of FIS's states of an action.
        reason: Why.
        started_at: Epoch seconds; 0 before.
        started_ticks: The same by a clock that nobody sets, `time.monotonic()`, by which it lasts.
        ended_at: Epoch seconds; 0 before.
        data: What the action has to remember, such as the id of a command.
    """

    status: str = PENDING
    reason: str = "Action is pending"
    started_at: float = 0.0
    started_ticks: float = 0.0
    ended_at: float = 0.0
    data: dict[str, Any] = field(default_factory=dict[str, Any])


@dataclass
class ExperimentRecord(Record[Experiment]):
    """An experiment.

    Attributes:
        status: One of FIS's states of an experiment.
        reason: Why.
        failed: Whether it ends as failed, once what it began is undone.
        targets: The ARNs of each target's resources.
        actions: How far each action is.
    """

    status: str = PENDING
    reason: str = "Experiment is pending."
    failed: bool = False
    targets: dict[str, list[str]] = field(default_factory=dict[str, list[str]])
    actions: dict[str, ActionProgress] = field(default_factory=dict[str, ActionProgress])
