"""Calls of RDS that moto would accept and that would do nothing here: refused, with what to do instead."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from moto.rds.responses import RDSResponse

from region.api.patching import Patches

patches = Patches()

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

patches.refuse(RDSResponse, REFUSED)
