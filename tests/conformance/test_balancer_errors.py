"""What an Application Load Balancer answers itself, and what it does with headers."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from botocore.exceptions import ClientError

from tests.conformance.cloud import Cloud, Network
from tests.conformance.web import PORT, Web, raw


@pytest.fixture(scope="module")
def web(everywhere: Cloud, network: Network) -> Iterator[Web]:
    cloud = everywhere.beside()
    made = Web(cloud, network, zones=(0,))
    made.configure(idle_timeout__timeout_seconds=3)
    made.healthy()
    yield made
    cloud.clean_up()


@pytest.mark.row("ELB-E10", "ELB-E12", "ELB-E09")
def test_requests_that_it_refuses(web: Web) -> None:
    assert web.get(method="TRACE").status == 405
    assert web.get(headers={"X-Forwarded-For": ", ".join(["1.1.1.1"] * 31)}).status == 463
    assert web.get(headers={"X-Forwarded-For": ", ".join(["1.1.1.1"] * 30)}).status == 200
    assert web.get(headers={"X-Big": "x" * 20_000}).status == 400
    assert web.get(headers={f"X-{number}": "x" * 8000 for number in range(6)}).status == 200
    assert web.get(headers={f"X-{number}": "x" * 8000 for number in range(9)}).status == 400
    assert b" 400 " in raw(web.dns, b"nonsense\r\n\r\n")


# ALB guide, "Troubleshoot": HTTP 400, 414 and 505; "Desync mitigation mode": BadHeader.
@pytest.mark.row("X-HTTP")
@pytest.mark.parametrize(
    ("text", "status"),
    [
        (b"GET /" + b"a" * 17_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", 414),
        (b"GET /?" + b"a" * 17_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", 414),
        (b"GET / HTTP/2.0\r\nHost: x\r\n\r\n", 505),
        (b"GET / HTTP/1.1\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: x\r\nX-A: a\x00b\r\n\r\n", 400),
        (b"GET / HTTP/1.0\r\n\r\n", 200),
        (b"GET /" + b"a" * 15_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", 200),
    ],
    ids=["414-path", "414-query", "505", "400-host", "400-null", "200-http-1.0", "200-long"],
)
def test_requests_as_http_has_them(web: Web, text: bytes, status: int) -> None:
    assert raw(web.dns, text).split()[1] == str(status).encode()


@pytest.mark.row("X-HTTP")
def test_http_2_needs_tls(web: Web) -> None:
    """ALB guide, "Listeners": HTTP/2 with HTTPS listeners."""
    preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes((0, 0, 0, 4, 0, 0, 0, 0, 0))
    assert raw(web.dns, preface).startswith(b"HTTP/1.1 4")


# ALB guide, "Redirect actions": #{host} is the host of the request; protocol, port, host or path change.
@pytest.mark.row("X-RULES", "X-HTTP")
def test_a_redirect_leads_to_a_host(web: Web, cloud: Cloud) -> None:
    elb = cloud.elbv2
    there = {"Protocol": "HTTPS", "Port": "443", "StatusCode": "HTTP_301"}
    listener = elb.create_listener(
        LoadBalancerArn=web.balancer,
        Protocol="HTTP",
        Port=8093,
        DefaultActions=[{"Type": "redirect", "RedirectConfig": there}],
    )["Listeners"][0]
    try:
        assert "SslPolicy" not in listener
        cloud.until(lambda: listens(web, 8093), within=10)
        for host, shown in ((b"My.Example:8093", b"my.example"), (b"[::1]:80", b"[::1]")):
            answer = raw(web.dns, b"GET /a?b HTTP/1.1\r\nHost: " + host + b"\r\n\r\n", 8093)
            assert b"location: https://" + shown + b":443/a?b\r\n" in answer.lower()
        nameless = raw(web.dns, b"GET / HTTP/1.0\r\n\r\n", 8093).lower()
        assert b"location: https://" in nameless
        assert b"location: https://:443" not in nameless
        for redirect in (
            {"StatusCode": "HTTP_301", "Query": "a=b"},
            {"StatusCode": "HTTP_301", "Path": "/#{bogus}"},
        ):
            with pytest.raises(ClientError):
                elb.create_rule(
                    ListenerArn=listener["ListenerArn"],
                    Priority=1,
                    Conditions=[{"Field": "path-pattern", "Values": ["/a"]}],
                    Actions=[{"Type": "redirect", "RedirectConfig": redirect}],
                )
    finally:
        elb.delete_listener(ListenerArn=listener["ListenerArn"])


@pytest.mark.row("ELB-E04", "ELB-E05", "ELB-E06", "ELB-E07", "ELB-E15")
def test_targets_that_do_not_answer_well(web: Web) -> None:
    late = web.get("/sleep/8")
    assert late.status == 504
    assert 2.5 < late.seconds < 5
    assert web.get("/hangup").status == 502
    assert web.get("/headers").status == 502
    assert web.get("/short").status == 504
    own = web.get("/status/503")
    assert (own.status, own.body) == (503, b"own page")


@pytest.mark.row("ELB-E11")
def test_half_a_request_is_a_408(web: Web) -> None:
    started = time.monotonic()
    assert b" 408 " in raw(web.dns, b"GET / HTTP/1.1\r\nHost: x\r\n")
    assert time.monotonic() - started < 6


@pytest.mark.row("ELB-E01")
def test_no_target_is_a_503(web: Web, cloud: Cloud) -> None:
    group = web.make_group()
    listener = web.listen(group, port=8090)
    try:
        cloud.until(lambda: listens(web, 8090), within=10)
        answer = web.get(port=8090)
        assert (answer.status, answer.headers["server"]) == (503, "awselb/2.0")
        assert web.get("/status/503").headers["server"] != "awselb/2.0"
    finally:
        cloud.elbv2.delete_listener(ListenerArn=listener)


@pytest.mark.slow
@pytest.mark.row("ELB-E02", "ELB-E03", "ELB-F01")
def test_targets_that_do_not_accept(web: Web, cloud: Cloud, network: Network) -> None:
    group = web.make_group()
    listener = web.listen(group, port=8091)
    closed = {"Id": web.instances[0], "Port": PORT + 1}
    cloud.elbv2.register_targets(TargetGroupArn=group, Targets=[closed])
    mute = cloud.ec2.create_security_group(
        GroupName=cloud.name("mute"), Description="mute", VpcId=network.vpc
    )["GroupId"]
    cloud.afterwards(cloud.ec2.delete_security_group, GroupId=mute)
    try:
        cloud.until(lambda: web.states(group)[web.instances[0]] == "unhealthy", within=120)
        assert web.get(port=8091).status == 502
        cloud.ec2.modify_instance_attribute(InstanceId=web.instances[0], Groups=[mute])
        time.sleep(1.5)
        answer = web.get(port=8091)
        assert answer.status == 504
        assert 9 < answer.seconds < 12
    finally:
        cloud.ec2.modify_instance_attribute(
            InstanceId=web.instances[0], Groups=[network.group, web.security_group]
        )
        cloud.elbv2.delete_listener(ListenerArn=listener)
        web.healthy()


@pytest.mark.slow
@pytest.mark.row("ELB-X01", "ELB-X02", "ELB-X03")
def test_headers_that_it_adds(web: Web, cloud: Cloud) -> None:
    plain = web.get("/")
    (address,) = plain.sent("X-Forwarded-For")
    assert plain.sent("X-Forwarded-Proto") == ["http"]
    assert plain.sent("X-Forwarded-Port") == ["80"]
    (trace,) = plain.sent("X-Amzn-Trace-Id")
    assert trace.startswith("Root=1-")
    assert len(trace) == len("Root=1-67891233-abcdef012345678912345678")
    (known,) = web.get("/", headers={"X-Amzn-Trace-Id": "Root=1-2-3"}).sent("X-Amzn-Trace-Id")
    assert known.startswith("Self=1-")
    assert known.endswith(";Root=1-2-3")
    told = {"X-Forwarded-For": "1.2.3.4"}
    for mode, expected in (
        ("append", [f"1.2.3.4, {address}"]),
        ("preserve", ["1.2.3.4"]),
        ("remove", []),
    ):
        web.configure(routing__http__xff_header_processing__mode=mode)
        assert web.get("/", headers=told).sent("X-Forwarded-For") == expected
    web.configure(routing__http__xff_header_processing__mode="append")
    listener = web.listen(web.group, port=8092)
    try:
        cloud.until(lambda: listens(web, 8092), within=10)
        assert web.get("/", port=8092, headers={"Host": "own.example"}).sent("Host") == [
            "own.example:8092"
        ]
    finally:
        cloud.elbv2.delete_listener(ListenerArn=listener)


@pytest.mark.row("ELB-X04", "ELB-X05")
def test_invalid_headers_and_ambiguous_requests(web: Web) -> None:
    assert web.get("/", headers={"a_b": "1"}).sent("a_b") == ["1"]
    web.configure(routing__http__drop_invalid_header_fields__enabled="true")
    assert web.get("/", headers={"a_b": "1"}).sent("a_b") == []
    web.configure(routing__http__drop_invalid_header_fields__enabled="false")
    twice = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab"
    assert b" 400 " in raw(web.dns, twice)


@pytest.mark.row("ELB-K02")
def test_connections_to_targets_are_reused(web: Web) -> None:
    before = web.ask(web.instances[0], "/state").told
    assert {web.get("/").status for _ in range(30)} == {200}
    after = web.ask(web.instances[0], "/state").told
    assert after["requests"] - before["requests"] >= 30
    assert after["connections"] - before["connections"] <= 8


@pytest.mark.slow
@pytest.mark.row("ELB-K01")
def test_a_clients_connection_ends_after_its_time(web: Web, cloud: Cloud) -> None:
    web.configure(client_keep_alive__seconds=60)
    with socket.create_connection((web.dns, 80), 10) as connection:
        ask = b"GET /status/200 HTTP/1.1\r\nHost: x\r\n\r\n"
        connection.sendall(ask)
        assert b"connection: close" not in connection.recv(65536).lower()
        deadline = time.monotonic() + cloud.seconds(60) + 2
        while time.monotonic() < deadline:
            time.sleep(0.5)
            connection.sendall(ask)
            if b"connection: close" in connection.recv(65536).lower():
                break
        else:
            pytest.fail("the connection was not closed")
    web.configure(client_keep_alive__seconds=3600)


@pytest.mark.row("X-CRASH502")
def test_requests_side_by_side(web: Web) -> None:
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: web.get("/sleep/0.3").status, range(16)))
    assert set(answers) == {200}


def listens(web: Web, port: int) -> bool:
    try:
        socket.create_connection((web.dns, port), 1).close()
    except OSError:
        return False
    return True
