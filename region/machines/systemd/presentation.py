"""What systemctl(1) shows of units: status, properties and lists."""

from __future__ import annotations

import fnmatch
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from region.machines.errors import UnitError
from region.machines.systemd import exit_status, log_file, main_process
from region.machines.systemd.manager import BUILT_IN, ServiceManager
from region.machines.systemd.search_path import UnitMasked, UnitNotFound
from region.machines.systemd.service import Service
from region.machines.systemd.unit import Unit

_DOTS: Final = {"active": "●", "failed": "×", "reloading": "↻", "inactive": "○"}
_TIME: Final = "%a %Y-%m-%d %H:%M:%S UTC"


def load(manager: ServiceManager, name: str) -> tuple[str, Unit | None, str]:
    """Return a unit's load state, the unit if it could be loaded, and why not otherwise."""
    try:
        return "loaded", manager.unit(name), ""
    except UnitNotFound as error:
        return "not-found", None, str(error)
    except UnitMasked as error:
        return "masked", None, str(error)
    except UnitError as error:
        return "bad-setting", None, str(error)


def status(manager: ServiceManager, name: str, count: int) -> str:
    """Return what `systemctl status` prints for a unit that exists, with `count` log lines."""
    if name in BUILT_IN:
        return (
            f"● {name} - {BUILT_IN[name]}\n"
            "     Loaded: loaded (built in; enabled; preset: enabled)\n"
            f"     Active: {'inactive (dead)' if name in manager.halted else 'active (running)'}\n"
        )
    loaded, unit, problem = load(manager, name)
    service = manager.service(name)
    state = service.state if service else "inactive"
    title = f"{unit.name} - {unit.description}" if unit else name
    lines = [f"{_DOTS.get(state, '●')} {title}", f"     Loaded: {_loaded(manager, loaded, unit)}"]
    if problem:
        lines[-1] += f" ({problem})"
    if unit and unit.drop_ins:
        lines.append(f"    Drop-In: {', '.join(map(str, unit.drop_ins))}")
    lines.append(f"     Active: {_active(service)}")
    lines += _processes(service)
    log = log_file.lines(manager.log(unit.name if unit else name))[-count:] if count else []
    if log:
        lines += ["", *log]
    return "\n".join(lines) + "\n"


def _loaded(manager: ServiceManager, loaded: str, unit: Unit | None) -> str:
    if unit is None:
        return loaded
    state = manager.search.state(unit.name)
    return f"loaded ({unit.path}; {state}; preset: disabled)"


def _active(service: Service | None) -> str:
    if service is None:
        return "inactive (dead)"
    run = service.last
    why = f" (Result: {run.result})" if service.state == "failed" and run else ""
    detail = why or f" ({service.sub_state})"
    if service.since is None:
        return f"{service.state}{detail}"
    seconds = (datetime.now(UTC) - service.since).total_seconds()
    return f"{service.state}{detail} since {service.since.strftime(_TIME)}; {_ago(seconds)} ago"


def _ago(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    parts = (f"{hours}h" if hours else "", f"{minutes}min" if minutes else "", f"{rest}s")
    return " ".join(filter(None, parts))


def _processes(service: Service | None) -> list[str]:
    run = service.last if service else None
    if service is None or run is None:
        return []
    pid = service.main_pid
    if pid is not None:
        number = main_process.number_in_machine(pid)
        program = Path((main_process.command_line(pid) or ["?"])[0]).name
        return [f"   Main PID: {number} ({program})"]
    if run.status is None:
        return [f"     Reason: {service.result}"] if service.result else []
    ending = f"code={exit_status.code(run.status)}, status={exit_status.value(run.status)}"
    shown = [f"    Process: {' '.join(c.argv)} ({ending})" for c in run.unit.exec_start[-1:]]
    return [*shown, f"     Reason: {service.result}"] if service.result else shown


def properties(manager: ServiceManager, name: str) -> dict[str, str]:
    """Return the properties of a unit, as `systemctl show` has them; all are text."""
    if name in BUILT_IN:
        return {
            "Id": name, "Names": name, "Description": BUILT_IN[name], "LoadState": "loaded",
            "ActiveState": "inactive" if name in manager.halted else "active",
            "SubState": "dead" if name in manager.halted else "running",
            "UnitFileState": "enabled",
            "Result": "success", "MainPID": "0", "NRestarts": "0",
        }  # fmt: skip
    loaded, unit, _ = load(manager, name)
    service = manager.service(name)
    known = unit.name if unit else name
    found = {
        "Id": known,
        "Names": known if known == name else f"{known} {name}",
        "LoadState": loaded,
        "ActiveState": service.state if service else "inactive",
        "SubState": service.sub_state if service else "dead",
        "UnitFileState": manager.search.state(name) if loaded in {"loaded", "masked"} else "",
        "Description": unit.description if unit else name,
        **_unit_properties(unit),
        **_run_properties(service),
    }
    found["CanStart"] = "yes" if unit else "no"
    found["CanReload"] = "yes" if unit and unit.exec_reload else "no"
    found["NeedDaemonReload"] = "yes" if manager.changed_on_disk(name) else "no"
    return found


def _unit_properties(unit: Unit | None) -> Mapping[str, str]:
    if unit is None:
        return {"FragmentPath": "", "DropInPaths": ""}
    execution, dependencies = unit.execution, unit.dependencies
    return {
        "FragmentPath": str(unit.path),
        "DropInPaths": " ".join(map(str, unit.drop_ins)),
        "Type": unit.kind,
        "Restart": unit.restart,
        "PIDFile": unit.pid_file,
        "RemainAfterExit": "yes" if unit.remain_after_exit else "no",
        "KillMode": unit.kill_mode,
        "KillSignal": str(int(unit.kill_signal)),
        "User": execution.user,
        "Group": execution.group,
        "WorkingDirectory": execution.working_directory,
        "Environment": " ".join(f"{key}={value}" for key, value in execution.environment.items()),
        "Requires": " ".join(dependencies.requires),
        "Wants": " ".join(dependencies.wants),
        "After": " ".join(dependencies.after),
        "Before": " ".join(dependencies.before),
        "Conflicts": " ".join(dependencies.conflicts),
        "WantedBy": " ".join(unit.install.wanted_by),
    }


def _run_properties(service: Service | None) -> Mapping[str, str]:
    run = service.last if service else None
    pid = service.main_pid if service else None
    status = run.status if run else None
    number = str(main_process.number_in_machine(pid)) if pid is not None else "0"
    started = service.since if service and service.state == "active" else None
    return {
        "MainPID": number,
        "ControlPID": "0",
        "ExecMainPID": number,
        "ExecMainCode": "0" if status is None else ("1" if status >= 0 else "2"),
        "ExecMainStatus": "0" if status is None else str(abs(status)),
        "ActiveEnterTimestamp": started.strftime(_TIME) if started else "",
        "Result": run.result if run else "success",
        "NRestarts": str(service.restarts if service else 0),
        "InvocationID": run.invocation if run else "",
        "TasksCurrent": str(len(service.pids())) if service else "0",
    }


def show(found: Mapping[str, str], chosen: Sequence[str], *, value_only: bool) -> str:
    """Return properties as `systemctl show` prints them; unknown ones are left out, as there."""
    keys = [key for key in chosen if key in found] if chosen else list(found)
    return "".join(f"{found[key]}\n" if value_only else f"{key}={found[key]}\n" for key in keys)


def list_units(
    manager: ServiceManager,
    patterns: Sequence[str],
    states: AbstractSet[str],
    *,
    every: bool,
    legend: bool,
) -> str:
    """Return the table of `systemctl list-units`: services that are up or have failed."""
    rows = [
        (name, "loaded", "active", "running", text)
        for name, text in BUILT_IN.items()
        if name not in manager.halted
    ]
    names = {*manager.names(), *(manager.search.names() if every else ())}
    for name in sorted(name for name in names if not name.endswith("@.service")):
        loaded, unit, _ = load(manager, name)
        service = manager.service(name)
        state = service.state if service else "inactive"
        sub_state = service.sub_state if service else "dead"
        if every or states or state != "inactive":
            rows.append((name, loaded, state, sub_state, unit.description if unit else name))
    rows = [row for row in rows if _matches(row[0], patterns)]
    rows = [row for row in rows if not states or states & {row[1], row[2], row[3]}]
    table = _table(("UNIT", "LOAD", "ACTIVE", "SUB", "DESCRIPTION"), rows, legend=legend)
    return f"{table}\n{len(rows)} loaded units listed.\n" if legend else table


def list_unit_files(
    manager: ServiceManager, patterns: Sequence[str], states: AbstractSet[str], *, legend: bool
) -> str:
    """Return the table of `systemctl list-unit-files`, of services."""
    rows: list[tuple[str, ...]] = [(name, "enabled", "enabled") for name in BUILT_IN]
    for name in manager.search.names():
        if name in BUILT_IN or not _matches(name, patterns):
            continue
        try:
            state = manager.search.state(name)
        except UnitError:
            state = "bad"
        rows.append((name, state, "disabled"))
    rows = [row for row in rows if _matches(row[0], patterns)]
    rows = sorted(row for row in rows if not states or row[1] in states)
    table = _table(("UNIT FILE", "STATE", "PRESET"), rows, legend=legend)
    return f"{table}\n{len(rows)} unit files listed.\n" if legend else table


def _matches(name: str, patterns: Sequence[str]) -> bool:
    return not patterns or any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns)


def _table(head: Sequence[str], rows: Sequence[Sequence[str]], *, legend: bool) -> str:
    shown = [head, *rows] if legend else list(rows)
    widths = (
        [max(len(row[column]) for row in shown) for column in range(len(head))] if shown else []
    )
    return "".join(
        " ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip()
        + "\n"
        for row in shown
    )
