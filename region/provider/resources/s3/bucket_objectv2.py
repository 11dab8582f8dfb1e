"""S3 objects, from a file, from text or from base64."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import urlencode

from typing_extensions import override

from region.provider import checks
from region.provider.errors import CheckFailure, ProviderError
from region.provider.handler import Handler, found, given, tag_list, tag_map
from region.provider.operation import Operation
from region.provider.resources.s3.common import delete_versions
from region.provider.values import Archive, Asset, Properties

BODIES = ("source", "content", "contentBase64")
_HEADERS = {
    "ContentType": "contentType",
    "CacheControl": "cacheControl",
    "ContentDisposition": "contentDisposition",
    "ContentEncoding": "contentEncoding",
    "ContentLanguage": "contentLanguage",
    "ServerSideEncryption": "serverSideEncryption",
    "StorageClass": "storageClass",
    "Metadata": "metadata",
}
_REWRITES = frozenset({*BODIES, "sourceHash", *_HEADERS.values()})
"""Inputs whose change writes the object again: S3 cannot update one."""


class BucketObjectv2(Handler):
    """`aws.s3.BucketObjectv2`."""

    resource_type = "aws:s3/bucketObjectv2:BucketObjectv2"
    supported = frozenset({"bucket", "key", "forceDestroy", "tags", *_REWRITES})
    hints: ClassVar = {"etag": "use 'sourceHash' to mark a changed source"}
    defaults: ClassVar = {"forceDestroy": False}
    computed = frozenset({"contentType", "etag", "storageClass", "serverSideEncryption"})

    @override
    def check(self, op: Operation, inputs: Properties, old: Properties) -> Iterable[CheckFailure]:
        """Check that the object has a key and one body."""
        if inputs.get("key") is None:
            yield CheckFailure("key", "an object needs 'key', its name in the bucket; set it")
        yield from checks.exactly_one(inputs, BODIES)
        if isinstance(inputs.get("source"), Archive):
            yield CheckFailure(
                "source",
                "the local region uploads one file and 'source' is an archive; zip the directory "
                "and pass pulumi.FileAsset of the zip",
            )

    @override
    def changes_outputs(self, changed: frozenset[str]) -> frozenset[str]:
        """Return digest and version for changes that write the object again."""
        return frozenset({"etag", "versionId"}) if changed & _REWRITES else frozenset()

    @override
    def create(self, op: Operation, inputs: Properties) -> str:
        """Call PutObject; the id is `bucket/key`."""
        self._put(op, inputs)
        return f"{inputs['bucket']}/{inputs['key']}"

    @override
    def apply(self, op: Operation, identity: str, new: Properties, old: Properties | None) -> None:
        """Call PutObject again if body or headers changed, PutObjectTagging if only tags did."""
        if old is None:
            return
        if any(new.get(name) != old.get(name) for name in _REWRITES):
            self._put(op, new)
        elif new.get("tags") != old.get("tags"):
            op.aws.s3.put_object_tagging(
                Bucket=new["bucket"],
                Key=new["key"],
                Tagging={"TagSet": tag_list(new.get("tags"))},
            )

    def _put(self, op: Operation, inputs: Properties) -> None:
        headers = given(_HEADERS, inputs)
        if inputs.get("tags"):
            headers["Tagging"] = urlencode(inputs["tags"])
        op.aws.s3.put_object(
            Bucket=inputs["bucket"], Key=inputs["key"], Body=_body(inputs), **headers
        )

    @override
    def read(self, op: Operation, identity: str, state: Properties) -> Properties | None:
        """Describe the object's headers; of its body only the digest."""
        bucket, _, key = identity.partition("/")
        head = op.aws.s3.head_object(Bucket=bucket, Key=key)
        tags = op.aws.s3.get_object_tagging(Bucket=bucket, Key=key)["TagSet"]
        return {
            **found(_HEADERS, {**head, "Metadata": head.get("Metadata") or None}),
            "storageClass": head.get("StorageClass", "STANDARD"),
            "bucket": bucket,
            "key": key,
            "arn": op.arn("s3", identity, partition_only=True),
            "etag": head["ETag"].strip('"'),
            "versionId": head.get("VersionId", ""),
            "tags": tag_map(tags),
        }

    @override
    def delete(self, op: Operation, identity: str, state: Properties) -> None:
        """Delete all versions if the bucket keeps them, as the real provider does, or the object."""
        bucket, _, key = identity.partition("/")
        if state.get("versionId"):
            delete_versions(op, bucket, key)
        else:
            op.aws.s3.delete_object(Bucket=bucket, Key=key)


def _body(inputs: Properties) -> bytes:
    if inputs.get("content") is not None:
        return str(inputs["content"]).encode()
    if inputs.get("contentBase64") is not None:
        try:
            return base64.b64decode(inputs["contentBase64"], validate=True)
        except binascii.Error as error:
            raise ProviderError(f"'contentBase64' is not base64 ({error}); encode it") from error
    return _asset_bytes(inputs["source"])


def _asset_bytes(source: Any) -> bytes:
    """Return the bytes of a file or text asset, checked against the digest that the engine planned."""
    if isinstance(source, Asset) and source.text is not None:
        return source.text.encode()
    path = source.path if isinstance(source, Asset) else source
    if not isinstance(path, str) or not path:
        raise ProviderError("'source' has neither a path nor a text; pass pulumi.FileAsset(path)")
    try:
        content = Path(path).read_bytes()
    except OSError as error:
        raise ProviderError(
            f"the file {path!r} of 'source' cannot be read ({error.strerror}); the local region "
            "is another process, so give an absolute path"
        ) from error
    planned = source.hash if isinstance(source, Asset) else ""
    if planned and hashlib.sha256(content).hexdigest() != planned:
        raise ProviderError(f"the file {path!r} changed while the update ran; run the update again")
    return content
