"""What protects deployments: alarms, suspended Auto Scaling processes, the termination hook."""

from __future__ import annotations

import threading

import pytest
from botocore.exceptions import ClientError

from tests.region.builders import put_alarm

ALARMS = {
    "alarmConfiguration": {"enabled": True, "alarms": [{"name": "errors"}, {"name": "slow"}]},
    "autoRollbackConfiguration": {
        "enabled": True,
        "events": ["DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM"],
    },
}
PROCESSES = ["AZRebalance", "InstanceRefresh", "ScheduledActions"]
TRAFFIC = {
    "deploymentStyle": {
        "deploymentType": "IN_PLACE",
        "deploymentOption": "WITH_TRAFFIC_CONTROL",
    },
    "loadBalancerInfo": {"targetGroupInfoList": [{"name": "tg"}]},
}


def set_alarm(stage, name, state="ALARM"):
    stage.aws.cloudwatch.set_alarm_state(AlarmName=name, StateValue=state, StateReason="drill")


@pytest.fixture
def watched(stage):
    """Four instances, one at a time, with two quiet alarms."""
    for name in ("errors", "slow", "unrelated"):
        put_alarm(stage.aws, name)
    stage.launch(4)
    stage.group(deploymentConfigName="CodeDeployDefault.OneAtATime", **ALARMS)
    return stage


def test_an_alarm_stops_a_running_deployment_and_rolls_it_back(watched):
    watched.ended(watched.deploy("good.zip"))
    gate = watched.pool.gates["Install"] = threading.Event()
    bad = watched.deploy("bad.zip")
    watched.until(lambda: watched.pool.busy == 1)
    set_alarm(watched, "slow")
    gate.set()
    info = watched.ended(bad)
    assert info["status"] == "Stopped"
    assert info["errorInformation"]["code"] == "ALARM_ACTIVE"
    assert info["errorInformation"]["message"].endswith("Activated alarms: <slow>")
    assert info["deploymentOverview"]["Skipped"] >= 3
    # The rollback runs although the alarm is still active: it is the remedy.
    rollback = watched.ended(info["rollbackInfo"]["rollbackDeploymentId"])
    assert rollback["status"] == "Succeeded"
    assert rollback["creator"] == "codeDeployRollback"
    assert {machine.agent.keys[-1] for machine in watched.pool.machines.values()} == {"good.zip"}


def test_an_active_alarm_stops_a_deployment_before_its_first_instance(watched):
    set_alarm(watched, "errors")
    set_alarm(watched, "slow")
    info = watched.ended(watched.deploy())
    assert info["errorInformation"]["code"] == "ALARM_ACTIVE"
    assert info["errorInformation"]["message"].endswith("<errors> <slow>")
    assert info["deploymentOverview"]["Skipped"] == 4
    assert all(machine.agent.events == [] for machine in watched.pool.machines.values())
    assert "rollbackDeploymentId" not in info["rollbackInfo"]


def test_other_alarms_and_other_states_stop_nothing(watched):
    set_alarm(watched, "unrelated")
    set_alarm(watched, "errors", "INSUFFICIENT_DATA")
    assert watched.ended(watched.deploy())["status"] == "Succeeded"


def test_an_alarm_of_the_group_may_be_overridden_for_one_deployment(watched):
    set_alarm(watched, "errors")
    override = {"enabled": False, "alarms": []}
    info = watched.ended(watched.deploy(overrideAlarmConfiguration=override))
    assert info["status"] == "Succeeded"
    assert info["overrideAlarmConfiguration"]["enabled"] is False


def test_without_the_event_an_alarm_stops_and_nothing_rolls_back(stage):
    put_alarm(stage.aws, "errors")
    put_alarm(stage.aws, "slow")
    stage.launch()
    failure_only = {"enabled": True, "events": ["DEPLOYMENT_FAILURE"]}
    stage.group(**(ALARMS | {"autoRollbackConfiguration": failure_only}))
    stage.ended(stage.deploy("good.zip"))
    set_alarm(stage, "slow")
    info = stage.ended(stage.deploy("bad.zip"))
    assert info["status"] == "Stopped"
    assert "rollbackInfo" not in info


def test_a_launched_instance_gets_its_revision_while_an_alarm_is_active(watched, deployments):
    watched.ended(watched.deploy())
    with watched.plane.lock:
        groups = watched.plane.backend("codedeploy").deployment_groups["app"]
        groups["dg"].auto_scaling_groups = ["asg"]
    set_alarm(watched, "errors")
    (new,) = watched.launch()
    watched.until(lambda: deployments.launch_gate("asg", new) == "continue")


@pytest.mark.parametrize(
    ("configuration", "code"),
    [
        ({"enabled": True, "alarms": []}, "InvalidAlarmConfigException"),
        ({"enabled": True, "alarms": [{"name": "a"}] * 2}, "InvalidAlarmConfigException"),
        (
            {"enabled": True, "alarms": [{"name": str(n)} for n in range(11)]},
            "AlarmsLimitExceededException",
        ),
    ],
)
def test_invalid_alarm_configurations_are_rejected(stage, configuration, code):
    with pytest.raises(ClientError) as error:
        stage.group(alarmConfiguration=configuration)
    assert error.value.response["Error"]["Code"] == code


@pytest.fixture
def scaling(stage):
    """A deployment group with an Auto Scaling group besides its tagged instances."""
    template = stage.aws.ec2.create_launch_template(
        LaunchTemplateName="web",
        LaunchTemplateData={"ImageId": stage.image, "InstanceType": "t4g.nano"},
    )["LaunchTemplate"]["LaunchTemplateId"]
    stage.aws.autoscaling.create_auto_scaling_group(
        AutoScalingGroupName="asg",
        MinSize=0,
        MaxSize=0,
        LaunchTemplate={"LaunchTemplateId": template, "Version": "1"},
        VPCZoneIdentifier=stage.subnets[0],
    )
    stage.launch()
    stage.group(autoScalingGroups=["asg"])
    return stage


def suspended(stage):
    (group,) = stage.aws.autoscaling.describe_auto_scaling_groups()["AutoScalingGroups"]
    return {process["ProcessName"] for process in group["SuspendedProcesses"]}


def test_processes_are_suspended_while_a_deployment_runs_and_only_then(scaling):
    scaling.aws.autoscaling.suspend_processes(
        AutoScalingGroupName="asg", ScalingProcesses=["AZRebalance"]
    )
    gate = scaling.pool.gates["Install"] = threading.Event()
    options = {"autoScalingGroupProcessesToSuspend": PROCESSES}
    deployment = scaling.deploy(ec2DeploymentOptions=options)
    scaling.until(lambda: scaling.pool.busy == 1)
    assert suspended(scaling) == set(PROCESSES)
    gate.set()
    assert scaling.ended(deployment)["ec2DeploymentOptions"] == options
    # What was suspended before stays suspended.
    assert suspended(scaling) == {"AZRebalance"}


def test_processes_are_resumed_after_a_failure_too(scaling):
    scaling.pool.failing = lambda machine, event, deployment: event == "Install"
    deployment = scaling.deploy(
        ec2DeploymentOptions={"autoScalingGroupProcessesToSuspend": PROCESSES}
    )
    assert scaling.ended(deployment)["status"] == "Failed"
    assert suspended(scaling) == set()


def test_the_groups_own_processes_apply_to_its_deployments(scaling):
    scaling.aws.codedeploy.update_deployment_group(
        applicationName="app",
        currentDeploymentGroupName="dg",
        ec2DeploymentOptions={"autoScalingGroupProcessesToSuspend": ["Terminate"]},
    )
    gate = scaling.pool.gates["Install"] = threading.Event()
    deployment = scaling.deploy()
    scaling.until(lambda: scaling.pool.busy == 1)
    assert suspended(scaling) == {"Terminate"}
    gate.set()
    scaling.ended(deployment)
    assert suspended(scaling) == set()


@pytest.mark.parametrize(("group", "processes"), [("asg", ["Launch"]), (None, ["AZRebalance"])])
def test_processes_that_cannot_be_suspended_are_rejected(stage, group, processes):
    stage.group()
    with stage.plane.lock:
        groups = stage.plane.backend("codedeploy").deployment_groups["app"]
        groups["dg"].auto_scaling_groups = [group] if group else []
    with pytest.raises(ClientError) as error:
        stage.deploy(ec2DeploymentOptions={"autoScalingGroupProcessesToSuspend": processes})
    code = error.value.response["Error"]["Code"]
    assert code == "InvalidAutoScalingGroupProcessToSuspendException"


class TestTerminationHook:
    @pytest.fixture
    def leaving(self, stage):
        """Two instances with a revision, of a group with the hook."""
        names = stage.launch(2)
        stage.group(terminationHookEnabled=True)
        stage.ended(stage.deploy())
        with stage.plane.lock:
            groups = stage.plane.backend("codedeploy").deployment_groups["app"]
            groups["dg"].auto_scaling_groups = ["asg"]
        for name in names:
            stage.pool.get(name).agent.events.clear()
        return stage, names

    def test_the_application_stops_before_the_instance_ends(self, leaving, deployments):
        stage, (name, other) = leaving
        assert deployments.termination_gate("asg", name) == "wait"
        stage.until(lambda: deployments.termination_gate("asg", name) == "continue")
        assert [event for _, event in stage.pool.get(name).agent.events] == ["ApplicationStop"]
        assert stage.pool.get(other).agent.events == []
        newest = stage.aws.codedeploy.list_deployments(
            applicationName="app", deploymentGroupName="dg"
        )["deployments"][0]
        info = stage.info(newest)
        assert (info["status"], info["creator"]) == ("Succeeded", "autoscalingTermination")
        # It is not a release: the group's last deployment is still the user's.
        group = stage.aws.codedeploy.get_deployment_group(
            applicationName="app", deploymentGroupName="dg"
        )["deploymentGroupInfo"]
        assert group["lastSuccessfulDeployment"]["deploymentId"] != newest
        assert group["terminationHookEnabled"] is True
        assert "termination" in group["autoScalingGroups"][0]["terminationHook"]

    def test_a_failing_script_does_not_prevent_the_termination(self, leaving, deployments):
        stage, (name, _) = leaving
        stage.pool.failing = lambda machine, event, deployment: event == "ApplicationStop"
        deployments.termination_gate("asg", name)
        stage.until(lambda: deployments.termination_gate("asg", name) == "continue")

    def test_other_groups_and_instances_without_a_revision_terminate_at_once(
        self, leaving, deployments
    ):
        stage, (name, _) = leaving
        assert deployments.termination_gate("other", name) == "continue"
        (new,) = stage.launch()
        assert deployments.termination_gate("asg", new) == "continue"

    def test_without_the_hook_nothing_runs(self, leaving, deployments):
        stage, (name, _) = leaving
        stage.aws.codedeploy.update_deployment_group(
            applicationName="app", currentDeploymentGroupName="dg", autoScalingGroups=[]
        )
        with stage.plane.lock:
            group = stage.plane.backend("codedeploy").deployment_groups["app"]["dg"]
            group.auto_scaling_groups, group.termination_hook_enabled = ["asg"], False
        assert deployments.termination_gate("asg", name) == "continue"

    def test_traffic_is_blocked_first(self, stage, deployments):
        (name,) = stage.launch()
        target_group = stage.balancer([name])
        stage.until(lambda: set(stage.health(target_group).values()) == {("healthy", None)})
        stage.group(terminationHookEnabled=True, **TRAFFIC)
        stage.ended(stage.deploy())
        with stage.plane.lock:
            groups = stage.plane.backend("codedeploy").deployment_groups["app"]
            groups["dg"].auto_scaling_groups = ["asg"]
        deployments.termination_gate("asg", name)
        stage.until(lambda: deployments.termination_gate("asg", name) == "continue")
        newest = stage.aws.codedeploy.list_deployments(
            applicationName="app", deploymentGroupName="dg"
        )["deployments"][0]
        events = stage.target(newest, name)["lifecycleEvents"]
        assert [event["lifecycleEventName"] for event in events] == [
            "BeforeBlockTraffic",
            "BlockTraffic",
            "AfterBlockTraffic",
            "ApplicationStop",
        ]
        assert stage.health(target_group) == {}
