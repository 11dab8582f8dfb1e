"""Who may call the API: programs of the region's user and of his instances, and nobody else."""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

from region.api import foreign, signatures
from region.api.credentials import Credentials
from region.api.wsgi import Environ, Protocol, protocol_of
from region.credentials import Credential

_REMEDY: Final = 'set this shell up for the region: eval "$(python -m rehearsal env)"'

_UNSIGNED: Final[Mapping[Protocol, str]] = {
    "cbor": "MissingAuthenticationTokenException",
    "ec2": "AuthFailure",
    "json": "MissingAuthenticationTokenException",
    "query": "MissingAuthenticationToken",
    "s3": "AccessDenied",
}
_UNKNOWN: Final[Mapping[Protocol, str]] = {
    "cbor": "UnrecognizedClientException",
    "ec2": "AuthFailure",
    "json": "UnrecognizedClientException",
    "query": "InvalidClientTokenId",
    "s3": "InvalidAccessKeyId",
}
_WRONG: Final[Mapping[Protocol, str]] = {
    "cbor": "InvalidSignatureException",
    "ec2": "AuthFailure",
    "json": "InvalidSignatureException",
    "query": "SignatureDoesNotMatch",
    "s3": "SignatureDoesNotMatch",
}


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a request is refused: AWS's error code, and a sentence that repeats nothing of it."""

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Caller:
    """A request's signature, the key pair that it names, and the instance that has it, if one has."""

    claim: signatures.Claim
    credential: Credential
    holder: str = ""


class Guard:
    """Decides about each request in two steps: by its head, and by its signature."""

    def __init__(self, credentials: Credentials, hosts: Collection[str]) -> None:
        """Accept requests to these values of `Host`, signed with these credentials."""
        self._credentials = credentials
        self._hosts = frozenset(host.lower() for host in hosts)

    def examine(self, environ: Environ) -> Caller | Refusal:
        """Return who says that he calls. Nothing of the request's body has to be read for it."""
        web = foreign.objection(
            environ.get("HTTP_HOST"),
            environ.get("HTTP_ORIGIN"),
            environ.get("HTTP_SEC_FETCH_SITE"),
            self._hosts,
        )
        if web is not None:
            return Refusal("AccessDenied", web)
        claim = signatures.read(environ)
        if claim is None:
            return Refusal(
                _UNSIGNED[protocol_of(environ)],
                "The request is not signed (AWS Signature Version 4), and the local region answers "
                f"no anonymous requests: {_REMEDY}",
            )
        credential = self._credentials.known(claim.access_key_id)
        if credential is None:
            return Refusal(
                _UNKNOWN[protocol_of(environ)],
                f"The access key id is not one of this local region: {_REMEDY}",
            )
        return Caller(claim, credential, self._credentials.holder_of(credential))

    def verify(self, caller: Caller, environ: Environ, body: bytes) -> Refusal | None:
        """Return why the signature of a request is refused, None if it is right."""
        if signatures.expired(caller.claim, time.time()):
            code, text = _WRONG[protocol_of(environ)], "The request was signed for another time."
            return Refusal(code, text)
        if not signatures.valid(caller.claim, caller.credential, environ, body):
            return Refusal(
                _WRONG[protocol_of(environ)],
                f"The request's signature is not that of the access key's secret: {_REMEDY}",
            )
        return None
