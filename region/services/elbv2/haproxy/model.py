"""What a load balancer should do and what it reports, as plain values."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

ROUND_ROBIN = "round_robin"
LEAST_OUTSTANDING_REQUESTS = "least_outstanding_requests"

PURGES_PER_IDLE_TIMEOUT = 6
"""How often HAProxy closes idle connections to targets."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,79}")
_MATCHER = re.compile(r"\d{3}(-\d{3})?(,\d{3}(-\d{3})?)*")
_PATH = re.compile(r"/[\x21\x23-\x26\x28-\x5b\x5d-\x7e]*")


class LoadBalancerError(RuntimeError):
    """A load balancer that cannot work; the message names the value and the remedy."""


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
    """One process that answers requests."""

    id: str
    address: str
    port: int

    def __post_init__(self) -> None:
        """Reject ids that are not valid as a HAProxy server name."""
        _check_name("Target id", self.id)


@dataclass(frozen=True, slots=True)
class TargetGroup:
    """Targets that share a health check. `deregistration_delay` and `slow_start` in seconds."""

    name: str
    check: HealthCheck
    deregistration_delay: float = 300.0
    algorithm: str = ROUND_ROBIN
    slow_start: float = 0.0

    def __post_init__(self) -> None:
        """Reject names and algorithms that HAProxy does not support."""
        _check_name("Target group name", self.name)
        if self.algorithm not in {ROUND_ROBIN, LEAST_OUTSTANDING_REQUESTS}:
            raise LoadBalancerError(
                f"Load balancing algorithm {self.algorithm!r} of target group {self.name} is not "
                f"supported: use {ROUND_ROBIN} or {LEAST_OUTSTANDING_REQUESTS}."
            )


@dataclass(frozen=True, slots=True)
class Forward:
    """A listener's default action: forward requests to a target group."""

    target_group: str


@dataclass(frozen=True, slots=True)
class FixedResponse:
    """A listener's default action: answer without a target."""

    status: int
    content_type: str = "text/plain"
    body: str = ""

    def __post_init__(self) -> None:
        """Reject a content type that could break out of the configuration line."""
        if not re.fullmatch(r"[\w.+-]+/[\w.+-]+", self.content_type):
            raise LoadBalancerError(
                f"Content type {self.content_type!r} of a fixed response must look like text/plain."
            )


@dataclass(frozen=True, slots=True)
class Listener:
    """A port that the load balancer listens on, and its default action.

    Attributes:
        admitted: Whether the load balancer's security groups open the port to the internet.
    """

    port: int
    action: Forward | FixedResponse
    admitted: bool = True


@dataclass(frozen=True, slots=True)
class LoadBalancer:
    """One load balancer, its listeners and the target groups they use.

    Attributes:
        address: Where it listens, on the host's loopback device.
        node: The address that its targets see, in the network.
        network: The file of the network namespace that its targets are in; empty for the host's.
    """

    name: str
    address: str
    listeners: tuple[Listener, ...] = ()
    target_groups: tuple[TargetGroup, ...] = ()
    idle_timeout: float = 60.0
    node: str = ""
    network: str = ""

    @property
    def route(self) -> str:
        """The options of a HAProxy server with which it is reached.

        An ALB keeps its connections to a target for the idle timeout; HAProxy's default for a server
        that is added at run time is to keep none. At each purge it closes half of those that it does
        not need, so that up to 63 are gone after six.
        """
        purge = max(1, round(1000 * self.idle_timeout / PURGES_PER_IDLE_TIMEOUT))
        pooled = f"pool-max-conn -1 pool-purge-delay {purge}ms"
        return f"{pooled} source {self.node}" if self.node else pooled

    def __post_init__(self) -> None:
        """Reject a listener that forwards to an unknown target group."""
        _check_name("Load balancer name", self.name)
        known = {group.name for group in self.target_groups}
        for listener in self.listeners:
            action = listener.action
            if isinstance(action, Forward) and action.target_group not in known:
                raise LoadBalancerError(
                    f"Listener {listener.port} of {self.name} forwards to target group "
                    f"{action.target_group}, which the load balancer does not have."
                )


@dataclass(frozen=True, slots=True)
class TargetStatus:
    """What the load balancer knows about one target.

    Attributes:
        reason: ELB's reason code.
        description: ELB's description of the reason.
        requests: Requests since the process started.
        in_flight: Requests that are being answered now.
        responses: Counts by class, 1xx to 5xx.
    """

    id: str
    health: Health
    reason: str | None = None
    description: str | None = None
    requests: int = 0
    in_flight: int = 0
    responses: tuple[tuple[str, int], ...] = ()


def _check_name(what: str, value: str) -> None:
    if not _NAME.fullmatch(value):
        raise LoadBalancerError(
            f"{what} {value!r} must be 1 to 80 letters, digits, dots, underscores or hyphens."
        )
