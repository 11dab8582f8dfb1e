"""Reading the database's secret: signed as AWS's own SDK does it, by the role of the instance."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials as SdkCredentials
from music_note import secret
from music_note.secret import Credentials, SecretError

REGION, ARN = "ap-northeast-2", "arn:aws:secretsmanager:ap-northeast-2:123456789012:secret:db"
ROLE = {"AccessKeyId": "ASIA1", "SecretAccessKey": "key", "Token": "token"}
SECRET = {"SecretString": json.dumps({"username": "app_admin", "password": "first"})}


@pytest.mark.parametrize("token", ["", "a/session+token=="])
def test_it_is_signed_as_aws_s_sdk_signs_it(token: str, monkeypatch: pytest.MonkeyPatch) -> None:
    now = datetime(2026, 11, 26, 21, 5, 9, tzinfo=UTC)
    monkeypatch.setattr("botocore.auth.get_current_datetime", lambda: now.replace(tzinfo=None))
    body = json.dumps({"SecretId": ARN}).encode()
    headers = {
        "Content-Type": "application/x-amz-json-1.1",
        "X-Amz-Target": "secretsmanager.GetSecretValue",
    }
    host = f"secretsmanager.{REGION}.amazonaws.com"
    request = AWSRequest("POST", f"https://{host}/", headers=headers, data=body)
    SigV4Auth(
        SdkCredentials("AKIA1", "a/secret", token or None), "secretsmanager", REGION
    ).add_auth(request)
    found = secret.signed(REGION, host, body, Credentials("AKIA1", "a/secret", token), now)
    assert found["authorization"] == request.headers["Authorization"]
    assert found["x-amz-date"] == request.headers["X-Amz-Date"]


class Aws:
    """The metadata service and Secrets Manager at one address; `failures` come first."""

    def __init__(self) -> None:
        self.failures: list[tuple[int, str]] = []
        self.answer: Any = SECRET
        self.asked: list[str] = []

    def respond(self, method: str, path: str, headers: Any, body: bytes) -> tuple[int, str]:
        self.asked.append(f"{method} {path}")
        if method == "PUT":
            return 200, "of this session"
        if method == "GET":
            assert headers["X-aws-ec2-metadata-token"] == "of this session"
            return 200, "web" if path.endswith("/") else json.dumps(ROLE)
        assert json.loads(body) == {"SecretId": ARN}
        assert headers["X-Amz-Security-Token"] == "token"
        assert "Credential=ASIA1/" in headers["Authorization"]
        return self.failures.pop(0) if self.failures else (200, json.dumps(self.answer))


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[Aws]:
    made = Aws()

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            status, text = made.respond(self.command, self.path, self.headers, body)
            self.send_response(status)
            self.end_headers()
            self.wfile.write(text.encode())

        do_GET = do_PUT = do_POST = answer  # noqa: N815 - the names that the server calls

        def log_message(self, *_: object) -> None:
            """Print nothing."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        url = f"http://127.0.0.1:{server.server_port}"
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv("AWS_ENDPOINT_URL_SECRETS_MANAGER", raising=False)
        monkeypatch.setenv("AWS_ENDPOINT_URL", url)
        monkeypatch.setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", url)
        monkeypatch.setattr(secret, "PAUSE_S", 0.0)
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield made
        finally:
            server.shutdown()
            thread.join()


def test_the_role_of_the_instance_reads_it(aws: Aws) -> None:
    assert secret.read(REGION, ARN) == {"username": "app_admin", "password": "first"}
    credentials = "GET /latest/meta-data/iam/security-credentials/"
    assert aws.asked == ["PUT /latest/api/token", credentials, f"{credentials}web", "POST /"]


@pytest.mark.parametrize("failure", [(500, "no"), (503, "no"), (429, "no"), (400, "Throttling")])
def test_what_passes_is_tried_again(aws: Aws, failure: tuple[int, str]) -> None:
    aws.failures = [failure] * (secret.TRIES - 1)
    assert secret.read(REGION, ARN)["password"] == "first"
    aws.failures = [failure] * secret.TRIES
    with pytest.raises(SecretError, match=f"answered {failure[0]}: {failure[1]}"):
        secret.read(REGION, ARN)


def test_what_is_denied_is_not_asked_again(aws: Aws) -> None:
    aws.failures = [(400, "AccessDeniedException")]
    with pytest.raises(SecretError, match="answered 400: AccessDeniedException"):
        secret.read(REGION, ARN)
    assert aws.asked.count("POST /") == 1


@pytest.mark.parametrize("answer", [{"SecretString": "text"}, {"SecretBinary": "AA=="}, []])
def test_a_secret_of_another_kind_is_named(aws: Aws, answer: Any) -> None:
    aws.answer = answer
    with pytest.raises(SecretError, match=f"{ARN} does not hold a JSON object"):
        secret.read(REGION, ARN)


def test_nobody_at_the_address_is_an_error_that_names_it(
    aws: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(SecretError, match=r"http://127\.0\.0\.1:9 does not answer"):
        secret.read(REGION, ARN)
    assert aws.asked == []
