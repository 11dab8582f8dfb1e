"""KMS keys."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import ClassVar

from botocore.exceptions import ClientError
from typing_extensions import override

from region.provider import checks
from region.provider.errors import CheckFailure, error_code
from region.provider.handler import (
    Handler,
    changed,
    given,
    sync_tags,
)
from region.provider.operation import Operation
from region.provider.values import Properties


class Key(Handler):
    """`aws.kms.Key`, symmetric."""

    resource_type = "aws:kms/key:Key"
    supported = frozenset(
        {"description", "policy", "enableKeyRotation", "deletionWindowInDays", "tags"}
    )
    defaults: ClassVar = {"enableKeyRotation": False}
    documents = frozenset({"policy"})
    computed = frozenset({"description", "policy"})

    @override
    def check(self, op: Operation, inputs: Properties, old: Properties) -> Iterable[CheckFailure]:
        """Check the waiting period before a key is deleted."""
        window = inputs.get("deletionWindowInDays")
        yield from checks.within("deletionWindowInDays", window, 7, 30, " days")

    @override
    def create(self, op: Operation, inputs: Properties) -> str:
        """Call CreateKey."""
        response = op.aws.kms.create_key(
            Tags=_key_tags(inputs.get("tags") or {}),
            **given({"Description": "description", "Policy": "policy"}, inputs),
        )
        return response["KeyMetadata"]["KeyId"]

    @override
    def apply(self, op: Operation, identity: str, new: Properties, old: Properties | None) -> None:
        """Set the rotation, and on an update the policy, description and tags."""
        kms, key = op.aws.kms, {"KeyId": identity}
        if bool(new["enableKeyRotation"]) != bool((old or {}).get("enableKeyRotation")):
            (kms.enable_key_rotation if new["enableKeyRotation"] else kms.disable_key_rotation)(
                **key
            )
        if old is None:
            return
        if changed(new, old, "policy") and new.get("policy"):
            kms.put_key_policy(**key, PolicyName="default", Policy=new["policy"])
        if changed(new, old, "description"):
            kms.update_key_description(**key, Description=new.get("description") or "")
        sync_tags(
            new,
            old,
            lambda tags: kms.tag_resource(**key, Tags=_key_tags(tags)),
            lambda keys: kms.untag_resource(**key, TagKeys=keys),
        )

    @override
    def read(self, op: Operation, identity: str, state: Properties) -> Properties | None:
        """Describe the key; one that is pending deletion counts as gone."""
        kms, key = op.aws.kms, {"KeyId": identity}
        metadata = kms.describe_key(**key)["KeyMetadata"]
        if metadata["KeyState"] == "PendingDeletion":
            return None
        tags = kms.list_resource_tags(**key).get("Tags") or []
        return {
            "keyId": metadata["KeyId"],
            "arn": metadata["Arn"],
            "description": metadata.get("Description", ""),
            "policy": kms.get_key_policy(**key, PolicyName="default")["Policy"],
            "enableKeyRotation": kms.get_key_rotation_status(**key)["KeyRotationEnabled"],
            "tags": {tag["TagKey"]: tag["TagValue"] for tag in tags},
        }

    @override
    def delete(self, op: Operation, identity: str, state: Properties) -> None:
        """Call ScheduleKeyDeletion: AWS never deletes a key immediately, and refuses to a second time."""
        window = state.get("deletionWindowInDays", 30)
        try:
            op.aws.kms.schedule_key_deletion(KeyId=identity, PendingWindowInDays=window)
        except ClientError as error:
            if error_code(error) != "KMSInvalidStateException":
                raise


def _key_tags(tags: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"TagKey": key, "TagValue": value} for key, value in tags.items()]
