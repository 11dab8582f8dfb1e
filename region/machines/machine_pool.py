"""The machine pool: all machines of one region, and the cleanup of what a dead region left."""

from __future__ import annotations

import fcntl
import json
import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final, TextIO

from region import locks, private
from region.api.credentials import Credentials
from region.config import ACCOUNT
from region.credentials import new
from region.identity import region_id
from region.machines import cgroups
from region.machines.cgroups import Limits
from region.machines.container.runtime import Runtime
from region.machines.errors import MachineError, RegionInUse, UnknownMachine
from region.machines.images import Image
from region.machines.inside.files import remove_tree
from region.machines.listener import Listener, Tenant
from region.machines.machine import Machine
from region.machines.machine_context import MachineContext
from region.machines.spec import MachineSpec, check_instance_id
from region.machines.volumes import why_none
from region.network import API, API_PORT, RegionNetwork

log = logging.getLogger(__name__)

_BOOT_TIMEOUT_SECONDS: Final = 300.0
# How long services may take to stop when their machine is stopped or terminated.
_SHUTDOWN_SECONDS: Final = 5.0
# What a region was just starting when it was killed holds its lock until it runs its own program.
_LOCK_SECONDS: Final = 0.5
AWS_ENDPOINT: Final = f"http://{API}:{API_PORT}"
"""The region's API as machines reach it."""


class MachinePool:
    """Launches and ends the machines of a region. Thread-safe."""

    def __init__(
        self,
        root: Path,
        network: RegionNetwork,
        region: str,
        *,
        aws_endpoint: str,
        image: Callable[[str], Image],
        credentials: Credentials | None = None,
        account_id: str = ACCOUNT,
        boot_timeout: float = _BOOT_TIMEOUT_SECONDS,
        cpu_factor: float = 1.0,
    ) -> None:
        """Keep state below `root`; user data may run for `boot_timeout` seconds.

        `network` belongs to the caller, who has started it. `aws_endpoint` is the region's API as
        this process reaches it. `image` returns the root file system that an AMI id stands for.
        Each machine's calls are signed with a key pair of its own, from `credentials`. `cpu_factor` is
        how many CPU seconds of this computer do what one of the instance types' vCPUs does.
        """
        self.region = region
        self._root = root.resolve()
        self._network = network
        self._aws_endpoint = aws_endpoint
        self._image = image
        self._runtime = Runtime(self._root)
        self._credentials = credentials or Credentials(new())
        self._account_id = account_id
        self._boot_timeout = boot_timeout
        self.cpu_factor = cpu_factor
        self._lock = threading.Lock()
        self._machines: dict[str, Machine] = {}
        self._listener = Listener(self._find)
        self._limits: Limits | None = None
        self._held: TextIO | None = None
        self.why_no_volumes = ""
        """Why machines have no root volumes of their own; empty if they have. Known once started."""

    def start(self, *, adopt: bool = False) -> None:
        """Lock the region root, clean up what a dead region left there, and listen.

        With `adopt` machines that it left running stay: `take_over` each of them, then call
        `end_others`.

        Raises:
            RegionInUse: If another process runs the machines of this root.
            LimitsUnavailable: If the host offers no usable control groups.
        """
        # A set-user-ID program that an instance makes is one for the host too: nobody may get at it.
        private.directory(self._root / "instances")
        self._held = _hold(self._root)
        try:
            if not adopt:
                _sweep(self._root)
            self._limits = cgroups.detect()
            self.why_no_volumes = why_none(self._root)
            if self.why_no_volumes:
                log.warning("instances share this computer's disk: %s", self.why_no_volumes)
            _record_groups(self._held, self._limits.everywhere(region_id(self._root)))
            self._listener.start(self._network)
        except BaseException:
            self._release()
            raise

    def close(self) -> None:
        """End every process of every machine, remove all control groups, stop listening.

        Disks stay. May be called twice.
        """
        if self._held is None:
            return
        try:
            self._shut_down(self.machines(), limit=0)
        finally:
            self._listener.close()
            if self._limits:
                group = region_id(self._root)
                self._limits.remove(group)
                cgroups.remove_namespace(self._limits.everywhere(group))
            self._runtime.remove_state()
            self._release()

    def launch(self, spec: MachineSpec) -> Machine:
        """Create the machine's disk and register it; `Machine.boot` powers it on.

        A disk that the same instance id left in this root is adopted, so a machine that is off
        can be launched again, with another type for example.
        """
        with self._lock:
            # One that is not known yet would miss a new speed of the cores.
            context = self._context_of(spec)
            known = self._machines.get(spec.instance_id)
            if known and known.powered:
                raise MachineError(
                    f"{spec.instance_id} is already running; stop or terminate it first, or "
                    "choose another id."
                )
            machine = Machine(spec, context)
            self._machines[spec.instance_id] = machine
            return machine

    def take_over(self, spec: MachineSpec) -> Machine | None:
        """Return the machine that a killed region has left running; None if there is none."""
        with self._lock:
            # As in `launch`: known before it is held to a speed of the cores, it misses no new one.
            machine = Machine(spec, self._context_of(spec))
            self._machines[spec.instance_id] = machine
        taken = False
        try:
            taken = machine.take_over()
        finally:
            if not taken:
                with self._lock:
                    del self._machines[spec.instance_id]
        return machine if taken else None

    def end_others(self) -> None:
        """End what a killed region has left of machines that were not taken over."""
        if self._limits is None:
            return
        with self._lock:
            known = set(self._machines)
        group = region_id(self._root)
        there = {
            path.name
            for directory in self._limits.everywhere(group)
            for path in directory.glob("*")
            if path.is_dir()
        }
        for name in (there | set(self._runtime.names())) - known:
            self._limits.remove(f"{group}/{name}")
            self._runtime.forget(name)

    def _context_of(self, spec: MachineSpec) -> MachineContext:
        if self._limits is None:
            raise MachineError("The machine pool is not started; call start() before launch().")
        return MachineContext(
            limits=self._limits,
            runtime=self._runtime,
            network=self._network,
            region_id=region_id(self._root),
            instances=self._root / "instances",
            agent_endpoint=self._aws_endpoint,
            aws_endpoint=AWS_ENDPOINT,
            credential=self._credentials.issue(spec.instance_id),
            account_id=self._account_id,
            image=self._image,
            boot_timeout=self._boot_timeout,
            cpu_factor=self.cpu_factor,
            volumes=not self.why_no_volumes,
        )

    def get(self, instance_id: str) -> Machine:
        """Return the launched machine.

        Raises:
            UnknownMachine: If there is none with this id.
        """
        with self._lock:
            machine = self._machines.get(instance_id)
        if machine is None:
            raise UnknownMachine(f"No machine {instance_id!r} has been launched in this region.")
        return machine

    def listening_ports(self, instance_id: str) -> frozenset[int]:
        """Return the TCP ports on which an instance's programs accept connections."""
        with self._lock:
            machine = self._machines.get(instance_id)
        return machine.listening_ports() if machine is not None else frozenset()

    def machines(self) -> list[Machine]:
        """List all launched machines, whatever their state."""
        with self._lock:
            return list(self._machines.values())

    def follow_speed(self, cpu_factor: float) -> None:
        """Hold all machines to `cpu_factor` from now on; one that is just being ended is left alone."""
        with self._lock:
            self.cpu_factor = cpu_factor
            machines = list(self._machines.values())
        for machine in machines:
            try:
                machine.follow_speed(cpu_factor)
            except MachineError as error:
                log.info("%s: %s", machine.spec.instance_id, error)

    def stop(self, instance_id: str) -> None:
        """Power the machine off; its disk stays, and `Machine.boot` powers it on again."""
        self.get(instance_id).shut_down(_SHUTDOWN_SECONDS)

    def terminate(self, instance_id: str) -> None:
        """End the machine and remove its disk and control groups.

        Of an instance that was not launched since the region started, the disk is removed; an
        unknown one is ignored.
        """
        try:
            self.get(instance_id).discard(_SHUTDOWN_SECONDS)
        except UnknownMachine:
            check_instance_id(instance_id)
            remove_tree(self._root / "instances" / instance_id, ignore_errors=True)
        self._credentials.revoke(instance_id)
        with self._lock:
            self._machines.pop(instance_id, None)

    def _shut_down(self, machines: list[Machine], limit: float) -> None:
        if machines:
            with ThreadPoolExecutor(len(machines)) as executor:
                list(executor.map(lambda machine: machine.shut_down(limit), machines))

    def _find(self, address: str) -> Tenant | None:
        with self._lock:
            machines = list(self._machines.values())
        for machine in machines:
            if machine.spec.private_ip == address and machine.state in ("pending", "running"):
                return machine.tenant
        return None

    def _release(self) -> None:
        if self._held:
            self._held.close()
            self._held = None


def sweep(root: Path) -> list[str]:
    """End and remove what the machines of a dead region left: containers and control groups.

    Disks stay.

    Returns:
        A sentence per thing found.

    Raises:
        RegionInUse: If the region is alive.
        MachineError: If something cannot be removed.
    """
    if not root.is_dir():
        return _sweep(root)
    with _hold(root):
        return _sweep(root)


def _sweep(root: Path) -> list[str]:
    identifier = region_id(root)
    runtime = Runtime(root)
    runtime.end_commands()
    # Without `runc delete`, see `Runtime.forget`.
    found = [f"removed the container of {name}" for name in runtime.names()]
    found += _remove_groups(root, identifier)
    runtime.remove_state()
    return found


def end_processes(root: Path) -> list[str]:
    """End the processes that the machines of a dead region left; return and raise as `sweep` does."""
    with _hold(root):
        return _remove_groups(root, region_id(root))


def _remove_groups(root: Path, identifier: str) -> list[str]:
    directories = cgroups.leftover_groups(identifier)
    directories += [path for path in _recorded_groups(root) if path not in directories]
    if not directories:
        return []
    killed = cgroups.remove_groups(directories)
    found = [f"removed the control group {directory}" for directory in directories]
    if killed:
        found.append(f"killed {killed} processes in them")
    cgroups.remove_namespace(directories)
    return found


def _hold(root: Path) -> TextIO:
    """Lock the region's machines for this process; the kernel unlocks them when it dies."""
    file = locks.opened(root / "machines.lock")
    deadline = time.monotonic() + _LOCK_SECONDS
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if time.monotonic() < deadline:
                time.sleep(0.02)
                continue
            file.close()
            raise RegionInUse(
                f"The machines of {root} are run by another live process; stop that region first."
            ) from error
        return file


def _record_groups(file: TextIO, directories: list[Path]) -> None:
    """Record in the lock file where the groups are, so that any later process finds them."""
    file.seek(0)
    file.truncate()
    json.dump([str(directory) for directory in directories], file)
    file.flush()


def _recorded_groups(root: Path) -> list[Path]:
    try:
        recorded = json.loads((root / "machines.lock").read_text())
    except (FileNotFoundError, ValueError):
        return []
    paths = [Path(path) for path in recorded]
    # The name is checked, because what is listed here will be removed.
    return [path for path in paths if path.name == region_id(root) and path.is_dir()]
