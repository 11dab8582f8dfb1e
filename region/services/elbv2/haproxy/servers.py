"""The targets of one HAProxy process: registration, first check, draining, health.

Each target is a server in two backends: the checked one receives requests as long as any of its
servers is healthy, the open one (all registered targets) when none is, as ALB fails open.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum, auto

from region.services.elbv2.haproxy.config import OPEN_SUFFIX, server_options
from region.services.elbv2.haproxy.model import (
    Health,
    LoadBalancerError,
    Target,
    TargetGroup,
    TargetStatus,
)
from region.services.elbv2.haproxy.runtime_api import RuntimeApi, ServerRow

log = logging.getLogger(__name__)

REGISTERED = "New server registered."
DELETED = "Server deleted."


class Phase(Enum):
    """The phases of a server's life."""

    NEW = auto()  # waits for its first health check result
    CHECKED = auto()
    DRAINING = auto()
    LEAVING = auto()  # drained, but HAProxy has not removed it yet


@dataclass(slots=True)
class Server:
    """One target in HAProxy.

    Attributes:
        drain_until: End of the deregistration delay, in seconds of the monotonic clock.
        failing_since: When the first checks began to fail, on the same clock.
        failure: Reason code and description of the last failed check.
    """

    target: Target
    phase: Phase = Phase.NEW
    drain_until: float | None = None
    failing_since: float | None = None
    failure: tuple[str, str] | None = None

    @property
    def leaving(self) -> bool:
        """Whether it is drained and being removed from HAProxy."""
        return self.phase is Phase.LEAVING


@dataclass(slots=True)
class ServerPool:
    """The servers of every target group.

    Attributes:
        route: The options with which a server is reached (`LoadBalancer.route`).
    """

    groups: tuple[TargetGroup, ...]
    route: str = ""
    servers: dict[str, dict[str, Server]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Create the table of every group."""
        for group in self.groups:
            self.servers.setdefault(group.name, {})

    def for_groups(self, groups: tuple[TargetGroup, ...], route: str) -> ServerPool:
        """Copy the pool for other target groups; servers of groups that remain are kept."""
        kept = {
            group.name: {
                key: replace(server) for key, server in self.servers.get(group.name, {}).items()
            }
            for group in groups
        }
        return ServerPool(groups, route, kept)

    def configured(self) -> Mapping[str, list[Target]]:
        """Return the targets to write into the configuration file."""
        return {
            name: [s.target for s in servers.values() if s.phase is not Phase.LEAVING]
            for name, servers in self.servers.items()
        }

    def forget_health(self) -> None:
        """Start over: nothing has been checked yet, draining servers are gone."""
        for servers in self.servers.values():
            for key, server in list(servers.items()):
                if server.phase in {Phase.DRAINING, Phase.LEAVING}:
                    del servers[key]
                else:
                    server.phase = Phase.NEW
                    server.failing_since = server.failure = None

    def restore_phases(self, api: RuntimeApi, *, remembered: bool) -> None:
        """Bring a process that has just started from `configured` to the recorded phases."""
        for name, servers in self.servers.items():
            for key, server in list(servers.items()):
                if server.phase is Phase.LEAVING:
                    del servers[key]
                elif not remembered:
                    server.phase = Phase.NEW
                    api.execute(f"set server {name}/{key} health down")

    def register(self, api: RuntimeApi, group: str, targets: Iterable[Target]) -> None:
        """Make `targets` the registered ones of `group`; others start to drain."""
        if group not in self.servers:
            raise LoadBalancerError(f"Target group {group} is not attached to this load balancer.")
        known = self.servers[group]
        wanted = {target.id: target for target in targets}
        for key, server in list(known.items()):
            if key not in wanted:
                self._drain(api, group, server)
            elif server.target != wanted[key]:
                self._retire(api, group, server)
        for key, target in wanted.items():
            server = known.get(key)
            if server is None:
                self._add(api, self._group(group), target)
            elif server.phase is Phase.DRAINING:
                self._return(api, group, server)

    def advance(self, api: RuntimeApi, now: float) -> dict[str, dict[str, TargetStatus]]:
        """Admit checked servers, remove drained ones and report; `now` is the monotonic clock."""
        rows = {(row.backend, row.server): row for row in api.servers()}
        report: dict[str, dict[str, TargetStatus]] = {}
        for group in self.groups:
            found = report.setdefault(group.name, {})
            for key, server in list(self.servers[group.name].items()):
                checked = rows.get((group.name, key))
                opened = rows.get((group.name + OPEN_SUFFIX, key))
                if server.leaving:
                    self._retire(api, group.name, server)
                elif checked is not None:
                    in_flight = _sum(checked, opened)
                    checked = self._step(api, group, server, checked, in_flight=in_flight, now=now)
                    if not server.leaving:
                        found[key] = status_of(server, checked, opened)
        return report

    def _step(
        self,
        api: RuntimeApi,
        group: TargetGroup,
        server: Server,
        row: ServerRow,
        *,
        in_flight: int,
        now: float,
    ) -> ServerRow:
        """Advance one server and return its row as it is afterwards."""
        name = f"{group.name}/{server.target.id}"
        if server.phase is Phase.NEW:
            if row.check_status == "L7OK":
                # ELB needs one successful check after registration, not the whole threshold.
                api.execute(f"set server {name} health up")
                server.phase = Phase.CHECKED
                row = replace(row, status="UP")
            elif failure_of(row):
                # HAProxy does not count the failed checks of a server that is not up yet.
                server.failing_since = server.failing_since or now
                window = group.check.interval * (group.check.unhealthy_threshold - 1)
                if now - server.failing_since >= window:
                    server.phase = Phase.CHECKED
        elif server.phase is Phase.DRAINING:
            if server.drain_until is None:
                server.drain_until = now + group.deregistration_delay
            if in_flight == 0 or now >= server.drain_until:
                self._retire(api, group.name, server)
        if not row.up and (failure := failure_of(row)):
            server.failure = failure
        return row

    def _group(self, name: str) -> TargetGroup:
        return next(group for group in self.groups if group.name == name)

    def _add(self, api: RuntimeApi, group: TargetGroup, target: Target) -> None:
        place = f"{target.address}:{target.port}"
        name, opened = f"{group.name}/{target.id}", f"{group.name}{OPEN_SUFFIX}/{target.id}"
        api.execute(f"add server {name} {place} {server_options(group)} {self.route}", REGISTERED)
        api.execute(f"enable health {name}")
        api.execute(f"set server {name} health down")
        api.execute(f"enable server {name}")
        api.execute(f"add server {opened} {place} {self.route}", REGISTERED)
        api.execute(f"enable server {opened}")
        self.servers[group.name][target.id] = Server(target)

    def _drain(self, api: RuntimeApi, group: str, server: Server) -> None:
        if server.phase in {Phase.DRAINING, Phase.LEAVING}:
            return
        for backend in (group, group + OPEN_SUFFIX):
            api.execute(f"set server {backend}/{server.target.id} state drain")
        server.phase, server.drain_until = Phase.DRAINING, None

    def _return(self, api: RuntimeApi, group: str, server: Server) -> None:
        """Register a target again that is still draining; its checks never stopped."""
        for backend in (group, group + OPEN_SUFFIX):
            api.execute(f"set server {backend}/{server.target.id} state ready")
        server.phase, server.drain_until = Phase.CHECKED, None

    def _retire(self, api: RuntimeApi, group: str, server: Server) -> None:
        """Remove a server; retried as long as HAProxy holds a connection of it."""
        server.phase = Phase.LEAVING
        gone = True
        for backend in (group + OPEN_SUFFIX, group):
            name = f"{backend}/{server.target.id}"
            api.query(f"set server {name} state maint")
            api.query(f"shutdown sessions server {name}")
            answer = api.query(f"del server {name}")
            gone = gone and (answer == DELETED or answer.startswith("No such server"))
        if gone:
            del self.servers[group][server.target.id]
        else:
            log.debug("server %s/%s still has connections", group, server.target.id)


def status_of(server: Server, checked: ServerRow, opened: ServerRow | None) -> TargetStatus:
    """Describe a target's status in ELB's terms."""
    health, reason, text = _health(server, checked)
    responses = dict(checked.responses)
    for name, count in opened.responses if opened else ():
        responses[name] += count
    return TargetStatus(
        id=server.target.id,
        health=health,
        reason=reason,
        description=text,
        requests=checked.requests + (opened.requests if opened else 0),
        in_flight=_sum(checked, opened),
        responses=tuple(responses.items()),
    )


def failure_of(row: ServerRow) -> tuple[str, str] | None:
    """Return reason code and description of a failed health check; None if it succeeded."""
    if row.check_status == "L7STS":
        codes = f"Health checks failed with these codes: [{row.check_code}]"
        return "Target.ResponseCodeMismatch", codes
    if row.check_status in {"L4TOUT", "L6TOUT", "L7TOUT"}:
        return "Target.Timeout", "Request timed out"
    if row.check_status in {"L4CON", "L6RSP", "L7RSP", "SOCKERR"}:
        return "Target.FailedHealthChecks", "Health checks failed"
    return None


def _health(server: Server, row: ServerRow) -> tuple[Health, str | None, str | None]:
    if server.phase is Phase.DRAINING:
        text = "Target deregistration is in progress"
        return Health.DRAINING, "Target.DeregistrationInProgress", text
    if server.phase is Phase.NEW:
        if row.check_status in {"", "INI"}:
            text = "Target registration is in progress"
            return Health.INITIAL, "Elb.RegistrationInProgress", text
        text = "Initial health checks in progress"
        return Health.INITIAL, "Elb.InitialHealthChecking", text
    if row.up:
        return Health.HEALTHY, None, None
    reason, text = server.failure or ("Target.FailedHealthChecks", "Health checks failed")
    return Health.UNHEALTHY, reason, text


def _sum(checked: ServerRow, opened: ServerRow | None) -> int:
    return checked.sessions + (opened.sessions if opened else 0)
