"""Functions of Systems Manager."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from botocore.exceptions import ClientError

from region.provider.errors import error_code
from region.provider.invokes.lookup import NoResultError
from region.provider.operation import ProviderContext
from region.provider.values import Properties, Secret


def parameter(context: ProviderContext, arguments: Properties) -> Properties:
    """`aws.ssm.get_parameter`."""
    decrypt = arguments.get("withDecryption", True)
    name = arguments["name"]
    try:
        response = context.aws.ssm.get_parameter(Name=name, WithDecryption=decrypt)
    except ClientError as error:
        if error_code(error) != "ParameterNotFound":
            raise
        reason = f"there is no parameter {name!r}; check its name or create it with the AWS CLI"
        raise NoResultError("name", reason) from error
    found: Mapping[str, Any] = response["Parameter"]
    public = found["Type"] != "SecureString"
    return {
        "id": found["Name"],
        "name": found["Name"],
        "region": context.region,
        "arn": found.get("ARN", ""),
        "type": found["Type"],
        "value": Secret(found["Value"]),  # always secret, as in the real provider
        "insecureValue": found["Value"] if public else "",
        "version": found.get("Version", 1),
        "withDecryption": decrypt,
    }
