"""One machine: an EC2 instance emulated by a tree of real processes."""

from __future__ import annotations

import secrets
import shutil
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Literal

from region.credentials import Credential
from region.machines import cloudinit, listener
from region.machines.cgroups import Limits
from region.machines.codedeploy_agent.agent import AgentContext, CodeDeployAgent
from region.machines.disk import Disk
from region.machines.errors import BootError, MachineError
from region.machines.imds import Imds
from region.machines.processes import Command, Process, ProcessTable
from region.machines.spec import MachineSpec
from region.machines.systemd import systemctl
from region.machines.systemd.manager import ServiceManager

MachineState = Literal["pending", "running", "stopped", "failed"]
# Groups below the machine's own: its keeper, its services (with a CPU quota), boot and hooks
# (without).
KEEPER: Final = "system"
SERVICES: Final = "services"
AGENT: Final = "agent"
_SYSTEM_PATH: Final = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_BOOT_LOG_TAIL_BYTES: Final = 2048


@dataclass(frozen=True)
class MachineUsage:
    """What a machine has used since it was last powered on.

    `cpu_seconds`, memory and OOM kills count the whole machine; `service_cpu_seconds` and the
    throttling counters count its services, the only ones with a CPU quota.
    """

    cpu_seconds: float
    service_cpu_seconds: float
    throttled_seconds: float
    nr_throttled: int
    memory_peak_bytes: int
    oom_kills: int


@dataclass(frozen=True)
class MachineContext:
    """What a machine needs from its pool.

    Attributes:
        shims: The directory that comes first in PATH.
        boot_timeout: How long user data may run, in seconds.
    """

    limits: Limits
    region_id: str
    instances: Path
    shims: Path
    listener: listener.Listener
    aws_endpoint: str
    credential: Credential
    account_id: str
    boot_timeout: float


class Machine:
    """A launched instance; methods may be called from several threads."""

    def __init__(self, spec: MachineSpec, context: MachineContext) -> None:
        """Prepare the disk in `<instances>/<id>`; a disk of an earlier run is adopted."""
        self.spec = spec
        self._context = context
        self._directory = context.instances / spec.instance_id
        self._limited = self._directory / "limited"
        self._disk = Disk(self._directory / "disk")
        self._disk.create()
        self._processes = ProcessTable(
            context.limits, f"{context.region_id}/{spec.instance_id}", self._disk
        )
        self._token = secrets.token_urlsafe(32)
        self._state: MachineState = "pending"
        self._booting = threading.Lock()
        self._power = threading.Lock()
        self._discarded = False
        self._console_lock = threading.Lock()
        self._keeper: Process | None = None
        self._last_usage = MachineUsage(0.0, 0.0, 0.0, 0, 0, 0)
        self._services = ServiceManager(
            processes=self._processes,
            disk=self._disk,
            state_file=self._directory / "units.json",
            log_directory=self._directory / "log",
            environment=self._environment,
            console=self.log,
            alive=self._keeper_alive,
        )
        self.agent = CodeDeployAgent(
            AgentContext(
                disk=self._disk,
                processes=self._processes,
                environment=self._environment,
                log=self._directory / "log" / "codedeploy-agent.log",
                aws_endpoint=context.aws_endpoint,
                credential=context.credential,
                region=spec.region,
            )
        )
        self.tenant = listener.Tenant(
            imds=Imds(spec, context.account_id, context.credential),
            token=self._token,
            systemctl=self._systemctl,
        )

    @property
    def state(self) -> MachineState:
        """The state as EC2 names it; "failed" means that the boot did not succeed."""
        return self._state

    @property
    def directory(self) -> Path:
        """The directory of console.log, log/<unit>.log and disk/."""
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
                    self._first_boot()
                    self._services.start_enabled()
                    self._restore_quota()
                except (MachineError, OSError) as error:
                    self._give_up(error)
                self._enter_running()

    def _ensure_power(self) -> bool:
        """Power on and return True; return False if the machine is already running."""
        with self._power:
            if self._discarded:
                raise BootError(f"{self.spec.instance_id} is terminated; launch a new machine.")
            if self._state == "running":
                return False
            self._state = "pending"
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
        self.log(f"{self.spec.instance_id} is running on {self.spec.address}")

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
            shutil.rmtree(self._directory, ignore_errors=True)

    @property
    def powered(self) -> bool:
        """Whether processes of the machine may run: it is booting or running."""
        return self._processes.powered

    def alive(self) -> bool:
        """Return whether the machine is running: booted, and not killed from outside."""
        return self._state == "running" and self._keeper_alive()

    def limit_services(self) -> None:
        """Limit the services to the type's baseline CPU from now on, also after a reboot."""
        self._limited.touch()
        if self._processes.powered:
            self._set_quota()
            self.log(f"services are limited to {self.spec.type.baseline_cpu:g} CPU")

    def usage(self) -> MachineUsage:
        """Return the counters since the last power-on; those of an off machine are its last."""
        with self._power:
            if self._processes.powered:
                self._last_usage = self._measure()
            return self._last_usage

    def console_output(self) -> str:
        """Return the whole console log, as EC2's GetConsoleOutput does."""
        try:
            return (self._directory / "console.log").read_text(errors="replace")
        except FileNotFoundError:
            return ""

    def log(self, message: str) -> None:
        """Append a line to the console log, unless the disk has been removed."""
        line = f"[{datetime.now(UTC):%Y-%m-%dT%H:%M:%S.%f}] {message}\n"
        with (
            suppress(FileNotFoundError),
            self._console_lock,
            (self._directory / "console.log").open("a") as file,
        ):
            file.write(line)

    def _power_on(self) -> None:
        limits, processes = self._context.limits, self._processes
        limits.create(processes.group(""))
        limits.set_memory(processes.group(""), self.spec.type.memory_bytes)
        for name in (KEEPER, SERVICES, AGENT):
            limits.create(processes.group(name))
        limits.set_cpu(processes.group(SERVICES), None)
        processes.power_on()
        # A machine is alive as long as this process is: it ends with all others when the machine
        # is killed from outside, and restarts of services end with it.
        self._keeper = self._spawn(["sleep", "infinity"], KEEPER)

    def _power_off(self, state: MachineState) -> None:
        """End every process; the caller holds the power lock."""
        if self._processes.powered:
            self._last_usage = self._measure()
        self._processes.power_off()
        # Threads that watch services end by themselves; nothing may start from now on.
        self._services.stop_all(0)
        self._keeper = None
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

    def _first_boot(self) -> None:
        marker = self._directory / "user-data-done"
        if marker.exists():
            return
        config = cloudinit.parse(self.spec.user_data)
        if config.swap:
            self.log(
                f"cloud-init: swap {config.swap.filename} of {config.swap.size} is not created; "
                "the machine's memory limit applies without swap"
            )
        for path in cloudinit.write_files(config, self._disk):
            self.log(f"cloud-init: wrote {self._disk.inside(path)}")
        if config.runcmd:
            self._run_commands(config.script())
        marker.touch()

    def _run_commands(self, text: str) -> None:
        script = self._directory / "runcmd.sh"
        script.write_text(text)
        log = self._directory / "log" / "cloud-init.log"
        begin = log.stat().st_size if log.exists() else 0
        process = self._spawn(["sh", str(script.resolve())], AGENT, log)
        try:
            status = process.wait(self._context.boot_timeout)
        except subprocess.TimeoutExpired as error:
            raise BootError(
                f"user data ran for more than {self._context.boot_timeout:g} s; look at {log}."
            ) from error
        output = log.read_bytes()[begin:].decode(errors="replace")
        self.log(f"cloud-init: runcmd ended with status {status}\n{output}")
        if status != 0:
            last = output[-_BOOT_LOG_TAIL_BYTES:].strip().splitlines()
            raise BootError(
                f"user data's runcmd ended with status {status}: {last[-1] if last else 'silent'}."
            )

    def _measure(self) -> MachineUsage:
        whole = self._context.limits.usage(self._processes.group(""))
        services = self._context.limits.usage(self._processes.group(SERVICES))
        return MachineUsage(
            cpu_seconds=whole.cpu_seconds,
            service_cpu_seconds=services.cpu_seconds,
            throttled_seconds=services.throttled_seconds,
            nr_throttled=services.nr_throttled,
            memory_peak_bytes=whole.memory_peak_bytes,
            oom_kills=whole.oom_kills,
        )

    def _spawn(self, argv: Sequence[str], group: str, log: Path | None = None) -> Process:
        return self._processes.spawn(
            Command(
                argv=argv,
                group=group,
                environment=self._environment(),
                directory="/",
                log=log or self._directory / "log" / "system.log",
            )
        )

    def _keeper_alive(self) -> bool:
        keeper = self._keeper
        return self._processes.powered and keeper is not None and keeper.poll() is None

    def _systemctl(self, arguments: Sequence[str]) -> systemctl.Outcome:
        outcome = systemctl.run(self._services, arguments)
        error = outcome.stderr.strip()
        self.log(f"systemctl {' '.join(arguments)}: {outcome.status}{f' {error}' if error else ''}")
        return outcome

    def _environment(self) -> Mapping[str, str]:
        """Return the complete environment of every process: nothing is inherited.

        The configuration files of the developer's AWS account are out of reach.
        """
        context, spec = self._context, self.spec
        metadata = context.listener.metadata_url(spec.instance_id)
        return {
            "PATH": f"{context.shims}:{Path(sys.executable).parent}:{_SYSTEM_PATH}",
            "HOME": str(self._disk.home.resolve()),
            "TMPDIR": str(self._disk.tmp.resolve()),
            "LANG": "C.UTF-8",
            "AWS_ENDPOINT_URL": context.aws_endpoint,
            "AWS_EC2_METADATA_SERVICE_ENDPOINT": metadata,
            "AWS_REGION": spec.region,
            "AWS_DEFAULT_REGION": spec.region,
            "AWS_CONFIG_FILE": "/dev/null",
            "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
            listener.URL_VARIABLE: context.listener.systemctl_url(spec.instance_id),
            listener.TOKEN_VARIABLE: self._token,
            # Identifies a leftover process of a dead region.
            "HAPROOF_REGION_ID": context.region_id,
        }

    def _set_quota(self) -> None:
        self._context.limits.set_cpu(self._processes.group(SERVICES), self.spec.type.baseline_cpu)

    def _restore_quota(self) -> None:
        if self._limited.exists():
            self._set_quota()
