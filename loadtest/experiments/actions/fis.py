"""Faults that only AWS Fault Injection Service can cause, as generated experiment templates.

They end by themselves after their duration, whatever becomes of us. FIS takes on a role for them, which
has to exist: `--fis-role`; in a local region one is made. Docs: https://docs.aws.amazon.com/fis/latest/userguide/fis-actions-reference.html
"""

from __future__ import annotations

import json
import math
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from loadtest.errors import ExperimentError
from loadtest.experiments.models import Target
from loadtest.experiments.session import Act, Session
from loadtest.experiments.undo import WayBack
from loadtest.experiments.ways_back import STEP, TAG
from loadtest.stack.clients import endpoint, is_local


@dataclass(frozen=True)
class Fault:
    """An action of FIS: its id, the key of its target, and that target's resource type."""

    action: str
    target: str
    kind: str


DISRUPT = Fault("aws:network:disrupt-connectivity", "Subnets", "aws:ec2:subnet")
NO_CAPACITY = Fault(
    "aws:ec2:asg-insufficient-instance-capacity-error",
    "AutoScalingGroups",
    "aws:ec2:autoscaling-group",
)
ENDED = frozenset({"completed", "stopped", "failed", "cancelled"})
LOCAL_ROLE: Final = "haproof-experiments"
TRUST: Final = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": "fis.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
    ],
}
POLL_S = 0.5
PRICE_PER_MINUTE = 0.10
"""USD per action and minute, https://aws.amazon.com/fis/pricing/ (2026-11)."""


def way_back(session: Session, what: str, step: str) -> WayBack:
    """Return how to end what `run` starts with the same `step`, and no other of the experiment's."""
    return WayBack("fis-experiment", {"mark": session.mark, "step": step}, what)


def new_step() -> str:
    """Return a name for one run of one action: others of the experiment may go on beside it."""
    return uuid.uuid4().hex[:12]


def minutes(seconds: float) -> int:
    """Return a duration as FIS takes it: whole minutes, at least one."""
    return max(1, math.ceil(seconds / 60))


def costs(seconds: float) -> str:
    """Say what FIS bills for one action of that length."""
    return f"AWS FIS: {minutes(seconds) * PRICE_PER_MINUTE:.2f} USD"


def run(
    session: Session,
    act: Act,
    fault: Fault,
    arns: Sequence[str],
    *,
    step: str,
    parameters: Mapping[str, str],
    seconds: float,
) -> None:
    """Run one action of FIS on resources until it has ended.

    Raises:
        ExperimentError: There is no role for it, or FIS says that it failed or was stopped.
    """
    action = fault.action
    fis = session.clients["fis"]
    tags = {TAG: session.mark, STEP: step}
    template = fis.create_experiment_template(
        clientToken=f"haproof-{step}",
        description=f"haproof: {session.experiment.name}",
        roleArn=_role(session),
        stopConditions=session.stop_alarms.conditions,
        targets={
            "all": {"resourceType": fault.kind, "resourceArns": list(arns), "selectionMode": "ALL"}
        },
        actions={
            "fault": {
                "actionId": action,
                "parameters": {**parameters, "duration": f"PT{minutes(seconds)}M"},
                "targets": {fault.target: "all"},
            }
        },
        tags=tags,
    )["experimentTemplate"]["id"]
    number = fis.start_experiment(experimentTemplateId=template, tags=tags)["experiment"]["id"]
    began = False
    while True:
        found = fis.get_experiment(id=number)["experiment"]
        status = found["actions"]["fault"]["state"]["status"]
        if not began and status not in {"pending", "initiating"}:
            act.takes_effect()
            began = True
        if found["state"]["status"] in ENDED or session.stopping.is_set():
            break
        session.wait(POLL_S)
    stopped_by_us = session.stopping.is_set()
    act.put_back()
    status = found["state"]["status"]
    if status != "completed" and not stopped_by_us:
        # Stopped: by a stop condition, or by somebody at the console.
        raise ExperimentError(f"AWS FIS: {action} {status}: {found['state'].get('reason') or '-'}")


def subnet_arns(session: Session, subnets: Sequence[str]) -> list[str]:
    """Return the ARNs of subnets."""
    found = session.clients["ec2"].describe_subnets(SubnetIds=list(subnets))["Subnets"]
    account = _account(session)
    region = session.stack.outputs.region
    return [
        str(one.get("SubnetArn") or f"arn:aws:ec2:{region}:{account}:subnet/{one['SubnetId']}")
        for one in found
    ]


def target_of_group(session: Session) -> Target:
    """Return the stack's Auto Scaling group as a target."""
    return Target(kind="auto-scaling-group", id=str(session.stack.group()["AutoScalingGroupName"]))


def _account(session: Session) -> str:
    return str(session.clients["sts"].get_caller_identity()["Account"])


def local_role(iam: Any) -> str:
    """Return the ARN of a local region's role for experiments, made when it is first needed.

    It may do nothing: FIS in the region only asks whether it may take it on.
    """
    try:
        return str(iam.get_role(RoleName=LOCAL_ROLE)["Role"]["Arn"])
    except iam.exceptions.NoSuchEntityException:
        made = iam.create_role(RoleName=LOCAL_ROLE, AssumeRolePolicyDocument=json.dumps(TRUST))
        return str(made["Role"]["Arn"])


def _role(session: Session) -> str:
    if session.fis_role:
        return session.fis_role
    if is_local(endpoint()):
        return local_role(session.clients["iam"])
    raise ExperimentError(
        f"{session.experiment.name} needs AWS FIS, which takes on a role: create one that "
        "fis.amazonaws.com may assume, with AWS's policies AWSFaultInjectionSimulatorNetworkAccess and "
        "…EC2Access, and give `--fis-role ARN`"
    )
