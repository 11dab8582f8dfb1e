"""Rules about the instances' role: they have one, and it lets Systems Manager manage them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from guardrails import tokens
from guardrails.model import (
    Question,
    ResourceRule,
    Settings,
    Severity,
    StackRule,
    Violation,
    for_each,
)
from guardrails.relations.launch_templates import inherits_from_template
from guardrails.resources import Resource, Stack
from guardrails.values import UNKNOWN, items, leaves

_TYPES = (*tokens.LAUNCH_TEMPLATE, *tokens.INSTANCE)
_NAME_KEYS = ("name", "id", "arn")

# The permission that the SSM agent needs first (AWS managed policy AmazonSSMManagedInstanceCore),
# and the managed policies that grant it.
_REGISTRATION = "ssm:UpdateInstanceInformation"
_MANAGED = ("AmazonSSMManagedInstanceCore", "AmazonSSMManagedEC2InstanceDefaultPolicy")


def _has_profile(resource: Resource) -> bool:
    profile = resource.get("iamInstanceProfile")
    return any(leaf != "" for leaf in leaves(profile))


def _profile(resource: Resource, _: Settings) -> Iterator[Violation]:
    if not _has_profile(resource) and not inherits_from_template(resource):
        yield Violation(
            f'"{resource.name}" launches instances without a role: iam_instance_profile is not set. '
            "Neither the CodeDeploy agent nor Session Manager works on them.",
            resource,
        )


INSTANCE_PROFILE = ResourceRule(
    id="ec2-instance-profile",
    title="Every instance has an instance profile",
    question=Question.DEPLOY,
    severity=Severity.HIGH,
    controls={
        "AWS Config": ("EC2_INSTANCE_PROFILE_ATTACHED",),
        "Well-Architected": ("SEC02-BP02",),
    },
    url="https://docs.aws.amazon.com/config/latest/developerguide/ec2-instance-profile-attached.html",
    remedy="set iam_instance_profile to an aws.iam.InstanceProfile.",
    steps=(
        "Create an aws.iam.Role for ec2.amazonaws.com and an aws.iam.InstanceProfile with it.",
        "Set iam_instance_profile to the profile.",
    ),
    unknown="An unknown profile counts as set: it is still to be created.",
    types=_TYPES,
    check=_profile,
)


def _with_profile(stack: Stack) -> list[Resource]:
    return [resource for resource in stack.of(_TYPES) if _has_profile(resource)]


def _managed(stack: Stack, resource: Resource, settings: Settings) -> str | None:
    trusted = settings.texts("trustedProfiles")
    if any(leaf in trusted for leaf in leaves(resource.get("iamInstanceProfile"))):
        return None
    profiles = stack.linked(resource, "iamInstanceProfile", tokens.INSTANCE_PROFILE, _NAME_KEYS)
    roles = [
        role
        for profile in profiles
        for role in stack.linked(profile, "role", tokens.ROLE, _NAME_KEYS)
    ]
    if not roles:
        return f'"{resource.name}" has an instance profile whose role is not in this stack.'
    if any(_can_register(stack, role) for role in roles):
        return None
    names = ", ".join(f'"{role.name}"' for role in roles)
    return (
        f'"{resource.name}" cannot be managed by Systems Manager: role {names} is not allowed to '
        f"{_REGISTRATION}."
    )


def _can_register(stack: Stack, role: Resource) -> bool:
    attached = [
        attachment.get("policyArn")
        for attachment in stack.of(tokens.ROLE_POLICY_ATTACHMENT)
        if role in stack.linked(attachment, "role", tokens.ROLE, _NAME_KEYS)
    ]
    arns = [*attached, *items(role.get("managedPolicyArns"))]
    if any(isinstance(arn, str) and arn.rsplit("/", 1)[-1] in _MANAGED for arn in arns):
        return True
    documents = [
        policy.get("policy")
        for policy in stack.of(tokens.ROLE_POLICY)
        if role in stack.linked(policy, "role", tokens.ROLE, _NAME_KEYS)
    ]
    documents += [
        policy.get("policy")
        for policy in items(role.get("inlinePolicies"))
        if policy is not UNKNOWN
    ]
    return any(_allows_registration(document) for document in documents)


def _allows_registration(document: Any) -> bool:
    try:
        policy = json.loads(document) if isinstance(document, str) else document
    except ValueError:
        return False
    statements = policy.get("Statement") if isinstance(policy, dict) else None
    return any(
        statement.get("Effect") == "Allow"
        and any(action in (_REGISTRATION, "ssm:*", "*") for action in _list(statement["Action"]))
        for statement in _list(statements)
        if isinstance(statement, dict) and "Action" in statement
    )


def _list(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list) else [value]


MANAGED_BY_SSM = StackRule(
    id="ec2-managed-by-ssm",
    title="Systems Manager can manage every instance",
    question=Question.DEPLOY,
    severity=Severity.MEDIUM,
    controls={
        "AWS Config": ("EC2_INSTANCE_MANAGED_BY_SSM",),
        "Security Hub": ("SSM.1",),
        "Prowler": ("ec2_instance_managed_by_ssm",),
        "Well-Architected": ("SEC06-BP03",),
    },
    url="https://docs.aws.amazon.com/config/latest/developerguide/ec2-instance-managed-by-systems-manager.html",
    remedy="attach the managed policy AmazonSSMManagedInstanceCore to the instance profile's role.",
    steps=(
        "Attach AmazonSSMManagedInstanceCore to the role by an aws.iam.RolePolicyAttachment.",
        f"Or allow {_REGISTRATION} and ssmmessages:* in a policy of the role.",
        "List profiles of another stack in this rule's parameter trustedProfiles.",
    ),
    unknown=(
        "Unknown names are resolved through the profile and role they come from; a policy with an "
        "unknown ARN or document grants nothing for certain and does not count."
    ),
    parameters={
        "trustedProfiles": {
            "type": "array",
            "items": {"type": "string"},
            "default": [],
            "description": "Names or ARNs of instance profiles outside the stack that grant it.",
        }
    },
    check=for_each(_with_profile, _managed),
)

RULES = (INSTANCE_PROFILE, MANAGED_BY_SSM)
