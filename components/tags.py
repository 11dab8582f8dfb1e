"""Tags that every resource carries. Pure."""

from __future__ import annotations

from collections.abc import Mapping

Tags = Mapping[str, str]


def base_tags(project: str, stack: str) -> dict[str, str]:
    """Who owns a resource: enough to find and to bill everything of one stack."""
    return {"Project": project, "Stack": stack, "ManagedBy": "pulumi"}


def named(tags: Tags, name: str) -> dict[str, str]:
    """The tags plus `Name`, which AWS's console shows in lists."""
    return {**tags, "Name": name}
