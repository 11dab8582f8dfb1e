"""Controller of load balancers: each is an HAProxy process, whose target health it reports."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from moto.elbv2.models import FakeTargetGroup

from region.api.server import ControlPlane
from region.daemons import remove_runtime_directory, runtime_directory
from region.services.elbv2 import desired
from region.services.elbv2.desired import DesiredLoadBalancer
from region.services.elbv2.haproxy.model import (
    LoadBalancer,
    LoadBalancerError,
    Target,
    TargetStatus,
)
from region.services.elbv2.haproxy.process import DIRECTORY, HAProxy
from region.services.elbv2.records import LoadBalancerRecord, TargetGroupRecord, TargetHealth
from region.services.elbv2.target_groups import in_use

log = logging.getLogger(__name__)

RETRY_AFTER = 5.0
Report = dict[str, dict[str, TargetStatus]]
"""The status of every target, by target group name and target id."""


class Process(Protocol):
    """A load balancer's process; region.services.elbv2.haproxy.process has the real one."""

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

    def poll(self) -> Report:
        """Return the status of every target."""
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


class LoadBalancersController:
    """Runs one process per load balancer and reports the health of its targets."""

    name = "load balancers"

    def __init__(
        self, plane: ControlPlane, network: Network, make_process: ProcessFactory = HAProxy
    ) -> None:
        """Work on the load balancers of `plane`, whose targets are in `network`."""
        self._network = network
        self._plane = plane
        self._make = make_process
        self._root = plane.config.root
        self._processes: dict[str, Process] = {}
        self._nodes: dict[str, str] = {}
        self._retry_at: dict[str, float] = {}
        self._reports: dict[str, Report] = {}

    def reconcile(self) -> None:
        """One round over all load balancers."""
        found, unsupported = self._read()
        known = found.keys() | unsupported.keys()
        for arn in [arn for arn in self._processes if arn not in known]:
            self._close(arn)
            self._reports.pop(arn, None)
        for arn, reason in unsupported.items():
            self._report_failure(arn, reason)
        for item in found.values():
            if time.monotonic() >= self._retry_at.get(item.arn, 0.0):
                self._serve(item)

    def close(self) -> None:
        """End every process."""
        for process in self._processes.values():
            process.close()
        self._processes.clear()
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
            process = self._process(item)
            for group, targets in item.targets.items():
                process.set_targets(group, targets)
            report = process.poll()
        except LoadBalancerError as error:
            self._retry_at[item.arn] = time.monotonic() + RETRY_AFTER
            self._report_failure(item.arn, str(error))
            return
        self._retry_at.pop(item.arn, None)
        self._reports[item.arn] = report
        self._publish(item, report)

    def _process(self, item: DesiredLoadBalancer) -> Process:
        process = self._processes.get(item.arn)
        if process is None:
            directory = self._root / DIRECTORY / item.name
            if item.spec.node:
                self._network.add_address(item.spec.node)
            process = self._make(item.spec, directory, runtime_directory(self._root))
            self._nodes[item.arn] = item.spec.node
            self._processes[item.arn] = process
        elif process.running():
            process.configure(item.spec)
            return process
        else:
            process.close()
            del self._processes[item.arn]
            return self._process(item)
        process.start()
        return process

    def _close(self, arn: str) -> None:
        self._processes.pop(arn).close()
        if node := self._nodes.pop(arn, ""):
            self._network.remove_address(node)

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
