"""What the handlers of Amazon EC2's resources share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from region.provider.handler import sync_tags, tag_list
from region.provider.operation import Operation
from region.provider.values import Properties

IN_USE = ("DependencyViolation", "InvalidGroup.InUse", "ResourceInUse")
"""The error codes with which EC2 refuses to delete what something else still uses."""


def tag_specifications(kind: str, tags: Mapping[str, str] | None) -> list[dict[str, Any]]:
    """Return the `TagSpecifications` parameter, empty without tags."""
    return [{"ResourceType": kind, "Tags": tag_list(tags)}] if tags else []


def retag(op: Operation, identity: str, new: Properties, old: Properties | None) -> None:
    """Update an EC2 resource's tags to the new inputs."""
    ec2 = op.aws.ec2
    sync_tags(
        new,
        old,
        lambda tags: ec2.create_tags(Resources=[identity], Tags=tag_list(tags)),
        lambda keys: ec2.delete_tags(Resources=[identity], Tags=[{"Key": key} for key in keys]),
    )
