"""The instances' role."""

from __future__ import annotations

from guardrails.values import UNKNOWN

from tests.policies.rules.cases import (
    test_a_change_breaks_exactly_its_rule,
    test_a_change_breaks_nothing,
)

__all__ = ["test_a_change_breaks_exactly_its_rule", "test_a_change_breaks_nothing"]

ROLE_POLICY = "aws:iam/rolePolicy:RolePolicy"
GRANT = '{"Statement": [{"Effect": "Allow", "Action": ["ssm:UpdateInstanceInformation"], "Resource": "*"}]}'
MANAGED = "arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore"


def attached(draft, policy_arn):
    """The draft with a managed policy in place of the role's own."""
    return draft.drop("sessions").add(
        "managed",
        "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
        {"role": UNKNOWN, "policyArn": policy_arn},
        {"role": ["role"]},
    )


# A change and the one rule that it breaks.
BREAKS = [
    ("ec2-instance-profile", lambda d: d.set("template", "iamInstanceProfile", ...)),
    ("ec2-instance-profile", lambda d: d.set("template", "iamInstanceProfile", {"name": ""})),
    ("ec2-managed-by-ssm", lambda d: d.drop("sessions")),
    ("ec2-managed-by-ssm", lambda d: attached(d, UNKNOWN)),
    ("ec2-managed-by-ssm", lambda d: attached(d, "arn:aws:iam::1:policy/mine")),
    ("ec2-managed-by-ssm", lambda d: attached(d, MANAGED).link("managed", "role")),
    ("ec2-managed-by-ssm", lambda d: d.link("sessions", "role")),
    ("ec2-managed-by-ssm", lambda d: d.set("sessions", "policy", UNKNOWN)),
    ("ec2-managed-by-ssm", lambda d: d.link("profile", "role")),
    ("ec2-managed-by-ssm", lambda d: d.link("template", "iamInstanceProfile")),
    ("ec2-managed-by-ssm", lambda d: d.drop("sessions").add("grants", ROLE_POLICY,
        {"role": UNKNOWN, "policy": UNKNOWN}, {"role": ["role"]})),
    ("ec2-managed-by-ssm", lambda d: d.drop("sessions").add("grants", ROLE_POLICY,
        {"role": UNKNOWN, "policy": GRANT.replace("Allow", "Deny")}, {"role": ["role"]})),
]  # fmt: skip

# A change that breaks nothing.
KEEPS = [
    lambda d: attached(d, MANAGED),
    lambda d: d.drop("sessions").add("grants", ROLE_POLICY,
        {"role": UNKNOWN, "policy": GRANT}, {"role": ["role"]}),
    lambda d: d.drop("sessions").set("role", "managedPolicyArns",
        ["arn:aws-cn:iam::aws:policy/AmazonSSMManagedInstanceCore"]),
    lambda d: d.drop("sessions").set("role", "inlinePolicies", [UNKNOWN, {"policy": GRANT}]),
    lambda d: d.set("profile", "name", "web").set("template", "iamInstanceProfile.name", "web")
        .link("template", "iamInstanceProfile"),
]  # fmt: skip
