"""Programs without a server: functions in two Regions, events, workflows, pages."""

from __future__ import annotations

import json

import pulumi
import pulumi_aws as aws

from tests.policies.programs import bricks
from tests.policies.programs.cases import innocent


@innocent()
def lambda_site_in_two_regions() -> None:
    """The same function, API and table in two Regions, and latency records."""
    other = aws.Provider("dublin-backup", region="eu-central-1")
    table = aws.dynamodb.Table(
        "sessions",
        billing_mode="PAY_PER_REQUEST",
        hash_key="id",
        attributes=[{"name": "id", "type": "S"}],
        stream_enabled=True,
        stream_view_type="NEW_AND_OLD_IMAGES",
        point_in_time_recovery={"enabled": True},
        deletion_protection_enabled=True,
        ttl={"attribute_name": "expires", "enabled": True},
        replicas=[{"region_name": "eu-central-1", "point_in_time_recovery": True}],
    )
    role = bricks.function_role()
    aws.iam.RolePolicyAttachment(
        "basic",
        role=role.name,
        policy_arn="arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole",
    )
    aws.iam.RolePolicy(
        "tables",
        role=role.name,
        policy=bricks.document(
            {
                "Effect": "Allow",
                "Action": ["dynamodb:GetItem", "dynamodb:PutItem"],
                "Resource": "arn:aws:dynamodb:*:123456789012:table/sessions*",
            }
        ),
    )
    zone = aws.route53.get_zone(name="example.com")
    for region, opts in (
        ("eu-west-1", None),
        ("eu-central-1", pulumi.ResourceOptions(provider=other)),
    ):
        fn = aws.lambda_.Function(
            f"site-{region}",
            role=role.arn,
            runtime="nodejs22.x",
            handler="index.handler",
            s3_bucket=f"code-{region}",
            s3_key="site.zip",
            timeout=10,
            memory_size=512,
            environment={"variables": {"TABLE": table.name}},
            opts=opts,
        )
        api = aws.apigatewayv2.Api(f"api-{region}", protocol_type="HTTP", opts=opts)
        it = aws.apigatewayv2.Integration(
            f"it-{region}",
            api_id=api.id,
            integration_type="AWS_PROXY",
            integration_uri=fn.arn,
            payload_format_version="2.0",
            opts=opts,
        )
        aws.apigatewayv2.Route(
            f"rt-{region}",
            api_id=api.id,
            route_key="$default",
            target=it.id.apply(lambda i: f"integrations/{i}"),
            opts=opts,
        )
        st = aws.apigatewayv2.Stage(
            f"st-{region}", api_id=api.id, name="$default", auto_deploy=True, opts=opts
        )
        aws.lambda_.Permission(
            f"p-{region}",
            action="lambda:InvokeFunction",
            function=fn.name,
            principal="apigateway.amazonaws.com",
            source_arn=api.execution_arn.apply(lambda a: f"{a}/*"),
            opts=opts,
        )
        dn = aws.apigatewayv2.DomainName(
            f"dn-{region}",
            domain_name="www.example.com",
            domain_name_configuration={
                "certificate_arn": f"arn:aws:acm:{region}:123456789012:certificate/{'5' * 36}",
                "endpoint_type": "REGIONAL",
                "security_policy": "TLS_1_2",
            },
            opts=opts,
        )
        aws.apigatewayv2.ApiMapping(
            f"map-{region}", api_id=api.id, domain_name=dn.id, stage=st.id, opts=opts
        )
        hc = aws.route53.HealthCheck(
            f"hc-{region}",
            type="HTTPS",
            fqdn=api.api_endpoint.apply(lambda u: u.replace("https://", "")),
            port=443,
            resource_path="/health",
            failure_threshold=2,
            request_interval=10,
        )
        aws.route53.Record(
            f"rec-{region}",
            zone_id=zone.zone_id,
            name="www.example.com",
            type="A",
            set_identifier=region,
            latency_routing_policies=[{"region": region}],
            health_check_id=hc.id,
            aliases=[
                {
                    "name": dn.domain_name_configuration.target_domain_name,
                    "zone_id": dn.domain_name_configuration.hosted_zone_id,
                    "evaluate_target_health": True,
                }
            ],
        )


@innocent()
def static_site_by_s3_website_and_cloudfront() -> None:
    b = aws.s3.Bucket("www")
    aws.s3.BucketPublicAccessBlock(
        "www-block",
        bucket=b.id,
        block_public_acls=True,
        block_public_policy=True,
        ignore_public_acls=True,
        restrict_public_buckets=True,
    )
    oac = aws.cloudfront.OriginAccessControl(
        "oac",
        origin_access_control_origin_type="s3",
        signing_behavior="always",
        signing_protocol="sigv4",
    )
    rewrite = aws.cloudfront.Function(
        "rewrite",
        runtime="cloudfront-js-2.0",
        code="function handler(e){var r=e.request;if(r.uri.endsWith('/'))r.uri+='index.html';return r;}",
        publish=True,
    )
    d = aws.cloudfront.Distribution(
        "cdn",
        enabled=True,
        http_version="http2and3",
        price_class="PriceClass_100",
        origins=[
            {
                "origin_id": "s3",
                "domain_name": b.bucket_regional_domain_name,
                "origin_access_control_id": oac.id,
                "origin_path": "/live",
            }
        ],
        default_cache_behavior={
            "target_origin_id": "s3",
            "viewer_protocol_policy": "redirect-to-https",
            "allowed_methods": ["GET", "HEAD"],
            "cached_methods": ["GET", "HEAD"],
            "cache_policy_id": "658327ea-f89d-4fab-a63d-7e88639e58f6",
            "function_associations": [
                {"event_type": "viewer-request", "function_arn": rewrite.arn}
            ],
        },
        restrictions={"geo_restriction": {"restriction_type": "none"}},
        viewer_certificate={"cloudfront_default_certificate": True},
    )
    aws.s3.BucketPolicy(
        "www-policy",
        bucket=b.id,
        policy=pulumi.Output.all(b.arn, d.arn).apply(
            lambda a: bricks.document(
                {
                    "Effect": "Allow",
                    "Principal": {"Service": "cloudfront.amazonaws.com"},
                    "Action": "s3:GetObject",
                    "Resource": a[0] + "/*",
                    "Condition": {"StringEquals": {"AWS:SourceArn": a[1]}},
                },
                {
                    "Effect": "Deny",
                    "Principal": "*",
                    "Action": "s3:*",
                    "Resource": [a[0], a[0] + "/*"],
                    "Condition": {"Bool": {"aws:SecureTransport": "false"}},
                },
            )
        ),
    )


@innocent()
def sns_fans_out_to_lambdas_and_firehose() -> None:
    t = aws.sns.Topic("events", kms_master_key_id="alias/aws/sns")
    dead = aws.sqs.Queue("dead", message_retention_seconds=1209600)
    for n in ("mail", "billing"):
        role = aws.iam.Role(f"{n}-role", assume_role_policy=bricks.trust("lambda.amazonaws.com"))
        aws.iam.RolePolicyAttachment(
            f"{n}-basic",
            role=role.name,
            policy_arn=aws.iam.ManagedPolicy.AWS_LAMBDA_BASIC_EXECUTION_ROLE,
        )
        aws.iam.RolePolicy(
            f"{n}-dead",
            role=role.name,
            policy=dead.arn.apply(
                lambda a: bricks.document(
                    {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": a}
                )
            ),
        )
        f = aws.lambda_.Function(
            n,
            role=role.arn,
            runtime="python3.13",
            handler="m.h",
            s3_bucket="code",
            s3_key=f"{n}.zip",
            timeout=30,
            dead_letter_config={"target_arn": dead.arn},
        )
        aws.lambda_.Permission(
            f"{n}-may",
            action="lambda:InvokeFunction",
            function=f.name,
            principal="sns.amazonaws.com",
            source_arn=t.arn,
        )
        aws.sns.TopicSubscription(
            f"{n}-sub",
            topic=t.arn,
            protocol="lambda",
            endpoint=f.arn,
            filter_policy=json.dumps({"kind": [n]}),
        )


@innocent()
def step_functions_with_many_states() -> None:
    role = aws.iam.Role("sf", assume_role_policy=bricks.trust("states.amazonaws.com"))
    fn = bricks.function(timeout=60)
    q = aws.sqs.Queue("approvals", sqs_managed_sse_enabled=True)
    aws.iam.RolePolicy(
        "sf-may",
        role=role.name,
        policy=pulumi.Output.all(fn.arn, q.arn).apply(
            lambda a: bricks.document(
                {
                    "Effect": "Allow",
                    "Action": ["lambda:InvokeFunction"],
                    "Resource": [a[0], a[0] + ":*"],
                },
                {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": a[1]},
            )
        ),
    )
    aws.sfn.StateMachine(
        "flow",
        role_arn=role.arn,
        type="STANDARD",
        definition=pulumi.Output.all(fn.arn, q.url).apply(
            lambda a: json.dumps(
                {
                    "Comment": "orders",
                    "StartAt": "Check",
                    "QueryLanguage": "JSONata",
                    "States": {
                        "Check": {
                            "Type": "Choice",
                            "Choices": [
                                {"Condition": "{% $states.input.total > 100 %}", "Next": "Ask"}
                            ],
                            "Default": "Each",
                        },
                        "Ask": {
                            "Type": "Task",
                            "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
                            "Arguments": {
                                "QueueUrl": a[1],
                                "MessageBody": "{% $states.context.Task.Token %}",
                            },
                            "TimeoutSeconds": 86400,
                            "Next": "Each",
                            "Catch": [{"ErrorEquals": ["States.Timeout"], "Next": "Refused"}],
                        },
                        "Each": {
                            "Type": "Map",
                            "Items": "{% $states.input.items %}",
                            "MaxConcurrency": 5,
                            "ItemProcessor": {
                                "StartAt": "Ship",
                                "States": {
                                    "Ship": {
                                        "Type": "Task",
                                        "Resource": "arn:aws:states:::lambda:invoke",
                                        "Arguments": {"FunctionName": a[0]},
                                        "End": True,
                                    }
                                },
                            },
                            "Next": "Both",
                        },
                        "Both": {
                            "Type": "Parallel",
                            "Branches": [
                                {
                                    "StartAt": "A",
                                    "States": {"A": {"Type": "Wait", "Seconds": 5, "End": True}},
                                },
                                {"StartAt": "B", "States": {"B": {"Type": "Pass", "End": True}}},
                            ],
                            "Next": "Done",
                        },
                        "Refused": {"Type": "Fail", "Error": "Refused"},
                        "Done": {"Type": "Succeed"},
                    },
                }
            )
        ),
    )


@innocent()
def events_of_a_bus_of_its_own() -> None:
    bus = aws.cloudwatch.EventBus("orders", name="orders")
    aws.cloudwatch.EventArchive("arch", event_source_arn=bus.arn, retention_days=30)
    r = aws.cloudwatch.EventRule(
        "placed",
        event_bus_name=bus.name,
        event_pattern=json.dumps(
            {
                "source": [{"prefix": "shop."}],
                "detail": {
                    "total": [{"numeric": [">", 100]}],
                    "country": [{"anything-but": ["XX"]}],
                    "$or": [{"a": [1]}, {"b": [{"exists": True}]}],
                },
            }
        ),
    )
    q = aws.sqs.Queue("placed-q", sqs_managed_sse_enabled=True)
    bricks.sending(q, "events.amazonaws.com", r.arn)
    aws.cloudwatch.EventTarget(
        "t",
        rule=r.name,
        event_bus_name=bus.name,
        arn=q.arn,
        retry_policy={"maximum_event_age_in_seconds": 3600, "maximum_retry_attempts": 10},
    )


@innocent()
def table_stream_to_a_function() -> None:
    t = aws.dynamodb.Table(
        "orders",
        billing_mode="PAY_PER_REQUEST",
        hash_key="pk",
        range_key="sk",
        attributes=[
            {"name": "pk", "type": "S"},
            {"name": "sk", "type": "S"},
            {"name": "gsi", "type": "S"},
        ],
        global_secondary_indexes=[{"name": "by-gsi", "hash_key": "gsi", "projection_type": "ALL"}],
        local_secondary_indexes=[{"name": "l", "range_key": "gsi", "projection_type": "KEYS_ONLY"}],
        stream_enabled=True,
        stream_view_type="NEW_IMAGE",
        point_in_time_recovery={"enabled": True},
        deletion_protection_enabled=True,
    )
    role = bricks.function_role()
    aws.iam.RolePolicyAttachment(
        "s",
        role=role.name,
        policy_arn="arn:aws:iam::aws:policy/service-role/AWSLambdaDynamoDBExecutionRole",
    )
    dead = aws.sqs.Queue("dead", message_retention_seconds=1209600)
    aws.iam.RolePolicy(
        "d",
        role=role.name,
        policy=dead.arn.apply(
            lambda a: bricks.document(
                {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": a}
            )
        ),
    )
    f = bricks.function(role, timeout=60)
    aws.lambda_.EventSourceMapping(
        "m",
        event_source_arn=t.stream_arn,
        function_name=f.arn,
        starting_position="TRIM_HORIZON",
        batch_size=100,
        maximum_batching_window_in_seconds=5,
        bisect_batch_on_function_error=True,
        maximum_retry_attempts=5,
        destination_config={"on_failure": {"destination_arn": dead.arn}},
    )
