"""What S3 refuses of a copy: moto takes a source apart that has no slash, and copies what is not there."""

from __future__ import annotations

import re
from typing import Any, Final
from urllib.parse import unquote

from moto.s3.exceptions import (
    InvalidArgumentError,
    InvalidRange,
    MissingKey,
    MissingVersion,
    NoSuchUpload,
    S3ClientError,
)
from moto.s3.models import S3Backend
from moto.s3.responses import S3Response

from region.api.patching import Original, Patches

patches = Patches()

_SOURCE: Final = "x-amz-copy-source"
_RANGE: Final = "x-amz-copy-source-range"
_BYTES: Final = re.compile(r"bytes=(\d+)-(\d+)")


@patches.around(S3Response, "copy_object")
def _copy_object(moto: Original, self: S3Response) -> Any:
    _check_source(self)
    return moto(self)


@patches.around(S3Response, "upload_part_copy")
def _upload_part_copy(moto: Original, self: S3Response) -> Any:
    """Copy a part from an object that is there; moto answers 404 without a body if it is not."""
    _check_source(self)
    asked = _header(self, _RANGE)
    if asked and not _BYTES.fullmatch(asked):
        message = (
            "The x-amz-copy-source-range value must be of the form bytes=first-last where first and "
            "last are the zero-based offsets of the first and last bytes to copy"
        )
        raise InvalidArgumentError(message, _RANGE, asked)
    path, _, version = _header(self, _SOURCE).partition("?versionId=")
    bucket, _, key = unquote(path).lstrip("/").partition("/")
    found = self.backend.get_object(bucket, key, version_id=version or None)
    if found is None:
        raise MissingVersion(key, version) if version else MissingKey(key)
    if asked and (given := _BYTES.fullmatch(asked)):
        first, last = map(int, given.groups())
        if first > last or last >= found.size:
            raise InvalidRange(asked, str(found.size))
    return moto(self)


@patches.around(S3Backend, "upload_part_copy")
def _upload_part(
    moto: Original, self: S3Backend, bucket_name: str, multipart_id: str, *given: Any, **named: Any
) -> Any:
    if multipart_id not in self.get_bucket(bucket_name).multiparts:
        raise NoSuchUpload(upload_id=multipart_id)
    return moto(self, bucket_name, multipart_id, *given, **named)


def _check_source(call: S3Response) -> None:
    """Refuse a source that is not a bucket and key (API reference, CopyObject, x-amz-copy-source)."""
    source = unquote(_header(call, _SOURCE))
    bucket, slash, key = source.partition("?")[0].lstrip("/").partition("/")
    if not bucket:
        raise S3ClientError("InvalidArgument", "Invalid copy source bucket name")
    if not slash or not key:
        raise S3ClientError("InvalidArgument", "Invalid copy source object key")


def _header(call: S3Response, name: str) -> str:
    value: object = call.headers.get(name) or ""
    return value.decode() if isinstance(value, bytes) else str(value)
