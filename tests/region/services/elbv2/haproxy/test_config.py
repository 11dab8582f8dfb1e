"""The configuration text and the mapping of HAProxy's terms to ELB's, without a process."""

from __future__ import annotations

import resource
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from region.services.elbv2.haproxy import config
from region.services.elbv2.haproxy.model import (
    FixedResponse,
    Forward,
    Health,
    HealthCheck,
    Listener,
    LoadBalancer,
    LoadBalancerError,
    Target,
    TargetGroup,
)
from region.services.elbv2.haproxy.process import explain_failure
from region.services.elbv2.haproxy.runtime_api import ServerRow
from region.services.elbv2.haproxy.servers import Phase, Server, failure_of, status_of

POOLED = "pool-max-conn -1 pool-purge-delay 10000ms"
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
    text = config.render(spec, {"tg-web": targets}, FILES, {80: 7})
    return [line.strip() for line in text.splitlines()]


def test_the_health_check_is_the_target_groups_own():
    text = lines(balancer(group()), Target("i-1", "127.20.0.5", 8080))
    assert any(
        line.startswith("http-check send meth GET uri /health ver HTTP/1.1") for line in text
    )
    assert "http-check expect status 200-299,302" in text
    assert "timeout check 2000ms" in text
    assert f"server i-1 127.20.0.5:8080 check inter 5000ms rise 2 fall 3 {POOLED}" in text


def test_a_target_is_in_the_open_backend_without_a_check():
    text = lines(balancer(group()), Target("i-1", "127.20.0.5", 8080))
    opened = text[text.index("backend tg-web--open") :]
    assert f"server i-1 127.20.0.5:8080 {POOLED}" in opened


def test_the_listener_fails_open():
    text = lines(balancer(group()))
    assert "bind fd@7" in text
    assert "use_backend tg-web--open if !leaving { nbsrv(tg-web) eq 0 }" in text


@pytest.mark.parametrize(
    ("algorithm", "word"),
    [("round_robin", "roundrobin"), ("least_outstanding_requests", "leastconn")],
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
    config.write_pages(spec, files)
    assert files.body(81).read_text() == 'a "b"\n'
    assert f"status 404 content-type text/plain file {files.body(81)}" in config.render(
        spec, {}, files, {81: 7}
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
    with pytest.raises(LoadBalancerError, match="weighted_random"):
        group(algorithm="weighted_random")


def row(status="UP", check="L7OK", code="200", sessions=0) -> ServerRow:
    return ServerRow("tg-web", "i-1", status, check, code, sessions, 3, (("2xx", 3), ("5xx", 0)))


TARGET = Target("i-1", "127.20.0.5", 8080)


@pytest.mark.parametrize(
    ("server", "found", "health", "reason"),
    [
        (Server(TARGET), row(check="INI"), Health.INITIAL, "Elb.RegistrationInProgress"),
        (Server(TARGET), row("DOWN", "L7STS"), Health.INITIAL, "Elb.InitialHealthChecking"),
        (Server(TARGET, Phase.CHECKED), row(), Health.HEALTHY, None),
        (Server(TARGET, Phase.CHECKED), row("UP 1/2", "L7STS"), Health.HEALTHY, None),
        (
            Server(TARGET, Phase.CHECKED, failure=("Target.Timeout", "Request timed out")),
            row("DOWN 1/2"),
            Health.UNHEALTHY,
            "Target.Timeout",
        ),
        (
            Server(TARGET, Phase.DRAINING),
            row("DRAIN"),
            Health.DRAINING,
            "Target.DeregistrationInProgress",
        ),
    ],
)
def test_health_in_elbs_terms(server, found, health, reason):
    status = status_of(server, found, None)
    assert (status.health, status.reason) == (health, reason)


def test_counts_of_both_backends_are_added():
    status = status_of(Server(TARGET, Phase.CHECKED), row(sessions=1), row(sessions=2))
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
