"""DB subnet groups and DB parameter groups."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from botocore.exceptions import ClientError
from typing_extensions import override

from region.provider import checks
from region.provider.autoname import Naming
from region.provider.errors import Refusal, is_missing
from region.provider.handler import Handler, sync_tags, tag_list, tag_map
from region.provider.operation import Operation
from region.provider.values import Properties

IN_USE = ("InvalidDBSubnetGroupStateFault", "InvalidDBParameterGroupState")
DEFAULT_DESCRIPTION = "Managed by Pulumi"
IDENTIFIER = r"(?!.*--)[a-z][a-z0-9-]*(?<!-)"
IDENTIFIER_RULE = "lower-case letters, digits and single hyphens, starting with a letter"


def retag(op: Operation, arn: str, new: Properties, old: Properties | None) -> None:
    """Brings the tags of an RDS resource to the new inputs."""
    rds = op.aws.rds
    sync_tags(
        new,
        old,
        lambda tags: rds.add_tags_to_resource(ResourceName=arn, Tags=tag_list(tags)),
        lambda keys: rds.remove_tags_from_resource(ResourceName=arn, TagKeys=keys),
    )


def tags_of(op: Operation, arn: str) -> dict[str, str]:
    """The tags of an RDS resource."""
    return tag_map(op.aws.rds.list_tags_for_resource(ResourceName=arn)["TagList"])


class SubnetGroup(Handler):
    """``aws.rds.SubnetGroup``."""

    resource_type = "aws:rds/subnetGroup:SubnetGroup"
    supported = frozenset({"name", "namePrefix", "description", "subnetIds", "tags"})
    force_new = frozenset({"name", "namePrefix"})
    defaults: ClassVar = {"description": DEFAULT_DESCRIPTION}
    sets = frozenset({"subnetIds"})
    naming = Naming(
        lower=True, pattern=r"[a-z0-9._ -]+", rule="lower-case letters, digits, spaces and ._-"
    )

    @override
    def check(self, op: Operation, inputs: Properties, old: Properties) -> Iterable[Refusal]:
        """A DB subnet group spans two zones."""
        yield from checks.zones(op, "subnetIds", inputs.get("subnetIds"), "a DB subnet group")

    @override
    def create(self, op: Operation, inputs: Properties) -> str:
        """CreateDBSubnetGroup; the id is the name."""
        self._create(op, inputs["name"], inputs)
        return inputs["name"]

    def _create(self, op: Operation, name: str, inputs: Properties) -> None:
        op.aws.rds.create_db_subnet_group(
            DBSubnetGroupName=name,
            DBSubnetGroupDescription=inputs["description"],
            SubnetIds=inputs["subnetIds"],
            Tags=tag_list(inputs.get("tags")),
        )

    @override
    def apply(self, op: Operation, identity: str, new: Properties, old: Properties | None) -> None:
        """ModifyDBSubnetGroup."""
        if old is None:
            return
        if any(new.get(name) != old.get(name) for name in ("description", "subnetIds")):
            op.aws.rds.modify_db_subnet_group(
                DBSubnetGroupName=identity,
                DBSubnetGroupDescription=new["description"],
                SubnetIds=new["subnetIds"],
            )
            if _subnet_group(op, identity) is None:
                # moto (up to 5.2.5) takes a modified group out of its store and forgets it.
                self._create(op, identity, new)
        retag(op, op.arn("rds", f"subgrp:{identity}"), new, old)

    @override
    def read(self, op: Operation, identity: str, state: Properties) -> Properties | None:
        """The subnet group."""
        group = _subnet_group(op, identity)
        if group is None:
            return None
        arn = group.get("DBSubnetGroupArn") or op.arn("rds", f"subgrp:{identity}")
        return {
            "name": group["DBSubnetGroupName"],
            "description": group["DBSubnetGroupDescription"],
            "subnetIds": [subnet["SubnetIdentifier"] for subnet in group["Subnets"]],
            "vpcId": group.get("VpcId", ""),
            "supportedNetworkTypes": list(group.get("SupportedNetworkTypes") or ["IPV4"]),
            "arn": arn,
            "tags": tags_of(op, arn),
        }

    @override
    def delete(self, op: Operation, identity: str, state: Properties) -> None:
        """DeleteDBSubnetGroup, tried again while a database leaves it."""
        op.release(
            f"DB subnet group {identity}",
            lambda: op.aws.rds.delete_db_subnet_group(DBSubnetGroupName=identity),
            *IN_USE,
        )


def _subnet_group(op: Operation, name: str) -> Mapping[str, Any] | None:
    try:
        groups = op.aws.rds.describe_db_subnet_groups(DBSubnetGroupName=name)["DBSubnetGroups"]
    except ClientError as error:
        if is_missing(error):
            return None
        raise
    return groups[0] if groups else None


class ParameterGroup(Handler):
    """``aws.rds.ParameterGroup``."""

    resource_type = "aws:rds/parameterGroup:ParameterGroup"
    supported = frozenset({"name", "namePrefix", "family", "description", "parameters", "tags"})
    force_new = frozenset({"name", "namePrefix", "family", "description"})
    defaults: ClassVar = {"description": DEFAULT_DESCRIPTION}
    sets = frozenset({"parameters"})
    naming = Naming(lower=True, pattern=IDENTIFIER, rule=IDENTIFIER_RULE)

    @override
    def check(self, op: Operation, inputs: Properties, old: Properties) -> Iterable[Refusal]:
        """The family is one of PostgreSQL's."""
        family = inputs.get("family")
        if isinstance(family, str) and not family.startswith("postgres"):
            reason = f"the local region runs PostgreSQL and {family!r} is not; use one such as postgres18"
            yield Refusal("family", reason)

    @override
    def create(self, op: Operation, inputs: Properties) -> str:
        """CreateDBParameterGroup; the id is the name."""
        op.aws.rds.create_db_parameter_group(
            DBParameterGroupName=inputs["name"],
            DBParameterGroupFamily=inputs["family"],
            Description=inputs["description"],
            Tags=tag_list(inputs.get("tags")),
        )
        return inputs["name"]

    @override
    def apply(self, op: Operation, identity: str, new: Properties, old: Properties | None) -> None:
        """ModifyDBParameterGroup for what is set, ResetDBParameterGroup for what no longer is."""
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
        """The parameter group."""
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
        """DeleteDBParameterGroup, tried again while a database uses it."""
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
