"""Other stores, queues and partners, soundly."""

from __future__ import annotations

import json

import pulumi
import pulumi_aws as aws

from tests.policies.programs import bricks
from tests.policies.programs.cases import innocent
from tests.policies.programs.innocents.stores import guard


@innocent()
def orders_by_topic_and_queue() -> None:
    """A topic fans out to a queue with a queue for what fails; a function works it off."""
    topic = aws.sns.Topic("orders")
    failed = aws.sqs.Queue("failed", message_retention_seconds=1209600)
    jobs = aws.sqs.Queue(
        "jobs",
        visibility_timeout_seconds=180,
        redrive_policy=failed.arn.apply(
            lambda arn: json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": 5})
        ),
    )
    bricks.sending(jobs, "sns.amazonaws.com", topic.arn)
    aws.sns.TopicSubscription("orders-to-jobs", topic=topic.arn, protocol="sqs", endpoint=jobs.arn)
    role = bricks.function_role()
    aws.iam.RolePolicyAttachment(
        "function-policy",
        role=role.name,
        policy_arn="arn:aws:iam::aws:policy/service-role/AWSLambdaSQSQueueExecutionRole",
    )
    function = bricks.function(role, timeout=30)
    aws.lambda_.EventSourceMapping(
        "work", event_source_arn=jobs.arn, function_name=function.arn, batch_size=10
    )


@innocent()
def hourly_by_a_rule() -> None:
    function = bricks.function(timeout=300)
    rule = aws.cloudwatch.EventRule("hourly", schedule_expression="rate(1 hour)")
    aws.cloudwatch.EventTarget("hourly-function", rule=rule.name, arn=function.arn)
    aws.lambda_.Permission(
        "rule-may",
        action="lambda:InvokeFunction",
        function=function.name,
        principal="events.amazonaws.com",
        source_arn=rule.arn,
    )
    queue = aws.sqs.Queue("jobs")
    aws.cloudwatch.EventTarget("hourly-jobs", rule=rule.name, arn=queue.arn)
    bricks.sending(queue, "events.amazonaws.com", rule.arn)


@innocent()
def partner_by_an_external_id() -> None:
    """A monitoring company's account assumes a role that only reads, with the id it gave us."""
    bricks.web(bricks.network())
    role = aws.iam.Role(
        "partner",
        assume_role_policy=bricks.document(
            {
                "Effect": "Allow",
                "Principal": {"AWS": "arn:aws:iam::464622532012:root"},
                "Action": "sts:AssumeRole",
                "Condition": {"StringEquals": {"sts:ExternalId": "b7d1f4"}},
            }
        ),
    )
    aws.iam.RolePolicyAttachment(
        "partner-reads", role=role.name, policy_arn="arn:aws:iam::aws:policy/SecurityAudit"
    )


@innocent()
def imported_database() -> None:
    site = bricks.network()
    service = bricks.web(site)
    bricks.database(
        site,
        service.group,
        identifier="shop",
        opts=pulumi.ResourceOptions(import_="shop", protect=True, ignore_changes=["engineVersion"]),
    )


@innocent()
def database_of_another_maker() -> None:
    site = bricks.network()
    service = bricks.web(site)
    parameters = aws.rds.ParameterGroup(
        "parameters",
        family="mariadb11.4",
        parameters=[{"name": "require_secure_transport", "value": "1"}],
    )
    subnets = aws.rds.SubnetGroup("subnets", subnet_ids=site.private_ids())
    aws.rds.Instance(
        "database",
        engine="mariadb",
        engine_version="11.4",
        instance_class="db.m7g.large",
        allocated_storage=100,
        max_allocated_storage=1000,
        username="shop",
        manage_master_user_password=True,
        multi_az=True,
        storage_encrypted=True,
        backup_retention_period=14,
        deletion_protection=True,
        final_snapshot_identifier="last",
        db_subnet_group_name=subnets.name,
        parameter_group_name=parameters.name,
        ca_cert_identifier="rds-ca-rsa2048-g1",
        vpc_security_group_ids=[guard(site, service.group, "guard", 3306).id],
    )


@innocent()
def graph() -> None:
    site = bricks.network()
    service = bricks.web(site)
    subnets = aws.neptune.SubnetGroup("subnets", subnet_ids=site.private_ids())
    cluster = aws.neptune.Cluster(
        "cluster",
        engine="neptune",
        neptune_subnet_group_name=subnets.name,
        storage_encrypted=True,
        backup_retention_period=14,
        deletion_protection=True,
        iam_database_authentication_enabled=True,
        final_snapshot_identifier="last",
        vpc_security_group_ids=[guard(site, service.group, "guard", 8182).id],
    )
    for number in range(2):
        aws.neptune.ClusterInstance(
            f"member-{number}",
            cluster_identifier=cluster.id,
            instance_class="db.r6g.large",
            engine="neptune",
        )


@innocent()
def table_in_two_regions() -> None:
    bricks.web(bricks.network())
    table = aws.dynamodb.Table(
        "carts",
        billing_mode="PROVISIONED",
        read_capacity=5,
        write_capacity=5,
        hash_key="id",
        attributes=[{"name": "id", "type": "S"}],
        stream_enabled=True,
        stream_view_type="NEW_AND_OLD_IMAGES",
        point_in_time_recovery={"enabled": True},
        deletion_protection_enabled=True,
        replicas=[{"region_name": "eu-central-1", "point_in_time_recovery": True}],
        opts=pulumi.ResourceOptions(ignore_changes=["readCapacity", "writeCapacity"]),
    )
    for kind in ("Read", "Write"):
        target = aws.appautoscaling.Target(
            f"{kind}-target",
            min_capacity=5,
            max_capacity=500,
            resource_id=pulumi.Output.concat("table/", table.name),
            scalable_dimension=f"dynamodb:table:{kind}CapacityUnits",
            service_namespace="dynamodb",
        )
        aws.appautoscaling.Policy(
            f"{kind}-policy",
            policy_type="TargetTrackingScaling",
            resource_id=target.resource_id,
            scalable_dimension=target.scalable_dimension,
            service_namespace=target.service_namespace,
            target_tracking_scaling_policy_configuration={
                "predefined_metric_specification": {
                    "predefined_metric_type": f"DynamoDB{kind}CapacityUtilization"
                },
                "target_value": 70,
            },
        )


@innocent()
def stream_of_clicks() -> None:
    bricks.web(bricks.network())
    stream = aws.kinesis.Stream(
        "clicks",
        stream_mode_details={"stream_mode": "ON_DEMAND"},
        encryption_type="KMS",
        kms_key_id="alias/aws/kinesis",
        retention_period=48,
    )
    store = bricks.closed_bucket("clicks-store")
    role = aws.iam.Role("firehose-role", assume_role_policy=bricks.trust("firehose.amazonaws.com"))
    aws.kinesis.FirehoseDeliveryStream(
        "to-the-store",
        destination="extended_s3",
        kinesis_source_configuration={"kinesis_stream_arn": stream.arn, "role_arn": role.arn},
        extended_s3_configuration={"role_arn": role.arn, "bucket_arn": store.arn},
    )


@innocent()
def a_user_for_mail_of_its_own() -> None:
    """An SMTP user who may do nothing but send."""
    bricks.web(bricks.network())
    user = aws.iam.User("mailer", name="mailer")
    sends = {"Effect": "Allow", "Action": "ses:SendRawEmail", "Resource": "*"}
    aws.iam.UserPolicy("mailer-policy", user=user.name, policy=bricks.document(sends))
