"""What a group tells others: SNS notifications of its activities, and events of EventBridge.

Callers hold the control plane's lock.
"""

from __future__ import annotations

import json
import logging
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from moto.autoscaling.models import AutoScalingBackend, FakeAutoScalingGroup, InstanceState
from moto.sns.models import sns_backends

from region.services.autoscaling.records import Activity, GroupRecord, MemberRecord, members_of
from region.services.ec2 import arns
from region.services.events.emission import bus_of, publish
from region.time_formats import stamps

log = logging.getLogger(__name__)

LAUNCH, LAUNCH_ERROR = "autoscaling:EC2_INSTANCE_LAUNCH", "autoscaling:EC2_INSTANCE_LAUNCH_ERROR"
TERMINATE = "autoscaling:EC2_INSTANCE_TERMINATE"
TERMINATE_ERROR = "autoscaling:EC2_INSTANCE_TERMINATE_ERROR"
TEST = "autoscaling:TEST_NOTIFICATION"
TYPES = (LAUNCH, LAUNCH_ERROR, TERMINATE, TERMINATE_ERROR, TEST)

_EVENTS = {
    LAUNCH: "EC2 Instance Launch Successful",
    LAUNCH_ERROR: "EC2 Instance Launch Unsuccessful",
    TERMINATE: "EC2 Instance Terminate Successful",
    TERMINATE_ERROR: "EC2 Instance Terminate Unsuccessful",
}
_SUBJECTS = {
    LAUNCH: "launch",
    LAUNCH_ERROR: "failed launch",
    TERMINATE: "termination",
    TERMINATE_ERROR: "failed termination",
    TEST: "test notification",
}
LAUNCHING, TERMINATING = "Launching a new EC2 instance", "Terminating EC2 instance"
"""How the descriptions of activities begin."""


def activity_ended(backend: AutoScalingBackend, activity: Activity) -> None:
    """Tell of an activity that has succeeded or failed."""
    group = backend.autoscaling_groups.get(activity.auto_scaling_group_name)
    kind = _kind(activity)
    if group is None or not kind:
        return
    instance_id = activity.description.rpartition(": ")[2]
    instance_id = instance_id if instance_id.startswith("i-") else ""
    detail = _detail(group, activity, instance_id)
    arn = arns.of_instance(backend.region_name, backend.account_id, instance_id)
    resources = [group.arn, arn] if instance_id else [group.arn]
    terminates = kind in {TERMINATE, TERMINATE_ERROR}
    member = next((one for one in members_of(group) if one.instance.id == instance_id), None)
    origin, destination = way_of(group, member, terminates=terminates)
    emit(backend, _EVENTS[kind], detail | {"Origin": origin, "Destination": destination}, resources)
    notify(backend, group, kind, detail)


def way_of(
    group: FakeAutoScalingGroup, member: InstanceState | None, *, terminates: bool
) -> tuple[str, str]:
    """Return origin and destination of an instance that is launched or terminated.

    https://docs.aws.amazon.com/autoscaling/ec2/userguide/warm-pools-eventbridge-events.html
    """
    is_warm = member is not None and member in GroupRecord.of(group).warm
    inside = "WarmPool" if is_warm else "AutoScalingGroup"
    if terminates:
        returns = member is not None and MemberRecord.of(member).to_warm_pool
        return inside, "WarmPool" if returns else "EC2"
    from_pool = member is not None and not is_warm and MemberRecord.of(member).from_warm_pool
    return "WarmPool" if from_pool else "EC2", inside


def emit(
    backend: AutoScalingBackend,
    detail_type: str,
    detail: Mapping[str, Any],
    resources: list[str],
) -> None:
    """Emit an event of Auto Scaling."""
    bus = bus_of(backend.account_id, backend.region_name)
    publish(bus, "aws.autoscaling", detail_type, detail, resources)


def notify(
    backend: AutoScalingBackend, group: FakeAutoScalingGroup, kind: str, detail: Mapping[str, Any]
) -> None:
    """Publish a notification to the group's topics that want this kind."""
    for topic, kinds in list(GroupRecord.of(group).notifications.items()):
        if kind in kinds or kind == TEST:
            send(backend, group, topic, kind, detail)


def send(
    backend: AutoScalingBackend,
    group: FakeAutoScalingGroup,
    topic: str,
    kind: str,
    detail: Mapping[str, Any],
) -> None:
    """Publish a notification to a topic; a topic that is gone is logged."""
    message = {
        **detail,
        "AccountId": backend.account_id,
        "AutoScalingGroupARN": group.arn,
        "AutoScalingGroupName": group.name,
        "Event": kind,
        "Service": "AWS Auto Scaling",
        "Time": stamps.in_milliseconds(datetime.now(UTC)),
    }
    message.setdefault("RequestId", str(uuid.uuid4()))
    subject = f'Auto Scaling: {_SUBJECTS[kind]} for group "{group.name}"'[:100]
    try:
        sns = sns_backends[backend.account_id][backend.region_name]
        sns.publish(json.dumps(message), arn=topic, subject=subject)
    except Exception as error:
        log.warning("group %s: notification to %s failed: %s", group.name, topic, error)


def _kind(activity: Activity) -> str:
    failed = activity.status_code != "Successful"
    if activity.description.startswith(LAUNCHING):
        return LAUNCH_ERROR if failed else LAUNCH
    if activity.description.startswith(TERMINATING):
        return TERMINATE_ERROR if failed else TERMINATE
    return ""


def _detail(group: FakeAutoScalingGroup, activity: Activity, instance_id: str) -> dict[str, Any]:
    instance = group.ec2_backend.get_instance_by_id(instance_id) if instance_id else None
    details: dict[str, str] = {}
    if instance is not None:
        details = {
            "Subnet ID": str(instance.subnet_id or ""),
            "Availability Zone": str(instance.placement.zone or ""),
        }
    ended = activity.end_time or datetime.now(UTC)
    # In these AWS gives the progress of the moment at which the instance itself was ready.
    failed = activity.status_code != "Successful"
    return {
        "ActivityId": activity.activity_id,
        "AutoScalingGroupName": group.name,
        "Cause": activity.cause,
        "Description": activity.description,
        "Details": details,
        "EC2InstanceId": instance_id,
        "EndTime": stamps.in_milliseconds(ended),
        "Progress": 100 if failed else 50,
        "RequestId": activity.activity_id,
        "StartTime": stamps.in_milliseconds(activity.start_time),
        "StatusCode": "Failed" if failed else "InProgress",
        "StatusMessage": activity.status_message or "",
    }
