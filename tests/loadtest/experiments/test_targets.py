"""Experiments act on the stack's own resources only, and look twice."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from loadtest.errors import ExperimentError
from loadtest.experiments import files
from loadtest.experiments.actions import capacity, database, instances, network
from loadtest.experiments.models import Target
from loadtest.experiments.resources import StackResources
from loadtest.experiments.session import Session, under_way
from tests.loadtest.conftest import outputs_of
from tests.loadtest.experiments.builders import timing_of
from tests.loadtest.experiments.conftest import OURS, THEIRS, FakeCloud, instance


def test_instances_are_found_in_order(stack: StackResources) -> None:
    assert [(one.id, one.zone) for one in stack.instances()] == [
        ("i-1", "a"),
        ("i-2", "b"),
        ("i-3", "c"),
    ]
    assert [one.id for one in stack.instances("b")] == ["i-2"]


def test_a_stack_without_tags_is_left_alone(cloud: FakeCloud) -> None:
    group = cloud.answers["autoscaling.describe_auto_scaling_groups"]["AutoScalingGroups"][0]
    group["Tags"] = []
    with pytest.raises(ExperimentError, match="lacks the tags"):
        StackResources(outputs_of(), cloud).instances()  # type: ignore[arg-type]


def test_an_instance_of_somebody_else_is_never_a_target(
    cloud: FakeCloud, stack: StackResources
) -> None:
    cloud.answers["ec2.describe_instances"]["Reservations"][0]["Instances"][1] = instance(
        2, "b", THEIRS
    )
    cloud.answers["ec2.describe_tags"] = {"Tags": [{"ResourceId": "i-2", **tag} for tag in THEIRS]}
    with pytest.raises(ExperimentError, match="i-2"):
        stack.instances()


def test_a_tag_that_changed_between_finding_and_acting_stops_the_action(
    cloud: FakeCloud, session: Session
) -> None:
    first = cloud.answers["ec2.describe_tags"]
    looked: list[int] = []

    def changing(**call: Any) -> Any:
        looked.append(1)
        # `instances` looks once for the choice and once for the words; then comes the second check.
        return first(**call) if len(looked) <= 2 else {"Tags": []}

    cloud.answers["ec2.describe_tags"] = changing
    with under_way(session), pytest.raises(ExperimentError, match="stack's own resources"):
        instances.terminate()
    assert cloud.called("ec2.terminate_instances") == []


def test_two_databases_with_the_stack_s_tags_are_one_too_many(
    cloud: FakeCloud, stack: StackResources
) -> None:
    found = cloud.answers["rds.describe_db_instances"]["DBInstances"]
    found.append(found[0])
    with pytest.raises(ExperimentError, match="2 DB instances"):
        stack.database()


def test_subnets_of_others_in_the_same_vpc_are_no_targets(stack: StackResources) -> None:
    assert stack.subnets("a") == ["subnet-a"]


def test_the_largest_root_volume_is_that_of_the_instances(
    cloud: FakeCloud, stack: StackResources
) -> None:
    members = cloud.answers["ec2.describe_instances"]["Reservations"][0]["Instances"]
    for number, member in enumerate(members):
        device = {"DeviceName": "/dev/xvda", "Ebs": {"VolumeId": f"vol-{number}"}}
        data = {"DeviceName": "/dev/sdf", "Ebs": {"VolumeId": "vol-data"}}
        member |= {"RootDeviceName": "/dev/xvda", "BlockDeviceMappings": [data, device]}
    sizes = {"vol-0": 8, "vol-1": 30, "vol-2": 8, "vol-data": 500}
    cloud.answers["ec2.describe_volumes"] = lambda **call: {
        "Volumes": [{"Size": sizes[name]} for name in call["VolumeIds"]]
    }
    assert stack.root_volume_gibibytes(["i-1", "i-2", "i-3"]) == 30
    members[0]["BlockDeviceMappings"] = []
    with pytest.raises(ExperimentError, match="i-1: there is no root volume"):
        stack.root_volume_gibibytes(["i-1", "i-2", "i-3"])


def test_a_database_of_another_name_is_refused(stack: StackResources) -> None:
    with pytest.raises(ExperimentError, match="db-2"):
        stack.confirm([Target(kind="database", id="db-2")])


def test_a_deployment_group_that_deploys_to_another_fleet_is_refused(
    cloud: FakeCloud, stack: StackResources
) -> None:
    cloud.answers["codedeploy.get_deployment_group"] = {
        "deploymentGroupInfo": {"autoScalingGroups": [{"name": "elsewhere"}]}
    }
    with pytest.raises(ExperimentError, match="haproof-ha-fleet"):
        stack.confirm([Target(kind="deployment-group", id="haproof-ha-fleet")])


OTHERS = {
    # Both stacks carry the tag by which the group finds its instances.
    "by-a-tag": {"ec2TagFilters": [{"Type": "KEY_AND_VALUE", "Key": "App", "Value": "shop"}]},
    "by-a-key": {"ec2TagFilters": [{"Type": "KEY_ONLY", "Key": "App"}]},
    "by-a-value": {"ec2TagFilters": [{"Type": "VALUE_ONLY", "Value": "shop"}]},
    "by-several": {
        "ec2TagSet": {
            "ec2TagSetList": [
                [{"Type": "KEY_ONLY", "Key": "App"}, {"Type": "KEY_ONLY", "Key": "Tier"}],
                [{"Type": "KEY_AND_VALUE", "Key": "Project", "Value": "other"}],
            ]
        }
    },
    "another-fleet": {"autoScalingGroups": [{"name": "haproof-ha"}, {"name": "theirs"}]},
}


@pytest.mark.parametrize("case", OTHERS)
def test_a_deployment_group_that_deploys_to_others_too_is_refused(
    cloud: FakeCloud, stack: StackResources, case: str
) -> None:
    theirs = {**instance(9, "a"), "Tags": [*THEIRS, {"Key": "App", "Value": "shop"}]}
    ours = {**instance(1, "a"), "Tags": [*OURS, {"Key": "App", "Value": "shop"}]}
    fleet = {"autoScalingGroups": [{"name": "haproof-ha"}]}
    cloud.answers["ec2.describe_instances"] = {"Reservations": [{"Instances": [ours, theirs]}]}
    cloud.answers["codedeploy.get_deployment_group"] = {
        "deploymentGroupInfo": {**fleet, **OTHERS[case]}
    }
    (known,) = cloud.answers["autoscaling.describe_auto_scaling_groups"]["AutoScalingGroups"]
    other = {**known, "AutoScalingGroupName": "theirs", "Tags": THEIRS}
    cloud.answers["autoscaling.describe_auto_scaling_groups"] = lambda **asked: {
        "AutoScalingGroups": [
            one
            for one in (known, other)
            if one["AutoScalingGroupName"] in asked["AutoScalingGroupNames"]
        ]
    }
    target = Target(kind="deployment-group", id=stack.outputs.codedeploy_deployment_group)
    with pytest.raises(ExperimentError, match=r"deploys to (i-9|theirs) too, which is not"):
        stack.confirm([target])
    # Without them there is nothing to refuse.
    theirs["Tags"], other["Tags"] = OURS, OURS
    stack.confirm([target])


def test_the_journal_has_the_way_back_before_the_call(cloud: FakeCloud, session: Session) -> None:
    assert session.journal is not None
    noted: list[int] = []

    def create(**_: Any) -> Any:
        noted.append(len(session.journal.to_put_back))  # type: ignore[union-attr]
        return {"NetworkAcl": {"NetworkAclId": "acl-closed"}}

    cloud.answers |= {
        "ec2.create_network_acl": create,
        "ec2.describe_network_acls": acls("acl-open"),
    }
    with under_way(session):
        network.cut_database(seconds=0)
    assert noted == [1]
    assert cloud.called("ec2.replace_network_acl_association") != []
    assert session.journal.to_put_back == []
    assert session.ended_ms is not None


def acls(name: str) -> dict[str, Any]:
    association = {
        "SubnetId": "subnet-d",
        "NetworkAclId": name,
        "NetworkAclAssociationId": "assoc-1",
    }
    acl = {"NetworkAclId": name, "VpcId": "vpc-1", "IsDefault": True, "Associations": [association]}
    return {"NetworkAcls": [acl]}


def test_a_dry_run_resolves_and_touches_nothing(
    cloud: FakeCloud, stack: StackResources, session: Session
) -> None:
    dry = Session(session.experiment, stack, "dry-run")
    cloud.answers["ec2.describe_network_acls"] = acls("acl-open")
    with under_way(dry):
        instances.terminate(2)
        instances.hang()
        network.cut_database()
        network.lose_zone("silent", "a")
        database.fail_over()
        capacity.scale_out()
    assert [len(one.targets) for one in dry.planned] == [2, 1, 2, 1, 1, 1]
    assert "i-1" in dry.planned[0].what
    assert dry.planned[2].reverted
    changing = [
        name for name, _ in cloud.calls if not name.partition(".")[2].startswith("describe")
    ]
    assert changing == []


def test_what_the_stack_cannot_do_is_said_with_its_remedy(
    cloud: FakeCloud, session: Session
) -> None:
    with under_way(session):
        with pytest.raises(ExperimentError, match="needs 9"):
            instances.terminate(9)
        with pytest.raises(
            ExperimentError, match=r"no instance in the zone 'z': choose of a, b, c"
        ):
            network.lose_zone("silent", "z")
        cloud.answers["rds.describe_db_instances"] = {"DBInstances": []}
        for without_database in (
            database.fail_over,
            database.rotate_password,
            network.cut_database,
        ):
            with pytest.raises(ExperimentError, match="is for stacks with a database"):
                without_database()


def test_a_zone_is_lost_where_the_database_is_not_and_any_without_a_database(
    cloud: FakeCloud, session: Session
) -> None:
    dry = Session(session.experiment, session.stack, "dry-run")
    with under_way(dry):
        assert network.lose_zone("refused") == "b"
        cloud.answers["rds.describe_db_instances"] = {"DBInstances": []}
        assert network.lose_zone("refused") == "a"


@pytest.mark.parametrize(
    ("first", "standby", "reasons"),
    [
        (True, True, []),
        (False, False, ["experiment.no-standby"]),
        (True, False, ["experiment.no-standby"]),
        (False, True, []),
    ],
    ids=["standby", "none", "being-taken-away", "being-made"],
)
def test_a_database_without_a_standby_fails_all_the_same_and_that_is_not_survived(
    cloud: FakeCloud,
    session: Session,
    monkeypatch: pytest.MonkeyPatch,
    *,
    first: bool,
    standby: bool,
    reasons: list[str],
) -> None:
    monkeypatch.setattr(database, "POLL_S", 0.0)
    (one,) = cloud.answers["rds.describe_db_instances"]["DBInstances"]
    # It is still being modified, and later it reboots: neither is a time to ask it for anything.
    statuses = ["modifying", "available", "rebooting", "available"]

    def describe(**asked: Any) -> Any:
        if "DBInstanceIdentifier" in asked:
            one["DBInstanceStatus"] = statuses.pop(0)
            if one["DBInstanceStatus"] == "available":
                one["MultiAZ"] = standby
        return {"DBInstances": [one]}

    one["MultiAZ"] = first
    cloud.answers["rds.describe_db_instances"] = describe
    with under_way(session):
        database.fail_over()
    assert cloud.called("rds.reboot_db_instance") == [
        {"DBInstanceIdentifier": "db-1", "ForceFailover": standby}
    ]
    assert statuses == []
    assert [one.id for one in session.found] == reasons


def test_after_a_new_password_everybody_connects_anew(
    cloud: FakeCloud, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Otherwise connections with the old one go on, and a service that keeps it could not be found.
    monkeypatch.setattr(database, "POLL_S", 0.0)
    (one,) = cloud.answers["rds.describe_db_instances"]["DBInstances"]
    one["DBInstanceStatus"] = "available"
    secrets = ["rotating", "active", "active", "active"]

    def describe(**asked: Any) -> Any:
        if "DBInstanceIdentifier" in asked:
            one["MasterUserSecret"] = {"SecretArn": "arn:secret", "SecretStatus": secrets.pop(0)}
        return {"DBInstances": [one]}

    cloud.answers["rds.describe_db_instances"] = describe
    with under_way(session):
        database.rotate_password()
    order = [name for name, _ in cloud.calls]
    rotated = order.index("secretsmanager.rotate_secret")
    assert order.index("rds.reboot_db_instance") > rotated + 1
    assert cloud.called("rds.reboot_db_instance") == [
        {"DBInstanceIdentifier": "db-1", "ForceFailover": False}
    ]
    assert secrets == []


@pytest.mark.parametrize(("by", "sizes"), [(1, []), (3, [6])])
def test_a_group_at_its_maximum_gets_room_and_loses_it_again(
    cloud: FakeCloud, session: Session, by: int, sizes: list[int]
) -> None:
    group = cloud.answers["autoscaling.describe_auto_scaling_groups"]["AutoScalingGroups"][0]
    assert session.journal is not None
    with under_way(session):
        assert capacity.scale_out(by) == 3 + by
    changed = cloud.called("autoscaling.update_auto_scaling_group")
    assert [one["MaxSize"] for one in changed] == sizes
    group |= {"MaxSize": max([4, *sizes]), "DesiredCapacity": 3 + by}
    session.put_all_back()
    assert session.left == []
    changed = cloud.called("autoscaling.update_auto_scaling_group")
    assert [one["MaxSize"] for one in changed] == [*sizes, *([4] if sizes else [])]
    wanted = cloud.called("autoscaling.set_desired_capacity")
    assert [one["DesiredCapacity"] for one in wanted] == [3 + by, 3]


def test_on_aws_fis_needs_a_role(
    cloud: FakeCloud, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with under_way(session), pytest.raises(ExperimentError, match="--fis-role"):
        capacity.no_capacity()
    assert cloud.called("fis.create_experiment_template") == []


def test_functions_of_an_experiment_work_only_inside_one() -> None:
    with pytest.raises(ExperimentError, match="experiment run"):
        instances.terminate()


def test_a_condition_is_not_the_fault(session: Session) -> None:
    target = [Target(kind="instance", id="i-1")]
    with session.act("no capacity", target, condition=True) as act:
        assert act is not None
        act.takes_effect(1_000.0)
        act.over(90_000.0)
    assert (session.began_ms, session.ended_ms) == (None, None)
    with session.act("lose it", target) as act:
        assert act is not None
        act.takes_effect(2_000.0)
        act.over(5_000.0)
    assert (session.began_ms, session.ended_ms) == (2_000.0, 5_000.0)


@pytest.mark.parametrize(
    ("name", "more_s"),
    # Nobody needs a health check to see that an instance is gone.
    [("instance-hangs", 100.0), ("instance-errors", 100.0), ("instance-dies", 0.0)],
)
def test_what_is_left_of_the_grace_period_comes_on_top_of_the_target_time(
    session: Session, name: str, more_s: float
) -> None:
    session.experiment = files.find(name)
    target_s = session.experiment.hypothesis.recovery_s
    assert session.target_s == target_s
    session.timing = timing_of(in_service_s={"i-1": -500, "i-2": 0}, youngest_in_service_s=0)
    session.targets, session.began_ms = [Target(kind="instance", id="i-1")], 1.0
    assert session.target_s == pytest.approx(target_s + more_s)


def test_the_oldest_instances_are_hit_first(cloud: FakeCloud, session: Session) -> None:
    members = cloud.answers["ec2.describe_instances"]["Reservations"][0]["Instances"]
    for one, hour in zip(members, (3, 1, 2), strict=True):
        one["LaunchTime"] = datetime(2026, 11, 26, hour, tzinfo=UTC)
    assert [one.id for one in instances.chosen(session, 2)] == ["i-2", "i-3"]
    assert [one.id for one in instances.chosen(session, 0)] == ["i-2", "i-3", "i-1"]
