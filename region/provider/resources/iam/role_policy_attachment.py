"""Managed policies attached to IAM roles."""

from __future__ import annotations

from typing_extensions import override

from region.provider.handler import Handler
from region.provider.operation import Operation
from region.provider.values import Properties


class RolePolicyAttachment(Handler):
    """`aws.iam.RolePolicyAttachment`."""

    resource_type = "aws:iam/rolePolicyAttachment:RolePolicyAttachment"
    supported = frozenset({"role", "policyArn"})
    regional = False

    @override
    def create(self, op: Operation, inputs: Properties) -> str:
        """Call AttachRolePolicy; the id is `role/policy-arn`."""
        op.aws.iam.attach_role_policy(RoleName=inputs["role"], PolicyArn=inputs["policyArn"])
        return f"{inputs['role']}/{inputs['policyArn']}"

    @override
    def read(self, op: Operation, identity: str, state: Properties) -> Properties | None:
        """Describe the attachment."""
        role, _, policy = identity.partition("/")
        pages = op.aws.iam.get_paginator("list_attached_role_policies").paginate(RoleName=role)
        attached = (item["PolicyArn"] for page in pages for item in page["AttachedPolicies"])
        return {"role": role, "policyArn": policy} if policy in attached else None

    @override
    def delete(self, op: Operation, identity: str, state: Properties) -> None:
        """Call DetachRolePolicy."""
        role, _, policy = identity.partition("/")
        op.aws.iam.detach_role_policy(RoleName=role, PolicyArn=policy)
