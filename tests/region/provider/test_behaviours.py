"""What single resource types do beyond creating, changing and deleting."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from region.provider import lifecycle
from region.provider.errors import Cancelled, ProviderError
from region.provider.lifecycle import InitError
from region.provider.operation import Operation
from region.provider.resources import all_handlers
from region.provider.resources.autoscaling.group import duration
from region.provider.values import Asset, Secret
from region.services.rds.postgres.installed import available_versions

OBJECT = "aws:s3/bucketObjectv2:BucketObjectv2"
GROUP = "aws:autoscaling/group:Group"


def test_an_object_is_the_bytes_of_its_file(harness: Any, world: Any, tmp_path: Path) -> None:
    path = tmp_path / "revision.zip"
    path.write_bytes(b"PK\x03\x04")
    digest = hashlib.sha256(b"PK\x03\x04").hexdigest()
    source = Asset(hash=digest, path=str(path))
    made = harness.create(OBJECT, bucket=world.bucket, key="r.zip", source=source)
    assert made.id == f"{world.bucket}/r.zip"
    assert made["etag"] == hashlib.md5(b"PK\x03\x04", usedforsecurity=False).hexdigest()
    body = harness.context.aws.s3.get_object(Bucket=world.bucket, Key="r.zip")["Body"].read()
    assert body == b"PK\x03\x04"


@pytest.mark.parametrize(
    ("inputs", "body"),
    [
        ({"content": "héllo"}, "héllo".encode()),
        ({"contentBase64": base64.b64encode(b"\x00\xff").decode()}, b"\x00\xff"),
    ],
)
def test_an_object_from_text(harness: Any, world: Any, inputs: Any, body: bytes) -> None:
    harness.create(OBJECT, bucket=world.bucket, key="k", **inputs)
    assert harness.context.aws.s3.get_object(Bucket=world.bucket, Key="k")["Body"].read() == body


@pytest.mark.parametrize(
    ("hashed", "message"),
    [(b"other", "changed while the update ran"), (None, "give an absolute path")],
)
def test_a_file_that_cannot_be_trusted_is_refused(
    harness: Any, world: Any, tmp_path: Path, hashed: bytes | None, message: str
) -> None:
    path = tmp_path / "revision.zip"
    if hashed:
        path.write_bytes(b"new")
    source = Asset(hash=hashlib.sha256(hashed or b"").hexdigest(), path=str(path))
    with pytest.raises(ProviderError, match=message):
        harness.create(OBJECT, bucket=world.bucket, key="k", source=source)


def test_force_destroy_empties_all_versions(harness: Any) -> None:
    bucket = harness.create("aws:s3/bucket:Bucket", forceDestroy=True)
    s3 = harness.context.aws.s3
    enabled = {"Status": "Enabled"}
    s3.put_bucket_versioning(Bucket=bucket.id, VersioningConfiguration=enabled)
    for body in (b"1", b"2"):
        s3.put_object(Bucket=bucket.id, Key="k", Body=body)
    s3.delete_object(Bucket=bucket.id, Key="k")
    harness.delete(bucket)
    assert harness.read(bucket) is None


def test_a_bucket_with_objects_stays_without_force_destroy(harness: Any) -> None:
    bucket = harness.create("aws:s3/bucket:Bucket")
    harness.context.aws.s3.put_object(Bucket=bucket.id, Key="k", Body=b"1")
    with pytest.raises(ClientError, match="BucketNotEmpty"):
        harness.delete(bucket)


def test_a_new_security_group_lets_nothing_out(harness: Any, world: Any) -> None:
    groups = harness.context.aws.ec2.describe_security_groups(GroupIds=[world.group])
    assert groups["SecurityGroups"][0]["IpPermissionsEgress"] == []


def test_a_changed_template_is_a_new_default_version(harness: Any, world: Any) -> None:
    inputs = {"imageId": world.image, "instanceType": "t4g.nano", "updateDefaultVersion": True}
    template = harness.create("aws:ec2/launchTemplate:LaunchTemplate", **inputs)
    assert (template["latestVersion"], template["defaultVersion"]) == (1, 1)
    harness.update(template, **{**inputs, "instanceType": "t4g.micro"})
    assert (template["latestVersion"], template["defaultVersion"]) == (2, 2)
    harness.update(template, **{**inputs, "instanceType": "t4g.micro", "tags": {"a": "1"}})
    assert template["latestVersion"] == 2


def test_a_stopped_change_leaves_the_instance_running(harness: Any, world: Any) -> None:
    inputs = {"ami": world.image, "instanceType": "t4g.nano", "subnetId": world.subnet("a")}
    server = harness.create("aws:ec2/instance:Instance", **inputs)
    harness.update(server, **{**inputs, "instanceType": "t4g.micro", "userData": "#cloud-config"})
    assert server["instanceState"] == "running"
    assert server["instanceType"] == "t4g.micro"


def test_changed_volumes_of_an_instance_are_changed(harness: Any, world: Any) -> None:
    inputs = {"ami": world.image, "instanceType": "t4g.nano", "subnetId": world.subnet("a")}
    root = {"volumeSize": 8, "volumeType": "gp3", "deleteOnTermination": True}
    server = harness.create(
        "aws:ec2/instance:Instance", **inputs, rootBlockDevice=root, volumeTags={"a": "1"}
    )
    larger = {"volumeSize": 16, "volumeType": "gp3", "deleteOnTermination": False}
    harness.update(server, **inputs, rootBlockDevice=larger, volumeTags={"b": "2"})

    ec2 = harness.context.aws.ec2
    attached = [{"Name": "attachment.instance-id", "Values": [server.id]}]
    (volume,) = ec2.describe_volumes(Filters=attached)["Volumes"]
    assert volume["Size"] == 16
    assert volume["Tags"] == [{"Key": "b", "Value": "2"}]
    described = ec2.describe_instances(InstanceIds=[server.id])["Reservations"][0]["Instances"][0]
    assert described["BlockDeviceMappings"][0]["Ebs"]["DeleteOnTermination"] is False


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("0", 0), ("10m", 600), ("1h30m", 5400), ("45s", 45), ("", None), ("10", None), ("x", None)],
)
def test_durations(text: str, seconds: float | None) -> None:
    assert duration(text) == seconds


def test_a_group_that_does_not_fill_is_kept_as_not_ready(harness: Any, world: Any) -> None:
    """Its instances hang: the engine must know the group, or nobody would delete it."""
    handler = all_handlers()[GROUP]
    inputs, failures = harness.check(
        GROUP,
        {
            "minSize": 1,
            "maxSize": 1,
            "vpcZoneIdentifiers": world.subnets,
            "launchTemplate": {"id": world.template.id, "version": "1"},
        },
    )
    assert not failures
    op = HangingOperation(harness.context, harness.session, timeout=0.5)
    with pytest.raises(InitError, match=r"0 of 1 in service") as caught:
        lifecycle.create(handler, op, inputs)
    assert caught.value.identity == inputs["name"]
    assert caught.value.inputs == inputs


class HangingOperation(Operation):
    """Sees a group whose instances stay pending."""

    @property
    def aws(self) -> Any:
        real = self.context.aws

        class Autoscaling:
            def describe_auto_scaling_groups(self, **names: Any) -> Any:
                answer = real.autoscaling.describe_auto_scaling_groups(**names)
                for group in answer["AutoScalingGroups"]:
                    for instance in group["Instances"]:
                        instance["LifecycleState"] = "Pending"
                return answer

            def __getattr__(self, name: str) -> Any:
                return getattr(real.autoscaling, name)

        class Clients:
            autoscaling = Autoscaling()

            def __getattr__(self, name: str) -> Any:
                return getattr(real, name)

        return Clients()


def test_no_wait_for_capacity_with_a_timeout_of_0(harness: Any, world: Any) -> None:
    inputs, _ = harness.check(
        GROUP,
        {
            "minSize": 1,
            "maxSize": 1,
            "vpcZoneIdentifiers": world.subnets,
            "launchTemplate": {"id": world.template.id, "version": "1"},
            "waitForCapacityTimeout": "0",
        },
    )
    op = HangingOperation(harness.context, harness.session, timeout=0.5)
    identity, _ = lifecycle.create(all_handlers()[GROUP], op, inputs)
    assert identity == inputs["name"]


def test_a_group_that_is_not_forced_is_emptied_before_it_goes(harness: Any, world: Any) -> None:
    group = harness.create(
        GROUP,
        minSize=1,
        maxSize=1,
        vpcZoneIdentifiers=world.subnets,
        launchTemplate={"id": world.template.id, "version": "1"},
    )
    harness.delete(group)
    assert harness.read(group) is None


DATABASE = "aws:rds/instance:Instance"


def database_inputs(world: Any, **more: Any) -> dict[str, Any]:
    return {
        "engine": "postgres",
        "instanceClass": "db.t4g.micro",
        "allocatedStorage": 20,
        "username": "owner",
        "dbSubnetGroupName": world.database_subnets,
        **more,
    }


def test_a_database_is_not_deleted_before_its_final_snapshot_is_decided(
    harness: Any, world: Any
) -> None:
    inputs = database_inputs(world, manageMasterUserPassword=True)
    database = harness.create(DATABASE, **inputs)
    with pytest.raises(ProviderError, match="set one and run `pulumi up`"):
        harness.delete(database)
    harness.update(database, **inputs, finalSnapshotIdentifier="the-last")
    harness.delete(database)
    snapshots = harness.context.aws.rds.describe_db_snapshots()["DBSnapshots"]
    assert [item["DBSnapshotIdentifier"] for item in snapshots] == ["the-last"]


def test_a_major_version_of_a_database_covers_its_minor_ones(harness: Any, world: Any) -> None:
    major, version = max(available_versions().items())
    inputs = database_inputs(world, manageMasterUserPassword=True, engineVersion=version)
    database = harness.create(DATABASE, **inputs)
    assert database["engineVersionActual"] == version
    database.inputs["engineVersion"] = str(major)
    _, refreshed = harness.read(database)
    assert refreshed["engineVersion"] == str(major)


def test_a_managed_password_is_an_arn_and_no_password(harness: Any, world: Any) -> None:
    database = harness.create(DATABASE, **database_inputs(world, manageMasterUserPassword=True))
    (secret,) = database["masterUserSecrets"]
    assert secret["secretArn"].startswith("arn:aws:secretsmanager:")
    assert "password" not in database.state


def test_a_given_password_stays_secret_in_the_state(harness: Any, world: Any) -> None:
    inputs, _ = harness.check(DATABASE, database_inputs(world, password=Secret("hunter22")))
    assert inputs["password"] == Secret("hunter22")
    _, state = lifecycle.create(all_handlers()[DATABASE], harness.op, inputs)
    assert state["password"] == Secret("hunter22")
    assert "hunter22" not in repr(state)


@pytest.mark.parametrize("name", ["identifier", "dbSubnetGroupName"])
def test_what_aws_changes_in_a_database_in_place_and_the_region_cannot_is_refused(
    harness: Any, world: Any, name: str
) -> None:
    inputs = database_inputs(world, manageMasterUserPassword=True)
    database = harness.create(DATABASE, **inputs)
    _, failures = harness.check(DATABASE, {**inputs, name: "another"}, database.inputs)
    assert [failure.path for failure in failures] == [name]
    assert f"changes '{name}' in place, which the local region does not" in failures[0].reason


def test_a_database_without_subnets_is_the_default_vpcs(harness: Any) -> None:
    inputs = {"engine": "postgres", "instanceClass": "db.t4g.micro"}
    assert "dbSubnetGroupName" not in harness.failures(DATABASE, inputs)


APPLICATION = "aws:codedeploy/application:Application"


def test_a_renamed_application_keeps_its_id_and_its_groups(harness: Any, world: Any) -> None:
    application = harness.create(APPLICATION, tags={"a": "1"})
    group_inputs = {
        "deploymentGroupName": "group",
        "serviceRoleArn": world.role_arn(),
        "autoscalingGroups": [world.fleet],
        "tags": {"b": "2"},
    }
    type_ = "aws:codedeploy/deploymentGroup:DeploymentGroup"
    group = harness.create(type_, appName=application["name"], **group_inputs)
    before = application["applicationId"]

    assert not harness.diff(application, name="renamed", tags={"a": "1"}).replacing
    harness.update(application, name="renamed", tags={"a": "1"})
    assert (application["name"], application["applicationId"]) == ("renamed", before)
    assert application["arn"].endswith(":application:renamed")
    assert application["tags"] == {"a": "1"}

    assert not harness.diff(group, appName="renamed", **group_inputs).replacing
    harness.update(group, appName="renamed", **group_inputs)
    assert group["arn"].endswith(":deploymentgroup:renamed/group")
    harness.update(group, appName="renamed", **{**group_inputs, "deploymentGroupName": "other"})
    assert group["arn"].endswith(":deploymentgroup:renamed/other")
    assert group["tags"] == {"b": "2"}
    harness.delete(group)
    harness.delete(application)
    assert harness.context.aws.codedeploy.list_applications()["applications"] == []


def test_a_deployment_group_does_not_move_to_another_application(harness: Any, world: Any) -> None:
    other = harness.create(APPLICATION, name="other")
    inputs = {"deploymentGroupName": "group", "serviceRoleArn": world.role_arn()}
    type_ = "aws:codedeploy/deploymentGroup:DeploymentGroup"
    group = harness.create(type_, appName=world.application["name"], **inputs)
    with pytest.raises(ClientError, match="DeploymentGroupDoesNotExistException"):
        harness.update(group, appName=other["name"], **inputs)


@pytest.mark.parametrize(
    ("before", "after", "replaced"),
    [
        ("t4g.nano", "t4g.micro", set()),
        ("t4g.nano", "t3.nano", {"instanceType"}),
        ("m5.large", "m7g.large", {"instanceType"}),
        ("g4dn.xlarge", "c6i.large", set()),
        ("a1.medium", "c7gn.medium", set()),
    ],
)
def test_another_architecture_replaces_an_instance(
    before: str, after: str, replaced: set[str]
) -> None:
    handler = all_handlers()["aws:ec2/instance:Instance"]
    difference = lifecycle.diff(handler, {"instanceType": before}, {"instanceType": after})
    assert difference.replacing == replaced


def test_another_kind_of_source_replaces_a_rule() -> None:
    handler = all_handlers()["aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"]
    everyone = {"cidrIpv4": "0.0.0.0/0"}
    assert not lifecycle.diff(handler, everyone, {"cidrIpv4": "10.0.0.0/8"}).replacing
    difference = lifecycle.diff(handler, everyone, {"referencedSecurityGroupId": "sg-1"})
    assert difference.replacing == {"cidrIpv4", "referencedSecurityGroupId"}


def test_deleting_waits_for_what_still_uses_the_thing(harness: Any, world: Any) -> None:
    gone = threading.Event()
    calls: list[float] = []

    def delete() -> None:
        calls.append(time.monotonic())
        if not gone.is_set():
            error = {"Error": {"Code": "DependencyViolation", "Message": "busy"}}
            raise ClientError(error, "DeleteSubnet")

    threading.Timer(0.5, gone.set).start()
    harness.op.release("subnet x", delete, "DependencyViolation")
    assert len(calls) >= 2


def test_deleting_gives_up_with_the_code(harness: Any) -> None:
    def delete() -> None:
        error = {"Error": {"Code": "DependencyViolation", "Message": "busy"}}
        raise ClientError(error, "DeleteSubnet")

    op = Operation(harness.context, harness.session, timeout=0.3)
    with pytest.raises(ProviderError, match=r"still in use \(DependencyViolation\)"):
        op.release("subnet x", delete, "DependencyViolation")


def test_a_cancelled_wait_ends_at_once(harness: Any) -> None:
    threading.Timer(0.3, harness.session.cancelled.set).start()
    started = time.monotonic()
    with pytest.raises(Cancelled, match="cancelled while waiting for it, which is slow"):
        harness.op.wait("it", lambda: (None, "slow"), default_timeout=60)
    assert time.monotonic() - started < 10


def test_default_tags_go_to_every_taggable_resource(harness: Any) -> None:
    harness.session.default_tags = {"team": "a", "env": "test"}
    role = harness.create("aws:iam/role:Role", assumeRolePolicy=TRUST, tags={"env": "mine"})
    assert role["tags"] == {"team": "a", "env": "mine"}
    assert role["tagsAll"] == role["tags"]


TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": "ec2.amazonaws.com"},
                "Action": "sts:AssumeRole",
            }
        ],
    }
)


def test_drift_is_found_and_mended(harness: Any) -> None:
    role = harness.create("aws:iam/role:Role", assumeRolePolicy=TRUST, description="ours")
    harness.context.aws.iam.update_role(RoleName=role.id, Description="theirs")
    role.state, role.inputs = harness.read(role)
    assert role.inputs["description"] == "theirs"
    harness.update(role, assumeRolePolicy=TRUST, description="ours")
    assert role["description"] == "ours"


def test_an_existing_resource_can_be_imported(harness: Any, world: Any) -> None:
    handler = all_handlers()["aws:ec2/subnet:Subnet"]
    outputs, inputs = lifecycle.read(handler, harness.op, world.subnet("a"), {}, {}) or ({}, {})
    assert inputs["cidrBlock"] == "10.30.0.0/24"
    assert inputs["vpcId"] == world.vpc
    assert outputs["arn"].startswith("arn:aws:ec2:")
    failures = harness.failures("aws:ec2/subnet:Subnet", inputs)
    assert failures == {}


def test_a_modified_subnet_group_is_not_lost(harness: Any, world: Any) -> None:
    type_ = "aws:rds/subnetGroup:SubnetGroup"
    group = harness.create(type_, subnetIds=world.subnets)
    harness.update(group, subnetIds=[world.subnet("b"), world.subnet("c")])
    described = harness.context.aws.rds.describe_db_subnet_groups(DBSubnetGroupName=group.id)
    subnets = described["DBSubnetGroups"][0]["Subnets"]
    assert {item["SubnetIdentifier"] for item in subnets} == {
        world.subnet("b"),
        world.subnet("c"),
    }
