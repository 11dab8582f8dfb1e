"""Is it closed? Somebody else gets in, or reads along."""

from __future__ import annotations

import base64
import json

import pulumi
import pulumi_aws as aws

from tests.policies.programs import bricks
from tests.policies.programs.broken.serve import opening
from tests.policies.programs.cases import CLOSED, Edit, Ref, broken, rewritten

ADMINISTRATOR = "arn:aws:iam::aws:policy/AdministratorAccess"


def encoded(script: str) -> str:
    return base64.b64encode(script.encode()).decode()


@broken("main_route_table", CLOSED, engine=True)
def application_open_to_everyone(edit: Edit) -> None:
    edit.set("app", "ingress", opening(8080, cidrBlocks=[bricks.WORLD]))


@broken("main_route_table", CLOSED, engine=True)
def past_the_balancer_on_80(edit: Edit) -> None:
    """Port 80 may be open, but not on the instances."""
    edit.set("web", "port", 80)
    edit.set("app", "ingress", opening(80, cidrBlocks=[bricks.WORLD]))


@broken("separate_rules", CLOSED)
def past_the_balancer_by_a_second_rule(edit: Edit) -> None:
    edit.add(
        "for-a-test",
        "aws:ec2/securityGroupRule:SecurityGroupRule",
        {
            "type": "ingress",
            "securityGroupId": Ref("app"),
            "protocol": "tcp",
            "fromPort": 443,
            "toPort": 443,
            "cidrBlocks": [bricks.WORLD],
        },
    )


@broken("plain_web_service", CLOSED)
def shell_for_everyone(edit: Edit) -> None:
    edit.set("app", "ingress.0", opening(22, cidrBlocks=[bricks.WORLD])[0])
    edit.add(
        "still-served",
        "aws:ec2/securityGroupRule:SecurityGroupRule",
        {
            "type": "ingress",
            "securityGroupId": Ref("app"),
            "protocol": "tcp",
            "fromPort": 8080,
            "toPort": 8080,
            "sourceSecurityGroupId": Ref("balancer"),
        },
    )


@broken("plain_web_service", CLOSED)
def database_open_to_everyone(edit: Edit) -> None:
    edit.set("database-guard", "ingress", opening(5432, cidrBlocks=[bricks.WORLD]))


@broken("plain_web_service", CLOSED)
def database_with_a_public_address(edit: Edit) -> None:
    edit.set("database", "publiclyAccessible", True)


@broken("plain_web_service", CLOSED)
def database_not_encrypted(edit: Edit) -> None:
    edit.set("database", "storageEncrypted", False)


@broken("aurora_with_two_members", CLOSED, engine=True)
def aurora_not_encrypted(edit: Edit) -> None:
    edit.set("cluster", "storageEncrypted", ...)


@broken("aurora_with_two_members", CLOSED)
def aurora_with_a_public_member(edit: Edit) -> None:
    edit.set("member-1", "publiclyAccessible", True)


@broken("aurora_with_two_members", CLOSED, engine=True)
def aurora_with_its_password_in_the_program(edit: Edit) -> None:
    edit.set("cluster", "manageMasterUserPassword", ...)
    edit.set("cluster", "masterPassword", "correct-horse-battery")


@broken("aurora_with_two_members", CLOSED)
def aurora_open_to_everyone(edit: Edit) -> None:
    edit.set("cluster-guard", "ingress", opening(5432, cidrBlocks=[bricks.WORLD]))


@broken("cache_with_a_replica", CLOSED)
def cache_not_encrypted(edit: Edit) -> None:
    edit.set("cache", "atRestEncryptionEnabled", False)


@broken("cache_with_a_replica", CLOSED, engine=True)
def cache_read_along_on_the_way(edit: Edit) -> None:
    edit.set("cache", "transitEncryptionEnabled", ...)


@broken("cache_with_a_replica", CLOSED)
def cache_open_to_everyone(edit: Edit) -> None:
    edit.set("cache-guard", "ingress", opening(6379, cidrBlocks=[bricks.WORLD]))


@broken("shared_files", CLOSED, engine=True)
def files_not_encrypted(edit: Edit) -> None:
    edit.set("files", "encrypted", ...)


@broken("shared_files", CLOSED)
def files_open_to_everyone(edit: Edit) -> None:
    edit.set("files-guard", "ingress", opening(2049, cidrBlocks=[bricks.WORLD]))


@broken("plain_web_service", CLOSED, engine=True)
def password_in_the_user_data(edit: Edit) -> None:
    script = "#!/bin/sh\nexport DB_PASSWORD='s3cr3t-0f-th3-sh0p'\n./install auto\n"
    edit.set("template", "userData", encoded(script))


@broken("single_server", CLOSED)
def password_in_a_url_in_the_user_data(edit: Edit) -> None:
    script = "#!/bin/sh\nexport DATABASE_URL=postgres://shop:s3cr3tw0rd@db.internal/shop\n"
    edit.set("server", "userData", script)


@broken("plain_web_service", CLOSED)
def access_key_in_the_user_data(edit: Edit) -> None:
    script = "#!/bin/sh\naws configure set aws_access_key_id AKIAIOSFODNN7ABCDEFG\n"
    edit.set("template", "userData", encoded(script))


@broken("plain_web_service", CLOSED, engine=True)
def instances_may_do_everything(edit: Edit) -> None:
    edit.set("app-policy-1", "policyArn", ADMINISTRATOR)


@broken("customer_managed_policy", CLOSED)
def instances_may_do_everything_by_own_policy(edit: Edit) -> None:
    edit.set(
        "sessions", "policy", bricks.document({"Effect": "Allow", "Action": "*", "Resource": "*"})
    )


@broken("policies_on_the_role_itself", CLOSED)
def instances_may_do_everything_by_the_role(edit: Edit) -> None:
    edit.set("app-role", "managedPolicyArns", [bricks.SSM, ADMINISTRATOR])


@broken("wildcards", CLOSED)
def instances_may_make_themselves_administrators(edit: Edit) -> None:
    edit.set(
        "sessions",
        "policy",
        bricks.document(
            {
                "Effect": "Allow",
                "Action": ["ssm:*", "ssmmessages:*", "ec2messages:*", "s3:Get*", "iam:*"],
                "Resource": "*",
            }
        ),
    )


@broken("plain_web_service", CLOSED, engine=True)
def role_that_anybody_may_assume(edit: Edit) -> None:
    trust = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": "ec2.amazonaws.com"},
                "Action": "sts:AssumeRole",
            },
            {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"},
        ],
    }
    edit.set("app-role", "assumeRolePolicy", json.dumps(trust))


@broken("secret_for_a_partner", CLOSED)
def password_in_a_plain_parameter(edit: Edit) -> None:
    edit.set("partner-url", "name", "/shop/database-password")
    edit.set("partner-url", "value", "s3cr3t-0f-th3-sh0p")


@broken("plain_web_service", CLOSED, engine=True)
def another_device_encrypted(edit: Edit) -> None:
    """The root device of the image is /dev/xvda: it stays as the image has it."""
    edit.set("template", "blockDeviceMappings.0.deviceName", "/dev/sdf")


@broken("plain_web_service", CLOSED)
def metadata_without_a_token(edit: Edit) -> None:
    edit.set("template", "metadataOptions.httpTokens", "optional")


@broken("https_with_redirect", CLOSED)
def plain_http_beside_https(edit: Edit) -> None:
    edit.drop("http")
    edit.add(
        "http-plain",
        "aws:lb/listener:Listener",
        {
            "loadBalancerArn": Ref("front", "arn"),
            "port": 80,
            "protocol": "HTTP",
            "defaultActions": [{"type": "forward", "targetGroupArn": Ref("web", "arn")}],
        },
    )


@broken("https_only", CLOSED)
def old_tls(edit: Edit) -> None:
    edit.set("https", "sslPolicy", "ELBSecurityPolicy-2016-08")


@broken("exports_that_expire", CLOSED)
def exports_that_anybody_may_read(edit: Edit) -> None:
    edit.set("exports-block", "blockPublicPolicy", False)
    edit.set("exports-block", "restrictPublicBuckets", False)


@broken("principal_and_values_as_lists", CLOSED)
def denial_for_one_account_only(edit: Edit) -> None:
    edit.set(
        "pictures-tls",
        "policy",
        bricks.document(
            {
                "Effect": "Deny",
                "Principal": {"AWS": ["arn:aws:iam::123456789012:root"]},
                "Action": ["s3:*"],
                "Resource": ["arn:aws:s3:::shop-pictures-eu-west-1/*"],
                "Condition": {"Bool": {"aws:SecureTransport": ["false"]}},
            }
        ),
    )


@broken("principal_and_values_as_lists", CLOSED)
def denial_of_tls_itself(edit: Edit) -> None:
    edit.set(
        "pictures-tls",
        "policy",
        bricks.document(
            {
                "Effect": "Deny",
                "Principal": "*",
                "Action": "s3:*",
                "Resource": "*",
                "Condition": {"Bool": {"aws:SecureTransport": "true"}},
            }
        ),
    )


@broken("lambda_behind_the_balancer", CLOSED, advisory=True)
def function_that_anybody_may_call(edit: Edit) -> None:
    edit.set("balancer-may", "principal", "*")
    edit.set("balancer-may", "sourceArn", ...)


@broken("internal_service", CLOSED)
def internal_service_open_to_the_world(edit: Edit) -> None:
    """Still internal, but its instances are not: they admit everyone on the application's port."""
    edit.set("app", "ingress", opening(8080, cidrBlocks=[bricks.WORLD]))


@broken("network_balancer_beside_it", CLOSED)
def brokers_open_past_their_balancer(edit: Edit) -> None:
    edit.set("broker", "ingress", opening(1883, cidrBlocks=[bricks.WORLD]))


@broken("a_tool_server_beside_the_fleet", CLOSED)
def tool_server_not_encrypted(edit: Edit) -> None:
    edit.set("tools", "rootBlockDevice.encrypted", False)


@rewritten("plain_web_service", CLOSED, engine=True)
def access_key_of_the_provider_in_the_program() -> None:
    site = bricks.network()
    service = bricks.web(site)
    bricks.database(site, service.group)
    other = aws.Provider(
        "other-region",
        region="eu-central-1",
        access_key="AKIAIOSFODNN7ABCDEFG",
        secret_key="wJalrXUtnFEMIK7MDENGbPxRfiCYABCDEFGHIJKL",
    )
    aws.sns.Topic("over-there", opts=pulumi.ResourceOptions(provider=other))
