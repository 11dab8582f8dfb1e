"""Rules about the instances' role: they have one, and it lets Systems Manager manage them."""

from __future__ import annotations

from collections.abc import Iterator

from guardrails import tokens
from guardrails.answered import report
from guardrails.architecture.answers import any_of
from guardrails.architecture.launching import inherits_from_template
from guardrails.architecture.nodes import Nodes
from guardrails.architecture.permissions import UNNAMED, Permissions, Target
from guardrails.model import (
    Question,
    Settings,
    Severity,
    StackRule,
    Violation,
)
from guardrails.property_rules import must_be, property_rule
from guardrails.resources import Resource, Stack
from guardrails.values import is_absent, leaves

_TYPES = (*tokens.LAUNCH_TEMPLATE, *tokens.INSTANCE)

# The permission that the SSM agent needs first (AWS managed policy AmazonSSMManagedInstanceCore).
_REGISTRATION = "ssm:UpdateInstanceInformation"
_INSTANCES = Target(
    "its instances",
    (f"arn:aws:ec2:::instance/{UNNAMED}", f"arn:aws:ssm:::managed-instance/{UNNAMED}"),
)
"""What that permission is about (service authorization reference, AWS Systems Manager)."""


def _has_profile(resource: Resource) -> bool:
    profile = resource.get("iamInstanceProfile")
    return any(leaf != "" for leaf in leaves(profile))


def _profile(stack: Stack, _: Settings) -> Iterator[Violation]:
    of_nodes = stack.derived(Nodes).templates  # EKS adds the role of the node group
    for resource in stack.of(_TYPES):
        given = _has_profile(resource) and not resource.left_out("iamInstanceProfile")
        if not given and not inherits_from_template(resource) and resource not in of_nodes:
            yield Violation(
                f'"{resource.name}" launches instances without a role: iam_instance_profile is not '
                "set. Neither the CodeDeploy agent nor Session Manager works on them.",
                resource,
            )


INSTANCE_PROFILE = StackRule(
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
    unknown=(
        "An unknown profile counts as set: it is still to be created. A launch template of node groups "
        "only (EKS) has none: EKS refuses it."
    ),
    check=_profile,
)


_DEFAULT_MANAGEMENT = "/ssm/managed-instance/default-ec2-instance-management-role"


def _with_profile(stack: Stack) -> list[Resource]:
    return [resource for resource in stack.of(_TYPES) if _has_profile(resource)]


def _by_default(stack: Stack) -> bool:
    """Return whether the stack lets Systems Manager manage every instance of the account."""
    return any(
        str(one.get("settingId")).endswith(_DEFAULT_MANAGEMENT)
        for one in stack.of(tokens.SSM_SERVICE_SETTING)
    )


def _managed(stack: Stack, settings: Settings) -> Iterator[Violation]:
    if _by_default(stack):
        return
    trusted = settings.texts("trustedProfiles")
    permissions = stack.derived(Permissions)
    for resource in _with_profile(stack):
        if any(leaf in trusted for leaf in leaves(resource.get("iamInstanceProfile"))):
            continue
        roles = permissions.instance_roles(resource)
        answers = [permissions.may(role, _REGISTRATION, _INSTANCES) for role in roles.any]
        if not answers:
            yield Violation(
                f'"{resource.name}" has an instance profile whose role is not in this stack: '
                "whether Systems Manager can manage its instances is not known.",
                resource,
                remedy=(
                    "create profile and role in this stack, or list the profile's name or ARN in "
                    "this rule's parameter trustedProfiles."
                ),
                undecided=True,
            )
            continue
        answer = any_of(answers)
        yield from report(
            answer,
            resource,
            f'instances of "{resource.name}"',
            problem=f'"{resource.name}" cannot be managed by Systems Manager',
        )


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
        "Unknown names are resolved through the profile and role they come from. A profile of "
        "another stack, and a policy with an unknown document where no other one allows it, are not "
        "decidable."
    ),
    parameters={
        "trustedProfiles": {
            "type": "array",
            "items": {"type": "string"},
            "default": [],
            "description": "Names or ARNs of instance profiles outside the stack that grant it.",
        }
    },
    check=_managed,
)


def _trusted(stack: Stack, _: Settings) -> Iterator[Violation]:
    permissions = stack.derived(Permissions)
    roles = {
        role: resource
        for resource in reversed(_with_profile(stack))
        for role in permissions.instance_roles(resource).resources
    }
    for role, resource in roles.items():
        yield from report(
            permissions.may_be_assumed(role, "ec2"),
            role,
            f'instances of "{resource.name}"',
            problem=f'"{resource.name}" launches instances without credentials',
        )


ROLE_TRUSTED = StackRule(
    id="ec2-role-trusted",
    title="Instances may assume their role",
    question=Question.DEPLOY,
    severity=Severity.HIGH,
    controls={"Well-Architected": ("SEC03-BP02",)},
    url="https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/iam-roles-for-amazon-ec2.html",
    remedy=(
        "let the role's assume_role_policy allow sts:AssumeRole to the service ec2.amazonaws.com."
    ),
    steps=(
        'Set Principal {"Service": "ec2.amazonaws.com"} and Action "sts:AssumeRole".',
        "Without it neither the CodeDeploy agent nor Session Manager has credentials.",
    ),
    unknown="A trust policy that the preview does not know is not decidable.",
    check=_trusted,
)

METADATA_ON = property_rule(
    must_be(
        "metadataOptions.httpEndpoint",
        "enabled",
        'Nothing on the instances of "{name}" has credentials, for its metadata service is off',
        default="enabled",
        applies=lambda resource: not is_absent(resource.get("iamInstanceProfile")),
    ),
    (*tokens.LAUNCH_TEMPLATE, *tokens.INSTANCE),
    id="ec2-metadata-on",
    title="Instances with a role can get its credentials",
    question=Question.DEPLOY,
    severity=Severity.HIGH,
    controls={"Well-Architected": ("SEC02-BP02",)},
    url="https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/iam-roles-for-amazon-ec2.html",
    remedy=(
        'set metadata_options.http_endpoint to "enabled", the default, with http_tokens "required".'
    ),
    steps=(
        'Set http_endpoint="enabled": the CodeDeploy agent gets its credentials there.',
        'Keep http_tokens="required" (IMDSv2).',
    ),
)

RULES = (INSTANCE_PROFILE, MANAGED_BY_SSM, ROLE_TRUSTED, METADATA_ON)
