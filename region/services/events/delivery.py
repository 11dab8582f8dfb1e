"""From a rule to its targets: SQS queues, SNS topics, log groups and event buses.

Callers hold the control plane's lock; nothing here waits.
"""

from __future__ import annotations

import json
import logging
import time
import uuid
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, cast

from moto.events.models import Rule, events_backends
from moto.logs.models import logs_backends
from moto.sns.models import sns_backends
from moto.sqs.models import Queue, sqs_backends

from region.services import permissions, resource_policies, roles
from region.services.events.targets import Arn, parse, text_for
from region.time_formats import stamps

log = logging.getLogger(__name__)

ENABLED = frozenset({"ENABLED", "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"})
_PRINCIPAL = "events.amazonaws.com"
_OF_LOGS = "delivery.logs.amazonaws.com"


class UndeliverableError(Exception):
    """A target that gets nothing.

    Attributes:
        code: EventBridge's word for it, as a dead-letter queue has it.
    """

    def __init__(self, code: str, message: str) -> None:
        """Return what a dead-letter queue receives."""
        super().__init__(message)
        self.code = code


def deliver(rule: Rule, event: Mapping[str, Any]) -> None:
    """Send an event to a rule's targets, if the rule is enabled and its pattern matches."""
    pattern = rule.event_pattern
    if rule.state not in ENABLED or not pattern.get_pattern():
        return
    if pattern.matches_event(cast("Any", event)):
        _send_to_all(rule, event)


def send_scheduled(rule: Rule, event: Mapping[str, Any]) -> None:
    """Send what a rule's schedule has made to its targets, if the rule is enabled."""
    if rule.state in ENABLED:
        _send_to_all(rule, event)


def _send_to_all(rule: Rule, event: Mapping[str, Any]) -> None:
    for target in list(rule.targets):
        try:
            _send(rule, parse(target["Arn"]), target, event)
        except Exception as error:  # A target that is gone must not keep others from theirs.
            log.warning("rule %s: target %s failed: %s", rule.name, target["Arn"], error)
            _dead_letter(target, rule, event, error)


def with_time(event: Mapping[str, Any]) -> dict[str, Any]:
    """Return an event of PutEvents, whose time moto keeps as seconds, as EventBridge sends it."""
    found = {name: value for name, value in event.items() if name != "ingestion-time"}
    if isinstance(found.get("time"), int | float):
        found["time"] = stamps.in_seconds(datetime.fromtimestamp(float(found["time"]), UTC))
    return found


def _send(rule: Rule, arn: Arn, target: Mapping[str, Any], event: Mapping[str, Any]) -> None:
    text = text_for(target, event)
    if arn.service == "sqs":
        _require(rule, target, "sqs:SendMessage", _queue(arn).policy)
        group = (target.get("SqsParameters") or {}).get("MessageGroupId")
        sqs_backends[arn.account][arn.region].send_message(arn.resource, text, group_id=group)
    elif arn.service == "sns":
        backend = sns_backends[arn.account][arn.region]
        topic = backend.topics.get(str(target["Arn"]))
        if topic is None:
            raise UndeliverableError("NO_RESOURCE", "Topic does not exist")
        _require(rule, target, "sns:Publish", topic.policy)
        backend.publish(text, arn=str(target["Arn"]))
    elif arn.service == "logs":
        _log(rule, arn, target, text)
    else:
        _forward(arn, event)


def _queue(arn: Arn) -> Queue:
    found = sqs_backends[arn.account][arn.region].queues.get(arn.resource)
    if found is None:
        raise UndeliverableError("NO_RESOURCE", "The specified queue does not exist.")
    return found


def _require(
    rule: Rule,
    target: Mapping[str, Any],
    action: str,
    *policies: str | None,
    services: Sequence[str] = (_PRINCIPAL,),
) -> None:
    """Refuse what neither a policy of the target nor the target's role lets EventBridge do.

    Raises:
        UndeliverableError: It may not.
    """
    resource = str(target["Arn"])
    account = parse(str(rule.arn)).account
    context = {"aws:SourceArn": str(rule.arn), "aws:SourceAccount": account}
    if any(
        resource_policies.admits(
            policy or "", service=service, action=action, resource=resource, context=context
        )
        for policy in policies
        for service in services
    ):
        return
    role = roles.find(account, str(target.get("RoleArn") or ""))
    if role is not None and permissions.permit(
        tuple(permissions.documents_of(role)), (action,), resource
    ):
        return
    raise UndeliverableError("NO_PERMISSIONS", f"{_PRINCIPAL} may not {action} on {resource}")


def _log(rule: Rule, arn: Arn, target: Mapping[str, Any], text: str) -> None:
    group = arn.resource.removeprefix("log-group:").removesuffix(":*")
    backend = logs_backends[arn.account][arn.region]
    if group not in backend.groups:
        raise UndeliverableError("NO_RESOURCE", "The specified log group does not exist.")
    policies = [one.policy_document for one in backend.resource_policies.values()]
    # The policy names the streams in the group.
    streams = {**target, "Arn": f"{str(target['Arn']).removesuffix(':*')}:*"}
    services = (_PRINCIPAL, _OF_LOGS)
    for action in ("logs:CreateLogStream", "logs:PutLogEvents"):
        _require(rule, streams, action, *policies, services=services)
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
        "ERROR_CODE": error.code if isinstance(error, UndeliverableError) else "SDK_CLIENT_ERROR",
        "ERROR_MESSAGE": str(error) or "The target cannot be reached.",
    }
    try:
        _require(rule, {"Arn": queue}, "sqs:SendMessage", _queue(arn).policy)
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
