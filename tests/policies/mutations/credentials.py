"""Credentials in plain text. The tests look for "hunter2" in what the engine prints."""

from __future__ import annotations

import base64
import json

from tests.policies.draft import Ref
from tests.policies.mutations.registry import BREAKS, KEEPS, breaks, decides

FUNCTION = "aws:lambda/function:Function"
PARAMETER = "aws:ssm/parameter:Parameter"
ROLE = "arn:aws:iam::123456789012:role/worker"


def _function(stack, variables=None):
    stack.add(
        "worker",
        FUNCTION,
        {
            "role": ROLE,
            "runtime": "python3.13",
            "handler": "main.handler",
            "environment": {"variables": variables or {"LOG_LEVEL": "info"}},
        },
    )


def _parameter(stack, kind="SecureString", value="hunter2-in-the-clear"):
    properties = {"name": "/web/database/password", "type": kind, "value": value}
    stack.add("parameter", PARAMETER, properties)


def _provider(stack):
    stack.add("elsewhere", "pulumi:providers:aws", {"region": "us-east-1"})


def encoded(text):
    return base64.b64encode(text.encode()).decode()


decides("user-data-no-credentials", "template", "userData", absent=KEEPS, unknown=KEEPS)
decides(
    "environment-no-credentials", "worker", "environment", absent=KEEPS, unknown=KEEPS,
    given=_function,
)  # fmt: skip
decides("ssm-parameter-secure", "parameter", "type", absent=KEEPS, unknown=KEEPS, given=_parameter)
decides(
    "provider-no-access-keys", "elsewhere", "secretKey", absent=KEEPS, unknown=BREAKS,
    given=_provider,
)  # fmt: skip
decides("no-credential-passed-on", "template", "userData", absent=KEEPS, unknown=KEEPS)


@breaks("user-data-no-credentials")
def password_in_user_data(stack):
    script = '#!/bin/bash\nexport DATABASE_PASSWORD="hunter2-in-the-clear"\n'
    stack.set("template", "userData", encoded(script))


@breaks("user-data-no-credentials")
def address_with_password_in_user_data(stack):
    script = "#!/bin/bash\necho DATABASE_URL=postgres://app:hunter2x@db.internal/app > /etc/app.env"
    stack.set("template", "userData", encoded(script))


@breaks("environment-no-credentials")
def password_in_a_functions_environment(stack):
    _function(stack, {"DB_PASSWORD": "hunter2-in-the-clear"})


@breaks("environment-no-credentials")
def password_in_a_containers_environment(stack):
    container = {
        "name": "web",
        "image": "web:1",
        "memory": 512,
        "environment": [{"name": "API_KEY", "value": "hunter2-in-the-clear"}],
    }
    stack.add(
        "task",
        "aws:ecs/taskDefinition:TaskDefinition",
        {"family": "web", "containerDefinitions": json.dumps([container])},
    )


@breaks("ssm-parameter-secure")
def password_in_a_plain_parameter(stack):
    _parameter(stack, "String")


@breaks("provider-no-access-keys")
def provider_with_keys(stack):
    stack.add(
        "elsewhere",
        "pulumi:providers:aws",
        {"region": "us-east-1", "accessKey": "AKIAIOSFODNN7EXAMPLE", "secretKey": "hunter2hunter2"},
    )


@breaks("no-credential-passed-on")
def generated_key_in_a_plain_parameter(stack):
    stack.add("robot", "aws:iam/accessKey:AccessKey", {"user": "robot"})
    properties = {"name": "/web/robot", "type": "String", "value": Ref("robot", "secret")}
    stack.add("parameter", PARAMETER, properties)


def _file(stack, content="secret: shop/database"):
    given = {"bucket": Ref("bucket"), "key": "settings.env", "content": content}
    stack.add("settings-file", "aws:s3/bucketObjectv2:BucketObjectv2", given)


@breaks("content-no-credentials")
def password_in_a_file(stack):
    _file(stack, "DB_PASSWORD=correct-horse-battery")


decides(
    "content-no-credentials", "settings-file", "content", absent=KEEPS, unknown=KEEPS, given=_file
)
