"""The revision's appspec.yml (CodeDeploy User Guide, "AppSpec file structure for EC2")."""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import Annotated, Any, Literal

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, field_validator

from region.machines.cloudinit import problems
from region.machines.codedeploy_agent.lifecycle_events import HOOK_EVENTS
from region.machines.errors import AppSpecError

FILE_NAMES = ("appspec.yml", "appspec.yaml")
FileExistsBehavior = Literal["DISALLOW", "OVERWRITE", "RETAIN"]
# All scripts of one event together, and the default of one script (User Guide, `timeout`).
_MAX_TIMEOUT_SECONDS = 3600


def _within(path: str) -> str:
    """Check that a path stays within the revision; a leading slash means the revision's root."""
    parts = PurePosixPath(path.strip()).parts
    if not parts:
        raise ValueError("is empty; name a path within the revision")
    if ".." in parts:
        raise ValueError(f"{path!r} leads out of the revision; remove '..'")
    return str(PurePosixPath(*(part for part in parts if part != "/")))


def _absolute(path: str) -> str:
    if not path.startswith("/"):
        raise ValueError(f"{path!r} is relative; give an absolute path")
    return path


RevisionPath = Annotated[str, AfterValidator(_within)]
InstancePath = Annotated[str, AfterValidator(_absolute)]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class FileMapping(_Model):
    """Copy `source` (a file, a directory's content, `/` for everything) into `destination`."""

    source: RevisionPath
    destination: InstancePath


class Script(_Model):
    """A hook script; `timeout` in seconds. `runas` has no effect: the region has one user."""

    location: RevisionPath
    timeout: Annotated[int, Field(gt=0, le=_MAX_TIMEOUT_SECONDS)] = _MAX_TIMEOUT_SECONDS
    runas: str | None = None


class Permission(_Model):
    """Permissions of installed files; owner, group, acls and context have no effect."""

    object: InstancePath
    pattern: str = "**"
    exclude: Annotated[tuple[str, ...], Field(alias="except")] = ()
    owner: str | None = None
    group: str | None = None
    mode: int | str | None = None
    acls: Any = None
    context: Any = None
    type: tuple[Literal["file", "directory"], ...] = ("file", "directory")

    @field_validator("mode")
    @classmethod
    def _octal(cls, value: int | str | None) -> int | None:
        """Parse mode bits: CodeDeploy reads the digits as octal, even where YAML saw a number."""
        if value is None:
            return None
        try:
            return int(str(value), 8)
        except ValueError:
            raise ValueError(f"{value!r} is not an octal mode such as 755") from None

    @property
    def bits(self) -> int | None:
        """The mode bits to set; None to leave them unchanged."""
        return self.mode if isinstance(self.mode, int) else None


class AppSpec(_Model):
    """A parsed appspec.yml for Linux."""

    version: float
    os: Literal["linux"]
    files: tuple[FileMapping, ...] = ()
    file_exists_behavior: FileExistsBehavior | None = None
    permissions: tuple[Permission, ...] = ()
    hooks: dict[str, tuple[Script, ...]] = {}

    @field_validator("version")
    @classmethod
    def _version(cls, value: float) -> float:
        if value != 0.0:
            raise ValueError(f"is {value}, CodeDeploy supports 0.0 only")
        return value

    @field_validator("files", "permissions", mode="before")
    @classmethod
    def _empty_list(cls, value: Any) -> Any:
        return () if value is None else value

    @field_validator("hooks", mode="before")
    @classmethod
    def _hooks(cls, value: Any) -> Any:
        """Drop events without scripts; reject unknown events, which fail the deployment."""
        if value is None:
            return {}
        if not isinstance(value, dict):
            raise ValueError("is not a mapping of lifecycle events to scripts")  # noqa: TRY004
        unknown = [event for event in value if event not in HOOK_EVENTS]
        if unknown:
            raise ValueError(
                f"{unknown[0]!r} is not a lifecycle event with scripts; use {', '.join(HOOK_EVENTS)}"
            )
        return {event: scripts for event, scripts in value.items() if scripts}


def parse(text: str) -> AppSpec:
    """Parse the text of an appspec.yml.

    Raises:
        AppSpecError: If it is invalid; the message names the key.
    """
    try:
        document = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise AppSpecError(f"appspec.yml is not valid YAML: {error}.") from error
    if document is None:
        raise AppSpecError("appspec.yml is empty; it needs at least `version: 0.0`, `os: linux`.")
    try:
        return AppSpec.model_validate(document)
    except ValidationError as error:
        raise AppSpecError(f"appspec.yml is invalid: {problems(error)}.") from error


def load(archive: Path) -> AppSpec:
    """Read the appspec at the root of an unpacked revision.

    Raises:
        AppSpecError: If it is missing or invalid.
    """
    for name in FILE_NAMES:
        file = archive / name
        if file.is_file():
            try:
                return parse(file.read_text())
            except (OSError, UnicodeDecodeError) as error:
                raise AppSpecError(f"{name} cannot be read: {error}.") from error
    raise AppSpecError(
        "The revision has no appspec.yml at its root; zip the directory's content, not the "
        "directory, and include the file."
    )
