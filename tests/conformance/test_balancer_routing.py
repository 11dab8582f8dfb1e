"""Rules, weights, stickiness, failing open, and zones of an Application Load Balancer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.conformance.cloud import Cloud, Network
from tests.conformance.web import Web

PREFIX = "target_group_health__{}__minimum_healthy_targets__{}"

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def web(everywhere: Cloud, network: Network) -> Iterator[Web]:
    cloud = everywhere.beside()
    made = Web(cloud, network)
    made.healthy()
    yield made
    cloud.clean_up()


def rule(web: Web, priority: int, conditions: list[dict[str, Any]], **action: Any) -> str:
    made = web.cloud.elbv2.create_rule(
        ListenerArn=web.listener, Priority=priority, Conditions=conditions, Actions=[action]
    )
    return made["Rules"][0]["RuleArn"]


def page(text: str) -> dict[str, Any]:
    return {
        "Type": "fixed-response",
        "FixedResponseConfig": {
            "StatusCode": "200",
            "ContentType": "text/plain",
            "MessageBody": text,
        },
    }


@pytest.mark.row("X-RULES")
def test_rules_by_every_condition(web: Web, cloud: Cloud) -> None:
    conditions: dict[str, list[dict[str, Any]]] = {
        "path": [{"Field": "path-pattern", "PathPatternConfig": {"Values": ["/img/*", "/x?z"]}}],
        "host": [{"Field": "host-header", "Values": ["*.example.com"]}],
        "header": [
            {
                "Field": "http-header",
                "HttpHeaderConfig": {"HttpHeaderName": "X-Kind", "Values": ["be*a"]},
            }
        ],
        "query": [
            {
                "Field": "query-string",
                "QueryStringConfig": {"Values": [{"Key": "version", "Value": "v2*"}]},
            }
        ],
        "method": [
            {"Field": "http-request-method", "HttpRequestMethodConfig": {"Values": ["PUT"]}}
        ],
    }
    made = [
        rule(web, number, conditions[name], **page(name))
        for number, name in enumerate(conditions, 1)
    ]
    made.append(
        rule(
            web,
            10,
            [{"Field": "path-pattern", "Values": ["/old/*"]}],
            Type="redirect",
            RedirectConfig={"StatusCode": "HTTP_301", "Host": "new.example", "Path": "/n/#{path}"},
        )
    )
    try:
        web.settle()
        assert web.get("/img/a.png").body == b"path"
        assert web.get("/xyz").body == b"path"
        assert web.get("/", headers={"Host": "a.example.com"}).body == b"host"
        assert web.get("/", headers={"X-Kind": "Beta"}).body == b"header"
        assert web.get("/?a=b&version=v2.1").body == b"query"
        assert web.get("/?version=v1").told["path"] == "/?version=v1"
        assert web.get("/", method="PUT").body == b"method"
        moved = web.get("/old/a?b=c")
        assert moved.status == 301
        assert moved.headers["location"] == "http://new.example:80/n/old/a?b=c"
        (first, *_) = cloud.elbv2.describe_rules(ListenerArn=web.listener)["Rules"]
        assert first["Priority"] == "1"
        with pytest.raises(ClientError, match="PriorityInUse"):
            rule(web, 1, conditions["path"], **page("again"))
    finally:
        for arn in made:
            cloud.elbv2.delete_rule(RuleArn=arn)
        web.settle()
    assert web.get("/img/a.png").told["path"] == "/img/a.png"


# ALB UG, "CloudWatch metrics": its 5XX are those that originate from the load balancer.
@pytest.mark.row("X-RULES")
def test_a_maintenance_page_counts_as_the_load_balancers_own(web: Web, cloud: Cloud) -> None:
    fixed = {"StatusCode": "503", "ContentType": "text/html", "MessageBody": "<h1>Back soon</h1>"}
    wanted = {"Type": "fixed-response", "FixedResponseConfig": fixed}
    made = rule(web, 30, [{"Field": "path-pattern", "Values": ["/shop/*"]}], **wanted)
    try:
        web.settle()
        answer = web.get("/shop/cart")
        assert (answer.status, answer.body) == (503, b"<h1>Back soon</h1>")
        assert web.get("/shop").status == 200
    finally:
        cloud.elbv2.delete_rule(RuleArn=made)
    name = web.balancer.split(":loadbalancer/")[1]

    def counted() -> bool:
        found = cloud.cloudwatch.get_metric_statistics(
            Namespace="AWS/ApplicationELB",
            MetricName="HTTPCode_ELB_503_Count",
            Dimensions=[{"Name": "LoadBalancer", "Value": name}],
            StartTime=datetime.now(UTC) - timedelta(hours=1),
            EndTime=datetime.now(UTC) + timedelta(minutes=1),
            Period=60,
            Statistics=["Sum"],
        )["Datapoints"]
        return sum(point["Sum"] for point in found) == 1

    cloud.until(counted, 300)


@pytest.mark.row("X-WEIGHTS")
def test_weights_between_two_groups(web: Web, cloud: Cloud) -> None:
    other = web.make_group()
    web.register(web.instances[0], group=other)
    name = web.name_of(web.instances[0])
    pairs = [
        {"TargetGroupArn": other, "Weight": 100},
        {"TargetGroupArn": web.group, "Weight": 0},
    ]
    sticky = {"Enabled": True, "DurationSeconds": 3600}
    action = {
        "Type": "forward",
        "ForwardConfig": {"TargetGroups": pairs, "TargetGroupStickinessConfig": sticky},
    }
    made = rule(web, 20, [{"Field": "path-pattern", "Values": ["/canary*"]}], **action)
    try:
        web.healthy(web.instances[0], group=other)
        assert web.spread(6, "/canary") == Counter({name: 6})
        pairs[0]["Weight"], pairs[1]["Weight"] = 20, 80
        cloud.elbv2.modify_rule(RuleArn=made, Actions=[action])
        web.settle()
        seen = web.spread(120, "/canary")
        assert 30 <= seen[name] <= 86  # 20 % and a third of the rest: 56 expected.
        first = web.get("/canary")
        cookie = next(text for text in first.cookies if text.startswith("AWSALBTG="))
        pairs[0]["Weight"], pairs[1]["Weight"] = 0, 100
    finally:
        cloud.elbv2.delete_rule(RuleArn=made)
    assert cookie.split(";")[0] != "AWSALBTG="


@pytest.mark.row("ELB-S01", "ELB-S02", "ELB-S03")
def test_stickiness_by_cookie(web: Web) -> None:
    web.set(stickiness__enabled="true", stickiness__type="lb_cookie")
    try:
        web.settle()
        first = web.get("/")
        own = next(text for text in first.cookies if text.startswith("AWSALB="))
        cors = next(text for text in first.cookies if text.startswith("AWSALBCORS="))
        assert "Expires=" in own
        assert "SameSite=None" in cors
        assert "Secure" in cors
        headers = {"Cookie": own.split(";")[0]}
        names = {web.get("/", headers=headers).told["name"] for _ in range(10)}
        assert names == {first.told["name"]}
        bound = next(i for i in web.instances if web.name_of(i) == first.told["name"])
        web.deregister(bound)
        web.cloud.pause(25)
        renewed = web.get("/", headers=headers)
        assert renewed.told["name"] != first.told["name"]
        assert any(text.startswith("AWSALB=") for text in renewed.cookies)
        web.register(bound)
        web.healthy()
    finally:
        web.set(stickiness__enabled="false")


@pytest.mark.row("ELB-F01", "ELB-F02", "ELB-E15")
def test_failing_open_below_a_threshold(web: Web) -> None:
    broken = web.instances[0]
    web.ask(broken, "/set/500/0")
    try:
        web.cloud.until(lambda: web.states()[broken] == "unhealthy", within=60)
        assert web.name_of(broken) not in web.spread(12)
        web.set(**{PREFIX.format("unhealthy_state_routing", "percentage"): 75})
        web.settle()
        assert web.name_of(broken) in web.spread(15)
        web.set(**{PREFIX.format("unhealthy_state_routing", "percentage"): "off"})
        web.settle()
        assert web.name_of(broken) not in web.spread(12)
    finally:
        web.ask(broken, "/set/200/0")
        web.healthy()


@pytest.mark.row("ELB-A02", "ELB-A05")
def test_algorithms(web: Web) -> None:
    web.set(load_balancing__algorithm__type="least_outstanding_requests")
    web.settle()
    with ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(lambda _: web.get("/").told["name"], range(24)))
    assert len(set(answers)) == 3
    web.set(load_balancing__algorithm__type="weighted_random")
    web.settle()
    assert web.health()[web.instances[0]]["AnomalyDetection"]["Result"] == "normal"
    assert len(web.spread(30)) == 3
    web.set(load_balancing__algorithm__type="round_robin")


@pytest.mark.row("ELB-F05", "ELB-A06")
def test_cross_zone_off(web: Web, cloud: Cloud) -> None:
    web.set(load_balancing__cross_zone__enabled="false")
    web.settle()
    try:
        assert len(web.spread(40)) == 3
        broken = web.instances[0]
        web.ask(broken, "/set/500/0")
        cloud.until(lambda: web.states()[broken] == "unhealthy", within=60)
        # The node of its zone fails open for itself, until the zone leaves the name.
        cloud.until(lambda: web.name_of(broken) not in web.spread(25), within=150)
    finally:
        web.ask(web.instances[0], "/set/200/0")
        web.set(load_balancing__cross_zone__enabled="true")
        web.healthy()


@pytest.mark.row("ELB-Z02", "ELB-Z03")
def test_a_zonal_shift_moves_traffic(web: Web, cloud: Cloud, network: Network) -> None:
    arc = cloud.client("arc-zonal-shift")
    web.configure(zonal_shift__config__enabled="true")
    shift = arc.start_zonal_shift(
        resourceIdentifier=web.balancer,
        awayFrom=cloud.zone_id(network.zones[0]),
        expiresIn="1h",
        comment="drill",
    )
    try:
        web.settle()
        health = web.health()
        assert health[web.instances[0]]["AdministrativeOverride"]["State"] == "zonal_shift_active"
        assert health[web.instances[1]]["AdministrativeOverride"]["State"] == "no_override"
        cloud.until(lambda: web.name_of(web.instances[0]) not in web.spread(20), within=120)
    finally:
        arc.cancel_zonal_shift(zonalShiftId=shift["zonalShiftId"])
    cloud.until(lambda: web.name_of(web.instances[0]) in web.spread(20), within=120)


@pytest.mark.row("ELB-H09", "X-SETSUBNETS")
def test_a_zone_without_a_node(web: Web, cloud: Cloud, network: Network) -> None:
    cloud.elbv2.set_subnets(LoadBalancerArn=web.balancer, Subnets=network.subnets[:2])
    try:
        web.settle()
        third = web.health()[web.instances[2]]["TargetHealth"]
        assert (third["State"], third["Reason"]) == ("unused", "Target.NotInUse")
        assert "not enabled" in third["Description"]
        cloud.until(lambda: web.name_of(web.instances[2]) not in web.spread(12), within=60)
    finally:
        cloud.elbv2.set_subnets(LoadBalancerArn=web.balancer, Subnets=network.subnets)
        web.healthy()
