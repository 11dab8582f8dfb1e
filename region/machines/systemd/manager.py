"""The services of one machine: loads, enables, starts and stops units, as systemd does."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path, PurePosixPath

from region.machines.accounts import Accounts
from region.machines.errors import DiskError, MachineError, ServiceError, UnitError
from region.machines.processes import ProcessTable
from region.machines.root_file_system import RootFileSystem
from region.machines.systemd.service import Service, ServiceContext
from region.machines.systemd.unit_file import Unit, parse_unit

# The image has CodeDeploy's agent; the region's agent replaces it and is always there.
BUILT_IN = "codedeploy-agent.service"


class UnitNotFound(UnitError):  # noqa: N818 - systemd's own term
    """No unit of this name is linked into the machine."""


class ServiceManager:
    """Units by name. Links and enabled units are kept in a file and survive a reboot."""

    def __init__(
        self,
        *,
        processes: ProcessTable,
        files: RootFileSystem,
        accounts: Accounts,
        state_file: Path,
        log_directory: Path,
        environment: Callable[[], Mapping[str, str]],
        console: Callable[[str], None],
        alive: Callable[[], bool],
    ) -> None:
        """Run units with the machine's `environment`; messages go to `console`."""
        self._processes = processes
        self._files = files
        self._accounts = accounts
        self._state_file = state_file
        self._log_directory = log_directory
        self._environment = environment
        self._console = console
        self._alive = alive
        self._lock = threading.RLock()
        self._services: dict[str, Service] = {}
        self._units: dict[str, Unit] = {}
        self._linked, self._enabled = self._load_state()

    def names(self) -> list[str]:
        """List the names of the linked units."""
        return sorted(self._linked)

    def link(self, path: str) -> str:
        """Link the unit file at the machine's absolute `path` and return the unit's name."""
        name = PurePosixPath(path).name
        with self._lock:
            self._read(PurePosixPath(path))
            self._linked[name] = path
            self._units.pop(name, None)
            self._save_state()
        return name

    def unit(self, name: str) -> Unit:
        """Return the unit as loaded; it is read again when its service is not running.

        Raises:
            UnitNotFound: If it is not linked.
            UnitError: If its file is invalid.
        """
        with self._lock:
            if name not in self._linked:
                raise UnitNotFound(f"Unit {name} not found.")
            running = self.state(name) in ("active", "activating", "deactivating")
            if name not in self._units or not running:
                self._units[name] = self._read(PurePosixPath(self._linked[name]))
                self._report_ignored(self._units[name])
            return self._units[name]

    def reload(self) -> None:
        """Forget what was loaded, as `systemctl daemon-reload` does."""
        with self._lock:
            self._units.clear()

    def enable(self, name: str) -> None:
        """Start the unit at every boot; it needs an [Install] section with WantedBy=."""
        if not self.unit(name).installable:
            raise UnitError(
                f"Unit {name} has no [Install] section with WantedBy=, so it cannot be enabled; "
                "add WantedBy=multi-user.target."
            )
        with self._lock:
            self._enabled.add(name)
            self._save_state()

    def disable(self, name: str) -> None:
        """Stop starting the unit at boot."""
        self.unit(name)
        with self._lock:
            self._enabled.discard(name)
            self._save_state()

    def is_enabled(self, name: str) -> bool:
        """Return whether the unit starts at boot.

        Raises:
            UnitNotFound: If it is not linked.
        """
        if name not in self._linked:
            raise UnitNotFound(f"Unit {name} not found.")
        return name in self._enabled

    def state(self, name: str) -> str:
        """Return the unit's active state; "inactive" for an unknown one."""
        with self._lock:
            service = self._services.get(name)
        return service.state if service else "inactive"

    def start(self, name: str) -> None:
        """Start the unit.

        Raises:
            UnitNotFound: If it is not linked.
            UnitError: If its file is invalid.
            ServiceError: If it does not start.
        """
        unit = self.unit(name)
        self._service(name).start(unit)

    def restart(self, name: str) -> None:
        """Stop and start the unit as it is loaded; an invalid unit leaves it running.

        As with systemd, a unit file that changed while its service ran takes effect after `reload`.
        """
        unit = self.unit(name)
        service = self._service(name)
        service.stop()
        service.start(unit)

    def stop(self, name: str, limit: float | None = None) -> None:
        """Stop the unit within `limit` seconds.

        Raises:
            UnitNotFound: If it is not linked.
        """
        if name not in self._linked:
            raise UnitNotFound(f"Unit {name} not found.")
        self._service(name).stop(limit)

    def describe(self, name: str) -> str:
        """Describe the unit as `systemctl status` does, without its log."""
        unit = self.unit(name)
        service = self._service(name)
        pid = service.main_pid
        lines = [
            f"{name} - {unit.description}",
            f"     Loaded: loaded ({unit.path}; {'en' if name in self._enabled else 'dis'}abled)",
            f"     Active: {service.state}{f' ({service.result})' if service.result else ''}",
        ]
        return "\n".join([*lines, f"   Main PID: {pid}"] if pid else lines)

    def start_enabled(self) -> None:
        """Start all enabled units, as at boot.

        Raises:
            ServiceError: If any did not start, after all were tried.
        """
        failures: list[MachineError] = []
        for name in sorted(self._enabled):
            try:
                self.start(name)
            except MachineError as error:
                failures.append(error)
        if failures:
            raise ServiceError(" ".join(str(error) for error in failures))

    def stop_all(self, limit: float) -> None:
        """Stop all services in parallel, within `limit` seconds."""
        with self._lock:
            services = list(self._services.values())
        if services:
            with ThreadPoolExecutor(len(services)) as pool:
                list(pool.map(lambda service: service.stop(limit), services))

    def _service(self, name: str) -> Service:
        with self._lock:
            if name not in self._services:
                self._services[name] = Service(
                    name,
                    ServiceContext(
                        processes=self._processes,
                        environment=self._environment,
                        read=self._files.read_text,
                        log=self._log_directory / f"{name.removesuffix('.service')}.log",
                        console=self._console,
                        alive=self._alive,
                    ),
                )
            return self._services[name]

    def _read(self, path: PurePosixPath) -> Unit:
        try:
            text = self._files.read_text(str(path))
        except (OSError, UnicodeDecodeError) as error:
            raise UnitError(f"Unit file {path} cannot be read: {error}.") from error
        except DiskError as error:
            raise UnitError(str(error)) from error
        return parse_unit(text, path)

    def _report_ignored(self, unit: Unit) -> None:
        if unit.ignored:
            self._console(
                f"systemd: {unit.name}: the local region does not apply "
                f"{', '.join(f'{key}=' for key in unit.ignored)}"
            )

    def _load_state(self) -> tuple[dict[str, str], set[str]]:
        try:
            state = json.loads(self._state_file.read_text())
        except FileNotFoundError:
            return {}, set()
        return dict(state["linked"]), set(state["enabled"])

    def _save_state(self) -> None:
        state = {"linked": self._linked, "enabled": sorted(self._enabled)}
        partial = self._state_file.with_suffix(".partial")
        partial.write_text(json.dumps(state, indent=1))
        partial.replace(self._state_file)
