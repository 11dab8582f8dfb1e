"""Who may call the API: requests as strangers, web pages and every kind of AWS client send them."""

from __future__ import annotations

import socket
import time
import urllib.error
import urllib.request
from typing import Any

import boto3
import pytest
from botocore import UNSIGNED
from botocore.auth import SigV4Auth
from botocore.config import Config
from botocore.exceptions import ClientError

from region.api.server import ControlPlane
from region.config import RegionConfig
from region.credentials import Credential
from region.services.install import install_patches
from tests.region.fakes import REGION, USER, ask, give_credential

LAUNCH = b"Action=RunInstances&Version=2016-11-15&ImageId=ami-12345678&MinCount=1&MaxCount=1"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
WHO = "/?Action=GetCallerIdentity&Version=2011-06-15"


def client(plane: ControlPlane, service: str, credential: Credential | None, **config: Any) -> Any:
    keys: dict[str, Any] = {}
    if credential is None:
        config["signature_version"] = UNSIGNED
    else:
        keys = {
            "aws_access_key_id": credential.access_key_id,
            "aws_secret_access_key": credential.secret_access_key,
            "aws_session_token": credential.session_token or None,
        }
    settings = Config(retries={"max_attempts": 0}, **config)
    return boto3.client(
        service, endpoint_url=plane.endpoint, region_name=REGION, config=settings, **keys
    )


# One operation of each protocol: EC2's Query, Query, JSON, S3's REST, Smithy's RPC v2 in CBOR.
OPERATIONS = {
    "ec2": "describe_vpcs",
    "autoscaling": "describe_auto_scaling_groups",
    "codedeploy": "list_applications",
    "s3": "list_buckets",
    "cloudwatch": "describe_alarms",
}
STRANGERS = {
    "unsigned": None,
    "unknown": Credential("HAPROOFAAAAAAAAAAAAA", USER.secret_access_key),
    "wrong": Credential(USER.access_key_id, "guessed"),
}
CODES = {
    ("unsigned", "ec2"): "AuthFailure",
    ("unknown", "ec2"): "AuthFailure",
    ("wrong", "ec2"): "AuthFailure",
    ("unsigned", "autoscaling"): "MissingAuthenticationToken",
    ("unknown", "autoscaling"): "InvalidClientTokenId",
    ("wrong", "autoscaling"): "SignatureDoesNotMatch",
    ("unsigned", "codedeploy"): "MissingAuthenticationTokenException",
    ("unknown", "codedeploy"): "UnrecognizedClientException",
    ("wrong", "codedeploy"): "InvalidSignatureException",
    ("unsigned", "s3"): "AccessDenied",
    ("unknown", "s3"): "InvalidAccessKeyId",
    ("wrong", "s3"): "SignatureDoesNotMatch",
    ("unsigned", "cloudwatch"): "MissingAuthenticationTokenException",
    ("unknown", "cloudwatch"): "UnrecognizedClientException",
    ("wrong", "cloudwatch"): "InvalidSignatureException",
}


@pytest.mark.parametrize("service", OPERATIONS)
def test_every_protocol_accepts_its_user_and_refuses_strangers_in_its_own_words(
    plane: ControlPlane, service: str
):
    call = OPERATIONS[service]
    getattr(client(plane, service, USER), call)()
    for stranger, credential in STRANGERS.items():
        with pytest.raises(ClientError) as refused:
            getattr(client(plane, service, credential), call)()
        answer = refused.value.response
        assert answer["ResponseMetadata"]["HTTPStatusCode"] == 403
        # An unsigned request names no service, so it is answered as those of Query are.
        expected = CODES[stranger, service]
        if (stranger, service) == ("unsigned", "ec2"):
            expected = "MissingAuthenticationToken"
        assert answer["Error"]["Code"] == expected
        assert "rehearsal env" in answer["Error"]["Message"]


def test_a_refused_launch_launches_nothing(aws: Any, plane: ControlPlane):
    for headers in (
        {},
        {"Authorization": "AWS4-HMAC-SHA256 Credential=rehearsal/20260101/x/ec2/aws4_request, "
         "SignedHeaders=host, Signature=0"},
        {"Authorization": "Bearer of-something"},
    ):  # fmt: skip
        answer = ask(plane, "POST", "/", headers={**FORM, **headers}, body=LAUNCH)
        assert answer.status == 403
    for parameter in (
        "AWSAccessKeyId=rehearsal&Signature=x&Expires=99999999999",
        f"AWSAccessKeyId={USER.access_key_id}&Signature=x&Expires=99999999999",
        "X-Amz-Credential=rehearsal/20260101/x/ec2/aws4_request&X-Amz-Expires=60",
        "X-Amz-Credential=",
        "AWSAccessKeyId=",
    ):
        assert ask(plane, "GET", f"/?{LAUNCH.decode()}&{parameter}").status == 403
    assert aws.ec2.describe_instances()["Reservations"] == []


def test_an_instance_has_its_own_keys_until_they_are_revoked(plane: ControlPlane):
    own = plane.credentials.issue("i-0123456789abcdef0")
    assert own == plane.credentials.issue("i-0123456789abcdef0")
    assert own.access_key_id != plane.credentials.issue("i-1").access_key_id
    client(plane, "s3", own).list_buckets()
    without_token = Credential(own.access_key_id, own.secret_access_key)
    with pytest.raises(ClientError, match="SignatureDoesNotMatch"):
        client(plane, "s3", without_token).list_buckets()
    plane.credentials.revoke("i-0123456789abcdef0")
    with pytest.raises(ClientError, match="InvalidAccessKeyId"):
        client(plane, "s3", own).list_buckets()


@pytest.mark.parametrize("version", ["s3v4", "s3"])
def test_a_presigned_url_works_until_it_expires_and_for_nothing_else(
    plane: ControlPlane, monkeypatch: pytest.MonkeyPatch, version: str
):
    s3 = client(plane, "s3", USER, signature_version=version, s3={"addressing_style": "path"})
    s3_now = client(plane, "s3", USER)
    s3_now.create_bucket(
        Bucket="revisions", CreateBucketConfiguration={"LocationConstraint": REGION}
    )
    key = "a name/ü+%.zip"
    s3_now.put_object(Bucket="revisions", Key=key, Body=b"zip")
    s3_now.put_object(Bucket="revisions", Key="other", Body=b"other")
    url = s3.generate_presigned_url("get_object", {"Bucket": "revisions", "Key": key}, 60)

    def get(where: str) -> bytes:
        with urllib.request.urlopen(where, timeout=10) as answer:  # noqa: S310 - http, loopback
            return answer.read()

    assert get(url) == b"zip"
    path, _, query = url.partition("?")
    for other in (f"{path.rpartition('/')[0]}/other?{query}", f"{url[:-2]}zz", path):
        with pytest.raises(urllib.error.HTTPError, match="403"):
            get(other)
    now = time.time
    monkeypatch.setattr(time, "time", lambda: now() + 61)
    with pytest.raises(urllib.error.HTTPError, match="403"):
        get(url)


def test_a_request_signed_long_ago_is_refused(plane: ControlPlane, monkeypatch: pytest.MonkeyPatch):
    now = time.time
    for seconds, status in ((-890, 200), (890, 200), (-910, 403), (910, 403)):
        with monkeypatch.context() as patched:
            patched.setattr(time, "time", lambda seconds=seconds: now() + seconds)
            assert ask(plane, "GET", WHO, signed_for="sts").status == status


def test_what_was_signed_may_not_be_changed(plane: ControlPlane, monkeypatch: pytest.MonkeyPatch):
    def unsigned_part(signer: Any, request: Any) -> str:
        return original(signer, request).replace("10.30.0.0", "10.31.0.0")

    body = b"Action=CreateVpc&Version=2016-11-15&CidrBlock=10.30.0.0%2F16"
    assert ask(plane, "POST", "/", signed_for="ec2", headers=FORM, body=body).status == 200
    original = SigV4Auth.payload
    monkeypatch.setattr(SigV4Auth, "payload", lambda signer, request: "0" * 64)
    answer = ask(plane, "POST", "/", signed_for="ec2", headers=FORM, body=body)
    assert (answer.status, b"AuthFailure" in answer.body) == (403, True)


@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS", "HEAD", "PUT"])
@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:8080"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Host": "evil.example"},
        {"Host": "evil.example:4566"},
        {"Host": "127.0.0.1.evil.example"},
        {"Host": "127.0.0.1"},
        {"Host": ""},
    ],
)
def test_a_web_page_is_refused_even_with_the_right_signature(
    plane: ControlPlane, method: str, headers: dict[str, str]
):
    answer = ask(plane, method, WHO, signed_for="sts", headers=headers)
    assert answer.status == 403
    assert not [name for name in answer.headers if name.startswith("access-control-")]
    assert b"evil" not in answer.body + repr(answer.headers).encode()


def test_no_answer_lets_a_web_page_read_it(plane: ControlPlane):
    for target, status in ((WHO, 200), ("/no-such-bucket", 404), ("/?Action=None", 500)):
        service = "sts" if target.startswith("/?") else "s3"
        answer = ask(plane, "GET", target, signed_for=service)
        assert answer.status == status
        assert not [name for name in answer.headers if name.startswith("access-control-")]


def test_localhost_and_further_addresses_are_the_regions_own(tmp_path: Any):
    give_credential(tmp_path)
    with socket.create_server(("127.0.0.1", 0)) as further:
        port = further.getsockname()[1]
        config = RegionConfig(root=tmp_path, region=REGION)
        plane = ControlPlane(config, install_patches, hosts=["169.254.170.1:4566"])
        plane.start()
        try:
            plane.serve(further)
            for at in (plane.port, port):
                for host, status in (
                    (f"127.0.0.1:{plane.port}", 200),
                    (f"localhost:{plane.port}", 200),
                    ("169.254.170.1:4566", 200),
                    ("169.254.170.2:4566", 403),
                ):
                    headers = {"Host": host}
                    answer = ask(plane, "GET", WHO, signed_for="sts", headers=headers, port=at)
                    assert (host, answer.status) == (host, status)
        finally:
            plane.stop()


def test_the_check_costs_less_than_half_a_millisecond(plane: ControlPlane):
    from region.api.guard import Caller, Guard

    guard = Guard(plane.credentials, {"127.0.0.1:80"})
    for number in range(50):
        plane.credentials.issue(f"i-{number}")
    from botocore.awsrequest import AWSRequest
    from botocore.credentials import Credentials

    request = AWSRequest("POST", "http://127.0.0.1:80/", {"Host": "127.0.0.1:80"}, data=LAUNCH)
    SigV4Auth(Credentials(USER.access_key_id, USER.secret_access_key), "ec2", REGION).add_auth(
        request
    )
    environ = {
        "REQUEST_METHOD": "POST",
        "RAW_URI": "/",
        **{f"HTTP_{n.upper().replace('-', '_')}": v for n, v in request.headers.items()},
    }
    best = 1.0
    for _ in range(100):
        began = time.perf_counter()
        caller = guard.examine(environ)
        assert isinstance(caller, Caller)
        assert guard.verify(caller, environ, LAUNCH) is None
        best = min(best, time.perf_counter() - began)
    print(f"{best * 1e6:.0f} us")
    assert best < 0.0005
