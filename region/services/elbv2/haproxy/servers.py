"""The targets of one HAProxy process: registration, first check, draining, health.

Each node has a backend with the targets of a group that it serves, and checks them by itself. A target
is a server in two backends of a node: the checked one receives requests as long as enough of its
servers are healthy, the open one (all registered targets) when too few are, as ALB fails open.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum, auto

from region.services.elbv2.haproxy.config import (
    OPEN_SUFFIX,
    Files,
    cookie_key,
    server_options,
)
from region.services.elbv2.haproxy.errors import LoadBalancerError
from region.services.elbv2.haproxy.model import (
    LoadBalancer,
    Node,
    Report,
    Target,
    TargetGroup,
    backend_name,
    serves,
)
from region.services.elbv2.haproxy.runtime_api import RuntimeApi, ServerRow
from region.services.elbv2.haproxy.status import NodeView, failure_of, status_of

log = logging.getLogger(__name__)

REGISTERED = "New server registered."
DELETED = "Server deleted."
FULL_WEIGHT = 1

Rows = Mapping[tuple[str, str], ServerRow]


@dataclass(frozen=True, slots=True)
class _Round:
    """What one round over the servers works with.

    Attributes:
        rows: The statistics, by backend and server.
        now: The monotonic clock.
    """

    api: RuntimeApi
    rows: Rows
    now: float


class Phase(Enum):
    """The phases of a target's life."""

    SERVING = auto()
    DRAINING = auto()
    LEAVING = auto()  # drained, but HAProxy has not removed it yet


@dataclass(slots=True)
class Check:
    """A target as one node sees it.

    Attributes:
        admitted: Whether its first health check, or so many failed ones that it counts, is over.
        failing_since: When the first checks began to fail, in seconds of the monotonic clock.
        failure: Reason code and description of the last failed check.
    """

    admitted: bool = False
    failing_since: float | None = None
    failure: tuple[str, str] | None = None


@dataclass(slots=True)
class Server:
    """One target in HAProxy.

    Attributes:
        checks: By the zone of the node.
        left_at: When it was deregistered, in seconds of the monotonic clock.
        blocked: Whether the nodes have stopped sending requests to it since.
    """

    target: Target
    phase: Phase = Phase.SERVING
    checks: dict[str, Check] = field(default_factory=dict)
    left_at: float | None = None
    blocked: bool = False

    def copy(self) -> Server:
        """Return a copy that does not change with this one."""
        return replace(self, checks={zone: replace(item) for zone, item in self.checks.items()})


@dataclass(slots=True)
class ServerPool:
    """The servers of every target group of a load balancer."""

    spec: LoadBalancer
    files: Files
    servers: dict[str, dict[str, Server]] = field(default_factory=dict)
    shifted: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        """Create the table of every group."""
        for group in self.spec.target_groups:
            self.servers.setdefault(group.name, {})

    def for_spec(self, spec: LoadBalancer, files: Files) -> ServerPool:
        """Copy the pool for other groups or nodes; servers of groups that remain are kept."""
        known = self.copied()
        kept = {group.name: known.get(group.name, {}) for group in spec.target_groups}
        return ServerPool(spec, files, kept, self.shifted)

    def copied(self) -> dict[str, dict[str, Server]]:
        """Return copies of the servers, by group and target."""
        return {
            group: {key: server.copy() for key, server in servers.items()}
            for group, servers in self.servers.items()
        }

    def agrees(self, rows: Iterable[ServerRow]) -> bool:
        """Return whether a process has exactly the servers of the pool; one that leaves may be gone."""
        there = {(row.backend, row.server) for row in rows}
        wanted: set[tuple[str, str]] = set()
        leaving: set[tuple[str, str]] = set()
        for group, server in self._all():
            names = leaving if server.phase is Phase.LEAVING else wanted
            for name in self._names(group, server.target):
                backend, _, own = name.partition("/")
                names.add((backend, own))
        return wanted <= there <= wanted | leaving

    def configured(self) -> dict[str, list[Target]]:
        """Return the targets to write into the configuration file."""
        return self._targets(lambda server: server.phase is not Phase.LEAVING)

    def bound(self) -> dict[str, list[Target]]:
        """Return the targets that a client's cookie may bind it to."""
        return self._targets(lambda server: server.phase is Phase.SERVING)

    def forget_health(self) -> None:
        """Start over: nothing has been checked yet, draining servers are gone."""
        for servers in self.servers.values():
            for key, server in list(servers.items()):
                if server.phase is Phase.SERVING:
                    server.checks.clear()
                else:
                    del servers[key]

    def restore(self, api: RuntimeApi, *, remembered: bool) -> None:
        """Bring a process that has just started from `configured` to the recorded phases.

        `remembered` says whether it has loaded the servers' states from its predecessor.
        """
        for group, server in list(self._all()):
            if server.phase is Phase.LEAVING:
                del self.servers[group.name][server.target.id]
                continue
            for node in self._nodes(group, server.target):
                if not remembered or node.zone not in server.checks:
                    server.checks.pop(node.zone, None)
                    name = f"{backend_name(group.name, node.zone)}/{server.target.server}"
                    api.execute(f"set server {name} health down")

    def register(self, api: RuntimeApi, group: str, targets: Iterable[Target], now: float) -> None:
        """Make `targets` the registered ones of `group`; others start to drain."""
        if group not in self.servers:
            raise LoadBalancerError(f"Target group {group} is not attached to this load balancer.")
        known, described = self.servers[group], self._group(group)
        wanted = {target.id: target for target in targets}
        for key, server in list(known.items()):
            if key not in wanted:
                self._deregister(api, described, server, now)
            elif server.target != wanted[key]:
                self._retire(api, described, server)
        for key, target in wanted.items():
            server = known.get(key)
            if server is None:
                self._add(api, described, target)
            elif server.phase is Phase.DRAINING:
                self._return(api, described, server)

    def shift(self, zones: frozenset[str]) -> None:
        """Let no healthy target in these zones get requests, from the next `advance` on."""
        self.shifted = zones

    def advance(self, api: RuntimeApi, rows: Rows, now: float) -> Report:
        """Admit checked servers, remove drained ones and report; `now` is the monotonic clock."""
        report: Report = {group.name: {} for group in self.spec.target_groups}
        this = _Round(api, rows, now)
        for group, server in list(self._all()):
            if server.phase is Phase.LEAVING:
                self._retire(api, group, server)
                continue
            views = [
                self._view(this, group, server, node) for node in self._nodes(group, server.target)
            ]
            draining = server.phase is Phase.DRAINING
            if not draining or self._drain(api, group, server, now):
                report[group.name][server.target.id] = status_of(
                    server.target, views, draining=draining
                )
        return report

    def _view(self, this: _Round, group: TargetGroup, server: Server, node: Node) -> NodeView:
        """Advance a target as one node sees it, and return how that is afterwards."""
        backend = backend_name(group.name, node.zone)
        row = this.rows.get((backend, server.target.server))
        opened = this.rows.get((backend + OPEN_SUFFIX, server.target.server))
        check = server.checks.setdefault(node.zone, Check())
        if row is None:
            return NodeView(node.zone, None, opened, check.admitted, check.failure)
        name = f"{backend}/{server.target.server}"
        if server.phase is Phase.SERVING:
            row = _admit(this, group, check, row, name)
            weight = 0 if server.target.zone in self.shifted else FULL_WEIGHT
            if (row.weight > 0) != (weight > 0):
                this.api.execute(f"set server {name} weight {weight}")
        if not row.up and (failure := failure_of(row)):
            check.failure = failure
        return NodeView(node.zone, row, opened, check.admitted, check.failure)

    def _drain(self, api: RuntimeApi, group: TargetGroup, server: Server, now: float) -> bool:
        """Stop new requests a moment after the call; return whether the delay is not over yet."""
        left_at = server.left_at = now if server.left_at is None else server.left_at
        if not server.blocked and now >= left_at + group.propagation:
            self._block(api, group, server)
        if now >= left_at + max(group.deregistration_delay, group.propagation):
            self._retire(api, group, server)
            return False
        return True

    def _deregister(self, api: RuntimeApi, group: TargetGroup, server: Server, now: float) -> None:
        if server.phase is not Phase.SERVING:
            return
        server.phase, server.left_at, server.blocked = Phase.DRAINING, now, False
        if group.stickiness is not None:
            self._unbind(api, group, server)
        if group.propagation == 0:
            self._block(api, group, server)

    def _block(self, api: RuntimeApi, group: TargetGroup, server: Server) -> None:
        self._set_state(api, group, server, "drain")
        server.blocked = True

    def _return(self, api: RuntimeApi, group: TargetGroup, server: Server) -> None:
        """Register a target again that is still draining: it has to pass a check first."""
        for node in self._nodes(group, server.target):
            name = f"{backend_name(group.name, node.zone)}/{server.target.server}"
            api.execute(f"set server {name} health down")
        self._set_state(api, group, server, "ready")
        server.phase, server.left_at, server.blocked = Phase.SERVING, None, False
        server.checks.clear()
        self._bind(api, group, server.target)

    def _set_state(self, api: RuntimeApi, group: TargetGroup, server: Server, state: str) -> None:
        for name in self._names(group, server.target):
            api.execute(f"set server {name} state {state}")

    def _add(self, api: RuntimeApi, group: TargetGroup, target: Target) -> None:
        place = f"{target.address}:{target.port}"
        for node in self._nodes(group, target):
            route = self.spec.route(node)
            backend = backend_name(group.name, node.zone)
            name, opened = f"{backend}/{target.server}", f"{backend}{OPEN_SUFFIX}/{target.server}"
            api.execute(f"add server {name} {place} {server_options(group)} {route}", REGISTERED)
            api.execute(f"enable health {name}")
            # HAProxy takes a server that leaves maintenance for up until its first check.
            api.execute_all([f"enable server {name}", f"set server {name} health down"])
            api.execute(f"add server {opened} {place} {route}", REGISTERED)
            api.execute(f"enable server {opened}")
        self._bind(api, group, target)
        self.servers[group.name][target.id] = Server(target)

    def _bind(self, api: RuntimeApi, group: TargetGroup, target: Target) -> None:
        """Let cookies lead to a target."""
        if group.stickiness is not None:
            key = cookie_key(target.server)
            path = self.files.sticky(group.name)
            api.query(f"del map {path} {key}")
            api.execute(f"add map {path} {key} {target.server}")

    def _unbind(self, api: RuntimeApi, group: TargetGroup, server: Server) -> None:
        key = cookie_key(server.target.server)
        api.query(f"del map {self.files.sticky(group.name)} {key}")

    def _retire(self, api: RuntimeApi, group: TargetGroup, server: Server) -> None:
        """Remove a server; retried as long as HAProxy holds a connection of it."""
        server.phase = Phase.LEAVING
        if group.stickiness is not None:
            self._unbind(api, group, server)
        gone = True
        for name in self._names(group, server.target):
            api.query(f"set server {name} state maint")
            api.query(f"shutdown sessions server {name}")
            answer = api.query(f"del server {name}")
            gone = gone and (answer == DELETED or answer.startswith("No such server"))
        if gone:
            del self.servers[group.name][server.target.id]
        else:
            log.debug("server %s/%s still has connections", group.name, server.target.id)

    def _group(self, name: str) -> TargetGroup:
        return next(group for group in self.spec.target_groups if group.name == name)

    def _nodes(self, group: TargetGroup, target: Target) -> Sequence[Node]:
        return [node for node in self.spec.nodes if serves(group, node, target)]

    def _names(self, group: TargetGroup, target: Target) -> Iterator[str]:
        """Yield all of a target's names, those in the open backends first."""
        for node in self._nodes(group, target):
            backend = backend_name(group.name, node.zone)
            yield f"{backend}{OPEN_SUFFIX}/{target.server}"
            yield f"{backend}/{target.server}"

    def _all(self) -> Iterator[tuple[TargetGroup, Server]]:
        for group in self.spec.target_groups:
            for server in self.servers[group.name].values():
                yield group, server

    def _targets(self, wanted: Callable[[Server], bool]) -> dict[str, list[Target]]:
        return {
            name: [server.target for server in servers.values() if wanted(server)]
            for name, servers in self.servers.items()
        }


def _admit(this: _Round, group: TargetGroup, check: Check, row: ServerRow, name: str) -> ServerRow:
    """Let the first checks of a target count, and return its row as it is afterwards."""
    if check.admitted:
        return row
    if row.check_status == "L7OK":
        # ELB needs one successful check after registration, not the whole threshold.
        this.api.execute(f"set server {name} health up")
        check.admitted = True
        return replace(row, status="UP")
    if failure_of(row):
        # HAProxy does not count the failed checks of a server that is not up yet.
        since = this.now if check.failing_since is None else check.failing_since
        check.failing_since = since
        window = group.check.interval * (group.check.unhealthy_threshold - 1)
        check.admitted = this.now - since >= window
    return row
