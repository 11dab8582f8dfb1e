"""What a service unit says, as the region applies it (systemd.unit(5), .service(5), .exec(5))."""

from __future__ import annotations

import signal
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Final, Literal

Restart = Literal["no", "always", "on-success", "on-failure", "on-abnormal", "on-abort"]
KillMode = Literal["control-group", "mixed", "process", "none"]
DEFAULT_TIMEOUT: Final = 90.0


@dataclass(frozen=True)
class UnitCommand:
    """One command line of a unit.

    Attributes:
        ignore_failure: Prefix `-`.
        privileged: Prefix `+`, `!` or `!!`: it runs as root whatever User= says.
        literal: Prefix `:`, dollar signs are left alone.
    """

    argv: tuple[str, ...]
    ignore_failure: bool = False
    privileged: bool = False
    literal: bool = False


@dataclass(frozen=True)
class EnvironmentFile:
    """A file of KEY=VALUE lines, or a pattern; an `optional` one (leading `-`) may be absent."""

    path: str
    optional: bool = False


@dataclass(frozen=True)
class ServiceDirectory:
    """A directory that is made for a service; `variable` tells the service its path."""

    variable: str
    path: str
    mode: int


@dataclass(frozen=True)
class Condition:
    """ConditionPathExists= or AssertPathExists=: the service starts only if it holds."""

    path: str
    negated: bool = False
    required: bool = False


@dataclass(frozen=True)
class Output:
    """Where a stream goes: "journal" (the unit's log), "null", "inherit" or a "file"."""

    kind: str = "journal"
    path: str = ""
    truncate: bool = False


@dataclass(frozen=True)
class Execution:
    """How the processes of a unit run: systemd.exec(5)."""

    working_directory: str = "/"
    working_directory_optional: bool = False
    environment: Mapping[str, str] = field(default_factory=dict[str, str])
    environment_files: tuple[EnvironmentFile, ...] = ()
    unset_environment: tuple[str, ...] = ()
    user: str = ""
    group: str = ""
    supplementary_groups: tuple[str, ...] = ()
    ambient_capabilities: tuple[str, ...] = ()
    dynamic_user: bool = False
    umask: int | None = None
    open_files: str = ""
    directories: tuple[ServiceDirectory, ...] = ()
    keep_runtime_directory: bool = False
    output: Output = Output()
    errors: Output = Output("inherit")


@dataclass(frozen=True)
class Install:
    """The [Install] section."""

    wanted_by: tuple[str, ...] = ()
    required_by: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    also: tuple[str, ...] = ()
    default_instance: str = ""


@dataclass(frozen=True)
class Dependencies:
    """Other units that this one names."""

    requires: tuple[str, ...] = ()
    wants: tuple[str, ...] = ()
    part_of: tuple[str, ...] = ()
    conflicts: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    before: tuple[str, ...] = ()


@dataclass(frozen=True)
class Unit:
    """A service unit. Times are in seconds; None means no limit.

    Attributes:
        ignored: Settings that the region does not apply.
        notes: What the region does in another way than systemd.
    """

    name: str
    path: PurePosixPath
    kind: str = "simple"
    description: str = ""
    drop_ins: tuple[PurePosixPath, ...] = ()
    exec_start_pre: tuple[UnitCommand, ...] = ()
    exec_start: tuple[UnitCommand, ...] = ()
    exec_start_post: tuple[UnitCommand, ...] = ()
    exec_reload: tuple[UnitCommand, ...] = ()
    exec_stop: tuple[UnitCommand, ...] = ()
    exec_stop_post: tuple[UnitCommand, ...] = ()
    execution: Execution = Execution()
    pid_file: str = ""
    guess_main_pid: bool = True
    restart: Restart = "no"
    restart_sec: float = 0.1
    restart_prevent: frozenset[int] = frozenset()
    restart_force: frozenset[int] = frozenset()
    timeout_start: float | None = DEFAULT_TIMEOUT
    timeout_stop: float | None = DEFAULT_TIMEOUT
    kill_mode: KillMode = "control-group"
    kill_signal: signal.Signals = signal.SIGTERM
    remain_after_exit: bool = False
    success_exit_status: frozenset[int] = frozenset({0})
    start_limit_burst: int = 5
    start_limit_interval: float | None = 10.0
    dependencies: Dependencies = Dependencies()
    conditions: tuple[Condition, ...] = ()
    install: Install = Install()
    ignored: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def working_directory(self) -> str:
        """The directory its processes start in."""
        return self.execution.working_directory

    @property
    def environment(self) -> Mapping[str, str]:
        """The variables that the unit file itself sets."""
        return self.execution.environment

    @property
    def environment_files(self) -> tuple[EnvironmentFile, ...]:
        """The files with further variables."""
        return self.execution.environment_files

    @property
    def installable(self) -> bool:
        """Whether `systemctl enable` has anything to do."""
        install = self.install
        return any((install.wanted_by, install.required_by, install.aliases, install.also))
