"""IAM roles, their policies, and instance profiles."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, ClassVar
from urllib.parse import unquote

from typing_extensions import override

from region.provider import checks
from region.provider.autoname import Naming
from region.provider.compare import parse_document
from region.provider.errors import Refusal
from region.provider.handler import Handler, given, sync_tags, tag_list, tag_map
from region.provider.operation import Operation
from region.provider.values import Properties

IN_USE = "DeleteConflict"
_NAME = r"[\w+=,.@-]+"
_RULE = "letters, digits and +=,.@_-"


def _document(path: str, value: Any) -> Iterable[Refusal]:
    if isinstance(value, str) and not isinstance(parse_document(value), dict):
        yield Refusal(path, f"{path!r} is no JSON policy document; pass json.dumps(...) of one")


def _text(document: Any) -> str:
    """A policy document as IAM returns it: parsed by boto3, or URL-encoded text."""
    return json.dumps(document) if isinstance(document, dict) else unquote(str(document))


class Role(Handler):
    """``aws.iam.Role``."""

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
    force_new = frozenset({"name", "namePrefix", "path"})
    defaults: ClassVar = {"path": "/", "maxSessionDuration": 3600, "forceDetachPolicies": False}
    documents = frozenset({"assumeRolePolicy"})
    naming = Naming(limit=64, pattern=_NAME, rule=_RULE)
    regional = False

    @override
    def check(self, op: Operation, inputs: Properties, old: Properties) -> Iterable[Refusal]:
        """The trust policy is JSON and sessions last one to twelve hours."""
        yield from _document("assumeRolePolicy", inputs.get("assumeRolePolicy"))
        yield from checks.within(
            "maxSessionDuration", inputs.get("maxSessionDuration"), 3600, 43200, " seconds"
        )

    @override
    def create(self, op: Operation, inputs: Properties) -> str:
        """CreateRole."""
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
        """UpdateAssumeRolePolicy, UpdateRole and the permissions boundary."""
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
        """The role."""
        role = op.aws.iam.get_role(RoleName=identity)["Role"]
        boundary = (role.get("PermissionsBoundary") or {}).get("PermissionsBoundaryArn")
        return {
            "name": role["RoleName"],
            "assumeRolePolicy": _text(role["AssumeRolePolicyDocument"]),
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
        """DeleteRole, after detaching policies where ``forceDetachPolicies`` asks for it."""
        iam = op.aws.iam
        if state.get("forceDetachPolicies"):
            for policy in iam.list_attached_role_policies(RoleName=identity)["AttachedPolicies"]:
                iam.detach_role_policy(RoleName=identity, PolicyArn=policy["PolicyArn"])
            for name in iam.list_role_policies(RoleName=identity)["PolicyNames"]:
                iam.delete_role_policy(RoleName=identity, PolicyName=name)
        op.release(f"role {identity}", lambda: iam.delete_role(RoleName=identity), IN_USE)


class RolePolicy(Handler):
    """``aws.iam.RolePolicy``, an inline policy."""

    resource_type = "aws:iam/rolePolicy:RolePolicy"
    supported = frozenset({"name", "namePrefix", "role", "policy"})
    force_new = frozenset({"name", "namePrefix", "role"})
    documents = frozenset({"policy"})
    naming = Naming(limit=128, pattern=_NAME, rule=_RULE)
    regional = False

    @override
    def check(self, op: Operation, inputs: Properties, old: Properties) -> Iterable[Refusal]:
        """The policy is JSON."""
        yield from _document("policy", inputs.get("policy"))

    @override
    def create(self, op: Operation, inputs: Properties) -> str:
        """PutRolePolicy; the id is ``role:name``."""
        self._put(op, inputs)
        return f"{inputs['role']}:{inputs['name']}"

    @override
    def apply(self, op: Operation, identity: str, new: Properties, old: Properties | None) -> None:
        """PutRolePolicy again."""
        if old is not None and old.get("policy") != new["policy"]:
            self._put(op, new)

    def _put(self, op: Operation, inputs: Properties) -> None:
        op.aws.iam.put_role_policy(
            RoleName=inputs["role"], PolicyName=inputs["name"], PolicyDocument=inputs["policy"]
        )

    @override
    def read(self, op: Operation, identity: str, state: Properties) -> Properties | None:
        """The policy."""
        role, _, name = identity.partition(":")
        policy = op.aws.iam.get_role_policy(RoleName=role, PolicyName=name)
        return {"role": role, "name": name, "policy": _text(policy["PolicyDocument"])}

    @override
    def delete(self, op: Operation, identity: str, state: Properties) -> None:
        """DeleteRolePolicy."""
        role, _, name = identity.partition(":")
        op.aws.iam.delete_role_policy(RoleName=role, PolicyName=name)


class RolePolicyAttachment(Handler):
    """``aws.iam.RolePolicyAttachment``."""

    resource_type = "aws:iam/rolePolicyAttachment:RolePolicyAttachment"
    supported = frozenset({"role", "policyArn"})
    force_new = frozenset({"role", "policyArn"})
    regional = False

    @override
    def create(self, op: Operation, inputs: Properties) -> str:
        """AttachRolePolicy; the id is ``role/policy-arn``."""
        op.aws.iam.attach_role_policy(RoleName=inputs["role"], PolicyArn=inputs["policyArn"])
        return f"{inputs['role']}/{inputs['policyArn']}"

    @override
    def read(self, op: Operation, identity: str, state: Properties) -> Properties | None:
        """The attachment."""
        role, _, policy = identity.partition("/")
        pages = op.aws.iam.get_paginator("list_attached_role_policies").paginate(RoleName=role)
        attached = (item["PolicyArn"] for page in pages for item in page["AttachedPolicies"])
        return {"role": role, "policyArn": policy} if policy in attached else None

    @override
    def delete(self, op: Operation, identity: str, state: Properties) -> None:
        """DetachRolePolicy."""
        role, _, policy = identity.partition("/")
        op.aws.iam.detach_role_policy(RoleName=role, PolicyArn=policy)


class InstanceProfile(Handler):
    """``aws.iam.InstanceProfile``."""

    resource_type = "aws:iam/instanceProfile:InstanceProfile"
    supported = frozenset({"name", "namePrefix", "path", "role", "tags"})
    force_new = frozenset({"name", "namePrefix", "path"})
    defaults: ClassVar = {"path": "/"}
    naming = Naming(limit=128, pattern=_NAME, rule=_RULE)
    regional = False

    @override
    def create(self, op: Operation, inputs: Properties) -> str:
        """CreateInstanceProfile."""
        op.aws.iam.create_instance_profile(
            InstanceProfileName=inputs["name"],
            Path=inputs["path"],
            Tags=tag_list(inputs.get("tags")),
        )
        return inputs["name"]

    @override
    def apply(self, op: Operation, identity: str, new: Properties, old: Properties | None) -> None:
        """Puts the one role into the profile."""
        iam = op.aws.iam
        current = (self.read(op, identity, {}) or {}).get("role")
        wanted = new.get("role")
        if current and current != wanted:
            iam.remove_role_from_instance_profile(InstanceProfileName=identity, RoleName=current)
        if wanted and current != wanted:
            iam.add_role_to_instance_profile(InstanceProfileName=identity, RoleName=wanted)
        sync_tags(
            new,
            old,
            lambda tags: iam.tag_instance_profile(
                InstanceProfileName=identity, Tags=tag_list(tags)
            ),
            lambda keys: iam.untag_instance_profile(InstanceProfileName=identity, TagKeys=keys),
        )

    @override
    def read(self, op: Operation, identity: str, state: Properties) -> Properties | None:
        """The profile."""
        response = op.aws.iam.get_instance_profile(InstanceProfileName=identity)
        profile = response["InstanceProfile"]
        roles = [role["RoleName"] for role in profile.get("Roles", ())]
        return {
            "name": profile["InstanceProfileName"],
            "path": profile["Path"],
            **({"role": roles[0]} if roles else {}),
            "arn": profile["Arn"],
            "uniqueId": profile["InstanceProfileId"],
            "createDate": profile["CreateDate"].isoformat(),
            "tags": tag_map(profile.get("Tags")),
        }

    @override
    def delete(self, op: Operation, identity: str, state: Properties) -> None:
        """RemoveRoleFromInstanceProfile and DeleteInstanceProfile."""
        current = (self.read(op, identity, state) or {}).get("role")
        if current:
            op.aws.iam.remove_role_from_instance_profile(
                InstanceProfileName=identity, RoleName=current
            )
        op.aws.iam.delete_instance_profile(InstanceProfileName=identity)
