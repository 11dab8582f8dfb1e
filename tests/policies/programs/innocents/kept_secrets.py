"""Secrets where they belong: from the configuration, from a generator, filled in by hand, looked up."""

from __future__ import annotations

import json
from typing import Any

import pulumi
import pulumi_aws as aws

from tests.policies.programs import bricks
from tests.policies.programs.cases import Edit, also_sound, innocent
from tests.policies.programs.innocents import (  # noqa: F401 - the programs that are changed here
    keeping,
    workloads,
)
from tests.policies.programs.innocents.plain import plain_web_service
from tests.policies.programs.innocents.stores import replicated_cache

HOURLY = "hourly_by_a_rule"
FARGATE = "containers_on_fargate"


class RandomPassword(pulumi.CustomResource):
    """As the provider "random" has it, which is not installed here."""

    result: pulumi.Output[str]

    def __init__(self, name: str) -> None:
        kind = "random:index/randomPassword:RandomPassword"
        super().__init__(kind, name, {"length": 32, "result": None})


def version(name: str, text: pulumi.Input[str], **more: Any) -> None:
    secret = aws.secretsmanager.Secret(name)
    aws.secretsmanager.SecretVersion(
        f"{name}-value", secret_id=secret.id, secret_string=text, **more
    )


@innocent(engine=True)
def secrets_of_the_configuration() -> None:
    """As they are, in a JSON object, in an address, and as one of an object's values."""
    plain_web_service()
    config = pulumi.Config("programs")
    key = config.require_secret("partnerKey")
    version("partner", key)
    version("login", pulumi.Output.json_dumps({"username": "shop", "password": key}))
    version("address", pulumi.Output.concat("https://shop:", key, "@partner.example.com/v1"))
    login = config.require_secret_object("login")
    version("mail", login.apply(lambda one: one["password"]))
    aws.ssm.Parameter("partner-token", type="SecureString", name="/shop/partner-token", value=key)


@innocent()
def secret_that_is_generated() -> None:
    plain_web_service()
    word = RandomPassword("word")
    version("generated", word.result)
    version("both", pulumi.Output.json_dumps({"user": "shop", "password": word.result}))
    aws.ssm.Parameter("word-token", type="SecureString", name="/shop/token", value=word.result)


@innocent()
def secrets_filled_in_by_hand() -> None:
    """The program creates the place; what is in it, nobody's program knows."""
    plain_web_service()
    version("partner", "nothing-yet", opts=pulumi.ResourceOptions(ignore_changes=["secretString"]))
    aws.ssm.Parameter(
        "partner-token",
        type="SecureString",
        name="/shop/partner-token",
        value="set in the console",
        opts=pulumi.ResourceOptions(ignore_changes=["value"]),
    )
    version("later", "CHANGE_ME")


@innocent()
def parameters_that_are_all_encrypted() -> None:
    """Some encrypt every parameter, whatever is in it."""
    plain_web_service()
    for name, value in {
        "url": "https://partner.example.com/v1",
        "limits": json.dumps({"requests": 100, "window": "60s"}),
        "zones": "eu-west-1a,eu-west-1b",
        "token-url": "https://login.example.com/oauth2/token",
    }.items():
        aws.ssm.Parameter(f"shop-{name}", type="SecureString", name=f"/shop/{name}", value=value)


@innocent(undecided="Whether anybody ever changes the password is not in the program.")
def password_of_the_database_from_the_configuration() -> None:
    site = bricks.network()
    service = bricks.web(site)
    key = pulumi.Config("programs").require_secret("partnerKey")
    bricks.database(site, service.group, manage_master_user_password=None, password=key)


# --- names that promise nothing ---------------------------------------------------------------------


@also_sound(HOURLY)
def variables_that_sound_like_secrets(edit: Edit) -> None:
    variables = {
        "BOARDING_PASS": "digital-only",
        "RENDER_PASS": "second",
        "JWT_KEY_ID": "key-2026-11",
        "PASSWORD_MIN_LENGTH": "12",
        "DB_PASS_FILE": "/run/secrets/db",
        "SMTP_PASS": "ssm:/shop/smtp",
        "KEY_PREFIX": "shop-production",
    }
    edit.set("function", "environment", {"variables": variables})


@also_sound(FARGATE)
def container_with_secrets_by_arn(edit: Edit) -> None:
    arn = "arn:aws:ssm:eu-west-1:123456789012:parameter/shop/smtp"
    given = bricks.containers(
        environment=[{"name": "MAIL_USER", "value": "shop"}],
        secrets=[{"name": "SMTP_PASS", "valueFrom": arn}],
    )
    edit.set("task", "containerDefinitions", given)
    reads = {"Effect": "Allow", "Action": "ssm:GetParameters", "Resource": arn}
    edit.add(
        "task-reads",
        "aws:iam/rolePolicy:RolePolicy",
        {"role": "task-role", "policy": bricks.document(reads)},
    )
    edit.set("task-role", "name", "task-role")


# --- looked up ------------------------------------------------------------------------------------

TOKEN = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:shop/cache-AbCdEf"


@innocent()
def token_of_the_cache_of_a_secret() -> None:
    """Another stack made the secret; the program reads the resource, so that the preview knows it."""
    secret = aws.secretsmanager.Secret.get("token", TOKEN)
    version = aws.secretsmanager.get_secret_version_output(secret_id=secret.id)
    replicated_cache(auth_token=version.secret_string)


@innocent(undecided="A lookup by name looks like a text of the program.")
def token_of_the_cache_by_name() -> None:
    version = aws.secretsmanager.get_secret_version(secret_id="shop/cache")
    replicated_cache(auth_token=version.secret_string)
