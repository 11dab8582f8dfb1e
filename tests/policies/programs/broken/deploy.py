"""Can it deploy and roll back? Not like this."""

from __future__ import annotations

from tests.policies.programs import bricks
from tests.policies.programs.broken.serve import opening
from tests.policies.programs.cases import (
    CLOSED,
    DEPLOY,
    SERVE,
    SURVIVE,
    VALID,
    Edit,
    Ref,
    broken,
)

ARN = (
    "arn:aws:autoscaling:eu-west-1:123456789012:autoScalingGroup:"
    "930d940e-891e-4781-a11a-7b0acd480f03:autoScalingGroupName/fleet"
)
TARGETS_ARN = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/web/73e2d6bc24d8a067"
ALARM = "aws:cloudwatch/metricAlarm:MetricAlarm"


@broken("plain_web_service", (DEPLOY, VALID), engine=True)
def deploys_to_an_arn(edit: Edit) -> None:
    edit.set("deployment", "autoscalingGroups", [ARN])


@broken("plain_web_service", (DEPLOY, VALID))
def controls_the_traffic_of_an_arn(edit: Edit) -> None:
    edit.set("deployment", "loadBalancerInfo.targetGroupInfos", [{"name": TARGETS_ARN}])


@broken("plain_web_service", DEPLOY)
def deploys_to_a_name_that_is_gone(edit: Edit) -> None:
    edit.set("deployment", "autoscalingGroups", ["web-fleet-2023"])


@broken("plain_web_service", DEPLOY)
def deploys_by_tags(edit: Edit) -> None:
    """New instances then start without the application."""
    edit.set("deployment", "autoscalingGroups", ...)
    edit.set(
        "deployment",
        "ec2TagFilters",
        [{"key": "Name", "type": "KEY_AND_VALUE", "value": "web"}],
    )


@broken("hosts_of_two_services", DEPLOY)
def both_deployments_to_one_fleet(edit: Edit) -> None:
    edit.set("shop-deployment", "autoscalingGroups", [Ref("blog-fleet", "name")])
    edit.set(
        "shop-deployment",
        "loadBalancerInfo.targetGroupInfos",
        [{"name": Ref("blog-targets", "name")}],
    )


@broken("paths_of_two_services", DEPLOY, engine=True)
def traffic_of_the_other_service(edit: Edit) -> None:
    edit.set(
        "api-deployment",
        "loadBalancerInfo.targetGroupInfos",
        [{"name": Ref("pages-targets", "name")}],
    )


@broken("plain_web_service", DEPLOY)
def all_at_once(edit: Edit) -> None:
    edit.set("deployment", "deploymentConfigName", "CodeDeployDefault.AllAtOnce")


@broken("own_configuration", (DEPLOY, SURVIVE), engine=True)
def five_of_six_at_a_time(edit: Edit) -> None:
    edit.set("fleet", "minSize", 6)
    edit.set("fleet", "maxSize", 6)
    edit.set("fleet", "desiredCapacity", 6)
    edit.set("three-of-four", "minimumHealthyHosts", {"type": "HOST_COUNT", "value": 1})


@broken("own_configuration", DEPLOY)
def four_of_four_must_stay(edit: Edit) -> None:
    edit.set("three-of-four", "minimumHealthyHosts.value", 90)


@broken("plain_web_service", DEPLOY)
def while_requests_arrive(edit: Edit) -> None:
    edit.set("deployment", "deploymentStyle.deploymentOption", "WITHOUT_TRAFFIC_CONTROL")


@broken("plain_web_service", DEPLOY, engine=True)
def alarms_that_do_not_exist(edit: Edit) -> None:
    edit.set("deployment", "alarmConfiguration", {"enabled": True, "alarms": ["web-5xx-high"]})


@broken("all_names_written_out", DEPLOY)
def alarm_renamed(edit: Edit) -> None:
    edit.set("errors", "name", "shop-errors")


@broken("plain_web_service", DEPLOY, engine=True)
def alarms_that_only_watch_the_database(edit: Edit) -> None:
    edit.add(
        "database-busy",
        ALARM,
        {
            "namespace": "AWS/RDS",
            "metricName": "CPUUtilization",
            "dimensions": {"DBInstanceIdentifier": Ref("database", "identifier")},
            "statistic": "Average",
            "comparisonOperator": "GreaterThanThreshold",
            "threshold": 80,
            "period": 60,
            "evaluationPeriods": 5,
            "alarmActions": [Ref("operations", "arn")],
        },
    )
    alarms = [Ref("database-busy", "name")]
    edit.set("deployment", "alarmConfiguration", {"enabled": True, "alarms": alarms})


@broken("plain_web_service", DEPLOY, engine=True)
def stops_on_what_every_deployment_moves(edit: Edit) -> None:
    edit.set("errors", "metricName", "HealthyHostCount")
    edit.set("errors", "comparisonOperator", "LessThanThreshold")
    edit.set("errors", "threshold", 2)
    edit.set("errors", "statistic", "Minimum")


@broken("plain_web_service", DEPLOY)
def stops_on_unhealthy_hosts(edit: Edit) -> None:
    edit.set("unhealthy", "evaluationPeriods", 2)
    alarms = [Ref("unhealthy", "name")]
    edit.set("deployment", "alarmConfiguration", {"enabled": True, "alarms": alarms})


@broken("hosts_of_two_services", DEPLOY)
def watches_the_other_service(edit: Edit) -> None:
    alarms = [Ref("blog-errors", "name")]
    edit.set("shop-deployment", "alarmConfiguration", {"enabled": True, "alarms": alarms})


@broken("plain_web_service", DEPLOY)
def alarms_switched_off(edit: Edit) -> None:
    edit.set("deployment", "alarmConfiguration.enabled", False)


@broken("plain_web_service", DEPLOY, advisory=True)
def goes_on_when_alarms_cannot_be_read(edit: Edit) -> None:
    edit.set("deployment", "alarmConfiguration.ignorePollAlarmFailure", True)


@broken("plain_web_service", DEPLOY)
def stops_but_does_not_go_back(edit: Edit) -> None:
    edit.set("deployment", "autoRollbackConfiguration.events", ["DEPLOYMENT_FAILURE"])


@broken("plain_web_service", DEPLOY, engine=True)
def role_without_its_policy(edit: Edit) -> None:
    edit.drop("codedeploy-policy")


@broken("plain_web_service", DEPLOY)
def role_that_may_only_read(edit: Edit) -> None:
    edit.set(
        "codedeploy-policy", "policyArn", "arn:aws:iam::aws:policy/AWSCodeDeployReadOnlyAccess"
    )


@broken("plain_web_service", DEPLOY, engine=True)
def role_that_codedeploy_may_not_assume(edit: Edit) -> None:
    edit.set("codedeploy-role", "assumeRolePolicy", bricks.trust("ec2.amazonaws.com"))


@broken("plain_web_service", DEPLOY)
def role_for_lambda_deployments(edit: Edit) -> None:
    edit.set(
        "codedeploy-policy",
        "policyArn",
        "arn:aws:iam::aws:policy/service-role/AWSCodeDeployRoleForLambda",
    )


@broken("deployer_by_own_policy", DEPLOY)
def own_policy_without_the_balancer(edit: Edit) -> None:
    edit.set(
        "own-policy",
        "policy",
        bricks.document(
            {
                "Effect": "Allow",
                "Action": ["autoscaling:*", "ec2:Describe*", "cloudwatch:DescribeAlarms"],
                "Resource": "*",
            }
        ),
    )


@broken("deployer_by_own_policy", DEPLOY)
def own_policy_that_denies(edit: Edit) -> None:
    edit.set(
        "own-policy",
        "policy",
        bricks.document(
            {
                "Effect": "Allow",
                "Action": ["autoscaling:*", "ec2:Describe*", "elasticloadbalancing:*"],
                "Resource": "*",
            },
            {"Effect": "Deny", "Action": "autoscaling:*", "Resource": "*"},
        ),
    )


@broken("plain_web_service", (DEPLOY, SERVE, SURVIVE), engine=True)
def fleet_without_a_way_to_codedeploy(edit: Edit) -> None:
    edit.drop("private-out-a", "private-out-b")


@broken("plain_web_service", (DEPLOY, SERVE, SURVIVE))
def one_subnet_without_a_way_out(edit: Edit) -> None:
    edit.drop("private-way-b")


@broken("main_route_table", (DEPLOY, SERVE, SURVIVE))
def public_subnets_without_public_addresses(edit: Edit) -> None:
    """An internet gateway serves only instances with a public address."""
    edit.set("public-0", "mapPublicIpOnLaunch", False)
    edit.set("public-1", "mapPublicIpOnLaunch", False)


@broken("endpoints_instead_of_nat", (DEPLOY, SERVE, SURVIVE), engine=True)
def agent_without_its_endpoint(edit: Edit) -> None:
    edit.drop("endpoint-codedeploy-commands-secure")


@broken("endpoints_instead_of_nat", (DEPLOY, SERVE, SURVIVE))
def revisions_out_of_reach(edit: Edit) -> None:
    edit.drop("s3")


@broken("endpoints_instead_of_nat", (DEPLOY, SERVE, SURVIVE))
def endpoints_behind_a_closed_door(edit: Edit) -> None:
    edit.set("endpoints", "ingress", opening(443, cidrBlocks=["192.168.0.0/16"]))


@broken("endpoints_instead_of_nat", (DEPLOY, SERVE, SURVIVE))
def endpoints_that_no_name_leads_to(edit: Edit) -> None:
    edit.set("endpoint-codedeploy-commands-secure", "privateDnsEnabled", False)


@broken("plain_web_service", (DEPLOY, SERVE, SURVIVE), engine=True)
def instances_may_not_leave(edit: Edit) -> None:
    edit.set("app", "egress", ...)


@broken("separate_rules", (DEPLOY, SERVE, SURVIVE))
def instances_may_only_leave_inside(edit: Edit) -> None:
    edit.set("to-world", "cidrIpv4", "10.0.0.0/16")


@broken("default_version_that_follows", DEPLOY, engine=True)
def default_version_that_stays(edit: Edit) -> None:
    edit.set("template", "updateDefaultVersion", ...)


@broken("default_version_that_follows", DEPLOY)
def version_left_out(edit: Edit) -> None:
    """Without a version it is `$Default`, which nothing moves here."""
    edit.set("template", "updateDefaultVersion", False)
    edit.set("fleet", "launchTemplate", {"id": Ref("template")})


@broken("revision_in_a_bucket", DEPLOY)
def instances_may_not_read_revisions(edit: Edit) -> None:
    edit.drop("app-policy-1")


@broken("plain_web_service", DEPLOY)
def instances_that_nobody_manages(edit: Edit) -> None:
    edit.drop("app-policy-0")


@broken("customer_managed_policy", DEPLOY)
def policy_that_is_attached_to_nobody(edit: Edit) -> None:
    edit.drop("sessions-attached")


@broken("wildcards", DEPLOY)
def wildcard_that_does_not_match(edit: Edit) -> None:
    edit.set(
        "sessions",
        "policy",
        bricks.document({"Effect": "Allow", "Action": ["ssm:Get*", "s3:Get*"], "Resource": "*"}),
    )


@broken("wildcards", DEPLOY)
def denied_after_all(edit: Edit) -> None:
    edit.set(
        "sessions",
        "policy",
        bricks.document(
            {"Effect": "Allow", "Action": ["ssm:*", "s3:Get*", "ssmmessages:*"], "Resource": "*"},
            {"Effect": "Deny", "Action": "ssm:Update*", "Resource": "*"},
        ),
    )


@broken("plain_web_service", DEPLOY)
def instances_whose_role_nobody_may_assume(edit: Edit) -> None:
    edit.set("app-role", "assumeRolePolicy", bricks.trust("ecs-tasks.amazonaws.com"))


@broken("revision_in_a_bucket", DEPLOY, advisory=True)
def revision_that_is_overwritten(edit: Edit) -> None:
    edit.set("revision", "key", "revisions/latest.zip")


@broken("revision_in_a_bucket", DEPLOY, engine=True)
def revisions_that_expire(edit: Edit) -> None:
    edit.add(
        "clean-up",
        "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration",
        {
            "bucket": Ref("revisions"),
            "rules": [
                {
                    "id": "clean-up",
                    "status": "Enabled",
                    "filter": {"prefix": "revisions/"},
                    "expiration": {"days": 14},
                }
            ],
        },
    )


@broken("revision_in_a_bucket", DEPLOY)
def revisions_without_versions(edit: Edit) -> None:
    edit.set("revisions-versions", "versioningConfiguration.status", "Suspended")


@broken("plain_web_service", (DEPLOY, SERVE), engine=True)
def requests_cut_off(edit: Edit) -> None:
    edit.set("web", "deregistrationDelay", 0)


@broken("plain_web_service", DEPLOY)
def an_hour_for_each_step(edit: Edit) -> None:
    edit.set("web", "deregistrationDelay", 3600)


@broken("plain_web_service", (DEPLOY, SURVIVE))
def healthy_after_the_grace_period(edit: Edit) -> None:
    edit.set("web", "healthCheck.interval", 60)
    edit.set("web", "healthCheck.healthyThreshold", 10)


@broken("baked_image_without_codedeploy", DEPLOY)
def refresh_that_does_not_go_back(edit: Edit) -> None:
    edit.set("fleet", "instanceRefresh.preferences.autoRollback", False)


@broken("baked_image_without_codedeploy", DEPLOY)
def nothing_deploys_at_all(edit: Edit) -> None:
    edit.set("fleet", "instanceRefresh", ...)


@broken("worker_beside_the_web", DEPLOY)
def deployment_to_the_workers_instead(edit: Edit) -> None:
    edit.set("deployment", "autoscalingGroups", [Ref("worker-fleet", "name")])
    # Possible with the one worker that there is.
    edit.set("deployment", "deploymentConfigName", "CodeDeployDefault.HalfAtATime")


@broken("containers_on_fargate", DEPLOY, advisory=True)
def container_service_that_does_not_go_back(edit: Edit) -> None:
    edit.set("service", "deploymentCircuitBreaker", ...)


@broken("one_at_a_time_by_default", DEPLOY)
def launched_during_a_deployment_stays_old(edit: Edit) -> None:
    edit.set("deployment", "outdatedInstancesStrategy", "IGNORE")


@broken("lambda_for_one_path", (DEPLOY, CLOSED))
def green_fleet_by_copy(edit: Edit) -> None:
    edit.set(
        "deployment",
        "deploymentStyle",
        {"deploymentType": "BLUE_GREEN", "deploymentOption": "WITH_TRAFFIC_CONTROL"},
    )
    edit.set(
        "deployment",
        "blueGreenDeploymentConfig",
        {"greenFleetProvisioningOption": {"action": "COPY_AUTO_SCALING_GROUP"}},
    )
