"""One instance's part of a CodeDeploy deployment: its lifecycle events in order.

https://docs.aws.amazon.com/codedeploy/latest/userguide/reference-appspec-file-structure-hooks.html
"""

import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from moto.core.utils import utcnow

from region.api.server import ControlPlane
from region.machines.codedeploy_agent.messages import AgentDeployment, EventResult
from region.machines.errors import UnknownMachine
from region.services.codedeploy import deployment_patches as records
from region.services.elbv2.target_groups import health_of, longest_drain

BLOCK, ALLOW = "BlockTraffic", "AllowTraffic"
BEFORE_TRAFFIC = ("BeforeBlockTraffic", BLOCK, "AfterBlockTraffic")
INSTALLATION = (
    "ApplicationStop",
    "DownloadBundle",
    "BeforeInstall",
    "Install",
    "AfterInstall",
    "ApplicationStart",
    "ValidateService",
)
AFTER_TRAFFIC = ("BeforeAllowTraffic", ALLOW, "AfterAllowTraffic")
ENDING = ("ApplicationStop",)
"""What an instance runs before Auto Scaling ends it, after it has been taken out of traffic."""

MAY_FAIL = frozenset({"ApplicationStop", "BeforeBlockTraffic", "AfterBlockTraffic"})
"""What `ignoreApplicationStopFailures` covers."""

HEALTHY_TIMEOUT = 3600.0
AGENT_TIMEOUT = 300.0
POLL = 0.5


class Agent(Protocol):
    """The CodeDeploy agent of a machine."""

    def run_event(self, event: str, deployment: AgentDeployment) -> EventResult:
        """Run one lifecycle event; blocks."""
        ...

    def mark_successful(self, deployment: AgentDeployment) -> None:
        """Remember this revision as the machine's last successful one."""
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

    def limit_services(self) -> None:
        """Hold its services to the instance type's baseline from now on."""
        ...


@dataclass(frozen=True, slots=True)
class Task:
    """What to deploy to one instance. `target_groups` are ARNs, empty without traffic control.

    `ending` marks the deployment of CodeDeploy's termination hook, which installs nothing.
    """

    instance_id: str
    deployment: AgentDeployment
    target_groups: tuple[str, ...]
    ignore_stop_failures: bool
    ending: bool = False

    @property
    def events(self) -> tuple[str, ...]:
        """The lifecycle events, in order."""
        if self.ending:
            return (*BEFORE_TRAFFIC, *ENDING) if self.target_groups else ENDING
        if not self.target_groups:
            return INSTALLATION
        return (*BEFORE_TRAFFIC, *INSTALLATION, *AFTER_TRAFFIC)


def new_target(task: Task) -> dict[str, Any]:
    """The record of a target that has not started."""
    return {
        "status": "Pending",
        "lastUpdatedAt": utcnow(),
        "lifecycleEvents": [
            {"lifecycleEventName": event, "status": "Pending"} for event in task.events
        ],
    }


class Rollout:
    """Runs the events of one task and writes down how they went."""

    def __init__(
        self,
        plane: ControlPlane,
        find_machine: Callable[[str], Machine],
        record: Any,
        task: Task,
        cancelled: Callable[[], bool],
    ) -> None:
        """`record` is the deployment's moto object; `cancelled` says whether to stop."""
        self._plane = plane
        self._find_machine = find_machine
        self._record = record
        self._task = task
        self._cancelled = cancelled

    def run(self) -> bool:
        """Run until the first failure; whether all events succeeded."""
        self._update(status="InProgress")
        for event in self._task.events:
            if self._cancelled():
                self._end("Skipped")
                return False
            result = self._run(event)
            if result.status == "Failed" and not self._tolerated(event):
                self._end("Failed")
                return False
        if self._task.ending:
            self._end("Succeeded")
            return True
        try:
            machine = self._find_machine(self._task.instance_id)
            machine.agent.mark_successful(self._task.deployment)
            machine.limit_services()
        except Exception as error:
            self._note(self._task.events[-1], _failure(str(error)), utcnow())
            self._end("Failed")
            return False
        self._end("Succeeded")
        return True

    def _tolerated(self, event: str) -> bool:
        return self._task.ignore_stop_failures and event in MAY_FAIL

    def _run(self, event: str) -> EventResult:
        started = utcnow()
        self._note(event, None, started)
        try:
            if event == BLOCK:
                result = self._block()
            elif event == ALLOW:
                result = self._allow()
            else:
                result = self._machine().agent.run_event(event, self._task.deployment)
        except Exception as error:
            result = _failure(str(error) or type(error).__name__)
        self._note(event, result, started)
        return result

    def _machine(self) -> Machine:
        """The machine, when its agent answers. CodeDeploy waits five minutes for that."""
        deadline = time.monotonic() + self._plane.config.seconds(AGENT_TIMEOUT)
        while True:
            self._require_instance()
            with contextlib.suppress(UnknownMachine):
                machine = self._find_machine(self._task.instance_id)
                if machine.state == "running":
                    return machine
            if self._cancelled():
                raise RuntimeError("The deployment was stopped.")
            if time.monotonic() > deadline:
                raise RuntimeError(
                    "CodeDeploy agent was not able to receive the lifecycle event. Check the "
                    "CodeDeploy agent logs on your host and make sure the agent is running and can "
                    "connect to the CodeDeploy server."
                )
            time.sleep(POLL)

    def _require_instance(self) -> None:
        with self._plane.lock:
            instance = self._plane.backend("ec2").get_instance_by_id(self._task.instance_id)
            state = instance.state if instance is not None else "terminated"
        if state not in {"pending", "running"}:
            raise RuntimeError(
                f"The instance {self._task.instance_id} is {state}: it cannot be deployed to."
            )

    def _block(self) -> EventResult:
        with self._plane.lock:
            backend = self._plane.backend("elbv2")
            known = backend.target_groups
            groups = [known[arn] for arn in self._task.target_groups if arn in known]
            for group in groups:
                backend.deregister_targets(group.arn, [{"Id": self._task.instance_id}])
            self._plane.notify()
        timeout = longest_drain(groups, self._plane.config)
        if self._await_health(lambda states: "draining" not in states, timeout):
            return EventResult("Succeeded")
        return _failure(f"The instance was still draining after {timeout:.0f} s.")

    def _allow(self) -> EventResult:
        with self._plane.lock:
            backend = self._plane.backend("elbv2")
            for arn in self._task.target_groups:
                port = backend.target_groups[arn].port
                target = {"Id": self._task.instance_id, "Port": port}
                backend.register_targets(arn, [target])
            self._plane.notify()
        timeout = self._plane.config.seconds(HEALTHY_TIMEOUT)
        if self._await_health(lambda states: states == {"healthy"}, timeout):
            return EventResult("Succeeded")
        return _failure(
            f"The instance did not become healthy in its target group within {timeout:.0f} s."
        )

    def _await_health(self, condition: Callable[[set[str]], bool], timeout: float) -> bool:
        deadline = time.monotonic() + timeout
        generation = -1
        while time.monotonic() < deadline:
            self._require_instance()
            if condition(self._health()):
                return True
            if self._cancelled():
                raise RuntimeError("The deployment was stopped.")
            generation = self._plane.wait(generation, POLL)
        return False

    def _health(self) -> set[str]:
        with self._plane.lock:
            backend = self._plane.backend("elbv2")
            return {
                health_of(backend, backend.target_groups[arn], self._task.instance_id).state
                for arn in self._task.target_groups
                if arn in backend.target_groups
            }

    def _note(self, event: str, result: EventResult | None, started: Any) -> None:
        """Write an event's outcome into the record; None: it is running."""
        with self._plane.lock:
            target = self._record.targets[self._task.instance_id]
            entry = next(
                item for item in target["lifecycleEvents"] if item["lifecycleEventName"] == event
            )
            entry.update(_outcome(result), startTime=started)
            if result is not None:
                entry["endTime"] = utcnow()
            target["lastUpdatedAt"] = utcnow()

    def _end(self, status: str) -> None:
        """The target's final status; events that were not reached are skipped."""
        with self._plane.lock:
            target = self._record.targets[self._task.instance_id]
            for entry in target["lifecycleEvents"]:
                if entry["status"] in {"Pending", "InProgress"}:
                    entry["status"] = "Skipped"
        self._update(status=status)

    def _update(self, *, status: str) -> None:
        with self._plane.lock:
            target = self._record.targets[self._task.instance_id]
            target.update(status=status, lastUpdatedAt=utcnow())
            records.count_targets(self._record)
            self._plane.notify()


def _outcome(result: EventResult | None) -> dict[str, Any]:
    if result is None:
        return {"status": "InProgress"}
    # An event without scripts has nothing to do, and did it.
    status = "Succeeded" if result.status == "Skipped" else result.status
    return {
        "status": status,
        "diagnostics": {
            "errorCode": result.error_code,
            "scriptName": result.script,
            "message": result.message or status,
            "logTail": result.log_tail,
        },
    }


def _failure(message: str) -> EventResult:
    return EventResult("Failed", message=message, error_code="UnknownError")
