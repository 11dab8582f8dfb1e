"""EventBridge and SNS as AWS has them, where moto differs.

moto's rules know neither SNS topics nor a disabled state, and its topics send to HTTP endpoints inside
of the call. A rule here reaches queues, topics, log groups and buses; a target or schedule that nothing
would serve is refused.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from cryptography.hazmat.primitives.asymmetric import rsa
from moto.events.exceptions import ValidationException
from moto.events.models import EventsBackend, Rule
from moto.sns.exceptions import SNSInvalidParameter
from moto.sns.models import SNSBackend, Subscription, Topic

from region.addresses import GuardError
from region.api.patching import Original, Patches
from region.services.events import delivery, http_subscriptions
from region.services.events.targets import DELIVERED_TO, parse

UNSUPPORTED = (
    "AppSyncParameters",
    "BatchParameters",
    "EcsParameters",
    "HttpParameters",
    "KinesisParameters",
    "RedshiftDataParameters",
    "RunCommandParameters",
    "SageMakerPipelineParameters",
)

HTTP = frozenset({"http", "https"})

patches = Patches()


def install() -> None:
    """Patch moto's EventBridge and SNS."""
    patches.install()


@patches.method(Rule)
def send_to_targets(self: Rule, original_event: Any, transform_input: bool = True) -> None:
    """Deliver an event of PutEvents."""
    del transform_input
    delivery.deliver(self, delivery.with_time(original_event))


@patches.around(EventsBackend, "put_rule")
def _put_rule(moto: Original, self: EventsBackend, *args: object, **kwargs: object) -> Rule:
    """Refuse a schedule: nothing would run it."""
    if kwargs.get("scheduled_expression"):
        raise NotImplementedError(
            "ScheduleExpression: rules react to events only; for a group's capacity use "
            "PutScheduledUpdateGroupAction of Auto Scaling"
        )
    rule: Rule = moto(self, *args, **kwargs)
    return rule


@patches.around(EventsBackend, "put_targets")
def _put_targets(
    moto: Original,
    self: EventsBackend,
    name: str,
    event_bus_arn: str | None,
    targets: list[dict[str, Any]],
) -> None:
    """Refuse targets that the region does not deliver to."""
    for target in targets:
        _check_target(target)
    moto(self, name, event_bus_arn, targets)


def _check_target(target: dict[str, Any]) -> None:
    arn = str(target.get("Arn"))
    try:
        service = parse(arn).service
    except ValueError as error:
        message = f"Parameter {arn} is not valid. Reason: Provided Arn is not in correct format."
        raise ValidationException(message) from error
    if service not in DELIVERED_TO:
        raise ValidationException(
            f"Parameter Arn {arn} is not valid. Reason: the local region delivers events to SQS "
            "queues, SNS topics, log groups and event buses only."
        )
    for name in UNSUPPORTED:
        if target.get(name):
            raise NotImplementedError(f"{name} of a target: send the event to an SQS queue instead")


@patches.around(SNSBackend, "subscribe")
def _subscribe(
    moto: Original, self: SNSBackend, topic_arn: str, endpoint: str, protocol: str
) -> Subscription:
    """Refuse an HTTP endpoint on another computer."""
    if protocol in HTTP:
        try:
            http_subscriptions.check(endpoint)
        except GuardError as error:
            raise SNSInvalidParameter(f"Invalid parameter: Endpoint Reason: {error}") from error
    made: Subscription = moto(self, topic_arn, endpoint, protocol)
    return made


@patches.around(Subscription, "publish")
def _publish(
    moto: Original,
    self: Subscription,
    message: str,
    message_id: str,
    subject: str | None = None,
    **kwargs: Any,
) -> None:
    """Post to an HTTP endpoint outside of the call: it may take its time to answer."""
    if self.protocol not in HTTP:
        moto(self, message, message_id, subject=subject, **kwargs)
        return
    matcher = self._filter_policy_matcher  # pyright: ignore[reportPrivateUsage]
    attributes = kwargs.get("message_attributes")
    if matcher is None or matcher.matches(attributes, message):
        body = self.get_post_data(message, message_id, subject)
        http_subscriptions.post(self.endpoint, body)


@patches.around(Topic, "publish")
def _publish_to_topic(moto: Original, self: Topic, *args: object, **kwargs: object) -> str:
    """Forget what was sent: nothing here reads it, and a region may run for days."""
    message_id: str = moto(self, *args, **kwargs)
    self.sent_notifications.clear()
    return message_id


@patches.method(Subscription, "private_key")
def _private_key(self: Subscription) -> rsa.RSAPrivateKey:
    """Sign all topics' messages with one key: making one takes longer than a request may."""
    del self
    return _signing_key()


@cache
def _signing_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)
