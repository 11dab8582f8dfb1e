"""The `systemctl` command of a machine: arguments in, output and exit status out.

Exit statuses are those of systemctl(1): 3 for "not active", 4 and 5 for "no such unit".
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from region.machines.errors import MachineError, UnitError
from region.machines.systemd.manager import BUILT_IN, ServiceManager, UnitNotFound

_FLAGS = {
    "-q": "quiet", "--quiet": "quiet", "--now": "now",
    "--no-block": "", "--no-pager": "", "--system": "", "--no-ask-password": "",
    "-f": "", "--force": "", "-l": "", "--full": "",
}  # fmt: skip
_WITHOUT_UNITS = ("daemon-reload", "reset-failed", "list-units", "is-system-running")


@dataclass(frozen=True)
class Outcome:
    """What the command prints and the status it exits with."""

    status: int = 0
    stdout: str = ""
    stderr: str = ""


def run(manager: ServiceManager, arguments: Sequence[str]) -> Outcome:
    """Run `systemctl <arguments>` on the machine's services."""
    flags = {_FLAGS[word] for word in arguments if word in _FLAGS}
    words = [word for word in arguments if word not in _FLAGS]
    unknown = [word for word in words if word.startswith("-")]
    if unknown:
        return Outcome(1, stderr=f"systemctl: the local region does not support {unknown[0]!r}.\n")
    if not words:
        words = ["list-units"]
    command, names = words[0], words[1:]
    if command in _WITHOUT_UNITS:
        return _without_units(manager, command)
    handler = _HANDLERS.get(command)
    if handler is None:
        return Outcome(
            1,
            stderr=f"systemctl: the local region does not support {command!r}; it supports "
            f"{', '.join([*_HANDLERS, *_WITHOUT_UNITS])}.\n",
        )
    if not names:
        return Outcome(1, stderr=f"systemctl: {command} requires the name of a unit.\n")
    return _merge([_guarded(handler, manager, name, flags) for name in names], command)


def _without_units(manager: ServiceManager, command: str) -> Outcome:
    if command == "is-system-running":
        return Outcome(stdout="running\n")
    if command == "daemon-reload":
        manager.reload()
    if command == "list-units":
        lines = [f"{BUILT_IN} active", *(f"{n} {manager.state(n)}" for n in manager.names())]
        return Outcome(stdout="\n".join(lines) + "\n")
    return Outcome()


def _merge(outcomes: list[Outcome], command: str) -> Outcome:
    statuses = [outcome.status for outcome in outcomes]
    # is-active and is-failed are true if any unit is; everything else if all are.
    any_will_do = command in ("is-active", "is-failed", "is-enabled")
    status = 0 if any_will_do and 0 in statuses else next((s for s in statuses if s), 0)
    return Outcome(status, "".join(o.stdout for o in outcomes), "".join(o.stderr for o in outcomes))


_Handler = Callable[[ServiceManager, str, set[str]], Outcome]


def _guarded(handler: _Handler, manager: ServiceManager, word: str, flags: set[str]) -> Outcome:
    name = word if "." in word.rsplit("/", 1)[-1] else f"{word}.service"
    try:
        return handler(manager, name, flags)
    except UnitNotFound as error:
        return Outcome(5, stderr=f"{error}\n")
    except MachineError as error:
        return Outcome(1, stderr=f"{error}\n")


def _known(manager: ServiceManager, name: str) -> str:
    """Return the unit's name; a unit given by absolute path is linked first."""
    return manager.link(name) if name.startswith("/") else name


def _refuse_built_in(name: str, verb: str) -> None:
    if name == BUILT_IN:
        raise UnitError(f"The local region's {BUILT_IN} cannot be {verb}; remove the command.")


def _start(manager: ServiceManager, name: str, _flags: set[str]) -> Outcome:
    if name != BUILT_IN:
        manager.start(_known(manager, name))
    return Outcome()


def _stop(manager: ServiceManager, name: str, _flags: set[str]) -> Outcome:
    _refuse_built_in(name, "stopped")
    manager.stop(name.rsplit("/", 1)[-1])
    return Outcome()


def _restart(manager: ServiceManager, name: str, _flags: set[str]) -> Outcome:
    if name != BUILT_IN:
        manager.restart(_known(manager, name))
    return Outcome()


def _try_restart(manager: ServiceManager, name: str, flags: set[str]) -> Outcome:
    running = manager.state(name) in ("active", "activating")
    return _restart(manager, name, flags) if running else Outcome()


def _enable(manager: ServiceManager, name: str, flags: set[str]) -> Outcome:
    if name == BUILT_IN:
        return Outcome()
    known = _known(manager, name)
    manager.reload()
    manager.enable(known)
    return _start(manager, known, flags) if "now" in flags else Outcome()


def _disable(manager: ServiceManager, name: str, flags: set[str]) -> Outcome:
    _refuse_built_in(name, "disabled")
    known = name.rsplit("/", 1)[-1]
    manager.disable(known)
    return _stop(manager, known, flags) if "now" in flags else Outcome()


def _link(manager: ServiceManager, name: str, _flags: set[str]) -> Outcome:
    if not name.startswith("/"):
        raise UnitError(f"systemctl link requires an absolute path, not {name!r}.")
    manager.link(name)
    return Outcome()


def _is_active(manager: ServiceManager, name: str, flags: set[str]) -> Outcome:
    state = "active" if name == BUILT_IN else manager.state(name.rsplit("/", 1)[-1])
    return Outcome(0 if state == "active" else 3, "" if "quiet" in flags else f"{state}\n")


def _is_failed(manager: ServiceManager, name: str, flags: set[str]) -> Outcome:
    state = "active" if name == BUILT_IN else manager.state(name.rsplit("/", 1)[-1])
    return Outcome(0 if state == "failed" else 1, "" if "quiet" in flags else f"{state}\n")


def _is_enabled(manager: ServiceManager, name: str, flags: set[str]) -> Outcome:
    enabled = name == BUILT_IN or manager.is_enabled(name.rsplit("/", 1)[-1])
    word = "enabled" if enabled else "disabled"
    return Outcome(0 if enabled else 1, "" if "quiet" in flags else f"{word}\n")


def _status(manager: ServiceManager, name: str, _flags: set[str]) -> Outcome:
    if name == BUILT_IN:
        return Outcome(
            0, f"{BUILT_IN} - the local region's CodeDeploy agent\n     Active: active\n"
        )
    known = name.rsplit("/", 1)[-1]
    try:
        described = manager.describe(known)
    except UnitNotFound:
        return Outcome(4, stderr=f"Unit {known} could not be found.\n")
    return Outcome(0 if manager.state(known) == "active" else 3, f"{described}\n")


_HANDLERS: dict[str, _Handler] = {
    "start": _start,
    "stop": _stop,
    "restart": _restart,
    "try-restart": _try_restart,
    "enable": _enable,
    "disable": _disable,
    "link": _link,
    "is-active": _is_active,
    "is-failed": _is_failed,
    "is-enabled": _is_enabled,
    "status": _status,
}
