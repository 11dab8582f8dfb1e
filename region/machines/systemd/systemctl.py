"""The `systemctl` command of a machine: arguments in, output and exit status out.

Exit statuses are those of systemctl(1): 3 for "not active", 4 and 5 for "no such unit".
"""

from __future__ import annotations

import fnmatch
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Final

from region.machines.errors import MachineError, ServiceError, UnitError
from region.machines.systemd import presentation, syntax
from region.machines.systemd.manager import BUILT_IN, STOPPABLE, ServiceManager
from region.machines.systemd.outcome import Outcome, merged
from region.machines.systemd.search_path import UnitNotFound
from region.machines.systemd.systemctl_options import Options, UsageError, parse, unit_name

__all__ = ["Outcome", "run"]

_VERSION: Final = "systemd 252 (the local region's service manager)\n"
# Targets that every machine has reached once it runs; starting them has nothing to do.
_TARGETS: Final = frozenset(
    f"{name}.target"
    for name in (
        "basic", "cloud-config", "cloud-init", "cryptsetup", "default", "getty", "local-fs",
        "local-fs-pre", "multi-user", "network", "network-online", "network-pre", "nss-lookup",
        "nss-user-lookup", "paths", "remote-fs", "slices", "sockets", "swap", "sysinit",
        "time-set", "time-sync", "timers",
    )
)  # fmt: skip
_POWER: Final = ("reboot", "poweroff", "halt", "kexec", "suspend", "hibernate", "soft-reboot")
_UP: Final = ("active", "activating", "reloading", "deactivating")
_Handler = Callable[[ServiceManager, str, Options], Outcome]


def run(manager: ServiceManager, arguments: Sequence[str]) -> Outcome:
    """Run `systemctl <arguments>` on the machine's services."""
    try:
        options = parse(arguments)
        if options.version:
            return Outcome(stdout=_VERSION)
        command, words = (options.words or ["list-units"])[0], options.words[1:]
        if options.help or command == "help":
            return Outcome(stdout=f"systemctl of the local region: {_supported()}.\n")
        if command in _WHOLE and not (words and command in _UNIT):
            return _WHOLE[command](manager, words, options)
        if command not in _UNIT:
            raise UsageError(_unknown(command))
        if not words:
            raise UsageError(f"{command} requires the name of a unit.")
        return _run_each(manager, command, words, options)
    except UsageError as error:
        return Outcome(1, stderr=f"systemctl: {error}\n")
    except MachineError as error:
        return Outcome(1, stderr=f"{error}\n")


def _supported() -> str:
    return ", ".join(sorted({*_UNIT, *_WHOLE}))


def _unknown(command: str) -> str:
    if command in _POWER:
        return (
            f"the local region does not support {command!r} from inside an instance; use the EC2 "
            "API: RebootInstances, StopInstances or TerminateInstances."
        )
    return f"the local region does not support {command!r}; it supports {_supported()}."


def _run_each(
    manager: ServiceManager, command: str, words: Sequence[str], options: Options
) -> Outcome:
    outcomes = [
        _guarded(manager, command, name, options)
        for word in words
        for name in _names(manager, command, word)
    ]
    # These are true if any unit is; everything else if all are.
    return merged(outcomes, any_will_do=command in {"is-active", "is-failed", "is-enabled"})


def _names(manager: ServiceManager, command: str, word: str) -> list[str]:
    if word.startswith("/"):
        if command in {"enable", "disable", "reenable", "link", "is-enabled"}:
            return [word]
        raise UsageError(
            f"{command} {word}: a path stands for a unit file with enable, disable and link only; "
            f"use `systemctl link {word}`, then the unit's name."
        )
    name = unit_name(word)
    if any(character in word for character in "*?["):
        return fnmatch.filter([*BUILT_IN, *manager.names()], name)
    return [name]


def _guarded(manager: ServiceManager, command: str, name: str, options: Options) -> Outcome:
    handler, verb = _UNIT[command]
    try:
        return handler(manager, name, options)
    except UnitNotFound as error:
        prefix = f"Failed to {verb} {name}: " if verb else ""
        return Outcome(5 if verb else 1, stderr=f"{prefix}{error}\n")
    except ServiceError as error:
        hint = f'See "systemctl status {name}" and "journalctl -xeu {name}" for details.'
        return Outcome(1, stderr=f"Job for {name} failed. {error}\n{hint}\n")
    except MachineError as error:
        prefix = f"Failed to {verb} {name}: " if verb else ""
        return Outcome(1, stderr=f"{prefix}{error}\n")


def _refuse_built_in(name: str, verb: str) -> None:
    if name.rpartition("/")[2] in BUILT_IN:
        raise UnitError(f"The local region's {name} cannot be {verb}; remove the command.")


def _changing(work: Callable[[ServiceManager, str], None]) -> _Handler:
    """Make a handler of what starts or restarts a unit."""

    def handler(manager: ServiceManager, name: str, options: Options) -> Outcome:
        if name in BUILT_IN or name in _TARGETS:
            manager.halted.discard(name)
            return Outcome()
        manager.unit(name)
        warning = ""
        if manager.changed_on_disk(name):
            warning = (
                "Warning: The unit file, source configuration file or drop-ins of "
                f"{name} changed on disk. Run 'systemctl daemon-reload' to reload units.\n"
            )
        if options.no_block:
            threading.Thread(target=_quietly, args=(work, manager, name), daemon=True).start()
        else:
            work(manager, name)
        return Outcome(stderr=warning)

    return handler


def _quietly(
    work: Callable[[ServiceManager, str], None], manager: ServiceManager, name: str
) -> None:
    # The console has the failure already.
    with suppress(MachineError):
        work(manager, name)


def _try_restart(manager: ServiceManager, name: str) -> None:
    if manager.state(name) in _UP:
        manager.restart(name)


def _reload_or_restart(manager: ServiceManager, name: str) -> None:
    if manager.state(name) == "active" and manager.unit(name).exec_reload:
        manager.reload_service(name)
    else:
        manager.restart(name)


def _try_reload_or_restart(manager: ServiceManager, name: str) -> None:
    if manager.state(name) in _UP:
        _reload_or_restart(manager, name)


def _reload(manager: ServiceManager, name: str, _options: Options) -> Outcome:
    if name not in BUILT_IN:
        manager.reload_service(name)
    return Outcome()


def _stop(manager: ServiceManager, name: str, _options: Options) -> Outcome:
    if name in STOPPABLE:
        manager.halted.add(name)
        return Outcome()
    _refuse_built_in(name, "stopped")
    manager.stop(name)
    return Outcome()


def _kill(manager: ServiceManager, name: str, options: Options) -> Outcome:
    _refuse_built_in(name, "killed")
    try:
        number = syntax.parse_signal(options.signal)
    except ValueError as error:
        raise UsageError(f"{error}.") from error
    manager.kill(name, number, main_only=options.main_only)
    return Outcome()


def _enable(manager: ServiceManager, name: str, options: Options) -> Outcome:
    if name in BUILT_IN:
        return Outcome()
    printed = manager.installation.enable(name, runtime=options.runtime, force=options.force)
    manager.reload()
    outcome = Outcome(stderr="" if options.quiet else printed)
    if not options.now:
        return outcome
    return merged([outcome, _guarded(manager, "start", name.rpartition("/")[2], options)])


def _disable(manager: ServiceManager, name: str, options: Options) -> Outcome:
    _refuse_built_in(name, "disabled")
    known = name.rpartition("/")[2]
    # The unit's own link may go as well, so that it could not be found to be stopped.
    stopped = manager.service(known)
    printed = manager.installation.disable(name)
    if options.now and stopped:
        stopped.stop()
    manager.reload()
    return Outcome(stderr="" if options.quiet else printed)


def _reenable(manager: ServiceManager, name: str, options: Options) -> Outcome:
    if name in BUILT_IN:
        return Outcome()
    with suppress(UnitError):
        manager.installation.disable(name)
    return _enable(manager, name, options)


def _link(manager: ServiceManager, name: str, options: Options) -> Outcome:
    if not name.startswith("/"):
        raise UsageError(f"link requires an absolute path, not {name!r}.")
    printed = manager.installation.link(name, runtime=options.runtime, force=options.force)
    manager.reload()
    return Outcome(stderr="" if options.quiet else printed)


def _mask(manager: ServiceManager, name: str, options: Options) -> Outcome:
    _refuse_built_in(name, "masked")
    printed = manager.installation.mask(name, runtime=options.runtime)
    if options.now:
        _stop(manager, name, options)
    manager.reload()
    return Outcome(stderr="" if options.quiet else printed)


def _unmask(manager: ServiceManager, name: str, options: Options) -> Outcome:
    printed = manager.installation.unmask(name)
    manager.reload()
    return Outcome(stderr="" if options.quiet else printed)


def _state(manager: ServiceManager, name: str) -> str:
    if name in BUILT_IN:
        return "inactive" if name in manager.halted else "active"
    return "active" if name in _TARGETS else manager.state(name)


def _is_active(manager: ServiceManager, name: str, options: Options) -> Outcome:
    state = _state(manager, name)
    active = state in {"active", "reloading"}
    return Outcome(0 if active else 3, "" if options.quiet else f"{state}\n")


def _is_failed(manager: ServiceManager, name: str, options: Options) -> Outcome:
    state = _state(manager, name)
    return Outcome(0 if state == "failed" else 1, "" if options.quiet else f"{state}\n")


def _is_enabled(manager: ServiceManager, name: str, options: Options) -> Outcome:
    known = name.rpartition("/")[2]
    state = "enabled" if known in BUILT_IN else manager.search.state(known)
    if not state:
        message = f"Failed to get unit file state for {known}: No such file or directory\n"
        return Outcome(1, stderr="" if options.quiet else message)
    positive = state in {"enabled", "enabled-runtime", "static", "indirect", "alias"}
    return Outcome(0 if positive else 1, "" if options.quiet else f"{state}\n")


def _status(manager: ServiceManager, name: str, options: Options) -> Outcome:
    if name in _TARGETS:
        return Outcome(stdout=f"● {name}\n     Active: active\n")
    if name not in BUILT_IN and presentation.load(manager, name)[0] == "not-found":
        return Outcome(4, stderr=f"Unit {name} could not be found.\n")
    shown = presentation.status(manager, name, options.lines)
    return Outcome(0 if _state(manager, name) in {"active", "reloading"} else 3, shown)


def _show(manager: ServiceManager, name: str, options: Options) -> Outcome:
    found = presentation.properties(manager, name)
    return Outcome(
        stdout=presentation.show(found, options.properties, value_only=options.value_only)
    )


def _cat(manager: ServiceManager, name: str, _options: Options) -> Outcome:
    if name in BUILT_IN:
        return Outcome(stdout=f"# {name} is built into the local region\n")
    source = manager.search.find(name)
    parts = [(source.path, source.text), *source.drop_ins]
    return Outcome(stdout="\n".join(f"# {path}\n{text.rstrip()}\n" for path, text in parts))


def _reset_failed(manager: ServiceManager, name: str, _options: Options) -> Outcome:
    manager.reset_failed([name])
    return Outcome()


def _daemon_reload(manager: ServiceManager, _words: Sequence[str], _options: Options) -> Outcome:
    manager.reload()
    return Outcome()


def _reset_all(manager: ServiceManager, _words: Sequence[str], _options: Options) -> Outcome:
    manager.reset_failed()
    return Outcome()


def _is_system_running(manager: ServiceManager, _words: Sequence[str], options: Options) -> Outcome:
    degraded = any(manager.state(name) == "failed" for name in manager.names())
    state = "degraded" if degraded else "running"
    return Outcome(1 if degraded else 0, "" if options.quiet else f"{state}\n")


def _list_units(manager: ServiceManager, words: Sequence[str], options: Options) -> Outcome:
    if options.types and "service" not in options.types:
        return Outcome(stdout="0 loaded units listed.\n" if options.legend else "")
    states = options.states | ({"failed"} if options.failed else set())
    every, legend = options.every, options.legend
    return Outcome(
        stdout=presentation.list_units(manager, words, states, every=every, legend=legend)
    )


def _list_files(manager: ServiceManager, words: Sequence[str], options: Options) -> Outcome:
    if options.types and "service" not in options.types:
        return Outcome(stdout="0 unit files listed.\n" if options.legend else "")
    names = [unit_name(word) for word in words]
    shown = presentation.list_unit_files(manager, names, options.states, legend=options.legend)
    return Outcome(stdout=shown)


def _get_default(_manager: ServiceManager, _words: Sequence[str], _options: Options) -> Outcome:
    return Outcome(stdout="multi-user.target\n")


_WHOLE: Final[dict[str, Callable[[ServiceManager, Sequence[str], Options], Outcome]]] = {
    "daemon-reload": _daemon_reload,
    "daemon-reexec": _daemon_reload,
    "reset-failed": _reset_all,
    "is-system-running": _is_system_running,
    "list-units": _list_units,
    "list-unit-files": _list_files,
    "get-default": _get_default,
}
# Each with the verb that its messages have.
_UNIT: Final[dict[str, tuple[_Handler, str]]] = {
    "start": (_changing(ServiceManager.start), "start"),
    "restart": (_changing(ServiceManager.restart), "restart"),
    "try-restart": (_changing(_try_restart), "try-restart"),
    "condrestart": (_changing(_try_restart), "try-restart"),
    "reload-or-restart": (_changing(_reload_or_restart), "reload-or-restart"),
    "force-reload": (_changing(_reload_or_restart), "reload-or-restart"),
    "try-reload-or-restart": (_changing(_try_reload_or_restart), "try-reload-or-restart"),
    "reload": (_reload, "reload"),
    "stop": (_stop, "stop"),
    "kill": (_kill, "kill"),
    "enable": (_enable, ""),
    "disable": (_disable, ""),
    "reenable": (_reenable, ""),
    "link": (_link, ""),
    "mask": (_mask, ""),
    "unmask": (_unmask, ""),
    "is-active": (_is_active, ""),
    "is-failed": (_is_failed, ""),
    "is-enabled": (_is_enabled, ""),
    "status": (_status, ""),
    "show": (_show, ""),
    "cat": (_cat, ""),
    "reset-failed": (_reset_failed, "reset failed state of"),
}
