"""Pending changes, parameter groups, rotation, snapshots, stop."""

from __future__ import annotations

import json

import pytest
from botocore.exceptions import ClientError

from tests.conformance.cloud import Cloud, Network
from tests.conformance.databases import Database

pytestmark = pytest.mark.slow


@pytest.mark.row("RDS-M02")
@pytest.mark.row("RDS-M03")
@pytest.mark.row("RDS-B03")
def test_changes_and_parameters(cloud: Cloud, network: Network) -> None:
    database = Database(cloud, network)
    about, rds = {"DBInstanceIdentifier": database.name}, cloud.rds
    rds.modify_db_instance(**about, DBInstanceClass="db.t4g.small")
    found = database.describe()
    assert (found["DBInstanceClass"], found["PendingModifiedValues"]) == (
        "db.t4g.micro",
        {"DBInstanceClass": "db.t4g.small"},
    )
    rds.modify_db_instance(**about, AllocatedStorage=40, ApplyImmediately=True)
    cloud.until(lambda: database.describe()["DBInstanceClass"] == "db.t4g.small", 900)
    found = database.available()
    assert (found["AllocatedStorage"], found["PendingModifiedValues"]) == (40, {})
    # RDS guide, "Modifying settings for storage": not again for six hours.
    with pytest.raises(ClientError, match="InvalidParameterCombination"):
        rds.modify_db_instance(**about, AllocatedStorage=60, ApplyImmediately=True)

    major = found["EngineVersion"].partition(".")[0]
    group = cloud.name("pg")
    rds.create_db_parameter_group(
        DBParameterGroupName=group, DBParameterGroupFamily=f"postgres{major}", Description="x"
    )
    cloud.afterwards(rds.delete_db_parameter_group, DBParameterGroupName=group)

    def apply_status() -> str:
        return database.describe()["DBParameterGroups"][0]["ParameterApplyStatus"]

    def set_to(name: str, value: str, how: str) -> None:
        rds.modify_db_parameter_group(
            DBParameterGroupName=group,
            Parameters=[{"ParameterName": name, "ParameterValue": value, "ApplyMethod": how}],
        )

    def shown(name: str) -> str:
        with database.connect() as connection:
            return connection.execute(f"SHOW {name}").fetchone()[0]  # type: ignore[index]

    rds.modify_db_instance(**about, DBParameterGroupName=group, ApplyImmediately=True)
    cloud.until(lambda: apply_status() == "pending-reboot", 300)
    rds.reboot_db_instance(**about)
    database.available()
    cloud.until(lambda: apply_status() == "in-sync", 300)
    set_to("work_mem", "8192", "immediate")
    cloud.until(lambda: shown("work_mem") == "8MB", 300)
    set_to("max_connections", "50", "pending-reboot")
    cloud.until(lambda: apply_status() == "pending-reboot", 300)
    assert shown("max_connections") != "50"
    rds.reboot_db_instance(**about)
    database.available()
    assert shown("max_connections") == "50"

    rds.stop_db_instance(**about)
    cloud.until(lambda: database.status() == "stopped", 900)
    assert database.describe()["Endpoint"] == found["Endpoint"]
    with pytest.raises(ClientError, match="InvalidDBInstanceState"):
        rds.modify_db_instance(**about, DBInstanceClass="db.t4g.micro", ApplyImmediately=True)
    rds.start_db_instance(**about)
    database.available()


@pytest.mark.row("RDS-S01")
@pytest.mark.row("X-RDSSNAP")
def test_rotation_and_snapshots(cloud: Cloud, network: Network) -> None:
    database = Database(cloud, network, ManageMasterUserPassword=True)
    about, rds = {"DBInstanceIdentifier": database.name}, cloud.rds
    first = database.password()
    with database.connect(password=first) as connection:
        connection.execute("CREATE TABLE notes (text text)")
        connection.execute("INSERT INTO notes VALUES ('kept')")
    rds.modify_db_instance(**about, RotateMasterUserPassword=True, ApplyImmediately=True)
    cloud.until(lambda: database.password() != first, 300)
    database.available()
    second = database.password()
    database.connect(password=second).close()

    snapshot = cloud.name("snapshot")
    rds.create_db_snapshot(**about, DBSnapshotIdentifier=snapshot)
    cloud.afterwards(rds.delete_db_snapshot, DBSnapshotIdentifier=snapshot)
    cloud.until(
        lambda: (
            rds.describe_db_snapshots(DBSnapshotIdentifier=snapshot)["DBSnapshots"][0]["Status"]
            == "available"
        ),
        900,
    )
    database.available()
    restored = cloud.name("restored")
    rds.restore_db_instance_from_db_snapshot(
        DBInstanceIdentifier=restored,
        DBSnapshotIdentifier=snapshot,
        DBSubnetGroupName=database.describe()["DBSubnetGroup"]["DBSubnetGroupName"],
        VpcSecurityGroupIds=[network.group],
        PubliclyAccessible=True,
    )
    cloud.afterwards(database.remove, name=restored)
    found = database.available(restored)
    secret = found.get("MasterUserSecret")
    if secret is None:
        password = second
    else:
        value = cloud.secretsmanager.get_secret_value(SecretId=secret["SecretArn"])["SecretString"]
        password = json.loads(value)["password"]
    with database.connect(restored, password) as connection:
        assert connection.execute("SELECT text FROM notes").fetchone() == ("kept",)
