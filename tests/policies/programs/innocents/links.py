"""Other ways to a service, soundly: links, endpoint services, edges, sign-in, lists of offices."""

from __future__ import annotations

from typing import Any

import pulumi
import pulumi_aws as aws

from tests.policies.programs import bricks
from tests.policies.programs.cases import innocent
from tests.policies.programs.innocents.doors import behind_groups, separate

NO_MODEL = "The pack has no model of what stands in front."

ARNS = "The dimension comes from a target group, whose load_balancer_arns know the load balancer."


def released(group: aws.autoscaling.Group, behind: aws.lb.TargetGroup) -> None:
    """Create the scaling, alarms and deployments of a fleet behind a network load balancer."""
    bricks.tracking(group)
    topic = bricks.mail()
    given: dict[str, Any] = {
        "namespace": "AWS/NetworkELB",
        "dimensions": {
            "LoadBalancer": behind.load_balancer_arns.apply(lambda arns: arns[0].split("/", 1)[1]),
            "TargetGroup": behind.arn_suffix,
        },
        "comparison_operator": "GreaterThanThreshold",
        "period": 60,
        "evaluation_periods": 2,
        "treat_missing_data": "notBreaching",
        "alarm_actions": [topic.arn],
    }
    resets = aws.cloudwatch.MetricAlarm(
        "resets", metric_name="TCP_Target_Reset_Count", statistic="Sum", threshold=50, **given
    )
    aws.cloudwatch.MetricAlarm(
        "unhealthy", metric_name="UnHealthyHostCount", statistic="Maximum", threshold=0, **given
    )
    bricks.deployment(bricks.application(), bricks.deployer(), group, behind, resets)


@innocent(may_ask=ARNS)
def private_api_by_a_network_balancer() -> None:
    """A REST API reaches the service by a VPC link, which takes a network load balancer."""
    site = bricks.network()
    front = aws.lb.LoadBalancer(
        "front",
        internal=True,
        load_balancer_type="network",
        subnets=site.private_ids(),
        enable_cross_zone_load_balancing=True,
    )
    behind = aws.lb.TargetGroup(
        "web",
        vpc_id=site.vpc.id,
        port=8080,
        protocol="TCP",
        deregistration_delay=30,
        health_check={
            "protocol": "HTTP",
            "path": "/health",
            "port": "8080",
            "interval": 10,
            "timeout": 5,
            "healthy_threshold": 2,
            "unhealthy_threshold": 3,
        },
    )
    aws.lb.Listener(
        "tcp",
        load_balancer_arn=front.arn,
        port=80,
        protocol="TCP",
        default_actions=[bricks.forward(behind)],
    )
    inside = aws.ec2.SecurityGroup(
        "app",
        vpc_id=site.vpc.id,
        egress=[bricks.ANY],
        ingress=[
            {"protocol": "tcp", "from_port": 8080, "to_port": 8080, "cidr_blocks": ["10.0.0.0/16"]}
        ],
    )
    group = bricks.fleet(site.private_ids(), bricks.template(inside, bricks.profile()), behind)
    released(group, behind)
    link = aws.apigateway.VpcLink("link", target_arn=front.arn)
    api = aws.apigateway.RestApi("api")
    resource = aws.apigateway.Resource(
        "all", rest_api=api.id, parent_id=api.root_resource_id, path_part="{proxy+}"
    )
    method = aws.apigateway.Method(
        "any", rest_api=api.id, resource_id=resource.id, http_method="ANY", authorization="AWS_IAM"
    )
    aws.apigateway.Integration(
        "integration",
        rest_api=api.id,
        resource_id=resource.id,
        http_method=method.http_method,
        type="HTTP_PROXY",
        integration_http_method="ANY",
        connection_type="VPC_LINK",
        connection_id=link.id,
        uri=pulumi.Output.concat("http://", front.dns_name, "/{proxy}"),
    )


@innocent(may_ask=ARNS)
def service_for_other_accounts() -> None:
    """An endpoint service: other accounts reach the network load balancer by PrivateLink."""
    site = bricks.network()
    outside = aws.ec2.SecurityGroup(
        "balancer",
        vpc_id=site.vpc.id,
        egress=[bricks.ANY],
        ingress=[
            {"protocol": "tcp", "from_port": 443, "to_port": 443, "cidr_blocks": ["10.0.0.0/16"]}
        ],
    )
    front = aws.lb.LoadBalancer(
        "front",
        internal=True,
        load_balancer_type="network",
        subnets=site.private_ids(),
        security_groups=[outside.id],
        enforce_security_group_inbound_rules_on_private_link_traffic="off",
        enable_cross_zone_load_balancing=True,
    )
    behind = aws.lb.TargetGroup(
        "web",
        vpc_id=site.vpc.id,
        port=8443,
        protocol="TCP",
        deregistration_delay=30,
        preserve_client_ip="false",
        health_check={
            "protocol": "HTTPS",
            "path": "/health",
            "interval": 10,
            "timeout": 5,
            "healthy_threshold": 2,
            "unhealthy_threshold": 3,
        },
    )
    aws.lb.Listener(
        "tcp",
        load_balancer_arn=front.arn,
        port=443,
        protocol="TCP",
        default_actions=[bricks.forward(behind)],
    )
    inside = bricks.app_group(site.vpc.id, outside, 8443)
    group = bricks.fleet(site.private_ids(), bricks.template(inside, bricks.profile()), behind)
    released(group, behind)
    aws.ec2.VpcEndpointService(
        "service",
        acceptance_required=True,
        network_load_balancer_arns=[front.arn],
        allowed_principals=["arn:aws:iam::210987654321:root"],
    )


@innocent(undecided=NO_MODEL)
def lattice() -> None:
    """VPC Lattice in front instead of a load balancer."""
    site = bricks.network()
    inside = aws.ec2.SecurityGroup(
        "app",
        vpc_id=site.vpc.id,
        egress=[bricks.ANY],
        ingress=[
            {
                "protocol": "tcp",
                "from_port": 8080,
                "to_port": 8080,
                "prefix_list_ids": ["pl-0123456789abcdef0"],
            }
        ],
    )
    behind = aws.vpclattice.TargetGroup(
        "web",
        type="INSTANCE",
        config={
            "port": 8080,
            "protocol": "HTTP",
            "vpc_identifier": site.vpc.id,
            "health_check": {"enabled": True, "path": "/health", "protocol": "HTTP"},
        },
    )
    service = aws.vpclattice.Service("service", auth_type="AWS_IAM")
    aws.vpclattice.Listener(
        "http",
        service_identifier=service.id,
        protocol="HTTPS",
        default_action={"forwards": [{"target_groups": [{"target_group_identifier": behind.id}]}]},
    )
    group = bricks.fleet(
        site.private_ids(),
        bricks.template(inside, bricks.profile()),
        traffic_sources=[{"type": "vpc-lattice", "identifier": behind.arn}],
        health_check_type="ELB",
    )
    bricks.tracking(group)


@innocent()
def static_site_beside_it() -> None:
    """Pictures come from a bucket that CloudFront alone reads."""
    service = bricks.web(bricks.network())
    store = aws.s3.Bucket("pictures")
    aws.s3.BucketPublicAccessBlock(
        "pictures-block",
        bucket=store.id,
        block_public_acls=True,
        block_public_policy=True,
        ignore_public_acls=True,
        restrict_public_buckets=True,
    )
    control = aws.cloudfront.OriginAccessControl(
        "control",
        origin_access_control_origin_type="s3",
        signing_behavior="always",
        signing_protocol="sigv4",
    )
    edge = aws.cloudfront.Distribution(
        "edge",
        enabled=True,
        origins=[
            {
                "origin_id": "pictures",
                "domain_name": store.bucket_regional_domain_name,
                "origin_access_control_id": control.id,
            },
            {
                "origin_id": "shop",
                "domain_name": service.front.dns_name,
                "custom_origin_config": {
                    "http_port": 80,
                    "https_port": 443,
                    "origin_protocol_policy": "http-only",
                    "origin_ssl_protocols": ["TLSv1.2"],
                },
            },
        ],
        default_cache_behavior={
            "target_origin_id": "shop",
            "viewer_protocol_policy": "redirect-to-https",
            "allowed_methods": ["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"],
            "cached_methods": ["GET", "HEAD"],
            "cache_policy_id": "4135ea2d-6df8-44a3-9df3-4b5a84be39ad",
        },
        ordered_cache_behaviors=[
            {
                "path_pattern": "/pictures/*",
                "target_origin_id": "pictures",
                "viewer_protocol_policy": "redirect-to-https",
                "allowed_methods": ["GET", "HEAD"],
                "cached_methods": ["GET", "HEAD"],
                "cache_policy_id": "658327ea-f89d-4fab-a63d-7e88639e58f6",
            }
        ],
        restrictions={"geo_restriction": {"restriction_type": "none"}},
        viewer_certificate={"cloudfront_default_certificate": True},
    )
    aws.s3.BucketPolicy(
        "pictures-policy",
        bucket=store.id,
        policy=pulumi.Output.all(store.arn, edge.arn).apply(
            lambda arns: bricks.document(
                {
                    "Effect": "Allow",
                    "Principal": {"Service": "cloudfront.amazonaws.com"},
                    "Action": "s3:GetObject",
                    "Resource": f"{arns[0]}/*",
                    "Condition": {"StringEquals": {"AWS:SourceArn": arns[1]}},
                },
                {
                    "Effect": "Deny",
                    "Principal": "*",
                    "Action": "s3:*",
                    "Resource": [arns[0], f"{arns[0]}/*"],
                    "Condition": {"Bool": {"aws:SecureTransport": "false"}},
                },
            )
        ),
    )


@innocent()
def signed_in_by_cognito() -> None:
    site = bricks.network()
    outside = bricks.balancer_group(site.vpc.id, 80, 443)
    inside = bricks.app_group(site.vpc.id, outside)
    front = bricks.balancer(site.public_ids(), outside)
    behind = bricks.targets(site.vpc.id)
    pool = aws.cognito.UserPool(
        "people", mfa_configuration="ON", software_token_mfa_configuration={"enabled": True}
    )
    client = aws.cognito.UserPoolClient(
        "client",
        user_pool_id=pool.id,
        generate_secret=True,
        callback_urls=["https://www.example.com/oauth2/idpresponse"],
        allowed_oauth_flows=["code"],
        allowed_oauth_scopes=["openid"],
        allowed_oauth_flows_user_pool_client=True,
    )
    domain = aws.cognito.UserPoolDomain("domain", domain="shop-people", user_pool_id=pool.id)
    bricks.http(front, bricks.TO_HTTPS)
    bricks.https(
        front,
        {
            "type": "authenticate-cognito",
            "order": 1,
            "authenticate_cognito": {
                "user_pool_arn": pool.arn,
                "user_pool_client_id": client.id,
                "user_pool_domain": domain.domain,
            },
        },
        {**bricks.forward(behind), "order": 2},
    )
    group = bricks.fleet(site.private_ids(), bricks.template(inside, bricks.profile()), behind)
    bricks.delivery(front, behind, group)


@innocent()
def offices_by_a_list_in_separate_rules() -> None:
    site = bricks.network()
    offices = aws.ec2.ManagedPrefixList(
        "offices", address_family="IPv4", max_entries=5, entries=[{"cidr": "198.51.100.0/24"}]
    )
    outside, inside = separate(site, prefix_list_id=offices.id)
    behind_groups(site, outside, inside)
