"""Rules about how targets leave a target group, and how requests are kept on them."""

from __future__ import annotations

from collections.abc import Iterator

from availability.target_groups import LONGEST_DELAY, LONGEST_FAILURE, bad_drain, bad_failure

from guardrails import tokens
from guardrails.architecture import target_timing
from guardrails.architecture.fleets import TARGET_GROUP_KEYS
from guardrails.architecture.serving import Serving
from guardrails.model import Level, Question, Scope, Settings, Severity, StackRule, Violation
from guardrails.resources import Resource, Stack
from guardrails.values import UNKNOWN, dig, is_absent, is_true, items, number, show


def _instances(stack: Stack) -> Iterator[Resource]:
    """Yield the target groups whose targets are machines; functions and load balancers drain not."""
    for targets in stack.of(tokens.TARGET_GROUP):
        if targets.get("targetType") not in ("lambda", "alb"):
            yield targets


def _failing(stack: Stack, settings: Settings) -> Iterator[Violation]:
    most = settings.integer("maximumSeconds")
    for targets in _instances(stack):
        check = targets.get("healthCheck")
        if check is UNKNOWN or dig(check, "enabled") is False:
            continue  # tg-health-check-defined reports it
        yield from _fails_open(stack, targets)
        after = target_timing.fails_after(targets)
        if after.unknown:
            yield Violation(
                f'How long target group "{targets.name}" sends requests to a target that has '
                f"failed is not known: {after.unknown}.",
                targets,
                remedy="give health_check.unhealthy_threshold as a number.",
                undecided=True,
            )
            continue
        problem = bad_failure(after.value, most)
        if problem is not None and not _slow_to_start(stack, targets):
            yield Violation(
                f'Target group "{targets.name}": {problem}.',
                targets,
                path=tuple(
                    f"{label} {show(targets.get('healthCheck', prop))}"
                    for label, prop in (
                        ("interval", "interval"),
                        ("unhealthy_threshold", "unhealthyThreshold"),
                        ("timeout", "timeout"),
                    )
                ),
            )


def _fails_open(stack: Stack, targets: Resource) -> Iterator[Violation]:
    """Report that after one failure requests go to every target again, also to what has failed."""
    routing = dig(targets.get("targetGroupHealth"), "unhealthyStateRouting")
    groups = [one for one in stack.derived(Serving).groups if targets in one.target_groups]
    sizes = [group.minimum for group in groups]
    known = [size for size in sizes if size is not None]
    if routing is None or not known or len(known) < len(sizes) or sum(known) < 2:
        return
    least, left = sum(known), sum(known) - 1
    count = number(dig(routing, "minimumHealthyTargetsCount"))
    percent = number(dig(routing, "minimumHealthyTargetsPercentage"))
    for given, healthy, name, unit in (
        (count, left, "minimum_healthy_targets_count", ""),
        (percent, 100 * left / least, "minimum_healthy_targets_percentage", " %"),
    ):
        if given is not None and given > healthy:
            yield Violation(
                f'Target group "{targets.name}" sends requests to targets that have failed as soon '
                f"as one of {least} has: {name} is {given:g}{unit}, and below that every target "
                "gets requests.",
                targets,
                (
                    f"{least} targets at least",
                    f"{left} healthy after one failure",
                    f"{name} {given:g}{unit}",
                ),
                remedy=(
                    "take target_group_health.unhealthy_state_routing out of the target group: the "
                    "default is a count of 1."
                ),
            )
            return


def _slow_to_start(stack: Stack, targets: Resource) -> bool:
    """Return whether codedeploy-health-check-timing reports the interval: longer than the grace."""
    healthy = target_timing.healthy_after(targets).value
    return any(
        targets in group.target_groups
        and healthy >= target_timing.grace_period(group.resource).value
        for group in stack.derived(Serving).groups
    )


FAILING_TARGET = StackRule(
    id="tg-failing-target-leaves",
    title="A failed target soon gets no more requests",
    question=Question.SURVIVE,
    severity=Severity.HIGH,
    scope=Scope.HIGH_AVAILABILITY,
    controls={"Well-Architected": ("REL11-BP01", "REL11-BP02")},
    url="https://docs.aws.amazon.com/elasticloadbalancing/latest/application/target-group-health-checks.html",
    remedy="set health_check with interval 10, unhealthy_threshold 2 and timeout 5.",
    steps=(
        "Compute interval * unhealthy_threshold + timeout: so long visitors get errors.",
        "Set health_check.interval=10, unhealthy_threshold=2 and timeout=5.",
    ),
    unknown=(
        "An unknown threshold is not decidable, an unknown interval is reported by "
        "codedeploy-health-check-timing; an absent value, and an unknown timeout, is the "
        "documented default."
    ),
    parameters={
        "maximumSeconds": {
            "type": "integer",
            "minimum": 1,
            "default": int(LONGEST_FAILURE),
            "description": "Seconds for which a target that has failed may get requests.",
        }
    },
    check=_failing,
)


def _drains(stack: Stack, settings: Settings) -> Iterator[Violation]:
    least = settings.integer("minimumSeconds")
    most = settings.integer("maximumSeconds")
    for targets in _instances(stack):
        delay = number(targets.get("deregistrationDelay"))
        if delay is None:
            continue  # codedeploy-health-check-timing reports an unknown one
        problem = bad_drain(delay, least, most)
        if problem is None:
            continue
        what = f'Target group "{targets.name}": {problem} (deregistration_delay).'
        if delay < least:
            yield Violation(
                what,
                targets,
                remedy=(
                    "set deregistration_delay to the duration of the longest request, for example "
                    f"{max(least, 30)}."
                ),
            )
        elif delay < LONGEST_DELAY:  # codedeploy-health-check-timing, and then tg-accepted
            yield Violation(
                what,
                targets,
                remedy=(
                    "set deregistration_delay to the duration of the longest request, not above "
                    f"{most}."
                ),
            )


DEREGISTRATION_DELAY = StackRule(
    id="tg-deregistration-delay",
    title="Requests in flight end before an instance leaves",
    question=Question.DEPLOY,
    severity=Severity.HIGH,
    scope=Scope.HIGH_AVAILABILITY,
    controls={"Well-Architected": ("REL08-BP05", "OPS06-BP03")},
    url="https://docs.aws.amazon.com/elasticloadbalancing/latest/application/edit-target-group-attributes.html",
    remedy="set deregistration_delay to the duration of the longest request.",
    steps=("Set deregistration_delay to the longest request's duration; 0 cuts every request.",),
    unknown=(
        "An unknown delay is reported by codedeploy-health-check-timing; an absent one is the "
        "default, 300 s."
    ),
    parameters={
        "minimumSeconds": {
            "type": "integer",
            "minimum": 0,
            "default": 5,
            "description": "Shortest deregistration delay, in seconds.",
        },
        "maximumSeconds": {
            "type": "integer",
            "minimum": 0,
            "default": 1800,
            "description": "Longest deregistration delay, in seconds.",
        },
    },
    check=_drains,
)


def _stickiness(stack: Stack) -> Iterator[tuple[Resource, str, object]]:
    """Yield what keeps visitors on one target or target group, with its duration."""
    for targets in stack.of(tokens.TARGET_GROUP):
        sticky = targets.get("stickiness")
        if not is_absent(sticky) and dig(sticky, "enabled") is not False:
            yield targets, f'Target group "{targets.name}"', dig(sticky, "cookieDuration")
    for types, prop in ((tokens.LISTENER, "defaultActions"), (tokens.LISTENER_RULE, "actions")):
        for listener in stack.of(types):
            for action in items(listener.get(prop)):
                sticky = dig(action, "forward", "stickiness")
                if not is_absent(sticky) and dig(sticky, "enabled") is not False:
                    yield listener, f'Listener "{listener.name}"', dig(sticky, "duration")


def _sticky(stack: Stack, settings: Settings) -> Iterator[Violation]:
    most = settings.integer("maximumSeconds")
    for resource, subject, given in _stickiness(stack):
        duration = number(given)
        if duration is not None and duration > most:
            yield Violation(
                f"{subject} keeps a visitor on the same target for {duration:g} s: load stays "
                f"uneven after a failure, and new instances get no share; at most {most} s are "
                "advised.",
                resource,
            )


STICKINESS = StackRule(
    id="tg-stickiness-moderate",
    title="Visitors are not kept on one target for long",
    question=Question.SURVIVE,
    severity=Severity.LOW,
    level=Level.ADVISORY,  # a matter of the application's sessions
    scope=Scope.HIGH_AVAILABILITY,
    controls={"Well-Architected": ("REL05-BP06",)},
    url="https://docs.aws.amazon.com/elasticloadbalancing/latest/application/edit-target-group-attributes.html",
    remedy="shorten the stickiness, or keep sessions in a store and switch it off.",
    steps=("Set stickiness.cookie_duration to the length of a session, or enabled=False.",),
    unknown="A duration that is not known, or absent (the default is a day), is not considered.",
    parameters={
        "maximumSeconds": {
            "type": "integer",
            "minimum": 1,
            "default": 86400,
            "description": "Longest time for which a visitor is kept on one target, in seconds.",
        }
    },
    check=_sticky,
)


def _cross_zone(stack: Stack, _: Settings) -> Iterator[Violation]:
    for fleet in stack.derived(Serving).fleets:
        targets = dict.fromkeys(one for group in fleet.groups for one in group.target_groups)
        running = sum(group.minimum or 0 for group in fleet.groups)
        for target in targets:
            given = target.get("loadBalancingCrossZoneEnabled")
            off = given is False or given == "false"
            if not off and not (_zonal_by_default(stack, target) and not is_true(given)):
                continue
            zones = len(fleet.zones.zones)
            if running >= 2 * max(zones, 1):
                continue  # each zone has two targets: it survives the failure of one
            yield Violation(
                f'Target group "{target.name}" gets the requests of each zone in that zone only, '
                f"and {running} instances in {zones} zones may serve it: where the one of a zone "
                "fails, that zone's requests do.",
                target,
            )


def _zonal_by_default(stack: Stack, target: Resource) -> bool:
    """Return whether a Network Load Balancer without cross-zone load balancing forwards to it."""
    if target.get("protocol") not in ("TCP", "UDP", "TLS", "TCP_UDP"):
        return False
    balancers = [
        balancer
        for listener in stack.of(tokens.LISTENER)
        if target
        in stack.linked(listener, "defaultActions", tokens.TARGET_GROUP, TARGET_GROUP_KEYS)
        for balancer in stack.linked(
            listener, "loadBalancerArn", tokens.LOAD_BALANCER, ("arn", "id")
        )
    ]
    return any(not is_true(one.get("enableCrossZoneLoadBalancing")) for one in balancers)


CROSS_ZONE = StackRule(
    id="tg-cross-zone",
    title="A small fleet gets requests from every zone",
    question=Question.SURVIVE,
    severity=Severity.LOW,
    level=Level.ADVISORY,  # traffic between zones costs money
    scope=Scope.HIGH_AVAILABILITY,
    controls={
        "AWS Config": ("NLB_CROSS_ZONE_LOAD_BALANCING_ENABLED",),
        "Checkov": ("CKV_AWS_152",),
        "Well-Architected": ("REL11-BP02",),
    },
    url="https://docs.aws.amazon.com/elasticloadbalancing/latest/userguide/how-elastic-load-balancing-works.html",
    remedy=(
        "enable cross-zone load balancing on the target group, or run two instances in every zone."
    ),
    steps=(
        "Remove load_balancing_cross_zone_enabled from the target group of an ALB.",
        "Set enable_cross_zone_load_balancing=True on a Network Load Balancer.",
    ),
    unknown="An unknown switch is the load balancer's setting.",
    check=_cross_zone,
)

RULES = (FAILING_TARGET, DEREGISTRATION_DELAY, STICKINESS, CROSS_ZONE)
