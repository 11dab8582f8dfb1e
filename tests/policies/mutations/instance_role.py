"""What breaks the rules about the instances' role."""

from __future__ import annotations

from tests.policies.draft import Ref
from tests.policies.mutations.deployment_role import INLINE, document, statement, trust
from tests.policies.mutations.registry import BREAKS, KEEPS, breaks, decides

decides("ec2-instance-profile", "template", "iamInstanceProfile", absent=BREAKS, unknown=KEEPS)
decides("ec2-role-trusted", "role", "assumeRolePolicy", absent=BREAKS, unknown=BREAKS)
decides("ec2-managed-by-ssm", "sessions", "policy", absent=BREAKS, unknown=BREAKS)


@breaks("ec2-instance-profile")
def no_instance_profile(stack):
    stack.set("template", "iamInstanceProfile", ...)


def _reads_only(stack):
    """Make the rest of the role's permissions known: they might allow sessions as well."""
    readable = statement("Allow", "s3:GetObject", resource="arn:aws:s3:::*/revisions/*")
    stack.set("reads", "policy", document(readable))


@breaks("ec2-managed-by-ssm")
def no_session_manager(stack):
    _reads_only(stack)
    stack.drop("sessions")


@breaks("ec2-managed-by-ssm")
def sessions_without_registration(stack):
    _reads_only(stack)
    stack.set("sessions", "policy", document(statement("Allow", "ssmmessages:*", "ssm:Get*")))


@breaks("ec2-managed-by-ssm")
def sessions_denied(stack):
    denied = document(statement("Deny", "ssm:Update*"))
    stack.add("denied", INLINE, {"role": Ref("role"), "policy": denied})


@breaks("ec2-role-trusted")
def role_for_containers(stack):
    stack.set("role", "assumeRolePolicy", document(trust("Allow", "ecs-tasks.amazonaws.com")))


@breaks("ec2-metadata-on")
def metadata_switched_off(stack):
    stack.set("template", "metadataOptions.httpEndpoint", "disabled")
