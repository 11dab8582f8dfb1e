"""What visitors send to a service: forms, uploads and sign-ins, as the load balancer's rules tell."""

from __future__ import annotations

import re
from collections.abc import Iterator

from guardrails import tokens
from guardrails.architecture.conditions import conditions
from guardrails.architecture.traffic import Route, Traffic
from guardrails.resources import Resource, Stack
from guardrails.values import dig, is_true, items

READING = frozenset({"GET", "HEAD", "OPTIONS"})
"""Methods that only read."""

_SENT = re.compile(
    r"[/_-](log[-_]?in|sign[-_]?in|sign[-_]?up|register|checkout|cart|upload|password|comment)s?(?![a-z])",
    re.IGNORECASE,
)
"""Paths to which pages send their forms."""


def sent_by_visitors(stack: Stack, balancer: Resource) -> str | None:
    """Return what shows that visitors send something to the service behind a load balancer."""
    traffic = stack.derived(Traffic)
    for listener in traffic.listeners(balancer):
        for route in traffic.live_routes(listener):
            found = next(_of_route(route), None)
            if found is not None:
                return f'{route.step} of listener "{listener.name}" {found}'
    return sessions(stack, balancer)


def sessions(stack: Stack, balancer: Resource) -> str | None:
    """Return what shows that a service behind a load balancer knows its visitors by a cookie."""
    traffic = stack.derived(Traffic)
    for listener in traffic.listeners(balancer):
        for route in traffic.live_routes(listener):
            actions = route.resource.get("actions" if route.rule else "defaultActions")
            if any(str(dig(one, "type")).startswith("authenticate-") for one in items(actions)):
                return f'{route.step} of listener "{listener.name}" signs visitors in'
    for _, share in traffic.forwards(balancer):
        if is_true(dig(share.target.get("stickiness"), "enabled")):
            return f'target group "{share.target.name}" keeps sessions (stickiness)'
    return None


def _of_route(route: Route) -> Iterator[str]:
    if route.kind != "forward" or route.resource.type not in tokens.LISTENER_RULE:
        return
    for asked in conditions(route.resource):
        for _, value in asked.values:
            if asked.field == "httpRequestMethod" and value not in READING:
                yield f"is for {value}"
            if asked.field == "pathPattern" and _SENT.search(value):
                yield f"is for {value}"
