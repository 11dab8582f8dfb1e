"""Failover, pending changes, parameters, rotation, snapshots and events through the API."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime, timedelta

import pytest
from botocore.exceptions import ClientError

from region.services.rds.records import DatabaseRecord
from tests.patience import PATIENCE
from tests.region.fakes import queue_for_services
from tests.region.services.rds.fake_server import SETTINGS, FakeServer, describe

NAME = {"DBInstanceIdentifier": "notes"}


def eventually(condition, timeout=PATIENCE):
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        if found := condition():
            return found
        time.sleep(0.03)
    raise AssertionError("the condition did not come true in time")


def messages(rds, **given):
    return [event["Message"] for event in rds.describe_events(**given)["Events"]]


def secret_of(aws, rds):
    arn = describe(rds)["MasterUserSecret"]["SecretArn"]
    return json.loads(aws.secretsmanager.get_secret_value(SecretId=arn)["SecretString"])["password"]


@pytest.fixture
def database(rds, until):
    rds.create_db_instance(**SETTINGS)
    return until("available")


def test_a_failover_takes_an_outage_and_swaps_the_zones(rds, until):
    rds.create_db_instance(**SETTINGS, MultiAZ=True)
    before = until("available")
    assert {before["AvailabilityZone"], before["SecondaryAvailabilityZone"]} == {
        "ap-northeast-2b",
        "ap-northeast-2c",
    }
    began = time.monotonic()
    assert rds.reboot_db_instance(**NAME, ForceFailover=True)["DBInstance"]["DBInstanceStatus"] == (
        "rebooting"
    )
    eventually(lambda: FakeServer.made["notes"].crashed)
    after = until("available")
    assert time.monotonic() - began > 80 / 50
    assert after["AvailabilityZone"] == before["SecondaryAvailabilityZone"]
    assert after["SecondaryAvailabilityZone"] == before["AvailabilityZone"]
    assert after["Endpoint"] == before["Endpoint"]
    told = messages(rds, SourceType="db-instance", EventCategories=["failover"])
    assert told[:2] == [
        "Multi-AZ instance failover started.",
        "Multi-AZ instance failover completed",
    ]
    rds.reboot_db_instance(**NAME, ForceFailover=True)
    eventually(lambda: any("Abandoning" in told for told in messages(rds)))
    assert until("available")["AvailabilityZone"] == after["AvailabilityZone"]


def test_a_failover_needs_a_standby(rds, database):
    with pytest.raises(ClientError, match=r"InvalidParameterCombination.*Multi-AZ"):
        rds.reboot_db_instance(**NAME, ForceFailover=True)


def test_a_reboot_says_that_it_restarted(rds, database, until):
    rds.reboot_db_instance(**NAME)
    eventually(lambda: "DB instance restarted" in messages(rds))
    until("available")


def test_rotation_keeps_the_current_password_readable(rds, database, aws):
    first = secret_of(aws, rds)
    arn = describe(rds)["MasterUserSecret"]["SecretArn"]
    rds.modify_db_instance(**NAME, RotateMasterUserPassword=True, ApplyImmediately=True)
    seen = set()
    while first == (found := secret_of(aws, rds)):
        seen.add(found)
    assert FakeServer.disks["notes"]["password"] == found
    previous = aws.secretsmanager.get_secret_value(SecretId=arn, VersionStage="AWSPREVIOUS")
    assert json.loads(previous["SecretString"])["password"] == first
    aws.secretsmanager.rotate_secret(SecretId=arn)
    eventually(lambda: secret_of(aws, rds) not in {first, found})
    assert describe(rds)["MasterUserSecret"]["SecretStatus"] == "active"
    assert messages(rds).count("Reset master credentials") == 2
    with pytest.raises(ClientError, match="managed by rds"):
        aws.secretsmanager.put_secret_value(SecretId=arn, SecretString="mine")
    for end in (aws.secretsmanager.delete_secret, aws.secretsmanager.cancel_rotate_secret):
        with pytest.raises(ClientError, match="managed by rds"):
            end(SecretId=arn)
    with pytest.raises(ClientError, match="apply immediately"):
        rds.modify_db_instance(**NAME, RotateMasterUserPassword=True)


def test_one_database_that_cannot_be_read_stops_no_other(rds, database, aws, plane):
    with plane.lock:
        secret = plane.backend("rds").databases["notes"].master_user_secret.secret
        secret.versions.clear()
        del plane.backend("rds").databases["notes"].enabled_cloudwatch_logs_exports
    rds.create_db_instance(**(SETTINGS | {"DBInstanceIdentifier": "other"}))
    eventually(
        lambda: (
            rds.describe_db_instances(DBInstanceIdentifier="other")["DBInstances"][0][
                "DBInstanceStatus"
            ]
            == "available"
        )
    )


def test_a_secret_without_a_rotation_function_is_not_rotated(aws):
    arn = aws.secretsmanager.create_secret(Name="mine", SecretString="x")["ARN"]
    with pytest.raises(ClientError, match="No Lambda rotation function"):
        aws.secretsmanager.rotate_secret(SecretId=arn)
    assert aws.secretsmanager.get_secret_value(SecretId=arn)["SecretString"] == "x"


def test_a_change_waits_for_the_window_or_is_applied_at_once(rds, database, until):
    changed = rds.modify_db_instance(**NAME, DBInstanceClass="db.t4g.small")["DBInstance"]
    assert changed["DBInstanceStatus"] == "available"
    assert changed["DBInstanceClass"] == "db.t4g.micro"
    assert changed["PendingModifiedValues"] == {"DBInstanceClass": "db.t4g.small"}
    rds.modify_db_instance(**NAME, AllocatedStorage=40, ApplyImmediately=True)
    eventually(lambda: describe(rds)["DBInstanceClass"] == "db.t4g.small")
    found = until("available")
    assert (found["AllocatedStorage"], found["PendingModifiedValues"]) == (40, {})
    now = datetime.now(UTC)
    window = "-".join(
        f"{moment:%a:%H:%M}".lower()
        for moment in (now - timedelta(minutes=2), now + timedelta(minutes=40))
    )
    backup = f"{now + timedelta(hours=3):%H:%M}-{now + timedelta(hours=4):%H:%M}"
    rds.modify_db_instance(
        **NAME,
        DBInstanceClass="db.t4g.medium",
        PreferredMaintenanceWindow=window,
        PreferredBackupWindow=backup,
    )
    eventually(lambda: describe(rds)["DBInstanceClass"] == "db.t4g.medium")


def test_storage_is_not_changed_again_until_it_is_optimized(rds, database, until, plane):
    rds.modify_db_instance(**NAME, AllocatedStorage=40, ApplyImmediately=True)
    eventually(lambda: describe(rds)["AllocatedStorage"] == 40)
    until("available")
    for change in ({"AllocatedStorage": 60}, {"StorageType": "gp2"}):
        with pytest.raises(ClientError, match="previous storage change is being optimized"):
            rds.modify_db_instance(**NAME, **change)
    rds.modify_db_instance(**NAME, AllocatedStorage=40, BackupRetentionPeriod=3)
    with plane.lock:
        record = DatabaseRecord.of(plane.backend("rds").databases[NAME["DBInstanceIdentifier"]])
        record.storage_changed_at -= 6 * 3600
    eventually(lambda: not record.optimizing)
    rds.modify_db_instance(**NAME, AllocatedStorage=60)


def test_a_change_that_waits_is_withdrawn_by_the_present_value(rds, database):
    rds.modify_db_instance(**NAME, DBInstanceClass="db.t4g.small", MultiAZ=True)
    changed = rds.modify_db_instance(**NAME, DBInstanceClass="db.t4g.micro")["DBInstance"]
    assert changed["PendingModifiedValues"] == {"MultiAZ": True}


def test_a_standby_is_added_without_an_outage(rds, database, until):
    server = FakeServer.made["notes"]
    changed = rds.modify_db_instance(**NAME, MultiAZ=True, ApplyImmediately=True)["DBInstance"]
    assert (changed["DBInstanceStatus"], changed["MultiAZ"]) == ("modifying", False)
    assert changed["PendingModifiedValues"] == {"MultiAZ": True}
    found = until("available")
    assert (found["MultiAZ"], found["SecondaryAvailabilityZone"]) == (True, "ap-northeast-2c")
    assert FakeServer.made["notes"] is server
    assert server.on
    assert "Finished applying modification to convert to a Multi-AZ DB Instance" in messages(rds)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"AllocatedStorage": 10}, "cannot be less than the current storage size"),
        ({"BackupRetentionPeriod": 36}, "Invalid backup retention period: 36"),
        ({"MasterUserPassword": "x" * 10}, "can't specify MasterUserPassword"),
        ({"Iops": 3000}, r"NotImplemented.*Iops"),
        ({"DBParameterGroupName": "unknown"}, "DBParameterGroupNotFound"),
    ],
)
def test_changes_that_rds_refuses(rds, database, change, message):
    with pytest.raises(ClientError, match=message):
        rds.modify_db_instance(**NAME, **change, ApplyImmediately=True)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"MultiAZ": True, "AvailabilityZone": "ap-northeast-2b"}, "not valid for Multi-AZ"),
        ({"BackupRetentionPeriod": 36}, "Invalid backup retention period"),
        ({"AllocatedStorage": 5}, "Invalid storage size"),
        ({"AvailabilityZone": "ap-northeast-2a"}, "no subnet in ap-northeast-2a"),
        ({"MonitoringInterval": 60}, r"NotImplemented.*MonitoringInterval"),
        ({"EnablePerformanceInsights": True}, r"NotImplemented.*EnablePerformanceInsights"),
    ],
)
def test_instances_that_rds_refuses(rds, change, message):
    with pytest.raises(ClientError, match=message):
        rds.create_db_instance(**(SETTINGS | change))


@pytest.mark.parametrize(
    ("call", "given"),
    [
        ("create_db_cluster", {"DBClusterIdentifier": "c", "Engine": "postgres"}),
        (
            "create_db_instance_read_replica",
            {"DBInstanceIdentifier": "r", "SourceDBInstanceIdentifier": "notes"},
        ),
        (
            "restore_db_instance_to_point_in_time",
            {"SourceDBInstanceIdentifier": "notes", "TargetDBInstanceIdentifier": "t"},
        ),
    ],
)
def test_calls_without_anything_behind_them_are_refused(aws, call, given):
    with pytest.raises(ClientError, match="NotImplemented"):
        getattr(aws.rds, call)(**given)


def test_a_stopped_database_cannot_be_modified(rds, database, until):
    rds.stop_db_instance(**NAME)
    assert until("stopped")["Endpoint"] == database["Endpoint"]
    with pytest.raises(ClientError, match="InvalidDBInstanceState"):
        rds.modify_db_instance(**NAME, DBInstanceClass="db.t4g.small")


def apply_status(rds):
    [group] = describe(rds)["DBParameterGroups"]
    return group["ParameterApplyStatus"]


def set_parameters(rds, *parameters):
    rds.modify_db_parameter_group(
        DBParameterGroupName="mine",
        Parameters=[
            {"ParameterName": name, "ParameterValue": value, "ApplyMethod": how}
            for name, value, how in parameters
        ],
    )


def test_parameters_are_in_sync_or_wait_for_a_reboot(rds, database, until):
    rds.create_db_parameter_group(
        DBParameterGroupName="mine", DBParameterGroupFamily="postgres18", Description="x"
    )
    assert apply_status(rds) == "in-sync"
    set_parameters(rds, ("work_mem", "8192", "immediate"))
    rds.modify_db_instance(**NAME, DBParameterGroupName="mine", ApplyImmediately=True)
    assert apply_status(rds) == "pending-reboot"
    rds.reboot_db_instance(**NAME)
    eventually(lambda: apply_status(rds) == "in-sync")
    until("available")
    assert FakeServer.made["notes"].spec.parameters == {"work_mem": "8192"}
    server = FakeServer.made["notes"]
    set_parameters(rds, ("work_mem", "4096", "immediate"))
    eventually(lambda: server.spec.parameters == {"work_mem": "4096"})
    eventually(lambda: apply_status(rds) == "in-sync")
    set_parameters(rds, ("max_connections", "50", "pending-reboot"))
    assert apply_status(rds) == "pending-reboot"
    assert server.spec.parameters == {"work_mem": "4096"}
    with pytest.raises(ClientError, match="immediate apply method for static parameter"):
        set_parameters(rds, ("max_connections", "60", "immediate"))
    with pytest.raises(ClientError, match="Could not find parameter with name: no_such"):
        set_parameters(rds, ("no_such", "1", "immediate"))
    rds.reset_db_parameter_group(DBParameterGroupName="mine", ResetAllParameters=True)
    shown = rds.describe_db_parameters(DBParameterGroupName="mine", Source="user")["Parameters"]
    assert shown == []


def test_a_snapshot_restores_its_data(rds, database, until, aws):
    FakeServer.disks["notes"]["databases"] = ["music", "of the snapshot"]
    rds.create_db_snapshot(**NAME, DBSnapshotIdentifier="first")
    until("available")

    def snapshot(name):
        return rds.describe_db_snapshots(DBSnapshotIdentifier=name)["DBSnapshots"][0]

    eventually(lambda: snapshot("first")["Status"] == "available")
    rds.copy_db_snapshot(SourceDBSnapshotIdentifier="first", TargetDBSnapshotIdentifier="second")
    rds.delete_db_snapshot(DBSnapshotIdentifier="first")
    FakeServer.disks["notes"]["databases"] = ["music"]
    rds.restore_db_instance_from_db_snapshot(
        DBInstanceIdentifier="restored", DBSnapshotIdentifier="second"
    )

    def restored():
        return rds.describe_db_instances(DBInstanceIdentifier="restored")["DBInstances"][0]

    eventually(lambda: restored()["DBInstanceStatus"] == "available")
    assert FakeServer.disks["restored"]["databases"] == ["music", "of the snapshot"]
    assert "Restored from snapshot second" in messages(rds)
    # Its own managed password, not that of the snapshot.
    arn = restored()["MasterUserSecret"]["SecretArn"]
    value = aws.secretsmanager.get_secret_value(SecretId=arn)["SecretString"]
    eventually(lambda: FakeServer.disks["restored"]["password"] == json.loads(value)["password"])
    rds.delete_db_instance(DBInstanceIdentifier="restored", SkipFinalSnapshot=True)
    eventually(lambda: len(rds.describe_db_instances()["DBInstances"]) == 1)


def test_the_first_backup_follows_the_creation(rds, database):
    [snapshot] = rds.describe_db_snapshots(**NAME, SnapshotType="automated")["DBSnapshots"]
    assert snapshot["Status"] == "available"
    told = messages(rds, SourceType="db-instance", SourceIdentifier="notes")
    assert told[:3] == [
        "DB instance created",
        "Backing up DB instance",
        "Finished DB instance backup",
    ]


def test_events_are_those_of_the_last_hour(rds, database):
    assert messages(rds)
    assert messages(rds, Duration=2**31 - 1), "more minutes than a calendar has"
    past = datetime.now(UTC) - timedelta(hours=3)
    assert messages(rds, StartTime=past, EndTime=past + timedelta(hours=1)) == []
    with pytest.raises(ClientError, match="source type"):
        rds.describe_events(SourceIdentifier="notes")


def test_subscribers_are_told(rds, aws, until):
    topic = aws.sns.create_topic(Name="databases")["TopicArn"]
    queue, arn = queue_for_services(aws, "databases")
    aws.sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    rds.create_event_subscription(
        SubscriptionName="all", SnsTopicArn=topic, SourceType="db-instance", Enabled=True
    )
    rds.create_db_instance(**SETTINGS)
    until("available")
    [message, *_] = aws.sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10)["Messages"]
    inside = json.loads(json.loads(message["Body"])["Message"])
    assert inside["Event Message"] == "DB instance created"
    assert inside["Source ID"] == "notes"


def test_without_a_subnet_group_it_is_in_the_default_vpc(rds, until):
    settings = {key: value for key, value in SETTINGS.items() if key != "DBSubnetGroupName"}
    rds.create_db_instance(**settings | {"VpcSecurityGroupIds": []})
    found = until("available")
    assert found["DBSubnetGroup"]["DBSubnetGroupName"] == "default"
    assert found["Endpoint"]["Address"].startswith("172.31.")
    assert found["PubliclyAccessible"]
    (group,) = rds.describe_db_subnet_groups(DBSubnetGroupName="default")["DBSubnetGroups"]
    assert len(group["Subnets"]) == 4


def test_security_groups_exist_in_its_vpc(aws, rds, until):
    gone = ["sg-0123"]
    elsewhere = aws.ec2.create_vpc(CidrBlock="10.78.0.0/16")["Vpc"]["VpcId"]
    mine = [{"Name": "vpc-id", "Values": [elsewhere]}]
    other = [aws.ec2.describe_security_groups(Filters=mine)["SecurityGroups"][0]["GroupId"]]
    for call in (
        lambda groups: rds.create_db_instance(**SETTINGS | {"VpcSecurityGroupIds": groups}),
        lambda groups: rds.modify_db_instance(**NAME, VpcSecurityGroupIds=groups),
    ):
        with pytest.raises(ClientError, match="Invalid security group , groupId= sg-0123"):
            call(gone)
        with pytest.raises(ClientError, match="in different VPCs"):
            call(other)
        if not FakeServer.made:
            rds.create_db_instance(**SETTINGS)
            found = until("available")
            (group,) = found["VpcSecurityGroups"]
            vpc = found["DBSubnetGroup"]["VpcId"]
            named = aws.ec2.describe_security_groups(GroupIds=[group["VpcSecurityGroupId"]])
            assert named["SecurityGroups"][0]["VpcId"] == vpc
