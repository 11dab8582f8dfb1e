"""The HAProxy configuration of one load balancer."""

from __future__ import annotations

import functools
import hashlib
import resource
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import jinja2

from region import private
from region.services.elbv2.haproxy import routing
from region.services.elbv2.haproxy.model import (
    LEAST_OUTSTANDING_REQUESTS,
    ROUND_ROBIN,
    WEIGHTED_RANDOM,
    LoadBalancer,
    Target,
    TargetGroup,
    backend_name,
    serves,
)
from region.services.elbv2.haproxy.rules import FixedResponse

OPEN_SUFFIX = "--open"
"""Suffix of the backend that holds all registered targets, whatever their health."""

MOST_CONNECTIONS = 20_000
RESERVED_DESCRIPTORS = 300
SHORTEST_HARD_STOP = 30.0
CONNECT_TIMEOUT = 10.0
"""An ALB gives a target so many seconds to accept a connection (ALB guide, HTTP 504)."""
LONGEST_FORWARDED_FOR = 30
"""Addresses in X-Forwarded-For (ALB guide, HTTP 463)."""
ZONE_SHARES = 60
"""Into how many shares new connections are divided: even for one to six nodes."""

_BALANCE = {
    ROUND_ROBIN: "roundrobin",
    LEAST_OUTSTANDING_REQUESTS: "leastconn",
    WEIGHTED_RANDOM: "random(1)",
}
_ERRORS = {
    400: "400 Bad Request",
    405: "405 Not Allowed",
    408: "408 Request Timeout",
    414: "414 Request-URI Too Large",
    463: "463",
    502: "502 Bad Gateway",
    503: "503 Service Temporarily Unavailable",
    504: "504 Gateway Timeout",
    505: "505 HTTP Version Not Supported",
}


@dataclass(frozen=True, slots=True)
class Files:
    """The files that the configuration names.

    Attributes:
        state: Server states to start from; None to start without.
        log: The descriptor that a line is written to for each request; None for no log.
    """

    socket: Path
    directory: Path
    state: Path | None = None
    log: int | None = None

    @property
    def zones(self) -> Path:
        """The map from a share of the connections to the zone whose node gets it."""
        return self.directory / "zones.map"

    def page(self, status: int) -> Path:
        """Return the page of an error of the load balancer's own."""
        return self.directory / f"{status}.html"

    def raw(self, status: int) -> Path:
        """Return the raw response that replaces one of HAProxy's own."""
        return self.directory / f"{status}.http"

    def body(self, port: int, place: int) -> Path:
        """Return the body of the fixed response of a listener's action, counted from 0."""
        return self.directory / f"fixed-{port}-{place}.body"

    def certificate(self, name: str) -> Path:
        """Return the file of a certificate with its key."""
        return self.directory / name

    def sticky(self, group: str) -> Path:
        """Return the map from the cookies of a target group to its servers."""
        return self.directory / f"sticky-{group}.map"


def render(
    balancer: LoadBalancer,
    targets: Mapping[str, Sequence[Target]],
    files: Files,
    sockets: Mapping[tuple[str, int], int],
) -> str:
    """Render the configuration.

    Args:
        balancer: What to serve.
        targets: The registered targets by target group name.
        files: The files that the configuration names.
        sockets: The file descriptor of each listening socket, by address and port.
    """
    delays = [group.deregistration_delay for group in balancer.target_groups]
    return _template().render(
        balancer=balancer,
        backends=list(_backends(balancer, targets)),
        rules={item.port: list(routing.lines(item, files)) for item in balancer.listeners},
        thresholds=list(routing.thresholds(balancer.target_groups)),
        sticky_groups=any(routing.is_sticky(item) for item in balancer.listeners),
        sockets=sockets,
        files=files,
        maxconn=connection_limit(),
        hard_stop=max([SHORTEST_HARD_STOP, *delays]),
        connect_timeout=CONNECT_TIMEOUT,
        most_addresses=LONGEST_FORWARDED_FOR,
        shares=ZONE_SHARES,
        open_suffix=OPEN_SUFFIX,
        ms=milliseconds,
        number=lambda seconds: max(1, round(seconds * 1000)),
    )


@dataclass(frozen=True, slots=True)
class _Backend:
    """One node's targets of one group, as the template needs them."""

    name: str
    group: TargetGroup
    balance: str
    servers: tuple[Target, ...]
    options: str
    route: str


def _backends(
    balancer: LoadBalancer, targets: Mapping[str, Sequence[Target]]
) -> Iterable[_Backend]:
    for group in balancer.target_groups:
        for node in balancer.nodes:
            found = targets.get(group.name, ())
            yield _Backend(
                backend_name(group.name, node.zone),
                group,
                _BALANCE[group.algorithm],
                tuple(target for target in found if serves(group, node, target)),
                server_options(group),
                balancer.route(node),
            )


def write_files(
    balancer: LoadBalancer,
    files: Files,
    targets: Mapping[str, Sequence[Target]],
    zones: Sequence[str],
) -> None:
    """Write the files that the configuration names.

    Args:
        balancer: What to serve.
        files: Where.
        targets: The targets by target group name that clients may be bound to.
        zones: The zones whose nodes get connections.
    """
    files.directory.mkdir(parents=True, exist_ok=True)
    for status in _ERRORS:
        files.page(status).write_text(page(status))
        files.raw(status).write_bytes(_raw(status).encode())
    for listener in balancer.listeners:
        for certificate in listener.tls.certificates if listener.tls else ():
            private.write(files.certificate(certificate.name), certificate.pem)
        for place, action in enumerate(listener.actions):
            if isinstance(action, FixedResponse):
                files.body(listener.port, place).write_text(action.body)
    for group in balancer.target_groups:
        if group.stickiness is not None:
            bound = targets.get(group.name, ())
            text = "".join(f"{cookie_key(item.server)} {item.server}\n" for item in bound)
            files.sticky(group.name).write_text(text)
    shares = enumerate(zone_shares(zones or [node.zone for node in balancer.nodes]))
    files.zones.write_text("".join(f"{share} {zone}\n" for share, zone in shares))


def zone_shares(zones: Sequence[str]) -> list[str]:
    """Return the zone of each share of the connections."""
    return [zones[share % len(zones)] for share in range(ZONE_SHARES)]


def cookie_key(server: str) -> str:
    """Return what stands for a server in a cookie; HAProxy computes the same."""
    return hashlib.sha1(server.encode(), usedforsecurity=False).hexdigest()


def server_options(group: TargetGroup) -> str:
    """Return the health check options of a `server` line or an `add server` command."""
    check = group.check
    words = [
        f"check inter {milliseconds(check.interval)}",
        f"rise {check.healthy_threshold} fall {check.unhealthy_threshold}",
    ]
    if check.port is not None:
        words.append(f"port {check.port}")
    if group.slow_start > 0:
        words.append(f"slowstart {milliseconds(group.slow_start)}")
    return " ".join(words)


def milliseconds(seconds: float) -> str:
    """Format a time for HAProxy; never 0, which would mean "no limit"."""
    return f"{max(1, round(seconds * 1000))}ms"


def connection_limit() -> int:
    """Return how many client connections fit this process's file descriptor limit.

    Each may need a second descriptor for the target.
    """
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    if hard == resource.RLIM_INFINITY:
        return MOST_CONNECTIONS
    return max(100, min(MOST_CONNECTIONS, (hard - RESERVED_DESCRIPTORS) // 2))


def page(status: int) -> str:
    """Return the page that an ALB sends with an error of its own."""
    text = _ERRORS[status]
    title = f"<head><title>{text}</title></head>"
    return (
        f"<html>\r\n{title}\r\n<body>\r\n<center><h1>{text}</h1></center>\r\n</body>\r\n</html>\r\n"
    )


def _raw(status: int) -> str:
    body = page(status)
    head = (
        f"HTTP/1.1 {_ERRORS[status]}",
        "Content-Type: text/html",
        f"Content-Length: {len(body)}",
    )
    return "\r\n".join([*head, "Connection: close", "", body])


@functools.cache
def _template() -> jinja2.Template:
    environment = jinja2.Environment(
        undefined=jinja2.StrictUndefined,
        autoescape=False,  # noqa: S701  # a configuration file, not HTML
        keep_trailing_newline=True,
    )
    source = Path(__file__).with_name("haproxy.cfg.j2").read_text()
    return environment.from_string(source)
