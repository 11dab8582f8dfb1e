"""The instance metadata service (EC2 User Guide, "Use the IMDS").

Every read needs a token from `PUT /latest/api/token`, unless the instance's `HttpTokens` is `optional`.
The hop limit of a response has no meaning on one host. Credentials are the instance's own, which the
region's API knows.
"""

from __future__ import annotations

import json
import secrets
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import unquote

from region.credentials import Credential
from region.machines import categories
from region.machines.metadata import Metadata
from region.machines.spec import MachineSpec

_TOKEN_PATH = "/latest/api/token"  # noqa: S105 - a path, not a secret
_TTL_HEADER = "x-aws-ec2-metadata-token-ttl-seconds"
_TOKEN_HEADER = "x-aws-ec2-metadata-token"  # noqa: S105 - a header's name
_MAX_TTL_SECONDS = 21_600
VERSIONS = (
    "1.0", "2007-01-19", "2007-03-01", "2007-08-29", "2007-10-10", "2007-12-15", "2008-02-01",
    "2008-09-01", "2009-04-04", "2011-01-01", "2011-05-01", "2012-01-12", "2014-02-25", "2014-11-05",
    "2015-10-20", "2016-04-19", "2016-06-30", "2016-09-02", "2018-03-28", "2018-08-17", "2018-09-24",
    "2019-10-01", "2020-10-27", "2021-01-03", "2021-03-23", "2021-07-15", "2022-09-24", "2024-04-11",
    "latest",
)  # fmt: skip
"""Programs ask for the version that they were written for; each has what the latest one has."""


@dataclass(frozen=True)
class Response:
    """An HTTP response."""

    status: int
    body: str = ""
    headers: Mapping[str, str] | None = None
    content_type: str = "text/plain"


class Imds:
    """The metadata service of one machine; safe to use from several threads."""

    def __init__(
        self,
        spec: MachineSpec,
        account_id: str,
        credential: Credential,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Serve the metadata of `spec`; tokens expire by `clock`, in seconds."""
        self._spec = spec
        self._account_id = account_id
        self._credential = credential
        self._clock = clock
        self._lock = threading.Lock()
        self._tokens: dict[str, float] = {}
        self._launched = datetime.now(UTC)

    def answer(self, method: str, path: str, headers: Mapping[str, str]) -> Response:
        """Answer a request for `path` (from `/latest` on; what a `?` begins means nothing)."""
        path = unquote(path.partition("?")[0])
        lower = {name.lower(): value for name, value in headers.items()}
        about = self._spec.metadata()
        if not about.served:
            return Response(403)
        if path == _TOKEN_PATH:
            return self._token(method, lower)
        if method not in ("GET", "HEAD"):
            return Response(405)
        token = lower.get(_TOKEN_HEADER, "")
        # A token that is sent has to be valid, also where none is required.
        if (token or about.tokens_required) and not self._authorised(token):
            return Response(401)
        return self._read(path, about)

    def _token(self, method: str, headers: Mapping[str, str]) -> Response:
        if method != "PUT":
            return Response(405)
        if "x-forwarded-for" in headers:
            return Response(403)
        seconds = headers.get(_TTL_HEADER, "")
        if not (seconds.isdigit() and 1 <= int(seconds) <= _MAX_TTL_SECONDS):
            return Response(400)
        token = secrets.token_urlsafe(32)
        now = self._clock()
        with self._lock:
            self._tokens = {known: end for known, end in self._tokens.items() if end > now}
            self._tokens[token] = now + int(seconds)
        return Response(200, token, {_TTL_HEADER: seconds})

    def _authorised(self, token: str) -> bool:
        with self._lock:
            return self._tokens.get(token, 0.0) > self._clock()

    def _read(self, path: str, about: Metadata) -> Response:
        version, _, rest = path.removeprefix("/").partition("/")
        if not version:
            return Response(200, "\n".join(VERSIONS))
        if version not in VERSIONS:
            return Response(404)
        wanted = rest.strip("/")
        leaves = self._leaves(about)
        if wanted in leaves:
            return Response(200, leaves[wanted]())
        children = _children(wanted, leaves)
        return Response(200, "\n".join(children)) if children else Response(404)

    def _leaves(self, about: Metadata) -> dict[str, Callable[[], str]]:
        spec = self._spec
        meta = categories.of_instance(spec, self._account_id, about)
        leaves: dict[str, Callable[[], str]] = {
            f"meta-data/{name}": lambda value=value: value for name, value in meta.items()
        }
        leaves[f"meta-data/iam/security-credentials/{spec.role}"] = self._credentials
        if about.profile is not None:
            leaves["meta-data/iam/info"] = lambda: _profile(*about.profile or ("", ""))
        leaves["dynamic/instance-identity/document"] = self._identity
        if spec.user_data:
            leaves["user-data"] = lambda: spec.user_data.decode(errors="replace")
        return leaves

    def _credentials(self) -> str:
        now = datetime.now(UTC)
        return json.dumps(
            {
                "Code": "Success",
                "LastUpdated": f"{now:%Y-%m-%dT%H:%M:%SZ}",
                "Type": "AWS-HMAC",
                "AccessKeyId": self._credential.access_key_id,
                "SecretAccessKey": self._credential.secret_access_key,
                "Token": self._credential.session_token,
                "Expiration": f"{now + timedelta(hours=6):%Y-%m-%dT%H:%M:%SZ}",
            },
            indent=2,
        )

    def _identity(self) -> str:
        spec = self._spec
        return json.dumps(
            {
                "accountId": self._account_id,
                "architecture": spec.architecture,
                "availabilityZone": spec.availability_zone,
                "imageId": spec.image_id,
                "instanceId": spec.instance_id,
                "instanceType": spec.instance_type,
                "pendingTime": f"{self._launched:%Y-%m-%dT%H:%M:%SZ}",
                "privateIp": spec.private_ip,
                "region": spec.region,
                "version": "2017-09-30",
            },
            indent=2,
        )


def _profile(arn: str, identity: str) -> str:
    return json.dumps(
        {
            "Code": "Success",
            "LastUpdated": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
            "InstanceProfileArn": arn,
            "InstanceProfileId": identity,
        },
        indent=2,
    )


def _children(wanted: str, leaves: Mapping[str, object]) -> list[str]:
    """List the names directly below `wanted`; those with children of their own end in a slash."""
    prefix = f"{wanted}/" if wanted else ""
    below = [leaf.removeprefix(prefix) for leaf in leaves if leaf.startswith(prefix)]
    names = [name if "/" not in name else f"{name.split('/', 1)[0]}/" for name in below]
    return sorted(set(names))
