"""Other releases: two fleets, two sets of tasks, pipelines, regional principals, boundaries."""

from __future__ import annotations

from typing import Any

import pulumi
import pulumi_aws as aws

from tests.policies.programs import bricks
from tests.policies.programs.cases import innocent
from tests.policies.programs.innocents.deliveries import NOT_WITHOUT_A_ZONE, watched
from tests.policies.programs.innocents.fleets import entrance

BOUNDARY = "What the boundary leaves of the permissions is not in the program."


@innocent()
def two_sets_of_tasks() -> None:
    """CodeDeploy moves an ECS service between two target groups; a test listener looks first."""
    site = bricks.network()
    outside = bricks.balancer_group(site.vpc.id)
    inside = bricks.app_group(site.vpc.id, outside)
    tests = aws.ec2.SecurityGroup(
        "tests",
        vpc_id=site.vpc.id,
        ingress=[
            {"protocol": "tcp", "from_port": 9000, "to_port": 9000, "cidr_blocks": ["10.0.0.0/8"]}
        ],
        egress=[bricks.ANY],
    )
    front = bricks.balancer(site.public_ids(), outside, security_groups=[outside.id, tests.id])
    blue = bricks.targets(site.vpc.id, "blue", target_type="ip")
    green = bricks.targets(site.vpc.id, "green", target_type="ip")
    moved = pulumi.ResourceOptions(ignore_changes=["defaultActions"])
    listeners = [
        aws.lb.Listener(
            name,
            load_balancer_arn=front.arn,
            port=port,
            protocol="HTTP",
            default_actions=[bricks.forward(to)],
            opts=moved,
        )
        for name, port, to in (("http", 80, blue), ("http-test", 9000, green))
    ]
    cluster = aws.ecs.Cluster("cluster", name="shop")
    task = bricks.task()
    service = aws.ecs.Service(
        "service",
        health_check_grace_period_seconds=60,
        name="web",
        cluster=cluster.arn,
        task_definition=task.arn,
        desired_count=2,
        launch_type="FARGATE",
        deployment_controller={"type": "CODE_DEPLOY"},
        network_configuration={"subnets": site.private_ids(), "security_groups": [inside.id]},
        load_balancers=[
            {"target_group_arn": blue.arn, "container_name": "web", "container_port": 8080}
        ],
        opts=pulumi.ResourceOptions(
            depends_on=listeners, ignore_changes=["taskDefinition", "loadBalancers"]
        ),
    )
    topic = bricks.mail()
    alarm = bricks.errors(front, blue, topic, dimensions={"LoadBalancer": front.arn_suffix})
    role = bricks.deployer(policy="arn:aws:iam::aws:policy/AWSCodeDeployRoleForECS")
    app = aws.codedeploy.Application("application", compute_platform="ECS")
    aws.codedeploy.DeploymentGroup(
        "deployment",
        app_name=app.name,
        deployment_group_name="web",
        service_role_arn=role.arn,
        deployment_config_name="CodeDeployDefault.ECSCanary10Percent5Minutes",
        deployment_style={
            "deployment_type": "BLUE_GREEN",
            "deployment_option": "WITH_TRAFFIC_CONTROL",
        },
        ecs_service={"cluster_name": cluster.name, "service_name": service.name},
        blue_green_deployment_config={
            "deployment_ready_option": {"action_on_timeout": "CONTINUE_DEPLOYMENT"},
            "terminate_blue_instances_on_deployment_success": {
                "action": "TERMINATE",
                "termination_wait_time_in_minutes": 60,
            },
        },
        load_balancer_info={
            "target_group_pair_info": {
                "prod_traffic_route": {"listener_arns": [listeners[0].arn]},
                "test_traffic_route": {"listener_arns": [listeners[1].arn]},
                "target_groups": [{"name": blue.name}, {"name": green.name}],
            }
        },
        alarm_configuration={"enabled": True, "alarms": [alarm.name]},
        auto_rollback_configuration={
            "enabled": True,
            "events": ["DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM"],
        },
    )


@innocent()
def function_by_alias() -> None:
    """API Gateway calls an alias that CodeDeploy moves, ten percent at a time; no load balancer."""
    function = bricks.function(publish=True)
    alias = aws.lambda_.Alias(
        "live", function_name=function.name, function_version=function.version, name="live"
    )
    api = aws.apigatewayv2.Api("api", protocol_type="HTTP", target=alias.invoke_arn)
    aws.lambda_.Permission(
        "api-may",
        action="lambda:InvokeFunction",
        function=function.name,
        qualifier=alias.name,
        principal="apigateway.amazonaws.com",
        source_arn=pulumi.Output.concat(api.execution_arn, "/*/*"),
    )
    deployer = bricks.deployer(
        policy="arn:aws:iam::aws:policy/service-role/AWSCodeDeployRoleForLambda"
    )
    app = aws.codedeploy.Application("application", compute_platform="Lambda")
    aws.codedeploy.DeploymentGroup(
        "deployment",
        app_name=app.name,
        deployment_group_name="live",
        service_role_arn=deployer.arn,
        deployment_config_name="CodeDeployDefault.LambdaCanary10Percent5Minutes",
        deployment_style={
            "deployment_type": "BLUE_GREEN",
            "deployment_option": "WITH_TRAFFIC_CONTROL",
        },
        auto_rollback_configuration={"enabled": True, "events": ["DEPLOYMENT_FAILURE"]},
    )


def regional_trust(*services: str, **condition: Any) -> str:
    statement: dict[str, Any] = {
        "Effect": "Allow",
        "Principal": {"Service": list(services)},
        "Action": ["sts:AssumeRole"],
    }
    if condition:
        statement["Condition"] = condition
    return bricks.document(statement)


def deployed_by(role: aws.iam.Role) -> None:
    site = bricks.network()
    front, behind, made_from = entrance(site)
    group = bricks.fleet(site.private_ids(), made_from, behind)
    bricks.deployment(bricks.application(), role, group, behind, watched(front, behind, group))


@innocent()
def principals_of_several_services() -> None:
    """One role for CodePipeline and CodeDeploy, with a path and a name of its own."""
    role = aws.iam.Role(
        "release-role",
        name="release",
        path="/platform/",
        assume_role_policy=regional_trust("codepipeline.amazonaws.com", "codedeploy.amazonaws.com"),
    )
    aws.iam.RolePolicyAttachment("release-policy", role=role.name, policy_arn=bricks.CODEDEPLOY)
    deployed_by(role)


@innocent()
def policy_by_the_constant_of_the_sdk() -> None:
    """`aws.iam.ManagedPolicy` instead of the ARN as text."""
    deployed_by(bricks.deployer(policy=aws.iam.ManagedPolicy.AWS_CODE_DEPLOY_ROLE))


@innocent(undecided=BOUNDARY, may_ask=BOUNDARY)
def role_with_a_boundary() -> None:
    """The company wants a permissions boundary on every role."""
    deployed_by(
        bricks.deployer(permissions_boundary="arn:aws:iam::123456789012:policy/company-boundary")
    )


@innocent()
def green_fleet_that_exists() -> None:
    """Blue/green between two Auto Scaling groups; the old one stays for an hour."""
    site = bricks.network()
    front, behind, made_from = entrance(site)
    blue = bricks.fleet(site.private_ids(), made_from, behind, name="blue")
    bricks.deployment(
        bricks.application(),
        bricks.deployer(),
        blue,
        behind,
        watched(front, behind, blue),
        deployment_style={
            "deployment_type": "BLUE_GREEN",
            "deployment_option": "WITH_TRAFFIC_CONTROL",
        },
        blue_green_deployment_config={
            "deployment_ready_option": {"action_on_timeout": "CONTINUE_DEPLOYMENT"},
            "green_fleet_provisioning_option": {"action": "DISCOVER_EXISTING"},
            "terminate_blue_instances_on_deployment_success": {"action": "KEEP_ALIVE"},
        },
    )


@innocent(advised={"codedeploy-works-without-a-zone": NOT_WITHOUT_A_ZONE})
def told_about_each_deployment() -> None:
    """Triggers tell a topic; a zonal configuration goes zone by zone."""
    site = bricks.network()
    front, behind, made_from = entrance(site)
    group = bricks.fleet(site.private_ids(), made_from, behind, min_size=4, desired_capacity=4)
    zonal = aws.codedeploy.DeploymentConfig(
        "zonal",
        deployment_config_name="zone-by-zone",
        compute_platform="Server",
        minimum_healthy_hosts={"type": "HOST_COUNT", "value": 2},
        zonal_config={
            "first_zone_monitor_duration_in_seconds": 300,
            "minimum_healthy_hosts_per_zone": {"type": "HOST_COUNT", "value": 1},
        },
    )
    told = aws.sns.Topic("releases")
    bricks.deployment(
        bricks.application(),
        bricks.deployer(),
        group,
        behind,
        watched(front, behind, group),
        deployment_config_name=zonal.deployment_config_name,
        trigger_configurations=[
            {
                "trigger_name": "releases",
                "trigger_target_arn": told.arn,
                "trigger_events": ["DeploymentFailure", "DeploymentRollback"],
            }
        ],
    )


@innocent()
def managed_without_a_policy_of_the_role() -> None:
    """Systems Manager's default host management: the account's own role manages the instances."""
    management = aws.iam.Role(
        "management", path="/service-role/", assume_role_policy=bricks.trust("ssm.amazonaws.com")
    )
    aws.iam.RolePolicyAttachment(
        "management-policy",
        role=management.name,
        policy_arn="arn:aws:iam::aws:policy/AmazonSSMManagedEC2InstanceDefaultPolicy",
    )
    aws.ssm.ServiceSetting(
        "default-management",
        setting_id=(
            "arn:aws:ssm:eu-west-1:123456789012:servicesetting"
            "/ssm/managed-instance/default-ec2-instance-management-role"
        ),
        setting_value=pulumi.Output.concat("service-role/", management.name),
    )
    site = bricks.network()
    front, behind, made_from = entrance(site, bricks.profile("app", bricks.AGENT))
    group = bricks.fleet(site.private_ids(), made_from, behind)
    bricks.delivery(front, behind, group)


@innocent()
def composed_of_every_alarm() -> None:
    """The deployment stops on a composite alarm alone, which is told by the name it was given."""
    site = bricks.network()
    front, behind, made_from = entrance(site)
    group = bricks.fleet(site.private_ids(), made_from, behind)
    bricks.tracking(group)
    topic = bricks.mail()
    bricks.errors(front, behind, topic, "errors", name="shop-5xx")
    bricks.unhealthy(front, behind, topic)
    trouble = aws.cloudwatch.CompositeAlarm(
        "trouble",
        alarm_name="trouble",
        alarm_rule='ALARM("shop-5xx")',
        alarm_actions=[topic.arn],
    )
    bricks.deployment(
        bricks.application(),
        bricks.deployer(),
        group,
        behind,
        alarm_configuration={"enabled": True, "alarms": [trouble.alarm_name]},
    )
