"""The CodeDeploy agent of one machine.

Directories, order and environment follow the open-source agent (github.com/aws/
aws-codedeploy-agent): archives in /opt/codedeploy-agent/deployment-root/<group>/<deployment>.
"""

from __future__ import annotations

import re
import shutil
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from region.credentials import Credential
from region.machines.codedeploy_agent import appspec, bundle
from region.machines.codedeploy_agent.installer import Installer
from region.machines.codedeploy_agent.lifecycle_events import (
    DOWNLOAD_BUNDLE,
    FROM_PREVIOUS_REVISION,
    HOOK_EVENTS,
    INSTALL,
)
from region.machines.codedeploy_agent.messages import AgentDeployment, EventResult
from region.machines.codedeploy_agent.scripts import ScriptRunner
from region.machines.disk import Disk
from region.machines.errors import BundleError, MachineError
from region.machines.processes import ProcessTable

AGENT_DIRECTORY = "/opt/codedeploy-agent"
_ARCHIVES_TO_RETAIN = 5
_ARCHIVE = "deployment-archive"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")


@dataclass(frozen=True)
class AgentContext:
    """What the agent needs from its machine."""

    disk: Disk
    processes: ProcessTable
    environment: Callable[[], Mapping[str, str]]
    log: Path
    aws_endpoint: str
    credential: Credential
    region: str


class CodeDeployAgent:
    """Runs lifecycle events one at a time; its state is on the machine's disk."""

    def __init__(self, context: AgentContext) -> None:
        """Prepare only: the disk may not exist yet."""
        self._context = context
        self._lock = threading.Lock()
        self._scripts = ScriptRunner(context.disk, context.processes, context.environment)

    def run_event(self, event: str, deployment: AgentDeployment) -> EventResult:
        """Run one lifecycle event; an error in the revision is a failed result, not raised."""
        with self._lock:
            try:
                result = self._run(event, deployment)
            except (MachineError, OSError) as error:
                result = EventResult("Failed", message=str(error), error_code="UnknownError")
            self._log(f"{deployment.deployment_id} {event}: {result.status} {result.message}")
            return result

    def mark_successful(self, deployment: AgentDeployment) -> None:
        """Record the revision whose scripts stop the service in the next deployment."""
        archive = self._directory(deployment) / _ARCHIVE
        if not archive.is_dir():
            raise BundleError(
                f"Deployment {deployment.deployment_id} has no archive on this machine; "
                "run DownloadBundle before marking it successful."
            )
        self._instructions.mkdir(parents=True, exist_ok=True)
        record = self._success_record(deployment.deployment_group_id)
        partial = record.with_suffix(".partial")
        partial.write_text(deployment.deployment_id)
        partial.replace(record)

    def last_successful(self, deployment_group_id: str) -> str | None:
        """Return the group's last successful deployment on this machine, None without one."""
        try:
            return self._success_record(deployment_group_id).read_text().strip() or None
        except FileNotFoundError:
            return None

    def _run(self, event: str, deployment: AgentDeployment) -> EventResult:
        if not self._context.processes.powered:
            raise MachineError("The machine is not running, so its agent does not answer.")
        if event == DOWNLOAD_BUNDLE:
            return self._download(deployment)
        if event == INSTALL:
            return self._install(deployment)
        if event not in HOOK_EVENTS:
            known = ", ".join((DOWNLOAD_BUNDLE, INSTALL, *HOOK_EVENTS))
            raise MachineError(
                f"The agent does not know the lifecycle event {event!r}; it runs {known}."
            )
        return self._run_hooks(event, deployment)

    def _download(self, deployment: AgentDeployment) -> EventResult:
        if deployment.bundle_type != "zip":
            raise BundleError(
                f"Bundle type {deployment.bundle_type!r} is not supported; upload a zip."
            )
        self._remove_old_archives(deployment)
        directory = self._directory(deployment)
        archive = directory / _ARCHIVE
        shutil.rmtree(archive, ignore_errors=True)
        directory.mkdir(parents=True, exist_ok=True)
        file = directory / "bundle.zip"
        client = bundle.s3_client(
            self._context.aws_endpoint, self._context.region, self._context.credential
        )
        try:
            bundle.download(client, deployment, file)
            bundle.unpack(file, archive)
            appspec.load(archive)
        except MachineError:
            # Later events would take half an archive for the revision.
            shutil.rmtree(archive, ignore_errors=True)
            raise
        finally:
            file.unlink(missing_ok=True)
        return EventResult("Succeeded")

    def _install(self, deployment: AgentDeployment) -> EventResult:
        archive = self._directory(deployment) / _ARCHIVE
        installer = Installer(self._context.disk, self._instructions)
        written = installer.install(
            deployment.deployment_group_id,
            archive,
            appspec.load(archive),
            deployment.file_exists_behavior,
        )
        return EventResult("Succeeded", message=f"{len(written)} files installed")

    def _run_hooks(self, event: str, deployment: AgentDeployment) -> EventResult:
        archive = self._archive_for(event, deployment)
        if archive is None:
            return EventResult("Skipped", message="No earlier revision on this machine.")
        scripts = appspec.load(archive).hooks.get(event, ())
        if not scripts:
            return EventResult("Skipped", message=f"appspec.yml has no scripts for {event}.")
        return self._scripts.run(
            scripts,
            archive,
            self._directory(deployment) / "logs" / "scripts.log",
            _hook_environment(event, deployment),
        )

    def _archive_for(self, event: str, deployment: AgentDeployment) -> Path | None:
        current = self._directory(deployment) / _ARCHIVE
        if event not in FROM_PREVIOUS_REVISION:
            return current
        previous = self.last_successful(deployment.deployment_group_id)
        if previous is None:
            return None
        archive = self._group_directory(deployment.deployment_group_id) / previous / _ARCHIVE
        return archive if archive.is_dir() else None

    def _remove_old_archives(self, deployment: AgentDeployment) -> None:
        """Keep the most recent deployments, and always the last successful one."""
        group = self._group_directory(deployment.deployment_group_id)
        if not group.is_dir():
            return
        kept = {deployment.deployment_id, self.last_successful(deployment.deployment_group_id)}
        others = [path for path in group.iterdir() if path.name != deployment.deployment_id]
        surplus = len(others) - _ARCHIVES_TO_RETAIN + 1
        removable = sorted(
            (path for path in others if path.name not in kept),
            key=lambda path: path.stat().st_mtime_ns,
        )
        for path in removable[: max(surplus, 0)]:
            shutil.rmtree(path)

    @property
    def _root(self) -> Path:
        return self._context.disk.resolve(f"{AGENT_DIRECTORY}/deployment-root")

    @property
    def _instructions(self) -> Path:
        return self._root / "deployment-instructions"

    def _success_record(self, group_id: str) -> Path:
        return self._instructions / f"{_checked(group_id)}_last_successful_install"

    def _group_directory(self, group_id: str) -> Path:
        return self._root / _checked(group_id)

    def _directory(self, deployment: AgentDeployment) -> Path:
        group = self._group_directory(deployment.deployment_group_id)
        return group / _checked(deployment.deployment_id)

    def _log(self, line: str) -> None:
        self._context.log.parent.mkdir(parents=True, exist_ok=True)
        with self._context.log.open("a") as file:
            file.write(f"{line.strip()}\n")


def _checked(identifier: str) -> str:
    """Return an id that is safe as a directory name; reject others."""
    if not _NAME.fullmatch(identifier) or identifier == "deployment-instructions":
        raise MachineError(f"The id {identifier!r} cannot name a directory; use the service's own.")
    return identifier


def _hook_environment(event: str, deployment: AgentDeployment) -> dict[str, str]:
    return {
        "LIFECYCLE_EVENT": event,
        "DEPLOYMENT_ID": deployment.deployment_id,
        "APPLICATION_NAME": deployment.application_name,
        "DEPLOYMENT_GROUP_NAME": deployment.deployment_group_name,
        "DEPLOYMENT_GROUP_ID": deployment.deployment_group_id,
        "BUNDLE_BUCKET": deployment.bucket,
        "BUNDLE_KEY": deployment.key,
        "BUNDLE_VERSION": deployment.version_id or "",
        "BUNDLE_ETAG": deployment.etag or "",
    }
