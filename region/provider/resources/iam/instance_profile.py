"""IAM instance profiles."""

from __future__ import annotations

from typing import ClassVar

from typing_extensions import override

from region.provider.autoname import WORD, WORD_RULE, Naming
from region.provider.handler import Handler, sync_tags, tag_list, tag_map
from region.provider.operation import Operation
from region.provider.values import Properties


class InstanceProfile(Handler):
    """`aws.iam.InstanceProfile`."""

    resource_type = "aws:iam/instanceProfile:InstanceProfile"
    supported = frozenset({"name", "namePrefix", "path", "role", "tags"})
    defaults: ClassVar = {"path": "/"}
    naming = Naming(limit=128, pattern=WORD, rule=WORD_RULE)
    regional = False

    @override
    def create(self, op: Operation, inputs: Properties) -> str:
        """Call CreateInstanceProfile."""
        op.aws.iam.create_instance_profile(
            InstanceProfileName=inputs["name"],
            Path=inputs["path"],
            Tags=tag_list(inputs.get("tags")),
        )
        return inputs["name"]

    @override
    def apply(self, op: Operation, identity: str, new: Properties, old: Properties | None) -> None:
        """Put the role into the profile."""
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
        """Describe the profile."""
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
        """Call RemoveRoleFromInstanceProfile and DeleteInstanceProfile."""
        current = (self.read(op, identity, state) or {}).get("role")
        if current:
            op.aws.iam.remove_role_from_instance_profile(
                InstanceProfileName=identity, RoleName=current
            )
        op.aws.iam.delete_instance_profile(InstanceProfileName=identity)
