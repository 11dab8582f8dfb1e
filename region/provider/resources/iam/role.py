"""IAM roles."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from typing_extensions import override

from region.provider import checks
from region.provider.autoname import WORD, WORD_RULE, Naming
from region.provider.compare import parse_document
from region.provider.errors import CheckFailure
from region.provider.handler import Handler, given, sync_tags, tag_list, tag_map
from region.provider.operation import Operation
from region.provider.resources.iam.common import IN_USE, check_document, document_text
from region.provider.values import Properties


class Role(Handler):
    """`aws.iam.Role`."""

    resource_type = "aws:iam/role:Role"
    supported = frozenset(
        {
            "name",
            "namePrefix",
            "assumeRolePolicy",
            "description",
            "path",
            "maxSessionDuration",
            "forceDetachPolicies",
            "permissionsBoundary",
            "tags",
        }
    )
    hints: ClassVar = {
        "inlinePolicies": "use aws.iam.RolePolicy",
        "managedPolicyArns": "use aws.iam.RolePolicyAttachment",
    }
    defaults: ClassVar = {"path": "/", "maxSessionDuration": 3600, "forceDetachPolicies": False}
    documents = frozenset({"assumeRolePolicy"})
    naming = Naming(limit=64, pattern=WORD, rule=WORD_RULE)
    regional = False

    @override
    def check(self, op: Operation, inputs: Properties, old: Properties) -> Iterable[CheckFailure]:
        """Check that the trust policy is JSON and that sessions last one to twelve hours."""
        yield from check_document("assumeRolePolicy", inputs.get("assumeRolePolicy"))
        yield from checks.within(
            "maxSessionDuration", inputs.get("maxSessionDuration"), 3600, 43200, " seconds"
        )

    @override
    def create(self, op: Operation, inputs: Properties) -> str:
        """Call CreateRole."""
        op.aws.iam.create_role(
            Tags=tag_list(inputs.get("tags")),
            **given(
                {
                    "RoleName": "name",
                    "AssumeRolePolicyDocument": "assumeRolePolicy",
                    "Path": "path",
                    "Description": "description",
                    "MaxSessionDuration": "maxSessionDuration",
                    "PermissionsBoundary": "permissionsBoundary",
                },
                inputs,
            ),
        )
        return inputs["name"]

    @override
    def apply(self, op: Operation, identity: str, new: Properties, old: Properties | None) -> None:
        """Call UpdateAssumeRolePolicy, UpdateRole and the permissions boundary."""
        if old is None:
            return
        iam = op.aws.iam
        if parse_document(new["assumeRolePolicy"]) != parse_document(old["assumeRolePolicy"]):
            iam.update_assume_role_policy(RoleName=identity, PolicyDocument=new["assumeRolePolicy"])
        if any(new.get(name) != old.get(name) for name in ("description", "maxSessionDuration")):
            iam.update_role(
                RoleName=identity,
                Description=new.get("description", ""),
                MaxSessionDuration=new["maxSessionDuration"],
            )
        self._bound(iam, identity, new.get("permissionsBoundary"), old.get("permissionsBoundary"))
        sync_tags(
            new,
            old,
            lambda tags: iam.tag_role(RoleName=identity, Tags=tag_list(tags)),
            lambda keys: iam.untag_role(RoleName=identity, TagKeys=keys),
        )

    def _bound(self, iam: Any, identity: str, new: str | None, old: str | None) -> None:
        if new and new != old:
            iam.put_role_permissions_boundary(RoleName=identity, PermissionsBoundary=new)
        elif old and not new:
            iam.delete_role_permissions_boundary(RoleName=identity)

    @override
    def read(self, op: Operation, identity: str, state: Properties) -> Properties | None:
        """Describe the role."""
        role = op.aws.iam.get_role(RoleName=identity)["Role"]
        boundary = (role.get("PermissionsBoundary") or {}).get("PermissionsBoundaryArn")
        return {
            "name": role["RoleName"],
            "assumeRolePolicy": document_text(role["AssumeRolePolicyDocument"]),
            "path": role["Path"],
            **({"description": role["Description"]} if role.get("Description") else {}),
            "maxSessionDuration": role.get("MaxSessionDuration", 3600),
            **({"permissionsBoundary": boundary} if boundary else {}),
            "arn": role["Arn"],
            "uniqueId": role["RoleId"],
            "createDate": role["CreateDate"].isoformat(),
            "tags": tag_map(role.get("Tags")),
        }

    @override
    def delete(self, op: Operation, identity: str, state: Properties) -> None:
        """Call DeleteRole, after detaching policies if `forceDetachPolicies` is set."""
        iam = op.aws.iam
        if state.get("forceDetachPolicies"):
            for policy in iam.list_attached_role_policies(RoleName=identity)["AttachedPolicies"]:
                iam.detach_role_policy(RoleName=identity, PolicyArn=policy["PolicyArn"])
            for name in iam.list_role_policies(RoleName=identity)["PolicyNames"]:
                iam.delete_role_policy(RoleName=identity, PolicyName=name)
        op.release(f"role {identity}", lambda: iam.delete_role(RoleName=identity), IN_USE)
