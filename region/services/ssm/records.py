"""What the region keeps about Run Command: commands, their invocations, and managed nodes.

moto's own `Command` succeeds the moment it is created and on instances that do not exist, so it is
not used. All of this changes with the control plane's lock held.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

from moto.ssm.models import SimpleSystemManagerBackend

from region.api.records import Record

Status = Literal[
    "Pending", "InProgress", "Success", "Failed", "TimedOut", "Cancelling", "Cancelled"
]
Details = Literal[
    "Pending",
    "InProgress",
    "Success",
    "Failed",
    "DeliveryTimedOut",
    "ExecutionTimedOut",
    "Undeliverable",
    "Terminated",
    "Cancelling",
    "Cancelled",
    "Incomplete",
    "NoInstancesInTag",
]
"""More precise than the status: the last two occur at commands only, `Terminated` at invocations.

https://docs.aws.amazon.com/systems-manager/latest/userguide/monitor-commands.html
"""

NOT_STARTED = -1
"""The response code of a command that has not started on a node."""


@dataclass
class Invocation:
    """One command on one managed node.

    Attributes:
        response_code: The script's exit status, NOT_STARTED before it has one.
        stdout: Standard output, at most the API's limit of characters.
        stderr: Standard error, likewise.
    """

    status: Status = "Pending"
    details: Details = "Pending"
    response_code: int = NOT_STARTED
    started: datetime | None = None
    ended: datetime | None = None
    stdout: str = ""
    stderr: str = ""


@dataclass
class RunCommand:
    """One call of SendCommand.

    Attributes:
        parameters: The document's parameters, as they were given.
        script: The document's commands, joined to one script.
        working_directory: Where the script runs, empty for the agent's own directory.
        execution_timeout: How long the script may run, in seconds.
        instance_ids: As they were given; empty where `targets` select the nodes.
        delivery_timeout: How long the command may wait for a node, in seconds of AWS.
        max_concurrency: On how many nodes it may run at once: a number or a percentage.
        max_errors: How many errors stop it from being sent to further nodes: likewise.
        invocations: Instance id -> invocation.
    """

    command_id: str
    requested: datetime
    document_version: str
    comment: str
    parameters: dict[str, list[str]]
    script: str
    working_directory: str
    execution_timeout: int
    instance_ids: list[str]
    targets: list[dict[str, Any]]
    delivery_timeout: int
    max_concurrency: str
    max_errors: str
    invocations: dict[str, Invocation] = field(default_factory=dict[str, Invocation])

    @property
    def expires(self) -> datetime:
        """The time after which it does not run any more, on AWS's clock: both timeouts together."""
        return self.requested + timedelta(seconds=self.delivery_timeout + self.execution_timeout)


@dataclass
class ManagedNode:
    """An instance whose SSM Agent has registered.

    Attributes:
        online: Whether the agent is connected.
        last_ping: When it was last seen; brought up to date when it is lost.
        platform_name: NAME of its image's /etc/os-release, empty while it is not known.
        platform_version: VERSION_ID of the same.
    """

    online: bool
    last_ping: datetime
    platform_name: str = ""
    platform_version: str = ""


@dataclass
class RunCommandRecord(Record[SimpleSystemManagerBackend]):
    """Everything about Run Command.

    Attributes:
        commands: Command id -> command, the oldest first.
        nodes: Instance id -> managed node.
    """

    commands: dict[str, RunCommand] = field(default_factory=dict[str, RunCommand])
    nodes: dict[str, ManagedNode] = field(default_factory=dict[str, ManagedNode])
