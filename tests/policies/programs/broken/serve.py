"""Can it serve? Not any more."""

from __future__ import annotations

import pulumi_aws as aws

from tests.policies.programs import bricks
from tests.policies.programs.cases import (
    CLOSED,
    SERVE,
    SURVIVE,
    VALID,
    Edit,
    Ref,
    broken,
    rewritten,
)
from tests.policies.programs.innocents.fleets import entrance

TARGETS = "aws:lb/targetGroup:TargetGroup"
RULE = "aws:lb/listenerRule:ListenerRule"
MAINTENANCE = {
    "type": "fixed-response",
    "fixedResponse": {"contentType": "text/html", "messageBody": "Back soon", "statusCode": "503"},
}
ANY = [{"protocol": "-1", "fromPort": 0, "toPort": 0, "cidrBlocks": [bricks.WORLD]}]

opening = bricks.opening


@broken("plain_web_service", SERVE, engine=True)
def fleet_that_nobody_reaches(edit: Edit) -> None:
    edit.set("fleet", "targetGroupArns", ...)


@broken("attachment", SERVE, engine=True)
def attachment_forgotten(edit: Edit) -> None:
    edit.drop("attachment")


@broken("hosts_of_two_services", SERVE)
def both_fleets_behind_one_service(edit: Edit) -> None:
    """The shop's target group has no instance; its host answers 503."""
    edit.set("shop-fleet", "targetGroupArns", [Ref("blog-targets", "arn")])
    edit.set(
        "shop-deployment",
        "loadBalancerInfo.targetGroupInfos",
        [{"name": Ref("blog-targets", "name")}],
    )


@broken("plain_web_service", SERVE, engine=True)
def listener_forwards_to_an_empty_group(edit: Edit) -> None:
    edit.add(
        "next",
        TARGETS,
        {
            "vpcId": Ref("vpc"),
            "port": 8080,
            "protocol": "HTTP",
            "deregistrationDelay": 30,
            "healthCheck": {"protocol": "HTTP", "path": "/health", "interval": 10},
        },
    )
    edit.add(
        "http-now",
        "aws:lb/listener:Listener",
        {
            "loadBalancerArn": Ref("front", "arn"),
            "port": 80,
            "protocol": "HTTP",
            "defaultActions": [{"type": "forward", "targetGroupArn": Ref("next", "arn")}],
        },
    )
    edit.drop("http")


@broken("blue_and_green", (SERVE, SURVIVE), advisory=True, engine=True)
def weights_switched_too_early(edit: Edit) -> None:
    """Before the target groups exist a preview cannot tell whose weight is whose.

    From then on it is blocked: `test_created`.
    """
    edit.set("http", "defaultActions.0.forward.targetGroups.0.weight", 0)
    edit.set("http", "defaultActions.0.forward.targetGroups.1.weight", 100)


@broken("blue_and_green", (SERVE, SURVIVE))
def half_of_the_requests_to_an_empty_fleet(edit: Edit) -> None:
    edit.set("http", "defaultActions.0.forward.targetGroups.1.weight", 100)


@broken("canary_by_weight", SERVE)
def all_weights_zero(edit: Edit) -> None:
    edit.set("http", "defaultActions.0.forward.targetGroups.0.weight", 0)
    edit.set("http", "defaultActions.0.forward.targetGroups.1.weight", 0)


def maintenance(edit: Edit, listener: str, *conditions: dict[str, object]) -> None:
    edit.add(
        "maintenance",
        RULE,
        {
            "listenerArn": Ref(listener, "arn"),
            "priority": 1,
            "conditions": list(conditions),
            "actions": [MAINTENANCE],
        },
    )


@broken("plain_web_service", SERVE, engine=True)
def maintenance_page_left_on(edit: Edit) -> None:
    maintenance(edit, "http", {"pathPattern": {"values": ["/*"]}})


@broken("https_with_redirect", SERVE)
def maintenance_page_for_every_host(edit: Edit) -> None:
    maintenance(edit, "https", {"hostHeader": {"values": ["*"]}})


@broken("https_only", SERVE)
def maintenance_page_by_two_patterns(edit: Edit) -> None:
    maintenance(edit, "https", {"pathPattern": {"values": ["/", "/*"]}})


@broken("paths_of_two_services", SERVE)
def maintenance_page_for_the_whole_internet(edit: Edit) -> None:
    maintenance(edit, "http", {"sourceIp": {"values": ["0.0.0.0/0"]}})


@broken("three_zones", SERVE)
def maintenance_page_as_default(edit: Edit) -> None:
    edit.set("http", "defaultActions", [MAINTENANCE])


@broken("paths_of_two_services", SERVE, engine=True)
def api_without_instances(edit: Edit) -> None:
    edit.set("api-fleet", "targetGroupArns", ...)


@broken("plain_web_service", SERVE, engine=True)
def targets_on_port_80(edit: Edit) -> None:
    edit.set("web", "port", 80)


@broken("classic_rules", SERVE)
def application_admits_another_port(edit: Edit) -> None:
    edit.set("from-balancer", "fromPort", 8081)
    edit.set("from-balancer", "toPort", 8081)


@broken("separate_rules", SERVE, engine=True)
def balancer_may_only_leave_on_80(edit: Edit) -> None:
    edit.set("to-app", "fromPort", 80)
    edit.set("to-app", "toPort", 80)


@broken("classic_rules", SERVE)
def balancer_may_not_leave(edit: Edit) -> None:
    edit.drop("to-app")


@broken("classic_rules", SERVE)
def application_admits_nobody(edit: Edit) -> None:
    edit.drop("from-balancer")


@broken("plain_web_service", SERVE)
def balancer_without_a_way_out(edit: Edit) -> None:
    """Without `egress` the provider removes the rule that EC2 makes (its docs, `SecurityGroup`)."""
    edit.set("balancer", "egress", ...)


@broken("plain_web_service", SERVE)
def application_admits_the_database_only(edit: Edit) -> None:
    edit.add("others", "aws:ec2/securityGroup:SecurityGroup", {"vpcId": Ref("vpc")})
    edit.add(
        "app-now",
        "aws:ec2/securityGroup:SecurityGroup",
        {
            "vpcId": Ref("vpc"),
            "ingress": opening(8080, securityGroups=[Ref("others")]),
            "egress": ANY,
        },
    )
    edit.set("template", "vpcSecurityGroupIds", [Ref("app-now")])
    edit.set("database-guard", "ingress.0.securityGroups", [Ref("app-now")])


@broken("admits_the_balancers_subnets", SERVE, engine=True)
def admits_the_wrong_subnets(edit: Edit) -> None:
    edit.set("app", "ingress", opening(8080, cidrBlocks=["10.0.10.0/23"]))


@broken("admits_a_range_of_ports", SERVE)
def range_ends_before_the_port(edit: Edit) -> None:
    edit.set("app", "ingress.0.toPort", 8079)


@broken("protocol_by_number", SERVE)
def admits_udp(edit: Edit) -> None:
    edit.set("app", "ingress.0.protocol", "udp")


@broken("plain_web_service", SERVE, engine=True)
def open_on_443_with_a_listener_on_80(edit: Edit) -> None:
    edit.set("balancer", "ingress", opening(443, cidrBlocks=[bricks.WORLD]))


@broken("another_port_for_visitors", (SERVE, CLOSED))
def listener_moved_but_not_the_door(edit: Edit) -> None:
    edit.set("http", "port", 80)


@broken("https_with_redirect", SERVE)
def redirect_to_a_closed_port(edit: Edit) -> None:
    edit.set("balancer", "ingress", opening(80, cidrBlocks=[bricks.WORLD]))


@broken("https_with_redirect", SERVE)
def redirect_to_a_port_without_listener(edit: Edit) -> None:
    edit.set("http", "defaultActions.0.redirect.port", "8443")


@broken("plain_web_service", SERVE)
def redirect_to_https_that_is_not_there(edit: Edit) -> None:
    redirect = {"protocol": "HTTPS", "port": "443", "statusCode": "HTTP_301"}
    edit.set("http", "defaultActions", [{"type": "redirect", "redirect": redirect}])


@broken("plain_web_service", (SERVE, VALID))
def target_group_in_another_vpc(edit: Edit) -> None:
    edit.add("other-vpc", "aws:ec2/vpc:Vpc", {"cidrBlock": "10.9.0.0/16"})
    edit.add(
        "web-there",
        TARGETS,
        {
            "vpcId": Ref("other-vpc"),
            "port": 8080,
            "protocol": "HTTP",
            "deregistrationDelay": 30,
            "healthCheck": {"protocol": "HTTP", "path": "/health", "interval": 10},
        },
    )
    _move(edit, "web-there")


def _move(edit: Edit, to: str) -> None:
    edit.set("http", "defaultActions", [{"type": "forward", "targetGroupArn": Ref(to, "arn")}])
    edit.set("fleet", "targetGroupArns", [Ref(to, "arn")])
    edit.set("deployment", "loadBalancerInfo.targetGroupInfos", [{"name": Ref(to, "name")}])
    for alarm in ("errors", "unhealthy"):
        edit.set(alarm, "dimensions.TargetGroup", Ref(to, "arnSuffix"))


@broken("plain_web_service", SERVE, engine=True)
def public_balancer_in_private_subnets(edit: Edit) -> None:
    edit.set("front", "subnets", [Ref("private-a"), Ref("private-b")])


@broken("plain_web_service", SERVE)
def no_route_to_the_internet(edit: Edit) -> None:
    edit.drop("public-out")


@broken("three_zones", SERVE)
def one_public_subnet_not_associated(edit: Edit) -> None:
    """Its table is then the main one, which leads nowhere: a third of the visitors time out."""
    edit.drop("public-way-c")


@broken("main_route_table_association", SERVE)
def main_table_never_made_main(edit: Edit) -> None:
    edit.drop("main-way")


@broken("plain_web_service", SERVE, engine=True)
def health_check_on_another_port(edit: Edit) -> None:
    edit.set("web", "healthCheck.port", "9000")


@broken("admits_a_range_of_ports", (SERVE, SURVIVE), engine=True)
def health_check_asks_another_process(edit: Edit) -> None:
    """Port 8081 is admitted, so the check passes while nothing serves on 8080."""
    edit.set("web", "healthCheck.port", "8081")


@broken("https_only", SERVE)
def no_listener_at_all(edit: Edit) -> None:
    edit.drop("https")


@broken("only_through_cloudfront", SERVE)
def nothing_but_403(edit: Edit) -> None:
    edit.drop("from-edge")


@broken("hosts_of_two_services", SERVE)
def rules_forgotten(edit: Edit) -> None:
    edit.drop("to-shop", "to-blog")


@broken("hosts_of_two_services", SERVE)
def one_rule_forgotten(edit: Edit) -> None:
    edit.drop("to-blog")


@broken("hosts_of_two_services", SERVE)
def rule_that_another_one_hides(edit: Edit) -> None:
    """A catch-all before it: the blog's host gets the shop's 404."""
    edit.set("to-shop", "conditions", [{"hostHeader": {"values": ["*.example.com"]}}])


@broken("lambda_behind_the_balancer", SERVE)
def function_that_the_balancer_may_not_call(edit: Edit) -> None:
    edit.drop("balancer-may")


@broken("lambda_behind_the_balancer", SERVE)
def function_not_registered(edit: Edit) -> None:
    edit.drop("function-attachment")


@broken("containers_on_fargate", SERVE, advisory=True)
def service_without_its_target_group(edit: Edit) -> None:
    """Somebody else may register the addresses: the pack can only ask."""
    edit.set("service", "loadBalancers", ...)


@broken("containers_on_fargate", SERVE)
def containers_closed_to_the_balancer(edit: Edit) -> None:
    edit.set("app", "ingress", opening(3000, cidrBlocks=["10.0.0.0/16"]))


@broken("network_balancer_beside_it", (SERVE, CLOSED))
def devices_find_a_closed_door(edit: Edit) -> None:
    edit.set("devices", "ingress", opening(8883, cidrBlocks=[bricks.WORLD]))


@broken("network_balancer_beside_it", SERVE)
def brokers_asked_on_another_port(edit: Edit) -> None:
    edit.set("brokers", "port", 8883)


@broken("fixed_addresses_before_the_balancer", SERVE)
def fixed_addresses_lead_nowhere(edit: Edit) -> None:
    edit.drop("balancer-attachment")


@broken("template_by_interfaces", SERVE)
def interface_in_the_balancers_group(edit: Edit) -> None:
    edit.set("template", "networkInterfaces.0.securityGroups", [Ref("balancer")])


@broken("template_by_interfaces", SERVE, engine=True)
def interface_without_a_group(edit: Edit) -> None:
    """It then has the VPC's default group, which admits only itself."""
    edit.set("template", "networkInterfaces.0.securityGroups", ...)


@rewritten("plain_web_service", SERVE)
def listener_on_another_balancer() -> None:
    """The listener is on the old balancer, which nobody asks any more, and whose group is closed."""
    site = bricks.network()
    front, behind, made_from = entrance(site)
    closed = aws.ec2.SecurityGroup("old-balancer", vpc_id=site.vpc.id, egress=[bricks.ANY])
    old = bricks.balancer(site.public_ids(), closed, "old")
    other = bricks.targets(site.vpc.id, "other")
    bricks.http(old, bricks.forward(other), name="old-http")
    group = bricks.fleet(site.private_ids(), made_from, other)
    bricks.delivery(old, other, group)
    bricks.errors(front, behind, aws.sns.Topic("nobody"), "never")
