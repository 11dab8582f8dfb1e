"""What Auto Scaling did during a load, as events of the run."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from commandline.steady_clock import SteadyClock
from loadtest.experiments import collectors
from loadtest.experiments.clock import LoadClock
from loadtest.experiments.observations import TimelineEvent
from loadtest.experiments.timing import Clients
from loadtest.runs import events
from loadtest.runs.events import Event
from loadtest.stack.clock_offset import OffsetEstimator, TimedCalls
from loadtest.stack.outputs import StackOutputs

KIND = "scaling"
TOGETHER_S = 10.0
"""Activities of one kind that begin within so many seconds of each other are one step of scaling."""
_VERBS = {"Launching": "launches", "Terminating": "terminates"}
_UNSUCCESSFUL = frozenset({"Failed", "Cancelled"})
_TRACKING = re.compile(r"TargetTracking-.*-(AlarmHigh|AlarmLow)-[0-9a-f-]{36}")


@dataclass(frozen=True)
class Step:
    """A step of scaling; times in seconds since the recorder was made."""

    at_s: float
    until_s: float | None
    name: str
    detail: str

    def event(self, began: float) -> Event:
        """Return it as an event of a run; `began` is in epoch seconds."""
        until = None if self.until_s is None else (began + self.until_s) * 1000
        return Event(KIND, self.name, (began + self.at_s) * 1000, until, self.detail)


def recorder(
    outputs: StackOutputs, clients: Clients, print_line: Callable[[str], None]
) -> Callable[[Path], None] | None:
    """Return what adds, to a run that begins now, the scaling that took place; None without a group.

    A user who may not call Auto Scaling or CloudWatch gets a line instead, and the run as it is.
    """
    group = outputs.auto_scaling_group_name
    if group is None:
        return None
    ours = SteadyClock()
    began = ours.seconds()

    def record(directory: Path) -> None:
        # Imported here: whoever starts a load need not wait for it.
        from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415

        try:
            steps = list(_steps(_observed(clients, group, began, ours)))
        except (BotoCoreError, ClientError) as error:
            print_line(f"what Auto Scaling did is not in the report: {error}")
            return
        for step in steps:
            events.append(directory, step.event(began))

    return record


def _observed(clients: Clients, group: str, began: float, ours: SteadyClock) -> list[TimelineEvent]:
    """Return the group's activities, and how the alarms of its policies changed, since then."""
    autoscaling, estimator = clients["autoscaling"], OffsetEstimator()
    calls = TimedCalls(estimator, ours.seconds)
    answer = calls(autoscaling.describe_policies, AutoScalingGroupName=group)
    names = _policies_alarms(answer.get("ScalingPolicies") or [])
    clock = LoadClock(began, estimator.offset())
    changes = collectors.alarms(clients["cloudwatch"], names, clock)
    return [
        *(one.model_copy(update={"subject": names[one.subject]}) for one in changes),
        *collectors.activities(autoscaling, group, clock),
    ]


def _policies_alarms(policies: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """Return what to call each alarm of these policies: target tracking's own names are long."""
    return {
        str(alarm["AlarmName"]): f"{matched[1]} of {policy['PolicyName']}"
        if (matched := _TRACKING.fullmatch(alarm["AlarmName"]))
        else str(alarm["AlarmName"])
        for policy in policies
        for alarm in policy.get("Alarms") or []
    }


def _steps(observed: Iterable[TimelineEvent]) -> Iterator[Step]:
    """Yield what to tell: alarms that went off, and instances that came or left together."""
    listed = sorted((one for one in observed if one.at_s >= 0), key=lambda one: one.at_s)
    for one in listed:
        if one.source == "alarm" and one.state == "ALARM":
            since = one.at_s if one.since_s is None else one.since_s
            yield Step(since, one.at_s, f"{one.subject}: ALARM", one.detail)
    for verb, named in _VERBS.items():
        for together in _together(one for one in listed if one.state == verb):
            yield _step(named, together)


def _step(verb: str, activities: list[TimelineEvent]) -> Step:
    ends = [one.until_s for one in activities if one.until_s is not None]
    zones = ", ".join(sorted({one.zone for one in activities if one.zone}))
    failed = sum(one.detail in _UNSUCCESSFUL for one in activities)
    return Step(
        activities[0].at_s,
        max(ends) if len(ends) == len(activities) else None,
        f"{verb} {len(activities)} instance{'s' if len(activities) > 1 else ''}",
        "; ".join(filter(None, (zones, f"{failed} of them failed" if failed else ""))),
    )


def _together(activities: Iterable[TimelineEvent]) -> Iterator[list[TimelineEvent]]:
    """Yield what begins at about the same time."""
    step: list[TimelineEvent] = []
    for one in activities:
        if step and one.at_s - step[-1].at_s > TOGETHER_S:
            yield step
            step = []
        step.append(one)
    if step:
        yield step
