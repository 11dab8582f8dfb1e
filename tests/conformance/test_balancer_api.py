"""Elastic Load Balancing's API: defaults, what AWS refuses, and what the region refuses."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError, ParamValidationError

from tests.conformance.balancers import attributes, balancer, group, modify
from tests.conformance.cloud import Cloud, Network

REFUSED = (ClientError, ParamValidationError)
"""botocore knows some of the limits itself."""


def refuses(cloud: Cloud, arn: str, **values: object) -> None:
    before = attributes(cloud, arn)
    with pytest.raises(ClientError):
        modify(cloud, arn, **values)
    assert attributes(cloud, arn) == before


@pytest.mark.row("ELB-H03", "ELB-H04")
def test_health_check_defaults_and_limits(cloud: Cloud, network: Network) -> None:
    arn = group(cloud, network)
    (found,) = cloud.elbv2.describe_target_groups(TargetGroupArns=[arn])["TargetGroups"]
    assert found["HealthCheckIntervalSeconds"] == 30
    assert found["HealthCheckTimeoutSeconds"] in {5, 6}
    assert (found["HealthyThresholdCount"], found["UnhealthyThresholdCount"]) == (5, 2)
    for wrong in (
        {"HealthCheckIntervalSeconds": 4},
        {"HealthCheckIntervalSeconds": 301},
        {"HealthCheckTimeoutSeconds": 121},
        {"HealthyThresholdCount": 1},
        {"UnhealthyThresholdCount": 11},
        {"Matcher": {"HttpCode": "500"}},
        {"HealthCheckPath": "health"},
    ):
        with pytest.raises(REFUSED):
            cloud.elbv2.modify_target_group(TargetGroupArn=arn, **wrong)
        with pytest.raises(REFUSED):
            group(cloud, network, **wrong)


@pytest.mark.row("ELB-H16")
def test_health_checks_stay_on(cloud: Cloud, network: Network) -> None:
    with pytest.raises(ClientError):
        group(cloud, network, HealthCheckEnabled=False)
    arn = group(cloud, network)
    with pytest.raises(ClientError):
        cloud.elbv2.modify_target_group(TargetGroupArn=arn, HealthCheckEnabled=False)


@pytest.mark.row("ELB-D02", "ELB-F04", "ELB-A01", "ELB-S01")
def test_attributes_of_a_target_group(cloud: Cloud, network: Network) -> None:
    arn = group(cloud, network)
    found = attributes(cloud, arn)
    assert found["deregistration_delay.timeout_seconds"] == "300"
    assert found["target_group_health.dns_failover.minimum_healthy_targets.count"] in {"1", "off"}
    assert found["load_balancing.algorithm.type"] == "round_robin"
    assert found["stickiness.lb_cookie.duration_seconds"] == "86400"
    assert found["load_balancing.cross_zone.enabled"] == "use_load_balancer_configuration"
    modify(cloud, arn, deregistration_delay__timeout_seconds=3600)
    refuses(cloud, arn, deregistration_delay__timeout_seconds=3601)
    refuses(cloud, arn, load_balancing__algorithm__type="bogus")
    refuses(cloud, arn, slow_start__duration_seconds=20)
    refuses(cloud, arn, unknown__key="1")
    refuses(cloud, arn, stickiness__lb_cookie__duration_seconds=604_801)


@pytest.mark.row("ELB-A01", "ELB-A03")
def test_algorithms_exclude_each_other(cloud: Cloud, network: Network) -> None:
    arn = group(cloud, network)
    refuses(cloud, arn, load_balancing__algorithm__anomaly_mitigation="on")
    modify(cloud, arn, slow_start__duration_seconds=30)
    refuses(cloud, arn, load_balancing__algorithm__type="least_outstanding_requests")
    refuses(cloud, arn, load_balancing__algorithm__type="weighted_random")
    modify(cloud, arn, slow_start__duration_seconds=0)
    modify(cloud, arn, load_balancing__algorithm__type="least_outstanding_requests")
    refuses(cloud, arn, slow_start__duration_seconds=30)


@pytest.mark.row("ELB-F03")
def test_the_dns_threshold_is_at_least_that_of_routing(cloud: Cloud, network: Network) -> None:
    arn = group(cloud, network)
    prefix = "target_group_health__{}__minimum_healthy_targets__{}"
    dns, routing = "dns_failover", "unhealthy_state_routing"
    for kind, high, low in (("count", 3, 2), ("percentage", 60, 50)):
        refuses(
            cloud,
            arn,
            **{prefix.format(routing, kind): high, prefix.format(dns, kind): low},
        )
        modify(
            cloud,
            arn,
            **{prefix.format(routing, kind): low, prefix.format(dns, kind): high},
        )


@pytest.mark.row("ELB-A06", "ELB-S04")
def test_stickiness_and_cross_zone(cloud: Cloud, network: Network) -> None:
    arn, whole = group(cloud, network), balancer(cloud, network)
    assert attributes(cloud, whole)["load_balancing.cross_zone.enabled"] == "true"
    refuses(cloud, whole, load_balancing__cross_zone__enabled="false")
    modify(cloud, arn, load_balancing__cross_zone__enabled="false")
    refuses(cloud, arn, stickiness__enabled="true")
    modify(cloud, arn, load_balancing__cross_zone__enabled="true")
    for name in ("AWSALB", "AWSALBAPPx", "AWSALBTG-1"):
        refuses(
            cloud,
            arn,
            stickiness__enabled="true",
            stickiness__type="app_cookie",
            stickiness__app_cookie__cookie_name=name,
        )


@pytest.mark.row("ELB-K01", "ELB-K03", "ELB-Z01", "ELB-N01")
def test_attributes_of_a_load_balancer(cloud: Cloud, network: Network) -> None:
    arn = balancer(cloud, network)
    found = attributes(cloud, arn)
    assert found["idle_timeout.timeout_seconds"] == "60"
    assert found["client_keep_alive.seconds"] == "3600"
    assert found["routing.http2.enabled"] == "true"
    assert found["zonal_shift.config.enabled"] == "false"
    assert found["routing.http.xff_header_processing.mode"] == "append"
    refuses(cloud, arn, idle_timeout__timeout_seconds=4001)
    refuses(cloud, arn, idle_timeout__timeout_seconds=0)
    refuses(cloud, arn, client_keep_alive__seconds=30)
    refuses(cloud, arn, unknown__key="1")
    if not cloud.is_aws:
        refuses(cloud, arn, health_check_logs__s3__enabled="true")
        refuses(cloud, arn, routing__http__desync_mitigation_mode="monitor")
        with pytest.raises(ClientError, match="TargetControlPort"):
            group(cloud, network, TargetControlPort=9000)


@pytest.mark.row("ELB-L01", "ELB-L02", "ELB-L03")
def test_subnets_state_and_deletion(cloud: Cloud, network: Network) -> None:
    with pytest.raises(ClientError):
        balancer(cloud, network, Subnets=network.subnets[:1])
    made = cloud.elbv2.create_load_balancer(Name=cloud.name("lb"), Subnets=network.subnets)
    assert made["LoadBalancers"][0]["State"]["Code"] == "provisioning"
    arn = made["LoadBalancers"][0]["LoadBalancerArn"]
    cloud.afterwards(cloud.elbv2.delete_load_balancer, LoadBalancerArn=arn)

    def state() -> str:
        found = cloud.elbv2.describe_load_balancers(LoadBalancerArns=[arn])["LoadBalancers"][0]
        return found["State"]["Code"]

    cloud.until(lambda: state() == "active", within=600)
    modify(cloud, arn, deletion_protection__enabled="true")
    with pytest.raises(ClientError, match="OperationNotPermitted"):
        cloud.elbv2.delete_load_balancer(LoadBalancerArn=arn)
    modify(cloud, arn, deletion_protection__enabled="false")
    cloud.elbv2.delete_load_balancer(LoadBalancerArn=arn)
    cloud.elbv2.delete_load_balancer(LoadBalancerArn=arn)


@pytest.mark.row("ELB-L04", "ELB-L05")
def test_a_target_group_belongs_to_one_load_balancer(cloud: Cloud, network: Network) -> None:
    first, second, arn = balancer(cloud, network), balancer(cloud, network), group(cloud, network)
    forward = [{"Type": "forward", "TargetGroupArn": arn}]
    cloud.elbv2.create_listener(
        LoadBalancerArn=first, Protocol="HTTP", Port=80, DefaultActions=forward
    )
    with pytest.raises(ClientError, match="TargetGroupAssociationLimit"):
        cloud.elbv2.create_listener(
            LoadBalancerArn=second, Protocol="HTTP", Port=80, DefaultActions=forward
        )
    with pytest.raises(ClientError, match="ResourceInUse"):
        cloud.elbv2.delete_target_group(TargetGroupArn=arn)


@pytest.mark.row("ELB-H08", "ELB-H11", "ELB-D06", "ELB-H15")
def test_targets_that_are_not_there(cloud: Cloud, network: Network) -> None:
    arn = group(cloud, network)
    ghost = [{"Id": "i-0123456789abcdef0"}]
    found = cloud.elbv2.describe_target_health(TargetGroupArn=arn, Targets=ghost)
    health = found["TargetHealthDescriptions"][0]["TargetHealth"]
    assert (health["State"], health["Reason"]) == ("unused", "Target.NotRegistered")
    cloud.elbv2.deregister_targets(TargetGroupArn=arn, Targets=ghost)


@pytest.mark.row("ELB-L01", "ELB-L05")
def test_the_same_creation_again_answers_with_what_is_there(cloud: Cloud, network: Network) -> None:
    elb, name = cloud.elbv2, cloud.name("again")
    group_of = {"Name": name, "Protocol": "HTTP", "Port": 80, "VpcId": network.vpc}
    first, second = (
        elb.create_target_group(**group_of)["TargetGroups"][0]["TargetGroupArn"] for _ in range(2)
    )
    cloud.afterwards(elb.delete_target_group, TargetGroupArn=first)
    assert first == second
    with pytest.raises(ClientError, match="DuplicateTargetGroupName"):
        elb.create_target_group(**{**group_of, "Port": 81})
    wanted = {"Name": name, "Subnets": network.subnets[:2], "SecurityGroups": [network.group]}
    one, other = (
        elb.create_load_balancer(**wanted)["LoadBalancers"][0]["LoadBalancerArn"] for _ in range(2)
    )
    cloud.afterwards(elb.delete_load_balancer, LoadBalancerArn=one)
    assert one == other
    with pytest.raises(ClientError, match="DuplicateLoadBalancerName"):
        elb.create_load_balancer(**wanted, Scheme="internal")
    forward = [{"Type": "forward", "TargetGroupArn": first}]
    listener = {
        "LoadBalancerArn": one,
        "Protocol": "HTTP",
        "Port": 80,
        "DefaultActions": forward,
    }
    found = {elb.create_listener(**listener)["Listeners"][0]["ListenerArn"] for _ in range(2)}
    assert len(found) == 1
    with pytest.raises(ClientError, match="DuplicateListener"):
        elb.create_listener(
            **{
                **listener,
                "DefaultActions": [
                    {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "200"}}
                ],
            }
        )


@pytest.mark.row("ELB-L02")
def test_tags_and_what_belongs_together(cloud: Cloud, network: Network) -> None:
    arn = group(cloud, network)
    reserved, twice = [{"Key": "aws:a", "Value": "b"}], [{"Key": "a", "Value": "b"}] * 2
    for tags, code in ((reserved, "ValidationError"), (twice, "DuplicateTagKeys")):
        with pytest.raises(ClientError, match=code):
            cloud.elbv2.add_tags(ResourceArns=[arn], Tags=tags)
        with pytest.raises(ClientError, match=code):
            group(cloud, network, Tags=tags)
    with pytest.raises(ClientError, match="ValidationError"):
        balancer(cloud, network, SubnetMappings=[{"SubnetId": network.subnets[0]}])
    with pytest.raises(ClientError, match="ValidationError"):
        cloud.elbv2.register_targets(TargetGroupArn=arn, Targets=[])
    many = [{"Key": f"key{number}", "Value": "x"} for number in range(20)]
    cloud.elbv2.add_tags(ResourceArns=[arn], Tags=many)
    (found,) = cloud.elbv2.describe_tags(ResourceArns=[arn])["TagDescriptions"]
    assert len(found["Tags"]) == 20
