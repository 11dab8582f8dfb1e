"""What S3 refuses of a request's content, which moto stores as it comes."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import re
from collections.abc import Callable, Mapping
from typing import Any, Final, cast
from xml.parsers.expat import ExpatError

from moto.s3.exceptions import (
    InvalidContinuationToken,
    MalformedXML,
    MissingRequestBody,
    NoSuchUpload,
    S3ClientError,
)
from moto.s3.models import FakeKey, S3Backend
from moto.s3.responses import S3Response
from moto.sns.models import sns_backends
from moto.sqs.models import sqs_backends

from region.api.patching import Original, Patches
from region.services import policy_documents

patches = Patches()

_STATUS: Final = re.compile(rb"<Status>\s*[^<\s]")
_RULE: Final = re.compile(rb"<Rule>\s*<")
_VERSIONING: Final = ("Enabled", "Suspended")
_DELETED: Final = re.compile(r"<Deleted>.*?</Deleted>|<Deleted\s*/>", re.DOTALL)
_QUIET: Final = re.compile(rb"<Quiet>\s*true\s*</Quiet>")
_CHECKSUMS: Final[Mapping[str, Callable[[bytes], bytes]]] = {
    "x-amz-checksum-crc32": lambda body: binascii.crc32(body).to_bytes(4, "big"),
    "x-amz-checksum-sha1": lambda body: hashlib.sha1(body, usedforsecurity=False).digest(),
    "x-amz-checksum-sha256": lambda body: hashlib.sha256(body).digest(),
}
"""The checksums that are computed again, by their headers."""


def _verified(moto: Original, self: S3Response) -> Any:
    """Store what arrives whole, as the request's own checksums say."""
    body = self.body or b""
    digest = self.headers.get("Content-MD5")
    if digest and digest != _text(hashlib.md5(body, usedforsecurity=False).digest()):
        raise S3ClientError(
            "BadDigest", "The Content-MD5 you specified did not match what we received."
        )
    for name, compute in _CHECKSUMS.items():
        given = self.headers.get(name)
        if given and given != _text(compute(body)):
            raise S3ClientError(
                "BadDigest",
                f"The {name.rpartition('-')[2].upper()} you specified did not match the calculated "
                "checksum.",
            )
    return moto(self)


for _name in ("put_object", "upload_part"):
    patches.around(S3Response, _name)(_verified)


def _text(digest: bytes) -> str:
    return base64.b64encode(digest).decode()


@patches.around(S3Backend, "put_bucket_policy")
def _put_bucket_policy(moto: Original, self: S3Backend, bucket_name: str, policy: bytes) -> None:
    """Keep a policy that is one: moto fails at every later request of the bucket."""
    try:
        content = json.loads(policy)
    except ValueError as error:
        message = "Policies must be valid JSON and the first byte must be '{'"
        raise S3ClientError("MalformedPolicy", message) from error
    _check_policy(content)
    moto(self, bucket_name, policy)


def _check_policy(content: object) -> None:
    policy = cast("dict[str, Any]", content) if isinstance(content, dict) else {}
    found = policy.get("Statement")
    if not found:
        raise S3ClientError("MalformedPolicy", "Missing required field Statement")
    for statement in policy_documents.listed(found):
        named = cast("dict[str, Any]", statement) if isinstance(statement, dict) else {}
        for names in (
            ("Effect",),
            ("Principal", "NotPrincipal"),
            ("Action", "NotAction"),
            ("Resource", "NotResource"),
        ):
            if not any(name in named for name in names):
                raise S3ClientError("MalformedPolicy", f"Missing required field {names[0]}")
        if named["Effect"] not in {"Allow", "Deny"}:
            raise S3ClientError("MalformedPolicy", f"Invalid effect: {named['Effect']}")


def put(moto: Original, call: S3Response, request: Any, bucket: str, query: Any) -> Any:
    """Change a bucket by a document that is one; moto answers 404 without a status of its versions."""
    if "versioning" in query:
        call.backend.get_bucket(bucket)
        if not _STATUS.search(call.body or b""):
            raise S3ClientError(
                "IllegalVersioningConfigurationException",
                "The Versioning element must be specified",
            )
    if "ownershipControls" in query and not _RULE.search(call.body or b""):
        raise MalformedXML
    try:
        return moto(call, request, bucket, query)
    except ExpatError as error:
        raise (MalformedXML() if call.body else MissingRequestBody()) from error


@patches.around(S3Backend, "put_bucket_versioning")
def _put_bucket_versioning(moto: Original, self: S3Backend, bucket_name: str, status: str) -> None:
    if status not in _VERSIONING:
        raise MalformedXML
    moto(self, bucket_name, status)


@patches.around(S3Backend, "upload_part")
def _upload_part(
    moto: Original, self: S3Backend, bucket_name: str, multipart_id: str, *given: Any
) -> FakeKey:
    if multipart_id not in self.get_bucket(bucket_name).multiparts:
        raise NoSuchUpload(upload_id=multipart_id)
    return moto(self, bucket_name, multipart_id, *given)


@patches.around(S3Backend, "list_buckets")
def _list_buckets(moto: Original, self: S3Backend, **given: Any) -> Any:
    """List all buckets: pages are cut of them afterwards, and moto knows only the first."""
    return sorted(moto(self, **given | {"max_buckets": None}), key=lambda bucket: bucket.name)


@patches.around(S3Backend, "list_objects_v2")
def _list_objects_v2(moto: Original, self: S3Backend, **given: Any) -> Any:
    token = given.get("continuation_token")
    if token and token not in self._pagination_tokens:  # pyright: ignore[reportPrivateUsage]
        raise InvalidContinuationToken
    return moto(self, **given)


@patches.around(S3Response, "_bucket_response_delete_keys")
def _delete_keys(moto: Original, self: S3Response, *given: Any, **named: Any) -> Any:
    """Delete, and in quiet mode name only what could not be deleted."""
    answer = moto(self, *given, **named)
    if not _QUIET.search(self.body or b""):
        return answer
    status, headers, body = answer
    text = body.decode() if isinstance(body, bytes) else str(body)
    return status, headers, _DELETED.sub("", text)


@patches.around(S3Backend, "put_bucket_notification_configuration")
def _put_bucket_notification_configuration(
    moto: Original, self: S3Backend, bucket_name: str, notification_config: dict[str, Any]
) -> None:
    """Send notifications to what is there: S3 tests each destination (S3 guide, "Event notifications")."""
    bucket = self.get_bucket(bucket_name)
    account, region = str(self.account_id), str(bucket.region_name)
    queues = {queue.queue_arn for queue in sqs_backends[account][region].queues.values()}
    topics = set(sns_backends[account][region].topics)
    for kind, member, known in (
        ("QueueConfiguration", "Queue", queues),
        ("TopicConfiguration", "Topic", topics),
    ):
        found = notification_config.get(kind) or []
        for one in found if isinstance(found, list) else [found]:
            if one.get(member) not in known:
                raise S3ClientError(
                    "InvalidArgument",
                    "Unable to validate the following destination configurations: "
                    f"{one.get(member)} does not exist.",
                )
    moto(self, bucket_name, notification_config)
