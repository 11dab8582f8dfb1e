"""Platforms of several services, and shapes that look like faults and are none."""

from __future__ import annotations

import json

import pulumi_aws as aws

from tests.policies.programs import bricks
from tests.policies.programs.cases import Edit, Ref, also_sound, innocent
from tests.policies.programs.innocents.stores import guard

WEB = "plain_web_service"


@innocent()
def a_shop_with_every_store() -> None:
    """Aurora, a cache, files and a table: each admits the fleet only."""
    site = bricks.network()
    service = bricks.web(site)
    subnets = aws.rds.SubnetGroup("aurora-subnets", subnet_ids=site.private_ids())
    cluster = aws.rds.Cluster(
        "aurora",
        engine="aurora-postgresql",
        engine_version="17.5",
        master_username="shop",
        manage_master_user_password=True,
        db_subnet_group_name=subnets.name,
        vpc_security_group_ids=[guard(site, service.group, "aurora-guard", 5432).id],
        storage_encrypted=True,
        backup_retention_period=7,
        deletion_protection=True,
        final_snapshot_identifier="aurora-last",
        enabled_cloudwatch_logs_exports=["postgresql"],
    )
    for number in range(2):
        aws.rds.ClusterInstance(
            f"aurora-{number}",
            cluster_identifier=cluster.id,
            engine="aurora-postgresql",
            instance_class="db.r7g.large",
        )
    aws.rds.EventSubscription("events", sns_topic=service.topic.arn, source_type="db-cluster")
    cached = aws.elasticache.SubnetGroup("cache-subnets", subnet_ids=site.private_ids())
    aws.elasticache.ReplicationGroup(
        "cache",
        description="Sessions",
        engine="valkey",
        node_type="cache.t4g.small",
        num_cache_clusters=2,
        automatic_failover_enabled=True,
        multi_az_enabled=True,
        at_rest_encryption_enabled=True,
        transit_encryption_enabled=True,
        snapshot_retention_limit=7,
        subnet_group_name=cached.name,
        security_group_ids=[guard(site, service.group, "cache-guard", 6379).id],
    )
    files = aws.efs.FileSystem("files", encrypted=True)
    door = guard(site, service.group, "files-guard", 2049)
    for letter, subnet in zip("ab", site.private, strict=True):
        aws.efs.MountTarget(
            f"files-{letter}",
            file_system_id=files.id,
            subnet_id=subnet.id,
            security_groups=[door.id],
        )
    aws.efs.BackupPolicy(
        "files-backup", file_system_id=files.id, backup_policy={"status": "ENABLED"}
    )
    aws.dynamodb.Table(
        "carts",
        billing_mode="PAY_PER_REQUEST",
        hash_key="id",
        attributes=[{"name": "id", "type": "S"}],
        point_in_time_recovery={"enabled": True, "recovery_period_in_days": 14},
        deletion_protection_enabled=True,
    )


@innocent(undecided="Whether anybody sends requests to the group is not in the program.")
def workers_by_the_length_of_their_queue() -> None:
    """No balancer: a message more than a worker can do starts another one."""
    site = bricks.network()
    queue = aws.sqs.Queue("jobs", sqs_managed_sse_enabled=True)
    inside = aws.ec2.SecurityGroup("worker-group", vpc_id=site.vpc.id, egress=[bricks.ANY])
    made_from = bricks.template(
        inside, bricks.profile("worker"), boot="#!/bin/sh\nsystemctl enable --now work\n"
    )
    group = bricks.fleet(site.private_ids(), made_from, name="workers")

    def metric(name: str, namespace: str, dimensions: list[dict[str, object]]) -> dict[str, object]:
        return {
            "metric": {
                "metric_name": name,
                "namespace": namespace,
                "dimensions": dimensions,
            },
            "stat": "Average",
        }

    aws.autoscaling.Policy(
        "backlog",
        autoscaling_group_name=group.name,
        policy_type="TargetTrackingScaling",
        target_tracking_configuration={
            "target_value": 20,
            "customized_metric_specification": {
                "metrics": [
                    {
                        "id": "waiting",
                        "metric_stat": metric(
                            "ApproximateNumberOfMessagesVisible",
                            "AWS/SQS",
                            [{"name": "QueueName", "value": queue.name}],
                        ),
                        "return_data": False,
                    },
                    {
                        "id": "workers",
                        "metric_stat": metric(
                            "GroupInServiceInstances",
                            "AWS/AutoScaling",
                            [{"name": "AutoScalingGroupName", "value": group.name}],
                        ),
                        "return_data": False,
                    },
                    {"id": "each", "expression": "waiting / workers", "return_data": True},
                ]
            },
        },
    )


@innocent()
def topic_with_a_key_that_alarms_may_use() -> None:
    """CloudWatch publishes to an encrypted topic if the key's own policy lets it."""
    policy = bricks.document(
        {
            "Effect": "Allow",
            "Principal": {"AWS": "arn:aws:iam::123456789012:root"},
            "Action": "kms:*",
            "Resource": "*",
        },
        {
            "Effect": "Allow",
            "Principal": {"Service": "cloudwatch.amazonaws.com"},
            "Action": ["kms:Decrypt", "kms:GenerateDataKey*"],
            "Resource": "*",
        },
    )
    key = aws.kms.Key("topic-key", policy=policy, enable_key_rotation=True)
    topic = aws.sns.Topic("pages", kms_master_key_id=key.id)
    aws.sns.TopicSubscription(
        "pages-mail", topic=topic.arn, protocol="email", endpoint="night@example.com"
    )
    site = bricks.network()
    service = bricks.web(site)
    bricks.unhealthy(service.front, service.targets, topic, "unhealthy-at-night")


@also_sound(WEB)
def rebalancing_suspended(edit: Edit) -> None:
    """While a zone is being looked after, nobody wants instances to move."""
    edit.set("fleet", "suspendedProcesses", ["AZRebalance"])


@also_sound(WEB)
def schedules_suspended(edit: Edit) -> None:
    edit.set("fleet", "suspendedProcesses", ["ScheduledActions"])


@also_sound("three_zones")
def nodes_that_stay_in_their_zones(edit: Edit) -> None:
    """Cross-zone traffic costs money, and each zone has its instances."""
    edit.set("web", "loadBalancingCrossZoneEnabled", "false")
    edit.set("fleet", "minSize", 6)
    edit.set("fleet", "desiredCapacity", 6)


@also_sound("paths_of_two_services")
def paths_that_begin_with_a_wildcard(edit: Edit) -> None:
    edit.set("to-api", "conditions", [{"pathPattern": {"values": ["*/api/*", "/api"]}}])


@also_sound("hosts_of_two_services")
def hosts_with_wildcards(edit: Edit) -> None:
    edit.set(
        "to-shop",
        "conditions",
        [{"hostHeader": {"values": ["*.shop.example.com", "SHOP.example.com"]}}],
    )


@also_sound("canary_by_weight")
def shares_that_make_no_hundred(edit: Edit) -> None:
    edit.set("http", "defaultActions.0.forward.targetGroups.0.weight", 3)
    edit.set("http", "defaultActions.0.forward.targetGroups.1.weight", 1)


@also_sound("steps_by_an_alarm")
def steps_both_ways(edit: Edit) -> None:
    edit.add(
        "less",
        "aws:autoscaling/policy:Policy",
        {
            "autoscalingGroupName": Ref("fleet", "name"),
            "policyType": "StepScaling",
            "adjustmentType": "ChangeInCapacity",
            "stepAdjustments": [{"scalingAdjustment": -1, "metricIntervalUpperBound": "0"}],
        },
    )
    edit.add(
        "idle",
        "aws:cloudwatch/metricAlarm:MetricAlarm",
        {
            "namespace": "AWS/EC2",
            "metricName": "CPUUtilization",
            "dimensions": {"AutoScalingGroupName": Ref("fleet", "name")},
            "statistic": "Average",
            "comparisonOperator": "LessThanThreshold",
            "threshold": 20,
            "period": 60,
            "evaluationPeriods": 15,
            "alarmActions": [Ref("less", "arn")],
        },
    )


@also_sound(WEB)
def own_cookie_with_its_name(edit: Edit) -> None:
    stickiness = {
        "type": "app_cookie",
        "enabled": True,
        "cookieName": "SESSION",
        "cookieDuration": 600,
    }
    edit.set("web", "stickiness", stickiness)


@also_sound(WEB)
def topic_policy_for_alarms(edit: Edit) -> None:
    policy = {
        "Version": "2012-10-17",
        "Statement": {
            "Effect": "Allow",
            "Principal": {"Service": ["cloudwatch.amazonaws.com", "codedeploy.amazonaws.com"]},
            "Action": "sns:Publish",
            "Resource": "*",
        },
    }
    edit.add(
        "operations-policy",
        "aws:sns/topicPolicy:TopicPolicy",
        {"arn": Ref("operations", "arn"), "policy": json.dumps(policy)},
    )


@also_sound("table_without_servers")
def table_kept_by_a_backup_plan(edit: Edit) -> None:
    """What a plan keeps needs no recovery to a point in time."""
    edit.set("carts", "pointInTimeRecovery", ...)
    edit.add("vault", "aws:backup/vault:Vault", {})
    edit.add(
        "nightly",
        "aws:backup/plan:Plan",
        {
            "rules": [
                {
                    "ruleName": "nightly",
                    "targetVaultName": Ref("vault", "name"),
                    "schedule": "cron(0 3 * * ? *)",
                    "lifecycle": {"deleteAfter": 35},
                }
            ]
        },
    )
    edit.add(
        "tables",
        "aws:backup/selection:Selection",
        {
            "planId": Ref("nightly"),
            "iamRoleArn": "arn:aws:iam::123456789012:role/backup",
            "resources": ["arn:aws:dynamodb:*:*:table/*"],
        },
    )


@also_sound("cache_with_a_replica")
def cache_that_admits_the_private_subnets(edit: Edit) -> None:
    rule = {"protocol": "tcp", "fromPort": 6379, "toPort": 6379, "cidrBlocks": ["10.0.0.0/16"]}
    edit.set("cache-guard", "ingress", [rule])


@also_sound("network_balancer_beside_it")
def devices_by_tls(edit: Edit) -> None:
    edit.set("mqtt", "protocol", "TLS")
    edit.set("mqtt", "port", 8883)
    edit.set("mqtt", "sslPolicy", bricks.TLS)
    edit.set("mqtt", "certificateArn", bricks.CERTIFICATE)
    opened = {"protocol": "tcp", "fromPort": 8883, "toPort": 8883, "cidrBlocks": [bricks.WORLD]}
    edit.set("devices", "ingress", [opened])
