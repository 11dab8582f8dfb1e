"""Which calls and parameters of RDS the region implements; it refuses all others, naming them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from moto.core.responses import ActionResult
from moto.rds.responses import RDSResponse

from region.api.patching import Original, Patches

patches = Patches()

_COMMON: Final = frozenset(
    {
        "DBInstanceIdentifier",
        "DBInstanceClass",
        "AllocatedStorage",
        "MaxAllocatedStorage",
        "StorageType",
        "EngineVersion",
        "VpcSecurityGroupIds",
        "DBParameterGroupName",
        "MultiAZ",
        "PubliclyAccessible",
        "BackupRetentionPeriod",
        "PreferredBackupWindow",
        "PreferredMaintenanceWindow",
        "DeletionProtection",
        "AutoMinorVersionUpgrade",
        "CopyTagsToSnapshot",
        "EnableIAMDatabaseAuthentication",
        "ManageMasterUserPassword",
        "MasterUserSecretKmsKeyId",
        "MasterUserPassword",
        "LicenseModel",
    }
)
PARAMETERS: Final[Mapping[str, frozenset[str]]] = {
    "create_db_instance": _COMMON
    | {
        "DBName",
        "Engine",
        "MasterUsername",
        "StorageEncrypted",
        "KmsKeyId",
        "DBSubnetGroupName",
        "AvailabilityZone",
        "Port",
        "Tags",
        "EnableCloudwatchLogsExports",
    },
    "modify_db_instance": _COMMON
    | {
        "ApplyImmediately",
        "AllowMajorVersionUpgrade",
        "CloudwatchLogsExportConfiguration",
        "RotateMasterUserPassword",
        "DBPortNumber",
    },
    "restore_db_instance_from_db_snapshot": frozenset(
        {
            "DBInstanceIdentifier",
            "DBSnapshotIdentifier",
            "DBInstanceClass",
            "Port",
            "AvailabilityZone",
            "DBSubnetGroupName",
            "MultiAZ",
            "PubliclyAccessible",
            "AutoMinorVersionUpgrade",
            "LicenseModel",
            "Engine",
            "StorageType",
            "AllocatedStorage",
            "VpcSecurityGroupIds",
            "CopyTagsToSnapshot",
            "EnableIAMDatabaseAuthentication",
            "EnableCloudwatchLogsExports",
            "DBParameterGroupName",
            "DeletionProtection",
            "BackupRetentionPeriod",
            "PreferredBackupWindow",
            "ManageMasterUserPassword",
            "MasterUserSecretKmsKeyId",
            "Tags",
        }
    ),
    "create_db_snapshot": frozenset({"DBSnapshotIdentifier", "DBInstanceIdentifier", "Tags"}),
    "copy_db_snapshot": frozenset(
        {
            "SourceDBSnapshotIdentifier",
            "TargetDBSnapshotIdentifier",
            "KmsKeyId",
            "Tags",
            "CopyTags",
        }
    ),
    "start_db_instance": frozenset({"DBInstanceIdentifier"}),
    "stop_db_instance": frozenset({"DBInstanceIdentifier", "DBSnapshotIdentifier"}),
    "reboot_db_instance": frozenset({"DBInstanceIdentifier", "ForceFailover"}),
    "delete_db_instance": frozenset(
        {
            "DBInstanceIdentifier",
            "SkipFinalSnapshot",
            "FinalDBSnapshotIdentifier",
            "DeleteAutomatedBackups",
        }
    ),
    "create_db_subnet_group": frozenset(
        {"DBSubnetGroupName", "DBSubnetGroupDescription", "SubnetIds", "Tags"}
    ),
}
"""The parameters that a call implements. A boolean that is false asks for nothing."""

_CLUSTERS: Final = "it has DB instances only: use CreateDBInstance, with MultiAZ for a standby"
_REPLICAS: Final = "a DB instance has no read replicas: read from the instance itself"
_PROXIES: Final = "it has no RDS Proxy: connect to the DB instance"
_COPIES: Final = "it has no blue/green deployments of databases: modify the DB instance"
_ELSEWHERE: Final = "snapshots stay in the region: restore one to another DB instance"
_OPTIONS: Final = "PostgreSQL on RDS has no options to choose: leave the option group out"
_NO_GROUPS: Final = "DB security groups are those of EC2-Classic: use VpcSecurityGroupIds"

REFUSED: Final[Mapping[str, str]] = {
    **dict.fromkeys(
        (
            "create_db_cluster",
            "modify_db_cluster",
            "create_db_cluster_snapshot",
            "copy_db_cluster_snapshot",
            "restore_db_cluster_from_snapshot",
            "restore_db_cluster_to_point_in_time",
            "failover_db_cluster",
            "start_db_cluster",
            "stop_db_cluster",
            "promote_read_replica_db_cluster",
            "create_db_cluster_parameter_group",
            "modify_db_cluster_parameter_group",
            "copy_db_cluster_parameter_group",
            "create_global_cluster",
            "remove_from_global_cluster",
            "create_db_shard_group",
            "add_role_to_db_cluster",
        ),
        _CLUSTERS,
    ),
    "create_db_instance_read_replica": _REPLICAS,
    "promote_read_replica": _REPLICAS,
    "create_db_proxy": _PROXIES,
    "register_db_proxy_targets": _PROXIES,
    "modify_db_proxy_target_group": _PROXIES,
    "create_blue_green_deployment": _COPIES,
    "switchover_blue_green_deployment": _COPIES,
    "start_export_task": _ELSEWHERE,
    "modify_db_snapshot_attribute": _ELSEWHERE,
    "modify_db_cluster_snapshot_attribute": _ELSEWHERE,
    "restore_db_instance_to_point_in_time": (
        "the write-ahead log is not kept: restore a DB snapshot with RestoreDBInstanceFromDBSnapshot"
    ),
    "create_option_group": _OPTIONS,
    "modify_option_group": _OPTIONS,
    "create_db_security_group": _NO_GROUPS,
    "authorize_db_security_group_ingress": _NO_GROUPS,
    "add_role_to_db_instance": "PostgreSQL here calls no other service: leave the role out",
}
"""Calls that would be accepted without effect, and why."""


def unsupported(call: str, given: Mapping[str, Any]) -> list[str]:
    """Return the parameters of a call that the region does not implement, sorted."""
    return sorted(
        name
        for name, value in given.items()
        if name not in PARAMETERS[call] and value not in (False, None, "", [])
    )


def install() -> None:
    """Refuse what is not implemented."""
    patches.install()


def check(call: str, response: RDSResponse) -> None:
    """Refuse a call with a parameter that it does not implement.

    Raises:
        NotImplementedError: It has one; the message names it.
    """
    names = unsupported(call, response.params.original_dict())
    if names:
        raise NotImplementedError(f"parameter {', '.join(names)}: leave it out")


def _checked(call: str) -> None:
    @patches.around(RDSResponse, call)
    def checked(moto: Original, response: RDSResponse) -> ActionResult:
        check(call, response)
        return moto(response)

    del checked


def _refused(call: str, why: str) -> None:
    @patches.method(RDSResponse, call)
    def refuse(response: RDSResponse) -> ActionResult:
        raise NotImplementedError(why)

    del refuse


for _call in PARAMETERS.keys() - {"reboot_db_instance"}:  # which moto answers without reading one
    _checked(_call)
for _call, _why in REFUSED.items():
    _refused(_call, _why)
