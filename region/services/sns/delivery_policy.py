"""Delivery policies of topics and of HTTP subscriptions: how often a message is sent again, and when.

Amazon SNS Developer Guide, "Creating an HTTP/S delivery policy". A retry passes through up to four phases:
at once, after the least delay, after delays that grow from the least to the greatest, after the greatest.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple, cast

from region.services.sns.periods import RETRY

CONTENT_TYPE: Final = "text/plain; charset=UTF-8"
_MOST_RETRIES: Final = 100
_LONGEST: Final = 3600
"""Bounds of the guide's table: the longest delay, and all delays of a message together, in seconds."""
_CONTENT_TYPES: Final = frozenset(
    {
        "application/atom+xml",
        "application/json",
        "application/octet-stream",
        "application/soap+xml",
        "application/x-www-form-urlencoded",
        "application/xhtml+xml",
        "application/xml",
        "text/css",
        "text/csv",
        "text/html",
        "text/plain",
        "text/xml",
    }
)
_DEFAULTS: Final[Mapping[str, int]] = {
    "numRetries": 3,
    "minDelayTarget": int(RETRY.seconds),
    "maxDelayTarget": int(RETRY.seconds),
    "numNoDelayRetries": 0,
    "numMinDelayRetries": 0,
    "numMaxDelayRetries": 0,
}
_LEAST: Final = {"minDelayTarget": 1, "maxDelayTarget": 1}
_RATE: Final = "maxReceivesPerSecond"
_LINEAR: Final = "linear"
_FUNCTIONS: Final = (_LINEAR, "arithmetic", "geometric", "exponential")


class _Parts(NamedTuple):
    """How the parts of a policy are called."""

    retry: str
    throttle: str
    request: str


_OF_SUBSCRIPTION: Final = _Parts("healthyRetryPolicy", "throttlePolicy", "requestPolicy")
_OF_TOPIC: Final = _Parts(
    "defaultHealthyRetryPolicy", "defaultThrottlePolicy", "defaultRequestPolicy"
)


class DeliveryPolicyError(ValueError):
    """A policy that SNS does not take; the message says what is wrong with it."""


@dataclass(frozen=True, slots=True)
class DeliveryPolicy:
    """How messages are delivered to an HTTP endpoint.

    Attributes:
        delays: Before each retry, in seconds of AWS's clock.
        most_per_second: Deliveries to a subscription in a second of that clock, on average; None: any.
    """

    delays: tuple[float, ...]
    content_type: str = CONTENT_TYPE
    most_per_second: int | None = None


def of_subscription(text: str) -> DeliveryPolicy:
    """Read the policy of a subscription; an empty text is the default.

    Raises:
        DeliveryPolicyError: SNS does not take it.
        NotImplementedError: It wants what the local region cannot do.
    """
    return _read(_parsed(text), _OF_SUBSCRIPTION)


def of_topic(text: str) -> DeliveryPolicy:
    """Read the policy of a topic; raises as `of_subscription` does."""
    return _read(_part(_parsed(text), "http"), _OF_TOPIC)


def effective(topic: str, subscription: str) -> DeliveryPolicy:
    """Return the policy that counts: a subscription's own, unless its topic says otherwise."""
    return _read(*_that_counts(topic, subscription))


def described(topic: str, subscription: str) -> dict[str, Any]:
    """Return the policy that counts as GetSubscriptionAttributes tells it."""
    policy, parts = _that_counts(topic, subscription)
    return {
        _OF_SUBSCRIPTION.retry: _retries(_part(policy, parts.retry), parts.retry),
        "sicklyRetryPolicy": None,
        _OF_SUBSCRIPTION.throttle: _part(policy, parts.throttle) or None,
        _OF_SUBSCRIPTION.request: {"headerContentType": _read(policy, parts).content_type},
        "guaranteed": False,
    }


def described_topic(topic: str) -> dict[str, Any]:
    """Return a topic's policy as GetTopicAttributes tells it."""
    policy = _part(_parsed(topic), "http")
    throttle = _part(policy, _OF_TOPIC.throttle)
    return {
        "http": {
            _OF_TOPIC.retry: _retries(_part(policy, _OF_TOPIC.retry), _OF_TOPIC.retry),
            "disableSubscriptionOverrides": bool(policy.get("disableSubscriptionOverrides")),
            _OF_TOPIC.request: {"headerContentType": _read(policy, _OF_TOPIC).content_type},
            **({_OF_TOPIC.throttle: throttle} if throttle else {}),
        }
    }


def _that_counts(topic: str, subscription: str) -> tuple[Mapping[str, Any], _Parts]:
    of_all = _part(_parsed(topic), "http")
    if subscription and not of_all.get("disableSubscriptionOverrides"):
        return _parsed(subscription), _OF_SUBSCRIPTION
    return of_all, _OF_TOPIC


def _read(policy: Mapping[str, Any], parts: _Parts) -> DeliveryPolicy:
    known = {*parts, "disableSubscriptionOverrides", "sicklyRetryPolicy", "guaranteed"}
    for name in policy:
        if name not in known:
            raise DeliveryPolicyError(f"{name} is unknown")
    content_type = str(_part(policy, parts.request).get("headerContentType") or CONTENT_TYPE)
    if content_type.partition(";")[0].strip() not in _CONTENT_TYPES:
        raise DeliveryPolicyError(
            f"{parts.request}.headerContentType {content_type} is not supported"
        )
    return DeliveryPolicy(
        _delays(_part(policy, parts.retry), parts.retry),
        content_type,
        _most_per_second(_part(policy, parts.throttle), parts.throttle),
    )


def _most_per_second(given: Mapping[str, Any], name: str) -> int | None:
    for key in given:
        if key != _RATE:
            raise DeliveryPolicyError(f"{name}.{key} is unknown")
    value = given.get(_RATE)
    if value is not None and (not isinstance(value, int) or isinstance(value, bool) or value < 1):
        raise DeliveryPolicyError(f"{name}.{_RATE} must be a whole number of at least 1")
    return value


def _retries(given: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Return a retry policy with its defaults, checked one by one."""
    function = given.get("backoffFunction", _LINEAR)
    if function not in _FUNCTIONS:
        raise DeliveryPolicyError(f"{name}.backoffFunction must be one of {', '.join(_FUNCTIONS)}")
    if function != _LINEAR:
        raise NotImplementedError(
            f"backoffFunction {function!r}: AWS publishes no formula; use linear"
        )
    found = dict(_DEFAULTS)
    for key, value in given.items():
        if key == "backoffFunction":
            continue
        if key not in found:
            raise DeliveryPolicyError(f"{name}.{key} is unknown")
        most = _LONGEST if key in _LEAST else _MOST_RETRIES
        whole = isinstance(value, int) and not isinstance(value, bool)
        if not whole or not _LEAST.get(key, 0) <= value <= most:
            raise DeliveryPolicyError(
                f"{name}.{key} must be a whole number from {_LEAST.get(key, 0)} to {most}"
            )
        found[key] = value
    return {**found, "backoffFunction": function}


def _delays(given: Mapping[str, Any], name: str) -> tuple[float, ...]:
    """Return the delays of a retry policy."""
    found = _retries(given, name)
    least, greatest = found["minDelayTarget"], found["maxDelayTarget"]
    if least > greatest:
        raise DeliveryPolicyError(f"{name}.maxDelayTarget must not be less than minDelayTarget")
    phases = [found[f"num{phase}DelayRetries"] for phase in ("No", "Min", "Max")]
    growing = found["numRetries"] - sum(phases)
    if growing < 0:
        raise DeliveryPolicyError(f"{name}.numRetries must not be less than the sum of its phases")
    at_once, early, late = phases
    delays = (
        *[0.0] * at_once,
        *[float(least)] * early,
        *(least + (greatest - least) * step / max(growing - 1, 1) for step in range(growing)),
        *[float(greatest)] * late,
    )
    if sum(delays) > _LONGEST:
        raise DeliveryPolicyError(
            f"{name}: all retries together must not take more than {_LONGEST} seconds"
        )
    return delays


def _parsed(text: str) -> Mapping[str, Any]:
    try:
        found = json.loads(text or "{}")
    except ValueError as error:
        raise DeliveryPolicyError("failed to parse JSON") from error
    if not isinstance(found, dict):
        raise DeliveryPolicyError("must be an object")
    return cast("dict[str, Any]", found)


def _part(policy: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = policy.get(name) or {}
    if not isinstance(found, dict):
        raise DeliveryPolicyError(f"{name} must be an object")
    return cast("dict[str, Any]", found)
