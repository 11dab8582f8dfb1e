"""Alarms, scaling, copies and checks of other shapes: sound, although they look like a mistake."""

from __future__ import annotations

from typing import Any

import pulumi_aws as aws

from tests.policies.programs import bricks
from tests.policies.programs.cases import Edit, Ref, also_sound, innocent
from tests.policies.programs.innocents import (  # noqa: F401 - the programs that are changed here
    entrances,
    fleets,
    keeping,
    plain,
    stores,
    ways,
)
from tests.policies.programs.innocents.fronts import alias, named
from tests.policies.switches import nightly_call

WEB = "plain_web_service"
TWO = "two_balancers_two_services"
CHECKED = "checked_from_outside"
QUEUES = "orders_by_topic_and_queue"
ALARM = "aws:cloudwatch/metricAlarm:MetricAlarm"


def watches(
    edit: Edit, namespace: str, dimensions: dict[str, Any], name: str = "busy", /, **more: Any
) -> None:
    alarm = {
        "namespace": namespace,
        "metricName": "CPUUtilization",
        "dimensions": dimensions,
        "statistic": "Average",
        "comparisonOperator": "GreaterThanThreshold",
        "threshold": 80,
        "period": 60,
        "evaluationPeriods": 5,
        "alarmActions": [Ref("operations", "arn")],
        **more,
    }
    edit.add(name, ALARM, alarm)


def another_balancer(edit: Edit) -> None:
    edit.add(
        "other-front",
        "aws:lb/loadBalancer:LoadBalancer",
        {
            "loadBalancerType": "application",
            "subnets": [Ref("public-a"), Ref("public-b")],
            "securityGroups": [Ref("balancer")],
            "dropInvalidHeaderFields": True,
            "enableZonalShift": True,
        },
    )


def by_steps(edit: Edit, dimensions: dict[str, Any], **more: Any) -> None:
    edit.drop("shop-cpu")
    edit.add(
        "shop-more",
        "aws:autoscaling/policy:Policy",
        {
            "autoscalingGroupName": Ref("shop-fleet", "name"),
            "policyType": "StepScaling",
            "adjustmentType": "ChangeInCapacity",
            "stepAdjustments": [{"scalingAdjustment": 2, "metricIntervalLowerBound": "0"}],
        },
    )
    triggers = {"threshold": 60, "evaluationPeriods": 2, "alarmActions": [Ref("shop-more", "arn")]}
    watches(edit, "AWS/EC2", dimensions, "shop-busy", **{**triggers, **more})


def by_steps_with_requests(edit: Edit, service: str) -> None:
    dimensions = {
        "LoadBalancer": Ref(f"{service}-front", "arnSuffix"),
        "TargetGroup": Ref(f"{service}-targets", "arnSuffix"),
    }
    more = {"namespace": "AWS/ApplicationELB", "metricName": "RequestCount", "statistic": "Sum"}
    by_steps(edit, dimensions, **more)


def long_policy(characters: int) -> str:
    names = [f"arn:aws:s3:::{index:03}-exports-of-the-shop/*" for index in range(characters // 43)]
    return bricks.document({"Effect": "Allow", "Action": "s3:GetObject", "Resource": names})


# --- alarms and names -------------------------------------------------------------------------------


@also_sound(WEB)
def names_that_the_program_gives(edit: Edit) -> None:
    """Every name is known in the preview, and passed on as the output name."""
    for name in ("web", "fleet", "errors", "template"):
        edit.set(name, "name", f"shop-{name}")
    edit.set("database", "identifier", "shop")
    edit.set("deployment", "loadBalancerInfo.targetGroupInfos", [{"name": Ref("web", "name")}])
    edit.set("deployment", "alarmConfiguration.alarms", [Ref("errors", "name")])
    edit.set("fleet", "launchTemplate", {"name": Ref("template", "name"), "version": "$Latest"})
    edit.set("deployment", "autoscalingGroups", [Ref("fleet", "name")])
    watches(edit, "AWS/RDS", {})
    edit.set("busy", "dimensions", {"DBInstanceIdentifier": Ref("database", "identifier")})


@also_sound(WEB)
def disk_of_the_fleet_by_every_dimension(edit: Edit) -> None:
    edit.set("fleet", "name", "shop-fleet")
    dimensions = {
        "AutoScalingGroupName": Ref("fleet", "name"),
        "ImageId": Ref("template", "imageId"),
        "path": "/",
        "fstype": "xfs",
    }
    watches(edit, "CWAgent", {}, metricName="disk_used_percent")
    edit.set("busy", "dimensions", dimensions)
    edit.set("deployment", "autoscalingGroups", [Ref("fleet", "name")])


@also_sound(WEB)
def errors_of_a_balancer_of_another_stack(edit: Edit) -> None:
    suffix = "app/partner/50dc6c495c0c9188"
    watches(
        edit,
        "AWS/ApplicationELB",
        {"LoadBalancer": suffix},
        metricName="HTTPCode_ELB_5XX_Count",
        statistic="Sum",
        threshold=5,
    )


@also_sound(WEB)
def ids_that_the_program_writes_out(edit: Edit) -> None:
    """A second interface group and an endpoint group that the platform team made."""
    edit.set("template", "vpcSecurityGroupIds", [Ref("app"), "sg-0123456789abcdef0"])


# --- scaling ----------------------------------------------------------------------------------------


@also_sound(TWO)
def grows_by_steps_with_its_own_load(edit: Edit) -> None:
    by_steps(edit, {"AutoScalingGroupName": Ref("shop-fleet", "name")})


@also_sound(TWO)
def grows_by_steps_with_its_own_requests(edit: Edit) -> None:
    by_steps_with_requests(edit, "shop")


@also_sound(TWO)
def grows_by_steps_with_a_queue(edit: Edit) -> None:
    edit.add("orders", "aws:sqs/queue:Queue", {"name": "orders"})
    more = {
        "namespace": "AWS/SQS",
        "metricName": "ApproximateNumberOfMessagesVisible",
        "threshold": 1000,
    }
    by_steps(edit, {"QueueName": Ref("orders", "name")}, **more)


@also_sound("worker_beside_the_web")
def workers_grow_with_the_load_of_the_web(edit: Edit) -> None:
    """Every request of the web gives the workers a job."""
    edit.add(
        "more-workers",
        "aws:autoscaling/policy:Policy",
        {
            "autoscalingGroupName": Ref("worker-fleet", "name"),
            "policyType": "TargetTrackingScaling",
            "targetTrackingConfiguration": {
                "targetValue": 60,
                "customizedMetricSpecification": {
                    "namespace": "CWAgent",
                    "metricName": "cpu_usage_active",
                    "statistic": "Average",
                    "metricDimensions": [
                        {"name": "AutoScalingGroupName", "value": Ref("fleet", "name")}
                    ],
                },
            },
        },
    )


# --- load balancers ---------------------------------------------------------------------------------


@also_sound(WEB, undecided="Another stack may add listeners to it.")
def balancer_for_other_stacks(edit: Edit) -> None:
    another_balancer(edit)


@also_sound(WEB)
def second_balancer_that_redirects(edit: Edit) -> None:
    """For the old name of the site: it sends everybody to the new one."""
    another_balancer(edit)
    redirect = {"host": "www.example.com", "protocol": "HTTP", "port": "80"}
    edit.add(
        "old",
        "aws:lb/listener:Listener",
        {
            "loadBalancerArn": Ref("other-front", "arn"),
            "port": 80,
            "protocol": "HTTP",
            "defaultActions": [
                {"type": "redirect", "redirect": {**redirect, "statusCode": "HTTP_301"}}
            ],
        },
    )
    named(edit, "old.example.com", "old-name", aliases=[alias("other-front")])


# --- names ------------------------------------------------------------------------------------------


@also_sound(CHECKED)
def connection_beside_the_health_of_the_alias(edit: Edit) -> None:
    """The alias asks whether anybody is healthy, the check whether one can connect at all."""
    edit.set("check", "type", "TCP")
    edit.set("check", "resourcePath", ...)


@also_sound(CHECKED)
def checked_every_ten_seconds_for_a_word(edit: Edit) -> None:
    edit.set("first", "aliases.0.evaluateTargetHealth", False)
    edit.set("check", "type", "HTTPS_STR_MATCH")
    edit.set("check", "searchString", "ok")
    edit.set("check", "requestInterval", 10)
    edit.set("check", "failureThreshold", 10)


@also_sound(CHECKED)
def fails_over_to_a_balancer_of_another_region(edit: Edit) -> None:
    elsewhere = {
        "name": "standby-123456.eu-central-1.elb.amazonaws.com",
        "zoneId": "Z215JYRZR1TBD5",
        "evaluateTargetHealth": True,
    }
    edit.set("sorry", "aliases", [elsewhere])


# --- copies -----------------------------------------------------------------------------------------


def planned(rules: list[dict[str, Any]]) -> None:
    site = bricks.network()
    bricks.web(site)
    table = aws.dynamodb.Table(
        "carts",
        billing_mode="PAY_PER_REQUEST",
        hash_key="id",
        attributes=[{"name": "id", "type": "S"}],
        deletion_protection_enabled=True,
    )
    vault = aws.backup.Vault("vault")
    plan = aws.backup.Plan(
        "plan",
        rules=[
            {"rule_name": f"rule-{n}", "target_vault_name": vault.name, **rule}
            for n, rule in enumerate(rules)
        ],
    )
    role = aws.iam.Role("backup-role", assume_role_policy=bricks.trust("backup.amazonaws.com"))
    aws.iam.RolePolicyAttachment("backup-policy", role=role.name, policy_arn=bricks.BACKUP)
    aws.backup.Selection("selection", plan_id=plan.id, iam_role_arn=role.arn, resources=[table.arn])


@innocent()
def copied_daily_and_kept_longer_each_month() -> None:
    planned(
        [
            {"schedule": "cron(0 3 * * ? *)", "lifecycle": {"delete_after": 14}},
            {"schedule": "cron(0 4 1 * ? *)", "lifecycle": {"delete_after": 365}},
        ]
    )


@innocent()
def copied_twice_a_week() -> None:
    planned([{"schedule": "cron(0 3 ? * MON,THU *)", "lifecycle": {"delete_after": 30}}])


@innocent()
def copied_every_twelve_hours() -> None:
    planned([{"schedule": "rate(12 hours)", "lifecycle": {"delete_after": 14}}])


@also_sound("cache_with_a_replica")
def windows_of_a_cache_one_after_the_other(edit: Edit) -> None:
    edit.set("cache", "snapshotWindow", "02:00-03:00")
    edit.set("cache", "maintenanceWindow", "mon:03:00-mon:04:00")


# --- roles, schedules, queues -----------------------------------------------------------------------


@also_sound(WEB)
def two_policies_that_fit_together(edit: Edit) -> None:
    for name in ("exports", "imports"):
        edit.add(
            name,
            "aws:iam/rolePolicy:RolePolicy",
            {"role": Ref("app-role"), "policy": long_policy(4500)},
        )


@also_sound(WEB)
def another_database_rebooted_at_night(edit: Edit) -> None:
    edit.set("database", "identifier", "shop")
    given = nightly_call("rds:rebootDBInstance", {"DbInstanceIdentifier": "shop-staging"})
    edit.add("night", "aws:scheduler/schedule:Schedule", given)


@also_sound(QUEUES)
def reader_replaced_by_another(edit: Edit) -> None:
    """The old mapping stays, switched off, until the new one has proved itself."""
    edit.set("work", "enabled", False)
    edit.add(
        "work-anew",
        "aws:lambda/eventSourceMapping:EventSourceMapping",
        {
            "eventSourceArn": Ref("jobs", "arn"),
            "functionName": Ref("function", "arn"),
            "batchSize": 10,
        },
    )


@innocent()
def everything_by_its_id() -> None:
    """Where the output id is the name, many pass that on."""
    site = bricks.network()
    outside = bricks.balancer_group(site.vpc.id)
    inside = bricks.app_group(site.vpc.id, outside)
    front = bricks.balancer(site.public_ids(), outside)
    behind = bricks.targets(site.vpc.id)
    bricks.http(front, bricks.forward(behind))
    role = aws.iam.Role("app-role", assume_role_policy=bricks.trust("ec2.amazonaws.com"))
    for number, arn in enumerate((bricks.SSM, bricks.AGENT)):
        aws.iam.RolePolicyAttachment(f"policy-{number}", role=role.id, policy_arn=arn)
    who = aws.iam.InstanceProfile("app-profile", role=role.id)
    group = bricks.fleet(
        site.private_ids(),
        bricks.template(inside, who, iam_instance_profile={"name": who.id}),
        behind,
        name="fleet",
    )
    aws.autoscaling.Policy(
        "cpu",
        autoscaling_group_name=group.id,
        policy_type="TargetTrackingScaling",
        target_tracking_configuration={
            "predefined_metric_specification": {
                "predefined_metric_type": "ASGAverageCPUUtilization"
            },
            "target_value": 50,
        },
    )
    topic = bricks.mail()
    alarm = bricks.errors(front, behind, topic)
    bricks.unhealthy(front, behind, topic)
    bricks.deployment(bricks.application(), bricks.deployer(), group, behind, alarm)
