"""Settings at the borders of what AWS takes, and texts that look like credentials and are none."""

from __future__ import annotations

import base64
import json

import pulumi
import pulumi_aws as aws

from tests.policies.programs import bricks
from tests.policies.programs.cases import innocent

FORGE = "token.actions.githubusercontent.com"
SPECIFICATION = """\
version: 0.2
env:
  shell: bash
  secrets-manager:
    DB_PASSWORD: shop/database:password
phases:
  install:
    commands:
      - npm ci
      - export TOKEN=$(aws secretsmanager get-secret-value --secret-id x --query SecretString --output text)
      - docker login -u AWS --password-stdin registry < pw
      - mysql -u x -p$DB_PASSWORD shop
"""


@innocent()
def volumes_of_every_kind() -> None:
    """At the limits of each type."""
    site = bricks.network()
    bricks.web(site)
    for n, (k, m) in enumerate(
        {
            "gp3": {"size": 500, "iops": 12000, "throughput": 500},
            "io2": {"size": 100, "iops": 50000, "multi_attach_enabled": True},
            "st1": {"size": 500},
            "gp2": {"size": 1},
        }.items()
    ):
        aws.ebs.Volume(f"v{n}", availability_zone="eu-west-1a", type=k, encrypted=True, **m)
    aws.ebs.Volume(
        "v-snap",
        availability_zone="eu-west-1b",
        snapshot_id="snap-0123456789abcdef0",
        encrypted=True,
    )


@innocent()
def fleet_with_a_disk_for_its_data() -> None:
    site = bricks.network()
    outside = bricks.balancer_group(site.vpc.id)
    inside = bricks.app_group(site.vpc.id, outside)
    front = bricks.balancer(site.public_ids(), outside)
    t = bricks.targets(site.vpc.id)
    bricks.http(front, bricks.forward(t))
    lt = bricks.template(
        inside,
        bricks.profile(),
        block_device_mappings=[
            bricks.ENCRYPTED_ROOT,
            {
                "device_name": "/dev/sdf",
                "ebs": {
                    "encrypted": "true",
                    "volume_type": "gp3",
                    "volume_size": 200,
                    "iops": 6000,
                    "throughput": 400,
                    "delete_on_termination": "true",
                },
            },
            {"device_name": "/dev/sdg", "virtual_name": "ephemeral0"},
        ],
    )
    g = bricks.fleet(site.private_ids(), lt, t)
    bricks.delivery(front, t, g)


@innocent()
def tags_that_name_secrets() -> None:
    """Names, switches and places of secrets, and none of them itself."""
    tags = {
        "team": "shop",
        "cost-center": "42",
        "owner": "ops@example.com",
        "url": "https://wiki.example.com/x?y=z",
        "Secret": "rotated",
        "token": "none",
        "PasswordPolicy": "strong",
        "credentials": "instance-profile",
        "SecretName": "shop/database",
        "backup": "true",
        "kubernetes.io/cluster/x": "owned",
    }
    site = bricks.network()
    bricks.web(site)
    aws.ec2.SecurityGroup("extra", vpc_id=site.vpc.id, tags=tags)
    aws.iam.Role(
        "tagged",
        assume_role_policy=bricks.trust("ec2.amazonaws.com"),
        tags={k: v for k, v in tags.items() if "?" not in v},
    )
    aws.sqs.Queue(
        "q",
        tags=tags,
        message_retention_seconds=1209600,
        kms_master_key_id="alias/aws/sqs",
        kms_data_key_reuse_period_seconds=300,
    )
    aws.ec2.LaunchTemplate(
        "spare",
        image_id=bricks.IMAGE,
        instance_type="m7g.large",
        metadata_options={"http_tokens": "required", "http_put_response_hop_limit": 1},
        block_device_mappings=[bricks.ENCRYPTED_ROOT],
        iam_instance_profile={"name": bricks.profile("spare").name},
        tag_specifications=[{"resource_type": "instance", "tags": tags}],
    )


@innocent()
def builds_that_fetch_their_secrets() -> None:
    """From Secrets Manager, in the specification and in the environment."""
    site = bricks.network()
    bricks.web(site)
    role = aws.iam.Role("build-role", assume_role_policy=bricks.trust("codebuild.amazonaws.com"))
    aws.codebuild.Project(
        "build",
        service_role=role.arn,
        artifacts={"type": "NO_ARTIFACTS"},
        build_timeout=30,
        environment={
            "compute_type": "BUILD_GENERAL1_SMALL",
            "image": "aws/codebuild/amazonlinux-aarch64-standard:3.0",
            "type": "ARM_CONTAINER",
            "environment_variables": [
                {"name": "NPM_TOKEN", "value": "shop/npm", "type": "SECRETS_MANAGER"},
                {"name": "STAGE", "value": "prod"},
                {"name": "TOKEN_URL", "value": "https://x.example.com/token"},
            ],
        },
        source={
            "type": "GITHUB",
            "location": "https://github.com/example/shop.git",
            "buildspec": SPECIFICATION,
        },
    )
    aws.codebuild.Project(
        "later",
        service_role=role.arn,
        artifacts={"type": "NO_ARTIFACTS"},
        environment={
            "compute_type": "BUILD_GENERAL1_SMALL",
            "image": "x",
            "type": "LINUX_CONTAINER",
        },
        source={
            "type": "GITHUB",
            "location": "https://github.com/example/shop.git",
            "buildspec": "ci/buildspec.yml",
        },
    )


@innocent()
def secrets_filled_in_later() -> None:
    """A placeholder that is replaced by hand, and one of the configuration."""
    site = bricks.network()
    bricks.web(site)
    s = aws.secretsmanager.Secret("db", name="shop/database")
    aws.secretsmanager.SecretVersion(
        "first",
        secret_id=s.id,
        secret_string=json.dumps({"username": "shop", "password": "changeme", "host": "x"}),
        opts=pulumi.ResourceOptions(ignore_changes=["secretString"]),
    )
    aws.secretsmanager.SecretVersion(
        "partner-version",
        secret_id=aws.secretsmanager.Secret("partner").id,
        secret_string=pulumi.Config("programs").require_secret("partnerKey"),
    )


@innocent()
def partner_by_a_key_of_the_configuration() -> None:
    site = bricks.network()
    bricks.web(site)
    cfg = pulumi.Config("programs").require_secret("partnerKey")
    aws.cloudwatch.EventConnection(
        "partner",
        authorization_type="API_KEY",
        auth_parameters={"api_key": {"key": "x-api-key", "value": cfg}},
    )


@innocent()
def functions_with_and_without_an_image() -> None:
    site = bricks.network()
    bricks.web(site)
    role = bricks.function_role()
    f = aws.lambda_.Function(
        "a",
        role=role.arn,
        runtime="nodejs22.x",
        handler="index.handler",
        s3_bucket="code",
        s3_key="a.zip",
        architectures=["arm64"],
        memory_size=512,
        timeout=30,
        environment={
            "variables": {
                "LOG_LEVEL": "info",
                "SECRET_ID": "shop/db",
                "API_KEY_PARAM": "/shop/api-key",
                "DB_PASSWORD_FILE": "/mnt/x",
            }
        },
        tracing_config={"mode": "Active"},
        reserved_concurrent_executions=-1,
        ephemeral_storage={"size": 1024},
        logging_config={"log_format": "JSON"},
    )
    q = aws.sqs.Queue("jobs", visibility_timeout_seconds=180)
    aws.lambda_.EventSourceMapping(
        "m",
        event_source_arn=q.arn,
        function_name=f.arn,
        batch_size=10,
        scaling_config={"maximum_concurrency": 5},
        function_response_types=["ReportBatchItemFailures"],
    )
    aws.iam.RolePolicyAttachment(
        "p",
        role=role.name,
        policy_arn="arn:aws:iam::aws:policy/service-role/AWSLambdaSQSQueueExecutionRole",
    )
    aws.lambda_.Function(
        "img",
        role=role.arn,
        package_type="Image",
        image_uri="1.dkr.ecr.eu-west-1.amazonaws.com/f:1",
    )
    aws.cloudwatch.LogGroup("l", name="/aws/lambda/a", retention_in_days=0)


@innocent()
def policies_of_every_form() -> None:
    """Operators, variables, wildcards and names that IAM takes."""
    site = bricks.network()
    bricks.web(site)
    role = aws.iam.Role(
        "r",
        name="shop@reports",
        path="/team/reports/",
        description="Reads, für Berichte",
        assume_role_policy=json.dumps(
            {
                "Version": "2012-10-17",
                "Statement": {
                    "Effect": "Allow",
                    "Principal": {"Federated": f"arn:aws:iam::123456789012:oidc-provider/{FORGE}"},
                    "Action": "sts:AssumeRoleWithWebIdentity",
                    "Condition": {
                        "StringEquals": {f"{FORGE}:aud": "sts.amazonaws.com"},
                        "StringLike": {f"{FORGE}:sub": "repo:example/shop:ref:refs/heads/main"},
                    },
                },
            }
        ),
    )
    aws.iam.RolePolicy(
        "p",
        role=role.id,
        policy=json.dumps(
            {
                "Version": "2012-10-17",
                "Id": "x",
                "Statement": [
                    {
                        "Sid": "A1",
                        "Effect": "Allow",
                        "Action": [
                            "s3:Get*",
                            "s3:List*",
                            "execute-api:Invoke",
                            "aws-marketplace:ViewSubscriptions",
                        ],
                        "Resource": [
                            "arn:aws:s3:::shop-${aws:PrincipalTag/team}",
                            "arn:aws:s3:::shop/*",
                        ],
                        "Condition": {
                            "StringEqualsIfExists": {"aws:RequestedRegion": "eu-west-1"},
                            "ForAnyValue:StringLike": {"aws:TagKeys": ["x*"]},
                            "Null": {"aws:x": "true"},
                            "DateGreaterThan": {"aws:CurrentTime": "2025-01-01T00:00:00Z"},
                        },
                    },
                    {
                        "Effect": "Deny",
                        "NotAction": ["iam:*"],
                        "NotResource": ["arn:aws:s3:::shop/*"],
                        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
                    },
                ],
            }
        ),
    )
    aws.iam.Policy(
        "m",
        name="Shop.Read+1",
        policy=bricks.document(
            {
                "Effect": "Allow",
                "Action": "dynamodb:*Item",
                "Resource": "arn:aws:dynamodb:*:*:table/shop-*",
            }
        ),
    )


@innocent()
def tasks_in_other_units() -> None:
    site = bricks.network()
    bricks.web(site)
    aws.ecs.TaskDefinition(
        "t",
        family="batch_job-1",
        container_definitions=json.dumps(
            [
                {
                    "name": "a",
                    "image": "a@sha256:" + "b" * 64,
                    "memoryReservation": 128,
                    "logConfiguration": {
                        "logDriver": "awslogs",
                        "options": {
                            "awslogs-group": "x",
                            "awslogs-region": "eu-west-1",
                            "awslogs-stream-prefix": "a",
                        },
                    },
                    "dockerLabels": {"com.example.token-source": "vault"},
                    "environment": [
                        {"name": "TOKEN_TTL", "value": "3600"},
                        {"name": "AUTH_MODE", "value": "token"},
                        {"name": "PASSWORD_MIN_LENGTH", "value": "12"},
                    ],
                    "secrets": [],
                }
            ]
        ),
    )
    role = aws.iam.Role("x", assume_role_policy=bricks.trust("ecs-tasks.amazonaws.com"))
    aws.ecs.TaskDefinition(
        "f",
        family="f",
        requires_compatibilities=["FARGATE"],
        network_mode="awsvpc",
        cpu="1 vCPU",
        memory="2GB",
        execution_role_arn=role.arn,
        runtime_platform={"cpu_architecture": "ARM64", "operating_system_family": "LINUX"},
        container_definitions=json.dumps(
            [{"name": "a", "image": "a@sha256:" + "b" * 64, "memory": 512}]
        ),
    )


@innocent()
def parameters_that_are_no_secrets() -> None:
    site = bricks.network()
    bricks.web(site)
    for n, (name, v, k) in enumerate(
        [
            ("/shop/db/host", "db.internal", {}),
            ("feature.flags", '["a"]', {}),
            ("/shop/big", "x" * 6000, {"tier": "Advanced"}),
            ("/shop/ami", "ami-0aa11bb22cc33dd44", {"data_type": "aws:ec2:image"}),
            ("/shop/token-ttl", "3600", {}),
            ("/shop/public-key", "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJx x@y", {}),
            ("/shop/digest", "sha256:" + "ab" * 32, {}),
            ("/shop/b64", base64.b64encode(b"just a text of some length, no secret").decode(), {}),
        ]
    ):
        aws.ssm.Parameter(f"p{n}", name=name, type="String", value=v, **k)
    aws.ssm.Parameter(
        "pw",
        name="/shop/db/password",
        type="SecureString",
        value=pulumi.Config("programs").require_secret("partnerKey"),
    )


@innocent()
def start_that_speaks_of_passwords() -> None:
    """It reads them; none is in it."""
    site = bricks.network()
    outside = bricks.balancer_group(site.vpc.id)
    inside = bricks.app_group(site.vpc.id, outside)
    front = bricks.balancer(site.public_ids(), outside)
    t = bricks.targets(site.vpc.id)
    bricks.http(front, bricks.forward(t))
    boot = """#!/bin/bash
set -euo pipefail
TOKEN=$(curl -sX PUT http://169.254.169.254/latest/api/token -H 'X-aws-ec2-metadata-token-ttl-seconds: 60')
curl -H "X-aws-ec2-metadata-token: $TOKEN" http://169.254.169.254/latest/meta-data/
PASSWORD=$(aws ssm get-parameter --name /shop/db --with-decryption --query Parameter.Value --output text)
mysql --defaults-extra-file=/etc/my.cnf -h db -P 3306 shop < schema.sql
docker run -d --name mysql -p 3306:3306 -p8080:8080 mysql:8
sed -i 's/password: .*/password: PLACEHOLDER/' /etc/app.yml
cat > /etc/app.yml <<'X'
database:
  host: db.internal
  passwordFile: /run/secrets/db
  password: ${DB_PASSWORD}
token: <set by the operator>
X
echo 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08  app.tgz | sha256sum -c
curl -u "$USER:$PASSWORD" https://registry.example.com/
curl --user deploy:$(cat /run/pw) https://x
git config --global credential.helper '!aws codecommit credential-helper $@'
htpasswd -bc /etc/htpasswd admin "$PASSWORD"
./install-codedeploy-agent auto
"""
    g = bricks.fleet(site.private_ids(), bricks.template(inside, bricks.profile(), boot=boot), t)
    bricks.delivery(front, t, g)


@innocent()
def stores_and_queues_by_their_names() -> None:
    site = bricks.network()
    bricks.web(site)
    k = aws.kms.Key("k", enable_key_rotation=True, deletion_window_in_days=30, description="Shop")
    aws.kms.Alias("al", name="alias/shop/data", target_key_id=k.id)
    aws.dynamodb.Table(
        "t",
        name="shop.orders_1",
        billing_mode="PAY_PER_REQUEST",
        hash_key="id",
        attributes=[{"name": "id", "type": "S"}],
        point_in_time_recovery={"enabled": True},
        deletion_protection_enabled=True,
        stream_enabled=True,
        stream_view_type="NEW_AND_OLD_IMAGES",
        server_side_encryption={"enabled": True, "kms_key_arn": k.arn},
        tags={"x": "y"},
    )
    aws.sns.Topic(
        "o.fifo", fifo_topic=True, content_based_deduplication=True, display_name="Orders"
    )
    aws.sqs.Queue(
        "o",
        name="o.fifo",
        fifo_queue=True,
        content_based_deduplication=True,
        deduplication_scope="messageGroup",
        fifo_throughput_limit="perMessageGroupId",
    )
    aws.scheduler.Schedule(
        "s",
        schedule_expression="rate(1 hours)",
        flexible_time_window={"mode": "FLEXIBLE", "maximum_window_in_minutes": 15},
        target={
            "arn": "arn:aws:sqs:eu-west-1:123456789012:jobs",
            "role_arn": "arn:aws:iam::123456789012:role/x",
        },
    )
    aws.backup.Vault("v", name="shop-vault_1")
    aws.ecr.Repository("r", name="team/shop-web", image_tag_mutability="IMMUTABLE")
    aws.sfn.StateMachine(
        "sm",
        role_arn="arn:aws:iam::123456789012:role/x",
        definition=json.dumps({"StartAt": "A", "States": {"A": {"Type": "Succeed"}}}),
        type="EXPRESS",
    )
