"""What a lifecycle hook tells others: an event of EventBridge, and a message to its own target.

https://docs.aws.amazon.com/autoscaling/ec2/userguide/prepare-for-lifecycle-notifications.html
Callers hold the control plane's lock.
"""

from __future__ import annotations

import json
import logging
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from moto.autoscaling.models import (
    AutoScalingBackend,
    FakeAutoScalingGroup,
    InstanceState,
    LifecycleHook,
)
from moto.sns.models import sns_backends
from moto.sqs.models import sqs_backends

from region.services.autoscaling import announcements, groups
from region.time_formats import stamps

log = logging.getLogger(__name__)

_EVENTS = {
    groups.LAUNCHING_TRANSITION: "EC2 Instance-launch Lifecycle Action",
    groups.TERMINATING_TRANSITION: "EC2 Instance-terminate Lifecycle Action",
}


class UnreachableTargetError(Exception):
    """A notification target that a message cannot be sent to."""


def action_begun(
    backend: AutoScalingBackend,
    group: FakeAutoScalingGroup,
    hook: LifecycleHook,
    member: InstanceState,
    token: str,
) -> None:
    """Tell that an instance waits for a hook."""
    transition = str(hook.lifecycle_transition)
    origin, destination = announcements.way_of(
        group, member, terminates=transition == groups.TERMINATING_TRANSITION
    )
    detail = {
        "LifecycleActionToken": token,
        "AutoScalingGroupName": group.name,
        "LifecycleHookName": hook.name,
        "EC2InstanceId": member.instance.id,
        "LifecycleTransition": transition,
        "Origin": origin,
        "Destination": destination,
    }
    metadata = vars(hook).get("notification_metadata")
    if metadata:
        detail["NotificationMetadata"] = str(metadata)
    announcements.emit(backend, _EVENTS[transition], detail, [group.arn])
    target = str(vars(hook).get("notification_target_arn") or "")
    if target:
        try:
            _send(backend, target, detail)
        except UnreachableTargetError as error:
            log.warning("group %s, hook %s: %s", group.name, hook.name, error)


def test_target(backend: AutoScalingBackend, group: FakeAutoScalingGroup, target: str) -> None:
    """Send the message that Auto Scaling sends to a hook's new target.

    Raises:
        UnreachableTargetError: If it cannot be sent.
    """
    message = {
        "AutoScalingGroupARN": group.arn,
        "AutoScalingGroupName": group.name,
        "Event": announcements.TEST,
    }
    _send(backend, target, message)


def _send(backend: AutoScalingBackend, target: str, message: Mapping[str, Any]) -> None:
    text = json.dumps(
        {
            **message,
            "AccountId": backend.account_id,
            "RequestId": str(uuid.uuid4()),
            "Service": "AWS Auto Scaling",
            "Time": stamps.in_milliseconds(datetime.now(UTC)),
        }
    )
    service, name = target.split(":")[2:3], target.rpartition(":")[2]
    account, where = backend.account_id, backend.region_name
    try:
        if service == ["sqs"]:
            sqs_backends[account][where].send_message(name, text)
        elif service == ["sns"]:
            sns_backends[account][where].publish(text, arn=target)
        else:
            raise UnreachableTargetError(f"{target} is neither an SQS queue nor an SNS topic.")
    except UnreachableTargetError:
        raise
    except Exception as error:
        raise UnreachableTargetError(f"{target}: {error}") from error
