"""What breaks the rules about privileges and trust."""

from __future__ import annotations

import json

from tests.policies.draft import Ref
from tests.policies.mutations.registry import KEEPS, breaks, decides

INLINE = "aws:iam/rolePolicy:RolePolicy"
ATTACHMENT = "aws:iam/rolePolicyAttachment:RolePolicyAttachment"
INSTANCES = {
    "Effect": "Allow",
    "Principal": {"Service": "ec2.amazonaws.com"},
    "Action": "sts:AssumeRole",
}

decides("iam-no-administrator", "sessions", "policy", absent=KEEPS, unknown=KEEPS)
decides("iam-no-escalation", "sessions", "policy", absent=KEEPS, unknown=KEEPS)
decides("iam-trust-limited", "role", "assumeRolePolicy", absent=KEEPS, unknown=KEEPS)


def document(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def allow(stack, action, resource="*", **more):
    """Give the instances' role a further policy."""
    given = {"Effect": "Allow", "Action": action, "Resource": resource, **more}
    stack.add("further", INLINE, {"role": Ref("role"), "policy": document(given)})


def trust(stack, principal, **more):
    """Let somebody else assume the instances' role as well."""
    action = "sts:AssumeRoleWithWebIdentity" if "Federated" in principal else "sts:AssumeRole"
    given = {"Effect": "Allow", "Principal": principal, "Action": action, **more}
    stack.set("role", "assumeRolePolicy", document(INSTANCES, given))


@breaks("iam-no-administrator")
def instances_are_administrators(stack):
    arn = "arn:aws:iam::aws:policy/AdministratorAccess"
    stack.add("further", ATTACHMENT, {"role": Ref("role"), "policyArn": arn})


@breaks("iam-no-administrator")
def everything_on_everything(stack):
    allow(stack, "*")


@breaks("iam-no-escalation")
def any_role_may_be_passed(stack):
    allow(stack, ["iam:PassRole", "ec2:RunInstances"])


@breaks("iam-no-escalation")
def any_role_may_be_changed(stack):
    allow(stack, "iam:Put*", "arn:aws:iam::*:role/*")


@breaks("iam-trust-limited")
def anybody_assumes_the_role(stack):
    trust(stack, {"AWS": "*"})


@breaks("iam-trust-limited")
def every_repository_assumes_the_role(stack):
    provider = "arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com"
    audience = {"token.actions.githubusercontent.com:aud": "sts.amazonaws.com"}
    trust(stack, {"Federated": provider}, Condition={"StringEquals": audience})


@breaks("iam-no-escalation")
def instances_become_anybody(stack):
    allow(stack, "sts:AssumeRole")


FORGE = "token.actions.githubusercontent.com"


def federated(stack, action="sts:AssumeRoleWithWebIdentity"):
    """Add a role for one repository of a forge."""
    trusted = {
        "Effect": "Allow",
        "Principal": {"Federated": f"arn:aws:iam::123456789012:oidc-provider/{FORGE}"},
        "Action": action,
        "Condition": {"StringEquals": {f"{FORGE}:sub": "repo:acme/shop:environment:production"}},
    }
    stack.add("releases", "aws:iam/role:Role", {"assumeRolePolicy": document(trusted)})


@breaks("iam-trust-possible")
def forge_by_another_action(stack):
    federated(stack, "sts:AssumeRole")


decides(
    "iam-trust-possible",
    "releases",
    "assumeRolePolicy",
    absent=KEEPS,
    unknown=KEEPS,
    given=federated,
)
