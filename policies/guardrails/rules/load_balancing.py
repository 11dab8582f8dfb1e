"""Rules about the load balancer and its target groups."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from guardrails import tokens
from guardrails.architecture import zones
from guardrails.architecture.handed_on import only_hands_on
from guardrails.architecture.traffic import LAYER_4, target_type
from guardrails.model import Level, Question, Scope, Settings, Severity, StackRule, Violation
from guardrails.property_rules import AtLeast, OneOf, must_be, property_rule
from guardrails.resources import Resource, Stack
from guardrails.values import UNKNOWN, dig, is_absent

_PROTOCOLS = ("HTTP", "HTTPS")


def _only_workers(stack: Stack) -> bool:
    """Return whether nothing of the stack serves requests, as far as it shows: it may only work."""
    types = (*tokens.LOAD_BALANCER, *tokens.TARGET_GROUP, tokens.HIGHLY_AVAILABLE_SERVICE)
    return bool(stack.of(tokens.AUTO_SCALING_GROUP)) and not stack.of(types)


def _unseen(stack: Stack) -> str:
    """Say why it is not known whether requests are served over several zones."""
    for types, noun in (
        (tokens.CLASSIC_BALANCER, "Classic Load Balancer"),
        (tokens.LATTICE_SERVICE, "VPC Lattice service"),
    ):
        for one in stack.of(types):
            return (
                f'whether {noun} "{one.name}" serves over several Availability Zones is not known: '
                f"this pack has no model of a {noun}."
            )
    return (
        "whether the stack has to serve requests is not known: it has an Auto Scaling group, but "
        "neither a load balancer nor a target group."
    )


def _shared(stack: Stack) -> list[Resource]:
    """Return the rules and listeners on a load balancer that is not of this stack."""
    return [
        one
        for types, prop, owners in (
            (tokens.LISTENER_RULE, "listenerArn", tokens.LISTENER),
            (tokens.LISTENER, "loadBalancerArn", tokens.LOAD_BALANCER),
        )
        for one in stack.of(types)
        if not stack.references(one, prop, owners, ("arn", "id")).any
    ]


def _multi_az(stack: Stack, settings: Settings) -> Iterator[Violation]:
    balancers = stack.of(tokens.LOAD_BALANCER)
    if _only_workers(stack):
        yield Violation(
            _unseen(stack),
            remedy=(
                "if it serves, create an aws.lb.LoadBalancer, an aws.lb.Listener and an "
                "aws.lb.TargetGroup; if it only works, list this rule as disabled."
            ),
            undecided=True,
        )
    elif not balancers and _shared(stack):
        yield Violation(
            "whether the load balancer before this stack spans several Availability Zones is not "
            "known: it is not part of the stack, which adds a rule or a listener to it.",
            _shared(stack)[0],
            remedy=(
                "create the load balancer in this program, or look at the stack that does; if that "
                "is checked by this pack, list this rule as disabled here."
            ),
            undecided=True,
        )
    elif not balancers:
        yield Violation(
            "The stack has no load balancer, so nothing distributes requests over zones.",
            remedy=(
                "create an aws.lb.LoadBalancer with subnets in several zones and an aws.lb.Listener "
                "that forwards to the target group; scaling policies name both in resource_label, alarms "
                "in dimensions."
            ),
        )
    minimum = settings.integer("minimumZones")
    for balancer in balancers:
        spread = zones.spread(
            stack, balancer, ("subnets", "subnetMappings"), settings.mapping("subnetZones")
        )
        found = zones.shortfall(spread, balancer, f'Load balancer "{balancer.name}"', minimum)
        if found is not None:
            yield found


ELBV2_MULTI_AZ = StackRule(
    id="elbv2-multi-az",
    title="A load balancer spans several Availability Zones",
    question=Question.SURVIVE,
    severity=Severity.HIGH,
    scope=Scope.HIGH_AVAILABILITY,
    controls={
        "AWS Config": ("ELBV2_MULTIPLE_AZ",),
        "Security Hub": ("ELB.13",),
        "Prowler": ("elbv2_is_in_multiple_az",),
        "Trusted Advisor": ("ALB Multi-AZ",),
        "Well-Architected": ("REL02-BP01", "REL10-BP01"),
    },
    url="https://docs.aws.amazon.com/config/latest/developerguide/elbv2-multiple-az.html",
    remedy=(
        "give the load balancer subnets with different availability_zone values that the program "
        "sets."
    ),
    steps=(
        "Create one public subnet per Availability Zone.",
        "Pass the ids of all of them to the load balancer's subnets; remove subnet_mappings.",
        "For subnets of another stack, list their zones in this rule's parameter subnetZones.",
    ),
    unknown=zones.UNKNOWN_MEANS,
    parameters=zones.PARAMETERS,
    check=_multi_az,
)


def _health_check(stack: Stack, _: Settings) -> Iterator[Violation]:
    groups = stack.of(tokens.TARGET_GROUP)
    if not groups and not _only_workers(stack) and only_hands_on(stack) is None:
        yield Violation(
            "The stack has no target group, so no instance is ever health-checked.",
            remedy=(
                "create an aws.lb.TargetGroup with a health_check, forward to it from an "
                "aws.lb.Listener, add it to the group's target_group_arns and name it in "
                "load_balancer_info of the deployment group, resource_label of scaling policies and "
                "dimensions of alarms."
            ),
        )
    for group in groups:
        problem = _check_problem(group)
        if problem:
            yield Violation(
                f'Target group "{group.name}" has no working HTTP health check: {problem}.', group
            )


def _check_problem(group: Resource) -> str | None:
    check = group.get("healthCheck")
    if target_type(group) == "lambda":
        return None  # a function is invoked, not asked on a port; its check is optional
    layer_4 = str(group.get("protocol")).upper() in LAYER_4
    if layer_4 and (group.left_out("healthCheck") or _asks_by_tcp(check)):
        return None  # what speaks no HTTP is asked for a connection, which is also the default
    if check is UNKNOWN or not check:
        return f"its health check is {group.shown('healthCheck')}"
    for name, complies in (
        ("enabled", check.get("enabled") in (None, True)),
        ("protocol", _asks_by_http(check, layer_4=layer_4)),
        ("path", str(check.get("path") or "").startswith("/")),
    ):
        if not complies:
            return f"its health check's {name} is {group.shown('healthCheck', name)}"
    return None


def _asks_by_tcp(check: Any) -> bool:
    enabled = dig(check, "enabled") in (None, True)
    return enabled and dig(check, "protocol") in (None, "TCP", UNKNOWN)


def _asks_by_http(check: Any, *, layer_4: bool) -> bool:
    given = check.get("protocol")
    # Behind an Application Load Balancer HTTP is the default.
    return given in _PROTOCOLS or (is_absent(given) and not layer_4)


TG_HEALTH_CHECK = StackRule(
    id="tg-health-check-defined",
    title="Every target group has an HTTP health check with a path",
    question=Question.SERVE,
    severity=Severity.HIGH,
    scope=Scope.HIGH_AVAILABILITY,
    controls={
        "Checkov": ("CKV_AWS_261",),
        "Well-Architected": ("REL11-BP01",),
    },
    url="https://docs.aws.amazon.com/elasticloadbalancing/latest/application/target-group-health-checks.html",
    remedy=(
        "set the target group's health_check with protocol HTTP or HTTPS and the path of the "
        "application's health check."
    ),
    steps=(
        'Set health_check with enabled=True, protocol="HTTP" and path="/health".',
        "Answer 200 on that path only while the application can really serve requests.",
        "Where the protocol is TCP or UDP and no HTTP is spoken, a check by TCP is right.",
    ),
    unknown=(
        "An unknown check, protocol, path or switch is a violation: the provider leaves it unknown "
        "exactly where the program does not set it, and then checks request the root page. An "
        "absent switch is the documented default, enabled."
    ),
    check=_health_check,
)


def _is_application(balancer: Resource) -> bool:
    """Return whether it is an Application Load Balancer, the default type.

    Network and gateway load balancers do not read HTTP.
    """
    return balancer.get("loadBalancerType") in (None, "", "application", UNKNOWN)


INVALID_HEADERS = property_rule(
    must_be(
        "dropInvalidHeaderFields",
        True,
        'Load balancer "{name}" forwards malformed HTTP headers',
        applies=_is_application,
    ),
    tokens.LOAD_BALANCER,
    id="alb-drop-invalid-headers",
    title="An Application Load Balancer drops malformed headers",
    question=Question.CLOSED,
    severity=Severity.MEDIUM,
    controls={
        "AWS Config": ("ALB_HTTP_DROP_INVALID_HEADER_ENABLED",),
        "Security Hub": ("ELB.4",),
        "Control Tower": ("CT.ELASTICLOADBALANCING.PR.4",),
        "Checkov": ("CKV_AWS_131",),
        "Prowler": ("elbv2_alb_drop_invalid_header_fields_enabled",),
        "Well-Architected": ("SEC05-BP03",),
    },
    url="https://docs.aws.amazon.com/config/latest/developerguide/alb-http-drop-invalid-header-enabled.html",
    remedy="set drop_invalid_header_fields to true.",
    steps=("Set drop_invalid_header_fields=True; headers with an underscore are then dropped.",),
)

DESYNC = property_rule(
    must_be(
        "desyncMitigationMode",
        OneOf(("defensive", "strictest")),
        'Load balancer "{name}" forwards requests that proxy and server may read differently',
        default="defensive",
        applies=_is_application,
    ),
    tokens.LOAD_BALANCER,
    id="alb-desync-mode",
    title="An Application Load Balancer rejects ambiguous requests",
    question=Question.CLOSED,
    severity=Severity.MEDIUM,
    level=Level.ADVISORY,
    controls={
        "AWS Config": ("ALB_DESYNC_MODE_CHECK",),
        "Security Hub": ("ELB.12",),
        "Control Tower": ("CT.ELASTICLOADBALANCING.PR.3",),
        "Checkov": ("CKV_AWS_328",),
        "Prowler": ("elbv2_desync_mitigation_mode",),
        "Well-Architected": ("SEC05-BP03",),
    },
    url="https://docs.aws.amazon.com/config/latest/developerguide/alb-desync-mode-check.html",
    remedy="set desync_mitigation_mode to defensive or strictest, or leave it out.",
    steps=('Remove desync_mitigation_mode="monitor".',),
)

DELETION_PROTECTION = property_rule(
    must_be("enableDeletionProtection", True, 'Load balancer "{name}" can be deleted by mistake'),
    tokens.LOAD_BALANCER,
    id="elb-deletion-protection",
    title="A load balancer cannot be deleted by mistake",
    question=Question.SURVIVE,
    severity=Severity.MEDIUM,
    level=Level.ADVISORY,  # a rehearsal is torn down after every run
    production=Level.MANDATORY,
    controls={
        "AWS Config": ("ELB_DELETION_PROTECTION_ENABLED",),
        "Security Hub": ("ELB.6",),
        "Control Tower": ("CT.ELASTICLOADBALANCING.PR.5",),
        "Checkov": ("CKV_AWS_150",),
        "Prowler": ("elbv2_deletion_protection",),
        "Trusted Advisor": (
            "Elastic Load Balancing Deletion Protection Not Enabled for Load Balancers",
        ),
        "Well-Architected": ("REL02-BP01",),
    },
    url="https://docs.aws.amazon.com/config/latest/developerguide/elb-deletion-protection-enabled.html",
    remedy="set enable_deletion_protection to true, in haproof by the setting haproof:protect.",
    steps=("Set enable_deletion_protection=True; switch it off before a destroy.",),
)

ACCESS_LOGS = property_rule(
    must_be(
        "accessLogs.enabled",
        True,
        'Load balancer "{name}" writes no access logs',
        applies=_is_application,
    ),
    tokens.LOAD_BALANCER,
    id="elb-access-logs",
    title="A load balancer logs its requests",
    question=Question.CLOSED,
    severity=Severity.MEDIUM,
    level=Level.ADVISORY,  # logs cost storage, and add nothing to what the load test records
    production=Level.MANDATORY,
    controls={
        "AWS Config": ("ELB_LOGGING_ENABLED",),
        "Security Hub": ("ELB.5",),
        "Control Tower": ("CT.ELASTICLOADBALANCING.PR.6",),
        "Checkov": ("CKV_AWS_91",),
        "Prowler": ("elbv2_logging_enabled",),
        "Well-Architected": ("SEC04-BP01", "REL06-BP05"),
    },
    url="https://docs.aws.amazon.com/config/latest/developerguide/elb-logging-enabled.html",
    remedy="set access_logs with a bucket of the same Region and enabled true.",
    steps=(
        "Create a bucket in the load balancer's Region, encrypted with AES256 (KMS is not supported).",
        "Allow the log delivery service to write to it in the bucket policy.",
        "Set access_logs with bucket and enabled=True.",
    ),
    unknown="An unknown switch is a violation; the bucket's name may be unknown.",
)

IDLE_TIMEOUT = property_rule(
    must_be(
        "idleTimeout",
        AtLeast("minimumSeconds", " s"),
        'Load balancer "{name}" ends requests that take a moment',
        default="60 s",
        applies=_is_application,
    ),
    tokens.LOAD_BALANCER,
    id="alb-idle-timeout",
    title="The load balancer waits for the answer to a request",
    question=Question.SERVE,
    severity=Severity.MEDIUM,
    scope=Scope.HIGH_AVAILABILITY,
    controls={"Well-Architected": ("REL05-BP05",)},
    url="https://docs.aws.amazon.com/elasticloadbalancing/latest/application/edit-load-balancer-attributes.html",
    remedy="set idle_timeout to the duration of the longest request, or leave it out: 60 s.",
    steps=("Set idle_timeout above the longest request; the application's keep-alive above that.",),
    unknown="An unknown timeout is a violation; an absent one is the documented default, 60 s.",
    parameters={
        "minimumSeconds": {
            "type": "integer",
            "minimum": 1,
            "default": 10,
            "description": "Seconds for which a connection has to be kept while nothing is sent.",
        }
    },
)

RULES = (
    ELBV2_MULTI_AZ,
    IDLE_TIMEOUT,
    TG_HEALTH_CHECK,
    INVALID_HEADERS,
    DESYNC,
    DELETION_PROTECTION,
    ACCESS_LOGS,
)
