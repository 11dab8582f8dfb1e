"""DB parameter groups."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from typing_extensions import override

from region.provider.autoname import Naming
from region.provider.errors import CheckFailure
from region.provider.handler import Handler, tag_list
from region.provider.operation import Operation
from region.provider.resources.rds.common import (
    DEFAULT_DESCRIPTION,
    IDENTIFIER,
    IDENTIFIER_RULE,
    IN_USE,
    retag,
    tags_of,
)
from region.provider.values import Properties


class ParameterGroup(Handler):
    """`aws.rds.ParameterGroup`."""

    resource_type = "aws:rds/parameterGroup:ParameterGroup"
    supported = frozenset({"name", "namePrefix", "family", "description", "parameters", "tags"})
    defaults: ClassVar = {"description": DEFAULT_DESCRIPTION}
    sets = frozenset({"parameters"})
    naming = Naming(lower=True, pattern=IDENTIFIER, rule=IDENTIFIER_RULE)

    @override
    def check(self, op: Operation, inputs: Properties, old: Properties) -> Iterable[CheckFailure]:
        """Check that the family is one of PostgreSQL's."""
        family = inputs.get("family")
        if isinstance(family, str) and not family.startswith("postgres"):
            reason = f"the local region runs PostgreSQL and {family!r} is not; use one such as postgres18"
            yield CheckFailure("family", reason)

    @override
    def create(self, op: Operation, inputs: Properties) -> str:
        """Call CreateDBParameterGroup; the id is the name."""
        op.aws.rds.create_db_parameter_group(
            DBParameterGroupName=inputs["name"],
            DBParameterGroupFamily=inputs["family"],
            Description=inputs["description"],
            Tags=tag_list(inputs.get("tags")),
        )
        return inputs["name"]

    @override
    def apply(self, op: Operation, identity: str, new: Properties, old: Properties | None) -> None:
        """Call ModifyDBParameterGroup for what is set and ResetDBParameterGroup for what no longer is."""
        before = _parameters(old or {})
        after = _parameters(new)
        set_now = [item for name, item in after.items() if before.get(name) != item]
        reset = [item for name, item in before.items() if name not in after]
        if set_now:
            op.aws.rds.modify_db_parameter_group(DBParameterGroupName=identity, Parameters=set_now)
        if reset:
            named = [
                {name: item[name] for name in ("ParameterName", "ApplyMethod")} for item in reset
            ]
            op.aws.rds.reset_db_parameter_group(DBParameterGroupName=identity, Parameters=named)
        retag(op, op.arn("rds", f"pg:{identity}"), new, old)

    @override
    def read(self, op: Operation, identity: str, state: Properties) -> Properties | None:
        """Describe the parameter group."""
        response = op.aws.rds.describe_db_parameter_groups(DBParameterGroupName=identity)
        for group in response["DBParameterGroups"]:
            arn = group.get("DBParameterGroupArn") or op.arn("rds", f"pg:{identity}")
            return {
                "name": group["DBParameterGroupName"],
                "family": group["DBParameterGroupFamily"],
                "description": group["Description"],
                "arn": arn,
                "tags": tags_of(op, arn),
            }
        return None

    @override
    def delete(self, op: Operation, identity: str, state: Properties) -> None:
        """Call DeleteDBParameterGroup, again while a database uses it."""
        op.release(
            f"DB parameter group {identity}",
            lambda: op.aws.rds.delete_db_parameter_group(DBParameterGroupName=identity),
            *IN_USE,
        )


def _parameters(inputs: Properties) -> dict[str, dict[str, str]]:
    return {
        item["name"]: {
            "ParameterName": item["name"],
            "ParameterValue": item["value"],
            "ApplyMethod": item.get("applyMethod", "immediate"),
        }
        for item in inputs.get("parameters") or ()
    }
