"""Databases, their groups and snapshots."""

from __future__ import annotations

from tests.region.provider.lifecycles.case import Case

CASES = [
    Case(
        "aws:rds/subnetGroup:SubnetGroup",
        lambda w: {"subnetIds": w.subnets, "tags": {"a": "1"}},
        lambda w: {"subnetIds": [w.subnet("b"), w.subnet("c")], "tags": {"a": "2"}},
        lambda _: {"name": "given"},
        ("arn", "vpcId"),
    ),
    Case(
        "aws:rds/parameterGroup:ParameterGroup",
        lambda _: {
            "family": "postgres18",
            "parameters": [{"name": "rds.force_ssl", "value": "1"}],
            "tags": {"a": "1"},
        },
        lambda _: {"parameters": [{"name": "rds.force_ssl", "value": "0"}], "tags": {"b": "1"}},
        lambda _: {"family": "postgres17"},
        ("arn", "name"),
    ),
    Case(
        "aws:rds/instance:Instance",
        lambda w: {
            "engine": "postgres",
            "engineVersion": "18",
            "instanceClass": "db.t4g.micro",
            "allocatedStorage": 20,
            "storageEncrypted": True,
            "dbName": "app",
            "username": "owner",
            "manageMasterUserPassword": True,
            "dbSubnetGroupName": w.database_subnets,
            "vpcSecurityGroupIds": [w.group],
            "backupRetentionPeriod": 7,
            "enabledCloudwatchLogsExports": ["postgresql"],
            "iamDatabaseAuthenticationEnabled": True,
            "skipFinalSnapshot": True,
            "tags": {"a": "1"},
        },
        lambda _: {
            "backupRetentionPeriod": 3,
            "enabledCloudwatchLogsExports": ["upgrade"],
            "iamDatabaseAuthenticationEnabled": False,
            "applyImmediately": True,
            "tags": {"b": "2"},
        },
        lambda _: {"dbName": "other"},
        ("arn", "address", "endpoint", "port", "masterUserSecrets", "resourceId", "status"),
    ),
    Case(
        "aws:rds/snapshot:Snapshot",
        lambda w: {
            "dbInstanceIdentifier": w.database,
            "dbSnapshotIdentifier": "before",
            "tags": {"a": "1"},
        },
        lambda _: {"tags": {"b": "2"}},
        lambda _: {"dbSnapshotIdentifier": "after"},
        ("dbSnapshotArn", "status", "allocatedStorage", "engine"),
    ),
]
