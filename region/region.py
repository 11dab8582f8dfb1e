"""The local region: starts its parts in order and stops them in reverse."""

from __future__ import annotations

import contextlib
import logging
import os
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from region import calibration, daemons, image_options, preflight, private, session
from region.api.server import ControlPlane
from region.config import RegionConfig
from region.machines import cgroups
from region.machines.machine_pool import MachinePool, sweep
from region.machines.volumes import require_space
from region.network import API, API_PORT, RegionNetwork, leftovers
from region.provider.server import ProviderServer
from region.reconcile import Controller, ControllerLoop
from region.rootless import OF_THE_HOST
from region.runtime_directories import remove_runtime_directory, runtime_directory
from region.services.arc_zonal_shift.controller import ZonalShiftController
from region.services.autoscaling.automation import AutomationController
from region.services.autoscaling.controller import AutoScalingController
from region.services.cloudwatch.controller import AlarmsController
from region.services.codedeploy.controller import DeploymentsController
from region.services.ec2.controller import InstancesController
from region.services.ec2.metrics import InstanceMetricsController
from region.services.ec2.state_events import StateEventsController
from region.services.elbv2.controller import LoadBalancersController
from region.services.events.controller import SchedulesController
from region.services.fis.controller import ExperimentsController
from region.services.install import install_patches
from region.services.rds.controller import DatabasesController
from region.services.rds.postgres import cluster, programs
from region.services.rds.postgres.cluster import Cluster
from region.services.sns.controller import MessagesController
from region.services.ssm.controller import RunCommandController
from region.services.vpc.controller import NetworkController
from region.services.vpc.internet_gateway import InternetGateway
from region.takeover import last_ports
from region.usage.recorder import UsageRecorder

log = logging.getLogger(__name__)


def clean_up(root: Path) -> list[str]:
    """End what a region that died left behind below `root`, and return a line for each."""
    ended = [*sweep(root), *daemons.sweep(root), *_remove_network(root)]
    _remove_directories(root)
    session.record(root).unlink(missing_ok=True)
    return ended


def was_killed(root: Path) -> bool:
    """Return whether a region in `root` was killed, so that what it has left is to be taken over.

    Without root the next region is in other namespaces and reaches nothing of it.
    """
    return OF_THE_HOST and session.read(root) is not None and session.running(root) is None


def _remove_network(root: Path) -> list[str]:
    found = leftovers(root)
    if found:
        network = RegionNetwork(root)
        if not root.is_dir():
            found += daemons.sweep_network(network.path, root)
        network.stop()
    return found


def _remove_directories(root: Path) -> None:
    remove_runtime_directory(root)
    programs.remove_copies(root / cluster.DIRECTORY)


@dataclass
class Region:
    """One region in this process. `start` either succeeds or leaves nothing running."""

    config: RegionConfig
    provider_port: int = 0

    def __post_init__(self) -> None:
        self._undo = contextlib.ExitStack()
        self.stopped = threading.Event()

    def start(self) -> session.Session:
        """Start every part, write the session record, and return how to reach the region.

        What a region that was killed has left running goes on, as far as it can be taken over.
        """
        adopt = was_killed(self.config.root)
        if not adopt:
            for line in clean_up(self.config.root):
                log.warning("cleaned up after an earlier region: %s", line)
        try:
            return self._start(adopt=adopt)
        except BaseException:
            self.stop()
            raise

    def _start(self, *, adopt: bool) -> session.Session:
        preflight.require(preflight.REGION)
        kind = cgroups.detect()
        speed = self._calibrate(adopt=adopt)
        network = RegionNetwork(self.config.root)
        self._with(partial(network.start, adopt=adopt), network.stop)
        private.directory(self.config.root / "instances")
        require_space(self.config.root)
        last = last_ports.free(self.config.root)
        config = replace(self.config, api_port=self.config.api_port or last.api)
        plane = ControlPlane(config, install_patches, hosts=(f"{API}:{API_PORT}",))
        self._with(plane.start, plane.stop)
        if adopt and plane.warnings:
            # The state that it belongs to is lost.
            adopt = False
            daemons.sweep(self.config.root)
        with network.listen(API, API_PORT) as listener:
            plane.serve(listener)
        pool = self._machines(plane, network, speed.factor, adopt=adopt)
        controllers = self._controllers(plane, pool, network)
        measured = InstanceMetricsController(plane, pool, network.traffic)
        loop = ControllerLoop(plane, [*controllers, measured])
        self._with(loop.start, loop.stop)
        self._follow(pool, speed)
        usage = UsageRecorder(self.config.root, pool)
        self._with(partial(usage.start, go_on=adopt), usage.stop)
        port = self._provide(plane, self.provider_port or last.provider)
        found = session.Session(
            pid=os.getpid(),
            created=session.own_creation_time(),
            api_port=plane.port,
            provider_port=port,
            region=self.config.region,
            speed=self.config.speed,
            cpu_credits=self.config.cpu_credits,
            limits=kind.name,
            image=self.config.image,
            why_no_volumes=pool.why_no_volumes,
            forgotten=" ".join(plane.warnings),
        )
        last_ports.remember(self.config.root, last_ports.Ports(plane.port, port))
        session.write(self.config.root, found)
        self._undo.callback(session.record(self.config.root).unlink, missing_ok=True)
        return found

    def _machines(
        self, plane: ControlPlane, network: RegionNetwork, cpu_factor: float, *, adopt: bool
    ) -> MachinePool:
        """Start what runs the instances."""
        image = image_options.prepare(self.config)
        pool = MachinePool(
            self.config.root,
            network,
            self.config.region,
            aws_endpoint=plane.endpoint,
            image=image.for_ami,
            credentials=plane.credentials,
            cpu_factor=cpu_factor,
        )
        self._with(partial(pool.start, adopt=adopt), pool.close)
        return pool

    def _follow(self, pool: MachinePool, speed: calibration.Calibration) -> None:
        """Let quotas follow the speed of the cores, unless the user has chosen a factor or nothing runs."""
        if speed.chosen_factor is None and not self.config.preview_only:
            meter = calibration.SpeedMeter(speed.factor, pool.follow_speed)
            self._with(meter.start, meter.stop)

    def _provide(self, plane: ControlPlane, port: int) -> int:
        """Start Pulumi's provider, and return its port; `port` 0 is any."""
        provider = ProviderServer(
            plane.endpoint,
            self.config.region,
            plane.credentials.user,
            plane,
            preview_only=self.config.preview_only,
        )
        started = provider.start(port)
        self._undo.callback(provider.stop)
        return started

    def _calibrate(self, *, adopt: bool) -> calibration.Calibration:
        known: calibration.Calibration | None = None
        if adopt:
            with contextlib.suppress(calibration.CalibrationError):
                known = calibration.read(self.config.root)
        # Measured while nothing of the region runs yet that would disturb it.
        measured = known or calibration.measure()
        found = calibration.chosen(measured, self.config.cpu_factor)
        private.directory(self.config.root)
        calibration.write(self.config.root, found)
        log.info("%s", calibration.describe(found))
        return found

    @staticmethod
    def _controllers(
        plane: ControlPlane, pool: MachinePool, network: RegionNetwork
    ) -> list[Controller]:
        root = plane.config.root
        deployments = DeploymentsController(plane, pool)
        gateway = InternetGateway(root, runtime_directory(root), network.path)
        return [
            NetworkController(plane, network, gateway, pool.listening_ports),
            InstancesController(plane, pool),
            DatabasesController(plane, partial(Cluster, network=network)),
            LoadBalancersController(plane, network),
            ZonalShiftController(plane),
            deployments,
            RunCommandController(plane, pool),
            AlarmsController(plane),
            MessagesController(plane),
            ExperimentsController(plane, lambda name, up: network.set_link(name, up=up)),
            AutoScalingController(plane, deployments.launch_gate, deployments.termination_gate),
            AutomationController(plane),
            StateEventsController(plane),
            SchedulesController(plane),
        ]

    def _with(self, start: Callable[[], object], stop: Callable[[], object]) -> None:
        # Registered first: a part that fails halfway through its start is stopped too.
        self._undo.callback(stop)
        start()

    def stop(self) -> None:
        """End every part, the last one first. May be called twice."""
        self._undo.close()
        # What a killed region has left and no part has come to take over.
        daemons.sweep(self.config.root)
        _remove_directories(self.config.root)
        self.stopped.set()
