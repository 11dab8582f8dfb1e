"""Health checks, draining, and the metrics of an Application Load Balancer."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from tests.conformance.cloud import Cloud, Network
from tests.conformance.web import Web

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def web(everywhere: Cloud, network: Network) -> Iterator[Web]:
    cloud = everywhere.beside()
    made = Web(cloud, network, zones=(0, 1))
    made.set(deregistration_delay__timeout_seconds=60)
    made.healthy()
    yield made
    cloud.clean_up()


@pytest.mark.row("ELB-H12", "ELB-H13")
def test_each_node_checks_by_itself(web: Web, cloud: Cloud) -> None:
    before = len(web.ask(web.instances[0], "/state").told["checks"])
    cloud.pause(60)
    checks = web.ask(web.instances[0], "/state").told["checks"][before:]
    assert 27 <= len(checks) <= 42  # 12 an interval of 5 s, by three nodes.
    _, headers, _ = checks[-1]
    assert headers["user-agent"] == "ELB-HealthChecker/2.0"
    assert headers["host"].endswith(":8080")
    assert len({address for _, _, address in checks}) == 3


@pytest.mark.xfail(reason="HAProxy counts the interval from the end of the last check")
@pytest.mark.row("ELB-H14")
def test_a_slow_answer_delays_no_check(web: Web, cloud: Cloud) -> None:
    name = web.instances[1]
    web.ask(name, f"/set/200/{cloud.seconds(1.5)}")
    before = len(web.ask(name, "/state").told["checks"])
    cloud.pause(120)
    checks = web.ask(name, "/state").told["checks"][before:]
    web.ask(name, "/set/200/0")
    assert len(checks) >= 66  # 24 an interval of 5 s, by three nodes.


@pytest.mark.row("ELB-H01", "ELB-H02", "ELB-H06", "ELB-H07")
def test_unhealthy_and_healthy_again(web: Web, cloud: Cloud) -> None:
    name = web.instances[0]
    web.ask(name, "/set/500/0")
    cloud.until(lambda: web.states()[name] == "unhealthy", within=60)
    health = web.health()[name]["TargetHealth"]
    assert health["Reason"] == "Target.ResponseCodeMismatch"
    assert health["Description"] == "Health checks failed with these codes: [500]"
    web.ask(name, "/set/200/0")
    web.healthy()


@pytest.mark.row("ELB-D01", "ELB-D03", "ELB-D07", "ELB-D08")
def test_draining_takes_its_time(web: Web, cloud: Cloud) -> None:
    name = web.instances[0]
    web.deregister(name)
    started = time.monotonic()
    assert web.health()[name]["TargetHealth"]["Reason"] == "Target.DeregistrationInProgress"
    cloud.pause(20)
    assert web.name_of(name) not in web.spread(10)
    assert web.states()[name] == "draining"
    cloud.until(lambda: name not in web.states(), within=90)
    assert time.monotonic() - started >= cloud.seconds(58)
    web.register(name)
    assert web.states()[name] in {"initial", "healthy"}
    web.healthy()


@pytest.mark.row("ELB-D04", "ELB-D05")
def test_a_request_in_flight_may_finish(web: Web, cloud: Cloud) -> None:
    others = web.instances[1:]
    web.deregister(*others)
    cloud.until(lambda: set(web.states()) == {web.instances[0]}, within=120)
    with ThreadPoolExecutor(2) as pool:
        short = pool.submit(web.get, f"/sleep/{cloud.seconds(20)}")
        long = pool.submit(web.get, f"/sleep/{cloud.seconds(200)}")
        cloud.pause(4)
        web.deregister(web.instances[0])
        assert short.result().status == 200
        late = long.result()
    assert late.status == 502
    assert late.seconds < cloud.seconds(200)
    web.register(*web.instances)
    web.healthy()


@pytest.mark.row("ELB-W01", "ELB-W02", "ELB-W03", "ELB-W04", "ELB-W05", "ELB-E08")
def test_metrics(web: Web, cloud: Cloud) -> None:
    balancer = {
        "Name": "LoadBalancer",
        "Value": web.balancer.split(":loadbalancer/")[1],
    }
    group = {"Name": "TargetGroup", "Value": web.group.rsplit(":", 1)[1]}
    begin = datetime.now(UTC) - timedelta(seconds=2)
    for _ in range(40):
        assert web.get("/status/200").status == 200
    for _ in range(5):
        assert web.get("/status/500").status == 500
    for _ in range(5):
        web.get("/sleep/1.5")
    with pytest.raises(TimeoutError):
        web.get("/sleep/3", timeout=0.3)
    cloud.pause(130)

    def statistics(name: str, *dimensions: dict[str, str], **how: object) -> list[dict[str, float]]:
        found = cloud.cloudwatch.get_metric_statistics(
            Namespace="AWS/ApplicationELB",
            MetricName=name,
            Dimensions=list(dimensions),
            StartTime=begin - timedelta(minutes=2),
            EndTime=datetime.now(UTC) + timedelta(minutes=1),
            Period=60,
            **(how or {"Statistics": ["Sum", "Maximum", "Minimum"]}),
        )
        return found["Datapoints"]

    def total(name: str, *dimensions: dict[str, str]) -> float:
        return sum(point["Sum"] for point in statistics(name, *dimensions))

    assert total("RequestCount", balancer) >= 50
    assert total("HTTPCode_Target_5XX_Count", balancer) >= 5
    assert total("HTTPCode_Target_2XX_Count", group, balancer) >= 45
    assert total("HTTPCode_ELB_4XX_Count", balancer) >= 1
    each, whole = total("RequestCountPerTarget", group), total("RequestCount", group, balancer)
    # Earlier tests have had one target only for some of the minutes.
    assert whole / 2 - 1 <= each < whole
    assert max(point["Maximum"] for point in statistics("HealthyHostCount", group, balancer)) == 2
    assert total("UnHealthyHostCount", group, balancer) >= 0
    slow = statistics("TargetResponseTime", balancer, ExtendedStatistics=["p99"])
    assert max(point["ExtendedStatistics"]["p99"] for point in slow) == pytest.approx(1.5, abs=0.3)
    assert statistics("HTTPCode_ELB_503_Count", balancer) == []


@pytest.mark.row("ELB-H05")
def test_codes_that_pass(web: Web, cloud: Cloud) -> None:
    name = web.instances[0]
    web.ask(name, "/set/204/0")
    cloud.until(lambda: web.states()[name] == "unhealthy", within=60)
    cloud.elbv2.modify_target_group(TargetGroupArn=web.group, Matcher={"HttpCode": "200-299"})
    web.healthy()
    web.ask(name, "/set/200/0")
    cloud.elbv2.modify_target_group(TargetGroupArn=web.group, Matcher={"HttpCode": "200"})


@pytest.mark.row("ELB-A04")
def test_a_new_target_starts_slowly(web: Web, cloud: Cloud) -> None:
    web.set(slow_start__duration_seconds=300, deregistration_delay__timeout_seconds=1)
    name = web.instances[0]
    web.deregister(name)
    cloud.until(lambda: name not in web.states(), within=60)
    web.register(name)
    web.healthy()
    early = web.spread(40)[web.name_of(name)]
    assert early <= 14
    cloud.pause(300)
    late = web.spread(40)[web.name_of(name)]
    assert late >= 17
    web.set(slow_start__duration_seconds=0, deregistration_delay__timeout_seconds=60)


@pytest.mark.row("ELB-H10")
def test_a_stopped_instance_is_unused(web: Web, cloud: Cloud) -> None:
    name = web.instances[0]
    cloud.ec2.stop_instances(InstanceIds=[name])
    cloud.until(lambda: web.states().get(name) == "unused", within=120)
    health = web.health()[name]["TargetHealth"]
    assert health["Reason"] == "Target.InvalidState"
    assert health["Description"] == "Target is in the stopped state"
