"""Calls about notifications of a group's activities."""

from __future__ import annotations

from typing import Any

from moto.autoscaling.exceptions import ValidationError
from moto.autoscaling.responses import AutoScalingResponse
from moto.core.responses import ActionResult, EmptyResult
from moto.sns.models import sns_backends

from region.api.parameters import Parameters
from region.api.patching import Patches
from region.services.autoscaling import announcements
from region.services.autoscaling.groups import refuse_if_deleting, require_group
from region.services.autoscaling.records import GroupRecord

MOST_TOPICS = 10
"""Of a group (Auto Scaling quotas)."""

patches = Patches()


@patches.method(AutoScalingResponse)
def put_notification_configuration(self: AutoScalingResponse) -> EmptyResult:
    """Let a topic have a group's activities of some types; it gets a test notification."""
    backend = self.autoscaling_backend
    given = Parameters(self)
    group = require_group(backend, given.text("AutoScalingGroupName"))
    refuse_if_deleting(group)
    topic, kinds = given.text("TopicARN"), given.texts("NotificationTypes")
    for kind in kinds:
        if kind not in announcements.TYPES:
            raise ValidationError(
                f'"{kind}" is not a valid Notification Type: use one of '
                f"{', '.join(announcements.TYPES)}."
            )
    if not kinds:
        raise ValidationError("NotificationTypes must have at least one element.")
    if topic not in sns_backends[backend.account_id][backend.region_name].topics:
        raise ValidationError(f"Unable to publish test message to notification target {topic}.")
    known = GroupRecord.of(group).notifications
    if topic not in known and len(known) >= MOST_TOPICS:
        raise ValidationError(f"A group has at most {MOST_TOPICS} topics: delete one of them.")
    known[topic] = kinds
    announcements.send(backend, group, topic, announcements.TEST, {})
    return EmptyResult()


@patches.method(AutoScalingResponse)
def describe_notification_configurations(self: AutoScalingResponse) -> ActionResult:
    """Describe which topics get what, an entry for each type."""
    given = Parameters(self)
    names = given.texts("AutoScalingGroupNames")
    found: list[dict[str, Any]] = [
        {"AutoScalingGroupName": group.name, "TopicARN": topic, "NotificationType": kind}
        for group in self.autoscaling_backend.autoscaling_groups.values()
        if not names or group.name in names
        for topic, kinds in GroupRecord.of(group).notifications.items()
        for kind in kinds
    ]
    return ActionResult({"NotificationConfigurations": found})


@patches.method(AutoScalingResponse)
def delete_notification_configuration(self: AutoScalingResponse) -> EmptyResult:
    """Take a group's topic away."""
    given = Parameters(self)
    group = require_group(self.autoscaling_backend, given.text("AutoScalingGroupName"))
    topic = given.text("TopicARN")
    if GroupRecord.of(group).notifications.pop(topic, None) is None:
        raise ValidationError(f"Notification configuration not found: {topic} of {group.name}.")
    return EmptyResult()


@patches.method(AutoScalingResponse)
def describe_auto_scaling_notification_types(self: AutoScalingResponse) -> ActionResult:
    """List the types of notifications."""
    del self
    return ActionResult({"AutoScalingNotificationTypes": list(announcements.TYPES)})
