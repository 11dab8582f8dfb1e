"""Who may write access control lists: nobody in a new bucket, as in S3 since April 2023.

Amazon S3 user guide, "Controlling ownership of objects and disabling ACLs for your bucket".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from moto.s3.exceptions import InvalidBucketName, S3ClientError
from moto.s3.models import FakeAcl, FakeBucket, S3Backend
from moto.s3.responses import S3Response

from region.api.patching import Original, Patches
from region.services.s3 import input_patches
from region.services.s3.names import is_bucket_name

patches = Patches()

_ENFORCED: Final = "BucketOwnerEnforced"
_HARMLESS: Final = frozenset({"", "private", "bucket-owner-full-control"})
"""Canned lists that give nobody but the owner anything."""


@patches.around(S3Backend, "create_bucket")
def _create_bucket(
    moto: Original, self: S3Backend, bucket_name: str, *given: Any, **named: Any
) -> FakeBucket:
    """Create a bucket without access control lists, of a name that S3 takes."""
    if not is_bucket_name(bucket_name):
        raise InvalidBucketName
    bucket: FakeBucket = moto(self, bucket_name, *given, **named)
    bucket.ownership_rule = _ENFORCED  # pyright: ignore[reportAttributeAccessIssue]
    return bucket


@patches.around(S3Response, "_bucket_response_put")
def _put(moto: Original, self: S3Response, request: Any, bucket_name: str, query: Any) -> Any:
    """Refuse a bucket with a list that it would not have, before it is made."""
    wanted = request.headers.get("x-amz-object-ownership", _ENFORCED)
    if not query and wanted == _ENFORCED and _opens(request.headers):
        raise S3ClientError(
            "InvalidBucketAclWithObjectOwnership",
            f"Bucket cannot have ACLs set with ObjectOwnership's {_ENFORCED} setting",
        )
    return input_patches.put(moto, self, request, bucket_name, query)


@patches.around(S3Response, "_acl_from_headers")
def _acl_from_headers(
    moto: Original, self: S3Response, headers: Mapping[str, str]
) -> FakeAcl | None:
    # The bucket that is being made has the wanted ownership only after this.
    if "x-amz-object-ownership" not in headers and _opens(headers):
        _refuse(self)
    return moto(self, headers)


@patches.around(S3Response, "_acl_from_body")
def _acl_from_body(moto: Original, self: S3Response) -> FakeAcl | None:
    found: FakeAcl | None = moto(self)
    if found is not None and any(
        grantee.uri or grant.permissions != ["FULL_CONTROL"]
        for grant in found.grants
        for grantee in grant.grantees
    ):
        _refuse(self)
    return found


def _opens(headers: Mapping[str, str]) -> bool:
    """Return whether a request's headers let somebody but the bucket's owner in."""
    return headers.get("x-amz-acl", "") not in _HARMLESS or any(
        name.lower().startswith("x-amz-grant-")
        for name in headers.keys()  # noqa: SIM118 - werkzeug's headers iterate over pairs
    )


def _refuse(call: S3Response) -> None:
    bucket = call.backend.get_bucket(call.bucket_name)
    if str(bucket.ownership_rule) == _ENFORCED:  # moto's annotation is wrong
        raise S3ClientError("AccessControlListNotSupported", "The bucket does not allow ACLs")
