"""Watches the health of a target group's targets while an experiment runs.

ELB keeps no history of it, so it is asked once a second; that is how exactly a change is known.
"""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Self

from botocore.exceptions import BotoCoreError, ClientError

from commandline.steady_clock import SteadyClock
from loadtest.experiments.clock import LoadClock
from loadtest.experiments.observations import HEALTHY, HealthSample, TimelineEvent
from loadtest.stack.clock_offset import TimedCalls

INTERVAL_S = 1.0
GONE = "not registered"


@dataclass(frozen=True)
class Poll:
    """The state of every registered target at one moment, in epoch seconds of this computer."""

    at: float
    states: Mapping[str, tuple[str, str]]
    """State and reason by target."""


class TargetWatch:
    """Polls in a thread of its own while it is open; a stack without a target group is not polled."""

    def __init__(
        self,
        elbv2: Any,
        target_group_arn: str | None,
        calls: TimedCalls,
        interval_s: float = INTERVAL_S,
        clock: SteadyClock | None = None,
    ) -> None:
        """Ask boto3's `elbv2` client about the targets of one group, at most once per interval.

        `clock` dates the answers.
        """
        self._clock = clock or SteadyClock()
        self._client, self._arn, self._calls = elbv2, target_group_arn, calls
        self._interval = interval_s
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="target-watch", daemon=True)
        self.polls: list[Poll] = []
        self.problem: str | None = None
        """Why a question was not answered; the last one, if several were not."""

    def __enter__(self) -> Self:
        """Start to poll, with a first answer already there."""
        if self._arn is not None:
            self._poll()
            self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Ask once more and stop."""
        self._end.set()
        if self._thread.is_alive():
            self._thread.join()
            self._poll()

    def _watch(self) -> None:
        due = time.monotonic() + self._interval
        while not self._end.wait(max(0.0, due - time.monotonic())):
            due = time.monotonic() + self._interval
            self._poll()

    def _poll(self) -> None:
        asked = self._clock.seconds()
        try:
            answer = self._calls(self._client.describe_target_health, TargetGroupArn=self._arn)
        except (BotoCoreError, ClientError) as error:
            self.problem = f"the health of the targets: {error}"
            return
        # It held at some moment in between.
        self.polls.append(Poll((asked + self._clock.seconds()) / 2, states(answer)))

    def healthy(self) -> int | None:
        """Return how many targets were healthy when last asked; None if nobody knows."""
        if not self.polls:
            return None
        return sum(state == HEALTHY for state, _ in self.polls[-1].states.values())


def states(answer: Mapping[str, Any]) -> dict[str, tuple[str, str]]:
    """Return each target's state and its reason from an answer of DescribeTargetHealth."""
    return {
        str(one["Target"]["Id"]): (
            str(one["TargetHealth"]["State"]),
            str(one["TargetHealth"].get("Reason") or ""),
        )
        for one in answer.get("TargetHealthDescriptions") or []
    }


def transitions(
    polls: list[Poll], clock: LoadClock, zone_of: Callable[[str], str | None]
) -> list[TimelineEvent]:
    """Return every change between two polls; the first poll is where it starts from."""
    found: list[TimelineEvent] = []
    for before, after in itertools.pairwise(polls):
        for target in sorted(before.states.keys() | after.states.keys()):
            state, reason = after.states.get(target, (GONE, ""))
            was, _ = before.states.get(target, (GONE, ""))
            if state == was:
                continue
            found.append(
                TimelineEvent(
                    source="target",
                    subject=target,
                    state=state,
                    was=was,
                    at_s=clock.of_ours(after.at),
                    zone=zone_of(target),
                    detail=reason,
                    resolution_s=round(after.at - before.at, 3),
                )
            )
    return found


def samples(polls: list[Poll], clock: LoadClock) -> list[HealthSample]:
    """Return how many targets got requests, poll by poll."""
    return [
        HealthSample(
            at_s=clock.of_ours(poll.at),
            healthy=sum(state == HEALTHY for state, _ in poll.states.values()),
            registered=len(poll.states),
        )
        for poll in polls
    ]
