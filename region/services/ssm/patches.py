"""Run Command as AWS answers it. `region.services.ssm.controller` runs the commands.

moto lacks half of the calls, and its SendCommand succeeds at once, on instances that need not
exist. What it has besides, parameters, stays moto's.
"""

from __future__ import annotations

from typing import Any, Final

from moto.core.responses import ActionResult, EmptyResult
from moto.ec2.models import EC2Backend, ec2_backends
from moto.ec2.models.instances import Instance
from moto.ssm.exceptions import InvalidFilterKey, SSMException
from moto.ssm.models import SimpleSystemManagerBackend
from moto.ssm.responses import SimpleSystemManagerResponse

from region.api.parameters import Parameters
from region.api.patching import Original, Patches
from region.services.ssm import (
    commands,
    descriptions,
    document_patches,
    parameter_patches,
    selection,
)
from region.services.ssm.records import RunCommand, RunCommandRecord
from region.services.ssm.send_command_checks import command_in

_NODE_FILTERS: Final = {
    "AgentVersion": "AgentVersion",
    "InstanceIds": "InstanceId",
    "PingStatus": "PingStatus",
    "PlatformTypes": "PlatformType",
    "ResourceType": "ResourceType",
    "SourceIds": "SourceId",
    "SourceTypes": "SourceType",
}
"""Filters of DescribeInstanceInformation, and what of a node they look at."""

patches = Patches()


def install() -> None:
    """Patch moto's Systems Manager."""
    patches.install()
    parameter_patches.patches.install()
    document_patches.patches.install()


@patches.around(SimpleSystemManagerBackend, "__init__")
def _new_backend(
    moto: Original, backend: SimpleSystemManagerBackend, *args: object, **kwargs: object
) -> None:
    moto(backend, *args, **kwargs)
    RunCommandRecord().attach(backend)


@patches.method(SimpleSystemManagerResponse)
def send_command(call: SimpleSystemManagerResponse) -> ActionResult:
    """SendCommand of AWS-RunShellScript."""
    record = RunCommandRecord.of(call.ssm_backend)
    command = command_in(Parameters(call))
    selection.address(command, record, _instances(call))
    record.commands[command.command_id] = command
    return ActionResult({"Command": descriptions.describe_command(command)})


@patches.method(SimpleSystemManagerResponse)
def cancel_command(call: SimpleSystemManagerResponse) -> EmptyResult:
    """CancelCommand, on all nodes or on some."""
    parameters = Parameters(call)
    command = commands.command_of(
        RunCommandRecord.of(call.ssm_backend), parameters.text("CommandId")
    )
    names = parameters.texts("InstanceIds")
    if len(set(names)) < len(names):
        raise SSMException("DuplicateInstanceId", "InstanceIds names an instance twice.")
    others = [name for name in names if name not in command.invocations]
    if others:
        raise SSMException("InvalidInstanceId", f"The command was not sent to {', '.join(others)}.")
    commands.cancel(command, names or list(command.invocations))
    return EmptyResult()


@patches.method(SimpleSystemManagerResponse)
def describe_parameters(call: SimpleSystemManagerResponse) -> ActionResult:
    """DescribeParameters, in pages of the size that the call asks for; moto's have always 10."""
    given = Parameters(call)
    found = call.ssm_backend.describe_parameters(
        given.structures("Filters"), given.structures("ParameterFilters")
    )
    described = [item.describe_response_object(decrypt=False) for item in found]
    return ActionResult({"Parameters": described})


@patches.method(SimpleSystemManagerResponse)
def list_commands(call: SimpleSystemManagerResponse) -> ActionResult:
    """ListCommands, the latest first."""
    parameters = Parameters(call)
    wanted = selection.command_filter(parameters.structures("Filters"), stages=True)
    instance_id = parameters.text("InstanceId")
    found = [
        command
        for command in _commands(call)
        if (not instance_id or instance_id in command.invocations)
        and wanted(command, *commands.status_of(command))
    ]
    return ActionResult({"Commands": list(map(descriptions.describe_command, found))})


@patches.method(SimpleSystemManagerResponse)
def list_command_invocations(call: SimpleSystemManagerResponse) -> ActionResult:
    """ListCommandInvocations, those of the latest command first."""
    parameters = Parameters(call)
    wanted = selection.command_filter(parameters.structures("Filters"), stages=False)
    instance_id, backend = parameters.text("InstanceId"), _instances(call)
    found = [
        (command, name)
        for command in _commands(call)
        for name, invocation in command.invocations.items()
        if instance_id in {"", name} and wanted(command, invocation.status, invocation.details)
    ]
    described = [
        descriptions.describe_invocation(
            command, name, _host(backend, name), plugins=parameters.flag("Details")
        )
        for command, name in found
    ]
    return ActionResult({"CommandInvocations": described})


@patches.method(SimpleSystemManagerResponse)
def get_command_invocation(call: SimpleSystemManagerResponse) -> ActionResult:
    """GetCommandInvocation."""
    parameters = Parameters(call)
    command_id, instance_id = parameters.text("CommandId"), parameters.text("InstanceId")
    record = RunCommandRecord.of(call.ssm_backend)
    command = record.commands.get(command_id)
    if command is None or instance_id not in command.invocations:
        raise SSMException(
            "InvocationDoesNotExist",
            f"The command {command_id!r} was not sent to {instance_id!r}.",
        )
    plugin = parameters.text("PluginName")
    if plugin not in {"", descriptions.PLUGIN}:
        raise SSMException(
            "InvalidPluginName",
            f"The document has no step {plugin!r}; its only one is {descriptions.PLUGIN}.",
        )
    return ActionResult(descriptions.describe_result(command, instance_id))


@patches.method(SimpleSystemManagerResponse)
def describe_instance_information(call: SimpleSystemManagerResponse) -> ActionResult:
    """DescribeInstanceInformation."""
    parameters = Parameters(call)
    backend = _instances(call)
    filters = [
        (str(item.get("Key") or item.get("key")), item.get("Values") or item.get("valueSet") or [])
        for name in ("Filters", "InstanceInformationFilterList")
        for item in parameters.structures(name)
    ]
    for key, _ in filters:
        _check_filter(key)
    found: list[dict[str, Any]] = []
    for name, node in RunCommandRecord.of(call.ssm_backend).nodes.items():
        instance = backend.get_instance_by_id(name)
        if instance is not None:
            described = descriptions.describe_node(instance, node)
            if all(_passes(key, values, instance, described) for key, values in filters):
                found.append(described)
    return ActionResult({"InstanceInformationList": found})


def _check_filter(key: str) -> None:
    if key not in _NODE_FILTERS and key != "tag-key" and not key.startswith("tag:"):
        raise InvalidFilterKey(
            f"The local region has no filter {key!r}: use {', '.join(_NODE_FILTERS)}, tag-key or "
            "tag:<key>."
        )


def _passes(key: str, values: list[str], instance: Instance, described: dict[str, Any]) -> bool:
    tags = selection.tags_of(instance)
    if key == "tag-key":
        return bool(tags.keys() & set(values))
    if key.startswith("tag:"):
        return tags.get(key.removeprefix("tag:")) in values
    return described[_NODE_FILTERS[key]] in values


def _commands(call: SimpleSystemManagerResponse) -> list[RunCommand]:
    """Return the command that the call names, or all, the latest first."""
    record = RunCommandRecord.of(call.ssm_backend)
    command_id = Parameters(call).text("CommandId")
    if command_id:
        return [commands.command_of(record, command_id)]
    return list(reversed(record.commands.values()))


def _instances(call: SimpleSystemManagerResponse) -> EC2Backend:
    return ec2_backends[call.current_account][call.region]


def _host(backend: EC2Backend, instance_id: str) -> str:
    instance = backend.get_instance_by_id(instance_id)
    return str(instance.private_dns_name) if instance is not None else ""
