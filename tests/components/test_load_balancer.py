"""The load balancer, its listeners and its target group."""

from __future__ import annotations

import pytest

from components.health_check import HealthCheckTiming
from components.load_balancer import SUFFIX, LoadBalancer, LoadBalancerArgs
from tests.components.options import CERTIFICATE, DOMAIN
from tests.components.templates import ACCOUNT, REGION


def load_balancer_args(**changes):
    values = {
        "vpc_id": "v",
        "subnet_ids": {"a": "s", "b": "t"},
        "security_group_id": "g",
        "app_port": 1,
        "listener_port": 80,
        "health_path": "/",
        "protect": False,
        "tags": {},
    }
    return LoadBalancerArgs(**{**values, **changes})


def test_one_zone_is_rejected():
    with pytest.raises(ValueError, match="at least 2"):
        load_balancer_args(subnet_ids={"a": "s"})


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"deregistration_delay_seconds": 0}, "cuts those in flight"),
        ({"deregistration_delay_seconds": 3600}, "at most 1800 s"),
        ({"health_check": HealthCheckTiming(timeout=5)}, "timeout 5 s is not below interval 5 s"),
        ({"health_check": HealthCheckTiming(healthy_threshold=1)}, "it has to be 2 to 10"),
        (
            {"health_check": HealthCheckTiming(interval=120, unhealthy_threshold=10)},
            "failed gets requests for 1202 s",
        ),
    ],
)
def test_what_the_policies_refuse_is_refused_at_construction(changes, words):
    with pytest.raises(ValueError, match=words):
        load_balancer_args(**changes)


def test_https_on_the_port_that_redirects_to_it_is_rejected():
    with pytest.raises(ValueError, match="set listener_port to 80"):
        load_balancer_args(listener_port=443, certificate_arn="arn")


def test_a_name_leaves_room_for_suffixes_within_32_characters():
    assert len("-targets") + len("-1234567") == SUFFIX
    with pytest.raises(ValueError, match="too long for a target group: 17 characters, at most 16"):
        LoadBalancer("b" * (32 - SUFFIX + 1), load_balancer_args())


def test_the_health_check_and_the_target_group(ha):
    target_group = ha.one("aws:lb/targetGroup:TargetGroup").inputs
    check = target_group["healthCheck"]
    assert (check["protocol"], check["path"], check["matcher"]) == ("HTTP", "/health", "200")
    assert (check["interval"], check["timeout"]) == (5, 2)
    assert (check["healthyThreshold"], check["unhealthyThreshold"]) == (2, 2)
    assert target_group["targetType"] == "instance"
    assert target_group["deregistrationDelay"] == 10
    assert target_group["loadBalancingAlgorithmType"] == "least_outstanding_requests"
    assert "name" not in target_group


def test_the_load_balancer_is_internet_facing_in_every_zone(ha):
    balancer = ha.one("aws:lb/loadBalancer:LoadBalancer")
    assert balancer.inputs["internal"] is False
    assert balancer.inputs["dropInvalidHeaderFields"] is True
    assert len(balancer.property_dependencies["subnets"]) == 3
    listener = ha.one("aws:lb/listener:Listener").inputs
    assert (listener["port"], listener["protocol"]) == (80, "HTTP")


def test_names_leave_room_for_awss_32_characters(ha):
    for kind in ("aws:lb/loadBalancer:LoadBalancer", "aws:lb/targetGroup:TargetGroup"):
        assert len(ha.one(kind).name) + len("-1234567") <= 32


def listeners(recording):
    found = recording.of("aws:lb/listener:Listener")
    return {listener.inputs["port"]: listener.inputs for listener in found}


@pytest.mark.parametrize(
    ("name", "certificate"),
    [
        ("given certificate", CERTIFICATE),
        ("given certificate and zone", CERTIFICATE),
        ("new certificate", f"arn:aws:acm:{REGION}:{ACCOUNT}:certificate/new"),
    ],
)
def test_https_serves_and_http_redirects_to_it(built, name, certificate):
    recording = built(name)
    https, http = listeners(recording)[443], listeners(recording)[80]
    assert https["protocol"] == "HTTPS"
    assert https["sslPolicy"].startswith("ELBSecurityPolicy-TLS13-1-2-")
    assert https["certificateArn"] == certificate
    assert [action["type"] for action in https["defaultActions"]] == ["forward"]
    (action,) = http["defaultActions"]
    assert action["type"] == "redirect"
    assert action["redirect"] == {"protocol": "HTTPS", "port": "443", "statusCode": "HTTP_301"}
    assert recording.outputs()["url"] == f"https://{DOMAIN}"


def test_another_http_port_still_redirects_to_https(built):
    found = listeners(built("given certificate", listenerPort="8080"))
    assert found[8080]["defaultActions"][0]["type"] == "redirect"
    assert set(found) == {443, 8080}


def test_desync_mitigation_and_zonal_shift_are_explicit(ha):
    inputs = ha.one("aws:lb/loadBalancer:LoadBalancer").inputs
    assert inputs["desyncMitigationMode"] == "defensive"
    assert inputs["enableZonalShift"] is True
    assert "accessLogs" not in inputs
