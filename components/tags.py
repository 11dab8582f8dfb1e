"""Tags of every resource. Pure."""

from __future__ import annotations

from collections.abc import Mapping

Tags = Mapping[str, str]


def base_tags(project: str, stack: str) -> dict[str, str]:
    """Return the tags by which everything of one stack can be found and billed."""
    return {"Project": project, "Stack": stack, "ManagedBy": "pulumi"}


def named(tags: Tags, name: str) -> dict[str, str]:
    """Return the tags plus `Name`, which the AWS console shows in lists."""
    return {**tags, "Name": name}
