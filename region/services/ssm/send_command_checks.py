"""The request of SendCommand: what it may ask for, checked, and what the region refuses of it."""

from __future__ import annotations

import re
from typing import Any, Final, NoReturn
from uuid import uuid4

from moto.core.utils import utcnow
from moto.ssm.exceptions import SSMException

from region.api.parameters import Parameters
from region.services.ssm.records import RunCommand

DOCUMENT: Final = "AWS-RunShellScript"
DOCUMENT_VERSION: Final = "1"
DEFAULT_VERSION: Final = "$DEFAULT"

DELIVERY_TIMEOUT: Final = 3600
DELIVERY_TIMEOUTS: Final = (30, 2_592_000)
EXECUTION_TIMEOUT: Final = 3600
EXECUTION_TIMEOUTS: Final = (1, 172_800)
"""In seconds; the document's own pattern and the API reference."""

SCRIPT_BYTES: Final = 64 * 1024
"""The size limit of a document, with its commands."""

MOST_INSTANCES: Final = 50
MOST_TARGETS: Final = 5
COMMENT_LENGTH: Final = 100

_NUMBERS: Final = {
    "MaxConcurrency": re.compile(r"[1-9][0-9]{0,6}|[1-9][0-9]?%|100%"),
    "MaxErrors": re.compile(r"0|[1-9][0-9]{0,6}|[0-9]%|[1-9][0-9]%|100%"),
}
_SUBSTITUTION: Final = re.compile(r"\{\{\s*[A-Za-z_][\w:./-]*\s*\}\}")
"""`{{ssm:name}}`, `{{ global:DATE }}`, `{{ name }}`. A template of Go's, `{{.Names}}`, is none."""

_REFUSED: Final = {
    "OutputS3BucketName": "output to S3; read it with GetCommandInvocation",
    "OutputS3KeyPrefix": "output to S3; read it with GetCommandInvocation",
    "ServiceRoleArn": "notifications; poll GetCommandInvocation",
    "AlarmConfiguration": "alarms that stop a command; use CancelCommand",
    "DocumentHash": "document hashes; leave it out",
    "DocumentHashType": "document hashes; leave it out",
}


def command_in(call: Parameters) -> RunCommand:
    """Return the command that a request asks for, without invocations.

    Raises:
        SSMException: The request is invalid, or asks for what the region does not do.
    """
    _check_document(call)
    _refuse_the_unsupported(call)
    instance_ids, targets = _targets(call)
    parameters = _parameters(call)
    script = "\n".join(parameters["commands"]) + "\n"
    if len(script.encode()) > SCRIPT_BYTES:
        raise SSMException(
            "MaxDocumentSizeExceeded",
            f"The commands have {len(script.encode()):,} bytes; at most {SCRIPT_BYTES:,} are "
            "allowed. Put the script into S3 and send a command that fetches it.",
        )
    comment = call.text("Comment")
    if len(comment) > COMMENT_LENGTH:
        _invalid(f"Comment has {len(comment)} characters; at most {COMMENT_LENGTH} are allowed.")
    return RunCommand(
        command_id=str(uuid4()),
        requested=utcnow(),
        document_version=call.text("DocumentVersion") or DEFAULT_VERSION,
        comment=comment,
        parameters=parameters,
        script=script,
        working_directory=_single(parameters, "workingDirectory"),
        execution_timeout=_execution_timeout(_single(parameters, "executionTimeout")),
        instance_ids=instance_ids,
        targets=targets,
        delivery_timeout=_delivery_timeout(call),
        max_concurrency=_number(call, "MaxConcurrency", "50"),
        max_errors=_number(call, "MaxErrors", "0"),
    )


_OF_AWS = ("AWS-", "AWSFIS-", "AWSSSO-", "AmazonCloudWatch-")
"""How the names of documents begin that AWS owns."""


def _check_document(call: Parameters) -> None:
    name = call.text("DocumentName").rpartition("/")[2]
    if name != DOCUMENT:
        if name.startswith(_OF_AWS):
            raise NotImplementedError(
                f"the document {name!r}: send its commands with {DOCUMENT} instead"
            )
        raise SSMException(
            "InvalidDocument", f"There is no document {name!r}: the local region has {DOCUMENT}."
        )
    version = call.text("DocumentVersion")
    if version not in {"", DEFAULT_VERSION, "$LATEST", DOCUMENT_VERSION}:
        raise SSMException(
            "InvalidDocumentVersion", f"{DOCUMENT} has no version {version!r}: leave it out."
        )


def _refuse_the_unsupported(call: Parameters) -> None:
    for name, what in _REFUSED.items():
        if call.get(name):
            _invalid(f"{name} is not supported: the local region has no {what}.")
    if any(call.structure("NotificationConfig").values()):
        _invalid(
            "NotificationConfig is not supported: the local region has no notifications; poll "
            "GetCommandInvocation."
        )
    if call.structure("CloudWatchOutputConfig").get("CloudWatchOutputEnabled"):
        _invalid(
            "CloudWatchOutputConfig is not supported: the local region has no output to "
            "CloudWatch Logs; read it with GetCommandInvocation."
        )


def _targets(call: Parameters) -> tuple[list[str], list[dict[str, Any]]]:
    instance_ids, targets = call.texts("InstanceIds"), call.structures("Targets")
    if bool(instance_ids) == bool(targets):
        _invalid("Specify either InstanceIds or Targets.")
    if len(instance_ids) > MOST_INSTANCES:
        _invalid(f"InstanceIds has {len(instance_ids)} members; at most {MOST_INSTANCES}.")
    if len(set(instance_ids)) < len(instance_ids):
        raise SSMException("DuplicateInstanceId", "InstanceIds names an instance twice.")
    if len(targets) > MOST_TARGETS:
        _invalid(f"Targets has {len(targets)} members; at most {MOST_TARGETS}.")
    for target in targets:
        check_target(target)
    return instance_ids, targets


def check_target(target: dict[str, Any]) -> None:
    """Reject a target by which the region cannot select nodes."""
    key = str(target.get("Key", ""))
    if key.lower() != "instanceids" and key != "tag-key" and not key.startswith("tag:"):
        _invalid(
            f"Target key {key!r} is not supported in the local region: use InstanceIds, "
            "tag:<key> or tag-key."
        )
    if not target.get("Values"):
        _invalid(f"Target {key!r} has no values.")


def _parameters(call: Parameters) -> dict[str, list[str]]:
    parameters = {
        str(name): [str(value) for value in values]
        for name, values in call.structure("Parameters").items()
    }
    unknown = parameters.keys() - {"commands", "workingDirectory", "executionTimeout"}
    if unknown:
        _invalid_parameters(
            f"{DOCUMENT} has no parameter {', '.join(sorted(unknown))}: it has commands, "
            "workingDirectory and executionTimeout."
        )
    if not parameters.get("commands"):
        _invalid_parameters(f"{DOCUMENT} requires the parameter commands.")
    for name, values in parameters.items():
        found = _SUBSTITUTION.search("\n".join(values))
        if found:
            _invalid_parameters(
                f"Parameter {name} contains {found.group()!r}: the local region substitutes "
                "nothing. Write the value itself, or read it in the script, for example with "
                "`aws ssm get-parameter`."
            )
    return parameters


def _single(parameters: dict[str, list[str]], name: str) -> str:
    values = parameters.get(name) or [""]
    if len(values) > 1:
        _invalid_parameters(f"Parameter {name} has {len(values)} values; it takes one.")
    return values[0]


def _execution_timeout(text: str) -> int:
    least, most = EXECUTION_TIMEOUTS
    if not text:
        return EXECUTION_TIMEOUT
    if not re.fullmatch(r"[0-9]{1,6}", text) or not least <= int(text) <= most:
        _invalid_parameters(
            f"Parameter executionTimeout is {text!r}: it takes seconds from {least} to {most}."
        )
    return int(text)


def _delivery_timeout(call: Parameters) -> int:
    seconds = call.integer("TimeoutSeconds")
    if seconds is None:
        return DELIVERY_TIMEOUT
    least, most = DELIVERY_TIMEOUTS
    if not least <= seconds <= most:
        _invalid(f"TimeoutSeconds is {seconds}: it takes seconds from {least} to {most}.")
    return seconds


def _number(call: Parameters, name: str, default: str) -> str:
    text = call.text(name) or default
    if not _NUMBERS[name].fullmatch(text):
        _invalid(f"{name} is {text!r}: it takes a number such as 10 or a percentage such as 10%.")
    return text


def _invalid(message: str) -> NoReturn:
    raise SSMException("ValidationException", message)


def _invalid_parameters(message: str) -> NoReturn:
    raise SSMException("InvalidParameters", message)
