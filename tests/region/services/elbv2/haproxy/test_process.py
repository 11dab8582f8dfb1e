"""Real HAProxy, real targets on loopback addresses."""

from __future__ import annotations

import contextlib
import dataclasses
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest

from region.daemons import sweep
from region.runtime_directories import remove_runtime_directory, runtime_directory
from region.services.elbv2.haproxy.errors import LoadBalancerError
from region.services.elbv2.haproxy.model import (
    Health,
    HealthCheck,
    Listener,
    LoadBalancer,
    Stickiness,
    TargetGroup,
)
from region.services.elbv2.haproxy.process import HAProxy
from region.services.elbv2.haproxy.rules import FixedResponse, Forward

pytestmark = pytest.mark.region
SELDOM = HealthCheck("/health", 4.0, 0.2, 2, 2, "200")
"""A check that leaves time between a registration and itself."""


def health(balancer, app, kit):
    found = balancer.poll()["tg-web"].get(kit.target(app).id)
    return found.health if found else None


def test_without_targets_the_answer_is_503(new_balancer, kit):
    assert kit.fetch(new_balancer())[0] == 503


def test_health_flips_with_the_answer_and_names_the_reason(new_balancer, new_app, kit):
    balancer, app = new_balancer(), new_app()
    balancer.set_targets("tg-web", [kit.target(app)])
    first = balancer.poll()["tg-web"][kit.target(app).id]
    assert first.health is Health.INITIAL
    kit.wait_for(lambda: health(balancer, app, kit) is Health.HEALTHY)

    app.status = 500
    kit.wait_for(lambda: health(balancer, app, kit) is Health.UNHEALTHY)
    status = balancer.poll()["tg-web"][kit.target(app).id]
    assert status.reason == "Target.ResponseCodeMismatch"
    assert status.description == "Health checks failed with these codes: [500]"

    app.status = 200
    kit.wait_for(lambda: health(balancer, app, kit) is Health.HEALTHY)


def test_a_slow_health_answer_is_a_timeout(new_balancer, new_app, kit):
    balancer, app = new_balancer(), new_app()
    app.health_delay = 1.0
    balancer.set_targets("tg-web", [kit.target(app)])
    kit.wait_for(lambda: health(balancer, app, kit) is Health.UNHEALTHY)
    assert balancer.poll()["tg-web"][kit.target(app).id].reason == "Target.Timeout"


def test_an_unhealthy_target_gets_no_request_while_another_is_healthy(new_balancer, new_app, kit):
    balancer, good, bad = new_balancer(), new_app(), new_app()
    bad.status = 500
    balancer.set_targets("tg-web", [kit.target(good), kit.target(bad)])
    kit.wait_for(lambda: health(balancer, good, kit) is Health.HEALTHY)
    assert {kit.fetch(balancer)[1] for _ in range(6)} == {good.address}
    assert bad.requests == 0


def test_a_target_gets_no_request_before_its_first_check(new_balancer, new_app, kit):
    """Such as an instance that was stopped, and starts again without its service."""
    balancer, good, silent = new_balancer(check=SELDOM), new_app(), new_app()
    balancer.set_targets("tg-web", [kit.target(good)])
    kit.wait_for(lambda: health(balancer, good, kit) is Health.HEALTHY)
    silent.close()
    balancer.set_targets("tg-web", [kit.target(good), kit.target(silent)])
    assert [kit.fetch(balancer) for _ in range(20)] == [(200, good.address)] * 20


def test_fails_open_when_no_target_is_healthy(new_balancer, new_app, kit):
    balancer, app = new_balancer(), new_app()
    app.status = 500
    balancer.set_targets("tg-web", [kit.target(app)])
    kit.wait_for(lambda: health(balancer, app, kit) is Health.UNHEALTHY)
    assert kit.fetch(balancer) == (200, app.address)
    assert balancer.poll()["tg-web"][kit.target(app).id].requests == 1


def test_a_dead_target_answers_502(new_balancer, new_app, kit):
    balancer, app = new_balancer(), new_app()
    balancer.set_targets("tg-web", [kit.target(app)])
    kit.wait_for(lambda: health(balancer, app, kit) is Health.HEALTHY)
    app.close()
    assert kit.fetch(balancer)[0] == 502


def test_what_is_no_request_is_counted_as_a_clients_error(new_balancer, kit):
    balancer = new_balancer()
    where = (balancer.spec.address, balancer.spec.listeners[0].port)
    for text in (b"nonsense\r\n\r\n", b"GET / HTTP/1.1\r\nHost: x"):
        with socket.create_connection(where, 5) as connection:
            connection.sendall(text)
    found = []
    kit.wait_for(lambda: found.extend(balancer.requests.take()) or len(found) >= 1)
    kit.wait_for(
        lambda: found.extend(balancer.requests.take()) or sum(one.count for one in found) == 2
    )
    assert {(one.code, one.zone, one.group) for one in found} == {(400, "node", "")}


def test_forwarded_headers(new_balancer, new_app, kit):
    balancer, app = new_balancer(), new_app()
    balancer.set_targets("tg-web", [kit.target(app)])
    kit.wait_for(lambda: health(balancer, app, kit) is Health.HEALTHY)
    kit.fetch(balancer)
    headers = {name.lower(): value for name, value in app.headers[0].items()}
    assert headers["x-forwarded-proto"] == "http"
    assert headers["x-forwarded-port"] == str(balancer.spec.listeners[0].port)
    assert headers["x-forwarded-for"].startswith("127.")


def test_visitors_share_few_connections_to_a_target(new_balancer, new_app, kit):
    balancer, app = new_balancer(), new_app()
    balancer.set_targets("tg-web", [kit.target(app)])
    kit.wait_for(lambda: health(balancer, app, kit) is Health.HEALTHY)
    assert {kit.fetch(balancer)[0] for _ in range(100)} == {200}
    assert app.requests == 100
    assert app.connections <= 3


def test_a_target_may_close_its_idle_connections(new_balancer, new_app, kit):
    balancer, app = new_balancer(), new_app()
    app.keeps_alive = 0.2
    balancer.set_targets("tg-web", [kit.target(app)])
    kit.wait_for(lambda: health(balancer, app, kit) is Health.HEALTHY)
    for expected in (1, 2, 3):
        assert kit.fetch(balancer) == (200, app.address)
        assert app.connections == expected
        time.sleep(0.5)


def test_a_target_that_closes_instead_of_answering_is_a_502(new_balancer, new_app, kit):
    """As behind an ALB: a request on a connection that is just being closed is not sent again."""
    balancer, app = new_balancer(), new_app()
    balancer.set_targets("tg-web", [kit.target(app)])
    kit.wait_for(lambda: health(balancer, app, kit) is Health.HEALTHY)
    assert kit.fetch(balancer)[0] == 200
    app.hangs_up = True
    assert kit.fetch(balancer)[0] == 502
    assert (app.requests, app.connections) == (2, 1)


def test_idle_connections_end_with_the_deregistration(new_balancer, new_app, kit):
    balancer, app = new_balancer(deregistration_delay=1.0), new_app()
    balancer.set_targets("tg-web", [kit.target(app)])
    kit.wait_for(lambda: health(balancer, app, kit) is Health.HEALTHY)
    assert kit.fetch(balancer)[0] == 200
    assert app.open_connections() == 1
    balancer.set_targets("tg-web", [])
    kit.wait_for(lambda: health(balancer, app, kit) is None)
    kit.wait_for(lambda: app.open_connections() == 0)


def test_idle_connections_end_after_the_idle_timeout(new_balancer, new_app, kit):
    balancer, app = new_balancer(), new_app()
    balancer.configure(dataclasses.replace(balancer.spec, idle_timeout=1.5))
    balancer.set_targets("tg-web", [kit.target(app)])
    kit.wait_for(lambda: health(balancer, app, kit) is Health.HEALTHY)
    app.delay = 0.2
    with ThreadPoolExecutor(8) as pool:
        assert {answer[0] for answer in pool.map(lambda _: kit.fetch(balancer), range(8))} == {200}
    assert app.open_connections() > 4
    kit.wait_for(lambda: app.open_connections() == 0, 5.0)


def test_draining_loses_no_request(new_balancer, new_app, kit):
    balancer, leaving, staying = new_balancer(), new_app(), new_app()
    balancer.set_targets("tg-web", [kit.target(leaving), kit.target(staying)])
    kit.wait_for(lambda: health(balancer, leaving, kit) is Health.HEALTHY)
    kit.wait_for(lambda: health(balancer, staying, kit) is Health.HEALTHY)
    leaving.delay = staying.delay = 0.3
    stop = threading.Event()
    answers: list[tuple[int, str]] = []

    def visitor() -> None:
        while not stop.is_set():
            answers.append(kit.fetch(balancer))

    with ThreadPoolExecutor(4) as pool:
        visitors = [pool.submit(visitor) for _ in range(4)]
        kit.wait_for(lambda: leaving.requests > 1)
        balancer.set_targets("tg-web", [kit.target(staying)])
        draining = balancer.poll()["tg-web"][kit.target(leaving).id]
        kit.wait_for(lambda: health(balancer, leaving, kit) is None)
        leaving.close()
        time.sleep(0.5)
        stop.set()
        for item in visitors:
            item.result()
    assert draining.health is Health.DRAINING
    assert draining.reason == "Target.DeregistrationInProgress"
    assert {status for status, _ in answers} == {200}
    assert {body for _, body in answers} == {leaving.address, staying.address}


def test_the_deregistration_delay_bounds_draining(new_balancer, new_app, kit):
    balancer, app = new_balancer(deregistration_delay=0.5), new_app()
    balancer.set_targets("tg-web", [kit.target(app)])
    kit.wait_for(lambda: health(balancer, app, kit) is Health.HEALTHY)
    app.delay = 5.0
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(kit.fetch, balancer, "/", 8.0)
        kit.wait_for(lambda: balancer.poll()["tg-web"][kit.target(app).id].in_flight == 1)
        balancer.set_targets("tg-web", [])
        started = time.monotonic()
        kit.wait_for(lambda: health(balancer, app, kit) is None)
        assert time.monotonic() - started < 3.0
        assert answer.result()[0] >= 500


def test_a_target_may_return_while_it_drains(new_balancer, new_app, kit):
    balancer, app = new_balancer(), new_app()
    balancer.set_targets("tg-web", [kit.target(app)])
    kit.wait_for(lambda: health(balancer, app, kit) is Health.HEALTHY)
    balancer.set_targets("tg-web", [])
    balancer.set_targets("tg-web", [kit.target(app)])
    kit.wait_for(lambda: health(balancer, app, kit) is Health.HEALTHY)
    assert kit.fetch(balancer)[0] == 200


def test_a_new_listener_interrupts_nothing_and_keeps_health(new_balancer, new_app, kit):
    balancer, app, sick = new_balancer(), new_app(), new_app()
    sick.status = 500
    balancer.set_targets("tg-web", [kit.target(app), kit.target(sick)])
    kit.wait_for(lambda: health(balancer, app, kit) is Health.HEALTHY)
    kit.wait_for(lambda: health(balancer, sick, kit) is Health.UNHEALTHY)
    app.delay = 1.0
    second = Listener(
        kit.free_port(balancer.spec.address), FixedResponse(418, "text/plain", "teapot")
    )
    spec = balancer.spec
    with ThreadPoolExecutor(4) as pool:
        running = [pool.submit(kit.fetch, balancer) for _ in range(3)]
        kit.wait_for(lambda: app.requests == 3)
        balancer.configure(dataclasses.replace(spec, listeners=(*spec.listeners, second)))
        assert [item.result()[0] for item in running] == [200, 200, 200]
    assert health(balancer, app, kit) is Health.HEALTHY
    assert health(balancer, sick, kit) is Health.UNHEALTHY
    app.delay = 0.0
    assert kit.fetch(balancer) == (200, app.address)
    with socket.create_connection((spec.address, second.port), 3) as raw:
        raw.sendall(b"GET / HTTP/1.0\r\n\r\n")
        assert raw.recv(4096).startswith(b"HTTP/1.1 418")


def test_reloads_lose_no_request(new_balancer, new_app, kit):
    balancer, app = new_balancer(), new_app()
    balancer.set_targets("tg-web", [kit.target(app)])
    kit.wait_for(lambda: health(balancer, app, kit) is Health.HEALTHY)
    stop, answers = threading.Event(), []

    def visitor() -> None:
        while not stop.is_set():
            answers.append(kit.fetch(balancer)[0])

    with ThreadPoolExecutor(3) as pool:
        visitors = [pool.submit(visitor) for _ in range(3)]
        for seconds in (0.4, 0.5, 0.3):
            group = balancer.spec.target_groups[0]
            check = HealthCheck("/health", seconds, 0.2, 2, 2, "200-299")
            balancer.configure(
                dataclasses.replace(
                    balancer.spec, target_groups=(dataclasses.replace(group, check=check),)
                )
            )
            time.sleep(0.3)
        stop.set()
        for item in visitors:
            item.result()
    assert len(answers) > 20
    assert set(answers) == {200}


def test_a_port_in_use_is_named_with_the_remedy(new_balancer, tmp_path):
    taken = new_balancer()
    port = taken.spec.listeners[0].port
    other = HAProxy(dataclasses.replace(taken.spec, name="other"), tmp_path / "o", tmp_path)
    with pytest.raises(LoadBalancerError, match=rf"Port {port} of 127\.78\.20\.2 is in use: end"):
        other.start()


def test_close_leaves_no_process_and_no_socket(new_balancer):
    balancer = new_balancer()
    process = psutil.Process(balancer._process.current.pid)
    sockets = list(balancer._runtime.glob("*.sock"))
    assert sockets
    balancer.close()
    assert not process.is_running()
    assert not any(path.exists() for path in sockets)


PARENT = """
import json, sys, time
from pathlib import Path
from region.services.elbv2.haproxy.model import HealthCheck, Listener, LoadBalancer, Target, TargetGroup
from region.services.elbv2.haproxy.process import HAProxy
from region.services.elbv2.haproxy.rules import Forward
root, port, app, late = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4]
group = TargetGroup("tg-web", check=HealthCheck("/health", 0.3, 0.2, 2, 2, "200"))
spec = LoadBalancer("lb-web", "127.78.20.3", (Listener(port, Forward("tg-web")),), (group,))
balancer = HAProxy(spec, root / "lb-web", root)
balancer.start()
targets = [Target("i-" + app.rpartition(".")[2], app, 18080)]
balancer.set_targets("tg-web", targets)
while balancer.poll()["tg-web"][targets[0].id].health != "healthy":
    time.sleep(0.05)
if late:
    # The kill comes before it is noted.
    balancer.set_targets("tg-web", [*targets, Target("i-late", late, 18080)])
print(json.dumps(balancer._process.current.pid), flush=True)
time.sleep(60)
"""


@pytest.fixture
def orphan(tmp_path: Path, kit):
    """Has a region start a load balancer for two apps, and kills the region; returns the process id."""

    def start(app, late="") -> tuple[int, int]:
        port = kit.free_port("127.78.20.3")
        with subprocess.Popen(
            [sys.executable, "-c", PARENT, str(tmp_path), str(port), app.address, late],
            stdout=subprocess.PIPE,
            cwd=Path(__file__).parents[5],
        ) as parent:
            assert parent.stdout is not None
            pid = json.loads(parent.stdout.readline())
            os.kill(parent.pid, signal.SIGKILL)
        return pid, port

    yield start
    sweep(tmp_path)


def adopting(tmp_path: Path, port: int) -> HAProxy:
    group = TargetGroup("tg-web", check=HealthCheck("/health", 0.3, 0.2, 2, 2, "200"))
    listener = Listener(port, Forward("tg-web"))
    spec = LoadBalancer("lb-web", "127.78.20.3", (listener,), (group,))
    return HAProxy(spec, tmp_path / "lb-web", tmp_path)


def test_the_next_region_takes_it_over_with_its_targets_connections_and_log(
    orphan, tmp_path: Path, new_app, kit
):
    app, other = new_app(), new_app()
    pid, port = orphan(app)
    with contextlib.closing(http.client.HTTPConnection("127.78.20.3", port, timeout=5)) as kept:
        kept.request("GET", "/while-no-region-runs")
        assert kept.getresponse().read().decode() == app.address
        balancer = adopting(tmp_path, port)
        balancer.start()
        try:
            assert balancer._process.current.pid == pid
            assert kit.fetch(balancer) == (200, app.address)
            kept.request("GET", "/")
            assert kept.getresponse().read().decode() == app.address
            assert health(balancer, app, kit) is Health.HEALTHY
            kit.wait_for(lambda: balancer.poll() and sum(balancer.requests._counts.values()) >= 3)
            assert sum(item.count for item in balancer.requests.take()) == 3
            # Its sockets are there too: what replaces it listens without a gap.
            wanted = dataclasses.replace(balancer.spec, idle_timeout=7.0)
            balancer.configure(wanted)
            assert balancer._process.current.pid != pid
            balancer.set_targets("tg-web", [kit.target(app), kit.target(other)])
            kit.wait_for(lambda: health(balancer, other, kit) is Health.HEALTHY)
            kit.wait_for(lambda: {kit.fetch(balancer)[1] for _ in range(4)} == {
                app.address, other.address
            })  # fmt: skip
        finally:
            balancer.close()
    kit.wait_for(lambda: not list(tmp_path.rglob("*.process.json")))
    assert sweep(tmp_path) == []


def test_what_was_not_noted_before_the_kill_is_found_out(orphan, tmp_path: Path, new_app, kit):
    app, late = new_app(), new_app()
    _, port = orphan(app, late.address)
    balancer = adopting(tmp_path, port)
    balancer.start()
    try:
        assert kit.fetch(balancer) == (200, app.address)
        assert health(balancer, app, kit) is Health.HEALTHY
        balancer.set_targets("tg-web", [kit.target(app), kit.target(late)])
        kit.wait_for(lambda: health(balancer, late, kit) is Health.HEALTHY)
    finally:
        balancer.close()


def test_one_that_has_ended_meanwhile_is_started_anew(orphan, tmp_path: Path, new_app, kit):
    app = new_app()
    pid, port = orphan(app)
    os.kill(pid, signal.SIGKILL)
    balancer = adopting(tmp_path, port)
    balancer.start()
    try:
        balancer.set_targets("tg-web", [kit.target(app)])
        kit.wait_for(lambda: health(balancer, app, kit) is Health.HEALTHY)
        assert balancer._process.current.pid != pid
    finally:
        balancer.close()


@pytest.mark.parametrize("name", ["a clone of mine", "한글", 'it\'s "quoted" \\x $y #z'])
def test_a_region_may_be_in_a_directory_of_any_name(tmp_path: Path, new_app, kit, name):
    app, runtime = new_app(), runtime_directory(tmp_path)
    group = TargetGroup(
        "tg-web", check=HealthCheck("/health", 0.3, 0.2, 2, 2, "200"),
        stickiness=Stickiness(duration=60.0),
    )  # fmt: skip
    listener = Listener(kit.free_port("127.78.20.4"), Forward("tg-web"))
    spec = LoadBalancer("lb-web", "127.78.20.4", (listener,), (group,))
    balancer = HAProxy(spec, tmp_path / name / "lb-web", runtime)
    balancer.start()
    try:
        assert kit.fetch(balancer)[0] == 503
        balancer.set_targets("tg-web", [kit.target(app)])
        kit.wait_for(lambda: health(balancer, app, kit) is Health.HEALTHY)
        balancer.configure(dataclasses.replace(spec, idle_timeout=7.0))
        assert kit.fetch(balancer) == (200, app.address)
        assert health(balancer, app, kit) is Health.HEALTHY
    finally:
        balancer.close()
    assert not list(runtime.iterdir())
    remove_runtime_directory(tmp_path)


def test_sweep_ends_what_is_left(new_balancer, tmp_path):
    balancer = new_balancer()
    process = psutil.Process(balancer._process.current.pid)
    assert sweep(tmp_path) == [f"haproxy (process {process.pid})"]
    balancer._process.current.process.wait(5)
    assert not process.is_running()
