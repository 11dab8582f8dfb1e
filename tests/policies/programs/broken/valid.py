"""Would AWS take it at all? No: each is refused by the API, minutes after the preview said yes."""

from __future__ import annotations

from tests.policies.programs import bricks
from tests.policies.programs.broken.serve import ANY, opening
from tests.policies.programs.cases import DEPLOY, SERVE, SURVIVE, VALID, Edit, Ref, broken


@broken("plain_web_service", VALID, engine=True)
def slow_start_beside_least_outstanding_requests(edit: Edit) -> None:
    edit.set("web", "loadBalancingAlgorithmType", "least_outstanding_requests")
    edit.set("web", "slowStart", 60)


@broken("https_only", VALID)
def slow_start_of_ten_seconds(edit: Edit) -> None:
    edit.set("web", "slowStart", 10)


@broken("plain_web_service", VALID)
def anomaly_mitigation_beside_round_robin(edit: Edit) -> None:
    edit.set("web", "loadBalancingAlgorithmType", "round_robin")
    edit.set("web", "loadBalancingAnomalyMitigation", "on")


@broken("plain_web_service", VALID, engine=True)
def check_times_out_after_the_next_begins(edit: Edit) -> None:
    edit.set("web", "healthCheck.timeout", 15)


@broken("plain_web_service", VALID)
def check_every_three_seconds(edit: Edit) -> None:
    edit.set("web", "healthCheck.interval", 3)
    edit.set("web", "healthCheck.timeout", 2)


@broken("plain_web_service", (VALID, SERVE, SURVIVE))
def matcher_out_of_range(edit: Edit) -> None:
    edit.set("web", "healthCheck.matcher", "200-600")


@broken("plain_web_service", (VALID, SERVE), engine=True)
def fleet_in_a_group_of_addresses(edit: Edit) -> None:
    """Auto Scaling registers instances, never addresses."""
    edit.set("web", "targetType", "ip")


@broken("containers_on_fargate", (VALID, SERVE))
def tasks_in_a_group_of_instances(edit: Edit) -> None:
    edit.set("web", "targetType", "instance")


@broken("plain_web_service", VALID)
def tcp_targets_behind_an_application_balancer(edit: Edit) -> None:
    edit.set("web", "protocol", "TCP")
    edit.set("web", "healthCheck", {"protocol": "HTTP", "path": "/health", "interval": 10})


@broken("plain_web_service", VALID, engine=True)
def tcp_listener_on_an_application_balancer(edit: Edit) -> None:
    edit.set("http", "protocol", "TCP")


@broken("network_balancer_beside_it", VALID)
def http_listener_on_a_network_balancer(edit: Edit) -> None:
    edit.set("mqtt", "protocol", "HTTP")


@broken("fixed_addresses_before_the_balancer", VALID)
def balancer_as_an_http_target(edit: Edit) -> None:
    edit.set("to-balancer", "protocol", "HTTP")


@broken("plain_web_service", VALID, engine=True)
def smallest_size_above_the_largest(edit: Edit) -> None:
    edit.set("fleet", "minSize", 8)


@broken("plain_web_service", VALID)
def desired_size_above_the_largest(edit: Edit) -> None:
    edit.set("fleet", "desiredCapacity", 12)


@broken("more_in_the_morning", VALID)
def schedule_above_its_own_maximum(edit: Edit) -> None:
    edit.set("morning", "minSize", 8)
    edit.set("morning", "desiredCapacity", 8)


@broken("https_only", VALID, engine=True)
def https_without_a_certificate(edit: Edit) -> None:
    edit.set("https", "certificateArn", ...)


@broken("hosts_of_two_services", VALID, engine=True)
def two_rules_of_one_priority(edit: Edit) -> None:
    edit.set("to-blog", "priority", 10)


@broken("plain_web_service", VALID)
def two_listeners_on_one_port(edit: Edit) -> None:
    edit.add(
        "http-again",
        "aws:lb/listener:Listener",
        {
            "loadBalancerArn": Ref("front", "arn"),
            "port": 80,
            "protocol": "HTTP",
            "defaultActions": [{"type": "forward", "targetGroupArn": Ref("web", "arn")}],
        },
    )


@broken("grpc_service", VALID)
def grpc_behind_plain_http(edit: Edit) -> None:
    edit.set("https", "protocol", "HTTP")
    edit.set("https", "certificateArn", ...)
    edit.set("https", "sslPolicy", ...)


@broken("instances_live_for_a_month", VALID)
def instances_live_for_an_hour(edit: Edit) -> None:
    edit.set("fleet", "maxInstanceLifetime", 3600)


@broken("cache_with_a_replica", (VALID, SURVIVE))
def zones_without_failover(edit: Edit) -> None:
    edit.set("cache", "automaticFailoverEnabled", False)


@broken("template_by_interfaces", VALID)
def groups_beside_interfaces(edit: Edit) -> None:
    edit.set("template", "vpcSecurityGroupIds", [Ref("app")])


@broken("all_names_written_out", VALID)
def name_of_forty_characters(edit: Edit) -> None:
    name = "shop-production-web-targets-europe-west1"
    edit.set("web-targets", "name", name)
    edit.set("deployment", "loadBalancerInfo.targetGroupInfos", [{"name": name}])


@broken("plain_web_service", (VALID, SERVE))
def balancer_with_a_group_of_another_vpc(edit: Edit) -> None:
    edit.add("other-vpc", "aws:ec2/vpc:Vpc", {"cidrBlock": "10.9.0.0/16"})
    edit.add(
        "balancer-there",
        "aws:ec2/securityGroup:SecurityGroup",
        {
            "vpcId": Ref("other-vpc"),
            "ingress": opening(80, cidrBlocks=[bricks.WORLD]),
            "egress": ANY,
        },
    )
    edit.add(
        "from-there",
        "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule",
        {
            "securityGroupId": Ref("app"),
            "ipProtocol": "tcp",
            "fromPort": 8080,
            "toPort": 8080,
            "referencedSecurityGroupId": Ref("balancer-there"),
        },
    )
    edit.set("front", "securityGroups", [Ref("balancer-there")])


@broken("plain_web_service", VALID)
def cookie_for_a_year(edit: Edit) -> None:
    """At most seven days."""
    edit.set(
        "web", "stickiness", {"enabled": True, "type": "lb_cookie", "cookieDuration": 31536000}
    )


@broken("plain_web_service", (VALID, DEPLOY))
def deregistration_for_two_hours(edit: Edit) -> None:
    edit.set("web", "deregistrationDelay", 7200)


@broken("plain_web_service", (VALID, SURVIVE))
def group_without_template_or_policy(edit: Edit) -> None:
    edit.set("fleet", "launchTemplate", ...)
