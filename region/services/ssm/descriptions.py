"""Commands, invocations and managed nodes as Systems Manager describes them. Pure."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from moto.core.utils import utcnow
from moto.ec2.models.instances import Instance

from region.services.ssm.commands import ACTIVE, status_of
from region.services.ssm.records import Invocation, ManagedNode, RunCommand
from region.services.ssm.send_command_checks import DOCUMENT
from region.time_formats import stamps

PLUGIN: Final = "aws:runShellScript"
STDOUT_LENGTH: Final = 24_000
STDERR_LENGTH: Final = 8_000
PLUGIN_OUTPUT_LENGTH: Final = 2_500
"""In characters, of GetCommandInvocation and of ListCommandInvocations with details."""

AGENT_VERSION: Final = "3.3.3050.0"
_NO_NOTIFICATIONS: Final = {
    "NotificationArn": "",
    "NotificationEvents": [],
    "NotificationType": "",
}
_NO_CLOUDWATCH: Final = {"CloudWatchLogGroupName": "", "CloudWatchOutputEnabled": False}
_ERROR_HEADING: Final = "\n----------ERROR-------\n"


def truncated(text: str, length: int, note: str = "--output truncated--") -> str:
    """Return a text of at most `length` characters, with a note where something is missing."""
    return text if len(text) <= length else text[: length - len(note)] + note


def describe_command(command: RunCommand) -> dict[str, Any]:
    """Describe a command."""
    status, details = status_of(command)
    invocations = command.invocations.values()
    found = [invocation.details for invocation in invocations]
    return {
        "CommandId": command.command_id,
        "DocumentName": DOCUMENT,
        "DocumentVersion": command.document_version,
        "Comment": command.comment,
        "ExpiresAfter": command.expires,
        "Parameters": command.parameters,
        "InstanceIds": command.instance_ids,
        "Targets": command.targets,
        "RequestedDateTime": command.requested,
        "Status": status,
        "StatusDetails": details,
        "OutputS3BucketName": "",
        "OutputS3KeyPrefix": "",
        "MaxConcurrency": command.max_concurrency,
        "MaxErrors": command.max_errors,
        "TargetCount": len(found),
        "CompletedCount": sum(item.status not in ACTIVE for item in invocations),
        "ErrorCount": found.count("Failed") + found.count("ExecutionTimedOut"),
        "DeliveryTimedOutCount": found.count("DeliveryTimedOut"),
        "ServiceRole": "",
        "NotificationConfig": _NO_NOTIFICATIONS,
        "CloudWatchOutputConfig": _NO_CLOUDWATCH,
        "TimeoutSeconds": command.delivery_timeout,
    }


def describe_result(command: RunCommand, instance_id: str) -> dict[str, Any]:
    """Describe an invocation as GetCommandInvocation does, with its output."""
    invocation = command.invocations[instance_id]
    return {
        "CommandId": command.command_id,
        "InstanceId": instance_id,
        "Comment": command.comment,
        "DocumentName": DOCUMENT,
        "DocumentVersion": command.document_version,
        "PluginName": PLUGIN,
        "ResponseCode": invocation.response_code,
        "ExecutionStartDateTime": _iso(invocation.started),
        "ExecutionElapsedTime": _elapsed(invocation),
        "ExecutionEndDateTime": _iso(invocation.ended if invocation.started else None),
        "Status": invocation.status,
        "StatusDetails": invocation.details,
        "StandardOutputContent": invocation.stdout,
        "StandardOutputUrl": "",
        "StandardErrorContent": invocation.stderr,
        "StandardErrorUrl": "",
        "CloudWatchOutputConfig": _NO_CLOUDWATCH,
    }


def describe_invocation(
    command: RunCommand, instance_id: str, host: str, *, plugins: bool
) -> dict[str, Any]:
    """Describe an invocation as ListCommandInvocations does, with its plugin if wanted."""
    invocation = command.invocations[instance_id]
    return {
        "CommandId": command.command_id,
        "InstanceId": instance_id,
        "InstanceName": host,
        "Comment": command.comment,
        "DocumentName": DOCUMENT,
        "DocumentVersion": command.document_version,
        "RequestedDateTime": command.requested,
        "Status": invocation.status,
        "StatusDetails": invocation.details,
        "StandardOutputUrl": "",
        "StandardErrorUrl": "",
        "CommandPlugins": [_describe_plugin(invocation)] if plugins else [],
        "ServiceRole": "",
        "NotificationConfig": _NO_NOTIFICATIONS,
        "CloudWatchOutputConfig": _NO_CLOUDWATCH,
    }


def _describe_plugin(invocation: Invocation) -> dict[str, Any]:
    output = invocation.stdout
    if invocation.stderr:
        output += f"{_ERROR_HEADING}{invocation.stderr}"
    described = {
        "Name": PLUGIN,
        # A plugin knows no cancelling: it runs until it has ended.
        "Status": "InProgress" if invocation.status == "Cancelling" else invocation.status,
        "StatusDetails": invocation.details,
        "ResponseCode": invocation.response_code,
        "ResponseStartDateTime": invocation.started,
        "ResponseFinishDateTime": invocation.ended,
        "Output": truncated(output, PLUGIN_OUTPUT_LENGTH),
        "StandardOutputUrl": "",
        "StandardErrorUrl": "",
        "OutputS3BucketName": "",
        "OutputS3KeyPrefix": "",
    }
    return {name: value for name, value in described.items() if value is not None}


def describe_node(instance: Instance, node: ManagedNode) -> dict[str, Any]:
    """Describe a managed node."""
    return {
        "InstanceId": instance.id,
        "PingStatus": "Online" if node.online else "ConnectionLost",
        "LastPingDateTime": utcnow() if node.online else node.last_ping,
        "AgentVersion": AGENT_VERSION,
        "IsLatestVersion": True,
        "PlatformType": "Linux",
        "PlatformName": node.platform_name or "Linux",
        "PlatformVersion": node.platform_version,
        "ResourceType": "EC2Instance",
        "IPAddress": str(instance.private_ip),
        "ComputerName": str(instance.private_dns_name),
        "SourceId": instance.id,
        "SourceType": "AWS::EC2::Instance",
    }


def _iso(when: datetime | None) -> str:
    return "" if when is None else stamps.in_milliseconds(when)


def _elapsed(invocation: Invocation) -> str:
    """Return how long an invocation ran as an ISO 8601 duration, empty until it has ended."""
    if invocation.started is None or invocation.ended is None:
        return ""
    seconds = (invocation.ended - invocation.started).total_seconds()
    return f"PT{seconds:.3f}S"
