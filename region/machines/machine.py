"""One machine: an EC2 instance as a container with an address of its own."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Final, Literal

from region.machines import booted, bounded_log, listener, logins, machine_usage
from region.machines.accounts import Accounts
from region.machines.codedeploy_agent.agent import AgentContext, CodeDeployAgent
from region.machines.commands import Commands
from region.machines.cpu_quota import CpuQuota
from region.machines.disk import on_disk
from region.machines.errors import BootError, MachineError, ServiceError
from region.machines.first_boot import FirstBoot
from region.machines.host_name import set_host_name
from region.machines.imds import Imds
from region.machines.inside.files import remove_tree
from region.machines.machine_context import MachineContext
from region.machines.machine_usage import MachineUsage
from region.machines.power import PowerRequest
from region.machines.processes import AGENT, ENTRY, SERVICES, Process, ProcessTable
from region.machines.root_directory import RootDirectory, control_token
from region.machines.root_file_system import RootFileSystem
from region.machines.run_command import RunOutcome, kill_leftovers, run_script
from region.machines.spec import MachineSpec
from region.machines.systemd.manager import CODEDEPLOY, ServiceManager
from region.network.listening import ports_of

MachineState = Literal["pending", "running", "stopped", "failed"]
_PATH: Final = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_ENDPOINT: Final = "AWS_ENDPOINT_URL"
"""What an AWS client cannot know by itself: that its region is a local one."""


class Machine:
    """A launched instance; methods may be called from several threads."""

    def __init__(self, spec: MachineSpec, context: MachineContext) -> None:
        """Prepare `<instances>/<id>`; what an earlier run left there is adopted."""
        self.spec = spec
        self._context = context
        self._directory = context.instances / spec.instance_id
        self._directory.mkdir(parents=True, exist_ok=True)
        name = f"{context.region_id}/{spec.instance_id}"
        self._processes = ProcessTable(context.limits, name, context.runtime, spec.instance_id)
        group, marker = self._processes.group, self._directory / "limited"
        self._quota = CpuQuota(context.limits, group, marker, spec.type, context.cpu_factor)
        self._token = control_token(self._directory) or secrets.token_urlsafe(32)
        self._state: MachineState = "pending"
        self._booting = threading.Lock()
        self._power = threading.Lock()
        self._discarded = False
        self._console_lock = threading.Lock()
        self.power_request: PowerRequest = ""
        self._init: Process | None = None
        self._last_usage = MachineUsage()
        self.files = RootFileSystem(self._root, self._processes.admit_helper)
        self.accounts = Accounts(self.files)
        self._first_boot = FirstBoot(
            files=self.files,
            accounts=self.accounts,
            processes=self._processes,
            environment=self._environment,
            directory=self._directory,
            console=self.log,
            timeout=context.boot_timeout,
        )
        self._services = ServiceManager(
            processes=self._processes,
            files=self.files,
            accounts=self.accounts,
            log_directory=self._directory / "log",
            environment=self._environment,
            console=self.log,
            alive=self._init_alive,
            memory=self._directory / "services",
            oom_kills=partial(machine_usage.oom_kills, context.limits, self._processes),
        )
        self.agent = CodeDeployAgent(
            AgentContext(
                files=self.files,
                processes=self._processes,
                environment=self._environment,
                log=self._directory / "log" / "codedeploy-agent.log",
                aws_endpoint=context.agent_endpoint,
                credential=context.credential,
                region=spec.region,
                runs=lambda: CODEDEPLOY not in self._services.halted,
            )
        )
        self.tenant = listener.Tenant(
            imds=Imds(spec, context.account_id, context.credential),
            token=self._token,
            control=Commands(
                self._services, self._directory, self.log, self._ask, self._rename
            ).run,
        )

    @property
    def state(self) -> MachineState:
        """The state as EC2 names it; "failed" means that the boot did not succeed."""
        return self._state

    @property
    def directory(self) -> Path:
        """The directory of console.log, log/<unit>.log and the machine's files."""
        return self._directory

    def boot(self) -> None:
        """Power on, run the user data unless it has completed before, start enabled services.

        Blocks.

        Raises:
            BootError: If that fails; the machine is "failed" then, with nothing running.
        """
        with self._booting:
            if self._ensure_power():
                try:
                    self._first_boot.run(self.spec.user_data)
                    # What it left in the background is limited as services are.
                    self._processes.confine(AGENT)
                    self._start_services()
                    with self._power:
                        self._quota.restore()
                except (MachineError, OSError) as error:
                    self._give_up(error)
                self._enter_running()

    def take_over(self) -> bool:
        """Take over the machine that a killed region has left running, as it is.

        Nothing of it is started again but services that have ended meanwhile. Return False if there is
        no such machine, or it had not booted yet.
        """
        init = self._context.runtime.first_process(self.spec.instance_id)
        if init is None or not booted.noted(self._directory):
            return False
        with self._booting, self._power:
            self._processes.take_over(init)
            self._init, self._state = init, "running"
        kill_leftovers(self._directory / "commands")
        self._services.take_over()
        with self._power:
            self._quota.restore()
        self.log(f"{self.spec.instance_id} goes on: the local region was started again")
        return True

    def _start_services(self) -> None:
        """Start what is enabled. A unit that fails is a failed unit on a running instance."""
        try:
            self._services.start_enabled()
        except ServiceError as error:
            self.log(f"systemd: {error}")

    def _ensure_power(self) -> bool:
        """Power on and return True; return False if the machine is already running."""
        with self._power:
            if self._discarded:
                raise BootError(f"{self.spec.instance_id} is terminated; launch a new machine.")
            if self._state == "running":
                return False
            self._state, self.power_request = "pending", ""
            try:
                self._power_on()
            except (MachineError, OSError) as error:
                self._power_off("failed")
                raise BootError(f"{self.spec.instance_id} could not start: {error}") from error
            return True

    def _enter_running(self) -> None:
        with self._power:
            if not self._processes.powered:
                raise BootError(f"{self.spec.instance_id} was powered off while it booted.")
            self._state = "running"
            booted.note(self._directory)
        self.log(f"{self.spec.instance_id} is running on {self.spec.private_ip}")

    def shut_down(self, limit: float) -> None:
        """Stop the services within `limit` seconds, then everything else; the disk stays."""
        if limit > 0 and self._processes.powered:
            self._services.stop_all(limit)
        with self._power:
            self._power_off("stopped")

    def discard(self, limit: float) -> None:
        """Shut down for good, within `limit` seconds for the services, and remove the disk."""
        with self._power:
            self._discarded = True
        self.shut_down(limit)
        # A boot in progress fails now; the disk is removed once it has released it.
        with self._booting:
            remove_tree(self._directory, ignore_errors=True)

    @property
    def powered(self) -> bool:
        """Whether processes of the machine may run: it is booting or running."""
        return self._processes.powered

    def alive(self) -> bool:
        """Return whether the machine is running: booted, and not killed from outside."""
        return self._state == "running" and self._init_alive()

    @property
    def cpu_quota(self) -> float:
        """The type's baseline in cores of this computer: what limited services get."""
        return self._quota.baseline

    def limit_services(self) -> None:
        """Limit services and later deployments to the baseline, unless credits say otherwise."""
        with self._power:
            self._quota.hold_to_baseline()
            if self._processes.powered and self._quota.restore():
                self.log(f"services are limited to {self._quota}")

    def hold_to(self, vcpus: float | None, *, also_deployed: bool = False) -> None:
        """Limit services to this many vCPUs by CPU credits, None to none; see `CpuQuota.hold_to`."""
        with self._power:
            if self._state == "running":
                self._quota.hold_to(vcpus, also_deployed=also_deployed)

    def follow_speed(self, cpu_factor: float) -> None:
        """Hold to `cpu_factor` CPU seconds of this computer for one of a vCPU's from now on."""
        with self._power:
            self._quota.follow(cpu_factor, powered=self._processes.powered)

    def spare_services(self, *, during: bool) -> None:
        """Let CPU credits hold no service `during` a deployment; the baseline of services stays."""
        with self._power:
            if self._processes.powered:
                self._quota.spare(during=during)

    def usage(self) -> MachineUsage:
        """Return the counters since the last power-on; those of an off machine are its last."""
        with self._power:
            if self._processes.powered:
                bounded_log.trim(self._directory / "log")
                # Shells that the user opened, and whatever was left there.
                self._processes.confine(ENTRY, but=self._init.pid if self._init else 0)
                self._last_usage = machine_usage.measure(self._context.limits, self._processes)
            return self._last_usage

    def run_command(
        self,
        script: str,
        *,
        working_directory: str,
        timeout: float,
        environment: Mapping[str, str],
        cancelled: threading.Event,
    ) -> RunOutcome:
        """Run a script as root, as Run Command does; see `run_command.run_script`.

        Raises:
            MachineError: If the machine is off.
        """
        return run_script(
            self._processes,
            script,
            scratch=self._directory / "commands",
            working_directory=working_directory,
            timeout=timeout,
            environment={**self._environment(), **environment},
            cancelled=cancelled,
        )

    def console_output(self) -> str:
        """Return the last 64 KiB of the console log, as EC2's GetConsoleOutput does."""
        return bounded_log.tail(self._directory / "console.log").decode(errors="replace")

    def log(self, message: str) -> None:
        """Append a line to the console log, unless the disk has been removed."""
        line = f"[{datetime.now(UTC):%Y-%m-%dT%H:%M:%S.%f}] {message}\n"
        data = line.encode(errors="replace")
        with suppress(FileNotFoundError), self._console_lock:
            bounded_log.append(self._directory / "console.log", data)

    def _power_on(self) -> None:
        limits, processes = self._context.limits, self._processes
        limits.create(processes.group(""))
        limits.set_memory(processes.group(""), self.spec.type.memory_bytes)
        limits.set_processes(processes.group(""), self.spec.type.max_processes)
        for name in (SERVICES, AGENT):
            limits.create(processes.group(name))
        self._quota.lift()
        # A machine is alive as long as its first process is: all others end with it, however it
        # ends, and restarts of services end with it.
        self._init = processes.power_on(self._create_container)
        try:
            self._context.network.attach(
                self.spec.instance_id, self._init.pid, self.spec.private_ip, self.spec.subnet
            )
            self._context.runtime.start(self.spec.instance_id)
            logins.tell(self.files, {_ENDPOINT: self._context.aws_endpoint})
        except BaseException:
            processes.power_off()
            raise

    def _create_container(self) -> int:
        volumes = self._context.volumes
        return on_disk(self.spec, self._directory, self._create_on, volumes=volumes)

    def _create_on(self, disk: Path) -> int:
        """Create the container whose root is on the file system at `disk`."""
        context, spec = self._context, self.spec
        directory = RootDirectory(self._directory, disk, context.image(spec.image_id))
        group = context.limits.inner_path(self._processes.group(ENTRY))
        bundle = directory.bundle(spec, self._token, group, self._environment())
        log = self._directory / "log" / "init.log"
        log.parent.mkdir(exist_ok=True)
        # Whatever a region that was killed left under this name.
        context.runtime.delete(spec.instance_id)
        return context.runtime.create(spec.instance_id, bundle, self._directory, log)

    def _power_off(self, state: MachineState) -> None:
        """End every process; the caller holds the power lock."""
        booted.forget(self._directory)
        if self._processes.powered:
            self._last_usage = machine_usage.measure(self._context.limits, self._processes)
        self._processes.power_off()
        self._context.network.detach(self.spec.instance_id)
        # Threads that watch services end by themselves; nothing may start from now on.
        self._services.stop_all(0)
        self._init = None
        self._state = state

    def _give_up(self, error: Exception) -> None:
        self.log(f"boot failed: {error}")
        with self._power:
            # The machine may have been powered off meanwhile, which is why the boot failed.
            if self._processes.powered:
                self._power_off("failed")
        console = self._directory / "console.log"
        raise BootError(
            f"{self.spec.instance_id} did not boot: {error} Its console is {console}."
        ) from error

    def listening_ports(self) -> frozenset[int]:
        """Return the TCP ports on which its programs accept connections; none while it is off."""
        init = self._init
        return ports_of(init.pid) if init is not None and self._init_alive() else frozenset()

    def _init_alive(self) -> bool:
        init = self._init
        return self._processes.powered and init is not None and init.poll() is None

    def _root(self) -> Path:
        init = self._init
        if init is None or init.poll() is not None:
            raise MachineError(f"{self.spec.instance_id} is off, so its files are out of reach.")
        return Path(f"/proc/{init.pid}/root")

    def _rename(self, name: str) -> None:
        init = self._init
        if init is None or not self._init_alive():
            raise MachineError(f"{self.spec.instance_id} is off, so its name cannot be changed.")
        set_host_name(init.pid, name)

    def _ask(self, request: PowerRequest) -> None:
        self.power_request = request

    def _environment(self) -> Mapping[str, str]:
        """Return the complete environment of every process: nothing is inherited."""
        return {
            "PATH": _PATH,
            "HOME": "/root",
            "LANG": "C.UTF-8",
            _ENDPOINT: self._context.aws_endpoint,
        }
