"""Rules about IAM: least privilege, no privilege escalation, and limited trust."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from guardrails import tokens
from guardrails.architecture.managed_policies import managed_name
from guardrails.architecture.openness import admits_everybody
from guardrails.architecture.policy_documents import Statement, matches, statements
from guardrails.federation import needed_action, strangers
from guardrails.model import Question, Settings, Severity, StackRule, Violation
from guardrails.resources import Resource, Stack
from guardrails.values import UNKNOWN, dig, is_absent, items, listed

_INLINE = (*tokens.ROLE_POLICY, *tokens.USER_POLICY, *tokens.GROUP_POLICY, *tokens.MANAGED_POLICY)
_ATTACHED = (
    *tokens.ROLE_POLICY_ATTACHMENT,
    *tokens.USER_POLICY_ATTACHMENT,
    *tokens.GROUP_POLICY_ATTACHMENT,
    *tokens.POLICY_ATTACHMENT,
)
_ROLE_KEYS = ("name", "id", "arn")
_ADMINISTRATORS = ("AdministratorAccess", "PowerUserAccess", "IAMFullAccess")
_UNKNOWN = (
    "A policy that is unknown because it names what is still to be created is accepted in the "
    "preview; the same rule decides at the end of the update, when it is known."
)


def documents(stack: Stack) -> Iterator[tuple[Resource, str, tuple[Statement, ...]]]:
    """Yield the statements of every policy for identities, with the resource and a label."""
    for policy in stack.of(_INLINE):
        yield policy, f'Policy "{policy.name}"', statements(policy.get("policy")) or ()
    for role in stack.of(tokens.ROLE):
        for inline in items(role.get("inlinePolicies")):
            label = f'Inline policy of role "{role.name}"'
            yield role, label, statements(dig(inline, "policy")) or ()


def is_about_everything(given: Statement) -> bool:
    """Return whether a statement is about every resource."""
    return bool(given.not_resources) or any(one == "*" for one in given.resources)


def _bounded(role: Resource) -> bool:
    return not is_absent(role.setting("permissionsBoundary"))


def _owners(stack: Stack, attachment: Resource) -> list[Resource]:
    prop = "role" if attachment.type in tokens.ROLE_POLICY_ATTACHMENT else "roles"
    return list(stack.references(attachment, prop, tokens.ROLE, _ROLE_KEYS).any)


# --- administrators -------------------------------------------------------------------------------


def administers(given: Statement) -> str | None:
    """Return what makes the holder of a statement an administrator, `None` if nothing does."""
    if not given.allows or given.conditional or not is_about_everything(given):
        return None
    if given.not_actions:
        return f"everything but {', '.join(map(str, given.not_actions))}"
    for action in given.actions:
        if action in ("*", "*:*"):
            return "every action on every resource"
        if str(action).lower() == "iam:*":
            return "iam:* on every resource, and so can allow itself everything"
    return None


def _managed(stack: Stack) -> Iterator[tuple[Resource, str, list[Resource]]]:
    """Yield each AWS managed policy that makes an administrator: where, which, and of which roles."""
    for attachment in stack.of(_ATTACHED):
        name = managed_name(str(attachment.get("policyArn")))
        if name in _ADMINISTRATORS:
            yield attachment, str(name), _owners(stack, attachment)
    for role in stack.of(tokens.ROLE):
        for arn in items(role.get("managedPolicyArns")):
            name = managed_name(str(arn))
            if name in _ADMINISTRATORS:
                yield role, str(name), [role]


def _administrators(stack: Stack, _: Settings) -> Iterator[Violation]:
    for resource, name, roles in _managed(stack):
        if roles and all(_bounded(role) for role in roles):
            continue
        owner = f'role "{roles[0].name}"' if roles else f'"{resource.name}"'
        path = (*_instances(stack, roles), owner, name) if roles else ()
        yield Violation(
            f"{owner[0].upper()}{owner[1:]} is an administrator: {name}.", resource, path
        )
    for resource, label, document in documents(stack):
        for given in document:
            allowed = administers(given)
            if allowed is not None:
                yield Violation(f"{label} allows {allowed}.", resource)
                break


def _instances(stack: Stack, roles: list[Resource]) -> tuple[str, ...]:
    """Return the launch template or instance that runs with one of the roles, as steps of a path."""
    for started in stack.of((*tokens.LAUNCH_TEMPLATE, *tokens.INSTANCE)):
        profiles = stack.references(
            started, "iamInstanceProfile", tokens.INSTANCE_PROFILE, ("name", "id", "arn")
        )
        for profile in profiles.any:
            if set(stack.references(profile, "role", tokens.ROLE, _ROLE_KEYS).any) & set(roles):
                return (f'instances of "{started.name}"', f'instance profile "{profile.name}"')
    return ()


ADMINISTRATOR = StackRule(
    id="iam-no-administrator",
    title="No role, user or policy of the stack is an administrator",
    question=Question.CLOSED,
    severity=Severity.CRITICAL,
    controls={
        "AWS Config": ("IAM_POLICY_NO_STATEMENTS_WITH_ADMIN_ACCESS",),
        "Security Hub": ("IAM.1",),
        "Control Tower": ("CT.IAM.PR.1", "CT.IAM.PR.2"),
        "Checkov": ("CKV_AWS_62", "CKV_AWS_274"),
        "Prowler": (
            "iam_aws_attached_policy_no_administrative_privileges",
            "iam_customer_attached_policy_no_administrative_privileges",
            "iam_inline_policy_no_administrative_privileges",
        ),
        "Well-Architected": ("SEC03-BP02",),
    },
    url="https://docs.aws.amazon.com/IAM/latest/UserGuide/best-practices.html",
    remedy="remove the policy, and allow the actions that are needed on the ARNs that are needed.",
    steps=(
        "List what the role does: IAM Access Analyzer writes a policy from CloudTrail.",
        "Replace the policy by an aws.iam.RolePolicy with these actions and ARNs.",
        "Where a deployer needs more, set permissions_boundary.",
    ),
    unknown=_UNKNOWN,
    check=_administrators,
)


# --- escalation -----------------------------------------------------------------------------------

_ESCALATIONS = (
    "iam:PassRole", "iam:PutRolePolicy", "iam:AttachRolePolicy", "iam:CreatePolicyVersion",
    "iam:SetDefaultPolicyVersion", "iam:UpdateAssumeRolePolicy", "iam:CreateAccessKey",
    "iam:PutUserPolicy", "iam:AttachUserPolicy", "sts:AssumeRole",
)  # fmt: skip


def _escalates(given: Statement) -> str | None:
    """Return the action by which the holder of a policy can get more rights, on any role or user."""
    if not given.allows or given.conditional or given.not_actions or administers(given):
        return None
    anybody = is_about_everything(given) or any(
        re.fullmatch(r"arn:[^:]*:iam::[^:]*:(?:\*|role/\*|user/\*)", str(one))
        for one in given.resources
    )
    if not anybody:
        return None
    return next((one for one in _ESCALATIONS if matches(given.actions, one)), None)


def _escalation(stack: Stack, _: Settings) -> Iterator[Violation]:
    for resource, label, document in documents(stack):
        for given in document:
            action = _escalates(given)
            if action is not None:
                yield Violation(
                    f"{label} allows {action} on every role: whoever has it can become an "
                    "administrator.",
                    resource,
                )
                break


ESCALATION = StackRule(
    id="iam-no-escalation",
    title="No policy allows privilege escalation",
    question=Question.CLOSED,
    severity=Severity.CRITICAL,
    controls={
        "Checkov": ("CKV_AWS_286",),
        "Prowler": (
            "iam_policy_allows_privilege_escalation",
            "iam_inline_policy_allows_privilege_escalation",
            "iam_no_custom_policy_permissive_role_assumption",
        ),
        "Well-Architected": ("SEC03-BP02",),
    },
    url="https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html",
    remedy=(
        "name the ARN of the role that may be passed or changed, or add the condition "
        "iam:PassedToService."
    ),
    steps=(
        "Replace the resource * by the role's ARN.",
        'Add Condition {"StringEquals": {"iam:PassedToService": "ec2.amazonaws.com"}}.',
    ),
    unknown=_UNKNOWN,
    check=_escalation,
)


# --- trust ----------------------------------------------------------------------------------------

_IDENTITIES = (
    "aws:principal", "aws:source", "sts:externalid", "aws:userid", "kms:calleraccount",
    "sts:rolesessionname",
)  # fmt: skip
"""Beginnings of condition keys that say who asks."""

_ACCOUNT = re.compile(r"arn:[^:]*:[^:]*:[^:]*:(\d{12}):")


def _trusts(document: Any) -> Iterator[Mapping[str, Any]]:
    if isinstance(document, str):
        try:
            document = json.loads(document)
        except ValueError:
            return
    for one in listed(dig(document, "Statement")):
        if isinstance(one, Mapping) and one.get("Effect") == "Allow":
            yield one


def _keys(statement: Mapping[str, Any]) -> list[str]:
    condition = statement.get("Condition")
    tested = condition.values() if isinstance(condition, Mapping) else ()
    return [str(key).lower() for one in tested if isinstance(one, Mapping) for key in one]


def _own_accounts(stack: Stack) -> set[str]:
    """Return the accounts of this stack, as far as the ARNs of its resources are known."""
    arns = (one.get("arn") for one in stack.resources)
    found = (_ACCOUNT.match(arn) for arn in arns if isinstance(arn, str))
    return {one[1] for one in found if one}


def _trust(stack: Stack, _: Settings) -> Iterator[Violation]:
    for role in stack.of(tokens.ROLE):
        document = role.get("assumeRolePolicy")
        if document is UNKNOWN:
            continue
        for statement in _trusts(document):
            yield from _trusted(stack, role, statement)


def _trusted(stack: Stack, role: Resource, statement: Mapping[str, Any]) -> Iterator[Violation]:
    principal, keys = statement.get("Principal"), _keys(statement)
    accounts = listed(principal.get("AWS")) if isinstance(principal, Mapping) else [principal]
    limits = not admits_everybody(statement.get("Condition"))
    identified = any(key.startswith(_IDENTITIES) for key in keys) and limits
    if "*" in accounts and not identified:
        yield Violation(
            f'Role "{role.name}" can be assumed by anybody: its trust policy names the principal *.',
            role,
        )
    for one in accounts:
        found = re.fullmatch(r"arn:[^:]*:iam::(\d{12}):root|(\d{12})", str(one))
        if found is None or keys:
            continue
        account, own = found[1] or found[2], _own_accounts(stack)
        if account in own:
            continue
        yield Violation(
            f'{"R" if own else "r"}ole "{role.name}" can be assumed by everybody in account {account}'
            + (
                ", which is not this stack's, without a condition."
                if own
                else " without a condition; whether that is this stack's own is not known."
            ),
            role,
            undecided=not own,
        )
    yield from strangers(role, statement)


TRUST = StackRule(
    id="iam-trust-limited",
    title="A role can be assumed only by its intended principals",
    question=Question.CLOSED,
    severity=Severity.CRITICAL,
    controls={
        "Checkov": ("CKV_AWS_60", "CKV_AWS_61", "CKV_AWS_358"),
        "Prowler": ("iam_role_github_oidc_trust_subject_restricted",),
        "Well-Architected": ("SEC03-BP07",),
    },
    url="https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html",
    remedy=(
        "name the service or the role that may assume it, for another account with a condition on "
        "sts:ExternalId or aws:PrincipalOrgID."
    ),
    steps=(
        'Name a service in assume_role_policy, for example {"Service": "ec2.amazonaws.com"}.',
        "For a partner's account, add a condition on sts:ExternalId.",
        "For a pipeline, add a condition on the token's sub.",
    ),
    unknown=(
        "An unknown trust policy is judged in the update. Whether an account is the stack's own is "
        "known by the ARNs of its resources; before the first update it is undecided. Whether a token "
        "was made for AWS (aud), IAM itself checks by the provider's client_id_lists."
    ),
    check=_trust,
)

# --- how a role is assumed ------------------------------------------------------------------------


def _impossible(stack: Stack, _: Settings) -> Iterator[Violation]:
    for role in stack.of(tokens.ROLE):
        given = [one for one in statements(role.get("assumeRolePolicy")) or () if one.allows]
        for one in given:
            for kind, principal in _principals(one):
                action = needed_action(kind, principal)
                if action is None:
                    continue
                able = [
                    other.covers(action)
                    for other in given
                    if (kind, principal) in _principals(other)
                ]
                if all(covers is False for covers in able):
                    yield Violation(
                        f'{principal} cannot assume role "{role.name}": the trust policy allows '
                        f"{', '.join(map(str, one.actions))}, and it would need {action}.",
                        role,
                        (principal, action, f'trust policy of role "{role.name}"'),
                        f'set Action in assume_role_policy to "{action}".',
                    )


def _principals(given: Statement) -> list[tuple[str, str]]:
    return [
        (kind, one)
        for kind, named in (given.principals or {}).items()
        for one in named
        if isinstance(one, str)
    ]


POSSIBLE = StackRule(
    id="iam-trust-possible",
    title="Who is trusted can assume the role",
    question=Question.VALID,
    severity=Severity.HIGH,
    controls={"Well-Architected": ("SEC03-BP02",)},
    url="https://docs.aws.amazon.com/IAM/latest/UserGuide/access-analyzer-reference-policy-checks.html",
    remedy=(
        "set Action in assume_role_policy to sts:AssumeRole for a service, to "
        "sts:AssumeRoleWithWebIdentity for an OIDC provider and to sts:AssumeRoleWithSAML for a SAML one."
    ),
    steps=(
        "Use sts:AssumeRoleWithWebIdentity with a Federated principal whose ARN has oidc-provider.",
        "Use sts:AssumeRole with a Service principal.",
    ),
    unknown="Principals and actions that the preview does not know are not judged.",
    check=_impossible,
)

RULES = (ADMINISTRATOR, ESCALATION, TRUST, POSSIBLE)
