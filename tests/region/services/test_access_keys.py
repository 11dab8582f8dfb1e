"""The caller's own user and key pair, and who has none."""

from __future__ import annotations

from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from region.api.server import ControlPlane
from region.credentials import Credential


def iam(plane: ControlPlane, keys: Credential) -> Any:
    return boto3.client(
        "iam",
        endpoint_url=plane.endpoint,
        region_name=plane.config.region,
        aws_access_key_id=keys.access_key_id,
        aws_secret_access_key=keys.secret_access_key,
        aws_session_token=keys.session_token or None,
    )


@pytest.mark.parametrize("named", [{}, {"UserName": "haproof"}])
def test_the_regions_user_is_known_with_its_key(plane: ControlPlane, named: dict[str, str]) -> None:
    client = iam(plane, plane.credentials.user)
    user = client.get_user(**named)["User"]
    assert user["UserName"] == "haproof"
    assert user["Arn"].endswith(":user/haproof")
    [key] = client.list_access_keys(**named)["AccessKeyMetadata"]
    assert key["AccessKeyId"] == plane.credentials.user.access_key_id
    assert (key["UserName"], key["Status"]) == ("haproof", "Active")
    with pytest.raises(ClientError, match="NotImplemented"):
        client.create_access_key(**named)


def test_a_user_of_iam_has_the_keys_made_for_it(plane: ControlPlane) -> None:
    client = iam(plane, plane.credentials.user)
    client.create_user(UserName="somebody")
    made = client.create_access_key(UserName="somebody")["AccessKey"]["AccessKeyId"]
    [key] = client.list_access_keys(UserName="somebody")["AccessKeyMetadata"]
    assert key["AccessKeyId"] == made
    with pytest.raises(ClientError, match="NoSuchEntity"):
        client.list_access_keys(UserName="nobody")


def test_an_instance_is_no_user(plane: ControlPlane) -> None:
    client = iam(plane, plane.credentials.issue("i-0123456789abcdef0"))
    for call in (client.get_user, client.list_access_keys):
        with pytest.raises(ClientError, match="ValidationError"):
            call()
