"""The messages between CodeDeploy and an agent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from appspec import FileExistsBehavior

BUNDLE_TYPES = ("zip", "tar", "tgz")
"""The bundle types that CodeDeploy's agent unpacks on Linux (deployment_specification.rb)."""

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
    """One deployment of a revision (an S3 object) to this machine.

    Attributes:
        restart: Run the scripts of the last successful revision, and install nothing.
    """

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
    restart: bool = False


@dataclass(frozen=True)
class EventResult:
    """The result of a lifecycle event: the API's diagnostics, and the script's exit code.

    Attributes:
        exit_code: None if no script ran to its end.
        log_tail: The last lines that the scripts printed, of less than 2 KiB together.
    """

    status: EventStatus
    exit_code: int | None = None
    log_tail: str = ""
    script: str = ""
    message: str = ""
    error_code: ErrorCode = "Success"
