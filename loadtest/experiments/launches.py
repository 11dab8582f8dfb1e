"""How long launches and deployments took on a stack's instances, and beside how many others.

Auto Scaling gives each instance that it launches a deployment of its own. Which of them shared the CPUs
of one computer, as in a local region, follows from when they went on, and not from whose deployment it was.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from statistics import fmean, median
from typing import Any, NamedTuple

from loadtest.experiments import collectors
from loadtest.experiments.clock import LoadClock
from loadtest.experiments.disturbances import Disturbance
from loadtest.experiments.observations import TimelineEvent
from loadtest.stack.deployments import DEPLOYMENTS_PER_CALL
from loadtest.stack.outputs import StackOutputs

TRAFFIC_EVENTS = frozenset(
    f"{when}{what}" for what in ("BlockTraffic", "AllowTraffic") for when in ("Before", "", "After")
)
"""Lifecycle events of CodeDeploy that wait for the load balancer instead of working."""
STOP = "ApplicationStop"
SUCCESSFUL = "Successful"
SUCCEEDED = "Succeeded"
MOST_DEPLOYMENTS = 20
"""How many of the newest deployments are looked at."""
LEAVING = "autoscalingTermination"
"""The creator of a deployment that only stops the application of an instance that leaves."""


class Work(NamedTuple):
    """Something that went on on an instance: for how many seconds, and from when to when."""

    spent_s: float
    began_s: float
    ended_s: float

    def delayed(self, disturbed: Iterable[Disturbance]) -> bool:
        """Return whether a fault may have delayed it."""
        return any(one.delays(self.began_s, self.ended_s) for one in disturbed)


class Boot(NamedTuple):
    """How long a boot took, and how many instances worked meanwhile, itself among them: their mean."""

    seconds: float
    beside: float


def beside(work: Work, all_works: Iterable[Work]) -> float:
    """Return how many of these works, itself among them, went on during one of them: their mean."""
    length = work.ended_s - work.began_s
    if length <= 0:
        return 1.0
    others = (
        min(work.ended_s, one.ended_s) - max(work.began_s, one.began_s)
        for one in all_works
        if one is not work
    )
    return round(1 + sum(max(0.0, both) for both in others) / length, 2)


def works(codedeploy: Any, outputs: StackOutputs, clock: LoadClock) -> list[dict[str, Work]]:
    """Return what the newest deployments that succeeded did, oldest first: each a work by instance.

    Raises:
        ClientError: AWS refused a question.
    """
    listed = codedeploy.list_deployments(
        applicationName=outputs.codedeploy_application,
        deploymentGroupName=outputs.codedeploy_deployment_group,
        includeOnlyStatuses=[SUCCEEDED],
    )
    newest = _newest(codedeploy, listed.get("deployments") or [])
    return [work_of(collectors.lifecycle(codedeploy, one, clock)) for one in reversed(newest)]


def releases(
    deployments: Sequence[Mapping[str, Work]], disturbed: Sequence[Disturbance]
) -> dict[str, Any]:
    """Return how long an instance's lifecycle events took: its first deployment, and a later one.

    The first one is often faster: nothing is to be stopped, and credits may not be spent yet. Of it also
    beside how many others it was.
    """
    every = [work for one in deployments for work in one.values()]
    found: dict[str, Any] = {}
    delayed: dict[str, float] = {}
    seen = set[str]()
    for work in deployments:
        first = [one for name, one in work.items() if name not in seen]
        again = [one for name, one in work.items() if name in seen]
        seen |= set(work)
        # The newest of each kind stays.
        for key, ones in (("release_s", first), ("again_s", again)):
            if undisturbed := [one for one in ones if not one.delayed(disturbed)]:
                found[key] = round(median(one.spent_s for one in undisturbed), 3)
                if key == "release_s":
                    mean = fmean(beside(one, every) for one in undisturbed)
                    found["release_beside"] = round(mean, 2)
            elif ones:
                # A fault only adds to it.
                least = min(one.spent_s for one in ones)
                delayed[key] = round(min(least, delayed.get(key, least)), 3)
    return {**delayed, **found}


def launched(autoscaling: Any, group: str) -> dict[str, tuple[datetime, datetime]]:
    """Return begin and end of each launch of an Auto Scaling group that succeeded, by instance.

    Raises:
        ClientError: AWS refused a question.
    """
    pages = autoscaling.get_paginator("describe_scaling_activities").paginate(
        AutoScalingGroupName=group
    )
    found: dict[str, tuple[datetime, datetime]] = {}
    for page in pages:
        for one in page.get("Activities") or []:
            text = str(one.get("Description") or "")
            if text.startswith("Launching") and one.get("StatusCode") == SUCCESSFUL:
                found[text.rpartition(" ")[2]] = (one["StartTime"], one["EndTime"])
    return found


def boot(
    launches: Mapping[str, tuple[datetime, datetime]],
    deployments: Sequence[Mapping[str, Work]],
    clock: LoadClock,
    disturbed: Sequence[Disturbance] = (),
) -> Boot | None:
    """Return how long a boot takes: the newest one that nothing delayed, until its deployment began.

    Without such a launch, the first ones of the group; None if the group keeps none of them.
    """
    spans = {name: (clock.of_aws(b), clock.of_aws(e)) for name, (b, e) in launches.items()}
    first: dict[str, Work] = {}
    for work in deployments:
        first = {**work, **first}
    boots = {
        name: Work(work.began_s - spans[name][0], spans[name][0], work.began_s)
        for name, work in first.items()
        if name in spans and spans[name][0] <= work.began_s <= spans[name][1]
    }
    every = [*boots.values(), *(work for one in deployments for work in one.values())]
    if kept := [one for one in boots.values() if not one.delayed(disturbed)]:
        newest = max(kept, key=lambda one: one.ended_s)
        return Boot(round(newest.spent_s, 3), beside(newest, every))
    return first_boot(list(spans.values()))


def first_boot(launches: Sequence[tuple[float, float]]) -> Boot | None:
    """Return how long the first launches of a group took, in seconds; None if it keeps none of them.

    Later ones also deploy a revision while they are launched.
    """
    if not launches:
        return None
    ordered = [Work(ended - began, began, ended) for began, ended in sorted(launches)]
    oldest = ordered[0]
    first = [
        one for one in ordered if one.began_s < oldest.ended_s or one.began_s == oldest.began_s
    ]
    mean = fmean(beside(one, first) for one in first)
    return Boot(round(median(one.spent_s for one in first), 3), round(mean, 2))


def _newest(codedeploy: Any, listed: Sequence[str]) -> list[str]:
    """Return the newest deployments that installed something, newest first."""
    found = list[str]()
    while listed and len(found) < MOST_DEPLOYMENTS:
        asked, listed = listed[:DEPLOYMENTS_PER_CALL], listed[DEPLOYMENTS_PER_CALL:]
        answer = codedeploy.batch_get_deployments(deploymentIds=asked)["deploymentsInfo"]
        leaving = {one["deploymentId"] for one in answer if one.get("creator") == LEAVING}
        found += [one for one in asked if one not in leaving]
    return found[:MOST_DEPLOYMENTS]


def work_of(events: Iterable[TimelineEvent]) -> dict[str, Work]:
    """Return what the lifecycle events of one deployment did on each instance.

    Without what waits for the load balancer; not on those where the application was only stopped, as they
    leave.
    """
    found: dict[str, Work] = {}
    installed = set[str]()
    for event in events:
        if event.state in TRAFFIC_EVENTS or event.until_s is None:
            continue
        before = found.get(event.subject, Work(0.0, event.at_s, event.until_s))
        found[event.subject] = Work(
            before.spent_s + event.until_s - event.at_s,
            min(before.began_s, event.at_s),
            max(before.ended_s, event.until_s),
        )
        if event.state != STOP:
            installed.add(event.subject)
    return {name: work for name, work in found.items() if name in installed}
