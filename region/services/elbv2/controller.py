"""Load balancers of the control plane as HAProxy processes, and target health back into it."""

import logging
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

from region.api.server import ControlPlane
from region.daemons import remove_runtime_directory, runtime_directory
from region.services.elbv2 import desired, patches
from region.services.elbv2.desired import Wanted
from region.services.elbv2.haproxy.model import BalancerError, LoadBalancer, Target, TargetStatus
from region.services.elbv2.haproxy.process import DIRECTORY, Balancer

log = logging.getLogger(__name__)

RETRY_AFTER = 5.0
Report = dict[str, dict[str, TargetStatus]]


class Process(Protocol):
    """A load balancer's process; region.services.elbv2.haproxy.process has the real one."""

    def start(self) -> None:
        """Start it, or do nothing if it runs."""
        ...

    def running(self) -> bool:
        """Whether it runs."""
        ...

    def configure(self, spec: LoadBalancer) -> None:
        """Take over other listeners and groups."""
        ...

    def set_targets(self, group: str, targets: list[Target]) -> None:
        """Register exactly these targets."""
        ...

    def poll(self) -> Report:
        """The status of every target."""
        ...

    def close(self) -> None:
        """End it."""
        ...


class ProcessFactory(Protocol):
    """Makes the process of one load balancer."""

    def __call__(self, spec: LoadBalancer, directory: Path, runtime: Path) -> Process:
        """A process that is not started yet."""
        ...


class TargetsController:
    """Runs one process per load balancer and reports health of targets."""

    name = "targets"

    def __init__(self, plane: ControlPlane, make_process: ProcessFactory = Balancer) -> None:
        """Work on the load balancers of `plane`."""
        self._plane = plane
        self._make = make_process
        self._root = plane.config.root
        self._processes: dict[str, Process] = {}
        self._retry_at: dict[str, float] = {}
        self._reports: dict[str, Report] = {}

    def reconcile(self) -> None:
        """One round over all load balancers."""
        wanted, refused = self._read()
        for arn in [arn for arn in self._processes if arn not in wanted and arn not in refused]:
            self._processes.pop(arn).close()
            self._reports.pop(arn, None)
        for arn, reason in refused.items():
            self._report_failure(arn, reason)
        for item in wanted.values():
            if time.monotonic() >= self._retry_at.get(item.arn, 0.0):
                self._serve(item)

    def close(self) -> None:
        """End every process."""
        for process in self._processes.values():
            process.close()
        self._processes.clear()
        remove_runtime_directory(self._root)

    def status(self) -> Mapping[str, Report]:
        """The latest figures: load balancer ARN, target group name, target id."""
        return dict(self._reports)

    def _read(self) -> tuple[dict[str, Wanted], dict[str, str]]:
        wanted: dict[str, Wanted] = {}
        refused: dict[str, str] = {}
        with self._plane.lock:
            backend = self._plane.backend("elbv2")
            for load_balancer in backend.load_balancers.values():
                try:
                    wanted[load_balancer.arn] = desired.read(
                        backend, load_balancer, self._plane.config
                    )
                except BalancerError as error:
                    refused[load_balancer.arn] = str(error)
            for group in backend.target_groups.values():
                if not patches.in_use(backend, group):
                    patches.health_book(group).clear()
        return wanted, refused

    def _serve(self, item: Wanted) -> None:
        try:
            process = self._process(item)
            for group, targets in item.targets.items():
                process.set_targets(group, targets)
            report = process.poll()
        except BalancerError as error:
            self._retry_at[item.arn] = time.monotonic() + RETRY_AFTER
            self._report_failure(item.arn, str(error))
            return
        self._retry_at.pop(item.arn, None)
        self._reports[item.arn] = report
        self._publish(item, report)

    def _process(self, item: Wanted) -> Process:
        process = self._processes.get(item.arn)
        if process is None:
            directory = self._root / DIRECTORY / item.name
            process = self._make(item.spec, directory, runtime_directory(self._root))
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

    def _report_failure(self, arn: str, reason: str) -> None:
        with self._plane.lock:
            load_balancer = self._plane.backend("elbv2").load_balancers.get(arn)
            if load_balancer is None:
                return
            if load_balancer.state == "failed" and load_balancer.state_reason == reason:
                return
            load_balancer.state = "failed"
            load_balancer.state_reason = reason
            self._plane.notify()
        log.error("load balancer %s: %s", arn, reason)

    def _publish(self, item: Wanted, report: Report) -> None:
        with self._plane.lock:
            backend = self._plane.backend("elbv2")
            load_balancer = backend.load_balancers.get(item.arn)
            if load_balancer is None:
                return
            changed = False
            if patches.changes_of(load_balancer) == item.changes:
                changed = load_balancer.state != "active"
                load_balancer.state, load_balancer.state_reason = "active", None
            for name, arn in item.arns.items():
                group = backend.target_groups.get(arn)
                if group is not None:
                    known = {target.id for target in item.targets[name]}
                    changed = _write_health(group, report.get(name, {}), known) or changed
            if changed:
                self._plane.notify()


def _write_health(group: Any, report: Mapping[str, TargetStatus], known: set[str]) -> bool:
    """Note a target group's health; whether anything changed.

    `known` are the targets that were registered when the report was asked for: what was
    registered or deregistered since is not overwritten by older news.
    """
    book = patches.health_book(group)
    before = dict(book)
    for name, status in report.items():
        if (name in known) == (name in group.targets):
            book[name] = (status.health.value, status.reason, status.description)
    for name in list(book):
        if name not in group.targets and name not in report and name not in known:
            del book[name]
    return book != before
