"""Rules about where the listeners of a load balancer send requests."""

from __future__ import annotations

import re
from collections.abc import Iterator

from guardrails import tokens
from guardrails.architecture.conditions import Condition, conditions, given_fields
from guardrails.architecture.deployments import Deployments
from guardrails.architecture.fleets import Fleets
from guardrails.architecture.handed_on import is_handed_on
from guardrails.architecture.targets import Targets
from guardrails.architecture.traffic import (
    Route,
    Traffic,
    listener_step,
    target_step,
    target_type,
)
from guardrails.model import Question, Scope, Settings, Severity, StackRule, Violation
from guardrails.resources import Resource, Stack
from guardrails.values import UNKNOWN, dig, items, number

_ALB = "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/"
_WELL_ARCHITECTED = "Well-Architected"


# --- targets --------------------------------------------------------------------------------------


def _vacant(stack: Stack, _: Settings) -> Iterator[Violation]:
    traffic, targets = stack.derived(Traffic), stack.derived(Targets)
    if not targets.attached_fleets() and targets.serving_fleets():
        return  # asg-behind-listener reports that no fleet is attached
    if not stack.of(tokens.AUTO_SCALING_GROUP) and not targets.without_fleet:
        return  # asg-multi-az reports that there is no fleet
    seen: set[Resource] = set()
    if len(targets.vacant()) <= len(targets.stranded()):
        # asg-behind-listener reports that a fleet is behind a target group that nobody asks.
        seen.update(targets.vacant())
    for listener in stack.of(tokens.LISTENER):
        for route in traffic.live_routes(listener):
            yield from _weights(route)
            yield from _vacant_shares(stack, targets, route, seen)


def _weights(route: Route) -> Iterator[Violation]:
    weights = [share.weight for share in route.targets]
    if route.certain and weights and not any(weight is None or weight > 0 for weight in weights):
        names = ", ".join(f'"{share.target.name}"' for share in route.targets)
        yield Violation(
            f"Every target group of the action ({names}) has weight 0: nobody gets its requests.",
            route.resource,
            path=(listener_step(route.listener), route.step),
            remedy="give the target group that serves a weight above 0.",
        )


def _all_get_some(route: Route) -> bool:
    """Return whether every target group of an action has a weight above 0, whichever it is."""
    weights = [dig(one, "weight") for one in items(dig(route.action, "forward", "targetGroups"))]
    return bool(weights) and all((number(one) or 0) > 0 for one in weights)


def _vacant_shares(
    stack: Stack, targets: Targets, route: Route, seen: set[Resource]
) -> Iterator[Violation]:
    vacant = [
        share
        for share in route.targets
        if share.weight != 0 and share.target not in seen and not targets.members(share.target).any
    ]
    seen.update(share.target for share in vacant)
    # A weight that is not known may be the 0 of the spare half of a blue/green pair.
    doubtful = [
        share
        for share in vacant
        if share.weight is None and len(route.targets) > 1 and not _all_get_some(route)
    ]
    for share in vacant:
        path = (listener_step(route.listener), route.step, target_step(share.target))
        what = f'Target group "{share.target.name}" gets requests, but nobody is registered in it'
        if share in doubtful and len(doubtful) < len(route.targets):
            yield Violation(
                f'whether target group "{share.target.name}", in which nobody is registered, gets '
                "requests is not known: the preview does not say whose weight is 0.",
                share.target,
                path,
                "register targets in it, or forward to it only when it has some; the end of an "
                "update decides.",
                undecided=True,
            )
        elif targets.may_fill_itself(share.target):
            yield Violation(
                f'whether anybody registers in target group "{share.target.name}" is not known: '
                "nothing in this stack certainly does.",
                share.target,
                path,
                "register its targets in this program: a target group attachment, an Auto Scaling "
                "group's target_group_arns or a service's load_balancers.",
                undecided=True,
            )
        else:
            yield Violation(f"{what}.", share.target, path, _attach(stack, targets, share.target))


def _stray(stack: Stack, targets: Targets, target: Resource) -> Resource | None:
    """Return the fleet that is behind another service's target group, and is deployed to for this one."""
    for deployment in stack.derived(Deployments).servers:
        if target not in deployment.controlled.any:
            continue
        for fleet in deployment.groups.resources:
            others = stack.derived(Fleets).of(fleet).target_groups
            if any(len(targets.members(one).fleets) > 1 for one in others):
                return fleet
    return None


def _attach(stack: Stack, targets: Targets, target: Resource) -> str:
    """Return what to do about a target group without targets."""
    if target_type(target) != "instance":
        kind = target_type(target)
        return f"add an aws.lb.TargetGroupAttachment for the target (target type {kind})."
    attached = targets.attached_fleets()
    stray = _stray(stack, targets, target)
    if stray is not None:
        return (
            f'set target_group_arns of Auto Scaling group "{stray.name}", whose deployments are for '
            f'target group "{target.name}", to the ARN of that target group.'
        )
    free = [one for one in stack.of(tokens.AUTO_SCALING_GROUP) if one not in attached]
    names = " or ".join(f'"{group.name}"' for group in free)
    which = f"Auto Scaling group {names}, whichever serves" if names else "the group that serves"
    return (
        f"add the ARN of the target group to the target_group_arns of {which}, or remove it from the "
        "listener's default_actions, or the rule."
    )


TG_HAS_TARGETS = StackRule(
    id="tg-has-targets",
    title="Every target group that gets requests has targets",
    question=Question.SERVE,
    severity=Severity.HIGH,
    scope=Scope.HIGH_AVAILABILITY,
    controls={_WELL_ARCHITECTED: ("REL11-BP02",)},
    url=f"{_ALB}target-group-register-targets.html",
    remedy="attach the Auto Scaling group that serves to the target group.",
    steps=(
        "Set target_group_arns of the Auto Scaling group that serves, or add an attachment.",
        (
            "Name only target groups with targets in default_actions and rules; give the spare one "
            "of a pair weight 0."
        ),
    ),
    unknown=(
        "Unknown ARNs are resolved through the target groups they come from. A target group for "
        "addresses, or one beside registrations that cannot be traced, is not decidable."
    ),
    check=_vacant,
)


# --- pages of the load balancer's own -------------------------------------------------------------


def _pages(stack: Stack, _: Settings) -> Iterator[Violation]:
    traffic = stack.derived(Traffic)
    for balancer in traffic.balancers:
        listeners = traffic.listeners(balancer)
        found = [violation for listener in listeners for violation in _shadowed(traffic, listener)]
        yield from found
        if not found:
            yield from _for_some(stack, traffic, listeners)
        if is_handed_on(stack, *listeners) and not stack.of(tokens.TARGET_GROUP):
            continue  # other stacks add rules: asg-multi-az says that it does not see them
        if listeners and not found and _answers_alone(stack, traffic, listeners):
            yield Violation(
                f'Load balancer "{balancer.name}" answers every request itself: none of its '
                "listeners forwards.",
                balancer,
                tuple(step for one in listeners for step in (listener_step(one),)),
                "forward to the target group in the default action of the listener.",
            )


def _for_some(stack: Stack, traffic: Traffic, listeners: list[Resource]) -> Iterator[Violation]:
    """Yield that the service is only reached by requests with something that visitors do not send."""
    live = [route for listener in listeners for route in traffic.live_routes(listener)]
    serving = [route for route in live if route.kind not in ("fixed-response", "redirect")]
    if not serving or not any(one.everything and one.is_page for one in live):
        return
    narrow = [(one, _narrow(stack, one)) for one in serving]
    if any(reason is None for _, reason in narrow):
        return
    certain = [one for one in narrow if one[1] is not None and one[1] in _NEVER_SENT]
    route, reason = (certain or narrow)[0]
    path = (listener_step(route.listener), route.step, str(reason))
    rest = next(one for one in live if one.everything and one.is_page)
    name = (traffic.balancer(route.listener) or route.listener).name
    what = f'"{name}" serves only requests with {reason}; every other one gets: {rest.answer}'
    if len(certain) == len(narrow):
        yield Violation(
            f"Load balancer {what}.",
            route.resource,
            path,
            "forward to the target group in the default_actions of the listener, or write the rule's "
            "conditions by path or host.",
        )
    else:
        yield Violation(
            f"whether that is meant is not known: load balancer {what}.",
            route.resource,
            path,
            "forward to the target group in the default_actions of the listener, or accept it with an "
            "exception where only some may come in.",
            undecided=True,
        )


_QUERY, _METHOD = "a certain query string", "a method other than GET"
_NEVER_SENT = (_QUERY, _METHOD)
"""What a visitor who types the address never sends."""


def _narrow(stack: Stack, route: Route) -> str | None:
    """Return what a rule asks for that not every visitor sends; `None` for hosts, and for `/`."""
    given = conditions(route.rule) if route.rule is not None else ()
    for one in given:
        if not one.known or one.holds_always():
            continue
        if one.field == "queryStrings":
            return _QUERY
        if one.field == "httpRequestMethod" and ("", "GET") not in one.values:
            return _METHOD
        if one.field.startswith("httpHeader") and not stack.of(tokens.DISTRIBUTION):
            header = one.field.partition(" ")[2]
            return None if _SHARED.search(header) else f"a certain header {header}"
        if one.field == "sourceIp":
            return "certain addresses"
        if one.field == "pathPattern" and not one.expressions and not one.includes(_HOME):
            return f"the path {' or '.join(value for _, value in one.values)}, and not for /"
    return None


_HOME = Condition("pathPattern", (("", "/"),))
"""What a visitor asks for who types the address."""


_SHARED = re.compile(r"origin|verify|secret|token|auth|key|edge|cdn|cloudfront", re.IGNORECASE)
"""Names of headers by which what stands before the load balancer proves that it is that."""


def _shadowed(traffic: Traffic, listener: Resource) -> Iterator[Violation]:
    routes, live = traffic.routes(listener), traffic.live_routes(listener)
    last = live[-1]
    hidden = [one for one in routes[len(live) :] if one.kind in ("forward", UNKNOWN)]
    if last.rule is not None and hidden and last.is_page:
        yield Violation(
            f'Rule "{last.rule.name}" matches every request and {last.answer}: what comes after '
            "it never gets one.",
            last.rule,
            (listener_step(listener), last.step, last.answer),
            "remove the rule when the maintenance is over, or narrow its conditions.",
        )
    for route in live:
        status = str(dig(route.action, "fixedResponse", "statusCode"))
        if _closes_a_path(route) and status.startswith("5"):
            yield Violation(
                f'whether rule "{route.resource.name}" is a maintenance page that was left on is not '
                f"known: it {route.answer} to some requests.",
                route.resource,
                (listener_step(listener), route.step),
                "remove the rule, or refuse on purpose with status 403, 404 or 410.",
                undecided=True,
            )


def _closes_a_path(route: Route) -> bool:
    """Return whether a rule takes paths of a service; a host of its own may be a page's."""
    conditions = items(route.rule.get("conditions")) if route.rule is not None else []
    kinds = {field for one in conditions for field in given_fields(one)}
    return not route.everything and kinds == {"pathPattern"}


def _answers_alone(stack: Stack, traffic: Traffic, listeners: list[Resource]) -> bool:
    """Return whether only a fixed response is left; a fleet without requests is asg-behind-listener's."""
    named = set(traffic.mentioned())
    for group in stack.of(tokens.AUTO_SCALING_GROUP):
        attached = set(stack.derived(Fleets).of(group).target_groups)
        if attached and not attached & named:
            return False
    live = [route for listener in listeners for route in traffic.live_routes(listener)]
    kinds = {"redirect" if one.kind == "redirect" else one.kind for one in live}
    leaves = any(one.kind == "redirect" and not one.keeps_host for one in live)
    return kinds <= {"fixed-response", "redirect"} and "fixed-response" in kinds and not leaves


NO_MAINTENANCE_PAGE = StackRule(
    id="listener-no-maintenance-page",
    title="No fixed response of the load balancer hides the service",
    question=Question.SERVE,
    severity=Severity.HIGH,
    scope=Scope.HIGH_AVAILABILITY,
    controls={_WELL_ARCHITECTED: ("REL11-BP02",)},
    url=f"{_ALB}listener-rules.html",
    remedy="remove the rule that answers every request.",
    steps=(
        "Remove the rule, or give it conditions that only match what should not be served.",
        "Check the order: rules are tried from the lowest priority number to the highest.",
    ),
    unknown=(
        "An unknown condition matches some requests, an unknown action may forward; a rule without "
        "a known priority comes last."
    ),
    check=_pages,
)


RULES = (TG_HAS_TARGETS, NO_MAINTENANCE_PAGE)
