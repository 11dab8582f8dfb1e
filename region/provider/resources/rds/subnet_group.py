"""DB subnet groups."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from botocore.exceptions import ClientError
from typing_extensions import override

from region.provider import checks
from region.provider.autoname import Naming
from region.provider.errors import CheckFailure, is_missing
from region.provider.handler import Handler, tag_list
from region.provider.operation import Operation
from region.provider.resources.rds.common import (
    DEFAULT_DESCRIPTION,
    IN_USE,
    retag,
    tags_of,
)
from region.provider.values import Properties


class SubnetGroup(Handler):
    """`aws.rds.SubnetGroup`."""

    resource_type = "aws:rds/subnetGroup:SubnetGroup"
    supported = frozenset({"name", "namePrefix", "description", "subnetIds", "tags"})
    defaults: ClassVar = {"description": DEFAULT_DESCRIPTION}
    sets = frozenset({"subnetIds"})
    naming = Naming(
        lower=True, pattern=r"[a-z0-9._ -]+", rule="lower-case letters, digits, spaces and ._-"
    )

    @override
    def check(self, op: Operation, inputs: Properties, old: Properties) -> Iterable[CheckFailure]:
        """Check that the DB subnet group spans two zones."""
        yield from checks.zones(op, "subnetIds", inputs.get("subnetIds"), "a DB subnet group")

    @override
    def create(self, op: Operation, inputs: Properties) -> str:
        """Call CreateDBSubnetGroup; the id is the name."""
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
        """Call ModifyDBSubnetGroup."""
        if old is None:
            return
        if any(new.get(name) != old.get(name) for name in ("description", "subnetIds")):
            op.aws.rds.modify_db_subnet_group(
                DBSubnetGroupName=identity,
                DBSubnetGroupDescription=new["description"],
                SubnetIds=new["subnetIds"],
            )
            if _subnet_group(op, identity) is None:
                # moto (up to 5.2.5) removes a modified group from its store.
                self._create(op, identity, new)
        retag(op, op.arn("rds", f"subgrp:{identity}"), new, old)

    @override
    def read(self, op: Operation, identity: str, state: Properties) -> Properties | None:
        """Describe the subnet group."""
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
        """Call DeleteDBSubnetGroup, again while a database is leaving it."""
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
