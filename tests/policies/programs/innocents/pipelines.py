"""How releases come about in public use: pipelines, workflows, components, CodeDeploy for containers."""

from __future__ import annotations

import json
from typing import Any

import pulumi
import pulumi_aws as aws

from tests.policies.programs import bricks
from tests.policies.programs.cases import innocent
from tests.policies.programs.innocents.crowd import execution_role

ECS_DEPLOYMENTS = "arn:aws:iam::aws:policy/AWSCodeDeployRoleForECS"


def _tasks(
    site: bricks.Site,
    listener: aws.lb.Listener,
    behind: aws.lb.TargetGroup,
    outside: aws.ec2.SecurityGroup,
    **more: Any,
) -> tuple[aws.ecs.Cluster, aws.ecs.Service]:
    """Create two tasks on Fargate behind a target group."""
    cluster = aws.ecs.Cluster("cluster", name="shop")
    inside = bricks.app_group(site.vpc.id, outside)
    arguments: dict[str, Any] = {
        "name": "web",
        "cluster": cluster.arn,
        "task_definition": bricks.task().arn,
        "desired_count": 2,
        "launch_type": "FARGATE",
        "health_check_grace_period_seconds": 60,
        "network_configuration": {
            "subnets": site.private_ids(),
            "security_groups": [inside.id],
        },
        "load_balancers": [
            {"target_group_arn": behind.arn, "container_name": "web", "container_port": 8080}
        ],
        "opts": pulumi.ResourceOptions(depends_on=[listener]),
        **more,
    }
    return cluster, aws.ecs.Service("service", **arguments)


@innocent()
def containers_by_codedeploy() -> None:
    """Two target groups, a listener for tests, all at once after a look, and a way back."""
    site = bricks.network()
    outside = bricks.balancer_group(site.vpc.id, 80, 9000)
    front = bricks.balancer(site.public_ids(), outside)
    blue = bricks.targets(site.vpc.id, "blue", target_type="ip")
    green = bricks.targets(site.vpc.id, "green", target_type="ip")
    # CodeDeploy moves the listeners from one to the other.
    moved = pulumi.ResourceOptions(ignore_changes=["defaultActions"])
    listeners = [
        aws.lb.Listener(
            name,
            load_balancer_arn=front.arn,
            port=port,
            protocol="HTTP",
            default_actions=[bricks.forward(behind)],
            opts=moved,
        )
        for name, port, behind in (("http", 80, blue), ("trial", 9000, green))
    ]
    cluster, service = _tasks(
        site,
        listeners[0],
        blue,
        outside,
        deployment_controller={"type": "CODE_DEPLOY"},
        opts=pulumi.ResourceOptions(
            depends_on=listeners, ignore_changes=["taskDefinition", "loadBalancers"]
        ),
    )
    topic = bricks.mail()
    alarm = bricks.errors(front, blue, topic)
    bricks.unhealthy(front, blue, topic)
    aws.codedeploy.DeploymentGroup(
        "deployment",
        app_name=aws.codedeploy.Application("application", compute_platform="ECS").name,
        deployment_group_name="web",
        service_role_arn=bricks.deployer(policy=ECS_DEPLOYMENTS).arn,
        deployment_config_name="CodeDeployDefault.ECSLinear10PercentEvery1Minutes",
        deployment_style={
            "deployment_type": "BLUE_GREEN",
            "deployment_option": "WITH_TRAFFIC_CONTROL",
        },
        ecs_service={"cluster_name": cluster.name, "service_name": service.name},
        blue_green_deployment_config={
            "deployment_ready_option": {"action_on_timeout": "CONTINUE_DEPLOYMENT"},
            "terminate_blue_instances_on_deployment_success": {
                "action": "TERMINATE",
                "termination_wait_time_in_minutes": 30,
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
def images_by_a_pipeline() -> None:
    """CodePipeline builds an image with CodeBuild and hands it to ECS."""
    site = bricks.network()
    outside = bricks.balancer_group(site.vpc.id)
    front = bricks.balancer(site.public_ids(), outside)
    behind = bricks.targets(site.vpc.id, target_type="ip")
    listener = bricks.http(front, bricks.forward(behind))
    cluster, service = _tasks(
        site,
        listener,
        behind,
        outside,
        deployment_circuit_breaker={"enable": True, "rollback": True},
        opts=pulumi.ResourceOptions(depends_on=[listener], ignore_changes=["taskDefinition"]),
    )
    images = aws.ecr.Repository(
        "images",
        image_tag_mutability="IMMUTABLE",
        image_scanning_configuration={"scan_on_push": True},
    )
    parts = bricks.closed_bucket("parts")
    building = aws.iam.Role(
        "build-role", assume_role_policy=bricks.trust("codebuild.amazonaws.com")
    )
    aws.iam.RolePolicy(
        "builds",
        role=building.id,
        policy=pulumi.Output.all(images.arn, parts.arn).apply(
            lambda arns: bricks.document(
                {"Effect": "Allow", "Action": "ecr:GetAuthorizationToken", "Resource": "*"},
                {"Effect": "Allow", "Action": "ecr:*", "Resource": arns[0]},
                {
                    "Effect": "Allow",
                    "Action": ["s3:GetObject", "s3:PutObject"],
                    "Resource": f"{arns[1]}/*",
                },
                {
                    "Effect": "Allow",
                    "Action": ["logs:CreateLogStream", "logs:PutLogEvents", "logs:CreateLogGroup"],
                    "Resource": "*",
                },
            )
        ),
    )
    build = aws.codebuild.Project(
        "build",
        service_role=building.arn,
        artifacts={"type": "CODEPIPELINE"},
        environment={
            "compute_type": "BUILD_GENERAL1_SMALL",
            "image": "aws/codebuild/amazonlinux-aarch64-standard:3.0",
            "type": "ARM_CONTAINER",
            "privileged_mode": True,
            "environment_variables": [{"name": "REPOSITORY", "value": images.repository_url}],
        },
        source={"type": "CODEPIPELINE", "buildspec": "buildspec.yml"},
    )
    releasing = aws.iam.Role(
        "pipeline-role", assume_role_policy=bricks.trust("codepipeline.amazonaws.com")
    )
    aws.iam.RolePolicy(
        "releases",
        role=releasing.id,
        policy=pulumi.Output.all(build.arn, parts.arn).apply(
            lambda arns: bricks.document(
                {
                    "Effect": "Allow",
                    "Action": ["codebuild:StartBuild", "codebuild:BatchGetBuilds"],
                    "Resource": arns[0],
                },
                {
                    "Effect": "Allow",
                    "Action": ["s3:GetObject", "s3:PutObject"],
                    "Resource": f"{arns[1]}/*",
                },
                {
                    "Effect": "Allow",
                    "Action": ["ecs:DescribeServices", "ecs:UpdateService"],
                    "Resource": "arn:aws:ecs:eu-west-1:123456789012:service/shop/*",
                },
            )
        ),
    )
    aws.codepipeline.Pipeline(
        "pipeline",
        role_arn=releasing.arn,
        pipeline_type="V2",
        artifact_stores=[{"type": "S3", "location": parts.bucket}],
        stages=[
            {
                "name": "Source",
                "actions": [
                    {
                        "name": "Source",
                        "category": "Source",
                        "owner": "AWS",
                        "provider": "CodeStarSourceConnection",
                        "version": "1",
                        "output_artifacts": ["source"],
                        "configuration": {
                            "ConnectionArn": (
                                "arn:aws:codestar-connections:eu-west-1:123456789012:connection/"
                                "0a1b2c3d-0000-4000-8000-0a1b2c3d4e5f"
                            ),
                            "FullRepositoryId": "acme/shop",
                            "BranchName": "main",
                        },
                    }
                ],
            },
            {
                "name": "Build",
                "actions": [
                    {
                        "name": "Build",
                        "category": "Build",
                        "owner": "AWS",
                        "provider": "CodeBuild",
                        "version": "1",
                        "input_artifacts": ["source"],
                        "output_artifacts": ["built"],
                        "configuration": {"ProjectName": build.name},
                    }
                ],
            },
            {
                "name": "Deploy",
                "actions": [
                    {
                        "name": "Deploy",
                        "category": "Deploy",
                        "owner": "AWS",
                        "provider": "ECS",
                        "version": "1",
                        "input_artifacts": ["built"],
                        "configuration": {
                            "ClusterName": cluster.name,
                            "ServiceName": service.name,
                        },
                    }
                ],
            },
        ],
    )


@innocent()
def orders_by_a_workflow() -> None:
    """EventBridge Scheduler starts a state machine, which calls a function and waits."""
    function = bricks.function(timeout=60)
    steps = aws.iam.Role("steps-role", assume_role_policy=bricks.trust("states.amazonaws.com"))
    aws.iam.RolePolicy(
        "calls",
        role=steps.id,
        policy=function.arn.apply(
            lambda arn: bricks.document(
                {
                    "Effect": "Allow",
                    "Action": "lambda:InvokeFunction",
                    "Resource": [arn, f"{arn}:*"],
                }
            )
        ),
    )

    def definition(arn: str) -> str:
        call = {
            "Type": "Task",
            "Resource": "arn:aws:states:::lambda:invoke",
            "Parameters": {"FunctionName": arn, "Payload.$": "$"},
            "Retry": [{"ErrorEquals": ["States.ALL"], "MaxAttempts": 3, "BackoffRate": 2}],
            "End": True,
        }
        return json.dumps({"StartAt": "Call", "States": {"Call": call}})

    machine = aws.sfn.StateMachine(
        "orders", role_arn=steps.arn, definition=function.arn.apply(definition)
    )
    starts = aws.iam.Role("starts-role", assume_role_policy=bricks.trust("scheduler.amazonaws.com"))
    aws.iam.RolePolicy(
        "starts",
        role=starts.id,
        policy=machine.arn.apply(
            lambda arn: bricks.document(
                {"Effect": "Allow", "Action": "states:StartExecution", "Resource": arn}
            )
        ),
    )
    aws.scheduler.Schedule(
        "nightly",
        schedule_expression="cron(0 2 * * ? *)",
        schedule_expression_timezone="Europe/Berlin",
        flexible_time_window={"mode": "FLEXIBLE", "maximum_window_in_minutes": 15},
        target={
            "arn": machine.arn,
            "role_arn": starts.arn,
            "retry_policy": {"maximum_retry_attempts": 3},
        },
    )


class _Part(pulumi.ComponentResource):
    """A component with a kind as those of AWSX have it."""

    def __init__(self, kind: str, name: str, parent: pulumi.Resource | None = None) -> None:
        super().__init__(f"awsx:{kind}", name, None, pulumi.ResourceOptions(parent=parent))


@innocent()
def components_as_crosswalk_nests_them() -> None:
    """Everything has a parent, names come from it, rules are the inline ones of AWSX."""
    site = bricks.network()
    balancing = _Part("lb:ApplicationLoadBalancer", "shop-front")
    inner = pulumi.ResourceOptions(parent=balancing)
    outside = aws.ec2.SecurityGroup(
        "shop-front",
        vpc_id=site.vpc.id,
        ingress=[
            {
                "protocol": "tcp",
                "from_port": 80,
                "to_port": 80,
                "cidr_blocks": [bricks.WORLD],
                "ipv6_cidr_blocks": ["::/0"],
            }
        ],
        egress=[
            {
                "protocol": "tcp",
                "from_port": 0,
                "to_port": 65535,
                "cidr_blocks": [bricks.WORLD],
                "ipv6_cidr_blocks": ["::/0"],
            }
        ],
        opts=inner,
    )
    front = bricks.balancer(site.public_ids(), outside, "shop-balancer", opts=inner)
    behind = bricks.targets(site.vpc.id, "shop-targets", port=80, target_type="ip", opts=inner)
    listener = aws.lb.Listener(
        "shop-listener",
        load_balancer_arn=front.arn,
        port=80,
        protocol="HTTP",
        default_actions=[bricks.forward(behind)],
        opts=inner,
    )
    serving = pulumi.ResourceOptions(
        parent=_Part("ecs:FargateService", "shop-service"), depends_on=[listener]
    )
    inside = bricks.app_group(site.vpc.id, outside, 80, "shop-service")
    log = aws.cloudwatch.LogGroup("shop-log", retention_in_days=7, opts=serving)
    task = aws.ecs.TaskDefinition(
        "shop-task",
        family="shop-service-1a2b3c4d",
        requires_compatibilities=["FARGATE"],
        network_mode="awsvpc",
        cpu="512",
        memory="1024",
        execution_role_arn=execution_role("shop").arn,
        container_definitions=log.name.apply(
            lambda name: json.dumps(
                [
                    {
                        "name": "app",
                        "image": "nginx:1.29",
                        "cpu": 512,
                        "memory": 128,
                        "essential": True,
                        "portMappings": [{"containerPort": 80, "hostPort": 80}],
                        "logConfiguration": {
                            "logDriver": "awslogs",
                            "options": {
                                "awslogs-group": name,
                                "awslogs-region": "eu-west-1",
                                "awslogs-stream-prefix": "app",
                            },
                        },
                    }
                ]
            )
        ),
        opts=serving,
    )
    cluster = aws.ecs.Cluster("shop-cluster")
    aws.ecs.Service(
        "shop-tasks",
        cluster=cluster.arn,
        launch_type="FARGATE",
        desired_count=3,
        task_definition=task.arn,
        wait_for_steady_state=True,
        enable_ecs_managed_tags=True,
        health_check_grace_period_seconds=60,
        deployment_circuit_breaker={"enable": True, "rollback": True},
        network_configuration={
            "subnets": site.private_ids(),
            "assign_public_ip": False,
            "security_groups": [inside.id],
        },
        load_balancers=[
            {"container_name": "app", "container_port": 80, "target_group_arn": behind.arn}
        ],
        opts=serving,
    )
    pulumi.export("url", pulumi.Output.concat("http://", front.dns_name))
