"""A deployment to one instance: its lifecycle events in order.

https://docs.aws.amazon.com/codedeploy/latest/userguide/reference-appspec-file-structure-hooks.html
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Protocol

from moto.codedeploy.models import DeploymentInfo

from region.api.server import ControlPlane
from region.machines.codedeploy_agent.lifecycle_events import (
    ALLOW_TRAFFIC,
    BLOCK_TRAFFIC,
    DOWNLOAD_BUNDLE,
    FROM_PREVIOUS_REVISION,
)
from region.machines.codedeploy_agent.messages import AgentDeployment, EventResult
from region.machines.errors import UnknownMachine
from region.services.codedeploy import (
    announcements,
    deployments,
    membership,
    periods,
    revision_access,
)
from region.services.codedeploy.records import TargetStatus
from region.services.codedeploy.traffic_control import TrafficControl, failed

POLL = 0.5


class Agent(Protocol):
    """The CodeDeploy agent of a machine."""

    @property
    def answers(self) -> bool:
        """Whether it takes lifecycle events."""
        ...

    def run_event(self, event: str, deployment: AgentDeployment) -> EventResult:
        """Run one lifecycle event; blocks."""
        ...


class Machine(Protocol):
    """A machine as a deployment uses it."""

    @property
    def agent(self) -> Agent:
        """Its agent."""
        ...

    @property
    def state(self) -> str:
        """`running` when it can be deployed to."""
        ...

    def spare_services(self, *, during: bool) -> None:
        """Let CPU credits hold no service `during` a deployment."""
        ...

    def limit_services(self) -> None:
        """Hold its services to the instance type's baseline from now on."""
        ...


@dataclass(frozen=True, slots=True)
class TargetPlan:
    """What to do on one instance.

    Attributes:
        events: The lifecycle events to run now, in order.
        target_groups: ARNs; empty without traffic control.
        outcome: The target's status after them: `Ready` if others follow later.
        installs: Whether an application is started, whose services are limited from then on.
    """

    instance_id: str
    deployment: AgentDeployment
    events: tuple[str, ...]
    target_groups: tuple[str, ...]
    ignore_stop_failures: bool
    outcome: Literal["Succeeded", "Ready"] = "Succeeded"
    installs: bool = True


class TargetDeployment:
    """Runs the events of one target and records how they went."""

    def __init__(
        self,
        plane: ControlPlane,
        find_machine: Callable[[str], Machine],
        deployment: DeploymentInfo,
        plan: TargetPlan,
        cancelled: Callable[[], bool],
    ) -> None:
        """Prepare; `cancelled` returns whether to stop before the next event."""
        self._plane = plane
        self._find_machine = find_machine
        self._deployment = deployment
        self._plan = plan
        self._cancelled = cancelled
        self._traffic = TrafficControl(
            plane,
            plan.instance_id,
            plan.target_groups,
            self._require_instance,
            self._require_not_cancelled,
        )

    def run(self) -> bool:
        """Run until the first failure; return whether all events succeeded."""
        try:
            return self._run_all()
        finally:
            self._spare(during=False)

    def _run_all(self) -> bool:
        with self._plane.lock:
            deployments.start_target(self._deployment, self._plan.instance_id)
            announcements.instance_changed(self._plane, self._deployment, self._plan.instance_id)
            self._plane.notify()
        for event in self._plan.events:
            if self._cancelled():
                return self._end("Skipped")
            result = self._run(event)
            if result.status == "Failed" and not self._tolerated(event):
                return self._end("Failed")
        if self._plan.installs:
            try:
                machine = self._find_machine(self._plan.instance_id)
                machine.limit_services()
            except Exception as error:
                self._record(self._plan.events[-1], failed(str(error)))
                return self._end("Failed")
        return self._end(self._plan.outcome)

    def _tolerated(self, event: str) -> bool:
        return self._plan.ignore_stop_failures and event in FROM_PREVIOUS_REVISION

    def _run(self, event: str) -> EventResult:
        with self._plane.lock:
            deployments.begin_event(self._deployment, self._plan.instance_id, event)
        try:
            if event == BLOCK_TRAFFIC:
                result = self._traffic.block()
            elif event == ALLOW_TRAFFIC:
                result = self._traffic.allow()
            else:
                agent = self._machine().agent
                if event == DOWNLOAD_BUNDLE:
                    self._require_readable()
                # However long its start takes: an application's first start is not what is measured.
                self._spare(during=True)
                result = agent.run_event(event, self._plan.deployment)
        except Exception as error:
            result = failed(str(error) or type(error).__name__)
        self._record(event, result)
        return result

    def _spare(self, *, during: bool) -> None:
        with contextlib.suppress(UnknownMachine):
            self._find_machine(self._plan.instance_id).spare_services(during=during)

    def _machine(self) -> Machine:
        """Return the machine when its agent answers. CodeDeploy waits five minutes for that."""
        deadline = time.monotonic() + self._plane.config.seconds(periods.AGENT)
        while True:
            self._require_instance()
            with contextlib.suppress(UnknownMachine):
                machine = self._find_machine(self._plan.instance_id)
                if machine.state == "running" and machine.agent.answers:
                    return machine
            self._require_not_cancelled()
            if time.monotonic() > deadline:
                raise RuntimeError(
                    "CodeDeploy agent was not able to receive the lifecycle event. Check the "
                    "CodeDeploy agent logs on your host and make sure the agent is running and can "
                    "connect to the CodeDeploy server."
                )
            time.sleep(POLL)

    def _require_instance(self) -> None:
        with self._plane.lock:
            if membership.is_on_premises(self._plane, self._plan.instance_id):
                return
            instance = self._plane.backend("ec2").get_instance_by_id(self._plan.instance_id)
            state = instance.state if instance is not None else "terminated"
        if state not in {"pending", "running"}:
            raise RuntimeError(
                f"The instance {self._plan.instance_id} is {state}: it cannot be deployed to."
            )

    def _require_readable(self) -> None:
        plan = self._plan
        with self._plane.lock:
            why = revision_access.problem(self._plane, plan.instance_id, plan.deployment)
        if why is not None:
            raise RuntimeError(why)

    def _require_not_cancelled(self) -> None:
        if self._cancelled():
            raise RuntimeError("The deployment was stopped.")

    def _record(self, event: str, result: EventResult) -> None:
        with self._plane.lock:
            deployments.end_event(self._deployment, self._plan.instance_id, event, result)

    def _end(self, status: TargetStatus) -> bool:
        with self._plane.lock:
            deployments.end_target(self._deployment, self._plan.instance_id, status)
            announcements.instance_changed(self._plane, self._deployment, self._plan.instance_id)
            self._plane.notify()
        return status == self._plan.outcome
