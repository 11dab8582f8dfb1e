"""Other ways to deploy, and to say who may."""

from __future__ import annotations

import hashlib
from typing import Any

import pulumi
import pulumi_aws as aws

from tests.policies.programs import bricks
from tests.policies.programs.cases import innocent
from tests.policies.programs.innocents.fleets import entrance

NOT_WITHOUT_A_ZONE = "While a zone is lost nothing can be deployed: two of three are not enough."
ROLE_OF_OTHERS = "The role is not of this stack, so what it may do is not in the preview."


def watched(front: Any, behind: Any, group: Any) -> Any:
    bricks.tracking(group)
    topic = bricks.mail()
    bricks.unhealthy(front, behind, topic)
    return bricks.errors(front, behind, topic)


@innocent(advised={"codedeploy-works-without-a-zone": NOT_WITHOUT_A_ZONE})
def own_configuration() -> None:
    """Three of four stay: ceil(75 % of 4) is 3."""
    site = bricks.network()
    front, behind, made_from = entrance(site)
    group = bricks.fleet(site.private_ids(), made_from, behind, min_size=4, desired_capacity=4)
    configuration = aws.codedeploy.DeploymentConfig(
        "three-of-four",
        deployment_config_name="three-of-four",
        minimum_healthy_hosts={"type": "FLEET_PERCENT", "value": 75},
        zonal_config={"monitor_duration_in_seconds": 240},
    )
    bricks.deployment(
        bricks.application(),
        bricks.deployer(),
        group,
        behind,
        watched(front, behind, group),
        deployment_config_name=configuration.deployment_config_name,
    )


@innocent()
def one_at_a_time_by_default() -> None:
    """Without a configuration CodeDeploy takes OneAtATime: of fourteen, it takes long enough for alarms."""
    site = bricks.network()
    front, behind, made_from = entrance(site)
    group = bricks.fleet(
        site.private_ids(), made_from, behind, min_size=14, max_size=28, desired_capacity=14
    )
    alarm = watched(front, behind, group)
    aws.codedeploy.DeploymentGroup(
        "deployment",
        app_name=bricks.application().name,
        deployment_group_name="web",
        service_role_arn=bricks.deployer().arn,
        autoscaling_groups=[group.name],
        deployment_style={
            "deployment_type": "IN_PLACE",
            "deployment_option": "WITH_TRAFFIC_CONTROL",
        },
        load_balancer_info={"target_group_infos": [{"name": behind.name}]},
        alarm_configuration={"enabled": True, "alarms": [alarm.name]},
        auto_rollback_configuration={
            "enabled": True,
            "events": ["DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM"],
        },
        termination_hook_enabled=True,
        outdated_instances_strategy="UPDATE",
    )


@innocent(
    advised={"settings-in-one-place": "A refresh in the peak would take back what was added."},
    engine=True,
)
def all_names_written_out() -> None:
    """Every name is fixed by the program, and every reference is by that name."""
    site = bricks.network()
    outside = bricks.balancer_group(site.vpc.id)
    inside = bricks.app_group(site.vpc.id, outside)
    front = bricks.balancer(site.public_ids(), outside)
    behind = bricks.targets(site.vpc.id, "web-targets", name="shop-web")
    bricks.http(front, bricks.forward(behind))
    made_from = bricks.template(inside, bricks.profile())
    group = aws.autoscaling.Group(
        "fleet",
        name="shop-fleet",
        vpc_zone_identifiers=site.private_ids(),
        min_size=2,
        max_size=4,
        desired_capacity=2,
        health_check_type="ELB",
        health_check_grace_period=300,
        default_instance_warmup=60,
        instance_maintenance_policy={"min_healthy_percentage": 100, "max_healthy_percentage": 200},
        target_group_arns=[behind.arn],
        launch_template={"id": made_from.id, "version": bricks.version(made_from)},
    )
    topic = bricks.mail()
    bricks.tracking(group)
    bricks.unhealthy(front, behind, topic)
    bricks.errors(front, behind, topic, "errors", name="shop-5xx")
    bricks.deployment(
        bricks.application(),
        bricks.deployer(),
        group,
        behind,
        autoscaling_groups=["shop-fleet"],
        load_balancer_info={"target_group_infos": [{"name": "shop-web"}]},
        alarm_configuration={"enabled": True, "alarms": ["shop-5xx"]},
    )


@innocent(engine=True)
def revision_in_a_bucket() -> None:
    """The program uploads the revision, under a key of its content."""
    site = bricks.network()
    bricks.web(site)
    store = bricks.closed_bucket("revisions", versioned=True)
    content = "version: 0.0\nos: linux\n"
    digest = hashlib.sha256(content.encode()).hexdigest()[:16]
    aws.s3.BucketObjectv2(
        "revision",
        bucket=store.id,
        key=f"revisions/{digest}.zip",
        source=pulumi.AssetArchive({"appspec.yml": pulumi.StringAsset(content)}),
        opts=pulumi.ResourceOptions(retain_on_delete=True),
    )


@innocent(undecided=ROLE_OF_OTHERS)
def role_of_the_platform_team() -> None:
    site = bricks.network()
    front, behind, made_from = entrance(site)
    group = bricks.fleet(site.private_ids(), made_from, behind)
    bricks.deployment(
        bricks.application(),
        bricks.deployer(),
        group,
        behind,
        watched(front, behind, group),
        service_role_arn="arn:aws:iam::123456789012:role/platform-codedeploy",
    )


@innocent()
def deployer_by_own_policy() -> None:
    """The role's policy is written by hand, as short as wildcards make it."""
    site = bricks.network()
    front, behind, made_from = entrance(site)
    group = bricks.fleet(site.private_ids(), made_from, behind)
    role = aws.iam.Role("own-role", assume_role_policy=bricks.trust("codedeploy.amazonaws.com"))
    aws.iam.RolePolicy(
        "own-policy",
        role=role.id,
        policy=bricks.document(
            {
                "Effect": "Allow",
                "Action": [
                    "autoscaling:*",
                    "ec2:Describe*",
                    "ec2:TerminateInstances",
                    "elasticloadbalancing:*",
                    "cloudwatch:DescribeAlarms",
                    "tag:GetResources",
                    "sns:Publish",
                ],
                "Resource": "*",
            }
        ),
    )
    bricks.deployment(bricks.application(), role, group, behind, watched(front, behind, group))


@innocent()
def errors_as_a_share() -> None:
    """Metric math: the share of requests that fail, so that a quiet night does not matter."""
    site = bricks.network()
    front, behind, made_from = entrance(site)
    group = bricks.fleet(site.private_ids(), made_from, behind)
    bricks.tracking(group)
    topic = bricks.mail()
    bricks.unhealthy(front, behind, topic)

    def metric(name: str, metric_name: str) -> dict[str, Any]:
        return {
            "id": name,
            "metric": {
                "namespace": "AWS/ApplicationELB",
                "metric_name": metric_name,
                "dimensions": {
                    "LoadBalancer": front.arn_suffix,
                    "TargetGroup": behind.arn_suffix,
                },
                "period": 60,
                "stat": "Sum",
            },
        }

    share = aws.cloudwatch.MetricAlarm(
        "share",
        comparison_operator="GreaterThanThreshold",
        threshold=5,
        evaluation_periods=2,
        treat_missing_data="notBreaching",
        metric_queries=[
            {
                "id": "share",
                "expression": "100 * failed / total",
                "label": "Failed, in percent",
                "return_data": True,
            },
            metric("failed", "HTTPCode_Target_5XX_Count"),
            metric("total", "RequestCount"),
        ],
        alarm_actions=[topic.arn],
    )
    bricks.deployment(bricks.application(), bricks.deployer(), group, behind, share)


PART_OF_ANOTHER = "The alarm notifies through the composite alarm that it is part of."


@innocent(advised={"alarm-has-action": PART_OF_ANOTHER})
def composite_alarm() -> None:
    """Single alarms are silent; the composite alarm wakes somebody."""
    site = bricks.network()
    front, behind, made_from = entrance(site)
    group = bricks.fleet(site.private_ids(), made_from, behind)
    bricks.tracking(group)
    topic = bricks.mail()
    failing = bricks.errors(front, behind, topic, alarm_actions=[])
    slow = bricks.errors(
        front,
        behind,
        topic,
        "slow",
        metric_name="TargetResponseTime",
        statistic=None,
        extended_statistic="p95",
        threshold=2,
        alarm_actions=[],
    )
    bricks.unhealthy(front, behind, topic)
    aws.cloudwatch.CompositeAlarm(
        "trouble",
        alarm_name="trouble",
        alarm_rule=pulumi.Output.concat("ALARM(", failing.name, ") OR ALARM(", slow.name, ")"),
        alarm_actions=[topic.arn],
    )
    bricks.deployment(bricks.application(), bricks.deployer(), group, behind, failing, slow)


@innocent()
def built_from_components() -> None:
    """Components of one's own, with other names and nesting than this project's."""

    class Net(pulumi.ComponentResource):
        def __init__(self, name: str) -> None:
            super().__init__("acme:platform:Net", name)
            self.site = bricks.network()
            self.register_outputs({"vpcId": self.site.vpc.id})

    class Web(pulumi.ComponentResource):
        def __init__(self, name: str, net: Net) -> None:
            super().__init__("acme:platform:Web", name)
            self.service = bricks.web(net.site)
            self.register_outputs({"dnsName": self.service.front.dns_name})

    Web("website", Net("network"))
