"""Runs scripts on instances through Run Command of Systems Manager, on AWS and on a local region."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any, Final

from botocore.exceptions import ClientError

from loadtest.errors import LoadTestError
from loadtest.stack.clients import error_code

DOCUMENT: Final = "AWS-RunShellScript"
UNFINISHED: Final = frozenset({"Pending", "InProgress", "Delayed", "Cancelling"})
"""Statuses of a script that has not ended yet."""
BEGUN: Final = frozenset({"InProgress", "Cancelling"})
"""Those of one that the instance's agent has begun."""
POLL_S: Final = 0.3
SHOWN: Final = 300
ANSWER_S: Final = 60.0
"""How long an agent may take for a script that ends at once."""


class RunCommandError(LoadTestError):
    """A script failed on an instance, or did not end in time."""


def run(
    ssm: Any, instances: Sequence[str], script: str, comment: str, timeout_s: float = ANSWER_S
) -> Mapping[str, str]:
    """Run a script as root on instances, wait for it, and return what it printed on each.

    Args:
        ssm: boto3's client.
        instances: Their ids.
        script: For `sh`, or for what its first line `#!` names.
        comment: What `aws ssm list-commands` shows of it.
        timeout_s: How long it may take, with the time until the agent begins.

    Raises:
        RunCommandError: It failed on one of them, or did not end in time.
        ClientError: AWS refuses to send it, such as to an instance without an agent.
    """
    sent = ssm.send_command(
        DocumentName=DOCUMENT,
        InstanceIds=list(instances),
        Parameters={"commands": [script]},
        Comment=comment[:100],
    )
    command = str(sent["Command"]["CommandId"])
    deadline = time.monotonic() + timeout_s
    return {instance: _result(ssm, command, instance, deadline) for instance in instances}


def _result(ssm: Any, command: str, instance: str, deadline: float) -> str:
    while True:
        try:
            found = ssm.get_command_invocation(CommandId=command, InstanceId=instance)
        except ClientError as error:
            # The invocation appears a moment after the command.
            if error_code(error) != "InvocationDoesNotExist" or time.monotonic() > deadline:
                raise
            found = {"Status": "Pending"}
        status = str(found["Status"])
        if status == "Success":
            return str(found.get("StandardOutputContent") or "")
        if status not in UNFINISHED:
            said = str(found.get("StandardErrorContent") or "").strip()[-SHOWN:]
            raise RunCommandError(
                f"{instance}: the command ended as {status}: {said or 'no output'}"
            )
        if time.monotonic() > deadline:
            if status in BEGUN:
                raise RunCommandError(f"{instance}: the command has not ended in time ({status})")
            raise RunCommandError(
                f"{instance}: Systems Manager has not run the command yet ({status}): its agent does "
                "not answer; see `aws ssm describe-instance-information`"
            )
        time.sleep(POLL_S)
