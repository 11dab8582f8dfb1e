"""Doors that are open in spite of a condition, secrets in the program, and other engines in the clear."""

from __future__ import annotations

import base64
from typing import Any

from tests.policies.programs import bricks
from tests.policies.programs.cases import CLOSED, Edit, Ref, broken
from tests.policies.programs.innocents.fronts import behaviour, certificate, distribution

WEB = "plain_web_service"
PUBLIC = "resource-policy-not-public"
TARGETS = {"type": "forward", "order": 2, "targetGroupArn": Ref("web", "arn")}
SECRET = "3a9f8b7c6d5e4f3a2b1c0d9e8f7a6b5c"


def admitted(edit: Edit, condition: dict[str, Any]) -> None:
    """Let everybody publish to the topic, under a condition."""
    statement = {
        "Effect": "Allow",
        "Principal": "*",
        "Action": "sns:Publish",
        "Resource": "*",
        "Condition": condition,
    }
    edit.set("operations", "policy", bricks.document(statement))


@broken(WEB, CLOSED, PUBLIC, engine=True)
def addresses_of_the_whole_world(edit: Edit) -> None:
    admitted(edit, {"IpAddress": {"aws:SourceIp": "0.0.0.0/0"}})


@broken(WEB, CLOSED, PUBLIC)
def whoever_says_the_right_agent(edit: Edit) -> None:
    admitted(edit, {"StringLike": {"aws:UserAgent": "shop-*"}})


@broken(WEB, CLOSED, PUBLIC)
def whoever_says_the_right_referer(edit: Edit) -> None:
    admitted(edit, {"StringLike": {"aws:Referer": "https://www.example.com/*"}})


@broken(WEB, CLOSED, PUBLIC)
def any_role_of_any_account(edit: Edit) -> None:
    admitted(edit, {"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/deploy"}})


@broken(WEB, CLOSED, PUBLIC)
def everybody_but_one_account(edit: Edit) -> None:
    admitted(edit, {"StringNotEquals": {"aws:PrincipalAccount": "111122223333"}})


@broken(WEB, CLOSED, PUBLIC)
def only_if_the_account_is_said(edit: Edit) -> None:
    """A direct request has no aws:SourceAccount: IfExists lets it pass."""
    admitted(edit, {"StringEqualsIfExists": {"aws:SourceAccount": "123456789012"}})


@broken(WEB, CLOSED, PUBLIC)
def for_all_values_of_nothing(edit: Edit) -> None:
    """ForAllValues holds where there is no value (IAM user guide, multivalued context keys)."""
    admitted(edit, {"ForAllValues:StringLike": {"aws:PrincipalOrgPaths": "o-1/r-1/*"}})


@broken(WEB, CLOSED, PUBLIC)
def during_working_hours(edit: Edit) -> None:
    admitted(edit, {"DateGreaterThan": {"aws:CurrentTime": "2026-01-01T00:00:00Z"}})


@broken(WEB, CLOSED, "iam-trust-limited")
def any_role_of_any_account_may_assume(edit: Edit) -> None:
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": "*"},
        "Action": "sts:AssumeRole",
        "Condition": {"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/*"}},
    }
    edit.add("builder", "aws:iam/role:Role", {"assumeRolePolicy": bricks.document(statement)})


# --- secrets --------------------------------------------------------------------------------------


@broken("https_only", CLOSED, "no-secret-in-program", engine=True)
def client_secret_of_the_sign_in_in_the_program(edit: Edit) -> None:
    edit.set(
        "https",
        "defaultActions",
        [
            {
                "type": "authenticate-oidc",
                "order": 1,
                "authenticateOidc": {
                    "issuer": "https://id.example.com",
                    "authorizationEndpoint": "https://id.example.com/authorize",
                    "tokenEndpoint": "https://id.example.com/token",
                    "userInfoEndpoint": "https://id.example.com/userinfo",
                    "clientId": "shop",
                    "clientSecret": SECRET,
                },
            },
            TARGETS,
        ],
    )


@broken("cache_with_a_replica", CLOSED, "no-secret-in-program")
def token_of_the_cache_in_the_program(edit: Edit) -> None:
    edit.set("cache", "authToken", SECRET)


@broken(WEB, CLOSED, "user-data-no-credentials")
def login_to_a_registry_in_the_user_data(edit: Edit) -> None:
    script = b"#!/bin/sh\ndocker login -u shop -p S0mmer2026x registry.example.com\n"
    edit.set("template", "userData", base64.b64encode(script).decode())


@broken("documents_in_two_zones", CLOSED, "rds-managed-master-password")
def documents_with_a_password_in_the_program(edit: Edit) -> None:
    edit.set("documents", "manageMasterUserPassword", ...)
    edit.set("documents", "masterPassword", "Sommer2026!")


# --- other engines --------------------------------------------------------------------------------


def warehouse(edit: Edit, **more: Any) -> None:
    properties = {
        "clusterIdentifier": "reports",
        "nodeType": "ra3.large",
        "masterUsername": "reports",
        "manageMasterPassword": True,
        "publiclyAccessible": False,
        "encrypted": "true",
        **more,
    }
    given = {key: value for key, value in properties.items() if value is not ...}
    edit.add("reports", "aws:redshift/cluster:Cluster", given)


@broken(WEB, CLOSED, "data-store-not-public")
def warehouse_with_a_public_address(edit: Edit) -> None:
    warehouse(edit, publiclyAccessible=True)


@broken(WEB, CLOSED, "data-store-encrypted", engine=True)
def warehouse_not_encrypted(edit: Edit) -> None:
    warehouse(edit, encrypted="false")


@broken(WEB, CLOSED, "rds-managed-master-password")
def warehouse_with_its_password_in_the_program(edit: Edit) -> None:
    warehouse(edit, manageMasterPassword=..., masterPassword="Sommer2026!")


def kafka(edit: Edit, encryption: str = "TLS", **nodes: Any) -> None:
    edit.add(
        "events-log",
        "aws:msk/cluster:Cluster",
        {
            "kafkaVersion": "3.8.x",
            "numberOfBrokerNodes": 2,
            "encryptionInfo": {"encryptionInTransit": {"clientBroker": encryption}},
            "brokerNodeGroupInfo": {
                "instanceType": "kafka.m7g.large",
                "clientSubnets": [Ref("private-a"), Ref("private-b")],
                "securityGroups": [Ref("app")],
                **nodes,
            },
        },
    )


@broken(WEB, CLOSED, "data-store-encrypted-in-transit")
def events_in_the_clear(edit: Edit) -> None:
    kafka(edit, "TLS_PLAINTEXT")


@broken(WEB, CLOSED, "data-store-not-public")
def brokers_of_events_with_public_addresses(edit: Edit) -> None:
    kafka(edit, connectivityInfo={"publicAccess": {"type": "SERVICE_PROVIDED_EIPS"}})


@broken(WEB, CLOSED, "data-store-encrypted")
def copies_of_a_table_not_encrypted(edit: Edit) -> None:
    edit.add(
        "table-cache",
        "aws:dax/cluster:Cluster",
        {
            "clusterName": "items",
            "nodeType": "dax.r6g.large",
            "replicationFactor": 3,
            "iamRoleArn": "arn:aws:iam::123456789012:role/items",
        },
    )


@broken(WEB, CLOSED, "data-store-encrypted")
def queue_whose_encryption_is_switched_off(edit: Edit) -> None:
    edit.add("jobs", "aws:sqs/queue:Queue", {"sqsManagedSseEnabled": False})


@broken(WEB, CLOSED, PUBLIC)
def search_domain_on_the_internet_for_everybody(edit: Edit) -> None:
    everybody = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "es:*", "Resource": "*"}
    edit.add(
        "search",
        "aws:opensearch/domain:Domain",
        {
            "engineVersion": "OpenSearch_2.19",
            "clusterConfig": {
                "instanceType": "r7g.large.search",
                "instanceCount": 2,
                "zoneAwarenessEnabled": True,
                "zoneAwarenessConfig": {"availabilityZoneCount": 2},
            },
            "encryptAtRest": {"enabled": True},
            "nodeToNodeEncryption": {"enabled": True},
            "domainEndpointOptions": {"enforceHttps": True},
            "accessPolicies": bricks.document(everybody),
        },
    )


@broken("https_with_redirect", CLOSED, "edge-tls", engine=True)
def visitors_of_cloudfront_in_the_clear(edit: Edit) -> None:
    distribution(edit, defaultCacheBehavior=behaviour("allow-all"))


@broken("https_with_redirect", CLOSED, "edge-tls")
def old_tls_at_cloudfront(edit: Edit) -> None:
    distribution(edit, viewerCertificate=certificate("TLSv1"))
