"""The rule about settings with two writers: each removes what the other wrote."""

from __future__ import annotations

from collections.abc import Iterator

from guardrails import tokens
from guardrails.architecture.containers import Containers
from guardrails.architecture.fleets import Fleets
from guardrails.model import Level, Question, Settings, Severity, StackRule, Violation
from guardrails.refusals import label
from guardrails.resources import Resource, Stack
from guardrails.values import UNKNOWN, is_absent

_ID = ("id",)
_PROVIDER = "https://www.pulumi.com/registry/packages/aws/api-docs/"


def _set(resource: Resource, prop: str) -> bool:
    value = resource.get(prop)
    return not resource.left_out(prop) and not is_absent(value) and value is not UNKNOWN


def _direction(rule: Resource) -> str:
    if rule.type in tokens.EGRESS_RULE or rule.get("type") == "egress":
        return "egress"
    return "ingress"


def _groups(stack: Stack) -> Iterator[tuple[Resource, Resource, str]]:
    rules = (*tokens.INGRESS_RULE, *tokens.EGRESS_RULE, *tokens.SECURITY_GROUP_RULE)
    for rule in stack.of(rules):
        found = stack.references(rule, "securityGroupId", tokens.SECURITY_GROUP, _ID)
        for group in found.resources:
            if _set(group, _direction(rule)):
                yield group, rule, _direction(rule)


def _tables(stack: Stack) -> Iterator[tuple[Resource, Resource, str]]:
    for route in stack.of(tokens.ROUTE):
        found = stack.references(route, "routeTableId", tokens.ROUTE_TABLE, _ID)
        for table in found.resources:
            if _set(table, "routes"):
                yield table, route, "routes"


def _single(stack: Stack) -> Iterator[tuple[Resource, Resource, str]]:
    """Yield what a bucket has once and two resources write."""
    seen: dict[Resource, Resource] = {}
    for one in stack.of(tokens.BUCKET_POLICY):
        found = stack.references(one, "bucket", tokens.BUCKET, ("bucket", "id"))
        for bucket in found.resources:
            if bucket in seen:
                yield seen[bucket], one, "policy"
            seen.setdefault(bucket, one)


def _scaled(stack: Stack) -> Iterator[tuple[Resource, Resource, str]]:
    """Yield what the program sizes and something else scales: who does, and the property."""
    for group in stack.derived(Fleets).groups:
        if group.policies:
            yield group.resource, group.policies[0], "desiredCapacity"
    for service in stack.derived(Containers).services:
        if service.tasks.resource.type in (*tokens.SCALABLE_TARGET, *tokens.SCHEDULED_SCALING):
            yield service.resource, service.tasks.resource, "desiredCount"


def _sized(stack: Stack) -> Iterator[Violation]:
    for resource, scaling, prop in _scaled(stack):
        if not _set(resource, prop) or resource.options.ignores(prop):
            continue
        name = label(prop)
        yield Violation(
            f'"{resource.name}" and "{scaling.name}" both write {name}: whoever refreshes the state in the '
            f"peak takes back what was added, down to the program's {resource.shown(prop)}.",
            resource,
            (f'"{resource.name}": {name}', f'"{scaling.name}"'),
            f'name "{prop}" in ignore_changes of "{resource.name}", or leave {name} out.',
        )


def _twice(stack: Stack, _: Settings) -> Iterator[Violation]:
    yield from _sized(stack)
    seen: set[tuple[Resource, str]] = set()
    for find in (_groups, _tables, _single):
        for first, second, what in find(stack):
            if (first, what) in seen:
                continue
            seen.add((first, what))
            yield Violation(
                f'"{first.name}" and "{second.name}" both write {what}: each update or refresh of the '
                "one may remove what the other wrote.",
                second,
                (f'"{first.name}": {what}', f'"{second.name}"'),
                f'write all {what} in "{first.name}", or remove them there and write each as a '
                "resource of its own."
                if find is not _single
                else f'write all in "{first.name}", and remove "{second.name}".',
            )


ONE_WRITER = StackRule(
    id="settings-in-one-place",
    title="No setting is managed by two resources",
    question=Question.SERVE,
    severity=Severity.MEDIUM,
    level=Level.ADVISORY,
    controls={"Well-Architected": ("REL08-BP04",)},
    url=f"{_PROVIDER}ec2/securitygroup/",
    remedy="write all rules or routes in the resource itself, or all as resources of their own.",
    steps=(
        "Leave ingress, egress or routes of the resource out and keep the separate ones.",
        "Merge two policies of one bucket into one document.",
        "Let ignore_changes name the desiredCapacity or desiredCount of what scales, or leave it out.",
    ),
    unknown=(
        "Unknown ids are resolved through the resources they come from; a list that is unknown as a "
        "whole is not judged."
    ),
    check=_twice,
)

RULES = (ONE_WRITER,)
