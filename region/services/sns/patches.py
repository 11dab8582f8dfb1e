"""SNS as AWS has it, where moto differs: what it refuses, and what a subscriber can do to a publisher.

moto's topics send to HTTP endpoints inside of the call, and one dead subscriber fails the publisher.
"""

from __future__ import annotations

import inspect
import json
import logging
import re
from collections.abc import Callable, Collection, Mapping
from typing import Any, Final, cast

from moto.core.exceptions import ServiceException
from moto.core.responses import ActionResult
from moto.core.utils import camelcase_to_underscores
from moto.sns.exceptions import SNSInvalidParameter, TopicNotFound
from moto.sns.models import SNSBackend, Subscription, Topic
from moto.sns.responses import SNSResponse
from moto.sqs.models import sqs_backends

from region.api.parameters import Parameters
from region.api.patching import Original, Patches
from region.loopback.addresses import GuardError
from region.services import resource_policies
from region.services.sns import delivery_policy, http_subscriptions, message_checks, messages

log = logging.getLogger(__name__)
patches = Patches()

HTTP: Final = frozenset({"http", "https"})
_READ_BY_PEOPLE: Final = frozenset({"email", "email-json", "sms"})
_EMAIL: Final = frozenset({"email", "email-json"})
_ADDRESS: Final = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]+")
_ABSENT: Final = frozenset({"application", "firehose", "lambda"})
"""Protocols of services that the region does not have."""
_PROTOCOLS: Final = HTTP | _READ_BY_PEOPLE | _ABSENT | {"sqs"}
_TOPIC: Final = re.compile(r"arn:[a-z-]+:sns:[a-z0-9-]+:\d{12}:[A-Za-z0-9_.-]+")
_FEEDBACK: Final = re.compile(
    r"(Application|Firehose|HTTP|Lambda|SQS)(SuccessFeedbackRoleArn|SuccessFeedbackSampleRate|FailureFeedbackRoleArn)"
)
_TOPIC_ATTRIBUTES: Final = frozenset(
    {
        "ArchivePolicy",
        "ContentBasedDeduplication",
        "DeliveryPolicy",
        "DisplayName",
        "FifoThroughputScope",
        "KmsMasterKeyId",
        "Policy",
        "SignatureVersion",
        "TracingConfig",
    }
)
"""Those that can be changed (API reference, SetTopicAttributes)."""
_AT_CREATION: Final = _TOPIC_ATTRIBUTES | {"FifoTopic"}
_WITHOUT_EFFECT: Final[Mapping[str, tuple[str, str]]] = {
    "ArchivePolicy": ("", "messages are not kept: leave it out"),
    "SignatureVersion": ("2", "messages are signed with SHA256, which is version 2"),
    "TracingConfig": ("PassThrough", "there is no X-Ray: leave it out"),
}
"""Attributes of topics of which the region does one value, and why."""
_FILTER: Final = "FilterPolicy"
_SCOPE: Final = "FilterPolicyScope"
_SCOPES: Final = ("MessageBody", "MessageAttributes")
_DELIVERY: Final = "DeliveryPolicy"
_RAW: Final = "RawMessageDelivery"
_REDRIVE: Final = "RedrivePolicy"


def install() -> None:
    """Patch moto's SNS."""
    patches.install()


@patches.around(SNSBackend, "get_topic")
def _get_topic(moto: Original, self: SNSBackend, arn: str) -> Topic:
    """Find a topic by what is the ARN of one."""
    if not _TOPIC.fullmatch(arn):
        raise SNSInvalidParameter("Invalid parameter: TopicArn")
    found: Topic = moto(self, arn)
    return found


@patches.around(SNSBackend, "subscribe")
def _subscribe(
    moto: Original, self: SNSBackend, topic_arn: str, endpoint: str, protocol: str
) -> Subscription:
    """Refuse a protocol that there is none of, and an HTTP endpoint on another computer."""
    if protocol not in _PROTOCOLS:
        raise SNSInvalidParameter(
            f"Invalid parameter: Amazon SNS does not support this protocol string: {protocol}"
        )
    if protocol in _ABSENT:
        raise NotImplementedError(
            f"Protocol {protocol!r} of a subscription: subscribe an SQS queue or an HTTP endpoint"
        )
    if protocol in _EMAIL and not _ADDRESS.fullmatch(endpoint):
        raise SNSInvalidParameter("Invalid parameter: Email address")
    if protocol in HTTP and not endpoint.lower().startswith(f"{protocol}://"):
        raise SNSInvalidParameter("Invalid parameter: Endpoint must match the specified protocol")
    if protocol in HTTP:
        try:
            http_subscriptions.check(endpoint)
        except GuardError as error:
            raise SNSInvalidParameter(f"Invalid parameter: Endpoint Reason: {error}") from error
    made: Subscription = moto(self, topic_arn, endpoint, protocol)
    return made


@patches.around(SNSResponse, "subscribe")
def _subscribe_call(moto: Original, self: SNSResponse) -> object:
    """Refuse a wrong filter before the subscription is made."""
    attributes = cast("Mapping[str, Any]", self._get_attributes() or {})  # pyright: ignore[reportPrivateUsage]
    for name, value in attributes.items():
        _check_subscription(name, str(value))
    return moto(self)


@patches.around(SNSResponse, "set_subscription_attributes")
def _set_subscription_attributes(moto: Original, self: SNSResponse) -> object:
    given = Parameters(self)
    _check_subscription(given.text("AttributeName"), given.text("AttributeValue"))
    return moto(self)


@patches.around(SNSBackend, "set_subscription_attributes")
def _set_subscription_attribute(
    moto: Original, self: SNSBackend, arn: str, name: str, value: Any
) -> None:
    """Let a new scope count for the filter that is there."""
    moto(self, arn, name, value)
    subscription = self.subscriptions[arn]
    policy = subscription.attributes.get(_FILTER)
    if name == _SCOPE and policy:
        # moto makes the filter's matcher when it is told the filter, for the scope of that moment.
        moto(self, arn, _FILTER, policy)


@patches.around(SNSBackend, "get_subscription_attributes")
def _get_subscription_attributes(moto: Original, self: SNSBackend, arn: str) -> dict[str, Any]:
    """Tell the delivery policy that counts."""
    found: dict[str, Any] = {**moto(self, arn)}
    subscription = self.subscriptions.get(arn)
    if subscription is not None and subscription.protocol in HTTP:
        policies = _policies(subscription)
        found["EffectiveDeliveryPolicy"] = json.dumps(delivery_policy.described(*policies))
    return found


@patches.around(SNSBackend, "set_topic_attribute")
def _set_topic_attribute(
    moto: Original, self: SNSBackend, topic_arn: str, attribute_name: str, attribute_value: str
) -> None:
    moto(self, topic_arn, attribute_name, attribute_value)
    if attribute_name == "delivery_policy":
        effective = delivery_policy.described_topic(attribute_value)
        self.topics[topic_arn].effective_delivery_policy = json.dumps(effective)


def _policies(subscription: Subscription) -> tuple[str, str]:
    """Return the delivery policies of the topic and of the subscription."""
    return (
        str(subscription.topic.delivery_policy or ""),
        str(subscription.attributes.get(_DELIVERY) or ""),
    )


def _check_subscription(name: str, value: str) -> None:
    """Refuse an attribute that SNS does not take, and one that nothing here heeds."""
    if name == _FILTER and value:
        _check_filter(value)
    if name == _RAW and value.lower() not in {"true", "false"}:
        raise SNSInvalidParameter(
            f"Invalid parameter: Attributes Reason: {_RAW}: Invalid value [{value}]. Must be true or "
            "false."
        )
    if name == _SCOPE and value not in _SCOPES:
        raise SNSInvalidParameter(
            f"Invalid parameter: FilterPolicyScope: Invalid value [{value}]. Please use either "
            f"{' or '.join(_SCOPES)}."
        )
    if name == _DELIVERY:
        _check_delivery(delivery_policy.of_subscription, value)
    if name == _REDRIVE and value:
        raise NotImplementedError(
            f"{_REDRIVE} of a subscription: a message that is not delivered is in the region's log"
        )


def _check_delivery(read: Callable[[str], object], text: str) -> None:
    try:
        read(text)
    except delivery_policy.DeliveryPolicyError as error:
        raise SNSInvalidParameter(f"Invalid parameter: DeliveryPolicy: {error}") from error


def _check_filter(text: str) -> None:
    try:
        policy = json.loads(text)
    except ValueError as error:
        raise SNSInvalidParameter(
            "Invalid parameter: FilterPolicy: failed to parse JSON."
        ) from error
    if not isinstance(policy, dict):
        raise SNSInvalidParameter("Invalid parameter: FilterPolicy: must be an object.")


@patches.around(SNSResponse, "create_topic")
def _create_topic(moto: Original, self: SNSResponse) -> object:
    attributes = cast("Mapping[str, Any]", self._get_attributes() or {})  # pyright: ignore[reportPrivateUsage]
    for name, value in attributes.items():
        _check_topic(name, str(value), _AT_CREATION)
    return moto(self)


@patches.around(SNSBackend, "create_topic")
def _create(
    moto: Original,
    self: SNSBackend,
    name: str,
    attributes: Mapping[str, Any] | None = None,
    tags: Mapping[str, str] | None = None,
) -> Topic:
    """Create a topic, or return the one that is there if it is as the call wants it."""
    known = next((topic for topic in self.topics.values() if topic.name == name), None)
    if known is not None:
        _check_same(self, known, attributes or {}, tags or {})
    made: Topic = moto(self, name, attributes, tags)
    if made.delivery_policy:
        made.effective_delivery_policy = json.dumps(
            delivery_policy.described_topic(made.delivery_policy)
        )
    return made


def _check_same(
    backend: SNSBackend, topic: Topic, attributes: Mapping[str, Any], tags: Mapping[str, str]
) -> None:
    """Refuse to name a topic again with other tags or attributes: they would be passed over."""
    reason = "Topic already exists with different"
    if tags and dict(tags) != backend.list_tags_for_resource(topic.arn):
        raise SNSInvalidParameter(f"Invalid parameter: Tags Reason: {reason} tags")
    for name, value in attributes.items():
        if str(getattr(topic, camelcase_to_underscores(name), None)) != str(value):
            raise SNSInvalidParameter(f"Invalid parameter: Attributes Reason: {reason} attributes")


@patches.around(SNSResponse, "set_topic_attributes")
def _set_topic_attributes(moto: Original, self: SNSResponse) -> object:
    given = Parameters(self)
    _check_topic(given.text("AttributeName"), given.text("AttributeValue"), _TOPIC_ATTRIBUTES)
    return moto(self)


def _check_topic(name: str, value: str, known: Collection[str]) -> None:
    """Refuse an attribute that SNS does not have, and one that nothing here heeds."""
    if _FEEDBACK.fullmatch(name) and value:
        raise NotImplementedError(f"{name} of a topic: deliveries are in the region's log")
    if name not in known and not _FEEDBACK.fullmatch(name):
        raise SNSInvalidParameter(f"Invalid parameter: AttributeName Reason: {name} is unknown")
    if name == _DELIVERY:
        _check_delivery(delivery_policy.of_topic, value)
    done, why = _WITHOUT_EFFECT.get(name, (value, ""))
    if value != done:
        raise NotImplementedError(f"{name} {value} of a topic: {why}")


@patches.method(SNSResponse)
def confirm_subscription(self: SNSResponse) -> ActionResult:
    """ConfirmSubscription: each subscription here is confirmed at once, and no token was sent."""
    if Parameters(self).text("TopicArn") not in self.backend.topics:
        raise TopicNotFound
    raise SNSInvalidParameter("Invalid parameter: Token")


@patches.around(SNSBackend, "publish")
def _publish_call(moto: Original, self: SNSBackend, *given: Any, **named: Any) -> str:
    """Refuse what is not a message, and name a topic that is not there."""
    wanted = inspect.signature(moto).bind(self, *given, **named).arguments
    message_checks.check(
        str(wanted["message"]), wanted.get("subject"), str(wanted.get("message_structure") or "")
    )
    arn = wanted.get("arn")
    if not arn and not wanted.get("phone_number"):
        raise SNSInvalidParameter(
            "Invalid parameter: TopicArn or TargetArn Reason: no value for required parameter"
        )
    if arn and arn not in self.topics and arn not in self.platform_endpoints:
        raise TopicNotFound
    return moto(self, *given, **named)


@patches.around(Subscription, "publish")
def _publish(
    moto: Original,
    self: Subscription,
    message: str,
    message_id: str,
    subject: str | None = None,
    **kwargs: Any,
) -> None:
    """Deliver to one subscriber; one that cannot be reached is not the publisher's error.

    An HTTP endpoint is posted to outside of the call: it may take its time to answer.
    """
    if self.protocol not in HTTP:
        try:
            if self.protocol == "sqs":
                _require_queue(self)
            moto(self, message, message_id, subject=subject, **kwargs)
        except ServiceException as error:
            log.warning("a message to %s was not delivered: %s", self.endpoint, error)
        return
    matcher = self._filter_policy_matcher  # pyright: ignore[reportPrivateUsage]
    attributes = kwargs.get("message_attributes")
    if matcher is None or matcher.matches(attributes, message):
        text = messages.for_protocol(message, kwargs.get("message_structure"), self.protocol)
        http_subscriptions.post(_delivery(self, text, message_id, subject, attributes))


def _require_queue(subscription: Subscription) -> None:
    """Refuse to send to a queue whose policy does not let the topic (SNS guide, "Fanout to SQS queues")."""
    _, _, _, region, account, name = subscription.endpoint.split(":")
    queue = sqs_backends[account][region].queues.get(name)
    source = subscription.topic.arn
    if queue is not None and not resource_policies.admits(
        queue.policy or "",
        service="sns.amazonaws.com",
        action="sqs:SendMessage",
        resource=queue.queue_arn,
        context={"aws:SourceArn": source, "aws:SourceAccount": source.split(":")[4]},
    ):
        raise ServiceException(
            "AccessDenied", f"the policy of the queue does not let {source} send"
        )


def _delivery(
    subscription: Subscription,
    text: str,
    message_id: str,
    subject: str | None,
    attributes: Mapping[str, Any] | None,
) -> http_subscriptions.Delivery:
    """Return what is posted (SNS guide, "Parsing message formats", and "Raw message delivery")."""
    policy = delivery_policy.effective(*_policies(subscription))
    headers = {
        "Content-Type": policy.content_type,
        "User-Agent": "Amazon Simple Notification Service Agent",
        "x-amz-sns-message-type": "Notification",
        "x-amz-sns-message-id": message_id,
        "x-amz-sns-topic-arn": subscription.topic.arn,
        "x-amz-sns-subscription-arn": subscription.arn,
    }
    if subscription.attributes.get(_RAW):
        headers["x-amz-sns-rawdelivery"] = "true"
    else:
        text = json.dumps(
            messages.envelope(subscription, text, message_id, subject, attributes), indent=2
        )
    return http_subscriptions.Delivery(
        subscription.endpoint,
        text.encode(),
        headers,
        policy.delays,
        subscription.arn,
        policy.most_per_second,
    )


@patches.method(Subscription)
def get_post_data(
    self: Subscription,
    message: str,
    message_id: str,
    subject: str | None,
    message_attributes: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """Return a notification; moto makes and keeps a certificate for each, and signs no subject."""
    return messages.envelope(self, message, message_id, subject, message_attributes)


@patches.around(Topic, "publish")
def _publish_to_topic(moto: Original, self: Topic, *args: object, **kwargs: object) -> str:
    """Forget what was sent: nothing here reads it, and a region may run for days."""
    message_id: str = moto(self, *args, **kwargs)
    self.sent_notifications.clear()
    return message_id
