"""Requests that take seconds and connections that rest, against servers of this process."""

from __future__ import annotations

import http.server
import os
import socketserver
import subprocess
import threading
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar

import pytest

from loadtest.errors import ExperimentError
from loadtest.experiments.actions import commands, connections, long_requests, scripts
from loadtest.experiments.resources import StackResources
from loadtest.experiments.session import Session, under_way
from tests.loadtest.conftest import outputs_of
from tests.loadtest.experiments.conftest import FakeCloud


class Service(http.server.BaseHTTPRequestHandler):
    """Reads the body and answers as which instance it did; closes idle connections after `timeout`."""

    protocol_version = "HTTP/1.1"
    timeout: ClassVar[float | None] = 0.3
    instance = "i-1"
    status = 400
    reads = True

    def do_GET(self) -> None:
        self._answer(200)

    def do_POST(self) -> None:
        if self.reads:
            self.rfile.read(int(self.headers["Content-Length"]))
        else:
            self.close_connection = True
        self._answer(self.status)

    def _answer(self, status: int) -> None:
        self.send_response(status)
        self.send_header(long_requests.INSTANCE_HEADER, self.instance)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - its name
        pass


class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True
    request_queue_size = 128


@contextmanager
def serving(**changed: Any) -> Generator[int]:
    server = Server(("127.0.0.1", 0), type("Changed", (Service,), changed))
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()


def at(session: Session, port: int, tmp_path: Path) -> Session:
    """The same experiment on a stack whose load balancer is that server."""
    assert isinstance(session.stack.clients, FakeCloud)
    stack = StackResources(outputs_of(url=f"http://127.0.0.1:{port}"), session.stack.clients)  # type: ignore[arg-type]
    return Session(session.experiment, stack, "mark-1", session.journal, tmp_path)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """A region in which AWS's seconds are hundredths."""
    monkeypatch.setenv("LOADTEST_REGION_SPEED", "40")


def ended(cloud: FakeCloud) -> list[str]:
    call = "autoscaling.terminate_instance_in_auto_scaling_group"
    return [str(one["InstanceId"]) for one in cloud.called(call)]


@pytest.mark.usefixtures("quick")
def test_long_requests_that_are_answered_are_no_fault(
    cloud: FakeCloud, session: Session, tmp_path: Path
) -> None:
    with serving() as port, under_way(at(session, port, tmp_path)) as shown:
        assert long_requests.retire() == ["i-1"]
    assert ended(cloud) == ["i-1"]
    assert shown.found == []
    assert shown.notes["long requests"] == "6 of 6 were answered"
    assert shown.began_ms is not None


@pytest.mark.usefixtures("quick")
def test_a_long_request_that_is_cut_off_is_found(
    cloud: FakeCloud, session: Session, tmp_path: Path
) -> None:
    with serving(status=502) as port, under_way(at(session, port, tmp_path)) as shown:
        long_requests.retire()
    assert [one.id for one in shown.found] == ["experiment.long-lost"]
    assert shown.notes["long requests lost"] == "status 502"
    assert ended(cloud) == ["i-1"]


@pytest.mark.usefixtures("quick")
def test_another_instance_is_retired_if_no_long_request_was_at_the_first(
    cloud: FakeCloud, session: Session, tmp_path: Path
) -> None:
    with serving(instance="i-2") as port, under_way(at(session, port, tmp_path)):
        assert long_requests.retire() == ["i-1", "i-2"]
    with (
        serving(instance="i-3") as port,
        under_way(at(session, port, tmp_path)),
        pytest.raises(ExperimentError, match="none of the long requests was at i-1 or i-2"),
    ):
        long_requests.retire()
    assert ended(cloud) == ["i-1", "i-2"] * 2


@pytest.mark.usefixtures("quick")
def test_a_path_that_does_not_read_the_body_is_refused(session: Session, tmp_path: Path) -> None:
    with (
        serving(reads=False, status=405) as port,
        under_way(at(session, port, tmp_path)),
        pytest.raises(ExperimentError, match=r"POST /login was answered with 405 before its body"),
    ):
        long_requests.retire()


@pytest.mark.parametrize(("timeout", "closed"), [(0.3, True), (9.0, False)])
def test_who_closes_an_idle_connection_is_seen(
    tmp_path: Path, timeout: float, *, closed: bool
) -> None:
    # A clock that is set measures no duration.
    (tmp_path / "date").write_text("#!/bin/sh\necho 1790000000000\n")
    (tmp_path / "date").chmod(0o755)
    with serving(timeout=timeout) as port:
        script = scripts.closes_idle("127.0.0.1", port, "/health", 1)
        done = subprocess.run(
            ["sh", "-c", script],
            env={**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"},
            capture_output=True,
            text=True,
            timeout=20,
            check=False,
        )
    assert done.returncode == 0, done.stderr
    found = scripts.closed_s(done.stdout)
    assert (found is not None and 0.25 < found < 1) == closed


def balanced(cloud: FakeCloud, monkeypatch: pytest.MonkeyPatch, closed_ms: int | None) -> None:
    """A load balancer that keeps connections for 60 s, before a service that closes them."""
    groups = {"TargetGroups": [{"Port": 8080, "LoadBalancerArns": ["arn:balancer"]}]}
    cloud.answers["elbv2.describe_target_groups"] = groups
    attribute = {"Key": connections.IDLE_TIMEOUT, "Value": "60"}
    cloud.answers["elbv2.describe_load_balancer_attributes"] = {"Attributes": [attribute]}
    printed = "" if closed_ms is None else f"{scripts.CLOSED}{closed_ms}\n"

    def run(_: Session, instances: list[str], script: str, timeout_s: float) -> dict[str, str]:
        assert "timeout 61 cat" in script
        assert timeout_s > 61
        return dict.fromkeys(instances, printed)

    monkeypatch.setattr(commands, "run", run)


def test_a_service_that_keeps_connections_longer_than_the_load_balancer_is_right(
    cloud: FakeCloud, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    balanced(cloud, monkeypatch, None)
    with under_way(session):
        assert connections.rest() is None
    assert session.found == []


def test_a_service_that_closes_connections_first_is_found_with_what_users_have_of_it(
    cloud: FakeCloud, session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    balanced(cloud, monkeypatch, 50)
    monkeypatch.setattr(Service, "do_GET", lambda self: self._answer(502))
    with serving() as port, under_way(at(session, port, tmp_path)) as shown:
        assert connections.rest() == 0.05
    (found,) = shown.found
    assert found.id == "experiment.keep-alive"
    assert found.params["n"] == connections.TOGETHER * connections.ROUNDS


def test_without_a_load_balancer_nobody_keeps_connections(
    cloud: FakeCloud, session: Session
) -> None:
    with under_way(session), pytest.raises(ExperimentError, match="no load balancer"):
        connections.rest()
    assert cloud.called("ssm.send_command") == []
