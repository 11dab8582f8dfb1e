"""The states of commands and invocations, and what leads from one to the next.

Call with the control plane's lock held. The rules are those of
https://docs.aws.amazon.com/systems-manager/latest/userguide/monitor-commands.html
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from typing import Final

from moto.core.utils import utcnow
from moto.ssm.exceptions import SSMException

from region.services.ssm.records import Details, Invocation, RunCommand, RunCommandRecord, Status

ACTIVE: Final = frozenset({"Pending", "InProgress", "Cancelling"})
RUNNING: Final = frozenset({"InProgress", "Cancelling"})
ERRORS: Final = frozenset({"Failed", "ExecutionTimedOut"})
"""Details that count towards MaxErrors; a delivery that timed out does not."""

KEEP_SECONDS: Final = 30 * 24 * 3600
"""How long AWS keeps the history of commands."""

KEEP_AT_MOST: Final = 500
"""How many ended commands the region keeps: their output is in memory and in the state file."""

STOPPED_EXIT_CODE: Final = 137
"""What SSM Agent reports for a script that it killed: 128 + SIGKILL."""

INTERRUPTED: Final = "The local region was stopped while the command ran: send it again."


def command_of(record: RunCommandRecord, command_id: str) -> RunCommand:
    """Return a command; raises AWS's error if it does not exist."""
    command = record.commands.get(command_id)
    if command is None:
        raise SSMException("InvalidCommandId", f"There is no command {command_id!r}.")
    return command


def status_of(command: RunCommand) -> tuple[Status, Details]:
    """Return a command's status and its details, from those of its invocations."""
    found = {invocation.status for invocation in command.invocations.values()}
    if not found:
        return "Success", "NoInstancesInTag"
    if "Cancelling" in found:
        return "Cancelling", "Cancelling"
    if found == {"Pending"}:
        return "Pending", "Pending"
    return ("InProgress", "InProgress") if found & ACTIVE else _outcome(command)


def _outcome(command: RunCommand) -> tuple[Status, Details]:
    """Return the status of a command that has ended on all nodes."""
    details = {invocation.details for invocation in command.invocations.values()}
    if "Cancelled" in details:
        return "Cancelled", "Cancelled"
    if too_many_errors(command):
        return ("Failed", "Failed") if "Failed" in details else ("TimedOut", "ExecutionTimedOut")
    # Undeliverable invocations do not count.
    if details <= {"Success", "Undeliverable"}:
        return "Success", "Success"
    if details <= {"DeliveryTimedOut", "Undeliverable"}:
        return "TimedOut", "DeliveryTimedOut"
    return "Failed", "Incomplete"


def too_many_errors(command: RunCommand) -> bool:
    """Return whether a command has failed on more nodes than its MaxErrors permits."""
    errors = sum(item.details in ERRORS for item in command.invocations.values())
    return errors > _number(command.max_errors, len(command.invocations))


def startable(command: RunCommand, online: Collection[str]) -> list[str]:
    """Return the nodes of `online` on which a command may start now."""
    if too_many_errors(command):
        return []
    running = sum(item.status in RUNNING for item in command.invocations.values())
    most = max(1, _number(command.max_concurrency, len(command.invocations)))
    waiting = [
        name
        for name, invocation in command.invocations.items()
        if invocation.status == "Pending" and name in online
    ]
    return waiting[: max(0, most - running)]


def start(invocation: Invocation) -> None:
    """Note that the command runs on a node."""
    invocation.status = invocation.details = "InProgress"
    invocation.started = utcnow()


def end(invocation: Invocation, status: Status, details: Details, code: int | None = None) -> None:
    """End an invocation; without `code` it keeps the one it has."""
    invocation.status, invocation.details = status, details
    invocation.ended = utcnow()
    if code is not None:
        invocation.response_code = code


def cancel(command: RunCommand, instance_ids: Iterable[str]) -> None:
    """Cancel a command on some nodes: at once where it waits, where it runs when it has ended."""
    for name in instance_ids:
        invocation = command.invocations[name]
        if invocation.status == "Pending":
            end(invocation, "Cancelled", "Cancelled")
        elif invocation.status == "InProgress":
            invocation.status = invocation.details = "Cancelling"


def interrupt(command: RunCommand) -> bool:
    """Fail what the end of the region interrupted and return whether there was any of it."""
    running = [
        invocation for invocation in command.invocations.values() if invocation.status in RUNNING
    ]
    for invocation in running:
        invocation.stderr = INTERRUPTED
        end(invocation, "Failed", "Failed", STOPPED_EXIT_CODE)
    return bool(running)


def expire(command: RunCommand, delivery_timeout: float) -> bool:
    """End invocations whose wait has timed out, and return whether there were any.

    `delivery_timeout` is in seconds of the region's clock.
    """
    late = utcnow() >= command.requested + timedelta(seconds=delivery_timeout)
    waiting = [item for item in command.invocations.values() if item.status == "Pending"]
    if late:
        for invocation in waiting:
            end(invocation, "TimedOut", "DeliveryTimedOut")
    elif too_many_errors(command):
        for invocation in waiting:
            end(invocation, "Cancelled", "Terminated")
    else:
        return False
    return bool(waiting)


def forget(record: RunCommandRecord, before: datetime) -> None:
    """Drop ended commands: those requested before that time, and the oldest of too many."""
    ended = [command for command in record.commands.values() if status_of(command)[0] not in ACTIVE]
    surplus = len(ended) - KEEP_AT_MOST
    for position, command in enumerate(ended):
        if position < surplus or command.requested < before:
            del record.commands[command.command_id]


def _number(limit: str, total: int) -> int:
    """Return what a number or a percentage of `total` stands for, rounded down."""
    if limit.endswith("%"):
        return total * int(limit[:-1]) // 100
    return int(limit)
