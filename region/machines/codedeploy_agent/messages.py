"""The messages between CodeDeploy and an agent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from region.machines.codedeploy_agent.appspec import FileExistsBehavior

EventStatus = Literal["Succeeded", "Failed", "Skipped"]
# The LifecycleErrorCode values of the CodeDeploy API.
ErrorCode = Literal[
    "Success",
    "ScriptMissing",
    "ScriptNotExecutable",
    "ScriptTimedOut",
    "ScriptFailed",
    "UnknownError",
]


@dataclass(frozen=True)
class AgentDeployment:
    """One deployment of a revision (an S3 object) to this machine."""

    deployment_id: str
    application_name: str
    deployment_group_name: str
    deployment_group_id: str
    bucket: str
    key: str
    version_id: str | None = None
    etag: str | None = None
    bundle_type: str = "zip"
    file_exists_behavior: FileExistsBehavior = "DISALLOW"


@dataclass(frozen=True)
class EventResult:
    """The result of a lifecycle event: the API's diagnostics, and the script's exit code.

    Attributes:
        exit_code: None if no script ran to its end.
        log_tail: The last 2 KiB that the scripts printed.
    """

    status: EventStatus
    exit_code: int | None = None
    log_tail: str = ""
    script: str = ""
    message: str = ""
    error_code: ErrorCode = "Success"
