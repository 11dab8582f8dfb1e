"""What the handlers of Amazon RDS's resources share."""

from __future__ import annotations

from region.provider.handler import sync_tags, tag_list, tag_map
from region.provider.operation import Operation
from region.provider.values import Properties

IN_USE = ("InvalidDBSubnetGroupStateFault", "InvalidDBParameterGroupState")
"""The error codes with which RDS refuses to delete what something else still uses."""
DEFAULT_DESCRIPTION = "Managed by Pulumi"
"""What AWS's provider sets where a program says nothing."""
IDENTIFIER = r"(?!.*--)[a-z][a-z0-9-]*(?<!-)"
IDENTIFIER_RULE = "lower-case letters, digits and single hyphens, starting with a letter"


def retag(op: Operation, arn: str, new: Properties, old: Properties | None) -> None:
    """Update the tags of an RDS resource to the new inputs."""
    rds = op.aws.rds
    sync_tags(
        new,
        old,
        lambda tags: rds.add_tags_to_resource(ResourceName=arn, Tags=tag_list(tags)),
        lambda keys: rds.remove_tags_from_resource(ResourceName=arn, TagKeys=keys),
    )


def tags_of(op: Operation, arn: str) -> dict[str, str]:
    """Return the tags of an RDS resource."""
    return tag_map(op.aws.rds.list_tags_for_resource(ResourceName=arn)["TagList"])
