"""Credentials in plain text."""

from __future__ import annotations

import pytest
from guardrails.credentials import credential_in, promises_credential
from guardrails.values import UNKNOWN

from tests.policies.draft import Draft, violations
from tests.policies.mutations.beanstalk import options
from tests.policies.mutations.credentials import FUNCTION, PARAMETER, encoded
from tests.policies.rules.cases import (
    test_a_change_breaks_exactly_its_rule,
    test_a_change_breaks_nothing,
)

__all__ = ["test_a_change_breaks_exactly_its_rule", "test_a_change_breaks_nothing"]

INSTANCE = "aws:ec2/instance:Instance"
TASK = "aws:ecs/taskDefinition:TaskDefinition"
BUILD = "aws:codebuild/project:Project"
BEANSTALK = "aws:elasticbeanstalk/environment:Environment"
PASSWORD = "random:index/randomPassword:RandomPassword"


def user_data(text):
    return lambda d: d.set("template", "userData", encoded(f"#!/bin/sh\n{text}"))


def function(**variables):
    return lambda d: d.add("f", FUNCTION, {"environment": {"variables": variables}})


def parameter(**properties):
    return lambda d: d.add("p", PARAMETER, properties)


def build(**variable):
    return lambda d: d.add("b", BUILD, {"environment": {"environmentVariables": [variable]}})


def setting(name, value):
    namespace = "aws:elasticbeanstalk:application:environment"
    settings = [*options(), {"namespace": namespace, "name": name, "value": value}]
    return lambda d: d.add("e", BEANSTALK, {"settings": settings})


def generated(kind, holder, **properties):
    """A value that comes from a generated password."""
    prop = next(iter(properties))

    def change(draft):
        draft.add("password", PASSWORD, {"length": 32.0})
        return draft.add(holder, kind, properties, {prop: ["password"]})

    return change


# A change and the one rule that it breaks.
BREAKS = [
    ("user-data-no-credentials", user_data("aws_access_key_id = AKIAIOSFODNN7EXAMPLE")),
    ("user-data-no-credentials", user_data("-----BEGIN RSA PRIVATE KEY-----\nMII")),
    ("user-data-no-credentials", user_data("echo 'root:hunter2x' | chpasswd")),
    ("user-data-no-credentials", user_data("PGPASSWORD=hunter2x psql")),
    ("user-data-no-credentials", user_data("mysql://app:hunter2x@10.0.0.5:3306/app")),
    ("environment-no-credentials", function(API_TOKEN="abcdef123456")),
    ("environment-no-credentials", function(DATABASE_URL="postgres://a:hunter2x@db/app")),
    ("environment-no-credentials", build(name="DB_PASSWORD", value="hunter2x")),
    ("environment-no-credentials", setting("SECRET_KEY", "hunter2x")),
    ("ssm-parameter-secure", parameter(type="String", name="/web/apiKey", value="hunter2x")),
    ("ssm-parameter-secure", parameter(type="String", name="/web/db-password", value=UNKNOWN)),
    ("ssm-parameter-secure", parameter(type="String", name="/x", value="AKIAIOSFODNN7EXAMPLE")),
    ("provider-no-access-keys", lambda d: d.add("p", "pulumi:providers:aws", {"token": UNKNOWN})),
    ("no-credential-passed-on", generated(FUNCTION, "f", environment={"variables":
        {"PLAIN": UNKNOWN}})),
    ("no-credential-passed-on", generated(TASK, "t", containerDefinitions=UNKNOWN)),
    ("no-credential-passed-on", lambda d: d
        .add("key", "tls:index/privateKey:PrivateKey", {"algorithm": "ED25519"})
        .set("template", "userData", UNKNOWN).link("template", "userData", "key")),
]  # fmt: skip

# A change that breaks nothing.
KEEPS = [
    user_data("export DB_SECRET_ARN=arn:aws:secretsmanager:eu-west-1:1:secret:db"),
    user_data('PASSWORD="$(aws secretsmanager get-secret-value --secret-id db)"'),
    user_data("password={{resolve:secretsmanager:db:SecretString:password}}"),
    user_data("password = client.get_secret_value(SecretId=name)\nsecret = settings.secret"),
    user_data("TOKEN=`curl -X PUT -H 'X-aws-ec2-metadata-token-ttl-seconds: 60' $METADATA`"),
    user_data("DATABASE_URL=postgres://app:$DB_PASSWORD@db/app\nPASSWORD_FILE=/run/secrets/db"),
    user_data("#cloud-config\nssh_pwauth: false\nlock_passwd: true\n"),
    function(DB_SECRET_ARN="arn:aws:secretsmanager:eu-west-1:1:secret:db"),
    function(DB_SECRET="production/database", TOKEN_URL="https://login.example.com/token"),
    function(DB_PASSWORD="{{resolve:ssm-secure:db}}", PASSWORD_POLICY="strong"),
    build(name="DB_PASSWORD", value="production/database:password", type="SECRETS_MANAGER"),
    parameter(type="SecureString", name="/web/password", value="CHANGE_ME"),
    parameter(type="String", name="/web/password-policy", value="long"),
    parameter(type="String", name="/web/db/secret", value="arn:aws:secretsmanager:eu-west-1:1:s"),
    parameter(type="String", name="/web/version", value="1.2.3"),
    lambda d: d.add("p", "pulumi:providers:aws", {"region": "us-east-1", "profile": "ci",
        "assumeRoles": [{"roleArn": "arn:aws:iam::123456789012:role/deploy"}]}),
    generated(PARAMETER, "p", value=UNKNOWN, type="SecureString", name="/web/generated"),
    generated("aws:secretsmanager/secretVersion:SecretVersion", "s", secretString=UNKNOWN),
    lambda d: d.add("i", INSTANCE, {"launchTemplate": {"id": UNKNOWN}, "userData": UNKNOWN}),
]  # fmt: skip


@pytest.mark.parametrize(
    "name",
    ["password", "DB_PASSWORD", "dbPassword", "api-key", "apiKey", "secret_access_key", "TOKEN"],
)
def test_a_name_that_promises_a_credential(name):
    assert promises_credential(name)


@pytest.mark.parametrize(
    "name", ["password_policy", "SECRET_ARN", "token_url", "secretName", "keyboard", "passenger"]
)
def test_a_name_that_promises_none(name):
    assert not promises_credential(name)


@pytest.mark.parametrize("text", [None, 5.0, UNKNOWN, "", "hello"])
def test_no_credential_in_other_things(text):
    assert credential_in(text) is None


def test_a_credential_never_gets_into_a_message():
    draft = Draft()
    user_data("PGPASSWORD=hunter2x")(draft)
    (found,) = violations(draft, "user-data-no-credentials")
    assert "hunter2" not in found.what


def test_what_may_be_a_public_key_is_undecided():
    draft = Draft().add("key", "tls:index/privateKey:PrivateKey", {})
    draft.set("template", "userData", UNKNOWN).link("template", "userData", "key")
    (found,) = violations(draft, "no-credential-passed-on")
    assert found.undecided
