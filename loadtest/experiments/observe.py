"""Observes one experiment: polls while it runs, collects the history afterwards, writes both down.

What cannot be observed fails no experiment: it is listed among the problems.
"""

from __future__ import annotations

import contextlib
from collections.abc import Generator, Mapping, Sequence
from pathlib import Path
from typing import Self

from botocore.exceptions import BotoCoreError, ClientError
from pydantic import ValidationError

from commandline.steady_clock import SteadyClock
from loadtest.errors import ResultsError
from loadtest.experiments import collectors, target_watch, timing
from loadtest.experiments.clock import LoadClock
from loadtest.experiments.disturbances import Disturbance
from loadtest.experiments.faults import Kind
from loadtest.experiments.observations import (
    FILE,
    Observations,
    StackTiming,
    TimelineEvent,
)
from loadtest.experiments.target_watch import TargetWatch
from loadtest.experiments.timing import Clients
from loadtest.runs import paths
from loadtest.stack.clients import endpoint, is_local
from loadtest.stack.clock_offset import OffsetEstimator, TimedCalls
from loadtest.stack.outputs import StackOutputs

SPEED_VARIABLE = "LOADTEST_REGION_SPEED"
"""By how much a local region's clock is faster than AWS's; without it, 1."""


def speed(environment: Mapping[str, str]) -> float:
    """Return the speed of the region that the environment points to.

    Raises:
        ResultsError: the variable is not a number above 0.
    """
    text = environment.get(SPEED_VARIABLE) or "1"
    try:
        found = float(text)
    except ValueError:
        found = 0.0
    if found <= 0:
        raise ResultsError(f"{SPEED_VARIABLE} is {text!r}; give it a number above 0, or unset it")
    return found


class Observer:
    """Watches a stack while it is open; `save` writes what it saw, after the load has ended."""

    def __init__(
        self,
        outputs: StackOutputs,
        clients: Clients,
        speed: float = 1.0,
        disturbed: Sequence[Disturbance] = (),
        *,
        clock: SteadyClock | None = None,
    ) -> None:
        """Prepare to watch; `speed` is that of the local region's clock, 1 on AWS.

        `disturbed` is when earlier experiments delayed launches. `clock` is that of the load.
        """
        self._clock, self._estimator = clock or SteadyClock(), OffsetEstimator()
        self._calls = TimedCalls(self._estimator, self._clock.seconds)
        self._disturbed = disturbed
        self._outputs, self._clients, self._speed = outputs, clients, speed
        self._problems: list[str] = []
        self._timing = StackTiming(
            topology=outputs.topology, instances=outputs.instance_count, speed=speed
        )
        self._zones: dict[str, str] = {}
        self._watch = TargetWatch(
            clients["elbv2"], outputs.target_group_arn, self._calls, clock=self._clock
        )

    def __enter__(self) -> Self:
        """Start to watch."""
        self._watch.__enter__()
        return self

    def read_settings(self, kind: Kind = Kind.OTHER) -> None:
        """Read the stack's settings, and which instances it has: right before something is done to it.

        `kind` is what is done.

        Not earlier: after another experiment the fleet may still lack what is being replaced.
        """
        # In epoch seconds: when the load will begin is not known yet.
        self._ask_the_time()
        epoch = LoadClock(0.0, self._estimator.eras(), self._clock.seconds())
        with self._unless_refused("the stack's settings"):
            self._timing = timing.read(
                self._outputs,
                self._clients,
                epoch,
                self._speed,
                one_computer=is_local(endpoint()),
                disturbed=self._disturbed,
            )
        with self._unless_refused("the settings of the alarms"):
            found = timing.alarm(self._outputs, self._clients)
            self._timing = self._timing.model_copy(update={"alarm_s": found})
        if kind is Kind.UNHEALTHY_DEPLOYMENT:
            with self._unless_refused("the revision's own check"):
                check = timing.revision_check_s(self._outputs, self._clients["s3"])
                self._timing = self._timing.model_copy(update={"own_check_s": check})
        with self._unless_refused("the zones of the instances"):
            self._zones = self._zones_now()

    def __exit__(self, *_: object) -> None:
        """Stop to watch."""
        self._watch.__exit__()

    def save(self, directory: Path, began_at: float) -> Observations:
        """Ask for what happened, and write `observations.json`.

        `began_at` is when the load's first phase began, in epoch seconds of this computer.

        Raises:
            ResultsError: the file cannot be written.
        """
        self._ask_the_time()
        clock = LoadClock(began_at, self._estimator.eras(), self._clock.seconds())
        events = self._history(clock)
        zone_of = collectors.zones(events, self._zones)
        events += target_watch.transitions(self._watch.polls, clock, zone_of)
        if self._watch.problem:
            self._problems.append(self._watch.problem)
        self._problems += [
            f"the region's clock was set by {moved:+.1f} s, {at_s:.0f} s after the load began: what it "
            "dated at that moment may be wrong by as much"
            for at_s, moved in clock.jumps()
        ]
        found = Observations(
            clock=clock.offset,
            timing=self._on_axis(clock),
            events=sorted(events, key=lambda event: event.at_s),
            health=target_watch.samples(self._watch.polls, clock),
            problems=self._problems,
        )
        paths.write_text(directory / FILE, found.model_dump_json(indent=2) + "\n")
        return found

    @property
    def timing(self) -> StackTiming:
        """The stack's settings; times of day in epoch seconds of the load's clock."""
        return self._timing

    def _on_axis(self, clock: LoadClock) -> StackTiming:
        since = self._timing.youngest_in_service_s
        if since is None:
            return self._timing

        def shifted(at: float) -> float:
            return clock.of_ours(at)

        each = {name: shifted(at) for name, at in self._timing.in_service_s.items()}
        moved = {"youngest_in_service_s": shifted(since), "in_service_s": each}
        return self._timing.model_copy(update=moved)

    def _ask_the_time(self) -> None:
        """See that the offset of AWS's clock is known, also where no targets are asked about."""
        if self._outputs.target_group_arn is None:
            # Whoever may not ask takes the clocks for the same.
            with contextlib.suppress(BotoCoreError, ClientError, LookupError):
                self._calls(self._clients["sts"].get_caller_identity)

    def _history(self, clock: LoadClock) -> list[TimelineEvent]:
        outputs, clients = self._outputs, self._clients
        application = outputs.codedeploy_application
        group = outputs.codedeploy_deployment_group
        found: list[TimelineEvent] = []
        if (name := outputs.auto_scaling_group_name) is not None:
            with self._unless_refused("the activities of the Auto Scaling group"):
                found += collectors.activities(clients["autoscaling"], name, clock)
        with self._unless_refused("the deployments"):
            found += collectors.lifecycles(clients["codedeploy"], application, group, clock)
        with self._unless_refused("the history of the alarms"):
            names = collectors.alarm_names(clients["codedeploy"], application, group)
            found += collectors.alarms(clients["cloudwatch"], names, clock)
        with self._unless_refused("the events of the database"):
            found += self._database_events(clock)
        return found

    def _database_events(self, clock: LoadClock) -> list[TimelineEvent]:
        members = [self._outputs.instance_id] if self._outputs.instance_id else list(self._zones)
        stored = collectors.database(self._clients["ec2"], self._clients["rds"], members)
        if stored is None:
            return []
        identifier = str(stored["DBInstanceIdentifier"])
        return collectors.database_events(self._clients["rds"], identifier, clock)

    def _zones_now(self) -> dict[str, str]:
        name = self._outputs.auto_scaling_group_name
        if name is None:
            return {}
        answer = self._clients["autoscaling"].describe_auto_scaling_groups(
            AutoScalingGroupNames=[name]
        )
        return {
            str(one["InstanceId"]): str(one["AvailabilityZone"])
            for group in answer.get("AutoScalingGroups") or []
            for one in group.get("Instances") or []
        }

    @contextlib.contextmanager
    def _unless_refused(self, what: str) -> Generator[None]:
        try:
            yield
        except (BotoCoreError, ClientError, LookupError, ValueError) as error:
            self._problems.append(f"{what}: {error}")


def load(directory: Path) -> Observations | None:
    """Read what was observed around a run; None for a run that nobody observed.

    Raises:
        ResultsError: the file is broken or of another version.
    """
    path = directory / FILE
    try:
        return Observations.model_validate_json(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError, ValidationError) as error:
        reason = error.errors()[0]["msg"] if isinstance(error, ValidationError) else str(error)
        raise ResultsError(f"{path} cannot be read: {reason}; repeat the experiment") from error
