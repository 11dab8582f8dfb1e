"""The configuration text and the mapping of HAProxy's terms to ELB's, without a process."""

from __future__ import annotations

import resource
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from region.services.elbv2.haproxy import config
from region.services.elbv2.haproxy.errors import LoadBalancerError
from region.services.elbv2.haproxy.model import (
    Health,
    HealthCheck,
    Listener,
    LoadBalancer,
    Minimum,
    Node,
    Stickiness,
    Target,
    TargetGroup,
)
from region.services.elbv2.haproxy.process import explain_failure
from region.services.elbv2.haproxy.rules import FixedResponse, Forward
from region.services.elbv2.haproxy.runtime_api import ServerRow
from region.services.elbv2.haproxy.status import NodeView, failure_of, status_of

POOLED = "pool-max-conn -1 pool-purge-delay 10000ms"
SERVER = "i-1_127.20.0.5:8080"
FILES = config.Files(Path("/run/x/lb.sock"), Path("/state/lb"))


def group(**changes) -> TargetGroup:
    settings = {
        "name": "tg-web",
        "check": HealthCheck("/health", 5, 2, 2, 3, "200-299,302"),
        "deregistration_delay": 10.0,
    }
    return TargetGroup(**(settings | changes))


def balancer(target_group: TargetGroup, **changes) -> LoadBalancer:
    settings = {
        "name": "lb",
        "address": "127.20.0.4",
        "listeners": (Listener(80, Forward("tg-web")),),
        "target_groups": (target_group,),
    }
    return LoadBalancer(**(settings | changes))


def lines(spec: LoadBalancer, *targets: Target) -> list[str]:
    text = config.render(spec, {"tg-web": targets}, FILES, {("127.20.0.4", 80): 7})
    return [line.strip() for line in text.splitlines()]


def test_the_health_check_is_the_target_groups_own():
    text = lines(balancer(group()), Target("i-1", "127.20.0.5", 8080))
    assert any(
        line.startswith("http-check send meth GET uri /health ver HTTP/1.1") for line in text
    )
    assert "http-check expect status 200-299,302" in text
    assert "timeout check 2000ms" in text
    assert f"server {SERVER} 127.20.0.5:8080 check inter 5000ms rise 2 fall 3 {POOLED}" in text


def test_a_target_is_in_the_open_backend_without_a_check():
    text = lines(balancer(group()), Target("i-1", "127.20.0.5", 8080))
    opened = text[text.index("backend tg-web--node--open") :]
    assert f"server {SERVER} 127.20.0.5:8080 {POOLED}" in opened


def test_only_the_node_without_a_route_to_the_internet_is_silent_to_visitors():
    nodes = (Node("a", "10.20.0.4"), Node("b", "10.20.1.4", public=False))
    text = lines(balancer(group(), nodes=nodes))
    (dropped,) = [line for line in text if "silent-drop" in line]
    assert dropped == (
        "tcp-request connection silent-drop if { dst 127.20.0.4 } { var(sess.node) -m str b }"
    )
    chosen = [number for number, line in enumerate(text) if "set-var(sess.node)" in line]
    assert max(chosen) < text.index(dropped)


def test_a_closed_listener_is_silent_once():
    closed = (Listener(80, Forward("tg-web"), admitted=False),)
    nodes = (Node("a", "10.20.0.4", public=False),)
    text = lines(balancer(group(), nodes=nodes, listeners=closed))
    assert [line for line in text if "silent-drop" in line] == [
        "tcp-request connection silent-drop if { dst 127.20.0.4 }"
    ]


def test_the_listener_fails_open():
    text = lines(balancer(group()))
    assert "bind fd@7" in text
    assert "use_backend %[var(txn.open)] if !leaving { var(txn.be),nbsrv eq 0 }" in text


def test_each_node_has_backends_of_its_own_and_an_address():
    nodes = (Node("zone-a", "10.20.0.5"), Node("zone-b", "10.20.1.5"))
    near = Target("i-1", "127.20.0.5", 8080, "zone-a")
    spec = balancer(group(cross_zone=False), nodes=nodes)
    text = "\n".join(lines(spec, near))
    first, second = text.split("backend tg-web--zone-b\n")
    assert f"server {SERVER}" in first
    assert "source 10.20.0.5" in first
    assert f"server {SERVER}" not in second
    both = "\n".join(lines(balancer(group(), nodes=nodes), near))
    assert f"server {SERVER}" in both.split("backend tg-web--zone-b\n")[1]


def test_thresholds_of_failing_open():
    text = lines(balancer(group(routing=Minimum(3, 75))))
    this = "{ var(txn.group) -m str tg-web }"
    assert any(f"{this} {{ var(txn.be),nbsrv lt 3 }}" in line for line in text)
    assert any("nbsrv,mul(75)" in line for line in text)


@pytest.mark.parametrize("cookie", ["", "session"])
def test_sticky_groups_set_their_cookie(cookie):
    text = lines(balancer(group(stickiness=Stickiness(60.0, cookie))))
    name = "AWSALBAPP-0" if cookie else "AWSALB"
    added = [line for line in text if line.startswith("http-response add-header Set-Cookie")]
    assert any(f'"{name}=%[srv_name' in line for line in added)
    assert any("use-server %[var(txn.server)]" in line for line in text)


@pytest.mark.parametrize(
    ("algorithm", "word"),
    [
        ("round_robin", "roundrobin"),
        ("least_outstanding_requests", "leastconn"),
        ("weighted_random", "random(1)"),
    ],
)
def test_algorithms(algorithm, word):
    assert lines(balancer(group(algorithm=algorithm))).count(f"balance {word}") == 2


def test_idle_timeout_slow_start_and_check_port():
    spec = balancer(group(slow_start=30, check=HealthCheck(port=9000)), idle_timeout=75)
    text = lines(spec, Target("i-1", "127.20.0.5", 8080))
    assert "timeout client 75000ms" in text
    pooled = "pool-max-conn -1 pool-purge-delay 12500ms"
    assert any(line.endswith(f"port 9000 slowstart 30000ms {pooled}") for line in text)


def test_the_body_of_a_fixed_response_is_a_file(tmp_path):
    spec = balancer(group(), listeners=(Listener(81, FixedResponse(404, body='a "b"\n')),))
    files = config.Files(tmp_path / "s.sock", tmp_path)
    config.write_files(spec, files, {}, ["node"])
    assert files.body(81, 0).read_text() == 'a "b"\n'
    assert f"status 404 content-type text/plain file {files.body(81, 0)}" in config.render(
        spec, {}, files, {("127.20.0.4", 81): 7}
    )


@given(st.floats(min_value=0, max_value=10_000))
def test_a_time_is_never_zero(seconds):
    value = int(config.milliseconds(seconds).removesuffix("ms"))
    assert value >= 1
    assert value == pytest.approx(seconds * 1000, abs=1)


def test_connections_fit_the_descriptor_limit():
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    if hard != resource.RLIM_INFINITY and hard >= 600:
        assert 2 * config.connection_limit() <= hard


@pytest.mark.parametrize("path", ["health", "/a b", "/a\nserver x 1.2.3.4:1", '/"', "/'", "/\\"])
def test_a_path_cannot_leave_its_line(path):
    with pytest.raises(LoadBalancerError, match="Health check path"):
        HealthCheck(path)


@pytest.mark.parametrize("matcher", ["", "2xx", "200;", "200-", "200\n"])
def test_bad_matchers(matcher):
    with pytest.raises(LoadBalancerError, match="matcher"):
        HealthCheck(matcher=matcher)


def test_a_listener_needs_its_target_group():
    with pytest.raises(LoadBalancerError, match="forwards to target group tg-other"):
        balancer(group(), listeners=(Listener(80, Forward("tg-other")),))


def test_unknown_algorithm():
    with pytest.raises(LoadBalancerError, match="'fastest'"):
        group(algorithm="fastest")


def row(status="UP", check="L7OK", code="200", sessions=0) -> ServerRow:
    return ServerRow("tg-web", "i-1", status, check, code, sessions, 3, (("2xx", 3), ("5xx", 0)))


TARGET = Target("i-1", "127.20.0.5", 8080)


def view(found, *, admitted=True, failure=None, zone="a") -> NodeView:
    return NodeView(zone, found, None, admitted, failure)


@pytest.mark.parametrize(
    ("views", "draining", "health", "reason"),
    [
        (
            [view(row(check="INI"), admitted=False)],
            False,
            Health.INITIAL,
            "Elb.RegistrationInProgress",
        ),
        (
            [view(row("DOWN", "L7STS"), admitted=False)],
            False,
            Health.INITIAL,
            "Elb.InitialHealthChecking",
        ),
        ([view(row())], False, Health.HEALTHY, None),
        ([view(row("UP 1/2", "L7STS"))], False, Health.HEALTHY, None),
        ([view(row("DOWN", "L7STS")), view(row(), zone="b")], False, Health.HEALTHY, None),
        (
            [view(row("DOWN 1/2"), failure=("Target.Timeout", "Request timed out"))],
            False,
            Health.UNHEALTHY,
            "Target.Timeout",
        ),
        ([view(row("DRAIN"))], True, Health.DRAINING, "Target.DeregistrationInProgress"),
    ],
)
def test_health_in_elbs_terms(views, draining, health, reason):
    status = status_of(TARGET, views, draining=draining)
    assert (status.health, status.reason) == (health, reason)


def test_counts_of_both_backends_are_added():
    status = status_of(
        TARGET, [NodeView("a", row(sessions=1), row(sessions=2), admitted=True)], draining=False
    )
    assert (status.in_flight, status.requests) == (3, 6)
    assert dict(status.responses)["2xx"] == 6


@pytest.mark.parametrize(
    ("check", "reason"),
    [
        ("L7STS", "Target.ResponseCodeMismatch"),
        ("L7TOUT", "Target.Timeout"),
        ("L4TOUT", "Target.Timeout"),
        ("L4CON", "Target.FailedHealthChecks"),
        ("L7RSP", "Target.FailedHealthChecks"),
        ("L7OK", None),
    ],
)
def test_reasons(check, reason):
    failure = failure_of(row("DOWN", check, "503"))
    assert (failure[0] if failure else None) == reason


def test_other_alerts_are_quoted():
    text = explain_failure("[ALERT]    (1) : config : parsing failed\n", balancer(group()))
    assert text == "HAProxy of load balancer lb did not start: config : parsing failed"
