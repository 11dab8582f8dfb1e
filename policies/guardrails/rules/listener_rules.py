"""Rules about a listener's rules: each of them gets requests."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from guardrails import tokens
from guardrails.architecture.conditions import hides
from guardrails.architecture.traffic import Route, Traffic, listener_step
from guardrails.model import Question, Scope, Settings, Severity, StackRule, Violation
from guardrails.resources import Resource, Stack
from guardrails.values import UNKNOWN, dig, items, number, show


def _hidden(stack: Stack, _: Settings) -> Iterator[Violation]:
    traffic = stack.derived(Traffic)
    for listener in stack.of(tokens.LISTENER):
        by_rule: dict[Any, Route] = {}
        for route in traffic.routes(listener):
            rule = route.rule
            never = _matches_nothing(rule) if rule is not None else None
            if never is not None:
                yield _dead(route, never)
            if rule is None or number(rule.get("priority")) is None:
                continue  # the default action; a rule that the provider puts where there is room
            hiding = hides(by_rule, rule)
            if hiding is not None and _is_missed(by_rule[hiding], route):
                yield _violation(by_rule[hiding], route)
            by_rule[rule] = route


def _matches_nothing(rule: Resource) -> str | None:
    """Return the condition of a rule that no request fulfills."""
    for condition in items(rule.get("conditions")):
        paths = dig(condition, "pathPattern", "values")
        if _all(paths, lambda one: one[:1] not in ("/", "*", "?")):
            return f"path_pattern {show(paths)}: the path of a request begins with /"
        hosts = dig(condition, "hostHeader", "values")
        if _all(hosts, lambda one: "/" in one or " " in one):
            return f"host_header {show(hosts)}: a Host header has neither a scheme nor a path"
    return None


def _all(values: Any, test: Callable[[str], bool]) -> bool:
    """Return whether there are values, all known, and a test holds for each."""
    found = items(values)
    return bool(found) and all(isinstance(one, str) and test(one) for one in found)


def _dead(route: Route, why: str) -> Violation:
    name = route.resource.name
    return Violation(
        f'Rule "{name}" never gets a request: no request fulfills its condition {why}.',
        route.resource,
        (listener_step(route.listener), route.step),
        f'write the values of rule "{name}" as "/api/*" or "shop.example.com".',
    )


def _is_missed(earlier: Route, later: Route) -> bool:
    """Return whether visitors get something else than the hidden rule would give them."""
    if UNKNOWN in (earlier.kind, later.kind):
        return False
    if later.kind == "forward":
        if earlier.kind == "forward":
            given, wanted = ({share.target for share in one.targets} for one in (earlier, later))
            return given != wanted and bool(given) and bool(wanted)
        # One that matches everything is reported by listener-no-maintenance-page.
        return earlier.is_page and not earlier.everything
    return earlier.kind == "forward" and _refuses(later)


def _refuses(route: Route) -> bool:
    """Return whether it keeps visitors out; a page for later waits behind everything on purpose."""
    status = str(dig(route.action, "fixedResponse", "statusCode"))
    return route.kind == "fixed-response" and not route.everything and status.startswith("4")


def _violation(earlier: Route, later: Route) -> Violation:
    first, second = earlier.resource.name, later.resource.name
    return Violation(
        f'Rule "{second}" never gets a request: rule "{first}" before it matches all that it matches, '
        f"and {earlier.answer}.",
        later.resource,
        (listener_step(earlier.listener), earlier.step, later.step),
        f'give rule "{second}" a priority below that of rule "{first}", or narrow the conditions of '
        f'"{first}".',
    )


IN_ORDER = StackRule(
    id="listener-rules-in-order",
    title="Every rule of a listener gets requests: something matches it, and no rule before it hides it",
    question=Question.SERVE,
    severity=Severity.HIGH,
    scope=Scope.HIGH_AVAILABILITY,
    controls={"Well-Architected": ("REL11-BP02",)},
    url="https://docs.aws.amazon.com/elasticloadbalancing/latest/application/listener-rules.html",
    remedy="give the narrower rule the lower priority.",
    steps=(
        "Rules are tried from the lowest priority number to the highest; the first match decides.",
        "Give a rule for one host or path a lower priority than one for many.",
        "A path pattern begins with /, a host header has no scheme.",
    ),
    unknown=(
        "An unknown condition is not compared, a rule without a known priority neither. Values are "
        "compared as patterns, regular expressions only for being the same."
    ),
    check=_hidden,
)

RULES = (IN_ORDER,)
