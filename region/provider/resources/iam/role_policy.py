"""Inline policies of IAM roles."""

from __future__ import annotations

from collections.abc import Iterable

from typing_extensions import override

from region.provider.autoname import WORD, WORD_RULE, Naming
from region.provider.errors import CheckFailure
from region.provider.handler import Handler
from region.provider.operation import Operation
from region.provider.resources.iam.common import check_document, document_text
from region.provider.values import Properties


class RolePolicy(Handler):
    """`aws.iam.RolePolicy`, an inline policy."""

    resource_type = "aws:iam/rolePolicy:RolePolicy"
    supported = frozenset({"name", "namePrefix", "role", "policy"})
    documents = frozenset({"policy"})
    naming = Naming(limit=128, pattern=WORD, rule=WORD_RULE)
    regional = False

    @override
    def check(self, op: Operation, inputs: Properties, old: Properties) -> Iterable[CheckFailure]:
        """Check that the policy is JSON."""
        yield from check_document("policy", inputs.get("policy"))

    @override
    def create(self, op: Operation, inputs: Properties) -> str:
        """Call PutRolePolicy; the id is `role:name`."""
        self._put(op, inputs)
        return f"{inputs['role']}:{inputs['name']}"

    @override
    def apply(self, op: Operation, identity: str, new: Properties, old: Properties | None) -> None:
        """Call PutRolePolicy again."""
        if old is not None and old.get("policy") != new["policy"]:
            self._put(op, new)

    def _put(self, op: Operation, inputs: Properties) -> None:
        op.aws.iam.put_role_policy(
            RoleName=inputs["role"], PolicyName=inputs["name"], PolicyDocument=inputs["policy"]
        )

    @override
    def read(self, op: Operation, identity: str, state: Properties) -> Properties | None:
        """Describe the policy."""
        role, _, name = identity.partition(":")
        policy = op.aws.iam.get_role_policy(RoleName=role, PolicyName=name)
        return {"role": role, "name": name, "policy": document_text(policy["PolicyDocument"])}

    @override
    def delete(self, op: Operation, identity: str, state: Properties) -> None:
        """Call DeleteRolePolicy."""
        role, _, name = identity.partition(":")
        op.aws.iam.delete_role_policy(RoleName=role, PolicyName=name)
