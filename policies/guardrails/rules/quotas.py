"""The rule about quotas: what exceeds the default quotas may fail in this account."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from guardrails import tokens
from guardrails.architecture.firewall import Firewall
from guardrails.architecture.permissions import Permissions
from guardrails.architecture.permits import EGRESS, INGRESS, Permit
from guardrails.model import Level, Question, Settings, Severity, StackRule, Violation
from guardrails.resources import Resource, Stack
from guardrails.values import dig, items

_VPC = "https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html"
_RULES: Final = 60
_GROUPS: Final = 5
_ADDRESSES: Final = 5
_POLICIES: Final = 10


def _sources(permit: Permit) -> int:
    """Return how many rules a written one is: one for each source."""
    peers = permit.peers
    named = len(peers.any) + len(peers.foreign) + peers.untraced
    return max(1, len(permit.addresses) + named + len(permit.prefix_lists) + permit.itself)


def _of_groups(stack: Stack) -> Iterator[tuple[Resource, str, int, int]]:
    firewall = stack.derived(Firewall)
    for group in stack.of(tokens.SECURITY_GROUP):
        for direction in (INGRESS, EGRESS):
            count = sum(map(_sources, firewall.permits(group, direction)))
            yield group, f"{direction} rules of a security group", count, _RULES


def _of_interfaces(stack: Stack) -> Iterator[tuple[Resource, str, int, int]]:
    for types, prop in (
        (tokens.LAUNCH_TEMPLATE, "vpcSecurityGroupIds"),
        (tokens.INSTANCE, "vpcSecurityGroupIds"),
        (tokens.LOAD_BALANCER, "securityGroups"),
    ):
        for one in stack.of(types):
            lists: list[Any] = [one.get(prop)]
            lists += [dig(each, "securityGroups") for each in items(one.get("networkInterfaces"))]
            for given in lists:
                yield one, "security groups of a network interface", len(items(given)), _GROUPS


def _of_roles(stack: Stack) -> Iterator[tuple[Resource, str, int, int]]:
    permissions = stack.derived(Permissions)
    inline = set(stack.of(tokens.ROLE_POLICY))
    for role in stack.of(tokens.ROLE):
        own = len(items(role.get("inlinePolicies")))
        written = sum(
            1
            for one in inline
            if role in stack.references(one, "role", tokens.ROLE, ("id", "name", "arn")).any
        )
        count = len(permissions.policies(role)) - own - written
        yield role, "managed policies of a role", count, _POLICIES


def _of_addresses(stack: Stack) -> Iterator[tuple[Resource, str, int, int]]:
    addresses = stack.of(tokens.ELASTIC_IP)
    if addresses:
        yield addresses[-1], "Elastic IP addresses of a Region", len(addresses), _ADDRESSES


def _counts(stack: Stack) -> Iterator[tuple[Resource, str, int, int]]:
    yield from _of_groups(stack)
    yield from _of_interfaces(stack)
    yield from _of_roles(stack)
    yield from _of_addresses(stack)


def _beyond(stack: Stack, _: Settings) -> Iterator[Violation]:
    for resource, what, count, quota in _counts(stack):
        if count > quota:
            yield Violation(
                f'AWS refuses "{resource.name}" unless the account has a higher quota: it makes {count} '
                f"{what}, and every account has {quota}.",
                resource,
            )


QUOTAS = StackRule(
    id="quotas-suffice",
    title="Nothing exceeds the default quotas of an account",
    question=Question.VALID,
    severity=Severity.LOW,
    # An account may have more, which no program says.
    level=Level.ADVISORY,
    controls={"Well-Architected": ("REL01-BP04",)},
    url=_VPC,
    remedy="ask for a higher quota in Service Quotas before the update, or remove what is too much.",
    steps=(
        f"A security group has {_RULES} rules in each direction, a network interface {_GROUPS} groups.",
        f"A role has {_POLICIES} managed policies, a Region {_ADDRESSES} Elastic IP addresses.",
        "Merge addresses into a prefix list or a larger range, and policies into one.",
    ),
    unknown="What the preview does not know is counted as one.",
    check=_beyond,
)

RULES = (QUOTAS,)
"""Amazon VPC user guide, "Amazon VPC quotas"; IAM user guide, "IAM and AWS STS quotas"."""
