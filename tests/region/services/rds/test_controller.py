"""DB instances through the API, with fake servers."""

from __future__ import annotations

import json
import re
import threading

import pytest
from botocore.exceptions import ClientError

from tests.region.services.rds.fake_server import SETTINGS, FakeServer


def test_it_is_created_before_it_is_available(rds, until, aws):
    FakeServer.gate.clear()
    created = rds.create_db_instance(**SETTINGS)["DBInstance"]
    assert created["DBInstanceStatus"] == "creating"
    assert "Endpoint" not in created
    FakeServer.gate.set()
    database = until("available")
    assert database["Endpoint"]["Address"].startswith("10.79.0.")
    assert database["Endpoint"]["Port"] == 5432
    assert re.fullmatch(r"18\.\d+", database["EngineVersion"])
    assert database["AvailabilityZone"] == "ap-northeast-2b"
    assert re.fullmatch(r"db-[A-Z0-9]{26}", database["DbiResourceId"])
    server = FakeServer.made["notes"]
    assert server.databases == ["music"]
    arn = database["MasterUserSecret"]["SecretArn"]
    assert re.search(r":secret:rds!db-[0-9a-f-]{36}-\w{6}$", arn)
    secret = json.loads(aws.secretsmanager.get_secret_value(SecretId=arn)["SecretString"])
    assert secret == {"username": "keeper", "password": server.password}
    assert len(server.password) >= 20


def test_a_given_password_can_change(rds, until):
    settings = {key: value for key, value in SETTINGS.items() if "Manage" not in key}
    rds.create_db_instance(**settings, MasterUserPassword="first-one")
    until("available")
    rds.modify_db_instance(
        DBInstanceIdentifier="notes", MasterUserPassword="second-one", ApplyImmediately=True
    )
    server = FakeServer.made["notes"]
    for _ in range(1200):
        if server.password == "second-one":
            break
        threading.Event().wait(0.05)
    assert server.password == "second-one"


def test_a_failed_start_is_reported(rds, until):
    FakeServer.error = "Port 5432 of 127.79.0.4 is in use: end the process that holds it."
    rds.create_db_instance(**SETTINGS)
    database = until("failed")
    assert database["StatusInfos"][0]["Message"] == FakeServer.error


def test_stop_start_and_reboot(rds, until):
    rds.create_db_instance(**SETTINGS)
    until("available")
    rds.stop_db_instance(DBInstanceIdentifier="notes")
    until("stopped")
    assert not FakeServer.made["notes"].on
    with pytest.raises(ClientError, match="not in available state"):
        rds.reboot_db_instance(DBInstanceIdentifier="notes")
    rds.start_db_instance(DBInstanceIdentifier="notes")
    until("available")
    assert FakeServer.made["notes"].on


def test_deletion_takes_its_time_and_needs_a_decision_about_the_snapshot(rds, until):
    rds.create_db_instance(**SETTINGS, DeletionProtection=True)
    until("available")
    with pytest.raises(ClientError, match="Cannot delete protected"):
        rds.delete_db_instance(DBInstanceIdentifier="notes", SkipFinalSnapshot=True)
    rds.modify_db_instance(DBInstanceIdentifier="notes", DeletionProtection=False)
    with pytest.raises(ClientError, match="FinalDBSnapshotIdentifier is required"):
        rds.delete_db_instance(DBInstanceIdentifier="notes")
    with pytest.raises(ClientError, match="still using it"):
        rds.delete_db_subnet_group(DBSubnetGroupName="private")
    answer = rds.delete_db_instance(
        DBInstanceIdentifier="notes", FinalDBSnapshotIdentifier="last-words"
    )
    assert answer["DBInstance"]["DBInstanceStatus"] == "deleting"
    for _ in range(1200):
        if not rds.describe_db_instances()["DBInstances"]:
            break
        threading.Event().wait(0.05)
    assert rds.describe_db_instances()["DBInstances"] == []
    snapshots = rds.describe_db_snapshots(DBSnapshotIdentifier="last-words")["DBSnapshots"]
    assert len(snapshots) == 1
    rds.delete_db_subnet_group(DBSubnetGroupName="private")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"Engine": "mysql"}, "use postgres"),
        ({"EngineVersion": "9.6"}, "Cannot find version 9.6 for postgres"),
        ({"DBInstanceClass": "db.t4g.pico"}, "db.t4g.pico"),
        ({"MasterUserPassword": "x" * 10}, "can't specify MasterUserPassword"),
        ({"DBParameterGroupName": "old"}, "DBParameterGroupFamily postgres16 can't be used"),
    ],
)
def test_invalid_instances_are_rejected(rds, change, message):
    rds.create_db_parameter_group(
        DBParameterGroupName="old", DBParameterGroupFamily="postgres16", Description="x"
    )
    with pytest.raises(ClientError, match=message):
        rds.create_db_instance(**(SETTINGS | change))
    assert rds.describe_db_instances()["DBInstances"] == []


def test_a_subnet_group_survives_its_modification(rds, aws):
    group = rds.describe_db_subnet_groups(DBSubnetGroupName="private")["DBSubnetGroups"][0]
    third = aws.ec2.create_subnet(
        VpcId=group["VpcId"], CidrBlock="10.79.9.0/24", AvailabilityZone="ap-northeast-2a"
    )["Subnet"]["SubnetId"]
    wanted = {group["Subnets"][0]["SubnetIdentifier"], third}
    rds.modify_db_subnet_group(DBSubnetGroupName="private", SubnetIds=sorted(wanted))
    group = rds.describe_db_subnet_groups(DBSubnetGroupName="private")["DBSubnetGroups"][0]
    assert {entry["SubnetIdentifier"] for entry in group["Subnets"]} == wanted
