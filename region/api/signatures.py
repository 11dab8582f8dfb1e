"""Signatures of AWS requests: what a request claims, and whether its secret key was used for it.

The canonical forms and the arithmetic are botocore's own signers': Signature Version 4 in the header
or in a presigned URL, and the presigned URLs of S3 in the version before it.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import time
from calendar import timegm
from dataclasses import dataclass
from email.utils import parsedate_tz
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from botocore.auth import UNSIGNED_PAYLOAD, HmacV1QueryAuth, SigV4Auth
from botocore.awsrequest import AWSRequest, HeadersDict
from botocore.compat import HTTPHeaders
from botocore.credentials import Credentials as Keys

from region.api.wsgi import Environ
from region.credentials import Credential

CLOCK_SKEW_S = 900.0
"""How far the time in a signed request may be from now, as at AWS."""

_HEADER = re.compile(
    r"AWS4-HMAC-SHA256\s+Credential=([^/,\s]+)/(\d{8})/([^/,\s]+)/([^/,\s]+)/aws4_request"
    r"\s*,\s*SignedHeaders=([^,\s]+)\s*,\s*Signature=([0-9a-f]+)\s*"
)
_S3 = frozenset({"s3", "s3express", "s3-outposts"})
"""Services whose paths are signed as they are, without another encoding."""
_TIMESTAMP = "%Y%m%dT%H%M%SZ"
_KEPT = frozenset({"content-md5", "content-type"})


@dataclass(frozen=True, slots=True)
class Claim:
    """Who signed a request, by his own account.

    Attributes:
        region, service, signed_headers: Empty in S3's old presigned URLs.
        timestamp: When it was signed, as in X-Amz-Date; in S3's old presigned URLs when it expires,
            in seconds since 1970.
        lifetime_s: How long a presigned URL is valid; None for a signature in the header.
    """

    access_key_id: str
    signature: str
    timestamp: str
    region: str = ""
    service: str = ""
    signed_headers: tuple[str, ...] = ()
    token: str = ""
    lifetime_s: float | None = None

    @property
    def outdated_version(self) -> bool:
        """Whether this is a presigned URL of S3 in the version before 4."""
        return not self.service


def read(environ: Environ) -> Claim | None:
    """Return what a request claims, None if it is not signed in a way that the region checks."""
    header = _HEADER.fullmatch(str(environ.get("HTTP_AUTHORIZATION", "")))
    if header:
        key, _, region, service, names, signature = header.groups()
        return Claim(
            key,
            signature,
            _sent_at(environ),
            region,
            service,
            tuple(names.lower().split(";")),
            str(environ.get("HTTP_X_AMZ_SECURITY_TOKEN", "")),
        )
    query = str(environ.get("QUERY_STRING", ""))
    if "X-Amz-Credential=" in query:
        return _presigned(dict(parse_qsl(query)))
    if "AWSAccessKeyId=" in query:
        fields = dict(parse_qsl(query))
        return Claim(
            fields.get("AWSAccessKeyId", ""),
            fields.get("Signature", ""),
            fields.get("Expires", ""),
            token=fields.get("x-amz-security-token", ""),
        )
    return None


def _presigned(fields: dict[str, str]) -> Claim | None:
    scope = fields.get("X-Amz-Credential", "").split("/")
    lifetime = fields.get("X-Amz-Expires", "")
    if len(scope) != 5 or not lifetime.isdecimal():
        return None
    return Claim(
        scope[0],
        fields.get("X-Amz-Signature", ""),
        fields.get("X-Amz-Date", ""),
        scope[2],
        scope[3],
        tuple(fields.get("X-Amz-SignedHeaders", "").lower().split(";")),
        fields.get("X-Amz-Security-Token", ""),
        float(lifetime),
    )


def _sent_at(environ: Environ) -> str:
    stamp = str(environ.get("HTTP_X_AMZ_DATE", ""))
    date = None if stamp else parsedate_tz(str(environ.get("HTTP_DATE", "")))
    return time.strftime(_TIMESTAMP, date[:9]) if date else stamp


def expired(claim: Claim, now: float) -> bool:
    """Return whether the request was signed for another time than `now` (seconds since 1970)."""
    try:
        if claim.outdated_version:
            return now > float(claim.timestamp)
        signed = float(timegm(time.strptime(claim.timestamp, _TIMESTAMP)))
    except ValueError:
        return True
    allowed = CLOCK_SKEW_S if claim.lifetime_s is None else claim.lifetime_s
    return not signed - CLOCK_SKEW_S <= now <= signed + allowed


def valid(claim: Claim, credential: Credential, environ: Environ, body: bytes) -> bool:
    """Return whether the request was signed with the secret key of `credential`.

    A digest of the body that the request states is taken as it is: signatures keep strangers out
    here, and loopback damages nothing.
    """
    token = credential.session_token
    if not hmac.compare_digest(token.encode(), claim.token.encode()):
        return False
    keys = Keys(credential.access_key_id, credential.secret_access_key, token or None)
    expected = (
        _old_signature(claim, keys, environ)
        if claim.outdated_version
        else _signature(claim, keys, environ, body)
    )
    return hmac.compare_digest(expected.encode(), claim.signature.encode())


class _Signer(SigV4Auth):
    """botocore's signer, told by a request which headers were signed."""

    def __init__(self, keys: Keys, claim: Claim, body: bytes) -> None:
        super().__init__(keys, claim.service, claim.region)
        self._claim = claim
        self._body = body

    def headers_to_sign(self, request: Any) -> HTTPHeaders:
        chosen = HTTPHeaders()
        for name in self._claim.signed_headers:
            if name in request.headers:
                chosen[name] = request.headers[name]
        return chosen

    def payload(self, request: Any) -> str:
        del request
        if self._claim.service in _S3 and self._claim.lifetime_s is not None:
            return UNSIGNED_PAYLOAD
        return hashlib.sha256(self._body).hexdigest()

    def _normalize_url_path(self, path: str) -> str:
        return path if self._claim.service in _S3 else str(super()._normalize_url_path(path))


def _signature(claim: Claim, keys: Keys, environ: Environ, body: bytes) -> str:
    url = _url(environ)
    if claim.lifetime_s is not None:
        path, _, query = url.partition("?")
        pairs = query.split("&")
        url = f"{path}?{'&'.join(p for p in pairs if not p.startswith('X-Amz-Signature='))}"
    request = AWSRequest(environ["REQUEST_METHOD"], url, _headers(environ))
    request.context["timestamp"] = claim.timestamp
    signer = _Signer(keys, claim, body)
    text = signer.string_to_sign(request, signer.canonical_request(request))
    return str(signer.signature(text, request))


class _OldSigner(HmacV1QueryAuth):
    """botocore's signer of S3's old presigned URLs, told when the URL expires."""

    def __init__(self, keys: Keys, expires: str) -> None:
        super().__init__(keys)
        self._stated = expires

    def _get_date(self) -> str:
        return self._stated


def _old_signature(claim: Claim, keys: Keys, environ: Environ) -> str:
    split = urlsplit(_url(environ))
    # The headers that were signed are parameters of the URL.
    named = {name.lower(): value for name, value in parse_qsl(split.query)}
    signed = {n: v for n, v in named.items() if n.startswith("x-amz-") or n in _KEPT}
    headers = HeadersDict(signed)
    signer = _OldSigner(keys, claim.timestamp)
    return str(signer.get_signature(environ["REQUEST_METHOD"], split, headers))


def _url(environ: Environ) -> str:
    """Return the URL of a request, encoded as the client sent it."""
    target = str(environ.get("RAW_URI", "/"))
    return target if target.startswith("http://") else f"http://{environ['HTTP_HOST']}{target}"


def _headers(environ: Environ) -> dict[str, str]:
    named = {
        name.removeprefix("HTTP_").replace("_", "-").lower(): str(value)
        for name, value in environ.items()
        if name.startswith("HTTP_")
    }
    for name in ("CONTENT_TYPE", "CONTENT_LENGTH"):
        if name in environ:
            named[name.replace("_", "-").lower()] = str(environ[name])
    return named
