"""What breaks the rules about the role that CodeDeploy assumes."""

from __future__ import annotations

import json

from tests.policies.draft import Ref
from tests.policies.mutations.registry import BREAKS, breaks, decides

ROLE, POLICY = "delivery-role", "delivery-policy"
INLINE = "aws:iam/rolePolicy:RolePolicy"

decides("codedeploy-role-trusted", ROLE, "assumeRolePolicy", absent=BREAKS, unknown=BREAKS)
decides("codedeploy-role-permissions", POLICY, "policyArn", absent=BREAKS, unknown=BREAKS)


def document(*statements):
    """A policy document as a program writes it."""
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def trust(effect, *services):
    principal = {"Service": list(services)}
    return {"Effect": effect, "Principal": principal, "Action": "sts:AssumeRole"}


def statement(effect, *actions, resource="*"):
    return {"Effect": effect, "Action": list(actions), "Resource": resource}


@breaks("codedeploy-role-trusted")
def role_trusts_instances(stack):
    stack.set(ROLE, "assumeRolePolicy", document(trust("Allow", "ec2.amazonaws.com")))


@breaks("codedeploy-role-trusted")
def role_denies_codedeploy(stack):
    both = (trust("Deny", "codedeploy.amazonaws.com"), trust("Allow", "codedeploy.amazonaws.com"))
    stack.set(ROLE, "assumeRolePolicy", document(*both))


@breaks("codedeploy-role-permissions")
def role_without_its_policy(stack):
    stack.drop(POLICY)


@breaks("codedeploy-role-permissions")
def role_for_functions(stack):
    arn = "arn:aws:iam::aws:policy/service-role/AWSCodeDeployRoleForLambda"
    stack.set(POLICY, "policyArn", arn)


@breaks("codedeploy-role-permissions")
def role_for_whoever_deploys(stack):
    stack.set(POLICY, "policyArn", "arn:aws:iam::aws:policy/AWSCodeDeployFullAccess")


@breaks("codedeploy-role-permissions")
def role_may_not_touch_target_groups(stack):
    denied = document(statement("Deny", "elasticloadbalancing:DeregisterTargets"))
    stack.add("denied", INLINE, {"role": Ref(ROLE), "policy": denied})


@breaks("codedeploy-role-permissions")
def role_with_half_of_the_actions(stack):
    stack.drop(POLICY)
    actions = ("autoscaling:*", "ec2:Describe*", "elasticloadbalancing:Describe*")
    allowed = document(statement("Allow", *actions, "cloudwatch:DescribeAlarms"))
    stack.add("allowed", INLINE, {"role": Ref(ROLE), "policy": allowed})


@breaks("codedeploy-role-permissions")
def role_by_name(stack):
    stack.set("deployment-group", "serviceRoleArn", "delivery")


@breaks("codedeploy-role-permissions")
def deployments_from_the_office_only(stack):
    office = {
        **statement("Deny", "*"),
        "Condition": {"NotIpAddress": {"aws:SourceIp": ["198.51.100.0/24"]}},
    }
    stack.add("office-only", INLINE, {"role": Ref(ROLE, "name"), "policy": document(office)})
