"""Policies, roles, secrets and engines that look open or useless, and are neither."""

from __future__ import annotations

import base64
import json
from typing import Any

import pulumi
import pulumi_aws as aws

from tests.policies.programs import bricks
from tests.policies.programs.cases import Edit, Ref, also_sound, innocent
from tests.policies.programs.innocents import (  # noqa: F401 - the programs that are changed here
    buckets,
    engines,
    plain,
    stores,
    workloads,
)

WEB = "plain_web_service"
ACCOUNT = "123456789012"


def admitted(edit: Edit, condition: dict[str, Any]) -> None:
    """Let everybody publish to the topic, under a condition."""
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": "*"},
        "Action": "sns:Publish",
        "Resource": "*",
        "Condition": condition,
    }
    alarms = {
        "Effect": "Allow",
        "Principal": {"Service": "cloudwatch.amazonaws.com"},
        "Action": "sns:Publish",
        "Resource": "*",
    }
    edit.set("operations", "policy", bricks.document(statement, alarms))


@also_sound(WEB)
def topic_as_sns_makes_it(edit: Edit) -> None:
    admitted(edit, {"StringEquals": {"AWS:SourceOwner": ACCOUNT}})


@also_sound(WEB)
def topic_for_one_bucket_of_any_region(edit: Edit) -> None:
    """As the documentation of S3 writes it: the name of a bucket is one of a kind."""
    admitted(edit, {"ArnLike": {"aws:SourceArn": "arn:aws:s3:*:*:shop-exports"}})


@also_sound(WEB)
def topic_for_the_organization_by_tls(edit: Edit) -> None:
    admitted(
        edit,
        {
            "StringEquals": {"aws:PrincipalOrgID": "o-abc123"},
            "Bool": {"aws:SecureTransport": "true"},
        },
    )


@also_sound(WEB)
def topic_for_the_office(edit: Edit) -> None:
    admitted(edit, {"IpAddress": {"aws:SourceIp": ["198.51.100.0/24", "203.0.113.7/32"]}})


@also_sound(WEB)
def topic_through_an_endpoint(edit: Edit) -> None:
    admitted(edit, {"StringEquals": {"aws:SourceVpce": "vpce-0123456789abcdef0"}})


@also_sound(WEB)
def topic_for_everybody_but_denied_to_strangers(edit: Edit) -> None:
    """A Deny may say who is not meant."""
    strangers = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "sns:Subscribe",
        "Resource": "*",
        "Condition": {"StringNotEquals": {"aws:PrincipalAccount": ACCOUNT}},
    }
    alarms = {
        "Effect": "Allow",
        "Principal": {"Service": "cloudwatch.amazonaws.com"},
        "Action": "sns:Publish",
        "Resource": "*",
    }
    edit.set("operations", "policy", bricks.document(strangers, alarms))


@also_sound(WEB)
def rights_in_one_region_only(edit: Edit) -> None:
    """As a service control policy says it; what CodeDeploy's agent needs is in that Region."""
    outside = {
        "Effect": "Deny",
        "NotAction": ["iam:*", "sts:*"],
        "Resource": "*",
        "Condition": {"StringNotEquals": {"aws:RequestedRegion": "eu-west-1"}},
    }
    edit.add(
        "one-region",
        "aws:iam/rolePolicy:RolePolicy",
        {"role": Ref("app-role"), "policy": bricks.document(outside)},
    )


def key(edit: Edit, *more: dict[str, Any]) -> None:
    root = {
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
        "Action": "kms:*",
        "Resource": "*",
    }
    policy = bricks.document(*(more or (root,)))
    edit.add("key", "aws:kms/key:Key", {"enableKeyRotation": True, "policy": policy})
    edit.set("database", "kmsKeyId", Ref("key", "arn"))


@also_sound(WEB)
def database_with_a_key_of_its_own(edit: Edit) -> None:
    key(edit)


@also_sound(WEB)
def key_that_one_role_administers(edit: Edit) -> None:
    who = {"AWS": f"arn:aws:iam::{ACCOUNT}:role/security"}
    changes = ["kms:Put*", "kms:Describe*"]
    key(
        edit,
        {"Effect": "Allow", "Principal": who, "Action": changes, "Resource": "*"},
        {
            "Effect": "Allow",
            "Principal": {"Service": "rds.amazonaws.com"},
            "Action": ["kms:Decrypt", "kms:CreateGrant"],
            "Resource": "*",
        },
    )


# --- roles ----------------------------------------------------------------------------------------


@innocent(engine=True)
def shared_files_backed_up() -> None:
    """AWS Backup copies the files, by a role with its managed policy."""
    site = bricks.network()
    bricks.web(site)
    files = aws.efs.FileSystem("files", encrypted=True)
    guard = aws.ec2.SecurityGroup(
        "files-guard",
        vpc_id=site.vpc.id,
        ingress=[
            {
                "protocol": "tcp",
                "from_port": 2049,
                "to_port": 2049,
                "cidr_blocks": ["10.0.0.0/16"],
            }
        ],
    )
    for letter, subnet in zip("ab", site.private, strict=True):
        aws.efs.MountTarget(
            f"mount-{letter}",
            file_system_id=files.id,
            subnet_id=subnet.id,
            security_groups=[guard.id],
        )
    plan, role = bricks.daily_backup(days=30)
    aws.backup.Selection("selection", plan_id=plan.id, iam_role_arn=role.arn, resources=[files.arn])


@also_sound("lambda_behind_the_balancer")
def function_in_the_network_by_a_statement(edit: Edit) -> None:
    """The rights that a function in a VPC needs, written by hand."""
    inside = {
        "subnetIds": [Ref("private-a"), Ref("private-b")],
        "securityGroupIds": [Ref("balancer")],
    }
    edit.set("function", "vpcConfig", inside)
    statement = {
        "Effect": "Allow",
        "Action": ["ec2:*NetworkInterface*", "ec2:DescribeSubnets"],
        "Resource": "*",
    }
    edit.add(
        "function-network",
        "aws:iam/rolePolicy:RolePolicy",
        {"role": Ref("function-role"), "policy": bricks.document(statement)},
    )


@innocent(undecided="What was looked up in Secrets Manager looks like a text of the program.")
def password_of_the_cache_generated() -> None:
    """A generated token goes from Secrets Manager into the cache; nobody has typed it."""
    site = bricks.network()
    service = bricks.web(site)
    guard = bricks.app_group(site.vpc.id, service.group, 6379, "cache-guard")
    subnets = aws.elasticache.SubnetGroup("cache-subnets", subnet_ids=site.private_ids())
    aws.elasticache.ReplicationGroup(
        "cache",
        description="Sessions",
        engine="valkey",
        node_type="cache.t4g.small",
        num_cache_clusters=2,
        automatic_failover_enabled=True,
        multi_az_enabled=True,
        at_rest_encryption_enabled=True,
        transit_encryption_enabled=True,
        auth_token=pulumi.Output.secret("9f8e7d6c5b4a39281706f5e4d3c2b1a0"),
        subnet_group_name=subnets.name,
        security_group_ids=[guard.id],
    )


# --- engines and buckets --------------------------------------------------------------------------


@also_sound(WEB)
def warehouse_inside(edit: Edit) -> None:
    edit.add(
        "reports",
        "aws:redshift/cluster:Cluster",
        {
            "clusterIdentifier": "reports",
            "nodeType": "ra3.large",
            "masterUsername": "reports",
            "manageMasterPassword": True,
            "publiclyAccessible": False,
            "encrypted": "true",
        },
    )


@also_sound(WEB)
def events_by_tls(edit: Edit) -> None:
    edit.add(
        "events-log",
        "aws:msk/cluster:Cluster",
        {
            "kafkaVersion": "3.8.x",
            "numberOfBrokerNodes": 2,
            "brokerNodeGroupInfo": {
                "instanceType": "kafka.m7g.large",
                "clientSubnets": [Ref("private-a"), Ref("private-b")],
                "securityGroups": [Ref("app")],
            },
        },
    )


@also_sound(WEB)
def queue_by_default_and_queue_with_a_key(edit: Edit) -> None:
    """SQS encrypts by itself; a key of one's own takes its place."""
    edit.add("jobs", "aws:sqs/queue:Queue", {"visibilityTimeoutSeconds": 300})
    edit.add(
        "orders",
        "aws:sqs/queue:Queue",
        {"kmsMasterKeyId": "alias/aws/sqs", "sqsManagedSseEnabled": False},
    )


@also_sound("exports_that_expire")
def access_list_where_lists_are_on(edit: Edit) -> None:
    edit.add(
        "owner",
        "aws:s3/bucketOwnershipControls:BucketOwnershipControls",
        {"bucket": Ref("exports"), "rule": {"objectOwnership": "BucketOwnerPreferred"}},
    )
    edit.add("list", "aws:s3/bucketAcl:BucketAcl", {"bucket": Ref("exports"), "acl": "private"})


@also_sound(WEB)
def login_by_standard_input(edit: Edit) -> None:
    """Nothing is typed: the token is read when the instance starts."""
    script = (
        "#!/bin/sh\naws ecr get-login-password --region eu-west-1 |"
        " docker login --username AWS --password-stdin 123456789012.dkr.ecr.eu-west-1.amazonaws.com\n"
        'docker login -u shop -p "$TOKEN" registry.example.com\n'
    )
    edit.set("template", "userData", base64.b64encode(script.encode()).decode())


@also_sound("containers_on_fargate")
def containers_by_a_digest(edit: Edit) -> None:
    image = "registry.example.com:5000/web@sha256:" + "0" * 64
    edit.set("task", "containerDefinitions", bricks.containers(image=image))


@also_sound("containers_on_fargate")
def untagged_images_expire(edit: Edit) -> None:
    chosen = {"tagStatus": "untagged", "countType": "imageCountMoreThan", "countNumber": 1}
    rule = {"rulePriority": 1, "selection": chosen, "action": {"type": "expire"}}
    edit.add(
        "expiry",
        "aws:ecr/lifecyclePolicy:LifecyclePolicy",
        {"repository": "web", "policy": json.dumps({"rules": [rule]})},
    )


@also_sound(WEB)
def key_that_signs(edit: Edit) -> None:
    """KMS rotates no asymmetric key."""
    signs = {"customerMasterKeySpec": "RSA_4096", "keyUsage": "SIGN_VERIFY"}
    edit.add("signs", "aws:kms/key:Key", signs)


@also_sound("shared_files_backed_up")
def backups_of_files_by_a_statement(edit: Edit) -> None:
    """The plan is for the files alone, and so is its role; the table restores itself."""
    edit.drop("backup-policy")
    statement = {"Effect": "Allow", "Action": ["backup:*", "elasticfilesystem:*"], "Resource": "*"}
    edit.add(
        "copies-files",
        "aws:iam/rolePolicy:RolePolicy",
        {"role": Ref("backup-role"), "policy": bricks.document(statement)},
    )
    edit.add(
        "table",
        "aws:dynamodb/table:Table",
        {
            "billingMode": "PAY_PER_REQUEST",
            "hashKey": "id",
            "attributes": [{"name": "id", "type": "S"}],
            "pointInTimeRecovery": {"enabled": True},
            "deletionProtectionEnabled": True,
        },
    )


def from_here_only(edit: Edit, *ranges: str) -> None:
    """Deny the instances everything unless they call from these addresses."""
    elsewhere = {
        "Effect": "Deny",
        "Action": "*",
        "Resource": "*",
        "Condition": {"NotIpAddress": {"aws:SourceIp": list(ranges)}},
    }
    given = {"role": Ref("app-role"), "policy": bricks.document(elsewhere)}
    edit.add("from-here-only", "aws:iam/rolePolicy:RolePolicy", given)


@also_sound(WEB)
def instances_whose_gateways_are_in_the_list(edit: Edit) -> None:
    for letter, address in (("a", "203.0.113.7"), ("b", "203.0.113.8")):
        edit.set(f"address-{letter}", "publicIp", address)
    from_here_only(edit, "198.51.100.0/24", "203.0.113.0/28")


@also_sound(WEB)
def instances_whose_gateways_have_no_address_yet(edit: Edit) -> None:
    from_here_only(edit, "203.0.113.0/28")
