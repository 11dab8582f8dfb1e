"""What the handlers of AWS CodeDeploy's resources share."""

from __future__ import annotations

from region.provider.handler import sync_tags, tag_list, tag_map
from region.provider.operation import Operation
from region.provider.values import Properties

PLATFORM = "Server"
"""The only compute platform of the region: EC2, and on-premises instances."""


def retag(op: Operation, arn: str, new: Properties, old: Properties | None) -> None:
    """Update the tags of a CodeDeploy resource to the new inputs."""
    deploy = op.aws.codedeploy
    sync_tags(
        new,
        old,
        lambda tags: deploy.tag_resource(ResourceArn=arn, Tags=tag_list(tags)),
        lambda keys: deploy.untag_resource(ResourceArn=arn, TagKeys=keys),
    )


def tags_of(op: Operation, arn: str) -> dict[str, str]:
    """Return the tags of a CodeDeploy resource."""
    return tag_map(op.aws.codedeploy.list_tags_for_resource(ResourceArn=arn).get("Tags"))
