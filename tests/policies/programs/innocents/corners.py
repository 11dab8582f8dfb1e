"""Fleets and roles of forms of their own: TLS up to the instance, accounts, looked-up subnets."""

from __future__ import annotations

import json

import pulumi
import pulumi_aws as aws

from tests.policies.programs import bricks
from tests.policies.programs.cases import innocent
from tests.policies.programs.innocents.components import LISTS, sg
from tests.policies.programs.innocents.links import released


@innocent()
def roles_of_several_accounts() -> None:
    """A deploy role in each account, assumed by a pipeline of the tools account."""
    prod = aws.Provider(
        "prod",
        region="eu-west-1",
        assume_roles=[
            {"role_arn": "arn:aws:iam::210987654321:role/deployer", "session_name": "pulumi"}
        ],
    )
    tools = "arn:aws:iam::111122223333:role/pipeline"
    trust = json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Principal": {"AWS": tools},
                    "Action": ["sts:AssumeRole", "sts:TagSession"],
                    "Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-abc1234567"}},
                }
            ],
        }
    )
    b = bricks.closed_bucket("artifacts", versioned=True)
    for n, o in (("dev", None), ("prod", pulumi.ResourceOptions(provider=prod))):
        r = aws.iam.Role(f"deploy-{n}", assume_role_policy=trust, max_session_duration=3600, opts=o)
        aws.iam.RolePolicy(
            f"deploy-{n}-pol",
            role=r.name,
            policy=b.arn.apply(
                lambda a: bricks.document(
                    {
                        "Effect": "Allow",
                        "Action": ["s3:GetObject", "s3:ListBucket"],
                        "Resource": [a, f"{a}/*"],
                    },
                    {
                        "Effect": "Allow",
                        "Action": ["ecs:UpdateService", "ecs:DescribeServices"],
                        "Resource": "*",
                        "Condition": {"StringEquals": {"aws:ResourceTag/team": "shop"}},
                    },
                    {
                        "Effect": "Allow",
                        "Action": "iam:PassRole",
                        "Resource": "arn:aws:iam::123456789012:role/shop-*",
                        "Condition": {
                            "StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}
                        },
                    },
                )
            ),
            opts=o,
        )


@innocent(may_ask="Which load balancer a target group is behind is not known in a preview.")
def nlb_with_tls_and_proxy_protocol() -> None:
    site = bricks.network(bricks.ZONES)
    door = sg("door", site.vpc.id, (443, "0.0.0.0/0"))
    app = sg("app", site.vpc.id, (8443, door))
    nlb = aws.lb.LoadBalancer(
        "nlb",
        load_balancer_type="network",
        subnets=site.public_ids(),
        security_groups=[door.id],
        enable_cross_zone_load_balancing=True,
    )
    tg = aws.lb.TargetGroup(
        "tls",
        vpc_id=site.vpc.id,
        port=8443,
        protocol="TLS",
        proxy_protocol_v2=True,
        preserve_client_ip="false",
        deregistration_delay=30,
        connection_termination=False,
        health_check={
            "protocol": "HTTPS",
            "path": "/healthz",
            "port": "8443",
            "interval": 10,
            "timeout": 5,
            "healthy_threshold": 2,
            "unhealthy_threshold": 2,
            "matcher": "200-299",
        },
    )
    aws.lb.Listener(
        "l",
        load_balancer_arn=nlb.arn,
        port=443,
        protocol="TLS",
        certificate_arn=bricks.CERTIFICATE,
        ssl_policy=bricks.TLS,
        alpn_policy="HTTP2Optional",
        default_actions=[bricks.forward(tg)],
    )
    g = bricks.fleet(
        site.private_ids(),
        bricks.template(app, bricks.profile()),
        tg,
        min_size=3,
        desired_capacity=3,
    )
    released(g, tg)


@innocent(may_ask=LISTS)
def subnets_by_get_subnets_in_a_loop() -> None:
    vpc = aws.ec2.get_vpc_output(tags={"Name": "main"})
    ids = aws.ec2.get_subnets_output(
        filters=[
            {"name": "vpc-id", "values": [vpc.id]},
            {"name": "tag:tier", "values": ["private"]},
        ]
    ).ids
    public = aws.ec2.get_subnets_output(
        filters=[{"name": "vpc-id", "values": [vpc.id]}, {"name": "tag:tier", "values": ["public"]}]
    ).ids
    door = aws.ec2.SecurityGroup(
        "door",
        vpc_id=vpc.id,
        ingress=[
            {"protocol": "tcp", "from_port": 443, "to_port": 443, "cidr_blocks": ["0.0.0.0/0"]}
        ],
        egress=[bricks.ANY],
    )
    app = bricks.app_group(vpc.id, door)
    alb = bricks.balancer(public, door)
    tg = bricks.targets(vpc.id)
    bricks.https(alb, bricks.forward(tg))
    g = bricks.fleet(ids, bricks.template(app, bricks.profile()), tg)
    bricks.delivery(alb, tg, g)


@innocent()
def internal_tools_behind_a_client_vpn() -> None:
    site = bricks.network()
    office = "10.200.0.0/16"
    door = sg("door", site.vpc.id, (443, office))
    app = sg("app", site.vpc.id, (8080, door))
    alb = bricks.balancer(site.private_ids(), door, internal=True)
    tg = bricks.targets(site.vpc.id)
    bricks.https(alb, bricks.forward(tg))
    g = bricks.fleet(site.private_ids(), bricks.template(app, bricks.profile()), tg)
    bricks.delivery(alb, tg, g)
    pz = aws.route53.Zone("corp", name="corp.example.com", vpcs=[{"vpc_id": site.vpc.id}])
    aws.route53.Record(
        "tools",
        zone_id=pz.zone_id,
        name="tools.corp.example.com",
        type="A",
        aliases=[{"name": alb.dns_name, "zone_id": alb.zone_id, "evaluate_target_health": True}],
    )


@innocent()
def codedeploy_for_functions() -> None:
    role = bricks.function_role()
    f = bricks.function(role, publish=True, timeout=10)
    live = aws.lambda_.Alias(
        "live",
        function_name=f.name,
        function_version=f.version,
        opts=pulumi.ResourceOptions(ignore_changes=["functionVersion", "routingConfig"]),
    )
    alarm = aws.cloudwatch.MetricAlarm(
        "fn-errors",
        namespace="AWS/Lambda",
        metric_name="Errors",
        dimensions={
            "FunctionName": f.name,
            "Resource": pulumi.Output.concat(f.name, ":", live.name),
        },
        statistic="Sum",
        comparison_operator="GreaterThanThreshold",
        threshold=0,
        period=60,
        evaluation_periods=1,
        treat_missing_data="notBreaching",
        alarm_actions=[bricks.mail().arn],
    )
    app = aws.codedeploy.Application("app", compute_platform="Lambda")
    cd = bricks.deployer(policy="arn:aws:iam::aws:policy/service-role/AWSCodeDeployRoleForLambda")
    aws.codedeploy.DeploymentGroup(
        "dg",
        app_name=app.name,
        deployment_group_name="live",
        service_role_arn=cd.arn,
        deployment_config_name="CodeDeployDefault.LambdaCanary10Percent5Minutes",
        deployment_style={
            "deployment_type": "BLUE_GREEN",
            "deployment_option": "WITH_TRAFFIC_CONTROL",
        },
        alarm_configuration={"enabled": True, "alarms": [alarm.name]},
        auto_rollback_configuration={
            "enabled": True,
            "events": ["DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM"],
        },
    )
    aws.lambda_.FunctionUrl(
        "url", function_name=f.name, qualifier=live.name, authorization_type="AWS_IAM"
    )
