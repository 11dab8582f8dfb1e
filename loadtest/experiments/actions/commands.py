"""Scripts on instances, by Run Command of Systems Manager."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence

from botocore.exceptions import ClientError

from loadtest.errors import ExperimentError
from loadtest.experiments.session import Session
from loadtest.experiments.ways_back import UNFINISHED
from loadtest.stack.clients import error_code

DOCUMENT = "AWS-RunShellScript"
POLL_S = 0.3
SHOWN = 300
ANSWER_S = 60.0
"""How long an agent may take for a script that ends at once."""


def run(
    session: Session, instances: Sequence[str], script: str, timeout_s: float = ANSWER_S
) -> Mapping[str, str]:
    """Run a script as root on instances, wait for it, and return what it printed on each.

    Raises:
        ExperimentError: It failed on one of them, or did not end in time.
    """
    ssm = session.clients["ssm"]
    sent = ssm.send_command(
        DocumentName=DOCUMENT,
        InstanceIds=list(instances),
        Parameters={"commands": [script]},
        Comment=session.mark[:100],
    )
    command = str(sent["Command"]["CommandId"])
    deadline = time.monotonic() + timeout_s
    printed: dict[str, str] = {}
    for instance in instances:
        printed[instance] = _result(session, command, instance, deadline)
    return printed


def _result(session: Session, command: str, instance: str, deadline: float) -> str:
    while True:
        try:
            found = session.clients["ssm"].get_command_invocation(
                CommandId=command, InstanceId=instance
            )
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
            raise ExperimentError(
                f"{instance}: the command ended as {status}: {said or 'no output'}"
            )
        if time.monotonic() > deadline:
            raise ExperimentError(
                f"{instance}: Systems Manager has not run the command yet ({status}): its agent does "
                "not answer; see `aws ssm describe-instance-information`"
            )
        time.sleep(POLL_S)
