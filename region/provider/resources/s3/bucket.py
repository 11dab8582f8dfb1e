"""S3 buckets and their settings, each a resource of its own."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from botocore.exceptions import ClientError
from typing_extensions import override

from region.provider import checks
from region.provider.autoname import Naming
from region.provider.compare import parse_document
from region.provider.errors import Refusal, is_missing
from region.provider.handler import Handler, tag_list, tag_map
from region.provider.operation import Operation
from region.provider.values import Properties

DELETE_BATCH = 1000
"""How many keys one DeleteObjects takes."""

HOSTED_ZONES = {"ap-northeast-2": "Z3W03O7B5YMIYP", "us-east-1": "Z3AQBSTGFYJSTF"}
"""Route 53 zones of S3's website endpoints (AWS General Reference, S3 endpoints)."""


class Bucket(Handler):
    """``aws.s3.Bucket``; everything but the bucket itself is a resource of its own."""

    resource_type = "aws:s3/bucket:Bucket"
    supported = frozenset({"bucket", "bucketPrefix", "forceDestroy", "tags"})
    hints: ClassVar = {
        "policy": "use aws.s3.BucketPolicy",
        "versioning": "use aws.s3.BucketVersioning",
        "serverSideEncryptionConfiguration": "use aws.s3.BucketServerSideEncryptionConfiguration",
    }
    force_new = frozenset({"bucket", "bucketPrefix"})
    defaults: ClassVar = {"forceDestroy": False}
    naming = Naming(
        prop="bucket",
        prefix="bucketPrefix",
        limit=63,
        lower=True,
        pattern=r"[a-z0-9][a-z0-9.-]+[a-z0-9]",
        rule="lower-case letters, digits, dots and hyphens, at least three characters",
    )

    @override
    def create(self, op: Operation, inputs: Properties) -> str:
        """CreateBucket."""
        name = inputs["bucket"]
        place = {} if op.region == "us-east-1" else {"LocationConstraint": op.region}
        options = {"CreateBucketConfiguration": place} if place else {}
        op.aws.s3.create_bucket(Bucket=name, **options)
        return name

    @override
    def apply(self, op: Operation, identity: str, new: Properties, old: Properties | None) -> None:
        """PutBucketTagging, which replaces all tags."""
        tags = new.get("tags") or {}
        if tags and tags != (old or {}).get("tags"):
            op.aws.s3.put_bucket_tagging(Bucket=identity, Tagging={"TagSet": tag_list(tags)})
        elif old and old.get("tags") and not tags:
            op.aws.s3.delete_bucket_tagging(Bucket=identity)

    @override
    def read(self, op: Operation, identity: str, state: Properties) -> Properties | None:
        """The bucket and the names that AWS derives from its name."""
        op.aws.s3.head_bucket(Bucket=identity)
        domain = f"{identity}.s3.{op.region}.amazonaws.com"
        return {
            "bucket": identity,
            "arn": op.arn("s3", identity, partition_only=True),
            "bucketDomainName": f"{identity}.s3.amazonaws.com",
            "bucketRegionalDomainName": domain,
            "bucketRegion": op.region,
            "hostedZoneId": HOSTED_ZONES.get(op.region, ""),
            "tags": _tags(op, identity),
        }

    @override
    def delete(self, op: Operation, identity: str, state: Properties) -> None:
        """DeleteBucket; ``forceDestroy`` deletes every version of every object first."""
        if state.get("forceDestroy"):
            delete_versions(op, identity)
        op.aws.s3.delete_bucket(Bucket=identity)


def _tags(op: Operation, bucket: str) -> dict[str, str]:
    try:
        return tag_map(op.aws.s3.get_bucket_tagging(Bucket=bucket)["TagSet"])
    except ClientError as error:
        if is_missing(error):
            return {}
        raise


def delete_versions(op: Operation, bucket: str, key: str | None = None) -> None:
    """Deletes all versions and delete markers, of one key or of all."""
    pages = op.aws.s3.get_paginator("list_object_versions").paginate(
        Bucket=bucket, Prefix=key or ""
    )
    found: list[dict[str, str]] = [
        {"Key": item["Key"], "VersionId": item["VersionId"]}
        for page in pages
        for kind in ("Versions", "DeleteMarkers")
        for item in page.get(kind, ())
        if key is None or item["Key"] == key
    ]
    for start in range(0, len(found), DELETE_BATCH):
        batch = found[start : start + DELETE_BATCH]
        op.aws.s3.delete_objects(Bucket=bucket, Delete={"Objects": batch, "Quiet": True})


class _Setting(Handler):
    """A setting of a bucket; its id is the bucket's name."""

    force_new = frozenset({"bucket"})

    @override
    def create(self, op: Operation, inputs: Properties) -> str:
        """Puts the setting."""
        self.put(op, inputs)
        return inputs["bucket"]

    @override
    def apply(self, op: Operation, identity: str, new: Properties, old: Properties | None) -> None:
        """Puts the setting again."""
        if old is not None:
            self.put(op, new)

    def put(self, op: Operation, inputs: Properties) -> None:
        """The call that makes or replaces the setting."""
        raise NotImplementedError


class BucketVersioning(_Setting):
    """``aws.s3.BucketVersioning``."""

    resource_type = "aws:s3/bucketVersioning:BucketVersioning"
    supported = frozenset({"bucket", "versioningConfiguration.status"})

    @override
    def check(self, op: Operation, inputs: Properties, old: Properties) -> Iterable[Refusal]:
        """The status is one of two; a bucket that never had versions is not suspended."""
        configuration = inputs.get("versioningConfiguration")
        if isinstance(configuration, dict):
            path = "versioningConfiguration.status"
            status: Any = configuration.get("status")  # pyright: ignore[reportUnknownMemberType]
            yield from checks.one_of(path, status, ["Enabled", "Suspended"])

    @override
    def put(self, op: Operation, inputs: Properties) -> None:
        """PutBucketVersioning."""
        status = inputs["versioningConfiguration"]["status"]
        op.aws.s3.put_bucket_versioning(
            Bucket=inputs["bucket"], VersioningConfiguration={"Status": status}
        )

    @override
    def read(self, op: Operation, identity: str, state: Properties) -> Properties | None:
        """The status."""
        status = op.aws.s3.get_bucket_versioning(Bucket=identity).get("Status")
        if not status:
            return None
        return {"bucket": identity, "versioningConfiguration": {"status": status}}

    @override
    def delete(self, op: Operation, identity: str, state: Properties) -> None:
        """Versioning cannot be taken away, only suspended."""
        op.aws.s3.put_bucket_versioning(
            Bucket=identity, VersioningConfiguration={"Status": "Suspended"}
        )


_BLOCKS = {
    "BlockPublicAcls": "blockPublicAcls",
    "IgnorePublicAcls": "ignorePublicAcls",
    "BlockPublicPolicy": "blockPublicPolicy",
    "RestrictPublicBuckets": "restrictPublicBuckets",
}


class BucketPublicAccessBlock(_Setting):
    """``aws.s3.BucketPublicAccessBlock``."""

    resource_type = "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock"
    supported = frozenset({"bucket", "skipDestroy", *_BLOCKS.values()})
    defaults: ClassVar = dict.fromkeys(_BLOCKS.values(), False)

    @override
    def put(self, op: Operation, inputs: Properties) -> None:
        """PutPublicAccessBlock."""
        blocks = {parameter: inputs[name] for parameter, name in _BLOCKS.items()}
        op.aws.s3.put_public_access_block(
            Bucket=inputs["bucket"], PublicAccessBlockConfiguration=blocks
        )

    @override
    def read(self, op: Operation, identity: str, state: Properties) -> Properties | None:
        """The four switches."""
        response = op.aws.s3.get_public_access_block(Bucket=identity)
        blocks = response["PublicAccessBlockConfiguration"]
        found = {name: bool(blocks.get(parameter)) for parameter, name in _BLOCKS.items()}
        return {"bucket": identity, **found}

    @override
    def delete(self, op: Operation, identity: str, state: Properties) -> None:
        """DeletePublicAccessBlock."""
        if not state.get("skipDestroy"):
            op.aws.s3.delete_public_access_block(Bucket=identity)


class BucketEncryption(_Setting):
    """``aws.s3.BucketServerSideEncryptionConfiguration``."""

    resource_type = (
        "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration"
    )
    supported = frozenset(
        {
            "bucket",
            "rules.applyServerSideEncryptionByDefault.sseAlgorithm",
            "rules.applyServerSideEncryptionByDefault.kmsMasterKeyId",
            "rules.bucketKeyEnabled",
        }
    )

    @override
    def put(self, op: Operation, inputs: Properties) -> None:
        """PutBucketEncryption."""
        rules: list[dict[str, Any]] = []
        for rule in inputs["rules"]:
            default = rule.get("applyServerSideEncryptionByDefault", {})
            members = {
                "SSEAlgorithm": default.get("sseAlgorithm"),
                "KMSMasterKeyID": default.get("kmsMasterKeyId"),
            }
            chosen = {name: value for name, value in members.items() if value}
            key = (
                {"BucketKeyEnabled": rule["bucketKeyEnabled"]} if "bucketKeyEnabled" in rule else {}
            )
            rules.append({"ApplyServerSideEncryptionByDefault": chosen, **key})
        op.aws.s3.put_bucket_encryption(
            Bucket=inputs["bucket"], ServerSideEncryptionConfiguration={"Rules": rules}
        )

    @override
    def read(self, op: Operation, identity: str, state: Properties) -> Properties | None:
        """The rules."""
        response = op.aws.s3.get_bucket_encryption(Bucket=identity)
        rules: list[Properties] = []
        for rule in response["ServerSideEncryptionConfiguration"]["Rules"]:
            default = rule["ApplyServerSideEncryptionByDefault"]
            described: Properties = {"sseAlgorithm": default["SSEAlgorithm"]}
            if default.get("KMSMasterKeyID"):
                described["kmsMasterKeyId"] = default["KMSMasterKeyID"]
            rules.append(
                {
                    "applyServerSideEncryptionByDefault": described,
                    "bucketKeyEnabled": bool(rule.get("BucketKeyEnabled")),
                }
            )
        return {"bucket": identity, "rules": rules}

    @override
    def delete(self, op: Operation, identity: str, state: Properties) -> None:
        """DeleteBucketEncryption."""
        op.aws.s3.delete_bucket_encryption(Bucket=identity)


class BucketPolicy(_Setting):
    """``aws.s3.BucketPolicy``."""

    resource_type = "aws:s3/bucketPolicy:BucketPolicy"
    supported = frozenset({"bucket", "policy"})
    documents = frozenset({"policy"})

    @override
    def check(self, op: Operation, inputs: Properties, old: Properties) -> Iterable[Refusal]:
        """The policy is JSON."""
        policy = inputs.get("policy")
        if isinstance(policy, str) and not isinstance(parse_document(policy), dict):
            yield Refusal("policy", "'policy' is no JSON document; pass json.dumps(...) of one")

    @override
    def put(self, op: Operation, inputs: Properties) -> None:
        """PutBucketPolicy."""
        op.aws.s3.put_bucket_policy(Bucket=inputs["bucket"], Policy=inputs["policy"])

    @override
    def read(self, op: Operation, identity: str, state: Properties) -> Properties | None:
        """The policy."""
        policy = op.aws.s3.get_bucket_policy(Bucket=identity)["Policy"]
        return {"bucket": identity, "policy": policy}

    @override
    def delete(self, op: Operation, identity: str, state: Properties) -> None:
        """DeleteBucketPolicy."""
        op.aws.s3.delete_bucket_policy(Bucket=identity)
