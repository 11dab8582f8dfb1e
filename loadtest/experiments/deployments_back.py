"""Undoes deployments: restores the stack's own revision, and leaves no deployment running."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any, Final

from loadtest.errors import ExperimentError
from loadtest.stack.clients import Clients
from loadtest.stack.deployments import ACTIVE, ENDED, Deployments, Revision

SUCCEEDED: Final = "Succeeded"
STOPPED: Final = "Stopped"
DEPLOYMENT_S: Final = 1800
ROUNDS: Final = 2
"""A rollback begins a moment after its cause: so often it is asked what is active."""
AT_MOST_S: Final = (ROUNDS + 1.0) * DEPLOYMENT_S
"""How long it waits for deployments: what is active in each round, and one that puts all back."""
POLL_S = 1.0


def revision(clients: Clients, arguments: Mapping[str, Any]) -> bool:
    """See that the group's last revision is the stack's own, then delete the experiment's.

    Raises:
        ExperimentError: It could not be deployed; it may be tried again.
    """
    codedeploy, names = clients["codedeploy"], _names(arguments)
    changed = _stop(codedeploy, names, lambda info: _key(info.get("revision")) == arguments["key"])
    _await_rollbacks(codedeploy, names)
    group = codedeploy.get_deployment_group(**names)["deploymentGroupInfo"]
    last = group.get("lastAttemptedDeployment") or group.get("lastSuccessfulDeployment") or {}
    if last.get("deploymentId"):
        info = codedeploy.get_deployment(deploymentId=last["deploymentId"])["deploymentInfo"]
        # It got through, or nothing has rolled it back, or the rollback has failed.
        if _key(info.get("revision")) == arguments["key"] or not _is_back(
            codedeploy, arguments, last["deploymentId"], info["status"]
        ):
            again = codedeploy.create_deployment(
                **names,
                revision=arguments["revision"],
                description=str(arguments["mark"]),
                fileExistsBehavior="OVERWRITE",
            )
            status = _await_deployment(codedeploy, str(again["deploymentId"]))
            if status != SUCCEEDED:
                raise ExperimentError(
                    f"not put back: the deployment {again['deploymentId']} of the stack's own revision to "
                    f"{arguments['group']} is {status}"
                )
            changed = True
    keys = [arguments["key"], *arguments.get("more", ())]
    deleted = [_delete_object(clients, arguments["bucket"], key) for key in keys]
    return any(deleted) or changed


def _is_back(codedeploy: Any, arguments: Mapping[str, Any], last: str, status: str) -> bool:
    """Return whether the group's last deployment left every instance with the stack's own revision.

    A rollback may have been stopped once nobody had the experiment's: what it skipped has the stack's.
    """
    if status != STOPPED:
        return status == SUCCEEDED
    found = Deployments(codedeploy, arguments["application"], arguments["group"])
    where = arguments["revision"]["s3Location"]
    own = Revision(where["bucket"], where["key"], where.get("eTag"), where.get("version"))
    reached = found.targets(last)
    return reached <= found.instances_with(own, reached)


def stop_deployment(clients: Clients, arguments: Mapping[str, Any]) -> bool:
    """Stop the experiment's deployment if it still goes on, with its rollback."""
    codedeploy, names = clients["codedeploy"], _names(arguments)
    changed = _stop(codedeploy, names, lambda info: info.get("description") == arguments["mark"])
    if changed:
        _await_rollbacks(codedeploy, names)
    return changed


def _names(arguments: Mapping[str, Any]) -> dict[str, str]:
    return {
        "applicationName": arguments["application"],
        "deploymentGroupName": arguments["group"],
    }


def _active(codedeploy: Any, names: Mapping[str, str]) -> list[str]:
    """Return the deployments of a group that have not ended."""
    answer = codedeploy.list_deployments(**names, includeOnlyStatuses=list(ACTIVE))
    return [str(number) for number in answer.get("deployments") or []]


def _stop(
    codedeploy: Any, names: Mapping[str, str], is_ours: Callable[[Mapping[str, Any]], bool]
) -> bool:
    """Stop those active deployments of a group that are the experiment's; return whether there were any."""
    changed = False
    for number in _active(codedeploy, names):
        if is_ours(codedeploy.get_deployment(deploymentId=number)["deploymentInfo"]):
            codedeploy.stop_deployment(deploymentId=number, autoRollbackEnabled=True)
            changed = True
    return changed


def _await_rollbacks(codedeploy: Any, names: Mapping[str, str]) -> None:
    """Wait until no deployment of the group is active."""
    for _ in range(ROUNDS):
        for number in _active(codedeploy, names):
            _await_deployment(codedeploy, number)
        time.sleep(POLL_S)


def _await_deployment(codedeploy: Any, number: str) -> str:
    """Wait until a deployment has ended, far too long at the most, and return its status by then."""
    deadline = time.monotonic() + DEPLOYMENT_S
    while True:
        info = codedeploy.get_deployment(deploymentId=number)["deploymentInfo"]
        if info["status"] in ENDED or time.monotonic() > deadline:
            return str(info["status"])
        time.sleep(POLL_S)


def _key(revision: Mapping[str, Any] | None) -> str:
    return str(((revision or {}).get("s3Location") or {}).get("key") or "")


def _delete_object(clients: Clients, bucket: str, key: str) -> bool:
    s3 = clients["s3"]
    found = s3.list_object_versions(Bucket=bucket, Prefix=key)
    versions = [*(found.get("Versions") or []), *(found.get("DeleteMarkers") or [])]
    for one in versions:
        if one["Key"] == key:
            s3.delete_object(Bucket=bucket, Key=key, VersionId=one["VersionId"])
    return bool(versions)
