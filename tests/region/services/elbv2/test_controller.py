"""Load balancers and target health through the API, with fake load balancer processes."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError

from region.services.elbv2.haproxy.errors import LoadBalancerError


def balancers(stage):
    return stage.aws.elbv2.describe_load_balancers()["LoadBalancers"]


def test_a_load_balancer_becomes_active_on_a_loopback_address(stage):
    stage.balancer([])
    stage.until(lambda: balancers(stage)[0]["State"]["Code"] == "active")
    address = balancers(stage)[0]["DNSName"]
    assert address.startswith("127.78.0.")
    (name,) = stage.launch()
    found = stage.aws.ec2.describe_instances(InstanceIds=[name])["Reservations"][0]
    assert found["Instances"][0]["PrivateIpAddress"].split(".")[1:] != address.split(".")[1:]


def test_a_failed_load_balancer_has_a_reason(stage, balancer_class, monkeypatch):
    def start(self):
        raise LoadBalancerError("Port 80 of 127.78.0.4 is in use: end the process that holds it.")

    monkeypatch.setattr(balancer_class, "start", start)
    stage.balancer([])
    stage.until(lambda: balancers(stage)[0]["State"]["Code"] == "failed")
    assert "Port 80 of 127.78.0.4 is in use" in balancers(stage)[0]["State"]["Reason"]


def test_an_unsupported_action_is_refused_in_the_call(stage):
    stage.balancer([])
    arn = balancers(stage)[0]["LoadBalancerArn"]
    (listener,) = stage.aws.elbv2.describe_listeners(LoadBalancerArn=arn)["Listeners"]
    login = {"UserPoolArn": "a", "UserPoolClientId": "b", "UserPoolDomain": "c"}
    with pytest.raises(ClientError, match="AuthenticateCognitoConfig of ModifyListener"):
        stage.aws.elbv2.modify_listener(
            ListenerArn=listener["ListenerArn"],
            DefaultActions=[
                {"Type": "authenticate-cognito", "AuthenticateCognitoConfig": login, "Order": 1},
                {
                    "Type": "fixed-response",
                    "FixedResponseConfig": {"StatusCode": "200"},
                    "Order": 2,
                },
            ],
        )
    stage.until(lambda: balancers(stage)[0]["State"]["Code"] == "active")


def test_targets_go_from_initial_to_healthy_to_draining_to_gone(stage, balancer_class):
    balancer_class.drain_polls = 10**9
    (name,) = stage.launch()
    group = stage.balancer([name])
    assert stage.health(group)[name][0] in {"initial", "healthy"}
    stage.until(lambda: stage.health(group)[name] == ("healthy", None))
    stage.aws.elbv2.deregister_targets(TargetGroupArn=group, Targets=[{"Id": name}])
    assert stage.health(group)[name] == ("draining", "Target.DeregistrationInProgress")
    balancer_class.drain_polls = 2
    stage.until(lambda: stage.health(group) == {})
    one = stage.aws.elbv2.describe_target_health(TargetGroupArn=group, Targets=[{"Id": name}])
    assert one["TargetHealthDescriptions"][0]["TargetHealth"]["Reason"] == "Target.NotRegistered"


def test_deregistering_an_unregistered_target_is_ignored(stage):
    group = stage.balancer([])
    stage.aws.elbv2.deregister_targets(
        TargetGroupArn=group, Targets=[{"Id": "i-0123456789abcdef0"}]
    )


def test_an_unhealthy_target(stage, balancer_class):
    (name,) = stage.launch()
    balancer_class.sick = {name}
    group = stage.balancer([name])
    stage.until(lambda: stage.health(group)[name][0] == "unhealthy")


def test_without_a_load_balancer_targets_are_unused(stage):
    (name,) = stage.launch()
    group = stage.aws.elbv2.create_target_group(
        Name="lonely", Protocol="HTTP", Port=8080, VpcId=stage.vpc
    )["TargetGroups"][0]["TargetGroupArn"]
    stage.aws.elbv2.register_targets(TargetGroupArn=group, Targets=[{"Id": name}])
    assert stage.health(group) == {name: ("unused", "Target.NotInUse")}
    stage.aws.elbv2.deregister_targets(TargetGroupArn=group, Targets=[{"Id": name}])
    assert stage.health(group) == {}


def test_a_terminated_instance_leaves_its_target_group(stage):
    (name,) = stage.launch()
    group = stage.balancer([name])
    stage.until(lambda: stage.health(group)[name] == ("healthy", None))
    stage.aws.ec2.terminate_instances(InstanceIds=[name])
    stage.until(lambda: stage.health(group) == {})


def test_deletion_protection_and_deletion(stage):
    stage.balancer([])
    arn = balancers(stage)[0]["LoadBalancerArn"]
    for value, refused in (("true", True), ("false", False)):
        stage.aws.elbv2.modify_load_balancer_attributes(
            LoadBalancerArn=arn,
            Attributes=[{"Key": "deletion_protection.enabled", "Value": value}],
        )
        if refused:
            with pytest.raises(ClientError, match="deletion protection"):
                stage.aws.elbv2.delete_load_balancer(LoadBalancerArn=arn)
        else:
            stage.aws.elbv2.delete_load_balancer(LoadBalancerArn=arn)
    assert balancers(stage) == []
    stage.aws.elbv2.create_load_balancer(Name="lb", Subnets=stage.subnets)
    stage.until(lambda: balancers(stage)[0]["State"]["Code"] == "active")


def test_network_load_balancers_are_refused(stage):
    with pytest.raises(ClientError, match="'network' is not supported"):
        stage.aws.elbv2.create_load_balancer(Name="n", Type="network", Subnets=stage.subnets)
