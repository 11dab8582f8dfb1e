"""Web architectures as in public use: static sites, APIs, blogs, several balancers, two Regions."""

from __future__ import annotations

import json

import pulumi
import pulumi_aws as aws

from tests.policies.programs import bricks
from tests.policies.programs.cases import innocent

CACHED = "658327ea-f89d-4fab-a63d-7e88639e58f6"
UNCACHED = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
EVERYTHING = ["GET", "HEAD", "OPTIONS", "PUT", "POST", "PATCH", "DELETE"]
EDGE_CERTIFICATE = "arn:aws:acm:us-east-1:123456789012:certificate/" + "5" * 36


@innocent()
def pages_from_a_bucket_and_an_api() -> None:
    """A single-page application: pages from S3 by CloudFront, /api from the balancer."""
    site = bricks.network()
    outside = bricks.balancer_group(site.vpc.id, 443)
    inside = bricks.app_group(site.vpc.id, outside)
    front = bricks.balancer(site.public_ids(), outside)
    behind = bricks.targets(site.vpc.id)
    bricks.https(front, bricks.forward(behind))
    group = bricks.fleet(site.private_ids(), bricks.template(inside, bricks.profile()), behind)
    bricks.delivery(front, behind, group)
    zone = aws.route53.get_zone(name="example.com")
    aws.route53.Record(
        "api",
        zone_id=zone.zone_id,
        name="api.example.com",
        type="A",
        aliases=[
            {"name": front.dns_name, "zone_id": front.zone_id, "evaluate_target_health": True}
        ],
    )
    pages = aws.s3.Bucket("pages")
    blocked = aws.s3.BucketPublicAccessBlock(
        "pages-block",
        bucket=pages.id,
        block_public_acls=True,
        block_public_policy=True,
        ignore_public_acls=True,
        restrict_public_buckets=True,
    )
    access = aws.cloudfront.OriginAccessControl(
        "access",
        origin_access_control_origin_type="s3",
        signing_behavior="always",
        signing_protocol="sigv4",
    )
    edge = aws.cloudfront.Distribution(
        "edge",
        enabled=True,
        is_ipv6_enabled=True,
        default_root_object="index.html",
        aliases=["www.example.com"],
        origins=[
            {
                "origin_id": "pages",
                "domain_name": pages.bucket_regional_domain_name,
                "origin_access_control_id": access.id,
            },
            {
                "origin_id": "api",
                "domain_name": "api.example.com",
                "custom_origin_config": {
                    "http_port": 80,
                    "https_port": 443,
                    "origin_protocol_policy": "https-only",
                    "origin_ssl_protocols": ["TLSv1.2"],
                },
            },
        ],
        default_cache_behavior={
            "target_origin_id": "pages",
            "viewer_protocol_policy": "redirect-to-https",
            "allowed_methods": ["GET", "HEAD", "OPTIONS"],
            "cached_methods": ["GET", "HEAD"],
            "cache_policy_id": CACHED,
            "compress": True,
        },
        ordered_cache_behaviors=[
            {
                "path_pattern": "/api/*",
                "target_origin_id": "api",
                "viewer_protocol_policy": "https-only",
                "allowed_methods": EVERYTHING,
                "cached_methods": ["GET", "HEAD"],
                "cache_policy_id": UNCACHED,
                "origin_request_policy_id": "b689b0a8-53d0-40ab-baf2-68738e2966ac",
            }
        ],
        custom_error_responses=[
            {
                "error_code": 403,
                "response_code": 200,
                "response_page_path": "/index.html",
                "error_caching_min_ttl": 0,
            }
        ],
        restrictions={"geo_restriction": {"restriction_type": "none"}},
        viewer_certificate={
            "acm_certificate_arn": EDGE_CERTIFICATE,
            "ssl_support_method": "sni-only",
            "minimum_protocol_version": "TLSv1.2_2021",
        },
    )

    def only_by_the_edge(given: list[str]) -> str:
        return bricks.document(
            {
                "Effect": "Allow",
                "Principal": {"Service": "cloudfront.amazonaws.com"},
                "Action": "s3:GetObject",
                "Resource": f"{given[0]}/*",
                "Condition": {"StringEquals": {"AWS:SourceArn": given[1]}},
            },
            {
                "Effect": "Deny",
                "Principal": "*",
                "Action": "s3:*",
                "Resource": [given[0], f"{given[0]}/*"],
                "Condition": {"Bool": {"aws:SecureTransport": "false"}},
            },
        )

    aws.s3.BucketPolicy(
        "pages-policy",
        bucket=pages.id,
        policy=pulumi.Output.all(pages.arn, edge.arn).apply(only_by_the_edge),
        opts=pulumi.ResourceOptions(depends_on=[blocked]),
    )
    for kind in ("A", "AAAA"):
        aws.route53.Record(
            f"www-{kind}",
            zone_id=zone.zone_id,
            name="www.example.com",
            type=kind,
            aliases=[
                {
                    "name": edge.domain_name,
                    "zone_id": edge.hosted_zone_id,
                    "evaluate_target_health": False,
                }
            ],
        )


@innocent()
def functions_behind_a_gateway_and_a_table() -> None:
    """Nothing has a server: an HTTP API, a function by an alias, a table, a queue with a second one."""
    table = aws.dynamodb.Table(
        "orders",
        attributes=[{"name": "id", "type": "S"}],
        hash_key="id",
        billing_mode="PAY_PER_REQUEST",
        point_in_time_recovery={"enabled": True},
        deletion_protection_enabled=True,
        server_side_encryption={"enabled": True},
    )
    failed = aws.sqs.Queue("failed", message_retention_seconds=1209600)
    jobs = aws.sqs.Queue(
        "jobs",
        visibility_timeout_seconds=180,
        redrive_policy=failed.arn.apply(
            lambda arn: json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": 5})
        ),
    )
    aws.sqs.RedriveAllowPolicy(
        "allow",
        queue_url=failed.id,
        redrive_allow_policy=jobs.arn.apply(
            lambda arn: json.dumps({"redrivePermission": "byQueue", "sourceQueueArns": [arn]})
        ),
    )
    role = bricks.function_role()
    aws.iam.RolePolicyAttachment(
        "logs",
        role=role.name,
        policy_arn="arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole",
    )
    aws.iam.RolePolicy(
        "uses",
        role=role.id,
        policy=pulumi.Output.all(table.arn, jobs.arn).apply(
            lambda arns: bricks.document(
                {
                    "Effect": "Allow",
                    "Action": ["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query"],
                    "Resource": arns[0],
                },
                {
                    "Effect": "Allow",
                    "Action": [
                        "sqs:SendMessage",
                        "sqs:ReceiveMessage",
                        "sqs:DeleteMessage",
                        "sqs:GetQueueAttributes",
                    ],
                    "Resource": arns[1],
                },
            )
        ),
    )
    function = bricks.function(
        role,
        publish=True,
        timeout=30,
        memory_size=512,
        architectures=["arm64"],
        tracing_config={"mode": "Active"},
        environment={"variables": {"TABLE": table.name, "QUEUE": jobs.url}},
    )
    live = aws.lambda_.Alias("live", function_name=function.name, function_version=function.version)
    aws.lambda_.EventSourceMapping(
        "from-jobs",
        event_source_arn=jobs.arn,
        function_name=live.arn,
        batch_size=10,
        function_response_types=["ReportBatchItemFailures"],
    )
    api = aws.apigatewayv2.Api(
        "api",
        protocol_type="HTTP",
        cors_configuration={"allow_origins": ["https://www.example.com"], "allow_methods": ["*"]},
    )
    integration = aws.apigatewayv2.Integration(
        "integration",
        api_id=api.id,
        integration_type="AWS_PROXY",
        integration_uri=live.invoke_arn,
        payload_format_version="2.0",
    )
    for number, key in enumerate(("GET /orders/{id}", "POST /orders")):
        aws.apigatewayv2.Route(
            f"route-{number}",
            api_id=api.id,
            route_key=key,
            target=integration.id.apply(lambda one: f"integrations/{one}"),
        )
    aws.apigatewayv2.Stage("stage", api_id=api.id, name="$default", auto_deploy=True)
    aws.lambda_.Permission(
        "called",
        action="lambda:InvokeFunction",
        function=function.name,
        qualifier=live.name,
        principal="apigateway.amazonaws.com",
        source_arn=api.execution_arn.apply(lambda arn: f"{arn}/*/*"),
    )


@innocent()
def classic_rest_api_with_a_function() -> None:
    """A REST API by proxy, deployed anew with what it says."""
    role = bricks.function_role()
    function = bricks.function(role, timeout=20)
    api = aws.apigateway.RestApi("api", endpoint_configuration={"types": "REGIONAL"})
    resource = aws.apigateway.Resource(
        "everything", rest_api=api.id, parent_id=api.root_resource_id, path_part="{proxy+}"
    )
    method = aws.apigateway.Method(
        "any",
        rest_api=api.id,
        resource_id=resource.id,
        http_method="ANY",
        authorization="AWS_IAM",
    )
    integration = aws.apigateway.Integration(
        "integration",
        rest_api=api.id,
        resource_id=resource.id,
        http_method=method.http_method,
        integration_http_method="POST",
        type="AWS_PROXY",
        uri=function.invoke_arn,
    )
    released = aws.apigateway.Deployment(
        "released",
        rest_api=api.id,
        triggers={"redeployment": "1"},
        opts=pulumi.ResourceOptions(depends_on=[integration]),
    )
    aws.apigateway.Stage(
        "live",
        rest_api=api.id,
        deployment=released.id,
        stage_name="live",
        xray_tracing_enabled=True,
    )
    aws.lambda_.Permission(
        "called",
        action="lambda:InvokeFunction",
        function=function.name,
        principal="apigateway.amazonaws.com",
        source_arn=api.execution_arn.apply(lambda arn: f"{arn}/*/*"),
    )


@innocent(may_ask="Aurora MySQL leaves it to its clients whether they use TLS.")
def blog_with_shared_files_and_a_cache() -> None:
    """The usual blog: a fleet, files on EFS, a cluster of Aurora Serverless v2, Redis."""
    site = bricks.network()
    service = bricks.web(site)

    def guard(name: str, port: int) -> aws.ec2.SecurityGroup:
        return bricks.app_group(site.vpc.id, service.group, port, name)

    files = aws.efs.FileSystem("files", encrypted=True, throughput_mode="elastic")
    aws.efs.BackupPolicy(
        "files-backup", file_system_id=files.id, backup_policy={"status": "ENABLED"}
    )
    nfs = guard("files-group", 2049)
    for letter, subnet in zip("ab", site.private, strict=True):
        aws.efs.MountTarget(
            f"files-{letter}",
            file_system_id=files.id,
            subnet_id=subnet.id,
            security_groups=[nfs.id],
        )
    subnets = aws.rds.SubnetGroup("aurora-subnets", subnet_ids=site.private_ids())
    cluster = aws.rds.Cluster(
        "aurora",
        engine="aurora-mysql",
        engine_version="8.0.mysql_aurora.3.08.2",
        database_name="blog",
        master_username="blog",
        manage_master_user_password=True,
        serverlessv2_scaling_configuration={"min_capacity": 0.5, "max_capacity": 16},
        db_subnet_group_name=subnets.name,
        vpc_security_group_ids=[guard("aurora-group", 3306).id],
        storage_encrypted=True,
        backup_retention_period=14,
        copy_tags_to_snapshot=True,
        deletion_protection=True,
        final_snapshot_identifier="blog-last",
    )
    for number in range(2):
        aws.rds.ClusterInstance(
            f"aurora-{number}",
            cluster_identifier=cluster.id,
            engine="aurora-mysql",
            engine_version=cluster.engine_version,
            instance_class="db.serverless",
            promotion_tier=number,
        )
    aws.elasticache.ReplicationGroup(
        "cache",
        description="sessions",
        engine="valkey",
        engine_version="8.0",
        node_type="cache.t4g.small",
        num_cache_clusters=2,
        automatic_failover_enabled=True,
        multi_az_enabled=True,
        at_rest_encryption_enabled=True,
        transit_encryption_enabled=True,
        snapshot_retention_limit=3,
        subnet_group_name=aws.elasticache.SubnetGroup(
            "cache-subnets", subnet_ids=site.private_ids()
        ).name,
        security_group_ids=[guard("cache-group", 6379).id],
    )
