"""The role that CodeDeploy assumes."""

from __future__ import annotations

import pytest
from guardrails.values import UNKNOWN

from tests.policies.draft import Draft, violations
from tests.policies.mutations.deployment_role import INLINE, document, statement, trust
from tests.policies.rules.cases import (
    test_a_change_breaks_exactly_its_rule,
    test_a_change_breaks_nothing,
    test_a_change_makes_exactly_its_rule_undecidable,
)

__all__ = [
    "test_a_change_breaks_exactly_its_rule",
    "test_a_change_breaks_nothing",
    "test_a_change_makes_exactly_its_rule_undecidable",
]

ROLE, POLICY = "delivery-role", "delivery-policy"
MANAGED_POLICY = "aws:iam/policy:Policy"
CODEDEPLOY = "arn:aws:iam::aws:policy/service-role/AWSCodeDeployRole"
EVERYTHING = document(
    statement(
        "Allow",
        "autoscaling:*",
        "ec2:Describe*",
        "ec2:RunInstances",
        "ec2:CreateTags",
        "elasticloadbalancing:*",
        "cloudwatch:Describe*",
    )
)


def inline(draft, policy, **links):
    """The draft with an inline policy in place of the role's managed one."""
    draft.drop(POLICY)
    return draft.add("own", INLINE, {"role": UNKNOWN, "policy": policy}, {"role": [ROLE], **links})


def customer_managed(draft, kind, role, policies, *, several=False):
    """The draft with a customer-managed policy, attached by a resource of this type."""
    draft.drop(POLICY)
    draft.add("mine", MANAGED_POLICY, {"policy": EVERYTHING, "arn": UNKNOWN})
    names = [UNKNOWN] if role == "roles" else UNKNOWN
    arns = [UNKNOWN] if several else UNKNOWN
    return draft.add(
        "attached", kind, {role: names, policies: arns}, {role: [ROLE], policies: ["mine"]}
    )


def everything_but(action):
    return {"Effect": "Allow", "NotAction": action, "Resource": "*"}


# A change and the one rule that it breaks.
BREAKS = [
    ("codedeploy-role-trusted", lambda d: d.set(ROLE, "assumeRolePolicy",
        document(trust("Allow", "ec2.amazonaws.com", "lambda.amazonaws.com")))),
    ("codedeploy-role-trusted", lambda d: d.set(ROLE, "assumeRolePolicy", "not json")),
    ("codedeploy-role-trusted", lambda d: d.set(ROLE, "assumeRolePolicy", document({
        "Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::1:root"}, "Action": "sts:AssumeRole"}))),
    ("codedeploy-role-permissions", lambda d: d.drop(POLICY)),
    ("codedeploy-role-permissions", lambda d: d.link(POLICY, "role")),
    ("codedeploy-role-permissions", lambda d: inline(d, document(
        statement("Allow", "s3:*", resource="arn:aws:s3:::releases/*")))),
    ("codedeploy-role-permissions", lambda d: inline(d, EVERYTHING).add("denied", INLINE,
        {"role": UNKNOWN, "policy": document({"Effect": "Deny", "NotAction": "ec2:*",
            "Resource": "*"})}, {"role": [ROLE]})),
    ("codedeploy-role-permissions", lambda d: d.set(ROLE, "permissionsBoundary",
        "arn:aws:iam::aws:policy/AmazonS3FullAccess")),
]  # fmt: skip

# A change that breaks nothing.
KEEPS = [
    lambda d: inline(d, EVERYTHING),
    lambda d: inline(d, EVERYTHING).add("other", INLINE,
        {"role": UNKNOWN, "policy": UNKNOWN}, {"role": [ROLE]}),
    lambda d: customer_managed(d, "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
        "role", "policyArn"),
    lambda d: customer_managed(d, "aws:iam/policyAttachment:PolicyAttachment",
        "roles", "policyArn"),
    lambda d: customer_managed(d,
        "aws:iam/rolePolicyAttachmentsExclusive:RolePolicyAttachmentsExclusive",
        "roleName", "policyArns", several=True),
    lambda d: d.drop(POLICY).set(ROLE, "managedPolicyArns", [CODEDEPLOY]),
    lambda d: d.set(ROLE, "permissionsBoundary", "arn:aws:iam::aws:policy/PowerUserAccess"),
    lambda d: d.set(ROLE, "assumeRolePolicy", document(
        trust("Allow", "codedeploy.ap-northeast-2.amazonaws.com"))),
    lambda d: d.set(ROLE, "assumeRolePolicy", document(
        trust("Allow", "ec2.amazonaws.com", "codedeploy.amazonaws.com"))),
]  # fmt: skip

# A change after which exactly this rule cannot be decided.
UNDECIDED = [
    ("codedeploy-role-trusted", lambda d: d.set(ROLE, "assumeRolePolicy", UNKNOWN)),
    ("codedeploy-role-permissions", lambda d: inline(d, UNKNOWN)),
    ("codedeploy-role-permissions", lambda d: d.set(POLICY, "policyArn", "arn:aws:iam::1:policy/x")),
    ("codedeploy-role-permissions", lambda d: d
        .set(POLICY, "policyArn", "arn:aws:iam::aws:policy/SomethingNew")),
    ("codedeploy-role-permissions", lambda d: d
        .set(ROLE, "permissionsBoundary", "arn:aws:iam::1:policy/limits")),
    ("codedeploy-role-permissions", lambda d: d
        .set("deployment-group", "serviceRoleArn", "arn:aws:iam::1:role/of-another-stack")),
    ("codedeploy-role-permissions", lambda d: d.link("deployment-group", "serviceRoleArn")
        .set("deployment-group", "serviceRoleArn", UNKNOWN)),
]  # fmt: skip


def test_the_role_of_another_stack_can_be_trusted():
    arn = "arn:aws:iam::1:role/of-another-stack"
    draft = Draft().set("deployment-group", "serviceRoleArn", arn)
    assert not violations(draft, "codedeploy-role-permissions", trustedRoles=[arn])


def test_what_is_missing_is_named_with_its_path():
    actions = statement(
        "Allow",
        "autoscaling:*",
        "ec2:Describe*",
        "ec2:RunInstances",
        "ec2:CreateTags",
        "cloudwatch:*",
    )
    (found,) = violations(inline(Draft(), document(actions)), "codedeploy-role-permissions")
    assert "elasticloadbalancing:DescribeTargetGroups" in found.what
    assert "autoscaling" not in found.what
    assert found.path[0] == 'deployment group "deployment-group"'


@pytest.mark.parametrize(
    ("change", "allowed"),
    [
        (lambda d: inline(d, document(statement("Allow", "*"))), True),
        (lambda d: inline(d, document(everything_but("iam:*"))), True),
        (lambda d: inline(d, document(everything_but("elasticloadbalancing:*"))), False),
        (lambda d: d.drop(POLICY).set(ROLE, "managedPolicyArns",
            ["arn:aws-cn:iam::aws:policy/AdministratorAccess"]), True),
    ],
)  # fmt: skip
def test_an_administrator_may_deploy(change, allowed):
    """Such a role has more than it needs, which iam-no-administrator reports."""
    found = violations(change(Draft()), "codedeploy-role-permissions")
    assert bool(found) != allowed
