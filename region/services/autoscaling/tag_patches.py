"""Calls about the tags of groups."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from moto.autoscaling.exceptions import ValidationError
from moto.autoscaling.models import FakeAutoScalingGroup
from moto.autoscaling.responses import AutoScalingResponse
from moto.core.responses import ActionResult, EmptyResult

from region.api.parameters import Parameters
from region.api.patching import Patches
from region.services.tag_keys import is_reserved

patches = Patches()

GROUP: Final = "auto-scaling-group"
_FILTERS: Final = (GROUP, "key", "value", "propagate-at-launch")
_MOST: Final = 50
"""Auto Scaling user guide, "Tag Auto Scaling groups and instances"."""


@patches.method(AutoScalingResponse)
def create_or_update_tags(self: AutoScalingResponse) -> EmptyResult:
    """Tag groups: all that the call names, or none."""
    given = Parameters(self).structures("Tags")
    wanted = [(_group(self, tag), tag) for tag in given]
    check_tags(given)
    for group, tag in wanted:
        if len({*(known["Key"] for known in group.tags), tag["Key"]}) > _MOST:
            raise ValidationError(
                f"The group {group.name} has {_MOST} tags, more are not possible."
            )
    self.autoscaling_backend.create_or_update_tags(given)
    return EmptyResult()


def check_tags(tags: Iterable[dict[str, Any]]) -> None:
    """Refuse tags of something else than groups, keys of AWS's own, and one key of a group twice.

    Raises:
        ValidationError: One of them.
    """
    seen: set[tuple[str, str]] = set()
    for tag in tags:
        one = str(tag.get("ResourceId", "")), str(tag["Key"])
        if one in seen:
            raise ValidationError(f"Duplicate tag keys are not allowed: {tag['Key']}.")
        seen.add(one)
        if tag.get("ResourceType", GROUP) != GROUP:
            raise ValidationError(f"Invalid resource type {tag['ResourceType']}: use {GROUP}.")
        if is_reserved(tag["Key"]):
            raise ValidationError(f"The tag key {tag['Key']} begins with the reserved 'aws:'.")


@patches.method(AutoScalingResponse)
def delete_tags(self: AutoScalingResponse) -> EmptyResult:
    """Remove tags by their keys; one that a group has not is removed already."""
    given = Parameters(self).structures("Tags")
    for tag in given:
        _group(self, tag)
    self.autoscaling_backend.delete_tags(given)
    return EmptyResult()


@patches.method(AutoScalingResponse)
def describe_tags(self: AutoScalingResponse) -> ActionResult:
    """Describe the tags that all filters let through."""
    given = Parameters(self)
    found: list[dict[str, Any]] = [
        tag for group in self.autoscaling_backend.autoscaling_groups.values() for tag in group.tags
    ]
    for condition in given.structures("Filters"):
        name, values = str(condition.get("Name")), condition.get("Values") or []
        if name not in _FILTERS:
            raise ValidationError(f"Filter type {name} is not valid: use {', '.join(_FILTERS)}.")
        found = [tag for tag in found if _seen(tag, name) in values]
    return ActionResult({"Tags": found})


def _seen(tag: dict[str, Any], name: str) -> str:
    """Return what a filter compares of a tag."""
    if name == GROUP:
        return str(tag["ResourceId"])
    if name == "propagate-at-launch":
        return str(tag.get("PropagateAtLaunch", False)).lower()
    return str(tag.get(name.capitalize(), ""))


def _group(response: AutoScalingResponse, tag: dict[str, Any]) -> FakeAutoScalingGroup:
    found = response.autoscaling_backend.autoscaling_groups.get(str(tag.get("ResourceId")))
    if found is None:
        raise ValidationError(f"AutoScalingGroup name not found - {tag.get('ResourceId')}")
    return found
