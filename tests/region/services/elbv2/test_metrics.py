"""What a load balancer's log amounts to in AWS/ApplicationELB."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime

import pytest

from region.services.elbv2.haproxy.model import Health, TargetStatus
from region.services.elbv2.haproxy.request_log import RequestLog, parse
from region.services.elbv2.metrics import host_data, traffic_data

AT = datetime(2026, 1, 1, tzinfo=UTC)
GROUPS = {"tg": "targetgroup/tg/1"}


def published(lines, report=None):
    data = traffic_data("app/lb/1", GROUPS, parse(Counter(lines)), report or {}, AT)
    return {(item.name, tuple(sorted(item.dimensions.items()))): item for item in data}


def value(found, name, **dimensions):
    item = found.get((name, tuple(sorted(dimensions.items()))))
    return item.value if item else None


def test_what_a_target_answered():
    found = published([b"q za tg--za 200 -- 12 -", b"q zb tg--zb 503 -- 500 -"] * 2)
    assert value(found, "RequestCount", LoadBalancer="app/lb/1") == 4
    assert value(found, "HTTPCode_Target_5XX_Count", LoadBalancer="app/lb/1") == 2
    assert value(found, "HTTPCode_ELB_5XX_Count", LoadBalancer="app/lb/1") is None
    zone = {"LoadBalancer": "app/lb/1", "AvailabilityZone": "za"}
    assert value(found, "RequestCount", **zone) == 2
    times = found["TargetResponseTime", (("LoadBalancer", "app/lb/1"),)]
    assert times.counts == {0.012: 2, 0.5: 2}


def test_requests_without_a_target_are_no_requests():
    found = published([b"q za listener-80 503 LR -1 none"] * 20)
    assert value(found, "HTTPCode_ELB_503_Count", LoadBalancer="app/lb/1") == 20
    assert value(found, "RequestCount", LoadBalancer="app/lb/1") is None


@pytest.mark.parametrize("ended", [b"CC", b"CD", b"CH", b"CQ"])
def test_a_client_that_left_is_a_460(ended):
    found = published([b"q za tg--za -1 %s -1 -" % ended])
    assert value(found, "HTTPCode_ELB_4XX_Count", LoadBalancer="app/lb/1") == 1
    assert value(found, "HTTPCode_Target_4XX_Count", LoadBalancer="app/lb/1") is None


def test_failing_open_fixed_responses_and_redirects():
    found = published(
        [
            b"q za tg--za--open 200 -- 3 -",
            b"q za listener-80 200 LR -1 fixed",
            b"q za listener-80 301 LR -1 redirect",
            b"Server tg--za/i-1 is DOWN, reason: Layer4 timeout",
        ]
    )
    both = {"LoadBalancer": "app/lb/1", "TargetGroup": "targetgroup/tg/1"}
    assert value(found, "UnhealthyRoutingRequestCount", **both) == 1
    assert value(found, "HTTP_Fixed_Response_Count", LoadBalancer="app/lb/1") == 1
    assert value(found, "HTTP_Redirect_Count", LoadBalancer="app/lb/1") == 1
    assert value(found, "HTTPCode_ELB_5XX_Count", LoadBalancer="app/lb/1") is None


def test_codes_of_a_fixed_response_originate_from_the_load_balancer():
    found = published(
        [b"q za listener-80 503 LR -1 fixed", b"q za listener-80 404 LR -1 fixed"],
    )
    for name, count in (
        ("HTTP_Fixed_Response_Count", 2),
        ("HTTPCode_ELB_5XX_Count", 1),
        ("HTTPCode_ELB_503_Count", 1),
        ("HTTPCode_ELB_4XX_Count", 1),
    ):
        assert value(found, name, LoadBalancer="app/lb/1") == count


def test_malformed_requests_are_the_clients_errors():
    found = published([b"e za 0", b"e za 0", b"e zb 0", b"e za 34"])
    assert value(found, "HTTPCode_ELB_4XX_Count", LoadBalancer="app/lb/1") == 3
    zonal = {"LoadBalancer": "app/lb/1", "AvailabilityZone": "za"}
    assert value(found, "HTTPCode_ELB_4XX_Count", **zonal) == 2
    assert value(found, "RequestCount", LoadBalancer="app/lb/1") is None


def test_requests_per_target_are_an_average():
    report = {"tg": {name: TargetStatus(name, Health.HEALTHY) for name in ("1", "2")}}
    found = published([b"q za tg--za 200 -- 1 -"] * 10, report)
    assert value(found, "RequestCountPerTarget", TargetGroup="targetgroup/tg/1") == 5


def test_hosts_have_a_sample_for_each_node():
    zones = ["za", "zb"]
    whole = frozenset(zones)
    report = {
        "tg": {
            "1": TargetStatus("1", Health.HEALTHY, healthy_in=whole, checked_in=whole),
            "2": TargetStatus("2", Health.HEALTHY, healthy_in=frozenset({"zb"}), checked_in=whole),
        }
    }
    data = list(host_data("app/lb/1", GROUPS, report, zones, AT))
    healthy = next(item for item in data if item.name == "HealthyHostCount")
    assert sorted(healthy.samples) == [1.0, 2.0]


def test_the_log_counts_equal_lines_and_keeps_half_a_one():
    log = RequestLog()
    try:
        with open(log.descriptor, "wb", buffering=0, closefd=False) as pipe:
            pipe.write(b"q za tg--za 200 -- 1 -\n" * 3 + b"q za tg--")
            log.read()
            pipe.write(b"za 200 -- 1 -\n")
        (found,) = log.take()
        assert found.count == 4
        assert log.take() == []
    finally:
        log.close()
