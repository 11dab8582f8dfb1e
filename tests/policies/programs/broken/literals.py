"""Secrets that the program holds itself, which the SDK marks as secret all the same."""

from __future__ import annotations

import json

import pulumi_aws as aws

from tests.policies.programs import bricks
from tests.policies.programs.cases import CLOSED, Edit, broken, rewritten
from tests.policies.programs.innocents.plain import plain_web_service
from tests.policies.programs.innocents.stores import replicated_cache

WEB = "plain_web_service"
LITERAL = "no-secret-literal"


@rewritten(WEB, CLOSED, LITERAL, engine=True)
def password_in_an_encrypted_parameter() -> None:
    plain_web_service()
    aws.ssm.Parameter(
        "db-password", type="SecureString", name="/shop/db-password", value="Tr0ub4dor&3xyz"
    )


@rewritten(WEB, CLOSED, LITERAL)
def token_of_a_forge_in_an_encrypted_parameter() -> None:
    plain_web_service()
    aws.ssm.Parameter(
        "deploy", type="SecureString", name="/shop/deploy", value="ghp_" + "a1B2c3D4e5F6" * 3
    )


@rewritten(WEB, CLOSED, LITERAL, engine=True)
def secret_written_down_in_its_version() -> None:
    plain_web_service()
    secret = aws.secretsmanager.Secret("partner")
    aws.secretsmanager.SecretVersion(
        "partner-key", secret_id=secret.id, secret_string="9f8e7d6c5b4a39281706"
    )


@rewritten(WEB, CLOSED, LITERAL)
def password_in_the_json_of_a_secret() -> None:
    plain_web_service()
    secret = aws.secretsmanager.Secret("login")
    aws.secretsmanager.SecretVersion(
        "login-value",
        secret_id=secret.id,
        secret_string=json.dumps({"username": "shop", "password": "Tr0ub4dor&3xyz"}),
    )


@rewritten("cache_with_a_replica", CLOSED, LITERAL, advisory=True)
def token_of_the_cache_as_the_sdk_sends_it() -> None:
    """It may have been looked up in Secrets Manager, which no preview tells."""
    replicated_cache(auth_token="a-token-of-sixteen-and-more")


# --- environments -----------------------------------------------------------------------------------


@broken("hourly_by_a_rule", CLOSED, "environment-no-credentials")
def pass_of_the_mail_server_of_a_function(edit: Edit) -> None:
    edit.set("function", "environment", {"variables": {"SMTP_PASS": "Tr0ub4dor&3xyz"}})


@broken("hourly_by_a_rule", CLOSED, "environment-no-credentials")
def key_that_signs_tokens_of_a_function(edit: Edit) -> None:
    edit.set("function", "environment", {"variables": {"JWT_KEY": "9f8e7d6c5b4a39281706"}})


def contained(edit: Edit, name: str, value: str) -> None:
    given = bricks.containers(environment=[{"name": name, "value": value}])
    edit.set("task", "containerDefinitions", given)


@broken("containers_on_fargate", CLOSED, "environment-no-credentials")
def key_base_of_a_container(edit: Edit) -> None:
    contained(edit, "SECRET_KEY_BASE", "8c1f0e9d7b6a59483726150493827161")


@broken("containers_on_fargate", CLOSED, "environment-no-credentials")
def redis_pass_of_a_container(edit: Edit) -> None:
    contained(edit, "REDIS_PASS", "Tr0ub4dor&3xyz")


@broken("containers_on_fargate", CLOSED, "environment-no-credentials")
def connection_string_of_a_container(edit: Edit) -> None:
    text = "Server=db.internal;Database=shop;User Id=shop;Password=Tr0ub4dor3xyz;"
    contained(edit, "ConnectionStrings__Default", text)
