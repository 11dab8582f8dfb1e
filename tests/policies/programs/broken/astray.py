"""One mistake whose message has to name what was meant, and that is told once."""

from __future__ import annotations

from tests.policies.programs import bricks
from tests.policies.programs.broken.serve import opening
from tests.policies.programs.cases import (
    DEPLOY,
    SERVE,
    SURVIVE,
    Edit,
    Ref,
    broken,
)

WEB = "plain_web_service"
TWO = "hosts_of_two_services"
LOOKED_UP = "subnet-0a00000000000000a"
HEALTH = {
    "protocol": "HTTP",
    "path": "/health",
    "matcher": "200",
    "interval": 10,
    "timeout": 5,
    "healthyThreshold": 2,
    "unhealthyThreshold": 3,
}


def another(edit: Edit, name: str) -> None:
    """Add a target group beside that of the service."""
    group = {
        "vpcId": Ref("vpc"),
        "port": 8080,
        "protocol": "HTTP",
        "targetType": "instance",
        "deregistrationDelay": 30,
        "healthCheck": HEALTH,
    }
    edit.add(name, "aws:lb/targetGroup:TargetGroup", group)


@broken(WEB, SERVE, "asg-behind-listener")
def fleet_behind_a_target_group_of_nobody(edit: Edit) -> None:
    another(edit, "spare")
    edit.set("fleet", "targetGroupArns", [Ref("spare", "arn")])


@broken("paths_of_two_services", SERVE, "asg-behind-listener")
def rule_that_leads_to_the_other_service(edit: Edit) -> None:
    action = {"type": "forward", "targetGroupArn": Ref("pages-targets", "arn")}
    edit.set("to-api", "actions", [action])


@broken(TWO, SERVE, "tg-has-targets")
def both_fleets_behind_one_target_group(edit: Edit) -> None:
    edit.set("blog-fleet", "targetGroupArns", [Ref("shop-targets", "arn")])


@broken(TWO, DEPLOY, "codedeploy-deployment-group")
def deployment_to_the_other_fleet(edit: Edit) -> None:
    edit.set("blog-deployment", "autoscalingGroups", [Ref("shop-fleet", "name")])


@broken(TWO, DEPLOY, "codedeploy-deployment-group")
def second_service_without_a_deployment(edit: Edit) -> None:
    edit.drop("blog-deployment", "blog-deployment-pace")


# --- security groups ------------------------------------------------------------------------------


@broken(WEB, SERVE, "elb-reaches-targets")
def instances_in_the_balancers_group(edit: Edit) -> None:
    edit.set("template", "vpcSecurityGroupIds", [Ref("balancer")])


@broken(TWO, SERVE, "elb-reaches-targets")
def instances_in_the_group_of_the_other_service(edit: Edit) -> None:
    edit.set("blog-template", "vpcSecurityGroupIds", [Ref("shop-group")])


@broken(WEB, SERVE, "elb-reaches-targets")
def instances_without_a_group(edit: Edit) -> None:
    edit.set("template", "vpcSecurityGroupIds", ...)


@broken(WEB, SERVE, "elb-open-on-listener-ports")
def balancer_without_a_group(edit: Edit) -> None:
    edit.set("front", "securityGroups", ...)


@broken(WEB, SERVE, "database-reachable")
def database_without_a_group(edit: Edit) -> None:
    """It gets the VPC's default group, which admits its own members only."""
    edit.set("database", "vpcSecurityGroupIds", ...)


@broken("aurora_with_two_members", SERVE, "data-store-reachable")
def aurora_without_a_group(edit: Edit) -> None:
    edit.set("cluster", "vpcSecurityGroupIds", ...)


@broken("cache_with_a_replica", SERVE, "data-store-reachable")
def cache_without_a_group(edit: Edit) -> None:
    edit.set("cache", "securityGroupIds", ...)


@broken("network_balancer_beside_it", SERVE, "tg-health-check-port")
def brokers_asked_on_a_closed_port(edit: Edit) -> None:
    edit.set("brokers", "healthCheck.port", "9999")


# --- what the messages could not help with --------------------------------------------------------


@broken("looked_up_subnets", SURVIVE, "asg-multi-az")
def fleet_in_one_looked_up_subnet(edit: Edit) -> None:
    """Whatever its zone is called, it is one."""
    edit.set("fleet", "vpcZoneIdentifiers", [LOOKED_UP])


@broken("looked_up_subnets", SURVIVE, "elbv2-multi-az")
def balancer_in_one_looked_up_subnet(edit: Edit) -> None:
    edit.set("front", "subnets", [LOOKED_UP])


@broken("wildcards", DEPLOY, "ec2-managed-by-ssm")
def managed_as_a_parameter(edit: Edit) -> None:
    """Allowed on the parameters of the application, and asked on the instance."""
    manage = {
        "Effect": "Allow",
        "Action": ["ssm:*", "ssmmessages:*", "ec2messages:*"],
        "Resource": "arn:aws:ssm:eu-west-1:123456789012:parameter/app/*",
    }
    read = {"Effect": "Allow", "Action": ["s3:GetObject*", "s3:ListBucket"], "Resource": "*"}
    edit.set("sessions", "policy", bricks.document(manage, read))


@broken(WEB, SERVE, "elb-reaches-targets")
def application_that_admits_its_own_kind(edit: Edit) -> None:
    edit.set("app", "ingress", opening(8080, self=True))
