"""Controller of EC2 instances: each instance of the control plane is a machine of the machine pool.

Booting, stopping and terminating take seconds, so each is a job in a pool of threads: many
machines boot in parallel and no job holds the control plane's lock while it works. An instance
is `running` once its machine has booted. A failed boot leaves it `pending` with an impaired
status check and the error in its console output, as an instance that hangs at boot would be; its
Auto Scaling group replaces it.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from moto.ec2.models.instances import Instance

from region.api.server import ControlPlane
from region.config import RegionConfig
from region.machines.errors import UnknownMachine
from region.machines.metadata import Metadata
from region.machines.spec import MachineSpec
from region.services.ec2 import instance_metadata, periods, root_volumes
from region.services.ec2 import instances as ec2
from region.services.ec2.records import InstanceRecord

log = logging.getLogger(__name__)

BOOTS_AT_ONCE = 8
ENDS_AT_ONCE = 4
RETRY_AFTER = 1.0
CONSOLE_LENGTH = 64 * 1024  # the most recent part of a console that EC2 keeps


class Machine(Protocol):
    """A machine as this controller uses it; region.machines has the real one."""

    @property
    def state(self) -> str:
        """`pending`, `running`, `stopped` or `failed`."""
        ...

    @property
    def power_request(self) -> str:
        """What the machine itself asks for: `off`, `reboot`, or nothing."""
        ...

    def boot(self) -> None:
        """Boot; return when user data has run, raise if it failed."""
        ...

    def alive(self) -> bool:
        """Return whether the machine responds."""
        ...

    def console_output(self) -> str:
        """Return what the machine printed during its boots."""
        ...


class Pool(Protocol):
    """The machines of the region."""

    def launch(self, spec: MachineSpec) -> Machine:
        """Make a machine, or adopt the one whose disk exists."""
        ...

    def take_over(self, spec: MachineSpec) -> Machine | None:
        """Return the machine that a killed region has left running, if there is one."""
        ...

    def end_others(self) -> None:
        """End what a killed region has left and was not taken over."""
        ...

    def stop(self, instance_id: str) -> None:
        """End a machine's processes and keep its disk."""
        ...

    def terminate(self, instance_id: str) -> None:
        """End a machine's processes and remove its disk."""
        ...


@dataclass(frozen=True, slots=True)
class _View:
    """What one round needs to know about an instance, read under the lock."""

    instance_id: str
    code: int
    reboot: bool
    impaired: bool


class InstancesController:
    """Boots, stops, watches and ends the machine of every EC2 instance."""

    name = "instances"

    def __init__(self, plane: ControlPlane, pool: Pool) -> None:
        """Work on `plane`'s instances with machines of `pool`; the pool belongs to the caller."""
        self._plane = plane
        self._pool = pool
        self._config: RegionConfig = plane.config
        self._machines: dict[str, Machine] = {}
        self._jobs: dict[str, tuple[int, Future[None]]] = {}
        self._boots = ThreadPoolExecutor(BOOTS_AT_ONCE, thread_name_prefix="boot")
        self._ends = ThreadPoolExecutor(ENDS_AT_ONCE, thread_name_prefix="end")
        self._closed = False
        self._started = False
        self._check_at = 0.0

    def reconcile(self) -> None:
        """Start the jobs that instances need and watch running machines."""
        if not self._started:
            self._take_over()
        self._jobs = {name: job for name, job in self._jobs.items() if not job[1].done()}
        for view in self._views():
            job = self._job_for(view)
            if job is not None:
                self._submit(view, job)
        self._obey()
        self._watch()
        self._forget()

    def close(self) -> None:
        """Start no more jobs and wait until machines that are shutting down have ended.

        A boot may take as long as its user data; it ends when the pool closes. Running machines
        belong to the pool.
        """
        self._closed = True
        self._boots.shutdown(wait=False, cancel_futures=True)
        self._ends.shutdown(wait=True, cancel_futures=True)

    def _take_over(self) -> None:
        """Go on with the machines that a killed region has left running; all others of it end."""
        with self._plane.lock:
            running = [
                instance.id
                for instance in self._plane.backend("ec2").all_instances()
                if instance.state_code == ec2.RUNNING
            ]
        for instance_id in running:
            try:
                machine = self._pool.take_over(self._spec(instance_id))
            except Exception:
                # It boots from its disk, as after a loss of power.
                log.exception("instance %s cannot be taken over", instance_id)
                continue
            if machine is not None:
                self._machines[instance_id] = machine
                log.info("instance %s goes on", instance_id)
        self._pool.end_others()

    def _views(self) -> list[_View]:
        with self._plane.lock:
            instances = [
                instance
                for instance in self._plane.backend("ec2").all_instances()
                if instance.state_code not in {ec2.TERMINATED, ec2.STOPPED}
            ]
            if not self._started:
                self._started = True
                for instance in instances:
                    # After a restart every machine gets a new chance.
                    record = InstanceRecord.of(instance)
                    record.impairment, record.rebooting = "", False
            return [
                _View(
                    instance.id,
                    instance.state_code,
                    record.reboot_requested,
                    bool(record.impairment),
                )
                for instance in instances
                for record in [InstanceRecord.of(instance)]
            ]

    def _job_for(self, view: _View) -> Callable[[str], None] | None:
        known = view.instance_id in self._machines
        if view.code == ec2.PENDING:
            return None if view.impaired else self._boot
        if view.code == ec2.RUNNING:
            if not known:
                # The region was restarted without it: the machine boots from its disk.
                return None if view.impaired else self._boot
            return self._reboot if view.reboot else None
        return {ec2.STOPPING: self._stop, ec2.SHUTTING_DOWN: self._terminate}.get(view.code)

    def _submit(self, view: _View, job: Callable[[str], None]) -> None:
        ending = view.code in {ec2.STOPPING, ec2.SHUTTING_DOWN}
        running = self._jobs.get(view.instance_id)
        # A shutdown does not wait for a boot that may hang; no other job overtakes.
        if self._closed or (running is not None and (not ending or running[0] == view.code)):
            return
        if view.code == ec2.RUNNING:
            with self._plane.lock:
                instance = self._find(view.instance_id)
                if instance is not None:
                    InstanceRecord.of(instance).rebooting = True
        executor = self._ends if ending else self._boots
        self._jobs[view.instance_id] = (
            view.code,
            executor.submit(self._guarded, job, view.instance_id),
        )

    def _guarded(self, job: Callable[[str], None], instance_id: str) -> None:
        try:
            job(instance_id)
        except Exception:
            log.exception("instance %s: unexpected error, will retry", instance_id)
            time.sleep(RETRY_AFTER)
        finally:
            self._plane.notify()

    def _boot(self, instance_id: str) -> None:
        if self._wanted(instance_id) is None:
            return
        machine: Machine | None = None
        impairment = ""
        try:
            machine = self._pool.launch(self._spec(instance_id))
            machine.boot()
        except Exception as error:
            if self._closed:
                return
            impairment = f"The instance did not boot: {type(error).__name__}: {error}"
            log.warning("instance %s: %s", instance_id, impairment)
        console = machine.console_output() if machine is not None else ""
        with self._plane.lock:
            instance = self._wanted(instance_id)
            if instance is not None:
                record = InstanceRecord.of(instance)
                record.impairment = impairment
                record.console_output = f"{console}{impairment}"[-CONSOLE_LENGTH:]
                record.rebooting = record.reboot_requested = False
                if machine is not None and not impairment:
                    self._machines[instance_id] = machine
                    if instance.state_code == ec2.PENDING:
                        wait = self._config.seconds(periods.INITIALIZING.seconds)
                        record.checks_end_initializing_at = time.time() + wait
                    ec2.set_state(instance, ec2.RUNNING)
        if instance is None:
            self._clean_up(instance_id)

    def _clean_up(self, instance_id: str) -> None:
        """Remove the machine of an instance that was shut down while it booted."""
        with self._plane.lock:
            instance = self._find(instance_id)
            stopping = instance is not None and instance.state_code in {ec2.STOPPING, ec2.STOPPED}
        self._end(self._pool.stop if stopping else self._pool.terminate, instance_id)

    def _wanted(self, instance_id: str) -> Instance | None:
        """Return the instance if its machine should run, else None."""
        with self._plane.lock:
            instance = self._find(instance_id)
            up = {ec2.PENDING, ec2.RUNNING}
            return instance if instance is not None and instance.state_code in up else None

    def _spec(self, instance_id: str) -> MachineSpec:
        with self._plane.lock:
            instance = self._plane.backend("ec2").get_instance(instance_id)
            private_ip = str(instance.private_ip)
            return MachineSpec(
                instance_id=instance.id,
                instance_type=instance.instance_type,
                private_ip=private_ip,
                subnet=ec2.subnet_of(instance).cidr_block,
                public_ip=ec2.public_ip_of(instance),
                region=self._config.region,
                availability_zone=instance.placement.zone or "",
                user_data=ec2.user_data_of(instance),
                volume_gibibytes=root_volumes.size_of(instance),
                role=ec2.role_of(instance) or ec2.NO_ROLE,
                image_id=instance.image_id,
                metadata=partial(self._metadata, instance_id),
            )

    def _metadata(self, instance_id: str) -> Metadata:
        with self._plane.lock:
            instance = self._wanted(instance_id)
            if instance is None:
                return Metadata()
            return instance_metadata.read(self._plane.backend("ec2"), instance)

    def _end(self, how: Callable[[str], object], instance_id: str) -> None:
        try:
            how(instance_id)
        except UnknownMachine:
            log.debug("instance %s had no machine", instance_id)

    def _reboot(self, instance_id: str) -> None:
        self._machines.pop(instance_id, None)
        self._end(self._pool.stop, instance_id)
        self._boot(instance_id)

    def _stop(self, instance_id: str) -> None:
        self._machines.pop(instance_id, None)
        self._end(self._pool.stop, instance_id)
        with self._plane.lock:
            instance = self._find(instance_id)
            if instance is not None and instance.state_code == ec2.STOPPING:
                for nic in instance.nics.values():
                    nic.stop()
                ec2.set_state(instance, ec2.STOPPED)

    def _terminate(self, instance_id: str) -> None:
        self._machines.pop(instance_id, None)
        self._end(self._pool.terminate, instance_id)
        with self._plane.lock:
            instance = self._find(instance_id)
            if instance is not None and instance.state_code == ec2.SHUTTING_DOWN:
                ec2.finish_termination(instance)

    def _obey(self) -> None:
        """Do what instances ask for themselves: stop or terminate as their attribute says, or reboot."""
        asking = {
            name: machine.power_request
            for name, machine in list(self._machines.items())
            if machine.power_request
        }
        if not asking:
            return
        with self._plane.lock:
            changed = False
            for name, request in asking.items():
                instance = self._find(name)
                if instance is None or instance.state_code != ec2.RUNNING:
                    continue
                if request != "reboot":
                    ec2.shut_down_by_itself(instance)
                elif InstanceRecord.of(instance).reboot_requested:
                    continue
                else:
                    InstanceRecord.of(instance).reboot_requested = True
                changed = True
            if changed:
                self._plane.notify()

    def _watch(self) -> None:
        """Impair instances whose machine does not respond, and clear those that do again.

        EC2 checks once a minute: in between, a machine that has died is not noticed.
        """
        if time.monotonic() < self._check_at:
            return
        period = self._config.seconds(periods.STATUS_CHECK.seconds)
        self._check_at = time.monotonic() + period
        alive = {name: machine.alive() for name, machine in list(self._machines.items())}
        with self._plane.lock:
            changed = False
            for name, responds in alive.items():
                instance = self._find(name)
                if instance is None or instance.state_code != ec2.RUNNING:
                    continue
                record = InstanceRecord.of(instance)
                impairment = "" if responds else "The instance's machine does not respond."
                if impairment != record.impairment:
                    record.impairment = impairment
                    changed = True
            if changed:
                self._plane.notify()

    def _forget(self) -> None:
        before = time.time() - self._config.seconds(periods.TERMINATED.seconds)
        with self._plane.lock:
            ec2.forget_terminated(self._plane.backend("ec2"), before)

    def _find(self, instance_id: str) -> Instance | None:
        return self._plane.backend("ec2").get_instance_by_id(instance_id)
