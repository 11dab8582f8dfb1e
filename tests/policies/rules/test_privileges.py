"""Privileges and trust."""

from __future__ import annotations

import pytest
from guardrails.values import UNKNOWN

from tests.policies.draft import Draft, violations
from tests.policies.mutations.privileges import ATTACHMENT, allow, document, trust
from tests.policies.rules.cases import (
    test_a_change_breaks_exactly_its_rule,
    test_a_change_breaks_nothing,
)

__all__ = ["test_a_change_breaks_exactly_its_rule", "test_a_change_breaks_nothing"]

ROLE = "aws:iam/role:Role"
OWN, OTHER = "123456789012", "210987654321"
GITHUB = f"arn:aws:iam::{OWN}:oidc-provider/token.actions.githubusercontent.com"


def allows(action, resource="*", **more):
    def change(draft):
        allow(draft, action, resource, **more)
        return draft

    return change


def trusts(principal, **more):
    def change(draft):
        trust(draft, principal, **more)
        return draft

    return change


def root(account):
    return {"AWS": f"arn:aws:iam::{account}:root"}


def attached(name):
    arn = f"arn:aws:iam::aws:policy/{name}"
    return lambda d: d.add("a", ATTACHMENT, {"role": UNKNOWN, "policyArn": arn}, {"role": ["role"]})


# A change and the one rule that it breaks.
BREAKS = [
    ("iam-no-administrator", attached("PowerUserAccess")),
    ("iam-no-administrator", attached("IAMFullAccess")),
    ("iam-no-administrator", allows("iam:*")),
    ("iam-no-administrator", lambda d: d.add("p", "aws:iam/policy:Policy", {"policy":
        document({"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"})})),
    ("iam-no-administrator", lambda d: d.add("r", ROLE, {"managedPolicyArns":
        ["arn:aws:iam::aws:policy/AdministratorAccess"]})),
    ("iam-no-administrator", lambda d: d.add("r", ROLE, {"inlinePolicies":
        [{"name": "all", "policy": document({"Effect": "Allow", "Action": ["*"],
          "Resource": ["*"]})}]})),
    ("iam-no-escalation", allows("iam:AttachRolePolicy")),
    ("iam-no-escalation", allows("iam:Pass*", f"arn:aws:iam::{OWN}:role/*")),
    ("iam-trust-limited", trusts("*")),
    ("iam-trust-limited", trusts({"AWS": ["*"]}, Condition={"Bool":
        {"aws:MultiFactorAuthPresent": "true"}})),
    ("iam-trust-limited", trusts(root(OTHER))),
    ("iam-trust-limited", trusts({"AWS": OTHER})),
]  # fmt: skip

# A change that breaks nothing.
KEEPS = [
    allows("s3:*", ["arn:aws:s3:::exports", "arn:aws:s3:::exports/*"]),
    allows(["ssmmessages:*", "ec2messages:*", "ssm:Get*"]),
    allows("iam:PassRole", f"arn:aws:iam::{OWN}:role/web"),
    allows("iam:PassRole", Condition={"StringEquals":
        {"iam:PassedToService": "ec2.amazonaws.com"}}),
    allows("iam:GetRole"),
    lambda d: d.add("p", "aws:iam/rolePolicy:RolePolicy", {"role": "other", "policy":
        document({"Effect": "Deny", "Action": "*", "Resource": "*"})}),
    attached("AmazonSSMManagedInstanceCore"),
    lambda d: d.add("r", ROLE, {"permissionsBoundary": f"arn:aws:iam::{OWN}:policy/limits",
        "managedPolicyArns": ["arn:aws:iam::aws:policy/ReadOnlyAccess"]}),
    trusts({"Service": ["ec2.amazonaws.com", "ssm.amazonaws.com"]}),
    trusts(root(OTHER), Condition={"StringEquals": {"sts:ExternalId": "4711"}}),
    trusts({"AWS": f"arn:aws:iam::{OTHER}:role/deploy"}),
    trusts("*", Condition={"StringEquals": {"aws:PrincipalOrgID": "o-1234567890"}}),
    trusts({"Federated": GITHUB}, Condition={"StringLike":
        {"token.actions.githubusercontent.com:sub": "repo:example/web:*"}}),
    lambda d: trusts(root(OWN))(d.set("role", "arn", f"arn:aws:iam::{OWN}:role/web")),
]  # fmt: skip


def test_an_account_is_undecided_until_the_stacks_own_is_known():
    draft = trusts(root(OTHER))(Draft())
    (found,) = violations(draft, "iam-trust-limited")
    assert found.undecided
    draft.set("role", "arn", f"arn:aws:iam::{OWN}:role/web")
    (found,) = violations(draft, "iam-trust-limited")
    assert not found.undecided
    assert OTHER in found.what


def test_an_administrator_is_traced_to_the_instances():
    draft = attached("AdministratorAccess")(Draft())
    (found,) = violations(draft, "iam-no-administrator")
    assert found.path[0].startswith('instances of "')
    assert found.path[-1] == "AdministratorAccess"


@pytest.mark.parametrize("text", ["not json", "[]", UNKNOWN])
def test_what_is_no_policy_grants_nothing(text):
    draft = Draft().set("sessions", "policy", text)
    assert not violations(draft, "iam-no-administrator")
