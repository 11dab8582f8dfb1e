"""The HAProxy configuration of one load balancer."""

from __future__ import annotations

import functools
import resource
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import jinja2

from region.services.elbv2.haproxy.model import FixedResponse, LoadBalancer, Target, TargetGroup

OPEN_SUFFIX = "--open"
"""Suffix of the backend that holds all registered targets, whatever their health."""

MOST_CONNECTIONS = 20_000
RESERVED_DESCRIPTORS = 300
SHORTEST_HARD_STOP = 30.0

UNAVAILABLE = (
    "<html><body><center><h1>503 Service Temporarily Unavailable</h1></center></body></html>"
)


@dataclass(frozen=True, slots=True)
class Files:
    """The files that the configuration names.

    Attributes:
        state: Server states to start from; None to start without.
    """

    socket: Path
    directory: Path
    state: Path | None = None

    @property
    def bad_gateway(self) -> Path:
        """The raw response to a request whose target refused the connection."""
        return self.directory / "502.http"

    @property
    def unavailable(self) -> Path:
        """The page for a target group without targets."""
        return self.directory / "503.html"

    def body(self, port: int) -> Path:
        """Return the file with the body of the fixed response of the listener on `port`."""
        return self.directory / f"fixed-{port}.body"


def render(
    balancer: LoadBalancer,
    targets: Mapping[str, Sequence[Target]],
    files: Files,
    sockets: Mapping[int, int],
) -> str:
    """Render the configuration.

    Args:
        balancer: What to serve.
        targets: The registered targets by target group name.
        files: The files that the configuration names.
        sockets: The file descriptor of each listener's socket, by port.
    """
    delays = [group.deregistration_delay for group in balancer.target_groups]
    return _template().render(
        balancer=balancer,
        targets={group.name: targets.get(group.name, ()) for group in balancer.target_groups},
        options={group.name: server_options(group) for group in balancer.target_groups},
        route=balancer.route,
        sockets=sockets,
        bodies={item.port: files.body(item.port) for item in balancer.listeners},
        socket=files.socket,
        state_file=files.state,
        bad_gateway=files.bad_gateway,
        unavailable=files.unavailable,
        maxconn=connection_limit(),
        hard_stop=max([SHORTEST_HARD_STOP, *delays]),
        open_suffix=OPEN_SUFFIX,
        ms=milliseconds,
    )


def write_pages(balancer: LoadBalancer, files: Files) -> None:
    """Write the response files that the configuration names."""
    files.directory.mkdir(parents=True, exist_ok=True)
    files.bad_gateway.write_bytes(_bad_gateway().encode())
    files.unavailable.write_text(UNAVAILABLE)
    for listener in balancer.listeners:
        if isinstance(listener.action, FixedResponse):
            files.body(listener.port).write_text(listener.action.body)


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


def _bad_gateway() -> str:
    body = "<html><body><center><h1>502 Bad Gateway</h1></center></body></html>"
    head = ("HTTP/1.1 502 Bad Gateway", "Content-Type: text/html", f"Content-Length: {len(body)}")
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
