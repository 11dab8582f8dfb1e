"""Can it deploy and roll back? Not by this alarm, this principal, this policy."""

from __future__ import annotations

import json

from tests.policies.programs import bricks
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
from tests.policies.programs.innocents.releases import regional_trust

POLICY = "aws:s3/bucketPolicy:BucketPolicy"


@broken("plain_web_service", DEPLOY, engine=True)
def errors_averaged(edit: Edit) -> None:
    """Each error counts 1, so the average is 1 and never above 10 (ELB user guide, metrics)."""
    edit.set("errors", "statistic", "Average")


@broken("plain_web_service", DEPLOY, engine=True)
def alarm_when_all_is_well(edit: Edit) -> None:
    """Fewer than ten errors is the rule: every deployment stops."""
    edit.set("errors", "comparisonOperator", "LessThanThreshold")


@broken("plain_web_service", DEPLOY)
def errors_of_a_target_group_without_its_balancer(edit: Edit) -> None:
    """ELB publishes them by load balancer, or by both: this metric has no data."""
    edit.set("errors", "dimensions", {"TargetGroup": Ref("web", "arnSuffix")})


@broken("plain_web_service", DEPLOY, engine=True)
def errors_of_an_arn(edit: Edit) -> None:
    """The dimension is the end of the ARN; by the whole one there is no data."""
    arn = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:loadbalancer/app/front/50dc6c495c0c9"
    edit.set("errors", "dimensions", {"LoadBalancer": arn, "TargetGroup": Ref("web", "arnSuffix")})


@broken("plain_web_service", DEPLOY)
def errors_of_a_name(edit: Edit) -> None:
    edit.set(
        "errors", "dimensions", {"LoadBalancer": "front", "TargetGroup": Ref("web", "arnSuffix")}
    )


@broken("plain_web_service", DEPLOY)
def metric_misspelled(edit: Edit) -> None:
    edit.set("errors", "metricName", "HTTPCode_Target_5xx_Count")


@broken("plain_web_service", DEPLOY)
def namespace_misspelled(edit: Edit) -> None:
    edit.set("errors", "namespace", "AWS/ALB")


@broken("plain_web_service", DEPLOY)
def errors_of_the_balancer_by_target_group(edit: Edit) -> None:
    """What the balancer itself answers belongs to no target group."""
    edit.set("errors", "metricName", "HTTPCode_ELB_5XX_Count")


@broken("composed_of_every_alarm", DEPLOY, advisory=True)
def composed_of_an_alarm_that_is_gone(edit: Edit) -> None:
    edit.set("trouble", "alarmRule", 'ALARM("shop-5xx-2023")')


@broken("plain_web_service", SURVIVE, advisory=True)
def alarm_that_tells_nobody(edit: Edit) -> None:
    edit.set("unhealthy", "actionsEnabled", False)


@broken("plain_web_service", SURVIVE, advisory=True)
def topic_that_nobody_reads(edit: Edit) -> None:
    edit.drop("operations-mail")


@broken("plain_web_service", DEPLOY)
def principal_of_another_region(edit: Edit) -> None:
    edit.set(
        "codedeploy-role",
        "assumeRolePolicy",
        regional_trust("codedeploy.eu-central-1.amazonaws.com"),
    )


@broken("plain_web_service", (DEPLOY, VALID), engine=True)
def policy_without_its_path(edit: Edit) -> None:
    """It is `service-role/AWSCodeDeployRole`: without the path there is no such policy."""
    edit.set("codedeploy-policy", "policyArn", "arn:aws:iam::aws:policy/AWSCodeDeployRole")


@broken("plain_web_service", (DEPLOY, VALID))
def policy_with_a_path_that_it_has_not(edit: Edit) -> None:
    edit.set(
        "app-policy-0",
        "policyArn",
        "arn:aws:iam::aws:policy/service-role/AmazonSSMManagedInstanceCore",
    )


@broken("plain_web_service", DEPLOY, advisory=True)
def boundary_that_leaves_reading(edit: Edit) -> None:
    edit.set("codedeploy-role", "permissionsBoundary", "arn:aws:iam::aws:policy/ReadOnlyAccess")


@broken("deployer_by_own_policy", (VALID, DEPLOY))
def statement_without_a_resource(edit: Edit) -> None:
    edit.set(
        "own-policy", "policy", bricks.document({"Effect": "Allow", "Action": "autoscaling:*"})
    )


@broken("deployer_by_own_policy", (VALID, DEPLOY))
def policy_that_is_no_json(edit: Edit) -> None:
    edit.set("own-policy", "policy", str({"Version": "2012-10-17", "Statement": []}))


@broken("plain_web_service", DEPLOY)
def classic_balancer_in_the_deployment(edit: Edit) -> None:
    edit.set("deployment", "loadBalancerInfo", {"elbInfos": [{"name": "front"}]})


@broken("plain_web_service", (DEPLOY, VALID))
def pair_of_target_groups_for_servers(edit: Edit) -> None:
    edit.set(
        "deployment",
        "loadBalancerInfo",
        {
            "targetGroupPairInfo": {
                "prodTrafficRoute": {"listenerArns": [Ref("http", "arn")]},
                "targetGroups": [{"name": Ref("web", "name")}],
            }
        },
    )


@broken("plain_web_service", (DEPLOY, VALID), engine=True)
def configuration_for_functions(edit: Edit) -> None:
    edit.set("deployment", "deploymentConfigName", "CodeDeployDefault.LambdaAllAtOnce")


@broken("told_about_each_deployment", DEPLOY)
def more_hosts_per_zone_than_there_are(edit: Edit) -> None:
    edit.set("zonal", "zonalConfig.minimumHealthyHostsPerZone.value", 2)


@broken("revision_in_a_bucket", DEPLOY, engine=True)
def bucket_that_lets_nobody_read(edit: Edit) -> None:
    edit.set(
        "revisions-tls",
        "policy",
        bricks.document(
            {
                "Effect": "Deny",
                "Principal": "*",
                "Action": "s3:*",
                "Resource": ["arn:aws:s3:::revisions", "arn:aws:s3:::revisions/*"],
                "Condition": {"Bool": {"aws:SecureTransport": "false"}},
            },
            {
                "Effect": "Deny",
                "Principal": "*",
                "Action": "s3:GetObject",
                "Resource": "*",
            },
        ),
    )


@broken("endpoints_instead_of_nat", (DEPLOY, SERVE))
def endpoint_for_another_bucket(edit: Edit) -> None:
    """The endpoint's policy admits the logs' bucket alone; packages and revisions are refused."""
    edit.set(
        "s3",
        "policy",
        bricks.document(
            {
                "Effect": "Allow",
                "Principal": "*",
                "Action": "s3:PutObject",
                "Resource": "arn:aws:s3:::company-logs/*",
            }
        ),
    )


@broken("revision_in_a_bucket", (CLOSED, SERVE), advisory=True)
def two_policies_of_one_bucket(edit: Edit) -> None:
    """A bucket has one policy: the second to be written replaces the first, which demanded TLS."""
    edit.add(
        "revisions-for-partner",
        POLICY,
        {
            "bucket": Ref("revisions"),
            "policy": json.dumps(
                {
                    "Version": "2012-10-17",
                    "Statement": [
                        {
                            "Effect": "Allow",
                            "Principal": {"AWS": "arn:aws:iam::210987654321:root"},
                            "Action": "s3:PutObject",
                            "Resource": "arn:aws:s3:::revisions/incoming/*",
                        }
                    ],
                }
            ),
        },
    )


@broken("database_with_rules_apart", (SERVE, SURVIVE, VALID))
def key_that_is_switched_off(edit: Edit) -> None:
    """The database cannot start with it, and stops without it."""
    edit.set("key", "isEnabled", False)


@broken("two_sets_of_tasks", (DEPLOY, VALID))
def service_that_codedeploy_does_not_control(edit: Edit) -> None:
    edit.set("service", "deploymentController", {"type": "ECS"})


@broken("managed_without_a_policy_of_the_role", DEPLOY)
def account_setting_gone(edit: Edit) -> None:
    edit.drop("default-management", "management-policy", "management")
