"""An appspec.yml for Linux as CodeDeploy's agent understands it, and the findings about it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from appspec.events import HOOK_EVENTS, WITHOUT_SCRIPTS

FileExistsBehavior = Literal["DISALLOW", "OVERWRITE", "RETAIN"]


@dataclass(frozen=True, order=True)
class Finding:
    """A remark on the file; `line` counts from 1."""

    line: int
    text: str

    def at(self, name: str) -> str:
        """Render it with the file's name and its line, as compilers do."""
        return f"{name}:{self.line}: {self.text}"


@dataclass(frozen=True)
class FileMapping:
    """Copy `source` (a file, or a directory's content) of the revision into `destination`."""

    source: str
    destination: str
    line: int = 0


@dataclass(frozen=True)
class Script:
    """A hook script.

    Attributes:
        timeout: In seconds.
        runas: The user that the agent runs it as, with `su`; None is the agent's own, root.
        sudo: Whether the agent puts `sudo` in front.
    """

    location: str
    timeout: int
    runas: str | None = None
    sudo: bool = False
    line: int = 0


@dataclass(frozen=True)
class Permission:
    """Permissions of installed files.

    Attributes:
        mode: One to four octal digits.
        default_acl: Whether `acls` has a default entry, which files cannot have.
    """

    object: str
    pattern: str = "**"
    exclude: tuple[str, ...] = ()
    type: tuple[str, ...] = ("file", "directory")
    owner: str | None = None
    group: str | None = None
    mode: str | None = None
    default_acl: bool = False
    line: int = 0


@dataclass(frozen=True)
class AppSpec:
    """A file that the agent accepts.

    Attributes:
        hooks: Scripts by the event's name as written, known or not.
        hook_lines: Line of each event.
        hints: What has no effect, or not the one that was probably meant.
    """

    files: tuple[FileMapping, ...] = ()
    file_exists_behavior: FileExistsBehavior | None = None
    permissions: tuple[Permission, ...] = ()
    hooks: dict[str, tuple[Script, ...]] = field(default_factory=dict[str, tuple[Script, ...]])
    hook_lines: dict[str, int] = field(default_factory=dict[str, int])
    hints: tuple[Finding, ...] = ()

    @property
    def unknown_events(self) -> tuple[str, ...]:
        """Hooks that are not lifecycle events of EC2.

        They fail the Install event (command_executor.rb, `validate_app_spec_hooks`).
        """
        return tuple(
            event
            for event in self.hooks
            if event not in HOOK_EVENTS and event not in WITHOUT_SCRIPTS
        )
