"""Controller of load balancers: each is an HAProxy process, whose target health it reports."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from moto.elbv2.models import FakeTargetGroup

from region.api.server import ControlPlane
from region.daemons import sweep
from region.runtime_directories import remove_runtime_directory, runtime_directory
from region.services.elbv2 import desired, periods, zones
from region.services.elbv2.desired import DesiredLoadBalancer
from region.services.elbv2.haproxy.errors import LoadBalancerError
from region.services.elbv2.haproxy.model import LoadBalancer, Report, Target, TargetStatus
from region.services.elbv2.haproxy.process import DIRECTORY, HAProxy
from region.services.elbv2.haproxy.request_log import RequestLog
from region.services.elbv2.haproxy.runtime_api import Statistics
from region.services.elbv2.metrics import Traffic
from region.services.elbv2.records import LoadBalancerRecord, TargetGroupRecord, TargetHealth
from region.services.elbv2.target_groups import in_use

log = logging.getLogger(__name__)

RETRY_AFTER = 5.0


class Process(Protocol):
    """A load balancer's process; region.services.elbv2.haproxy.process has the real one."""

    requests: RequestLog

    def start(self) -> None:
        """Start it; do nothing if it is running."""
        ...

    def running(self) -> bool:
        """Return whether it is running."""
        ...

    def configure(self, spec: LoadBalancer) -> None:
        """Replace its listeners and target groups."""
        ...

    def set_targets(self, group: str, targets: list[Target]) -> None:
        """Register exactly these targets."""
        ...

    def set_zones(self, active: Sequence[str], shifted: frozenset[str]) -> None:
        """Choose the zones whose nodes get connections, and those whose targets get no requests."""
        ...

    def poll(self) -> Report:
        """Return the status of every target."""
        ...

    def statistics(self) -> Statistics:
        """Return what the last `poll` has read."""
        ...

    def close(self) -> None:
        """End it."""
        ...


class Network(Protocol):
    """The region's network; region.network has the real one."""

    path: Path

    def add_address(self, address: str) -> None:
        """Add the address of a load balancer's node."""
        ...

    def remove_address(self, address: str) -> None:
        """Remove it again."""
        ...


class ProcessFactory(Protocol):
    """Makes the process of one load balancer."""

    def __call__(self, spec: LoadBalancer, directory: Path, runtime: Path) -> Process:
        """Make a process that is not started yet."""
        ...


@dataclass(slots=True)
class _Running:
    """A load balancer that has a process.

    Attributes:
        addresses: Of its nodes, in the network.
        followed: The zones that clients connect to.
        traffic: What is to be published of it.
    """

    process: Process
    addresses: frozenset[str]
    followed: zones.Followed
    traffic: Traffic


class LoadBalancersController:
    """Runs one process per load balancer and reports the health of its targets."""

    name = "load balancers"

    def __init__(
        self,
        plane: ControlPlane,
        network: Network,
        make_process: ProcessFactory = HAProxy,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Work on the load balancers of `plane`, whose targets are in `network`."""
        self._network = network
        self._plane = plane
        self._make = make_process
        self._clock = clock
        self._root = plane.config.root
        self._running: dict[str, _Running] = {}
        self._retry_at: dict[str, float] = {}
        self._reports: dict[str, Report] = {}

    def reconcile(self) -> None:
        """One round over all load balancers."""
        found, unsupported = self._read()
        if not self._running:
            self._end_others({item.name for item in found.values()})
        known = found.keys() | unsupported.keys()
        for arn in [arn for arn in self._running if arn not in known]:
            self._close(arn)
            self._reports.pop(arn, None)
        for arn, reason in unsupported.items():
            self._report_failure(arn, reason)
        for item in found.values():
            if self._clock() >= self._retry_at.get(item.arn, 0.0):
                self._serve(item)

    def _end_others(self, wanted: set[str]) -> None:
        """End what a region that died has left of load balancers that are deleted by now."""
        for directory in (self._root / DIRECTORY).glob("*"):
            if directory.name not in wanted:
                sweep(directory)

    def close(self) -> None:
        """End every process."""
        for running in self._running.values():
            running.process.close()
        self._running.clear()
        remove_runtime_directory(self._root)

    def status(self) -> Mapping[str, Report]:
        """Return the latest report of each load balancer, by ARN."""
        return dict(self._reports)

    def _read(self) -> tuple[dict[str, DesiredLoadBalancer], dict[str, str]]:
        """Read the load balancers to run, and why others are not supported, by ARN."""
        found: dict[str, DesiredLoadBalancer] = {}
        unsupported: dict[str, str] = {}
        with self._plane.lock:
            backend = self._plane.backend("elbv2")
            for load_balancer in backend.load_balancers.values():
                try:
                    found[load_balancer.arn] = desired.read(
                        backend, load_balancer, self._plane.config, str(self._network.path)
                    )
                except LoadBalancerError as error:
                    unsupported[load_balancer.arn] = str(error)
            for group in backend.target_groups.values():
                if not in_use(backend, group):
                    TargetGroupRecord.of(group).health.clear()
        return found, unsupported

    def _serve(self, item: DesiredLoadBalancer) -> None:
        try:
            running = self._process(item)
            process = running.process
            for group, targets in item.targets.items():
                process.set_targets(group, targets)
            report = process.poll()
            self._choose_zones(item, running, report)
        except LoadBalancerError as error:
            self._retry_at[item.arn] = self._clock() + RETRY_AFTER
            self._report_failure(item.arn, str(error))
            return
        self._retry_at.pop(item.arn, None)
        self._reports[item.arn] = report
        self._publish(item, report)
        running.traffic.publish(item, report, process.requests, process.statistics())

    def _choose_zones(self, item: DesiredLoadBalancer, running: _Running, report: Report) -> None:
        lag = self._plane.config.seconds(periods.DNS_TIME_TO_LIVE.seconds)
        known = [node.zone for node in item.spec.nodes]
        wanted = zones.named(item.spec, report, item.away_from)
        running.followed.follow(known, wanted, self._clock(), lag)
        running.process.set_zones(running.followed.active, item.away_from)

    def _process(self, item: DesiredLoadBalancer) -> _Running:
        running = self._running.get(item.arn)
        addresses = frozenset(node.address for node in item.spec.nodes)
        for address in addresses - (running.addresses if running else frozenset()):
            self._network.add_address(address)
        if running is not None and not running.process.running():
            running.process.close()
            running = None
        if running is None:
            directory = self._root / DIRECTORY / item.name
            process = self._make(item.spec, directory, runtime_directory(self._root))
            followed = zones.Followed([node.zone for node in item.spec.nodes])
            traffic = Traffic(self._plane, item.arn, self._clock)
            running = self._running[item.arn] = _Running(process, addresses, followed, traffic)
            process.start()
            # One that goes on has counted before.
            traffic.count_from(process.statistics())
        else:
            running.process.configure(item.spec)
            for address in running.addresses - addresses:
                self._network.remove_address(address)
            running.addresses = addresses
        return running

    def _close(self, arn: str) -> None:
        running = self._running.pop(arn)
        running.process.close()
        for address in running.addresses:
            self._network.remove_address(address)

    def _report_failure(self, arn: str, reason: str) -> None:
        with self._plane.lock:
            load_balancer = self._plane.backend("elbv2").load_balancers.get(arn)
            if load_balancer is None:
                return
            record = LoadBalancerRecord.of(load_balancer)
            if load_balancer.state == "failed" and record.state_reason == reason:
                return
            load_balancer.state, record.state_reason = "failed", reason
            self._plane.notify()
        log.error("load balancer %s: %s", arn, reason)

    def _publish(self, item: DesiredLoadBalancer, report: Report) -> None:
        with self._plane.lock:
            backend = self._plane.backend("elbv2")
            load_balancer = backend.load_balancers.get(item.arn)
            if load_balancer is None:
                return
            changed = False
            record = LoadBalancerRecord.of(load_balancer)
            if record.listener_changes == item.listener_changes:
                changed = load_balancer.state != "active"
                load_balancer.state, record.state_reason = "active", None
            for name, arn in item.arns.items():
                group = backend.target_groups.get(arn)
                if group is not None:
                    known = {target.id for target in item.targets[name]}
                    changed = _write_health(group, report.get(name, {}), known) or changed
            if changed:
                self._plane.notify()


def _write_health(
    group: FakeTargetGroup, report: Mapping[str, TargetStatus], known: set[str]
) -> bool:
    """Record a target group's health and return whether anything changed.

    `known` are the targets that were registered when the report was requested: an older report
    does not overwrite what was registered or deregistered since.
    """
    health = TargetGroupRecord.of(group).health
    before = dict(health)
    for name, status in report.items():
        if (name in known) == (name in group.targets):
            health[name] = TargetHealth(status.health.value, status.reason, status.description)
    for name in list(health):
        if name not in group.targets and name not in report and name not in known:
            del health[name]
    return health != before
