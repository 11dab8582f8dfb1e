"""Lifecycle rules of S3 buckets."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from typing_extensions import override

from region.provider import checks
from region.provider.errors import CheckFailure
from region.provider.handler import Handler, found, given
from region.provider.operation import Operation
from region.provider.values import Properties

_EXPIRATION = {"Days": "days", "ExpiredObjectDeleteMarker": "expiredObjectDeleteMarker"}
_NONCURRENT = {
    "NoncurrentDays": "noncurrentDays",
    "NewerNoncurrentVersions": "newerNoncurrentVersions",
}
_ABORT = {"DaysAfterInitiation": "daysAfterInitiation"}
_PARTS = {
    "Expiration": ("expiration", _EXPIRATION),
    "NoncurrentVersionExpiration": ("noncurrentVersionExpiration", _NONCURRENT),
    "AbortIncompleteMultipartUpload": ("abortIncompleteMultipartUpload", _ABORT),
}


class BucketLifecycleConfiguration(Handler):
    """`aws.s3.BucketLifecycleConfiguration`: the rules are stored and reported.

    Their shortest period is a day, so no rule ever comes due in a rehearsal.
    """

    resource_type = "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration"
    supported = frozenset(
        {
            "bucket",
            "rules.id",
            "rules.status",
            "rules.filter.prefix",
            *(f"rules.{part}.{name}" for part, names in _PARTS.values() for name in names.values()),
        }
    )
    computed = frozenset({"transitionDefaultMinimumObjectSize"})

    @override
    def check(self, op: Operation, inputs: Properties, old: Properties) -> Iterable[CheckFailure]:
        """Check that each rule does something and has a name of its own."""
        rules = inputs.get("rules")
        if not isinstance(rules, list) or not rules:
            yield CheckFailure("rules", "a lifecycle needs at least one rule in 'rules'; add one")
            return
        listed: list[Any] = rules
        known = [rule for rule in listed if isinstance(rule, dict)]
        names: list[Any] = [rule.get("id") for rule in known]
        for rule in known:
            yield from checks.one_of("rules.status", rule.get("status"), ["Enabled", "Disabled"])
            if not any(rule.get(part) for part, _ in _PARTS.values()):
                parts = ", ".join(part for part, _ in _PARTS.values())
                reason = f"the rule {rule.get('id')!r} does nothing; set one of {parts}"
                yield CheckFailure("rules", reason)
        twice = sorted({str(name) for name in names if names.count(name) > 1})
        if twice:
            yield CheckFailure(
                "rules.id", f"several rules are named {', '.join(twice)}; rename them"
            )

    @override
    def create(self, op: Operation, inputs: Properties) -> str:
        """Call PutBucketLifecycleConfiguration; the id is the bucket's name."""
        self._put(op, inputs)
        return inputs["bucket"]

    @override
    def apply(self, op: Operation, identity: str, new: Properties, old: Properties | None) -> None:
        """Call PutBucketLifecycleConfiguration again, which replaces all rules."""
        if old is not None:
            self._put(op, new)

    def _put(self, op: Operation, inputs: Properties) -> None:
        op.aws.s3.put_bucket_lifecycle_configuration(
            Bucket=inputs["bucket"],
            LifecycleConfiguration={"Rules": [_rule(rule) for rule in inputs["rules"]]},
        )

    @override
    def read(self, op: Operation, identity: str, state: Properties) -> Properties | None:
        """Describe the rules."""
        response = op.aws.s3.get_bucket_lifecycle_configuration(Bucket=identity)
        return {
            "bucket": identity,
            "rules": [_described(rule) for rule in response["Rules"]],
            "transitionDefaultMinimumObjectSize": response.get(
                "TransitionDefaultMinimumObjectSize", "all_storage_classes_128K"
            ),
        }

    @override
    def delete(self, op: Operation, identity: str, state: Properties) -> None:
        """Call DeleteBucketLifecycle."""
        op.aws.s3.delete_bucket_lifecycle(Bucket=identity)


def _rule(rule: Properties) -> dict[str, Any]:
    parts = {
        parameter: given(names, rule[part])
        for parameter, (part, names) in _PARTS.items()
        if rule.get(part)
    }
    prefix = (rule.get("filter") or {}).get("prefix") or ""
    return {"ID": rule["id"], "Status": rule["status"], "Filter": {"Prefix": prefix}, **parts}


def _described(rule: Mapping[str, Any]) -> Properties:
    parts = {
        part: found(names, rule[parameter])
        for parameter, (part, names) in _PARTS.items()
        if rule.get(parameter)
    }
    prefix = (rule.get("Filter") or {}).get("Prefix", "")
    return {
        "id": rule.get("ID", ""),
        "status": rule["Status"],
        "filter": {"prefix": prefix},
        **parts,
    }
