"""Which nodes a command goes to, and which of the commands a call asks for.

Call with the control plane's lock held.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any

from moto.ec2.models import EC2Backend
from moto.ec2.models.instances import Instance
from moto.ssm.exceptions import SSMException

from region.services.ssm import managed_nodes
from region.services.ssm.commands import ACTIVE, end, status_of
from region.services.ssm.records import Details, Invocation, RunCommand, RunCommandRecord, Status
from region.services.ssm.send_command_checks import DOCUMENT


def address(command: RunCommand, record: RunCommandRecord, backend: EC2Backend) -> None:
    """Give a command an invocation for each node that it is addressed to.

    Raises:
        SSMException: It names an instance that is not a managed node.
    """
    unmanaged = [name for name in command.instance_ids if name not in record.nodes]
    if unmanaged:
        why = "; ".join(
            f"{name}: {managed_nodes.why_unmanaged(backend, name)}" for name in unmanaged
        )
        raise SSMException(
            "InvalidInstanceId",
            f"Instances [[{', '.join(unmanaged)}]] not in a valid state for account "
            f"{backend.account_id} ({why}).",
        )
    for name in command.instance_ids or _targeted(command.targets, record, backend):
        command.invocations[name] = Invocation()
        if name not in record.nodes:
            end(command.invocations[name], "Failed", "Undeliverable")


def _targeted(
    targets: list[dict[str, Any]], record: RunCommandRecord, backend: EC2Backend
) -> list[str]:
    """Return the instances that match all targets; one that is named need not be managed."""
    named = [
        {str(value) for value in target["Values"]}
        for target in targets
        if target["Key"].lower() == "instanceids"
    ]
    candidates = set.intersection(*named) if named else set(record.nodes)
    by_tags = [target for target in targets if target["Key"].lower() != "instanceids"]
    return sorted(
        name
        for name in candidates
        if not by_tags
        or (name in record.nodes and _matches(backend.get_instance_by_id(name), by_tags))
    )


def _matches(instance: Instance | None, targets: list[dict[str, Any]]) -> bool:
    if instance is None:
        return False
    tags = tags_of(instance)
    return all(
        bool(tags.keys() & set(target["Values"]))
        if target["Key"] == "tag-key"
        else tags.get(target["Key"].removeprefix("tag:")) in target["Values"]
        for target in targets
    )


def tags_of(instance: Instance) -> dict[str, str]:
    """Return an instance's tags."""
    return {str(tag["key"]): str(tag["value"]) for tag in instance.get_tags()}


def command_filter(
    filters: Iterable[dict[str, Any]], *, stages: bool
) -> Callable[[RunCommand, Status, Details], bool]:
    """Return what decides whether a command, or an invocation of it, passes the filters.

    `stages` says whether ExecutionStage is among the filters' keys.

    Raises:
        SSMException: A filter has an unknown key or value.
    """
    tests = [_command_test(str(item["key"]), str(item["value"]), stages) for item in filters]
    return lambda command, status, details: all(test(command, status, details) for test in tests)


def _command_test(
    key: str, value: str, stages: bool
) -> Callable[[RunCommand, Status, Details], bool]:
    if key == "Status":
        return lambda _command, status, details: value in {status, details}
    if key == "DocumentName":
        return lambda *_: value == DOCUMENT
    if key == "ExecutionStage" and stages:
        executing = {"Executing": True, "Complete": False}.get(value)
        if executing is None:
            raise SSMException(
                "ValidationException", f"ExecutionStage {value!r}: use Executing or Complete."
            )
        return lambda command, *_: (status_of(command)[0] in ACTIVE) == executing
    if key in {"InvokedAfter", "InvokedBefore"}:
        when = _moment(value)
        if key == "InvokedAfter":
            return lambda command, *_: command.requested >= when
        return lambda command, *_: command.requested < when
    raise SSMException("InvalidFilterKey", f"There is no filter {key!r} here.")


def _moment(text: str) -> datetime:
    """Read a time in ISO 8601 as moto's own times are: in UTC and without a zone."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise SSMException(
            "ValidationException", f"{text!r} is not a time such as 2026-07-07T00:00:00Z."
        ) from None
    return found.astimezone(UTC).replace(tzinfo=None) if found.tzinfo else found
