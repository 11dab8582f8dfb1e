"""Instance refreshes of a group whose machines are remembered only."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError

from tests.region.builders import put_alarm


class Refreshed:
    """A fleet in two versions of its template."""

    def __init__(self, fleet, aws):
        self.fleet, self.aws = fleet, aws
        aws.ec2.create_launch_template_version(
            LaunchTemplateId=fleet.template,
            SourceVersion="1",
            LaunchTemplateData={"InstanceType": "t4g.micro"},
        )

    def start(self, version=None, **preferences):
        desired = {}
        if version:
            template = {"LaunchTemplateId": self.fleet.template, "Version": version}
            desired = {"DesiredConfiguration": {"LaunchTemplate": template}}
        wanted = {"InstanceWarmup": 0} | preferences
        return self.aws.autoscaling.start_instance_refresh(
            AutoScalingGroupName="fleet", Preferences=wanted, **desired
        )["InstanceRefreshId"]

    def describe(self):
        found = self.aws.autoscaling.describe_instance_refreshes(AutoScalingGroupName="fleet")
        return found["InstanceRefreshes"][0]

    def finish(self, *ends, rounds=60):
        """Step until the refresh has a status; return how many were in service in each round."""
        counts = []
        for _ in range(rounds):
            self.fleet.step()
            counts.append(len(self.fleet.ids()))
            if self.describe()["Status"] in (ends or {"Successful"}):
                return counts
        raise AssertionError(self.describe())

    def versions(self):
        return {
            one["LaunchTemplate"]["Version"]
            for one in self.fleet.describe()["Instances"]
            if one["LifecycleState"] == "InService"
        }


@pytest.fixture
def refreshed(fleet, aws):
    return Refreshed(fleet, aws)


def test_defaults(fleet, aws, refreshed):
    fleet.create(HealthCheckGracePeriod=77)
    aws.autoscaling.start_instance_refresh(AutoScalingGroupName="fleet")
    found = refreshed.describe()
    assert found["Status"] == "Pending"
    assert found["Preferences"] == {
        "MinHealthyPercentage": 90,
        "MaxHealthyPercentage": 100,
        "InstanceWarmup": 77,
        "SkipMatching": False,
        "AutoRollback": False,
        "ScaleInProtectedInstances": "Wait",
        "StandbyInstances": "Wait",
    }


def test_a_policy_of_the_group_gives_the_percentages(fleet, aws, refreshed):
    fleet.create(
        InstanceMaintenancePolicy={"MinHealthyPercentage": 100, "MaxHealthyPercentage": 200}
    )
    refreshed.start()
    counts = refreshed.finish()
    assert min(counts) == 1
    assert refreshed.describe()["Preferences"]["MinHealthyPercentage"] == 100


def test_a_group_of_one_is_out_of_service_meanwhile(fleet, refreshed):
    fleet.create()
    before = fleet.ids()
    refreshed.start()
    assert min(refreshed.finish()) == 0
    assert not before & fleet.ids()
    assert (
        refreshed.describe()["PercentageComplete"],
        refreshed.describe()["InstancesToUpdate"],
    ) == (
        100,
        0,
    )


def test_both_percentages_at_100_launch_first(fleet, refreshed):
    fleet.create(DesiredCapacity=2)
    before = fleet.ids()
    refreshed.start(MinHealthyPercentage=100, MaxHealthyPercentage=100)
    counts = refreshed.finish()
    assert min(counts) == 2
    fleet.settle()
    assert len(fleet.ids()) == 2
    assert not before & fleet.ids()


def test_one_at_a_time_by_default(fleet, refreshed):
    fleet.create(DesiredCapacity=3)
    before = fleet.ids()
    refreshed.start()
    assert min(refreshed.finish()) >= 2
    assert not before & fleet.ids()


def test_the_desired_configuration_becomes_the_group_s(fleet, aws, refreshed):
    fleet.create(DesiredCapacity=2)
    refreshed.start("2", CheckpointPercentages=[50, 100], CheckpointDelay=3600)
    for _ in range(20):
        fleet.step()
    assert refreshed.describe()["Status"] == "InProgress"
    assert "checkpoint" in refreshed.describe()["StatusReason"]
    assert refreshed.versions() == {"1", "2"}
    assert fleet.describe()["LaunchTemplate"]["Version"] == "1"
    aws.autoscaling.set_desired_capacity(AutoScalingGroupName="fleet", DesiredCapacity=3)
    fleet.settle()
    newest = [one["LaunchTemplate"]["Version"] for one in fleet.describe()["Instances"]]
    assert sorted(newest) == ["1", "2", "2"]
    aws.autoscaling.cancel_instance_refresh(AutoScalingGroupName="fleet")
    refreshed.finish("Cancelled")
    refreshed.start("2", SkipMatching=True)
    refreshed.finish()
    assert refreshed.versions() == {"2"}
    assert fleet.describe()["LaunchTemplate"]["Version"] == "2"


@pytest.mark.parametrize("size", [2, 3, 4, 5])
@pytest.mark.parametrize("percentages", [(100, 134), (100, 200), (67, 100), (90, 110)])
def test_its_launches_leave_the_zones_even(fleet, aws, refreshed, size, percentages):
    """The group moved new instances between zones, beyond what a checkpoint lets be replaced."""
    fleet.create(DesiredCapacity=size, MaxSize=9)
    least, most = percentages
    refreshed.start("2", MinHealthyPercentage=least, MaxHealthyPercentage=most)
    refreshed.finish()
    fleet.settle()
    found = aws.autoscaling.describe_scaling_activities(AutoScalingGroupName="fleet")["Activities"]
    assert [one["Cause"] for one in found if "balanc" in one["Cause"]] == []
    launched = [one for one in found if one["Description"].startswith("Launching")]
    assert len(launched) == 2 * size


def test_the_last_checkpoint_is_the_end(fleet, refreshed):
    fleet.create(DesiredCapacity=2)
    before = fleet.ids()
    refreshed.start(CheckpointPercentages=[50])
    refreshed.finish()
    assert len(before & fleet.ids()) == 1
    assert refreshed.describe()["PercentageComplete"] == 50


def test_nothing_to_replace_succeeds_at_once(fleet, refreshed):
    fleet.create(DesiredCapacity=2)
    before = fleet.ids()
    refreshed.start(SkipMatching=True)
    refreshed.finish(rounds=3)
    assert fleet.ids() == before


def test_a_second_refresh_is_refused(fleet, refreshed):
    fleet.create()
    refreshed.start()
    with pytest.raises(ClientError, match="InstanceRefreshInProgress"):
        refreshed.start()


def test_suspension_pauses(fleet, aws, refreshed):
    fleet.create()
    before = fleet.ids()
    refreshed.start()
    processes = {"AutoScalingGroupName": "fleet", "ScalingProcesses": ["InstanceRefresh"]}
    aws.autoscaling.suspend_processes(**processes)
    fleet.settle()
    assert fleet.ids() == before
    aws.autoscaling.resume_processes(**processes)
    refreshed.finish()


def alarm(aws, state):
    put_alarm(aws)
    aws.cloudwatch.set_alarm_state(AlarmName="errors", StateValue=state, StateReason="test")


def test_an_alarm_fails_it_and_rolls_back(fleet, aws, refreshed):
    fleet.create(DesiredCapacity=2)
    alarm(aws, "OK")
    refreshed.start(
        "2",
        AlarmSpecification={"Alarms": ["errors"]},
        AutoRollback=True,
        CheckpointPercentages=[50, 100],
    )
    for _ in range(20):
        fleet.step()
    assert refreshed.versions() == {"1", "2"}
    alarm(aws, "ALARM")
    fleet.step()
    assert refreshed.describe()["Status"] == "RollbackInProgress"
    refreshed.finish("RollbackSuccessful")
    assert refreshed.versions() == {"1"}
    found = refreshed.describe()
    assert found["RollbackDetails"]["PercentageCompleteOnRollback"] == 50
    assert "errors" in found["RollbackDetails"]["RollbackReason"]
    assert fleet.describe()["LaunchTemplate"]["Version"] == "1"
    refreshed.start(AlarmSpecification={"Alarms": ["errors"]})
    refreshed.finish("Failed")


def test_a_manual_rollback(fleet, aws, refreshed):
    fleet.create(DesiredCapacity=1)
    with pytest.raises(ClientError, match="ActiveInstanceRefreshNotFound"):
        aws.autoscaling.rollback_instance_refresh(AutoScalingGroupName="fleet")
    refreshed.start("2", BakeTime=3600)
    refreshed.finish("Baking")
    assert refreshed.versions() == {"2"}
    aws.autoscaling.rollback_instance_refresh(AutoScalingGroupName="fleet")
    refreshed.finish("RollbackSuccessful")
    assert refreshed.versions() == {"1"}


def test_what_moves_cannot_be_rolled_back(fleet, aws, refreshed):
    fleet.create(LaunchTemplate={"LaunchTemplateId": fleet.template, "Version": "$Latest"})
    with pytest.raises(ClientError, match="AutoRollback"):
        refreshed.start("2", AutoRollback=True)
    with pytest.raises(ClientError, match="AutoRollback"):
        refreshed.start(AutoRollback=True)
    refreshed.start("2")
    with pytest.raises(ClientError, match="IrreversibleInstanceRefresh"):
        aws.autoscaling.rollback_instance_refresh(AutoScalingGroupName="fleet")


@pytest.mark.parametrize(("choice", "kept"), [("Ignore", True), ("Refresh", False)])
def test_protected_instances(fleet, aws, refreshed, choice, kept):
    fleet.create(DesiredCapacity=2)
    (protected, _) = sorted(fleet.ids())
    aws.autoscaling.set_instance_protection(
        AutoScalingGroupName="fleet", InstanceIds=[protected], ProtectedFromScaleIn=True
    )
    refreshed.start(ScaleInProtectedInstances=choice)
    refreshed.finish()
    assert (protected in fleet.ids()) == kept


def test_waiting_for_a_protected_instance_fails_in_the_end(fleet, aws, refreshed, plane):
    fleet.create(DesiredCapacity=1)
    (protected,) = fleet.ids()
    aws.autoscaling.set_instance_protection(
        AutoScalingGroupName="fleet", InstanceIds=[protected], ProtectedFromScaleIn=True
    )
    refreshed.start()
    fleet.settle()
    assert refreshed.describe()["Status"] == "InProgress"
    with plane.lock:
        group = plane.backend("autoscaling").autoscaling_groups["fleet"]
        vars(group)["region_record"].refreshes[-1].progress_at -= 3601
    fleet.step()
    assert refreshed.describe()["Status"] == "Failed"


@pytest.mark.parametrize(
    "preferences",
    [
        {"MaxHealthyPercentage": 110},
        {"MinHealthyPercentage": 0, "MaxHealthyPercentage": 150},
        {"MinHealthyPercentage": 101},
        {"CheckpointDelay": 60},
        {"CheckpointPercentages": [50, 20]},
        {"AlarmSpecification": {"Alarms": ["none"]}},
        {"StandbyInstances": "Other"},
    ],
)
def test_preferences_that_are_refused(fleet, refreshed, preferences):
    fleet.create(DesiredCapacity=0)
    with pytest.raises(ClientError, match="ValidationError"):
        refreshed.start(**preferences)


def test_a_root_volume_is_not_replaced(fleet, aws):
    fleet.create(DesiredCapacity=0)
    with pytest.raises(ClientError, match="ReplaceRootVolume"):
        aws.autoscaling.start_instance_refresh(
            AutoScalingGroupName="fleet", Strategy="ReplaceRootVolume"
        )
