"""Other fleets: Spot, warm pools, refreshes, schedules, workers, one group per zone."""

from __future__ import annotations

from typing import Any

import pulumi_aws as aws

from tests.policies.programs import bricks
from tests.policies.programs.cases import innocent

FIXED = "The fleet has a fixed size on purpose."


def entrance(
    site: bricks.Site, who: aws.iam.InstanceProfile | None = None, **more: Any
) -> tuple[Any, Any, Any]:
    """Create balancer, target group, listener and launch template; `more` goes to the last."""
    outside = bricks.balancer_group(site.vpc.id)
    front = bricks.balancer(site.public_ids(), outside)
    behind = bricks.targets(site.vpc.id)
    bricks.http(front, bricks.forward(behind))
    inside = bricks.app_group(site.vpc.id, outside)
    return front, behind, bricks.template(inside, who or bricks.profile(), **more)


@innocent(engine=True)
def worker_beside_the_web() -> None:
    """A worker takes its jobs from a queue: no balancer, one zone, and the jobs wait if it is lost."""
    site = bricks.network()
    bricks.web(site)
    queue = aws.sqs.Queue("jobs", sqs_managed_sse_enabled=True, visibility_timeout_seconds=300)
    inside = aws.ec2.SecurityGroup("worker-group", vpc_id=site.vpc.id, egress=[bricks.ANY])
    who = bricks.profile("worker", bricks.SSM, "arn:aws:iam::aws:policy/AmazonSQSFullAccess")
    made_from = bricks.template(
        inside, who, "worker-template", boot="#!/bin/sh\nsystemctl enable --now worker\n"
    )
    workers = bricks.fleet(
        [site.private[0].id], made_from, name="worker-fleet", min_size=1, desired_capacity=1
    )
    aws.autoscaling.Policy(
        "backlog",
        autoscaling_group_name=workers.name,
        policy_type="TargetTrackingScaling",
        target_tracking_configuration={
            "customized_metric_specification": {
                "namespace": "AWS/SQS",
                "metric_name": "ApproximateNumberOfMessagesVisible",
                "statistic": "Average",
                "metric_dimensions": [{"name": "QueueName", "value": queue.name}],
            },
            "target_value": 100,
        },
    )


@innocent()
def one_group_per_zone() -> None:
    """Each zone has its own group, so that none is emptied to balance another."""
    site = bricks.network()
    front, behind, made_from = entrance(site)
    groups = [
        bricks.fleet([subnet.id], made_from, behind, name=f"fleet-{letter}", desired_capacity=2)
        for letter, subnet in zip("ab", site.private, strict=True)
    ]
    for letter, group in zip("ab", groups, strict=True):
        bricks.tracking(group, f"cpu-{letter}")
    topic = bricks.mail()
    alarm = bricks.errors(front, behind, topic)
    bricks.unhealthy(front, behind, topic)
    bricks.deployment(
        bricks.application(),
        bricks.deployer(),
        groups[0],
        behind,
        alarm,
        autoscaling_groups=[group.name for group in groups],
    )


def mixed(made_from: aws.ec2.LaunchTemplate, base: int, above: int) -> dict[str, Any]:
    return {
        "launch_template": {
            "launch_template_specification": {
                "launch_template_id": made_from.id,
                "version": bricks.version(made_from),
            },
            "overrides": [
                {"instance_type": kind} for kind in ("m7g.large", "m6g.large", "c7g.large")
            ],
        },
        "instances_distribution": {
            "on_demand_base_capacity": base,
            "on_demand_percentage_above_base_capacity": above,
            "spot_allocation_strategy": "price-capacity-optimized",
        },
    }


@innocent(engine=True)
def spot_above_a_base() -> None:
    """What must be there is On-Demand; Spot takes the peaks."""
    site = bricks.network()
    front, behind, made_from = entrance(site)
    group = bricks.fleet(
        site.private_ids(),
        made_from,
        behind,
        mixed_instances_policy=mixed(made_from, 2, 0),
        capacity_rebalance=True,
    )
    bricks.delivery(front, behind, group)


@innocent()
def types_by_attributes() -> None:
    site = bricks.network()
    front, behind, made_from = entrance(site)
    policy = mixed(made_from, 2, 100)
    policy["launch_template"]["overrides"] = [
        {
            "instance_requirements": {
                "vcpu_count": {"min": 2, "max": 4},
                "memory_mib": {"min": 4096},
                "cpu_manufacturers": ["amazon-web-services"],
            }
        }
    ]
    group = bricks.fleet(site.private_ids(), made_from, behind, mixed_instances_policy=policy)
    bricks.delivery(front, behind, group)


@innocent()
def warm_pool() -> None:
    """Stopped instances that have booted once wait for the peak."""
    site = bricks.network()
    front, behind, made_from = entrance(site)
    group = bricks.fleet(
        site.private_ids(),
        made_from,
        behind,
        warm_pool={
            "pool_state": "Stopped",
            "min_size": 2,
            "instance_reuse_policy": {"reuse_on_scale_in": True},
        },
    )
    bricks.delivery(front, behind, group)


REFRESH = {
    "strategy": "Rolling",
    "preferences": {
        "min_healthy_percentage": 100,
        "max_healthy_percentage": 150,
        "instance_warmup": "120",
        "auto_rollback": True,
    },
}


@innocent()
def refreshed_by_the_template() -> None:
    """A new image replaces the instances one after the other; CodeDeploy brings the application."""
    site = bricks.network()
    front, behind, made_from = entrance(site)
    group = bricks.fleet(site.private_ids(), made_from, behind, instance_refresh=REFRESH)
    bricks.delivery(front, behind, group)


@innocent(engine=True)
def baked_image_without_codedeploy() -> None:
    """The image holds the application: an instance refresh deploys it, and goes back on an alarm."""
    site = bricks.network()
    front, behind, made_from = entrance(site)
    topic = bricks.mail()
    alarm = bricks.errors(front, behind, topic)
    bricks.unhealthy(front, behind, topic)
    refresh = {
        "strategy": "Rolling",
        "preferences": {
            **REFRESH["preferences"],
            "alarm_specification": {"alarms": [alarm.name]},
        },
    }
    group = bricks.fleet(site.private_ids(), made_from, behind, instance_refresh=refresh)
    bricks.tracking(group)


@innocent()
def traffic_sources() -> None:
    site = bricks.network()
    front, behind, made_from = entrance(site)
    group = bricks.fleet(
        site.private_ids(),
        made_from,
        health_check_type="ELB",
        traffic_sources=[{"identifier": behind.arn, "type": "elbv2"}],
    )
    bricks.delivery(front, behind, group)


@innocent(engine=True)
def attachment() -> None:
    """The group ignores its list, so that it does not fight with the attachment."""
    site = bricks.network()
    front, behind, made_from = entrance(site)
    group = bricks.fleet(site.private_ids(), made_from, health_check_type="ELB")
    aws.autoscaling.Attachment(
        "attachment", autoscaling_group_name=group.name, lb_target_group_arn=behind.arn
    )
    bricks.delivery(front, behind, group)


@innocent()
def traffic_source_attachment() -> None:
    site = bricks.network()
    front, behind, made_from = entrance(site)
    group = bricks.fleet(site.private_ids(), made_from, health_check_type="ELB")
    aws.autoscaling.TrafficSourceAttachment(
        "attachment",
        autoscaling_group_name=group.id,
        traffic_source={"identifier": behind.arn, "type": "elbv2"},
    )
    bricks.delivery(front, behind, group)


@innocent(engine=True)
def template_by_interfaces() -> None:
    """Security groups and address are in the network interface, where both must then be."""
    site = bricks.network()
    outside = bricks.balancer_group(site.vpc.id)
    front = bricks.balancer(site.public_ids(), outside)
    behind = bricks.targets(site.vpc.id)
    bricks.http(front, bricks.forward(behind))
    inside = bricks.app_group(site.vpc.id, outside)
    made_from = bricks.template(
        None,
        bricks.profile(),
        network_interfaces=[
            {
                "device_index": 0,
                "associate_public_ip_address": "false",
                "delete_on_termination": "true",
                "security_groups": [inside.id],
            }
        ],
    )
    group = bricks.fleet(site.private_ids(), made_from, behind)
    bricks.delivery(front, behind, group)


@innocent()
def latest_version() -> None:
    """`$Latest` is the version that was made last; without a refresh that only new instances take."""
    site = bricks.network()
    front, behind, made_from = entrance(site)
    group = bricks.fleet(
        site.private_ids(),
        made_from,
        behind,
        launch_template={"id": made_from.id, "version": "$Latest"},
    )
    bricks.delivery(front, behind, group)


@innocent()
def default_version_that_follows() -> None:
    """`$Default` with `update_default_version`: each new version becomes the default."""
    site = bricks.network()
    front, behind, made_from = entrance(site)
    group = bricks.fleet(
        site.private_ids(),
        made_from,
        behind,
        launch_template={"name": made_from.name, "version": "$Default"},
    )
    bricks.delivery(front, behind, group)


@innocent(engine=True)
def more_in_the_morning() -> None:
    """Schedules that raise the size for the day, and give back only what they raised."""
    site = bricks.network()
    front, behind, made_from = entrance(site)
    group = bricks.fleet(site.private_ids(), made_from, behind)
    aws.autoscaling.Schedule(
        "morning",
        scheduled_action_name="morning",
        autoscaling_group_name=group.name,
        recurrence="0 7 * * MON-FRI",
        time_zone="Europe/Dublin",
        min_size=4,
        max_size=6,
        desired_capacity=4,
    )
    aws.autoscaling.Schedule(
        "evening",
        scheduled_action_name="evening",
        autoscaling_group_name=group.name,
        recurrence="0 20 * * *",
        min_size=2,
        max_size=6,
        desired_capacity=2,
    )
    bricks.delivery(front, behind, group)


@innocent()
def steps_by_an_alarm() -> None:
    site = bricks.network()
    front, behind, made_from = entrance(site)
    group = bricks.fleet(site.private_ids(), made_from, behind)
    more = aws.autoscaling.Policy(
        "more",
        autoscaling_group_name=group.name,
        policy_type="StepScaling",
        adjustment_type="ChangeInCapacity",
        step_adjustments=[{"scaling_adjustment": 2, "metric_interval_lower_bound": "0"}],
    )
    aws.cloudwatch.MetricAlarm(
        "busy",
        namespace="AWS/EC2",
        metric_name="CPUUtilization",
        dimensions={"AutoScalingGroupName": group.name},
        statistic="Average",
        comparison_operator="GreaterThanThreshold",
        threshold=60,
        period=60,
        evaluation_periods=2,
        alarm_actions=[more.arn],
    )
    topic = bricks.mail()
    alarm = bricks.errors(front, behind, topic)
    bricks.unhealthy(front, behind, topic)
    bricks.deployment(bricks.application(), bricks.deployer(), group, behind, alarm)


@innocent()
def spread_over_racks() -> None:
    site = bricks.network()
    front, behind, made_from = entrance(site)
    racks = aws.ec2.PlacementGroup("racks", strategy="spread", spread_level="rack")
    group = bricks.fleet(site.private_ids(), made_from, behind, placement_group=racks.name)
    bricks.delivery(front, behind, group)


@innocent()
def instances_live_for_a_month() -> None:
    """Replaced after thirty days, one launched before one ends."""
    site = bricks.network()
    front, behind, made_from = entrance(site)
    group = bricks.fleet(
        site.private_ids(),
        made_from,
        behind,
        max_instance_lifetime=30 * 86400,
        termination_policies=["OldestLaunchTemplate", "OldestInstance"],
        enabled_metrics=["GroupInServiceInstances"],
        metrics_granularity="1Minute",
    )
    bricks.delivery(front, behind, group)


@innocent()
def without_the_newer_settings() -> None:
    """As it was written before maintenance policies and warm-ups; four instances bear the loss of one."""
    site = bricks.network()
    front, behind, made_from = entrance(site)
    group = bricks.fleet(
        site.private_ids(),
        made_from,
        behind,
        min_size=4,
        desired_capacity=4,
        instance_maintenance_policy=None,
        default_instance_warmup=None,
    )
    bricks.delivery(front, behind, group)


@innocent(advised={"*": FIXED})
def fixed_size() -> None:
    """Licences for exactly four."""
    site = bricks.network()
    front, behind, made_from = entrance(site)
    group = bricks.fleet(
        site.private_ids(), made_from, behind, min_size=4, max_size=4, desired_capacity=4
    )
    topic = bricks.mail()
    alarm = bricks.errors(front, behind, topic)
    bricks.unhealthy(front, behind, topic)
    bricks.deployment(bricks.application(), bricks.deployer(), group, behind, alarm)


@innocent(undecided="Whether anybody sends requests to the group is not in the program.")
def workers_only() -> None:
    """Nobody sends requests to it: a fleet that renders films from a queue, all of it Spot."""
    site = bricks.network()
    inside = aws.ec2.SecurityGroup("worker-group", vpc_id=site.vpc.id, egress=[bricks.ANY])
    made_from = bricks.template(
        inside,
        bricks.profile("worker"),
        boot="#!/bin/sh\nsystemctl enable --now render\n",
        instance_market_options={"market_type": "spot"},
    )
    bricks.fleet(
        site.private_ids(), made_from, min_size=0, desired_capacity=0, capacity_rebalance=True
    )
