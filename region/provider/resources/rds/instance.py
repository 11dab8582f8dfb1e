"""RDS instances of PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from botocore.exceptions import ClientError
from typing_extensions import override

from region.provider import checks
from region.provider.autoname import Naming
from region.provider.errors import CheckFailure, ProviderError, is_missing
from region.provider.handler import MINUTE, Handler, found, given, known, tag_list, tag_map
from region.provider.operation import Operation
from region.provider.resources.rds.common import IDENTIFIER, IDENTIFIER_RULE, retag
from region.provider.values import Properties

ENGINES = ("postgres",)
_CREATED = {
    "DBName": "dbName",
    "Engine": "engine",
    "MasterUsername": "username",
    "StorageEncrypted": "storageEncrypted",
    "DBSubnetGroupName": "dbSubnetGroupName",
    "AvailabilityZone": "availabilityZone",
    "Port": "port",
}
_MODIFIED = {
    "DBInstanceClass": "instanceClass",
    "EngineVersion": "engineVersion",
    "AllocatedStorage": "allocatedStorage",
    "MaxAllocatedStorage": "maxAllocatedStorage",
    "StorageType": "storageType",
    "VpcSecurityGroupIds": "vpcSecurityGroupIds",
    "DBParameterGroupName": "parameterGroupName",
    "MultiAZ": "multiAz",
    "PubliclyAccessible": "publiclyAccessible",
    "BackupRetentionPeriod": "backupRetentionPeriod",
    "PreferredBackupWindow": "backupWindow",
    "PreferredMaintenanceWindow": "maintenanceWindow",
    "DeletionProtection": "deletionProtection",
    "AutoMinorVersionUpgrade": "autoMinorVersionUpgrade",
    "CopyTagsToSnapshot": "copyTagsToSnapshot",
    "EnableIAMDatabaseAuthentication": "iamDatabaseAuthenticationEnabled",
    "ManageMasterUserPassword": "manageMasterUserPassword",
    "MasterUserPassword": "password",
}
_LOGS = "enabledCloudwatchLogsExports"
_FIXED = ("identifier", "dbSubnetGroupName")
"""Inputs that AWS's provider updates in place and that the region's databases cannot change."""
_LOCAL_ONLY = frozenset(
    {
        "identifier",
        "identifierPrefix",
        "applyImmediately",
        "allowMajorVersionUpgrade",
        "deleteAutomatedBackups",
        "skipFinalSnapshot",
        "finalSnapshotIdentifier",
        _LOGS,
        "tags",
    }
)


class Instance(Handler):
    """`aws.rds.Instance` of PostgreSQL."""

    resource_type = "aws:rds/instance:Instance"
    supported = frozenset({*_CREATED.values(), *_MODIFIED.values(), *_LOCAL_ONLY})
    defaults: ClassVar = {
        "applyImmediately": False,
        "autoMinorVersionUpgrade": True,
        "copyTagsToSnapshot": False,
        "deleteAutomatedBackups": True,
        "publiclyAccessible": False,
        "skipFinalSnapshot": False,
    }
    sets = frozenset({"vpcSecurityGroupIds", _LOGS})
    naming = Naming(
        prop="identifier",
        prefix="identifierPrefix",
        limit=63,
        lower=True,
        pattern=IDENTIFIER,
        rule=IDENTIFIER_RULE,
    )
    computed = frozenset(
        {
            "allocatedStorage",
            "availabilityZone",
            "backupRetentionPeriod",
            "backupWindow",
            "dbName",
            "dbSubnetGroupName",
            "engineVersion",
            "maintenanceWindow",
            "multiAz",
            "parameterGroupName",
            "port",
            "storageType",
            "username",
            "vpcSecurityGroupIds",
        }
    )

    @override
    def check(self, op: Operation, inputs: Properties, old: Properties) -> Iterable[CheckFailure]:
        """Check for PostgreSQL with one kind of master password."""
        yield from checks.one_of("engine", inputs.get("engine"), ENGINES)
        if not old:
            for name in ("engine", "allocatedStorage", "username"):
                if inputs.get(name) is None:
                    yield CheckFailure(name, f"a database needs {name!r}; set it")
            yield from checks.exactly_one(inputs, ["manageMasterUserPassword", "password"])
        for name in _FIXED if old else ():
            if known(inputs, name) and old.get(name) not in {None, inputs[name]}:
                reason = (
                    f"AWS changes {name!r} in place, which the local region does not implement; "
                    f"keep {old[name]!r} or destroy the database first"
                )
                yield CheckFailure(name, reason)
        klass = inputs.get("instanceClass")
        if isinstance(klass, str) and not klass.startswith("db."):
            reason = f"{klass!r} is not a DB instance class; use one such as db.t4g.micro"
            yield CheckFailure("instanceClass", reason)
        yield from checks.within("port", inputs.get("port"), 1150, 65535)
        storage = inputs.get("allocatedStorage")
        yield from checks.within("allocatedStorage", storage, 20, 65536, " GiB")
        days = inputs.get("backupRetentionPeriod")
        yield from checks.within("backupRetentionPeriod", days, 0, 35, " days")
        largest = inputs.get("maxAllocatedStorage")
        if isinstance(largest, int) and isinstance(storage, int) and 0 < largest < storage:
            reason = (
                f"'maxAllocatedStorage' {largest} is below 'allocatedStorage' {storage}; raise it"
            )
            yield CheckFailure("maxAllocatedStorage", reason)

    @override
    def create(self, op: Operation, inputs: Properties) -> str:
        """Call CreateDBInstance; the id is RDS's resource id, as in the real provider."""
        response = op.aws.rds.create_db_instance(
            DBInstanceIdentifier=inputs["identifier"],
            Tags=tag_list(inputs.get("tags")),
            **given(
                {**_CREATED, **_MODIFIED, "EnableCloudwatchLogsExports": _LOGS},
                inputs,
            ),
        )
        instance = response["DBInstance"]
        return instance.get("DbiResourceId") or inputs["identifier"]

    @override
    def apply(self, op: Operation, identity: str, new: Properties, old: Properties | None) -> None:
        """Call ModifyDBInstance, and wait until the database is available."""
        name = new["identifier"]
        if old is not None:
            before = given(_MODIFIED, old)
            changes = {
                key: value
                for key, value in given(_MODIFIED, new).items()
                if before.get(key) != value
            }
            changes.update(_log_changes(new, old))
            if changes:
                op.aws.rds.modify_db_instance(
                    DBInstanceIdentifier=name,
                    ApplyImmediately=new["applyImmediately"],
                    **given({"AllowMajorVersionUpgrade": "allowMajorVersionUpgrade"}, new),
                    **changes,
                )
            retag(op, op.arn("rds", f"db:{name}"), new, old)
        self._await_available(op, name)

    def _await_available(self, op: Operation, name: str) -> None:
        def probe() -> tuple[bool | None, str]:
            instance = _instance(op, name)
            status = instance["DBInstanceStatus"] if instance else "gone"
            if status in {"gone", "failed", "incompatible-parameters", "storage-full"}:
                reasons = [info["Message"] for info in (instance or {}).get("StatusInfos") or []]
                why = "; ".join(reasons) or "no reason given"
                raise ProviderError(f"the database {name} became {status}: {why}")
            return (True if status == "available" else None), status

        op.wait(f"the database {name} to be available", probe, default_timeout=40 * MINUTE)

    @override
    def read(self, op: Operation, identity: str, state: Properties) -> Properties | None:
        """Describe the database; its id for an import is its identifier."""
        instance = _instance(op, state.get("identifier") or identity)
        if instance is None or instance["DBInstanceStatus"] == "deleted":
            return None
        endpoint = instance.get("Endpoint") or {}
        address, port = (
            endpoint.get("Address", ""),
            endpoint.get("Port") or instance.get("DbInstancePort"),
        )
        actual = instance.get("EngineVersion", "")
        wanted = state.get("engineVersion") or actual
        secret = instance.get("MasterUserSecret")
        groups = instance.get("DBParameterGroups") or ()
        same = {key: name for key, name in {**_CREATED, **_MODIFIED}.items() if key not in _APART}
        return {
            **found(same, instance),
            # "18" stays "18" while a minor version of it runs.
            "engineVersion": wanted if f"{actual}.".startswith(f"{wanted}.") else actual,
            "engineVersionActual": actual,
            "identifier": instance["DBInstanceIdentifier"],
            "dbSubnetGroupName": (instance.get("DBSubnetGroup") or {}).get("DBSubnetGroupName", ""),
            **({"parameterGroupName": groups[0]["DBParameterGroupName"]} if groups else {}),
            "vpcSecurityGroupIds": [
                group["VpcSecurityGroupId"] for group in instance.get("VpcSecurityGroups") or ()
            ],
            "address": address,
            "port": port,
            "endpoint": f"{address}:{port}",
            "hostedZoneId": endpoint.get("HostedZoneId", ""),
            "arn": instance["DBInstanceArn"],
            "resourceId": instance.get("DbiResourceId", identity),
            "status": instance["DBInstanceStatus"],
            "masterUserSecrets": [_secret(secret)] if secret else [],
            "iamDatabaseAuthenticationEnabled": bool(
                instance.get("IAMDatabaseAuthenticationEnabled")
            ),
            _LOGS: list(instance.get("EnabledCloudwatchLogsExports") or ()),
            "tags": tag_map(instance.get("TagList")),
        }

    @override
    def delete(self, op: Operation, identity: str, state: Properties) -> None:
        """Call DeleteDBInstance, with a final snapshot unless skipped; wait until it is gone."""
        name = state.get("identifier") or identity
        snapshot = state.get("finalSnapshotIdentifier")
        if state.get("skipFinalSnapshot"):
            options: dict[str, Any] = {"SkipFinalSnapshot": True}
        elif snapshot:
            options = {"SkipFinalSnapshot": False, "FinalDBSnapshotIdentifier": snapshot}
        else:
            raise ProviderError(
                f"the database {name} has neither 'finalSnapshotIdentifier' nor "
                "'skipFinalSnapshot'; set one and run `pulumi up` before destroying it"
            )
        op.aws.rds.delete_db_instance(
            DBInstanceIdentifier=name,
            DeleteAutomatedBackups=state.get("deleteAutomatedBackups", True),
            **options,
        )

        def probe() -> tuple[bool | None, str]:
            instance = _instance(op, name)
            return (True, "gone") if instance is None else (None, instance["DBInstanceStatus"])

        op.wait(f"the database {name} to be gone", probe, default_timeout=60 * MINUTE)


_APART = frozenset(
    {
        "DBSubnetGroupName",
        "DBParameterGroupName",
        "VpcSecurityGroupIds",
        "EngineVersion",
        "Port",
        "ManageMasterUserPassword",
        "MasterUserPassword",
        "EnableIAMDatabaseAuthentication",
        "PreferredBackupWindow",
        "PreferredMaintenanceWindow",
    }
)
"""Parameters that a description reports under another name, in another form or not at all."""


def _log_changes(new: Properties, old: Properties) -> dict[str, Any]:
    """Return the log exports for ModifyDBInstance: those to start and those to stop."""
    before, after = set(old.get(_LOGS) or ()), set(new.get(_LOGS) or ())
    wanted = {
        "EnableLogTypes": sorted(after - before),
        "DisableLogTypes": sorted(before - after),
    }
    changes = {key: names for key, names in wanted.items() if names}
    return {"CloudwatchLogsExportConfiguration": changes} if changes else {}


def _instance(op: Operation, name: str) -> Mapping[str, Any] | None:
    try:
        instances = op.aws.rds.describe_db_instances(DBInstanceIdentifier=name)["DBInstances"]
    except ClientError as error:
        if is_missing(error):
            return None
        raise
    return instances[0] if instances else None


def _secret(described: Mapping[str, Any]) -> Properties:
    return {
        "secretArn": described.get("SecretArn", ""),
        "secretStatus": described.get("SecretStatus", ""),
        "kmsKeyId": described.get("KmsKeyId", ""),
    }
