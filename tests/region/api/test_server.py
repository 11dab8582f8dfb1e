from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from botocore.exceptions import ClientError
from moto.ec2.models.instances import Instance

from region.api import patching
from region.api.server import ControlPlane, ControlPlaneError
from region.config import RegionConfig
from region.services.install import install_patches
from tests.region.fakes import ask

HERE = Path(__file__).resolve().parents[3]


def test_identity_is_the_local_account(aws, plane):
    caller = aws.sts.get_caller_identity()
    assert caller["Account"] == "123456789012"
    assert caller["Arn"] == "arn:aws:iam::123456789012:user/haproof"
    assert plane.endpoint.startswith("http://127.0.0.1:")


def test_reads_are_silent_and_changes_are_announced(aws, plane):
    before = plane.generation
    aws.ec2.describe_vpcs()
    aws.s3.list_buckets()
    aws.autoscaling.describe_auto_scaling_groups()
    assert plane.generation == before
    aws.ec2.create_vpc(CidrBlock="10.30.0.0/16")
    assert plane.generation == before + 1
    aws.s3.create_bucket(
        Bucket="revisions", CreateBucketConfiguration={"LocationConstraint": "ap-northeast-2"}
    )
    assert plane.generation == before + 2


def test_a_refused_change_is_not_announced(aws, plane):
    before = plane.generation
    with pytest.raises(ClientError):
        aws.ec2.create_vpc(CidrBlock="100.64.0.0/16")
    assert plane.generation == before


def test_wait_returns_at_once_after_a_change_and_else_after_its_timeout(plane):
    generation = plane.wait(-1, 5)
    started = time.monotonic()
    assert plane.wait(generation, 0.2) == generation
    assert time.monotonic() - started >= 0.2
    plane.notify()
    assert plane.wait(generation, 5) == generation + 1


def test_taken_port_is_refused_with_the_port_and_the_remedy(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(ControlPlaneError, match=rf"{port}.*stop what uses"):
            ControlPlane(RegionConfig(root=tmp_path, api_port=port), install_patches).start()


def test_restart_can_take_the_same_port_again(make_plane):
    plane = make_plane()
    port = plane.port
    plane.stop()
    assert make_plane(api_port=port).port == port


def test_an_unknown_action_is_reported_as_not_implemented(aws):
    with pytest.raises(ClientError) as refused:
        aws.autoscaling.get_predictive_scaling_forecast(
            AutoScalingGroupName="a", PolicyName="b", StartTime=0, EndTime=1
        )
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501
    assert "GetPredictiveScalingForecast" in str(refused.value)


def test_a_crash_is_reported_and_logged(aws, plane, monkeypatch):
    from moto.ec2.responses.vpcs import VPCs

    monkeypatch.setattr(VPCs, "describe_vpcs", lambda self: {}["no such key"])
    with pytest.raises(ClientError) as crashed:
        aws.ec2.describe_vpcs()
    assert crashed.value.response["Error"]["Code"] == "InternalFailure"
    assert "KeyError" in crashed.value.response["Error"]["Message"]
    log = (plane.config.log_directory / "region.log").read_text()
    assert "DescribeVpcs" in log
    assert "Traceback" in log


def test_reset_through_the_api_is_refused(aws, plane):
    vpc = aws.ec2.create_vpc(CidrBlock="10.30.0.0/16")["Vpc"]["VpcId"]
    assert ask(plane, "POST", "/moto-api/reset", signed_for="s3").status == 403
    assert aws.ec2.describe_vpcs(VpcIds=[vpc])["Vpcs"]


def test_another_account_cannot_be_requested(plane):
    headers = {"x-moto-account-id": "999999999999"}
    call = "/?Action=GetCallerIdentity&Version=2011-06-15"
    answer = ask(plane, "GET", call, signed_for="sts", headers=headers)
    assert answer.status == 200
    assert b"123456789012" in answer.body


SAVER = """
import json, sys, boto3
from pathlib import Path
from region.config import RegionConfig
from region.services.install import install_patches
from region.api.server import ControlPlane
plane = ControlPlane(RegionConfig(root=Path(sys.argv[1])), install_patches)
plane.start()
def client(name):
    return boto3.client(name, endpoint_url=plane.endpoint, region_name="ap-northeast-2",
                        aws_access_key_id=plane.credentials.user.access_key_id,
                        aws_secret_access_key=plane.credentials.user.secret_access_key)
ec2, iam, s3, secrets = client("ec2"), client("iam"), client("s3"), client("secretsmanager")
vpc = ec2.create_vpc(CidrBlock="10.20.0.0/16")["Vpc"]["VpcId"]
subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.20.1.0/24")["Subnet"]["SubnetId"]
instance = ec2.run_instances(ImageId="ami-12345678", MinCount=1, MaxCount=1, SubnetId=subnet,
                             InstanceType="t4g.nano")["Instances"][0]
trust = {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}
iam.create_role(RoleName="node", AssumeRolePolicyDocument=json.dumps(
    {"Version": "2012-10-17", "Statement": [trust]}))
iam.attach_role_policy(RoleName="node",
                       PolicyArn="arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore")
s3.create_bucket(Bucket="revisions",
                 CreateBucketConfiguration={"LocationConstraint": "ap-northeast-2"})
s3.put_bucket_versioning(Bucket="revisions", VersioningConfiguration={"Status": "Enabled"})
s3.put_object(Bucket="revisions", Key="app.zip", Body=b"zip" * 1000)
secrets.create_secret(Name="db", SecretString="{}")
from region.services.ec2.instances import RUNNING, set_state
with plane.lock:
    set_state(plane.backend("ec2").get_instance(instance["InstanceId"]), RUNNING)
elb = client("elbv2")
group = elb.create_target_group(Name="app", Protocol="HTTP", Port=8080, VpcId=vpc)
elb.register_targets(TargetGroupArn=group["TargetGroups"][0]["TargetGroupArn"],
                     Targets=[{"Id": instance["InstanceId"]}])
plane.extra["note"] = {"kept": True}
plane.stop()
print(vpc, subnet, instance["InstanceId"], instance["PrivateIpAddress"])
"""


def test_state_survives_into_another_process(make_plane, clients_of, tmp_path):
    root = tmp_path / "region"
    saved = subprocess.run(
        [sys.executable, "-c", SAVER, str(root)],
        cwd=HERE,
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    vpc, subnet, instance_id, private_ip = saved.stdout.split()
    assert (root / "state.pickle").stat().st_size < 4_000_000
    assert (root / "state.pickle").stat().st_mode & 0o077 == 0
    plane = make_plane(root=root)
    assert plane.warnings == []
    assert plane.extra == {"note": {"kept": True}}
    aws = clients_of(plane.endpoint)
    reservations = aws.ec2.describe_instances(InstanceIds=[instance_id])["Reservations"]
    assert reservations[0]["Instances"][0]["PrivateIpAddress"] == private_ip
    assert aws.ec2.describe_vpcs(VpcIds=[vpc])["Vpcs"][0]["CidrBlock"] == "10.20.0.0/16"
    attached = aws.iam.list_attached_role_policies(RoleName="node")["AttachedPolicies"]
    assert attached[0]["PolicyName"] == "AmazonSSMManagedInstanceCore"
    assert aws.s3.get_object(Bucket="revisions", Key="app.zip")["Body"].read() == b"zip" * 1000
    with pytest.raises(ClientError, match="BucketAlreadyOwnedByYou"):
        aws.s3.create_bucket(
            Bucket="revisions", CreateBucketConfiguration={"LocationConstraint": "ap-northeast-2"}
        )
    groups = aws.elbv2.describe_target_groups()["TargetGroups"]
    health = aws.elbv2.describe_target_health(TargetGroupArn=groups[0]["TargetGroupArn"])
    assert health["TargetHealthDescriptions"][0]["Target"]["Id"] == instance_id
    # A new address is neither taken nor one that AWS reserves.
    second = aws.ec2.run_instances(
        ImageId="ami-12345678", MinCount=1, MaxCount=1, SubnetId=subnet, InstanceType="t4g.nano"
    )["Instances"][0]
    assert second["PrivateIpAddress"] not in {private_ip, *(f"10.20.1.{n}" for n in range(4))}
    # The backends still point at each other, not at copies.
    with plane.lock:
        assert plane.backend("elbv2").ec2_backend is plane.backend("ec2")
        assert plane.backend("autoscaling").ec2_backend is plane.backend("ec2")


def test_a_region_that_starts_empty_has_no_bucket_of_an_earlier_one(
    make_plane, clients_of, tmp_path
):
    name = "revisions"
    where = {"LocationConstraint": "ap-northeast-2"}
    first = make_plane(root=tmp_path / "first")
    clients_of(first.endpoint).s3.create_bucket(Bucket=name, CreateBucketConfiguration=where)
    first.stop()
    second = clients_of(make_plane(root=tmp_path / "second").endpoint)
    assert second.s3.list_buckets()["Buckets"] == []
    second.s3.create_bucket(Bucket=name, CreateBucketConfiguration=where)


def _edit_header(content: bytes, **changes: object) -> bytes:
    head, _, payload = content.partition(b"\n")
    return json.dumps({**json.loads(head), **changes}).encode() + b"\n" + payload


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (lambda content: content[: len(content) // 2], "checksum"),
        (lambda content: b"hello", "header"),
        (lambda content: b"hello\nworld", "not a state file"),
        (lambda content: b"", "header"),
        (lambda content: _edit_header(content, moto="4.0.0"), "moto is 4.0.0"),
        (lambda content: _edit_header(content, region="eu-west-1"), "region is eu-west-1"),
        (lambda content: _edit_header(content, account="999999999999"), "account is 9999"),
    ],
)
def test_an_unusable_state_file_is_moved_aside_and_reported(make_plane, clients_of, damage, reason):
    plane = make_plane()
    clients_of(plane.endpoint).ec2.create_vpc(CidrBlock="10.30.0.0/16")
    plane.stop()
    file = plane.config.state_file
    file.write_bytes(damage(file.read_bytes()))
    again = make_plane()
    assert len(again.warnings) == 1
    assert reason in again.warnings[0]
    assert list(file.parent.glob("state.pickle.unusable-*"))
    vpcs = clients_of(again.endpoint).ec2.describe_vpcs()["Vpcs"]
    assert [vpc["IsDefault"] for vpc in vpcs] == [True]


def test_passing_requests_through_to_aws_is_refused(tmp_path, monkeypatch):
    from moto.core.config import default_user_config

    monkeypatch.setitem(default_user_config, "core", {"passthrough": {"services": ["s3"]}})
    with pytest.raises(ControlPlaneError, match="never reach a real account"):
        ControlPlane(RegionConfig(root=tmp_path), install_patches).start()


def test_moto_runs_unpatched_where_a_test_asks_for_it(plane: ControlPlane):
    def attributes() -> dict[str, object]:
        return {patch.target: vars(patch.owner).get(patch.name) for patch in applied_before}

    applied_before = patching.applied()
    patched = attributes()
    with patching.unpatched():
        own = {patch.target: patch.original for patch in applied_before}
        assert not patching.applied()
        assert all(attributes()[name] is not value for name, value in patched.items())
        assert Instance.reboot is own["moto.ec2.models.instances.Instance.reboot"]

    assert patching.applied() == applied_before
    assert attributes() == patched
    assert {patch.module.split(".")[0] for patch in applied_before} == {"region"}
