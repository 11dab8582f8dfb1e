"""How each kind of change is undone, with idempotent AWS API calls.

A handler gets what was noted before the change, and returns whether it found anything to put back.
What no longer exists needs nothing. The same handlers run at the end of an experiment, in the guard of
one that was killed, and in `recover-faults`.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from loadtest.errors import ExperimentError, LoadTestError
from loadtest.experiments import deployments_back
from loadtest.experiments.undo import FaultJournal, WayBack
from loadtest.stack.clients import Clients, error_code
from loadtest.stack.run_command import UNFINISHED

TAG: Final = "haproof:fault"
"""The tag of everything that is made for an experiment; its value is the journal's id."""
STEP: Final = "haproof:step"
"""The tag that tells the templates of one experiment in AWS FIS from each other."""
GONE: Final = frozenset(
    {
        "InvalidInstanceID.NotFound",
        "InvalidInstanceId",
        "InvalidNetworkAclID.NotFound",
        "InvalidSubnetID.NotFound",
        "InvalidAssociationID.NotFound",
        "DeploymentDoesNotExistException",
        "DeploymentGroupDoesNotExistException",
        "ApplicationDoesNotExistException",
        "LoadBalancerNotFound",
        "TargetGroupNotFound",
        "NoSuchBucket",
        "NoSuchKey",
        "ResourceNotFoundException",
        "DBInstanceNotFound",
        "InvalidNetworkAclEntry.NotFound",
        "RouteAlreadyExists",
        "InvalidRouteTableID.NotFound",
        "InvalidGroup.NotFound",
        "InvalidSecurityGroupRuleId.NotFound",
        "ListenerNotFound",
        "DeploymentConfigDoesNotExistException",
        "NoSuchEntity",
    }
)
"""Codes of errors that say that there is nothing to put back any more: it is gone, or was never changed."""
NO_LONGER: Final = re.compile(
    r"No Lifecycle Hook found|AutoScalingGroup name not found", re.IGNORECASE
)
"""Auto Scaling's message for that: all of its errors have the code ValidationError."""
POLL_S = 1.0

Handler = Callable[[Clients, Mapping[str, Any]], bool]


def network_acl(clients: Clients, arguments: Mapping[str, Any]) -> bool:
    """Give subnets the network ACL that they had, and delete the one made for the fault.

    A subnet that has got another one meanwhile keeps that; one whose former ACL is gone gets the default.
    """
    ec2, changed = clients["ec2"], False
    before = dict(arguments["subnets"])
    marked = [{"Name": f"tag:{TAG}", "Values": [arguments["mark"]]}]
    for acl in ec2.describe_network_acls(Filters=marked)["NetworkAcls"]:
        in_vpc = [{"Name": "vpc-id", "Values": [acl["VpcId"]]}]
        there = ec2.describe_network_acls(Filters=in_vpc)["NetworkAcls"]
        known = {one["NetworkAclId"] for one in there}
        default = next(one["NetworkAclId"] for one in there if one["IsDefault"])
        for one in acl["Associations"]:
            former = before.get(one["SubnetId"])
            ec2.replace_network_acl_association(
                AssociationId=one["NetworkAclAssociationId"],
                NetworkAclId=former if former in known else default,
            )
        ec2.delete_network_acl(NetworkAclId=acl["NetworkAclId"])
        changed = True
    return changed


def fis_experiment(clients: Clients, arguments: Mapping[str, Any]) -> bool:
    """Stop the experiment in AWS FIS, which undoes its actions, and delete its template."""
    fis, changed = clients["fis"], False
    wanted = {TAG: arguments["mark"], **({STEP: arguments["step"]} if "step" in arguments else {})}

    def is_ours(one: Mapping[str, Any]) -> bool:
        return wanted.items() <= dict(one.get("tags") or {}).items()

    for one in _listed(fis, "list_experiments", "experiments"):
        if not is_ours(one):
            continue
        if one["state"]["status"] in {"pending", "initiating", "running"}:
            fis.stop_experiment(id=one["id"])
            changed = True
        _await_end_of_fis(fis, str(one["id"]))
    for one in _listed(fis, "list_experiment_templates", "experimentTemplates"):
        if is_ours(one):
            fis.delete_experiment_template(id=one["id"])
    return changed


def _await_end_of_fis(fis: Any, experiment: str) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        status = fis.get_experiment(id=experiment)["experiment"]["state"]["status"]
        if status in {"completed", "stopped", "failed", "cancelled"}:
            return
        time.sleep(POLL_S)


def resume_processes(clients: Clients, arguments: Mapping[str, Any]) -> bool:
    """Resume the Auto Scaling processes that were suspended."""
    name, processes = arguments["group"], list(arguments["processes"])
    autoscaling = clients["autoscaling"]
    found = autoscaling.describe_auto_scaling_groups(AutoScalingGroupNames=[name])
    for group in found["AutoScalingGroups"]:
        suspended = {one["ProcessName"] for one in group.get("SuspendedProcesses") or []}
        if suspended & set(processes):
            autoscaling.resume_processes(AutoScalingGroupName=name, ScalingProcesses=processes)
            return True
    return False


def desired_capacity(clients: Clients, arguments: Mapping[str, Any]) -> bool:
    """Set the group's desired capacity back if it still is what the experiment set.

    Or as near to it as the sizes allow that the group has by now.
    """
    name = arguments["group"]
    autoscaling = clients["autoscaling"]
    found = autoscaling.describe_auto_scaling_groups(AutoScalingGroupNames=[name])
    for group in found["AutoScalingGroups"]:
        if int(group["DesiredCapacity"]) == int(arguments["set"]):
            before = max(int(arguments["before"]), int(group["MinSize"]))
            autoscaling.set_desired_capacity(
                AutoScalingGroupName=name,
                DesiredCapacity=min(before, int(group["MaxSize"])),
                HonorCooldown=False,
            )
            return True
    return False


def largest_size(clients: Clients, arguments: Mapping[str, Any]) -> bool:
    """Set the group's maximum size back if it still is what the experiment set; not below its minimum."""
    name = arguments["group"]
    autoscaling = clients["autoscaling"]
    found = autoscaling.describe_auto_scaling_groups(AutoScalingGroupNames=[name])
    for group in found["AutoScalingGroups"]:
        if int(group["MaxSize"]) == int(arguments["set"]):
            before = max(int(arguments["before"]), int(group["MinSize"]))
            autoscaling.update_auto_scaling_group(AutoScalingGroupName=name, MaxSize=before)
            return True
    return False


def instance_command(clients: Clients, arguments: Mapping[str, Any]) -> bool:
    """Run a command on those of the instances that still run."""
    running = _running(clients, arguments["instances"])
    for instance in running:
        _send(clients, instance, arguments)
    return bool(running)


def awaited_command(clients: Clients, arguments: Mapping[str, Any]) -> bool:
    """Run a command on those of the instances that still run, again and again until it succeeds.

    A fault may keep an instance from running any: Run Command itself needs room on the disk. It ends by
    itself, so `within_s` seconds are enough.

    Raises:
        ExperimentError: They were not.
    """
    deadline = time.monotonic() + float(arguments["within_s"])
    left = running = _running(clients, arguments["instances"])
    while left := [one for one in left if not _succeeds(clients, one, arguments, deadline)]:
        if time.monotonic() > deadline:
            raise ExperimentError(f"{', '.join(left)}: no command has succeeded there yet")
        time.sleep(POLL_S)
        left = _running(clients, left)
    return bool(running)


def _running(clients: Clients, wanted: Iterable[str]) -> list[str]:
    query = [
        {"Name": "instance-id", "Values": list(wanted)},
        {"Name": "instance-state-name", "Values": ["running"]},
    ]
    found = clients["ec2"].describe_instances(Filters=query)["Reservations"]
    return [one["InstanceId"] for reservation in found for one in reservation["Instances"]]


def _send(clients: Clients, instance: str, arguments: Mapping[str, Any]) -> str | None:
    """Send the command to an instance and return its id; None if the instance is gone."""
    try:
        sent = clients["ssm"].send_command(
            DocumentName="AWS-RunShellScript",
            InstanceIds=[instance],
            Parameters={"commands": [arguments["command"]]},
            Comment=str(arguments["mark"])[:100],
        )
    except ClientError as error:
        if error_code(error) not in GONE:
            raise
        return None
    return str(sent["Command"]["CommandId"])


def _succeeds(
    clients: Clients, instance: str, arguments: Mapping[str, Any], deadline: float
) -> bool:
    """Return whether the command succeeds on an instance, or the instance is gone."""
    command = _send(clients, instance, arguments)
    while command is not None:
        answer = clients["ssm"].list_command_invocations(CommandId=command, InstanceId=instance)
        statuses = {str(one["Status"]) for one in answer["CommandInvocations"]}
        if statuses and not statuses & UNFINISHED:
            return statuses == {"Success"}
        if time.monotonic() > deadline:
            return False
        time.sleep(POLL_S)
    return True


def start_instances(clients: Clients, arguments: Mapping[str, Any]) -> bool:
    """Start those of the instances that are still stopped: the group has not replaced them."""
    query = [
        {"Name": "instance-id", "Values": list(arguments["instances"])},
        {"Name": "instance-state-name", "Values": ["stopping", "stopped"]},
    ]
    found = clients["ec2"].describe_instances(Filters=query)["Reservations"]
    stopped = [one["InstanceId"] for reservation in found for one in reservation["Instances"]]
    if stopped:
        clients["ec2"].get_waiter("instance_stopped").wait(
            InstanceIds=stopped, WaiterConfig={"Delay": 2, "MaxAttempts": 60}
        )
        clients["ec2"].start_instances(InstanceIds=stopped)
    return bool(stopped)


def target_group(clients: Clients, arguments: Mapping[str, Any]) -> bool:
    """Give the target group the health check that it had."""
    clients["elbv2"].modify_target_group(TargetGroupArn=arguments["arn"], **arguments["before"])
    return True


def api_call(clients: Clients, arguments: Mapping[str, Any]) -> bool:
    """Make a call of the AWS API that sets something to what it was, as it was noted before."""
    operation = getattr(clients[arguments["service"]], arguments["operation"])
    operation(**arguments["parameters"])
    return True


HANDLERS: Final[Mapping[str, Handler]] = {
    "network-acl": network_acl,
    "fis-experiment": fis_experiment,
    "resume-processes": resume_processes,
    "desired-capacity": desired_capacity,
    "largest-size": largest_size,
    "instance-command": instance_command,
    "awaited-command": awaited_command,
    "start-instances": start_instances,
    "revision": deployments_back.revision,
    "stop-deployment": deployments_back.stop_deployment,
    "target-group": target_group,
    "api-call": api_call,
}


def put_back(clients: Clients, way_back: WayBack) -> bool:
    """Put one change back; returns whether anything was found changed.

    Raises:
        ExperimentError: It did not succeed; it may be tried again.
    """
    handler = HANDLERS.get(way_back.handler)
    if handler is None:
        raise ExperimentError(
            f"the fault journal names the way back {way_back.handler!r}, which this version does not "
            "have: use the version that wrote it"
        )
    try:
        return handler(clients, way_back.arguments)
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        what = f"{type(error).__name__}: {error}"
        raise ExperimentError(
            f"not put back: {way_back.what} (with the arguments of the fault journal: {what}); put it "
            "back by hand, then remove the journal"
        ) from error
    except (ClientError, BotoCoreError) as error:
        if _is_gone(error):
            return False
        raise ExperimentError(f"not put back: {way_back.what} ({error})") from error


def _is_gone(error: Exception) -> bool:
    code = error_code(error)
    return code in GONE or (code == "ValidationError" and bool(NO_LONGER.search(str(error))))


def put_all_back(clients: Clients, journal: FaultJournal) -> tuple[list[str], list[str]]:
    """Put everything of a journal back, latest first; returns what was put back, and what was not."""
    done, left = list[str](), list[str]()
    for number, way_back in journal.to_put_back:
        try:
            if put_back(clients, way_back):
                done.append(way_back.what)
            journal.done(number)
        except LoadTestError as error:
            left.append(str(error))
    return done, left


def _listed(client: Any, operation: str, key: str) -> Iterator[dict[str, Any]]:
    for page in client.get_paginator(operation).paginate():
        yield from page.get(key) or []
