"""Headers that a listener asks for, and whether an origin of CloudFront sends them."""

from __future__ import annotations

from typing import Any

from guardrails.architecture.conditions import Condition, conditions
from guardrails.architecture.traffic import Traffic
from guardrails.resources import Resource
from guardrails.values import UNKNOWN, dig, items

_HEADER = "httpHeader "


def missing_header(traffic: Traffic, listener: Resource, origin: Any) -> str | None:
    """Return the header that every request needs on this listener and that an origin does not send.

    `None` where some rule forwards without one, or where that is not known.
    """
    serving = [
        one for one in traffic.routes(listener) if one.kind not in ("redirect", "fixed-response")
    ]
    sent = _sent(origin)
    missing: list[str] = []
    for route in serving:
        asked = [] if route.rule is None else _asked(route.rule)
        unsent = [one for one in asked if not _sends(sent, one)]
        if not unsent:
            return None
        missing.append(unsent[0].field.removeprefix(_HEADER))
    return missing[0] if missing else None


def _asked(rule: Resource) -> list[Condition]:
    """Return the conditions of a rule on headers; none if the preview does not know all of them."""
    given = conditions(rule)
    if not all(one.known for one in given):
        return []
    return [one for one in given if one.field.startswith(_HEADER) and not one.holds_always()]


def _sent(origin: Any) -> dict[str, Any] | None:
    """Return the headers that an origin gets beside those of visitors, `None` if not known."""
    given = dig(origin, "customHeaders")
    if given is UNKNOWN or UNKNOWN in items(given):
        return None
    return {str(dig(one, "name")).lower(): dig(one, "value") for one in items(given)}


def _sends(sent: dict[str, Any] | None, asked: Condition) -> bool:
    if sent is None:
        return True
    value = sent.get(asked.field.removeprefix(_HEADER))
    if value is UNKNOWN:
        return True
    return value is not None and asked.includes(Condition(asked.field, (("", str(value)),)))
