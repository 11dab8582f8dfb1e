"""What the actions of experiments do: calls of the AWS API, as FIS makes them, and cut cables.

Nothing here is called with the control plane's lock held.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from region.api.server import ControlPlane
from region.services.cloudwatch.rule_expressions import alarm_name
from region.services.fis.durations import seconds_of
from region.services.fis.records import ActionProgress
from region.services.rds import outages


class ActionFailedError(Exception):
    """An action that did not do what it is for; the message says why."""


class Clients(Protocol):
    """boto3 clients by the name of their service."""

    def __getattr__(self, service: str) -> Any: ...


@dataclass(frozen=True, slots=True)
class Context:
    """What actions work with.

    Attributes:
        plane: The control plane.
        clients: Of the region's API.
        set_link: Cuts an instance's cable, or reconnects it.
    """

    plane: ControlPlane
    clients: Clients
    set_link: Callable[[str, bool], None]


@dataclass(frozen=True, slots=True)
class Task:
    """One action of an experiment.

    Attributes:
        experiment: The experiment's id.
        name: The action's name.
        parameters: Its parameters.
        arns: The resources that it acts on.
        progress: How far it is.
    """

    experiment: str
    name: str
    parameters: Mapping[str, str]
    arns: Sequence[str]
    progress: ActionProgress

    @property
    def names(self) -> list[str]:
        """The ids or names at the end of the ARNs."""
        return [arn.replace(":db:", "/").rpartition("/")[2] for arn in self.arns]

    def elapsed(self, context: Context, parameter: str = "duration") -> bool:
        """Return whether the time that a parameter names has passed."""
        period = context.plane.config.seconds(seconds_of(self.parameters[parameter]))
        passed = time.monotonic() - self.progress.started_ticks
        if passed < 0:
            # The computer was started again, and this clock with it.
            passed = time.time() - self.progress.started_at
        return passed >= period


class Behaviour:
    """What an action does: it ends at once unless it says otherwise."""

    def begin(self, context: Context, task: Task) -> None:
        """Act."""

    def ended(self, context: Context, task: Task) -> bool:
        """Return whether it has done what it is for; go on with it if not."""
        del context, task
        return True

    def undo(self, context: Context, task: Task) -> None:
        """Take back what lasts, once the action has ended or the experiment was stopped."""


class Wait(Behaviour):
    """aws:fis:wait."""

    def ended(self, context: Context, task: Task) -> bool:
        """Return whether the duration has passed."""
        return task.elapsed(context)


class AssertAlarm(Behaviour):
    """aws:cloudwatch:assert-alarm-state."""

    def begin(self, context: Context, task: Task) -> None:
        """Fail unless the alarms are in one of the states."""
        wanted = {one.strip() for one in task.parameters["alarmStates"].split(",")}
        with context.plane.lock:
            known = context.plane.backend("cloudwatch").alarms
            for arn in task.parameters["alarmArns"].split(","):
                name = alarm_name(arn.strip())
                state = known[name].state_value if name in known else "missing"
                if state not in wanted:
                    raise ActionFailedError(
                        f"Alarm {name} is {state}, not {' or '.join(sorted(wanted))}."
                    )


class Stop(Behaviour):
    """aws:ec2:stop-instances."""

    def begin(self, context: Context, task: Task) -> None:
        """Stop the instances."""
        context.clients.ec2.stop_instances(InstanceIds=task.names)

    def ended(self, context: Context, task: Task) -> bool:
        """Return whether they are stopped and, if that is wanted, started again."""
        states = _states(context, task)
        if "terminated" in states or "shutting-down" in states:
            if task.parameters.get("completeIfInstancesTerminated") == "true":
                return True
            raise ActionFailedError("An instance was terminated while it was to be stopped.")
        again = "startInstancesAfterDuration" in task.parameters
        if not again:
            return states == {"stopped"}
        if task.progress.data.get("started"):
            return states == {"running"}
        if states == {"stopped"} and task.elapsed(context, "startInstancesAfterDuration"):
            self.undo(context, task)
        return False

    def undo(self, context: Context, task: Task) -> None:
        """Start the instances again, if that is wanted and did not happen."""
        again = "startInstancesAfterDuration" in task.parameters
        if again and not task.progress.data.get("started"):
            task.progress.data["started"] = True
            stopped = [{"Name": "instance-state-name", "Values": ["stopping", "stopped"]}]
            left = context.clients.ec2.describe_instances(InstanceIds=task.names, Filters=stopped)
            names = [
                one["InstanceId"] for held in left["Reservations"] for one in held["Instances"]
            ]
            if names:  # One that was terminated meanwhile cannot be started.
                context.clients.ec2.start_instances(InstanceIds=names)


def _states(context: Context, task: Task) -> set[str]:
    found = context.clients.ec2.describe_instances(InstanceIds=task.names)
    return {
        str(instance["State"]["Name"])
        for reservation in found["Reservations"]
        for instance in reservation["Instances"]
    }


class Terminate(Behaviour):
    """aws:ec2:terminate-instances."""

    def begin(self, context: Context, task: Task) -> None:
        """Terminate the instances."""
        context.clients.ec2.terminate_instances(InstanceIds=task.names)


class Reboot(Behaviour):
    """aws:ec2:reboot-instances."""

    def begin(self, context: Context, task: Task) -> None:
        """Reboot the instances."""
        context.clients.ec2.reboot_instances(InstanceIds=task.names)


class SendCommand(Behaviour):
    """aws:ssm:send-command."""

    def begin(self, context: Context, task: Task) -> None:
        """Send the command."""
        sent = context.clients.ssm.send_command(
            DocumentName=task.parameters["documentArn"].rpartition("/")[2],
            InstanceIds=task.names,
            Parameters=json.loads(task.parameters.get("documentParameters") or "{}"),
            Comment=f"FIS experiment {task.experiment}",
        )
        task.progress.data["command"] = sent["Command"]["CommandId"]

    def ended(self, context: Context, task: Task) -> bool:
        """Return whether the command has ended, or its duration has."""
        command = str(task.progress.data["command"])
        (found,) = context.clients.ssm.list_commands(CommandId=command)["Commands"]
        status = str(found["Status"])
        if status in {"Failed", "TimedOut", "Cancelled"}:
            raise ActionFailedError(f"Command {command} ended as {status}.")
        return status == "Success" or task.elapsed(context)

    def undo(self, context: Context, task: Task) -> None:
        """Cancel the command."""
        command = task.progress.data.get("command")
        if command:
            context.clients.ssm.cancel_command(CommandId=str(command))


class RebootDatabase(Behaviour):
    """aws:rds:reboot-db-instances."""

    def begin(self, context: Context, task: Task) -> None:
        """Reboot the databases, with failover if that is wanted."""
        failover = task.parameters.get("forceFailover") == "true"
        for name in task.names:
            context.clients.rds.reboot_db_instance(
                DBInstanceIdentifier=name, **({"ForceFailover": True} if failover else {})
            )


class Disrupt(Behaviour):
    """aws:network:disrupt-connectivity, of the scope `all`: instances and databases are cut off."""

    def begin(self, context: Context, task: Task) -> None:
        """Cut the cables; a database with a standby in another zone fails over to it."""
        with context.plane.lock:
            cut = [
                str(instance.id)
                for instance in context.plane.backend("ec2").all_instances()
                if str(instance.subnet_id) in task.names and instance.state_code in {0, 16}
            ]
            databases = outages.begin(context.plane.backend("rds"), task.names)
            context.plane.notify()
        task.progress.data["cut"], task.progress.data["databases"] = cut, databases
        for name in cut:
            context.set_link(name, False)

    def ended(self, context: Context, task: Task) -> bool:
        """Return whether the duration has passed."""
        return task.elapsed(context)

    def undo(self, context: Context, task: Task) -> None:
        """Reconnect the cables."""
        for name in task.progress.data.pop("cut", []):
            context.set_link(str(name), True)
        with context.plane.lock:
            outages.end(context.plane.backend("rds"), task.progress.data.pop("databases", []))
            context.plane.notify()
