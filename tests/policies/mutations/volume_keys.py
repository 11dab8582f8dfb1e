"""What breaks the rule about the keys of volumes."""

from __future__ import annotations

from tests.policies.draft import Ref
from tests.policies.mutations.privileges import document
from tests.policies.mutations.registry import BREAKS, KEEPS, breaks, decides

OWN = {
    "Effect": "Allow",
    "Principal": {"AWS": "arn:aws:iam::123456789012:root"},
    "Action": "kms:*",
    "Resource": "*",
}
ROLE = "role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling"
SCALING = {**OWN, "Principal": {"AWS": f"arn:aws:iam::123456789012:{ROLE}"}}


def encrypted(stack, policy=None):
    """Encrypt the volumes with a key of the stack."""
    given = {"enableKeyRotation": True}
    stack.add("disks", "aws:kms/key:Key", given if policy is None else {**given, "policy": policy})
    stack.set("template", "blockDeviceMappings.0.ebs.kmsKeyId", Ref("disks", "arn"))


decides(
    "asg-may-use-volume-key",
    "disks",
    "policy",
    absent=BREAKS,
    unknown=KEEPS,
    given=lambda stack: encrypted(stack, document(OWN, SCALING)),
)


@breaks("asg-may-use-volume-key")
def key_with_the_default_policy(stack):
    encrypted(stack)


@breaks("asg-may-use-volume-key")
def key_for_the_account_only(stack):
    encrypted(stack, document(OWN))


def _queue(stack, **key):
    stack.add("key", "aws:kms/key:Key", {"enableKeyRotation": True, **key})
    stack.add("jobs", "aws:sqs/queue:Queue", {"kmsMasterKeyId": Ref("key", "arn")})


@breaks("kms-key-enabled")
def queue_by_a_key_that_is_switched_off(stack):
    _queue(stack, isEnabled=False)


decides("kms-key-enabled", "key", "isEnabled", absent=KEEPS, unknown=KEEPS, given=_queue)


@breaks("kms-key-enabled")
def files_by_a_key_that_expires(stack):
    stack.add(
        "imported",
        "aws:kms/externalKey:ExternalKey",
        {"keyMaterialBase64": "$(from the vault)", "validTo": "2028-01-01T00:00:00Z"},
    )
    stack.add("jobs", "aws:sqs/queue:Queue", {"kmsMasterKeyId": Ref("imported", "arn")})
