"""The CodeDeploy agent of one machine.

Directories, order and environment follow the open-source agent (github.com/aws/
aws-codedeploy-agent, command_executor.rb): archives in
/opt/codedeploy-agent/deployment-root/<group>/<deployment>. Whatever touches a file of the machine
runs confined to it (`inside/`).
"""

from __future__ import annotations

import re
import tempfile
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any, Final

from appspec import Finding, Permission
from appspec.events import HOOK_EVENTS
from region.credentials import Credential
from region.machines.codedeploy_agent import appspec, bundle
from region.machines.codedeploy_agent.lifecycle_events import (
    DOWNLOAD_BUNDLE,
    FROM_PREVIOUS_REVISION,
    INSTALL,
)
from region.machines.codedeploy_agent.messages import BUNDLE_TYPES, AgentDeployment, EventResult
from region.machines.codedeploy_agent.scripts import Event, ScriptRunner
from region.machines.errors import AppSpecError, BundleError, InstallError, MachineError
from region.machines.processes import AGENT, ProcessTable
from region.machines.root_file_system import RootFileSystem

ROOT: Final = "/opt/codedeploy-agent/deployment-root"
_INSIDE: Final = Path(__file__).parent / "inside"
_ARCHIVES_TO_RETAIN: Final = 5
_ACCOUNTS: Final = {"users": "/etc/passwd", "groups": "/etc/group"}
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")


@dataclass(frozen=True)
class AgentContext:
    """What the agent needs from its machine.

    Attributes:
        log: The agent's own log on the host; what scripts print goes to a file beside it.
        runs: Whether the agent is started.
    """

    files: RootFileSystem
    processes: ProcessTable
    environment: Callable[[], Mapping[str, str]]
    log: Path
    aws_endpoint: str
    credential: Credential
    region: str
    runs: Callable[[], bool] = lambda: True


class CodeDeployAgent:
    """Runs lifecycle events one at a time; its state is on the machine's disk."""

    def __init__(self, context: AgentContext) -> None:
        """Prepare only: the machine may not run yet."""
        self._context = context
        self._files = context.files
        self._lock = threading.Lock()
        self._scripts = ScriptRunner(
            context.files,
            context.processes,
            context.environment,
            context.log.with_name("codedeploy-agent-deployments.log"),
        )

    @property
    def answers(self) -> bool:
        """Whether it takes lifecycle events: it is started."""
        return self._context.runs()

    def run_event(self, event: str, deployment: AgentDeployment) -> EventResult:
        """Run one lifecycle event; an error in the revision is a failed result, not raised."""
        with self._lock:
            try:
                result = self._run(event, deployment)
            except (MachineError, OSError) as error:
                result = EventResult("Failed", message=str(error), error_code="UnknownError")
            # What a script left running is no longer the agent's: the CPU limit holds for it.
            self._context.processes.confine(AGENT)
            self._log(f"{deployment.deployment_id} {event}: {result.status} {result.message}")
            return result

    def last_successful(self, deployment_group_id: str) -> str | None:
        """Return the deployment that the group last installed here, None without one.

        The agent calls it the last successful one and records it once its Install event has
        succeeded, whatever becomes of the later events (`update_last_successful_install`).
        """
        try:
            text = self._files.read_text(_success_record(deployment_group_id)).strip()
        except FileNotFoundError:
            return None
        return PurePosixPath(text).name or None

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
        if deployment.bundle_type not in BUNDLE_TYPES:
            raise BundleError(
                f"Bundle type {deployment.bundle_type!r} is not supported on Linux; use "
                f"{', '.join(BUNDLE_TYPES)}."
            )
        client = bundle.s3_client(
            self._context.aws_endpoint, self._context.region, self._context.credential
        )
        directory = self._context.log.parent
        directory.mkdir(parents=True, exist_ok=True)
        for left in directory.glob("bundle-*"):
            left.unlink()  # Of a region that was killed meanwhile: one event runs at a time.
        with tempfile.NamedTemporaryFile(prefix="bundle-", dir=directory) as file:
            bundle.download(client, deployment, Path(file.name))
            answer = self._files.call(
                _INSIDE / "unpack.py",
                {
                    "bundle": file.name,
                    "type": deployment.bundle_type,
                    "archive": _archive(_directory(deployment)),
                    "limit": bundle.MAX_UNPACKED_BYTES,
                    "retain": self._retained(deployment),
                    **_ACCOUNTS,
                },
            )
        if "error" in answer:
            raise BundleError(str(answer["error"]))
        if answer["stripped"]:
            self._log("Stripping leading directory from archive bundle contents.")
        return EventResult("Succeeded")

    def _install(self, deployment: AgentDeployment) -> EventResult:
        directory = _directory(deployment)
        spec = appspec.load(self._files, _archive(directory))
        self._log_hints(spec.hints)
        if spec.unknown_events:
            # `validate_app_spec_hooks`: before anything is removed or copied.
            line = spec.hook_lines[spec.unknown_events[0]]
            events = ", ".join(f'"{event}"' for event in spec.unknown_events)
            raise AppSpecError(
                f"{appspec.FILE_NAME} file contains unknown lifecycle events: [{events}] (line "
                f"{line}); use {', '.join(HOOK_EVENTS)}."
            )
        group = _instructions(deployment.deployment_group_id)
        answer = self._files.call(
            _INSIDE / "install.py",
            {
                "archive": _archive(directory),
                "files": [asdict(mapping) for mapping in spec.files],
                "permissions": [_permission(permission) for permission in spec.permissions],
                "behavior": spec.file_exists_behavior or deployment.file_exists_behavior,
                "cleanup": f"{group}-cleanup",
                "record": f"{group}-install.json",
                "success": _success_record(deployment.deployment_group_id),
                "deployment": directory,
                **_ACCOUNTS,
            },
        )
        if "error" in answer:
            raise InstallError(str(answer["error"]))
        for hint in answer["hints"]:
            self._log(f"hint: {appspec.FILE_NAME}: {hint}")
        return EventResult("Succeeded", message=f"{answer['installed']} files installed")

    def _run_hooks(self, event: str, deployment: AgentDeployment) -> EventResult:
        directory, previous = _directory(deployment), None
        if deployment.restart or event in FROM_PREVIOUS_REVISION:
            previous = self.last_successful(deployment.deployment_group_id)
            if previous is None:
                return EventResult("Skipped", message="No earlier revision on this machine.")
            directory = f"{_group_directory(deployment.deployment_group_id)}/{_checked(previous)}"
        try:
            spec = appspec.load(self._files, _archive(directory))
        except AppSpecError as error:
            if previous is None:
                raise
            raise AppSpecError(f"{error} {_not_this_revision(previous)}") from error
        scripts = spec.hooks.get(event, ())
        if not scripts:
            return EventResult("Skipped", message=f"appspec.yml has no scripts for {event}.")
        result = self._scripts.run(
            Event(
                name=event,
                deployment_id=deployment.deployment_id,
                scripts=scripts,
                archive=_archive(directory),
                log=f"{_directory(deployment)}/logs/scripts.log",
                variables=_variables(event, deployment),
            )
        )
        if result.status == "Failed" and previous is not None:
            explained = f"{result.message}. {_not_this_revision(previous, result.script)}"
            return replace(result, message=explained)
        return result

    def _retained(self, deployment: AgentDeployment) -> dict[str, object]:
        """Say which archives stay: the most recent ones, and always the last successful one."""
        group = deployment.deployment_group_id
        previous = self.last_successful(group)
        return {
            "group": _group_directory(group),
            "current": _directory(deployment),
            "last_successful": f"{_group_directory(group)}/{previous}" if previous else "",
            "count": _ARCHIVES_TO_RETAIN,
        }

    def _log_hints(self, hints: Sequence[Finding]) -> None:
        for hint in hints:
            self._log(f"hint: {hint.at(appspec.FILE_NAME)}")

    def _log(self, line: str) -> None:
        self._context.log.parent.mkdir(parents=True, exist_ok=True)
        with self._context.log.open("a", encoding="utf-8", errors="replace") as file:
            file.write(f"{line.strip()}\n")


def _not_this_revision(previous: str, script: str = "appspec.yml") -> str:
    """Say whose script failed: every later deployment meets it again, whatever it brings."""
    return (
        f"This is {script} of the last successful revision (deployment {previous}), not of the one "
        "being deployed. To go on without it, deploy with ignoreApplicationStopFailures (`aws "
        "deploy create-deployment --ignore-application-stop-failures`)."
    )


def _checked(identifier: str) -> str:
    """Return an id that is safe as a directory name; reject others."""
    if not _NAME.fullmatch(identifier) or identifier == "deployment-instructions":
        raise MachineError(f"The id {identifier!r} cannot name a directory; use the service's own.")
    return identifier


def _instructions(group_id: str) -> str:
    return f"{ROOT}/deployment-instructions/{_checked(group_id)}"


def _success_record(group_id: str) -> str:
    return f"{_instructions(group_id)}_last_successful_install"


def _group_directory(group_id: str) -> str:
    return f"{ROOT}/{_checked(group_id)}"


def _directory(deployment: AgentDeployment) -> str:
    group = _group_directory(deployment.deployment_group_id)
    return f"{group}/{_checked(deployment.deployment_id)}"


def _archive(directory: str) -> str:
    return f"{directory}/deployment-archive"


def _permission(permission: Permission) -> dict[str, Any]:
    found = asdict(permission)
    found["except"] = found.pop("exclude")
    return found


def _variables(event: str, deployment: AgentDeployment) -> dict[str, str]:
    """Return what the agent adds to a script's environment (hook_executor.rb, `@child_envs`).

    Ruby leaves out what has no value: an object without a version has no BUNDLE_VERSION.
    """
    variables = {
        "LIFECYCLE_EVENT": event,
        "DEPLOYMENT_ID": deployment.deployment_id,
        "APPLICATION_NAME": deployment.application_name,
        "DEPLOYMENT_GROUP_NAME": deployment.deployment_group_name,
        "DEPLOYMENT_GROUP_ID": deployment.deployment_group_id,
        "BUNDLE_BUCKET": deployment.bucket,
        "BUNDLE_KEY": deployment.key,
        "BUNDLE_VERSION": deployment.version_id,
        "BUNDLE_ETAG": deployment.etag,
    }
    return {name: value for name, value in variables.items() if value is not None}
