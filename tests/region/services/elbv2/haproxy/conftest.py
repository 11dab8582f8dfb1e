"""Tiny HTTP servers as targets, and load balancers on addresses of their own."""

from __future__ import annotations

import contextlib
import http.server
import itertools
import socket
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest

from region.runtime_directories import remove_runtime_directory, runtime_directory
from region.services.elbv2.haproxy.model import (
    HealthCheck,
    Listener,
    LoadBalancer,
    Target,
    TargetGroup,
)
from region.services.elbv2.haproxy.process import HAProxy
from region.services.elbv2.haproxy.rules import Forward
from tests.patience import PATIENCE

_hosts = itertools.count(10)
PORT = 18080


class App:
    """A target whose health answer and slowness a test can change."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.status = 200
        self.health_delay = 0.0
        self.delay = 0.0
        self.headers: list[dict[str, str]] = []
        self.requests = 0
        self.connections = 0
        self.keeps_alive = 60.0
        self.hangs_up = False
        app = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            served = False

            def do_GET(self) -> None:
                check = self.path == "/health"
                if not check and not self.served:
                    app.connections += 1
                    self.served = True
                if check:
                    time.sleep(app.health_delay)
                else:
                    app.requests += 1
                    app.headers.append(dict(self.headers))
                    time.sleep(app.delay)
                    if app.hangs_up:
                        self.close_connection = True
                        return
                body = app.address.encode()
                self.send_response(app.status if check else 200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def setup(self) -> None:
                self.timeout = app.keeps_alive
                super().setup()

            def handle(self) -> None:
                with contextlib.suppress(ConnectionError):
                    super().handle()

            def log_message(self, *args: object) -> None:
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 64

        self.server = Server((address, PORT), Handler)
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def open_connections(self) -> int:
        """How many connections it has; those of health checks are closed at once."""
        here = (self.address, PORT)
        return sum(
            found.laddr == here and found.status == psutil.CONN_ESTABLISHED
            for found in psutil.Process().net_connections("tcp4")
        )

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def new_app() -> Iterator[Callable[[], App]]:
    apps: list[App] = []

    def start() -> App:
        app = App(f"127.78.20.{next(_hosts)}")
        apps.append(app)
        return app

    yield start
    for app in apps:
        app.close()


def free_port(address: str) -> int:
    with socket.socket() as probe:
        probe.bind((address, 0))
        return probe.getsockname()[1]


def target(app: App) -> Target:
    return Target(f"i-{app.address.rpartition('.')[2]}", app.address, PORT)


def spec_for(port: int, **group: object) -> LoadBalancer:
    check = HealthCheck("/health", 0.3, 0.2, 2, 2, "200")
    settings: dict[str, object] = {"name": "tg-web", "check": check, "deregistration_delay": 5.0}
    target_group = TargetGroup(**(settings | group))  # type: ignore[arg-type]
    return LoadBalancer(
        "lb-web", "127.78.20.2", (Listener(port, Forward("tg-web")),), (target_group,)
    )


@pytest.fixture
def new_balancer(tmp_path: Path) -> Iterator[Callable[..., HAProxy]]:
    runtime = runtime_directory(tmp_path)
    balancers: list[HAProxy] = []

    def start(**group: object) -> HAProxy:
        balancer = HAProxy(
            spec_for(free_port("127.78.20.2"), **group), tmp_path / "lb-web", runtime
        )
        balancer.start()
        balancers.append(balancer)
        return balancer

    yield start
    for balancer in balancers:
        balancer.close()
    remove_runtime_directory(tmp_path)


@pytest.fixture
def kit() -> SimpleNamespace:
    return SimpleNamespace(target=target, wait_for=wait_for, free_port=free_port, fetch=fetch)


def fetch(balancer: HAProxy, path: str = "/", timeout: float = 5.0) -> tuple[int, str]:
    port = balancer.spec.listeners[0].port
    url = f"http://{balancer.spec.address}:{port}{path}"
    try:
        with urllib.request.urlopen(url, timeout=timeout) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def wait_for(condition: Callable[[], bool], timeout: float = PATIENCE) -> None:
    deadline = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < deadline, "condition not met in time"
        time.sleep(0.05)
