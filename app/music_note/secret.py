"""Reads a secret from AWS Secrets Manager, as the instance's role.

A few requests, of which the last one is signed. The AWS CLI, which Amazon Linux has, does the same with
most of a second of CPU time: on a t4g.nano that is eight seconds of each start of the service, and of the
migration before it. An SDK would be larger than the service.
"""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

SERVICE = "secretsmanager"
METADATA = "http://169.254.169.254"
TIMEOUT_S = 10
TRIES = 4
PAUSE_S = 0.5
"""Before the second try; twice as long before each further one."""
TOO_MANY = 429
SERVER_ERROR = 500


class SecretError(RuntimeError):
    """The secret cannot be read; the message says why."""


class TryAgainError(SecretError):
    """It may be possible in a moment."""


@dataclass(frozen=True)
class Credentials:
    """Temporary credentials of a role; `token` is empty for a user's own."""

    access_key: str
    secret_key: str
    token: str


def read(region: str, secret: str) -> dict[str, Any]:
    """Return the content of a secret that holds a JSON object, as those of RDS do.

    Raises:
        SecretError: It cannot be read, also not after some tries.
    """
    for number in range(TRIES - 1):
        try:
            return _read(region, secret)
        except TryAgainError:
            time.sleep(PAUSE_S * 2**number)
    return _read(region, secret)


def _read(region: str, secret: str) -> dict[str, Any]:
    endpoint = os.environ.get("AWS_ENDPOINT_URL_SECRETS_MANAGER") or os.environ.get(
        "AWS_ENDPOINT_URL", f"https://{SERVICE}.{region}.{_suffix(region)}"
    )
    body = json.dumps({"SecretId": secret}).encode()
    headers = signed(region, urlsplit(endpoint).netloc, body, credentials(), datetime.now(UTC))
    answer = _ask("POST", endpoint, "/", headers, body)
    try:
        found: dict[str, Any] = json.loads(json.loads(answer)["SecretString"])
    except (ValueError, KeyError, TypeError) as error:
        raise SecretError(f"{secret} does not hold a JSON object") from error
    return found


def _suffix(region: str) -> str:
    return "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"


def credentials() -> Credentials:
    """Return the credentials of the environment or else of the instance's role (IMDSv2).

    Raises:
        SecretError: There are none.
    """
    env = os.environ
    if "AWS_ACCESS_KEY_ID" in env and "AWS_SECRET_ACCESS_KEY" in env:
        return Credentials(
            env["AWS_ACCESS_KEY_ID"],
            env["AWS_SECRET_ACCESS_KEY"],
            env.get("AWS_SESSION_TOKEN", ""),
        )
    metadata = env.get("AWS_EC2_METADATA_SERVICE_ENDPOINT", METADATA)
    token = _ask(
        "PUT", metadata, "/latest/api/token", {"X-aws-ec2-metadata-token-ttl-seconds": "60"}
    )
    headers = {"X-aws-ec2-metadata-token": token}
    path = "/latest/meta-data/iam/security-credentials/"
    role = _ask("GET", metadata, path, headers).strip()
    found = json.loads(_ask("GET", metadata, path + role, headers))
    try:
        return Credentials(found["AccessKeyId"], found["SecretAccessKey"], found["Token"])
    except KeyError as error:
        # Of a role that has just been given to the instance.
        raise TryAgainError(f"the instance's role {role} has no credentials yet") from error


def _ask(
    method: str, endpoint: str, path: str, headers: Mapping[str, str], body: bytes | None = None
) -> str:
    """Return the body of a successful answer."""
    parts = urlsplit(endpoint)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(str(parts.hostname), parts.port, timeout=TIMEOUT_S)
    try:
        connection.request(method, path, body, dict(headers))
        answer = connection.getresponse()
        text = answer.read().decode()
    except (OSError, http.client.HTTPException) as error:
        raise TryAgainError(f"{endpoint} does not answer: {error}") from error
    finally:
        connection.close()
    if answer.status == http.client.OK:
        return text
    why = f"{endpoint} answered {answer.status}: {text[:500]}"
    passes = answer.status == TOO_MANY or answer.status >= SERVER_ERROR or "Throttling" in text
    raise TryAgainError(why) if passes else SecretError(why)


def signed(
    region: str, host: str, body: bytes, by: Credentials, now: datetime
) -> Mapping[str, str]:
    """Return the headers of a request to read a secret, signed with Signature Version 4.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
    """
    at = now.strftime("%Y%m%dT%H%M%SZ")
    headers = {
        "content-type": "application/x-amz-json-1.1",
        "host": host,
        "x-amz-date": at,
        **({"x-amz-security-token": by.token} if by.token else {}),
        "x-amz-target": "secretsmanager.GetSecretValue",
    }
    names = ";".join(headers)
    lines = "".join(f"{name}:{value}\n" for name, value in headers.items())
    request = f"POST\n/\n\n{lines}\n{names}\n{hashlib.sha256(body).hexdigest()}"
    scope = f"{at[:8]}/{region}/{SERVICE}/aws4_request"
    digest = hashlib.sha256(request.encode()).hexdigest()
    text = f"AWS4-HMAC-SHA256\n{at}\n{scope}\n{digest}"
    key = f"AWS4{by.secret_key}".encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    signature = hmac.digest(key, text.encode(), "sha256").hex()
    authorization = (
        f"AWS4-HMAC-SHA256 Credential={by.access_key}/{scope}, SignedHeaders={names}, "
        f"Signature={signature}"
    )
    return {**headers, "authorization": authorization}
