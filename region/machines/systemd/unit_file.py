"""Reads systemd service units (systemd.unit(5), systemd.service(5), systemd.kill(5)).

Settings that decide whether and how a service runs are applied; a `Type=` that the region does not
support is rejected; anything else is kept in `Unit.ignored`, to be reported in the console.
"""

from __future__ import annotations

import signal
from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import Final, get_args

from region.machines.errors import UnitError
from region.machines.systemd import syntax
from region.machines.systemd.exec_settings import read_execution
from region.machines.systemd.settings_reader import SettingsReader
from region.machines.systemd.specifiers import UnitName
from region.machines.systemd.unit import Condition, Dependencies, Install, KillMode, Restart, Unit

_TYPES: Final = ("simple", "exec", "oneshot", "forking", "notify", "notify-reload", "dbus", "idle")
# What becomes of the types that the region has no better way for, and what it says about it.
_TREATED: Final = {
    "dbus": ("exec", "Type=dbus is treated as Type=exec: the service counts as started before it says so."),
    "notify-reload": ("notify", "Type=notify-reload is treated as Type=notify: ExecReload= reloads it."),
}  # fmt: skip
# Keys without effect here, or whose effect is documented: not worth reporting.
_SILENT: Final = frozenset(
    {"Documentation", "SyslogIdentifier", "NotifyAccess", "BusName", "StandardInput", "Slice",
     "DefaultDependencies", "StartLimitAction", "IgnoreOnIsolate"}
)  # fmt: skip


def parse_unit(
    text: str,
    path: PurePosixPath,
    *,
    name: str = "",
    drop_ins: Sequence[tuple[PurePosixPath, str]] = (),
    hostname: str = "localhost",
) -> Unit:
    """Parse the text of the unit file at `path`, and of its drop-ins in the order they apply.

    `name` is the unit's where it differs from the file's: an instance of a template.

    Raises:
        UnitError: If it is invalid or not supported; the message names key and file.
    """
    if path.suffix != ".service":
        raise UnitError(
            f"Unit {str(path)!r} is not a service; the region runs *.service units only."
        )
    settings = syntax.settings([(path, text), *drop_ins])
    reader = SettingsReader(path, UnitName(name or path.name), settings, hostname)
    return _read(reader, tuple(place for place, _ in drop_ins))


def _read(reader: SettingsReader, drop_ins: tuple[PurePosixPath, ...]) -> Unit:
    kind = _kind(reader)
    treated, note = _TREATED.get(kind, (kind, ""))
    starts = reader.commands("ExecStart")
    stops = reader.commands("ExecStop")
    if not starts and not (kind == "oneshot" and stops):
        raise UnitError(
            f"{reader.path}: ExecStart= is missing; name the program that the service runs."
        )
    if len(starts) > 1 and kind != "oneshot":
        raise UnitError(
            f"{reader.path}: {len(starts)} ExecStart= lines are allowed with Type=oneshot only."
        )
    return Unit(
        name=reader.name.full,
        path=reader.path,
        kind=treated,
        description=reader.last("Description", "Unit") or reader.name.full,
        drop_ins=drop_ins,
        exec_start_pre=reader.commands("ExecStartPre"),
        exec_start=starts,
        exec_start_post=reader.commands("ExecStartPost"),
        exec_reload=reader.commands("ExecReload"),
        exec_stop=stops,
        exec_stop_post=reader.commands("ExecStopPost"),
        execution=read_execution(reader),
        pid_file=_pid_file(reader),
        guess_main_pid=reader.boolean("GuessMainPID", default=True),
        restart=_restart(reader, kind),
        restart_sec=reader.seconds("Service", "RestartSec", 0.1) or 0.0,
        restart_prevent=reader.exit_statuses("RestartPreventExitStatus"),
        restart_force=reader.exit_statuses("RestartForceExitStatus"),
        timeout_start=reader.timeout("TimeoutStartSec", kind),
        timeout_stop=reader.timeout("TimeoutStopSec", "simple"),
        kill_mode=_kill_mode(reader),
        kill_signal=reader.signal("KillSignal", signal.SIGTERM),
        remain_after_exit=reader.boolean("RemainAfterExit"),
        success_exit_status=frozenset({0}) | reader.exit_statuses("SuccessExitStatus"),
        start_limit_burst=_start_limit_burst(reader),
        start_limit_interval=_start_limit_interval(reader),
        dependencies=_dependencies(reader),
        conditions=_conditions(reader),
        install=_install(reader),
        ignored=tuple(key for key in reader.unused() if not _is_silent(key)),
        notes=(note,) if note else (),
    )


def _is_silent(key: str) -> bool:
    return key in _SILENT or key.startswith("X-")


def _kind(reader: SettingsReader) -> str:
    kind = reader.last("Type") or ("simple" if reader.raw("Service", "ExecStart") else "oneshot")
    if kind not in _TYPES:
        raise reader.error(
            "Type", kind, f"is not supported by the local region; use one of {', '.join(_TYPES)}"
        )
    return kind


def _restart(reader: SettingsReader, kind: str) -> Restart:
    value = reader.last("Restart") or "no"
    if kind == "oneshot" and value in {"always", "on-success"}:
        raise reader.error("Restart", value, "is not allowed with Type=oneshot")
    for known in get_args(Restart):
        if value == known:
            return known
    raise reader.error("Restart", value, f"is not one of {', '.join(get_args(Restart))}")


def _kill_mode(reader: SettingsReader) -> KillMode:
    value = reader.last("KillMode") or "control-group"
    for known in get_args(KillMode):
        if value == known:
            return known
    raise reader.error("KillMode", value, f"is not one of {', '.join(get_args(KillMode))}")


def _pid_file(reader: SettingsReader) -> str:
    value = reader.last("PIDFile")
    return f"/run/{value}" if value and not value.startswith("/") else value


def _start_limit_burst(reader: SettingsReader) -> int:
    # Both settings were in [Service] before systemd 230, where they are still read.
    section = "Service" if reader.raw("Service", "StartLimitBurst") else "Unit"
    return reader.integer(section, "StartLimitBurst", 5)


def _start_limit_interval(reader: SettingsReader) -> float | None:
    for section in ("Service", "Unit"):
        for key in ("StartLimitInterval", "StartLimitIntervalSec"):
            if reader.raw(section, key):
                return reader.seconds(section, key, 10.0)
    return 10.0


def _dependencies(reader: SettingsReader) -> Dependencies:
    def units(*keys: str) -> tuple[str, ...]:
        return tuple(name for key in keys for name in reader.words(key, "Unit"))

    return Dependencies(
        requires=units("Requires", "BindsTo", "Requisite"),
        wants=units("Wants", "Upholds"),
        part_of=units("PartOf"),
        conflicts=units("Conflicts"),
        after=units("After"),
        before=units("Before"),
    )


def _conditions(reader: SettingsReader) -> tuple[Condition, ...]:
    found: list[Condition] = []
    for key in ("ConditionPathExists", "AssertPathExists"):
        for value in reader.raw("Unit", key):
            path = reader.expand(value).lstrip("|")
            negated = path.startswith("!")
            found.append(Condition(path.lstrip("!"), negated, key.startswith("Assert")))
    return tuple(found)


def _install(reader: SettingsReader) -> Install:
    return Install(
        wanted_by=reader.words("WantedBy", "Install"),
        required_by=reader.words("RequiredBy", "Install"),
        aliases=reader.words("Alias", "Install"),
        also=reader.words("Also", "Install"),
        default_instance=reader.last("DefaultInstance", "Install"),
    )
