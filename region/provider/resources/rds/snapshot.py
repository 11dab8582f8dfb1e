"""Snapshots of DB instances."""

from __future__ import annotations

from typing import ClassVar

from typing_extensions import override

from region.provider.errors import ProviderError
from region.provider.handler import MINUTE, Handler, found, sync_tags, tag_list, tag_map
from region.provider.operation import Operation
from region.provider.values import Properties

_OUTPUTS = {
    "DBInstanceIdentifier": "dbInstanceIdentifier",
    "DBSnapshotIdentifier": "dbSnapshotIdentifier",
    "DBSnapshotArn": "dbSnapshotArn",
    "AllocatedStorage": "allocatedStorage",
    "AvailabilityZone": "availabilityZone",
    "Encrypted": "encrypted",
    "Engine": "engine",
    "EngineVersion": "engineVersion",
    "KmsKeyId": "kmsKeyId",
    "LicenseModel": "licenseModel",
    "Port": "port",
    "SnapshotType": "snapshotType",
    "Status": "status",
    "StorageType": "storageType",
    "VpcId": "vpcId",
}
_TAKES = 20 * MINUTE


class Snapshot(Handler):
    """`aws.rds.Snapshot`."""

    resource_type = "aws:rds/snapshot:Snapshot"
    supported = frozenset({"dbInstanceIdentifier", "dbSnapshotIdentifier", "tags"})
    fixed_identity: ClassVar = True

    @override
    def create(self, op: Operation, inputs: Properties) -> str:
        """Call CreateDBSnapshot; the id is the snapshot's identifier."""
        op.aws.rds.create_db_snapshot(
            DBInstanceIdentifier=inputs["dbInstanceIdentifier"],
            DBSnapshotIdentifier=inputs["dbSnapshotIdentifier"],
            Tags=tag_list(inputs.get("tags")),
        )
        return inputs["dbSnapshotIdentifier"]

    @override
    def apply(self, op: Operation, identity: str, new: Properties, old: Properties | None) -> None:
        """Wait until it is available, and synchronize its tags."""
        op.wait(
            f"DB snapshot {identity}",
            lambda: _available(op, identity),
            default_timeout=_TAKES,
        )
        arn = op.arn("rds", f"snapshot:{identity}")
        sync_tags(
            new,
            old,
            lambda tags: op.aws.rds.add_tags_to_resource(ResourceName=arn, Tags=tag_list(tags)),
            lambda keys: op.aws.rds.remove_tags_from_resource(ResourceName=arn, TagKeys=keys),
        )

    @override
    def read(self, op: Operation, identity: str, state: Properties) -> Properties | None:
        """Describe the snapshot."""
        try:
            response = op.aws.rds.describe_db_snapshots(DBSnapshotIdentifier=identity)
        except op.aws.rds.exceptions.DBSnapshotNotFoundFault:
            return None
        for snapshot in response["DBSnapshots"]:
            arn = snapshot["DBSnapshotArn"]
            tags = op.aws.rds.list_tags_for_resource(ResourceName=arn)["TagList"]
            return {**found(_OUTPUTS, snapshot), "tags": tag_map(tags)}
        return None

    @override
    def delete(self, op: Operation, identity: str, state: Properties) -> None:
        """Call DeleteDBSnapshot."""
        op.aws.rds.delete_db_snapshot(DBSnapshotIdentifier=identity)


def _available(op: Operation, identity: str) -> tuple[bool | None, str]:
    response = op.aws.rds.describe_db_snapshots(DBSnapshotIdentifier=identity)
    status = str(response["DBSnapshots"][0]["Status"])
    if status == "failed":
        raise ProviderError(f"DB snapshot {identity} failed: delete it and take another one.")
    return (True if status == "available" else None), status
