"""Is it closed? Not to those who read, split, or ask politely."""

from __future__ import annotations

import base64
import gzip
import json

from tests.policies.programs import bricks
from tests.policies.programs.broken.closed import encoded
from tests.policies.programs.broken.serve import opening
from tests.policies.programs.broken.stores import WORLD_IN_HALVES
from tests.policies.programs.cases import CLOSED, Edit, Ref, broken
from tests.policies.programs.innocents.addresses import EVERYBODY_6

KEY = "-----BEGIN RSA PRIVATE KEY-----\\nMIIEpAIBAAKCAQEAwJ0\\n-----END RSA PRIVATE KEY-----"


@broken("plain_web_service", CLOSED, engine=True)
def application_open_to_both_halves_of_the_world(edit: Edit) -> None:
    edit.set("app", "ingress", opening(8080, cidrBlocks=WORLD_IN_HALVES))


@broken("dual_stack", CLOSED)
def application_open_by_ipv6(edit: Edit) -> None:
    edit.set(
        "app",
        "ingress",
        [
            *opening(8080, securityGroups=[Ref("balancer")]),
            *opening(8080, ipv6CidrBlocks=[EVERYBODY_6]),
        ],
    )


@broken("classic_rules", CLOSED)
def remote_desktop_for_everyone(edit: Edit) -> None:
    edit.add(
        "desktop",
        "aws:ec2/securityGroupRule:SecurityGroupRule",
        {
            "type": "ingress",
            "securityGroupId": Ref("app"),
            "protocol": "tcp",
            "fromPort": 3000,
            "toPort": 4000,
            "ipv6CidrBlocks": [EVERYBODY_6],
        },
    )


@broken("plain_web_service", CLOSED)
def balancer_open_on_every_port(edit: Edit) -> None:
    edit.set(
        "balancer",
        "ingress",
        [{"protocol": "-1", "fromPort": 0, "toPort": 0, "cidrBlocks": [bricks.WORLD]}],
    )


@broken("named_addresses_by_a_prefix_list", CLOSED, advisory=True)
def offices_are_everywhere(edit: Edit) -> None:
    """The application admits a list of addresses, and the list is the whole internet."""
    edit.set("offices", "entries", [{"cidr": bricks.WORLD}])
    edit.set("app", "ingress", opening(8080, prefixListIds=[Ref("offices")]))


@broken("plain_web_service", CLOSED, engine=True)
def token_of_a_forge_in_the_user_data(edit: Edit) -> None:
    script = (
        "#!/bin/sh\ngit clone https://ghp_abcdEFGH1234abcdEFGH1234abcdEFGH1234@github.com/x/y\n"
    )
    edit.set("template", "userData", encoded(script))


@broken("plain_web_service", CLOSED)
def private_key_in_the_user_data(edit: Edit) -> None:
    edit.set("template", "userData", encoded(f"#!/bin/sh\nprintf '{KEY}' > /etc/tls.key\n"))


@broken("plain_web_service", CLOSED)
def password_as_an_argument_in_the_user_data(edit: Edit) -> None:
    script = "#!/bin/sh\nmysql -h db.internal -u shop --password=s3cr3tw0rd99 shop < schema.sql\n"
    edit.set("template", "userData", encoded(script))


@broken("compressed_start_in_several_parts", CLOSED)
def password_in_a_compressed_start(edit: Edit) -> None:
    script = "#!/bin/sh\nexport DB_PASSWORD='s3cr3t-0f-th3-sh0p'\n./install auto\n"
    edit.set("template", "userData", base64.b64encode(gzip.compress(script.encode())).decode())


@broken("single_server", CLOSED)
def password_of_a_server_encoded(edit: Edit) -> None:
    script = "#!/bin/sh\nexport DB_PASSWORD='s3cr3t-0f-th3-sh0p'\n"
    edit.set("server", "userData", ...)
    edit.set("server", "userDataBase64", encoded(script))


@broken("plain_web_service", CLOSED)
def instances_are_power_users(edit: Edit) -> None:
    edit.set("app-policy-1", "policyArn", "arn:aws:iam::aws:policy/PowerUserAccess")


@broken("plain_web_service", CLOSED)
def instances_manage_users(edit: Edit) -> None:
    edit.set("app-policy-1", "policyArn", "arn:aws:iam::aws:policy/IAMFullAccess")


@broken("customer_managed_policy", CLOSED, engine=True)
def everything_but_one_thing(edit: Edit) -> None:
    edit.set(
        "sessions",
        "policy",
        bricks.document({"Effect": "Allow", "NotAction": "organizations:*", "Resource": "*"}),
    )


@broken("plain_web_service", CLOSED)
def any_account_may_assume_the_role(edit: Edit) -> None:
    trust = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": "ec2.amazonaws.com", "AWS": ["*"]},
                "Action": "sts:AssumeRole",
                "Condition": {"StringLike": {"aws:PrincipalArn": "*"}},
            }
        ],
    }
    edit.set("app-role", "assumeRolePolicy", json.dumps(trust))


@broken("database_with_rules_apart", CLOSED)
def key_that_anybody_may_use(edit: Edit) -> None:
    edit.set(
        "key",
        "policy",
        bricks.document(
            {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "kms:*", "Resource": "*"}
        ),
    )


@broken("worker_beside_the_web", CLOSED)
def queue_that_anybody_may_fill(edit: Edit) -> None:
    edit.add(
        "open-queue",
        "aws:sqs/queuePolicy:QueuePolicy",
        {
            "queueUrl": Ref("jobs"),
            "policy": bricks.document(
                {"Effect": "Allow", "Principal": "*", "Action": "sqs:*", "Resource": "*"}
            ),
        },
    )


@broken("plain_web_service", CLOSED)
def topic_that_anybody_may_read(edit: Edit) -> None:
    edit.set(
        "operations",
        "policy",
        bricks.document(
            {
                "Effect": "Allow",
                "Principal": {"AWS": "*"},
                "Action": ["sns:Subscribe", "sns:Publish"],
                "Resource": "*",
            }
        ),
    )


@broken("principal_and_values_as_lists", CLOSED)
def tls_for_a_part_of_the_bucket(edit: Edit) -> None:
    edit.set(
        "pictures-tls",
        "policy",
        bricks.document(
            {
                "Effect": "Deny",
                "Principal": "*",
                "Action": "s3:*",
                "Resource": "arn:aws:s3:::shop-pictures-eu-west-1/private/*",
                "Condition": {"Bool": {"aws:SecureTransport": "false"}},
            }
        ),
    )


@broken("exports_that_expire", CLOSED)
def exports_by_their_access_list(edit: Edit) -> None:
    edit.set("exports-block", "blockPublicAcls", False)
    edit.set("exports-block", "ignorePublicAcls", False)
    edit.add(
        "exports-list",
        "aws:s3/bucketAcl:BucketAcl",
        {"bucket": Ref("exports"), "acl": "public-read"},
    )
    edit.add(
        "exports-owner",
        "aws:s3/bucketOwnershipControls:BucketOwnershipControls",
        {"bucket": Ref("exports"), "rule": {"objectOwnership": "BucketOwnerPreferred"}},
    )


@broken("plain_web_service", CLOSED)
def devices_left_to_the_image(edit: Edit) -> None:
    edit.set("template", "blockDeviceMappings", ...)


@broken("plain_web_service", CLOSED)
def volume_that_is_not_encrypted(edit: Edit) -> None:
    edit.add(
        "data",
        "aws:ebs/volume:Volume",
        {"availabilityZone": "eu-west-1a", "size": 100, "type": "gp3"},
    )


@broken("a_tool_server_beside_the_fleet", CLOSED)
def metadata_of_a_server_by_default(edit: Edit) -> None:
    edit.set("tools", "metadataOptions", ...)


@broken("plain_web_service", CLOSED)
def certificate_and_plain_http(edit: Edit) -> None:
    """There is HTTPS, and everybody may still come by HTTP: a rule forwards it."""
    edit.set(
        "balancer",
        "ingress",
        [*opening(80, cidrBlocks=[bricks.WORLD]), *opening(443, cidrBlocks=[bricks.WORLD])],
    )
    edit.add(
        "https",
        "aws:lb/listener:Listener",
        {
            "loadBalancerArn": Ref("front", "arn"),
            "port": 443,
            "protocol": "HTTPS",
            "sslPolicy": bricks.TLS,
            "certificateArn": bricks.CERTIFICATE,
            "defaultActions": [{"type": "forward", "targetGroupArn": Ref("web", "arn")}],
        },
    )
