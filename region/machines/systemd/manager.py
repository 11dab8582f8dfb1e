"""The services of one machine: found, enabled, started and stopped, as systemd does."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from region.machines.accounts import Accounts
from region.machines.errors import MachineError, ServiceError, UnitError
from region.machines.processes import ProcessTable
from region.machines.root_file_system import RootFileSystem
from region.machines.systemd.activation import ServiceContext
from region.machines.systemd.dependencies import StartOrder, refuse_other_types
from region.machines.systemd.execution import Executor
from region.machines.systemd.installation import Installation
from region.machines.systemd.search_path import SearchPath, UnitNotFound, UnitSource
from region.machines.systemd.service import Service, ServiceMemory
from region.machines.systemd.specifiers import UnitName
from region.machines.systemd.unit import Unit
from region.takeover import handover

# The image has these agents; the region's own take their places and are always there.
BUILT_IN: Final = {
    "codedeploy-agent.service": "AWS CodeDeploy agent of the local region",
    "amazon-ssm-agent.service": "Systems Manager agent of the local region",
}
CODEDEPLOY: Final = "codedeploy-agent.service"
STOPPABLE: Final = frozenset({CODEDEPLOY})
"""Agents that can be stopped, until they are started or the machine is booted."""
_UP: Final = ("active", "activating", "reloading", "deactivating")


@dataclass(frozen=True)
class _Loaded:
    source: UnitSource
    unit: Unit


@dataclass(frozen=True)
class _Memory:
    loaded: dict[str, _Loaded]
    services: tuple[ServiceMemory, ...]


class ServiceManager:
    """Units by name. Which are enabled is in the machine's own files, and survives a reboot.

    Attributes:
        halted: The built-in agents that are stopped.
    """

    def __init__(
        self,
        *,
        processes: ProcessTable,
        files: RootFileSystem,
        accounts: Accounts,
        log_directory: Path,
        environment: Callable[[], Mapping[str, str]],
        console: Callable[[str], None],
        alive: Callable[[], bool],
        memory: Path,
        oom_kills: Callable[[], int] = int,
    ) -> None:
        """Run units with the machine's `environment`; messages go to `console`.

        What the next region has to know to `take_over` the units is kept in the file `memory`.
        `oom_kills` counts the machine's processes that were killed for lack of memory.
        """
        self._processes = processes
        self._files = files
        self._accounts = accounts
        self._log_directory = log_directory
        self._environment = environment
        self._console = console
        self._alive = alive
        self._memory = memory
        self._oom_kills = oom_kills
        self._remembering = threading.Lock()
        self._lock = threading.RLock()
        self.halted: set[str] = set()
        self._services: dict[str, Service] = {}
        self._loaded: dict[str, _Loaded] = {}
        self._reported: dict[str, Unit] = {}
        self.search = SearchPath(files)
        self.installation = Installation(files, self.search)
        self._order = StartOrder(self.search, self.unit, BUILT_IN, console)

    def names(self) -> list[str]:
        """List the services that were started since the machine was launched."""
        with self._lock:
            return sorted(self._services)

    def take_over(self) -> None:
        """Go on with the services that a killed region has left running."""
        known = handover.kept(self._memory, _Memory)
        if known is None:
            return
        with self._lock:
            self._loaded.update(known.loaded)
            services = [(self._service(one.name), one) for one in known.services]
        for service, one in services:
            service.take_over(one)

    def _remember(self) -> None:
        """Write down what the next region has to know."""
        with self._remembering:
            services = [self._services[name] for name in self.names()]
            found = tuple(one for service in services if (one := service.memory()))
            handover.keep(self._memory, _Memory(dict(self._loaded), found))

    def log(self, name: str) -> Path:
        """Return the file on the host with what a unit has printed."""
        return self._log_directory / f"{name.removesuffix('.service')}.log"

    def unit(self, name: str) -> Unit:
        """Return the unit as loaded; it is read again when its service is not running.

        Raises:
            UnitNotFound: If there is none.
            UnitError: If its file is invalid, or it is masked.
        """
        refuse_other_types(name)
        if UnitName(name).is_template:
            raise UnitError(
                f"Unit {name} is a template; name an instance, such as "
                f"{UnitName(name).prefix}@1.service."
            )
        with self._lock:
            loaded = self._loaded.get(name)
            if loaded is None or self.state(loaded.unit.name) not in _UP:
                source = self.search.find(name)
                if loaded is None or loaded.source != source:
                    loaded = _Loaded(source, self.search.load(source))
                self._loaded[name] = self._loaded[loaded.unit.name] = loaded
            return loaded.unit

    def changed_on_disk(self, name: str) -> bool:
        """Return whether a unit's files are not what was loaded, so that `reload` is due."""
        loaded = self._loaded.get(name)
        try:
            return loaded is not None and self.search.find(name) != loaded.source
        except UnitError:
            return True

    def reload(self) -> None:
        """Forget what was loaded, as `systemctl daemon-reload` does."""
        with self._lock:
            self._loaded.clear()

    def state(self, name: str) -> str:
        """Return the unit's active state; "inactive" for an unknown one."""
        service = self.service(name)
        return service.state if service else "inactive"

    def service(self, name: str) -> Service | None:
        """Return the service of a unit, given also by an alias; None if it was never started."""
        with self._lock:
            loaded = self._loaded.get(name)
            return self._services.get(loaded.unit.name if loaded else name)

    def start(self, name: str) -> None:
        """Start the unit and what it requires and wants.

        Raises:
            UnitNotFound: If there is none.
            UnitError: If its file is invalid, or it is masked.
            ServiceError: If it does not start.
        """
        unit = self.unit(name)
        if self.state(unit.name) in ("active", "reloading"):
            return
        failures = self._start_all(self._order.of([name]))
        if unit.name in failures:
            raise failures[unit.name]

    def restart(self, name: str) -> None:
        """Stop and start the unit as it is loaded; an invalid unit leaves it running.

        As with systemd, a unit file that changed while its service ran takes effect after `reload`.
        """
        unit = self.unit(name)
        order = self._order.of([name])
        dependents = self._dependents(unit.name)
        for dependent in (*reversed(dependents), unit.name):
            self._service(dependent).stop()
        failures = self._start_all([*order, *(self.unit(other) for other in dependents)])
        if unit.name in failures:
            raise failures[unit.name]

    def stop(self, name: str, limit: float | None = None) -> None:
        """Stop the unit, and before it what requires it, within `limit` seconds each.

        Raises:
            UnitNotFound: If there is none.
        """
        service = self.service(name)
        if service is None:
            self._check_exists(name)
            return
        for dependent in (*reversed(self._dependents(service.name)), service.name):
            self._service(dependent).stop(limit)

    def reload_service(self, name: str) -> None:
        """Run the unit's ExecReload=.

        Raises:
            UnitNotFound: If there is none.
            ServiceError: If it is not active or cannot reload.
        """
        service = self.service(name)
        if service is None:
            self._check_exists(name)
            raise ServiceError(f"{name} is not active, cannot reload.")
        service.reload()

    def kill(self, name: str, number: signal.Signals, *, main_only: bool) -> None:
        """Send a signal to the processes of the unit.

        Raises:
            UnitNotFound: If there is none.
            ServiceError: If it is not running.
        """
        service = self.service(name)
        if service is None:
            self._check_exists(name)
        if service is None or not service.pids():
            raise ServiceError(f"Unit {name} has no process to signal.")
        service.kill(number, main_only=main_only)

    def reset_failed(self, names: Iterable[str] = ()) -> None:
        """Forget that units failed; all units if none are named."""
        for name in list(names) or self.names():
            service = self.service(name)
            if service:
                service.reset_failed()

    def start_enabled(self) -> None:
        """Start all enabled units, as at boot.

        Raises:
            ServiceError: If any did not start, after all were tried.
        """
        self.halted.clear()
        # A service manager that has just started has counted no start.
        for service in [self._service(name) for name in self.names()]:
            service.reset_failed()
        failures: list[MachineError] = []
        roots: list[str] = []
        for name in self.search.enabled_at_boot():
            if self.search.fragment(name) is None:
                self._console(f"systemd: {name} is enabled, but its unit file is gone.")
                continue
            try:
                self._order.of([name])
                roots.append(name)
            except MachineError as error:
                failures.append(error)
        failures += self._start_all(self._order.of(roots)).values()
        if failures:
            raise ServiceError(" ".join(str(error) for error in failures))

    def stop_all(self, limit: float) -> None:
        """Stop all services in parallel, within `limit` seconds."""
        with self._lock:
            services = list(self._services.values())
        if services:
            with ThreadPoolExecutor(len(services)) as pool:
                list(pool.map(lambda service: service.stop(limit), services))

    def _start_all(self, units: Iterable[Unit]) -> dict[str, MachineError]:
        """Start units in order and return what failed; what requires a failed one fails too."""
        failures: dict[str, MachineError] = {}
        for unit in units:
            required = [name for name in self._order.requires(unit) if name in failures]
            broken = [name for name in required if name in unit.dependencies.after]
            try:
                if broken:
                    raise ServiceError(
                        f"{unit.name} was not started: it requires {broken[0]}, which failed: "
                        f"{failures[broken[0]]}"
                    )
                self._start_one(unit)
            except MachineError as error:
                failures[unit.name] = error
                self._console(f"systemd: {error}")
        return failures

    def _start_one(self, unit: Unit) -> None:
        for other in unit.dependencies.conflicts:
            service = self.service(other)
            if service and service.name != unit.name:
                service.stop()
        for condition in unit.conditions:
            if self._files.exists(condition.path) != condition.negated:
                continue
            problem = f"{'!' if condition.negated else ''}{condition.path} does not hold"
            if condition.required:
                raise ServiceError(f"{unit.name}: AssertPathExists={problem}.")
            self._console(f"systemd: {unit.name} is skipped: ConditionPathExists={problem}.")
            return
        self._report(unit)
        self._service(unit.name).start(unit)

    def _dependents(self, name: str) -> list[str]:
        """Return the running services that stop and restart with `name`."""
        found: list[str] = []
        pending = [name]
        while pending:
            wanted = pending.pop()
            for other in self.names():
                unit = self._service(other).unit
                if unit is None or other == name or other in found:
                    continue
                related = (*unit.dependencies.requires, *unit.dependencies.part_of)
                if wanted in related and self.state(other) in ("active", "activating"):
                    found.append(other)
                    pending.append(other)
        return found

    def _check_exists(self, name: str) -> None:
        refuse_other_types(name)
        if self.search.fragment(name) is None:
            raise UnitNotFound(f"Unit {name} not loaded.")

    def _service(self, name: str) -> Service:
        with self._lock:
            if name not in self._services:
                log = self.log(name)
                self._services[name] = Service(
                    name,
                    ServiceContext(
                        processes=self._processes,
                        files=self._files,
                        executor=Executor(self._files, self._accounts, self._environment, log),
                        log=log,
                        console=self._console,
                        alive=self._alive,
                        remember=self._remember,
                        oom_kills=self._oom_kills,
                    ),
                )
            return self._services[name]

    def _report(self, unit: Unit) -> None:
        """Say once in the console what of a unit that starts is not as with systemd."""
        if self._reported.get(unit.name) == unit:
            return
        self._reported[unit.name] = unit
        for note in unit.notes:
            self._console(f"systemd: {unit.name}: {note}")
        if unit.ignored:
            keys = ", ".join(f"{key}=" for key in unit.ignored)
            self._console(f"systemd: {unit.name}: the local region does not apply {keys}")
