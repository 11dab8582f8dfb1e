"""What CodeDeploy tells an agent, and what the agent answers."""

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
    """How a lifecycle event ended: the API's diagnostics, and the exit code of the script.

    `log_tail` is the last 2 KiB of what the scripts printed. `exit_code` is None where no script
    ran to its end.
    """

    status: EventStatus
    exit_code: int | None = None
    log_tail: str = ""
    script: str = ""
    message: str = ""
    error_code: ErrorCode = "Success"
