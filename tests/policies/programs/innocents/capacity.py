"""Other ways to say what a fleet is made of, and how it grows."""

from __future__ import annotations

import base64
import gzip

import pulumi
import pulumi_aws as aws

from tests.policies.programs import bricks
from tests.policies.programs.cases import innocent
from tests.policies.programs.innocents.fleets import entrance, mixed

TEMPLATE_OF_OTHERS = "The launch template is not of this stack."


@innocent()
def version_as_the_number_that_it_is() -> None:
    """The number itself instead of its text, and no desired size at all."""
    site = bricks.network()
    front, behind, made_from = entrance(site)
    group = bricks.fleet(
        site.private_ids(),
        made_from,
        behind,
        desired_capacity=None,
        launch_template={"id": made_from.id, "version": made_from.latest_version},
    )
    bricks.delivery(front, behind, group)


@innocent(advised={"asg-instance-per-zone": "Two of three zones is what they pay for."})
def two_instances_over_three_zones() -> None:
    bricks.web(bricks.network(bricks.ZONES))


@innocent()
def a_base_and_a_peak_fleet() -> None:
    """The base is On-Demand; a second group of Spot Instances comes and goes beside it."""
    site = bricks.network()
    front, behind, made_from = entrance(site)
    base = bricks.fleet(site.private_ids(), made_from, behind)
    peak = bricks.fleet(
        site.private_ids(),
        made_from,
        behind,
        name="peak",
        min_size=0,
        desired_capacity=0,
        capacity_rebalance=True,
        mixed_instances_policy=mixed(made_from, 0, 0),
    )
    bricks.tracking(base)
    bricks.tracking(peak, "peak-cpu", 40)
    topic = bricks.mail()
    alarm = bricks.errors(front, behind, topic)
    bricks.unhealthy(front, behind, topic)
    bricks.deployment(
        bricks.application(),
        bricks.deployer(),
        base,
        behind,
        alarm,
        autoscaling_groups=[base.name, peak.name],
    )


@innocent()
def hook_that_the_start_completes() -> None:
    """An instance enters service when its own start says so."""
    site = bricks.network()
    who = bricks.profile(
        "app", bricks.SSM, bricks.AGENT, "arn:aws:iam::aws:policy/AutoScalingFullAccess"
    )
    boot = (
        f"{bricks.BOOT}aws autoscaling complete-lifecycle-action --lifecycle-hook-name started "
        "--auto-scaling-group-name shop --lifecycle-action-result CONTINUE "
        '--instance-id "$(ec2-metadata -i | cut -d" " -f2)"\n'
    )
    front, behind, made_from = entrance(site, who, boot=boot)
    group = bricks.fleet(site.private_ids(), made_from, behind, name="shop")
    aws.autoscaling.LifecycleHook(
        "started",
        name="started",
        autoscaling_group_name=group.name,
        lifecycle_transition="autoscaling:EC2_INSTANCE_LAUNCHING",
        heartbeat_timeout=600,
        default_result="ABANDON",
    )
    bricks.delivery(front, behind, group)


@innocent()
def forecast() -> None:
    """Predictive scaling beside target tracking."""
    site = bricks.network()
    front, behind, made_from = entrance(site)
    group = bricks.fleet(site.private_ids(), made_from, behind)
    aws.autoscaling.Policy(
        "forecast",
        autoscaling_group_name=group.name,
        policy_type="PredictiveScaling",
        predictive_scaling_configuration={
            "mode": "ForecastAndScale",
            "metric_specification": {
                "target_value": 50,
                "predefined_metric_pair_specification": {
                    "predefined_metric_type": "ASGCPUUtilization"
                },
            },
        },
    )
    bricks.delivery(front, behind, group)


@innocent(engine=True)
def requests_per_target() -> None:
    """The label of the metric is put together from two suffixes."""
    site = bricks.network()
    front, behind, made_from = entrance(site)
    group = bricks.fleet(site.private_ids(), made_from, behind)
    aws.autoscaling.Policy(
        "requests",
        autoscaling_group_name=group.name,
        policy_type="TargetTrackingScaling",
        target_tracking_configuration={
            "predefined_metric_specification": {
                "predefined_metric_type": "ALBRequestCountPerTarget",
                "resource_label": pulumi.Output.concat(front.arn_suffix, "/", behind.arn_suffix),
            },
            "target_value": 1000,
        },
    )
    topic = bricks.mail()
    alarm = bricks.errors(front, behind, topic)
    bricks.unhealthy(front, behind, topic)
    bricks.deployment(bricks.application(), bricks.deployer(), group, behind, alarm)


@innocent()
def image_by_a_parameter_of_aws() -> None:
    """The template resolves the newest image when it launches."""
    site = bricks.network()
    front, behind, made_from = entrance(
        site,
        image_id=(
            "resolve:ssm:/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-arm64"
        ),
    )
    group = bricks.fleet(site.private_ids(), made_from, behind)
    bricks.delivery(front, behind, group)


@innocent(may_ask=TEMPLATE_OF_OTHERS, undecided=TEMPLATE_OF_OTHERS)
def golden_template() -> None:
    """The launch template is the platform team's, and is looked up."""
    site = bricks.network()
    outside = bricks.balancer_group(site.vpc.id)
    front = bricks.balancer(site.public_ids(), outside)
    behind = bricks.targets(site.vpc.id)
    bricks.http(front, bricks.forward(behind))
    golden = aws.ec2.get_launch_template(name="golden")
    group = bricks.fleet(
        site.private_ids(),
        None,
        behind,
        launch_template={"id": golden.id, "version": "$Default"},
    )
    bricks.delivery(front, behind, group)


@innocent()
def compressed_start_in_several_parts() -> None:
    """cloud-init in MIME parts, compressed: nothing of it can be read in the preview."""
    parts = (
        "Content-Type: multipart/mixed; boundary=x\nMIME-Version: 1.0\n\n--x\n"
        "Content-Type: text/x-shellscript\n\n#!/bin/sh\n./install-codedeploy-agent auto\n--x--\n"
    )
    site = bricks.network()
    front, behind, made_from = entrance(
        site,
        user_data=base64.b64encode(gzip.compress(parts.encode())).decode(),
    )
    group = bricks.fleet(site.private_ids(), made_from, behind)
    bricks.delivery(front, behind, group)


@innocent()
def secret_read_when_it_starts() -> None:
    """User data that speaks of passwords and tokens, and holds none."""
    boot = (
        "#!/bin/sh\nTOKEN=$(curl -sX PUT http://169.254.169.254/latest/api/token "
        '-H "X-aws-ec2-metadata-token-ttl-seconds: 60")\n'
        "export DB_PASSWORD=$(aws secretsmanager get-secret-value --secret-id shop "
        "--query SecretString --output text)\n"
        "DB_PASSWORD_FILE=/run/secrets/db\nPASSWORD_MIN_LENGTH=12\n"
        "echo password_encryption=scram-sha-256 >> /etc/app.conf\n./install auto\n"
    )
    site = bricks.network()
    front, behind, made_from = entrance(site, boot=boot)
    group = bricks.fleet(site.private_ids(), made_from, behind)
    bricks.delivery(front, behind, group)


@innocent()
def windows_fleet() -> None:
    """Windows boots from /dev/sda1, runs PowerShell, and listens on 80 with IIS."""
    site = bricks.network()
    outside = bricks.balancer_group(site.vpc.id)
    front = bricks.balancer(site.public_ids(), outside)
    behind = bricks.targets(site.vpc.id, port=80)
    bricks.http(front, bricks.forward(behind))
    made_from = bricks.template(
        bricks.app_group(site.vpc.id, outside, 80),
        bricks.profile(),
        boot="<powershell>\nInstall-WindowsFeature Web-Server\n</powershell>\n<persist>true</persist>",
        instance_type="m7i.large",
        block_device_mappings=[
            {"device_name": "/dev/sda1", "ebs": {"encrypted": "true", "volume_size": 60}}
        ],
    )
    group = bricks.fleet(site.private_ids(), made_from, behind, health_check_grace_period=900)
    bricks.delivery(front, behind, group)


@innocent()
def a_size_that_does_not_change_at_minus_one() -> None:
    """-1 leaves a size as it is (provider docs, `Schedule`)."""
    site = bricks.network()
    front, behind, made_from = entrance(site)
    group = bricks.fleet(site.private_ids(), made_from, behind)
    for name, when, desired in (("morning", "0 7 * * *", 4), ("evening", "0 20 * * *", 2)):
        aws.autoscaling.Schedule(
            name,
            scheduled_action_name=name,
            autoscaling_group_name=group.name,
            recurrence=when,
            min_size=-1,
            max_size=-1,
            desired_capacity=desired,
        )
    bricks.delivery(front, behind, group)


@innocent()
def another_size_of_template_by_architecture() -> None:
    """Arm and x86 in one group: each override has a launch template with an image that fits."""
    site = bricks.network()
    outside = bricks.balancer_group(site.vpc.id)
    front = bricks.balancer(site.public_ids(), outside)
    behind = bricks.targets(site.vpc.id)
    bricks.http(front, bricks.forward(behind))
    inside, who = bricks.app_group(site.vpc.id, outside), bricks.profile()
    arm = bricks.template(inside, who)
    intel = bricks.template(
        inside, who, "template-x86", instance_type="m7i.large", image_id="ami-0bb11bb22cc33dd44"
    )
    policy = mixed(arm, 2, 100)
    policy["launch_template"]["overrides"] = [
        {"instance_type": "m7g.large"},
        {
            "instance_type": "m7i.large",
            "launch_template_specification": {
                "launch_template_id": intel.id,
                "version": bricks.version(intel),
            },
        },
    ]
    group = bricks.fleet(site.private_ids(), arm, behind, mixed_instances_policy=policy)
    bricks.delivery(front, behind, group)


@innocent(engine=True)
def containers_with_a_base_on_demand() -> None:
    """Fargate for two tasks, Fargate Spot above; the service scales by its CPU."""
    site = bricks.network()
    outside = bricks.balancer_group(site.vpc.id)
    inside = bricks.app_group(site.vpc.id, outside)
    front = bricks.balancer(site.public_ids(), outside)
    behind = bricks.targets(site.vpc.id, target_type="ip")
    listener = bricks.http(front, bricks.forward(behind))
    cluster = aws.ecs.Cluster("cluster", name="shop")
    aws.ecs.ClusterCapacityProviders(
        "providers", cluster_name=cluster.name, capacity_providers=["FARGATE", "FARGATE_SPOT"]
    )
    task = bricks.task()
    service = aws.ecs.Service(
        "service",
        health_check_grace_period_seconds=60,
        name="web",
        cluster=cluster.arn,
        task_definition=task.arn,
        desired_count=2,
        capacity_provider_strategies=[
            {"capacity_provider": "FARGATE", "base": 2, "weight": 1},
            {"capacity_provider": "FARGATE_SPOT", "weight": 3},
        ],
        network_configuration={"subnets": site.private_ids(), "security_groups": [inside.id]},
        load_balancers=[
            {"target_group_arn": behind.arn, "container_name": "web", "container_port": 8080}
        ],
        deployment_circuit_breaker={"enable": True, "rollback": True},
        opts=pulumi.ResourceOptions(depends_on=[listener], ignore_changes=["desiredCount"]),
    )
    scaled = aws.appautoscaling.Target(
        "scaled",
        service_namespace="ecs",
        resource_id=pulumi.Output.concat("service/", cluster.name, "/", service.name),
        scalable_dimension="ecs:service:DesiredCount",
        min_capacity=2,
        max_capacity=10,
    )
    aws.appautoscaling.Policy(
        "by-cpu",
        policy_type="TargetTrackingScaling",
        resource_id=scaled.resource_id,
        scalable_dimension=scaled.scalable_dimension,
        service_namespace=scaled.service_namespace,
        target_tracking_scaling_policy_configuration={
            "predefined_metric_specification": {
                "predefined_metric_type": "ECSServiceAverageCPUUtilization"
            },
            "target_value": 60,
        },
    )
