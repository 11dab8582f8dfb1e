"""From a rule to its targets: SQS queues, SNS topics, log groups and event buses.

Callers hold the control plane's lock; nothing here waits.
"""

from __future__ import annotations

import json
import logging
import time
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, cast

from moto.events.models import Rule, events_backends
from moto.logs.models import logs_backends
from moto.sns.models import sns_backends
from moto.sqs.models import sqs_backends

from region import stamps
from region.services.events.targets import Arn, parse, text_for

log = logging.getLogger(__name__)

ENABLED = frozenset({"ENABLED", "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"})


def deliver(rule: Rule, event: Mapping[str, Any]) -> None:
    """Send an event to a rule's targets, if the rule is enabled and its pattern matches."""
    pattern = rule.event_pattern
    if rule.state not in ENABLED or not pattern.get_pattern():
        return
    if not pattern.matches_event(cast("Any", event)):
        return
    for target in list(rule.targets):
        try:
            _send(parse(target["Arn"]), target, event)
        except Exception as error:  # A target that is gone must not keep others from theirs.
            log.warning("rule %s: target %s failed: %s", rule.name, target["Arn"], error)
            _dead_letter(target, rule, event, error)


def with_time(event: Mapping[str, Any]) -> dict[str, Any]:
    """Return an event of PutEvents, whose time moto keeps as seconds, as EventBridge sends it."""
    found = {name: value for name, value in event.items() if name != "ingestion-time"}
    if isinstance(found.get("time"), int | float):
        found["time"] = stamps.in_seconds(datetime.fromtimestamp(float(found["time"]), UTC))
    return found


def _send(arn: Arn, target: Mapping[str, Any], event: Mapping[str, Any]) -> None:
    text = text_for(target, event)
    if arn.service == "sqs":
        group = (target.get("SqsParameters") or {}).get("MessageGroupId")
        sqs_backends[arn.account][arn.region].send_message(arn.resource, text, group_id=group)
    elif arn.service == "sns":
        sns_backends[arn.account][arn.region].publish(text, arn=str(target["Arn"]))
    elif arn.service == "logs":
        _log(arn, text)
    else:
        _forward(arn, event)


def _log(arn: Arn, text: str) -> None:
    group = arn.resource.removeprefix("log-group:").removesuffix(":*")
    backend = logs_backends[arn.account][arn.region]
    stream = str(uuid.uuid4())
    backend.create_log_stream(group, stream)
    now = int(time.time() * 1000)
    backend.put_log_events(group, stream, [{"timestamp": now, "message": text}])


def _forward(arn: Arn, event: Mapping[str, Any]) -> None:
    backend = events_backends[arn.account][arn.region]
    bus = backend.event_buses[arn.resource.removeprefix("event-bus/")]
    for rule in list(bus.rules.values()):
        deliver(rule, event)


def _dead_letter(
    target: Mapping[str, Any], rule: Rule, event: Mapping[str, Any], error: Exception
) -> None:
    queue = (target.get("DeadLetterConfig") or {}).get("Arn")
    if not queue:
        return
    arn = parse(queue)
    attributes = {
        "RULE_ARN": rule.arn,
        "TARGET_ARN": str(target["Arn"]),
        "ERROR_CODE": type(error).__name__,
        "ERROR_MESSAGE": str(error) or "The target cannot be reached.",
    }
    try:
        sqs_backends[arn.account][arn.region].send_message(
            arn.resource,
            json.dumps(event),
            message_attributes={
                name: {"DataType": "String", "StringValue": value}
                for name, value in attributes.items()
            },
        )
    except Exception as further:
        log.warning("rule %s: dead-letter queue %s failed: %s", rule.name, queue, further)
