"""A Multi-AZ DB instance fails over: outage, zones, events, what is lost."""

from __future__ import annotations

import psycopg
import pytest
from botocore.exceptions import ClientError

from tests.conformance.cloud import Cloud, Network
from tests.conformance.databases import Database

pytestmark = pytest.mark.slow


@pytest.mark.row("RDS-F01")
@pytest.mark.row("RDS-F02")
@pytest.mark.row("RDS-F03")
@pytest.mark.row("RDS-F04")
@pytest.mark.row("RDS-F07")
@pytest.mark.row("RDS-F09")
def test_a_forced_failover(cloud: Cloud, network: Network) -> None:
    database = Database(cloud, network, MultiAZ=True)
    before = database.describe()
    assert before["SecondaryAvailabilityZone"] != before["AvailabilityZone"]
    assert "ReadEndpoint" not in before
    with database.connect() as setup:
        setup.execute("CREATE TABLE notes (text text)")
    connection = database.connect()
    connection.autocommit = False
    connection.execute("INSERT INTO notes VALUES ('never committed')")
    rds = cloud.rds
    rds.reboot_db_instance(DBInstanceIdentifier=database.name, ForceFailover=True)
    assert 55 <= database.outage(300) <= 130
    after = database.available()
    with pytest.raises(psycopg.OperationalError):
        connection.execute("SELECT 1")
    with database.connect() as again:
        assert again.execute("SELECT count(*) FROM notes").fetchone() == (0,)
    assert after["Endpoint"] == before["Endpoint"]
    cloud.until(
        lambda: database.describe()["AvailabilityZone"] == before["SecondaryAvailabilityZone"], 600
    )
    assert database.describe()["SecondaryAvailabilityZone"] == before["AvailabilityZone"]
    told = database.messages(EventCategories=["failover"])
    assert told.index("Multi-AZ instance failover started") < told.index(
        "Multi-AZ instance failover completed"
    )
    assert "DB instance restarted" in database.messages()
    rds.reboot_db_instance(DBInstanceIdentifier=database.name, ForceFailover=True)
    cloud.until(lambda: any("recently occurred" in told for told in database.messages()), 120)


@pytest.mark.row("RDS-F05")
@pytest.mark.row("RDS-F06")
@pytest.mark.row("RDS-E01")
@pytest.mark.row("RDS-M01")
@pytest.mark.row("RDS-M04")
@pytest.mark.row("RDS-B01")
@pytest.mark.row("RDS-B02")
def test_one_zone_and_then_two(cloud: Cloud, network: Network) -> None:
    database = Database(cloud, network, DeletionProtection=True)
    about, rds = {"DBInstanceIdentifier": database.name}, cloud.rds
    assert database.describe()["BackupRetentionPeriod"] == 1
    with pytest.raises(ClientError, match="InvalidParameterCombination"):
        rds.reboot_db_instance(**about, ForceFailover=True)
    assert rds.reboot_db_instance(**about)["DBInstance"]["DBInstanceStatus"] == "rebooting"
    with pytest.raises(ClientError, match="InvalidDBInstanceState"):
        rds.reboot_db_instance(**about)
    database.available()
    for change in ({"AllocatedStorage": 10}, {"BackupRetentionPeriod": 36}):
        with pytest.raises(ClientError):
            rds.modify_db_instance(**about, **change, ApplyImmediately=True)
    with pytest.raises(ClientError):
        rds.delete_db_instance(**about, SkipFinalSnapshot=True)
    rds.modify_db_instance(**about, MultiAZ=True, ApplyImmediately=True)
    cloud.until(lambda: database.status() == "modifying", 120)
    while database.status() == "modifying":
        assert database.answers()
    assert database.available()["MultiAZ"]
    assert any("Finished applying modification to convert" in told for told in database.messages())
    rds.modify_db_instance(**about, BackupRetentionPeriod=0, ApplyImmediately=True)
    database.available()
    rds.modify_db_instance(**about, DeletionProtection=False)


@pytest.mark.row("RDS-M05")
@pytest.mark.row("RDS-S01")
def test_what_is_refused_at_creation(cloud: Cloud, network: Network) -> None:
    wanted = {
        "DBInstanceIdentifier": cloud.name("db"),
        "DBInstanceClass": "db.t4g.micro",
        "Engine": "postgres",
        "AllocatedStorage": 20,
        "MasterUsername": "keeper",
        "MasterUserPassword": "correct-horse-battery",
    }
    for change in (
        {"MultiAZ": True, "AvailabilityZone": network.zones[0]},
        {"ManageMasterUserPassword": True},
    ):
        with pytest.raises(ClientError):
            cloud.rds.create_db_instance(**wanted, **change)
    if not cloud.is_aws:
        with pytest.raises(ClientError, match="NotImplemented"):
            cloud.rds.create_db_cluster(DBClusterIdentifier=cloud.name("c"), Engine="postgres")
