"""What a load balancer should do and what it reports, as plain values."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum

from region.services.elbv2.haproxy.errors import LoadBalancerError
from region.services.elbv2.haproxy.rules import Action, Forward, Rule
from region.services.elbv2.haproxy.tls import Tls

ROUND_ROBIN = "round_robin"
LEAST_OUTSTANDING_REQUESTS = "least_outstanding_requests"
WEIGHTED_RANDOM = "weighted_random"
ALGORITHMS = (ROUND_ROBIN, LEAST_OUTSTANDING_REQUESTS, WEIGHTED_RANDOM)

PURGES_PER_IDLE_TIMEOUT = 6
"""How often HAProxy closes idle connections to targets."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,79}")
_MATCHER = re.compile(r"\d{3}(-\d{3})?(,\d{3}(-\d{3})?)*")
_PATH = re.compile(r"/[\x21\x23-\x26\x28-\x5b\x5d-\x7e]*")
_COOKIE = re.compile(r"[A-Za-z0-9!#$&*+.^_`|~-]{1,256}")


def check_name(what: str, value: str) -> None:
    """Reject a name that HAProxy would not accept."""
    if not _NAME.fullmatch(value):
        raise LoadBalancerError(
            f"{what} {value!r} must be 1 to 80 letters, digits, dots, underscores or hyphens."
        )


class Health(StrEnum):
    """The health of a target, as ELB names it."""

    INITIAL = "initial"
    HEALTHY = "healthy"
    UNHEALTHY = "unhealthy"
    DRAINING = "draining"


@dataclass(frozen=True, slots=True)
class HealthCheck:
    """When a target counts as healthy. Times in seconds; `port` None means the traffic port."""

    path: str = "/"
    interval: float = 30.0
    timeout: float = 5.0
    healthy_threshold: int = 5
    unhealthy_threshold: int = 2
    matcher: str = "200"
    port: int | None = None

    def __post_init__(self) -> None:
        """Reject what would break the configuration file or could never work."""
        if not _PATH.fullmatch(self.path):
            raise LoadBalancerError(
                f"Health check path {self.path!r} must start with / and contain no blanks or quotes."
            )
        if not _MATCHER.fullmatch(self.matcher):
            raise LoadBalancerError(
                f"Health check matcher {self.matcher!r} must look like 200, 200,202 or 200-299."
            )
        if self.interval <= 0 or self.timeout <= 0:
            raise LoadBalancerError(
                f"Health check interval {self.interval} s and timeout {self.timeout} s "
                "must be greater than 0."
            )


@dataclass(frozen=True, slots=True)
class Target:
    """One process that answers requests.

    Attributes:
        zone: Its Availability Zone; empty for one that belongs to all of them.
    """

    id: str
    address: str
    port: int
    zone: str = ""

    def __post_init__(self) -> None:
        """Reject ids that are not valid as a HAProxy server name."""
        check_name("Target id", self.id)

    @property
    def server(self) -> str:
        """The name of its server in HAProxy, from which health checks take the Host header."""
        return f"{self.id}_{self.address}:{self.port}"


@dataclass(frozen=True, slots=True)
class Stickiness:
    """A cookie that binds a client to a target.

    Attributes:
        duration: For how many seconds.
        cookie: The application's own cookie that it needs; empty for a cookie of the balancer alone.
    """

    duration: float
    cookie: str = ""

    def __post_init__(self) -> None:
        """Reject a name that could break out of the configuration line."""
        if self.cookie and not _COOKIE.fullmatch(self.cookie):
            raise LoadBalancerError(
                f"Application cookie name {self.cookie!r} has characters that the local region does "
                "not support: use letters, digits, hyphens and underscores."
            )


@dataclass(frozen=True, slots=True)
class Minimum:
    """How many targets have to be healthy. A value of 0 asks for none."""

    count: int = 1
    percentage: int = 0

    def met(self, healthy: int, registered: int) -> bool:
        """Return whether so many healthy ones of so many are enough."""
        return healthy >= self.count and healthy * 100 >= self.percentage * registered


@dataclass(frozen=True, slots=True)
class TargetGroup:
    """Targets that share a health check. Times in seconds.

    Attributes:
        cross_zone: Whether each node sends to the targets of all zones.
        routing: With fewer healthy targets than that, requests go to all of them.
        dns: With fewer, the zone's node is taken out of the load balancer's name.
        propagation: How long nodes go on sending to a target after it was deregistered.
    """

    name: str
    check: HealthCheck
    deregistration_delay: float = 300.0
    algorithm: str = ROUND_ROBIN
    slow_start: float = 0.0
    stickiness: Stickiness | None = None
    cross_zone: bool = True
    routing: Minimum = Minimum()
    dns: Minimum = Minimum()
    propagation: float = 0.0

    def __post_init__(self) -> None:
        """Reject names and algorithms that HAProxy does not support."""
        check_name("Target group name", self.name)
        if self.algorithm not in ALGORITHMS:
            raise LoadBalancerError(
                f"Load balancing algorithm {self.algorithm!r} of target group {self.name} is not "
                f"supported: use {', '.join(ALGORITHMS[:-1])} or {ALGORITHMS[-1]}."
            )


@dataclass(frozen=True, slots=True)
class Node:
    """The load balancer in one Availability Zone.

    Attributes:
        address: The address that its targets see, in the network; empty without a network.
        public: Whether answers find a way from its subnet to the internet.
    """

    zone: str
    address: str = ""
    public: bool = True

    def __post_init__(self) -> None:
        """Reject a zone that is not valid in the name of a backend."""
        check_name("Availability Zone", self.zone)


@dataclass(frozen=True, slots=True)
class Listener:
    """A port that the load balancer listens on.

    Attributes:
        action: What it does with a request that no rule matches.
        rules: In the order of their priority.
        admitted: Whether the load balancer's security groups open the port to the internet.
        tls: What it presents to clients of HTTPS; None for HTTP.
    """

    port: int
    action: Action
    admitted: bool = True
    rules: tuple[Rule, ...] = ()
    tls: Tls | None = None

    @property
    def scheme(self) -> str:
        """The scheme of URLs that lead to it."""
        return "https" if self.tls else "http"

    @property
    def usual_port(self) -> int:
        """The port that such URLs need not name."""
        return 443 if self.tls else 80

    @property
    def actions(self) -> tuple[Action, ...]:
        """The actions of all rules and its own."""
        return (*(rule.action for rule in self.rules), self.action)


@dataclass(frozen=True, slots=True)
class HeaderModes:
    """What a load balancer does with the headers of requests.

    Attributes:
        forwarded_for: What becomes of X-Forwarded-For: `append`, `preserve` or `remove`.
        client_port: Whether the client's port is appended with its address.
        preserve_host: Whether Host is passed on as it came.
        drop_invalid: Whether headers whose names are not of letters, digits and hyphens are removed.
        tls: Whether targets are told the client's version of TLS and its cipher.
    """

    forwarded_for: str = "append"
    client_port: bool = False
    preserve_host: bool = False
    drop_invalid: bool = False
    tls: bool = False


@dataclass(frozen=True, slots=True)
class LoadBalancer:
    """One load balancer, its nodes and listeners, and the target groups they use.

    Attributes:
        address: Where it listens, on the host's loopback device.
        nodes: One per Availability Zone.
        network: The file of the network namespace that its targets are in; empty for the host's.
        keep_alive: For how many seconds a client may use one connection.
    """

    name: str
    address: str
    listeners: tuple[Listener, ...] = ()
    target_groups: tuple[TargetGroup, ...] = ()
    idle_timeout: float = 60.0
    nodes: tuple[Node, ...] = (Node("node"),)
    network: str = ""
    keep_alive: float = 3600.0
    headers: HeaderModes = field(default_factory=HeaderModes)

    def __post_init__(self) -> None:
        """Reject a listener that forwards to an unknown target group."""
        check_name("Load balancer name", self.name)
        known = {group.name for group in self.target_groups}
        for listener in self.listeners:
            for action in listener.actions:
                for name in action.groups if isinstance(action, Forward) else ():
                    if name not in known:
                        raise LoadBalancerError(
                            f"Listener {listener.port} of {self.name} forwards to target group "
                            f"{name}, which the load balancer does not have."
                        )

    def route(self, node: Node) -> str:
        """Return the options of a HAProxy server with which a node reaches it.

        An ALB keeps its connections to a target for the idle timeout; HAProxy's default for a server
        that is added at run time is to keep none. At each purge it closes half of those that it does
        not need, so that up to 63 are gone after six.
        """
        purge = max(1, round(1000 * self.idle_timeout / PURGES_PER_IDLE_TIMEOUT))
        pooled = f"pool-max-conn -1 pool-purge-delay {purge}ms"
        return f"{pooled} source {node.address}" if node.address else pooled


@dataclass(frozen=True, slots=True)
class TargetStatus:
    """What the load balancer knows about one target.

    Attributes:
        reason: ELB's reason code.
        description: ELB's description of the reason.
        requests: Requests since the process started.
        in_flight: Requests that are being answered now.
        responses: Counts by class, 1xx to 5xx.
        zone: Its Availability Zone; empty for all.
        healthy_in: The zones of the nodes that find it healthy.
        checked_in: The zones of the nodes that send requests to it.
        connection_errors: Connections to it that failed.
    """

    id: str
    health: Health
    reason: str | None = None
    description: str | None = None
    requests: int = 0
    in_flight: int = 0
    responses: tuple[tuple[str, int], ...] = ()
    zone: str = ""
    healthy_in: frozenset[str] = frozenset()
    checked_in: frozenset[str] = frozenset()
    connection_errors: int = 0


Report = dict[str, dict[str, TargetStatus]]
"""The status of every target, by target group name and target id."""


def backend_name(group: str, zone: str) -> str:
    """Return the name of the backend with a node's checked targets of a group.

    No name of a target group has two hyphens in a row.
    """
    return f"{group}--{zone}"


def serves(group: TargetGroup, node: Node, target: Target) -> bool:
    """Return whether a node sends requests to a target."""
    return group.cross_zone or target.zone in {"", node.zone}
