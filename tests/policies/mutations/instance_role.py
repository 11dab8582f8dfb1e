"""What breaks the rules about the instances' role."""

from __future__ import annotations

from tests.policies.mutations.registry import BREAKS, KEEPS, breaks, decides

decides("ec2-instance-profile", "template", "iamInstanceProfile", absent=BREAKS, unknown=KEEPS)
decides("ec2-managed-by-ssm", "sessions", "policy", absent=BREAKS, unknown=BREAKS)


@breaks("ec2-instance-profile")
def no_instance_profile(stack):
    stack.set("template", "iamInstanceProfile", ...)


@breaks("ec2-managed-by-ssm")
def no_session_manager(stack):
    stack.drop("sessions")


@breaks("ec2-managed-by-ssm")
def role_of_another_stack(stack):
    stack.set("template", "iamInstanceProfile", {"name": "elsewhere"})
