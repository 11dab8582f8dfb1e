"""What is cut off at a border, hidden by another rule, or too little of: by question in each case."""

from __future__ import annotations

from tests.policies.programs import bricks
from tests.policies.programs.broken.serve import MAINTENANCE, opening
from tests.policies.programs.cases import DEPLOY, SERVE, SURVIVE, VALID, Edit, Ref, broken

ACL, ACL_RULE = "aws:ec2/networkAcl:NetworkAcl", "aws:ec2/networkAclRule:NetworkAclRule"
BORDER = "network_acls_around_both_tiers"
PASSES_ACLS = "network-acl-passes-traffic"


@broken(BORDER, SERVE, PASSES_ACLS, engine=True)
def replies_are_not_let_back_in(edit: Edit) -> None:
    edit.drop("border-replies")


@broken(BORDER, SERVE, PASSES_ACLS)
def answers_are_not_let_out(edit: Edit) -> None:
    edit.drop("border-answers")


@broken(BORDER, SERVE, PASSES_ACLS)
def visitors_stopped_at_the_border(edit: Edit) -> None:
    edit.set("public-border", "ingress.1.fromPort", 443)
    edit.set("public-border", "ingress.1.toPort", 443)


@broken(BORDER, SERVE, PASSES_ACLS)
def the_wrong_subnets_admitted(edit: Edit) -> None:
    edit.set("border-requests", "cidrBlock", "10.0.128.0/17")


@broken(BORDER, SERVE, PASSES_ACLS)
def everything_denied_first(edit: Edit) -> None:
    edit.add(
        "deny",
        ACL_RULE,
        {
            "networkAclId": Ref("private-border"),
            "ruleNumber": 1,
            "ruleAction": "deny",
            "protocol": "-1",
            "egress": False,
            "cidrBlock": bricks.WORLD,
        },
    )


@broken("the_default_network_acl_adopted", SERVE, PASSES_ACLS, engine=True)
def the_default_network_acl_emptied(edit: Edit) -> None:
    """Adopted without rules, the provider removes every one (its docs, `DefaultNetworkAcl`)."""
    edit.set("border", "ingress", ...)
    edit.set("border", "egress", ...)


@broken("plain_web_service", SERVE, PASSES_ACLS)
def database_cut_off_from_the_second_zone(edit: Edit) -> None:
    """Only the first zone's addresses are let in to the second, where the database may be."""
    allow = {"action": "allow", "protocol": "-1", "fromPort": 0, "toPort": 0}
    edit.add(
        "border",
        ACL,
        {
            "vpcId": Ref("vpc"),
            "subnetIds": [Ref("private-b")],
            "ingress": [{**allow, "ruleNo": 100, "cidrBlock": "10.0.11.0/24"}],
            "egress": [{**allow, "ruleNo": 100, "cidrBlock": bricks.WORLD}],
        },
    )


@broken("rules_that_overlap", SERVE, "listener-rules-in-order", engine=True)
def the_second_version_behind_the_first(edit: Edit) -> None:
    edit.set("to-second", "priority", 35)
    edit.set("to-api", "actions.0.targetGroupArn", Ref("pages-targets", "arn"))


@broken("hosts_of_two_services", SERVE)
def maintenance_page_for_all_hosts_of_the_domain(edit: Edit) -> None:
    edit.add(
        "maintenance",
        "aws:lb/listenerRule:ListenerRule",
        {
            "listenerArn": Ref("http", "arn"),
            "priority": 1,
            "conditions": [{"hostHeader": {"values": ["*.example.com"]}}],
            "actions": [MAINTENANCE],
        },
    )


@broken("answers_of_the_balancer_itself", SERVE, "listener-rules-in-order")
def the_admin_page_open_again(edit: Edit) -> None:
    """A rule for everything before the one that refuses."""
    edit.add(
        "all",
        "aws:lb/listenerRule:ListenerRule",
        {
            "listenerArn": Ref("http", "arn"),
            "priority": 1,
            "conditions": [{"pathPattern": {"values": ["/*"]}}],
            "actions": [{"type": "forward", "targetGroupArn": Ref("web", "arn")}],
        },
    )
    edit.set("ping", "priority", 3)


@broken("lambda_by_its_alias", SERVE, "lambda-admits-load-balancer", engine=True)
def permission_for_the_function_not_its_alias(edit: Edit) -> None:
    edit.set("balancer-may", "qualifier", ...)


@broken("lambda_for_one_path", SERVE, "lambda-admits-load-balancer")
def permission_for_another_service(edit: Edit) -> None:
    edit.set("balancer-may", "principal", "apigateway.amazonaws.com")


@broken("containers_that_scale", SURVIVE, "ecs-service-survives-zone-loss", engine=True)
def containers_scaled_down_to_one(edit: Edit) -> None:
    edit.set("limits", "minCapacity", 1)


@broken("containers_that_scale", SURVIVE, "ecs-service-survives-zone-loss")
def containers_switched_off_at_night(edit: Edit) -> None:
    edit.set("night", "scalableTargetAction", {"minCapacity": 0, "maxCapacity": 0})


@broken("containers_that_scale", VALID, "ecs-accepted")
def containers_on_another_port(edit: Edit) -> None:
    edit.set("service", "loadBalancers.0.containerPort", 8080)


@broken("containers_on_own_instances", SURVIVE, "ecs-service-multi-az")
def hosts_of_containers_in_one_zone(edit: Edit) -> None:
    edit.set("fleet", "vpcZoneIdentifiers", [Ref("private-a")])


@broken("containers_on_fargate", DEPLOY, "ecs-service-keeps-tasks")
def all_containers_stopped_first(edit: Edit) -> None:
    edit.set("service", "deploymentMinimumHealthyPercent", 0)
    edit.set("service", "deploymentMaximumPercent", 100)


@broken("one_endpoint_beside_the_gateways", (DEPLOY, SERVE), "asg-reaches-codedeploy", engine=True)
def endpoint_that_takes_requests_and_lets_nobody_in(edit: Edit) -> None:
    """With private DNS the agent asks the endpoint, although there is a way out beside it."""
    edit.set("endpoints", "ingress", opening(443, cidrBlocks=["192.168.0.0/16"]))


@broken("endpoints_instead_of_nat", VALID, "vpc-accepted")
def private_names_without_dns(edit: Edit) -> None:
    edit.set("vpc", "enableDnsHostnames", False)


@broken("plain_web_service", VALID, "vpc-accepted")
def database_with_a_group_of_another_vpc(edit: Edit) -> None:
    edit.add("other-vpc", "aws:ec2/vpc:Vpc", {"cidrBlock": "10.9.0.0/16"})
    edit.set("database-guard", "vpcId", Ref("other-vpc"))


@broken("attachment", VALID, "asg-parts-accepted")
def fleet_attached_to_a_group_of_addresses(edit: Edit) -> None:
    edit.set("web", "targetType", "ip")
