"""Deployments from the API to the agents: order, batches, failure, rollback, launch gate."""

from __future__ import annotations

import re
import threading

import pytest
from botocore.exceptions import ClientError

WITHOUT_TRAFFIC = [
    "ApplicationStop",
    "DownloadBundle",
    "BeforeInstall",
    "Install",
    "AfterInstall",
    "ApplicationStart",
    "ValidateService",
]
TRAFFIC = {
    "deploymentStyle": {
        "deploymentType": "IN_PLACE",
        "deploymentOption": "WITH_TRAFFIC_CONTROL",
    },
    "loadBalancerInfo": {"targetGroupInfoList": [{"name": "tg"}]},
}
ROLLBACK = {"autoRollbackConfiguration": {"enabled": True, "events": ["DEPLOYMENT_FAILURE"]}}


def test_a_single_instance_gets_the_revision(stage):
    (name,) = stage.launch()
    stage.group(deploymentConfigName="CodeDeployDefault.HalfAtATime")
    deployment = stage.deploy()
    assert re.fullmatch(r"d-[A-Z0-9]{9}", deployment)
    info = stage.ended(deployment)
    assert info["status"] == "Succeeded"
    assert info["deploymentOverview"]["Succeeded"] == 1
    assert info["creator"] == "user"
    assert info["createTime"] <= info["startTime"] <= info["completeTime"]
    machine = stage.pool.get(name)
    assert [event for _, event in machine.agent.events] == WITHOUT_TRAFFIC
    assert machine.limited == 1
    assert machine.spared[0] is True
    assert machine.spared[-1] is False
    target = stage.target(deployment, name)
    assert target["status"] == "Succeeded"
    assert {event["status"] for event in target["lifecycleEvents"]} == {"Succeeded"}
    group = stage.aws.codedeploy.get_deployment_group(
        applicationName="app", deploymentGroupName="dg"
    )["deploymentGroupInfo"]
    assert group["lastSuccessfulDeployment"]["deploymentId"] == deployment
    assert group["targetRevision"]["s3Location"]["key"] == "v1.zip"


def test_without_instances_it_fails_with_the_error_of_aws(stage):
    stage.group()
    info = stage.ended(stage.deploy())
    assert info["status"] == "Failed"
    assert info["errorInformation"]["code"] == "NO_INSTANCES"
    assert (
        "no instances were found for your deployment group" in (info["errorInformation"]["message"])
    )


def test_half_at_a_time_never_takes_more_than_half(stage):
    stage.launch(5)
    stage.group(deploymentConfigName="CodeDeployDefault.HalfAtATime")
    info = stage.ended(stage.deploy())
    assert info["deploymentOverview"]["Succeeded"] == 5
    assert stage.pool.most_busy == 2


def test_one_at_a_time(stage):
    stage.launch(3)
    stage.group(deploymentConfigName="CodeDeployDefault.OneAtATime")
    assert stage.ended(stage.deploy())["status"] == "Succeeded"
    assert stage.pool.most_busy == 1


def test_a_failing_script_skips_the_rest_and_shows_its_diagnostics(stage):
    (name,) = stage.launch()
    stage.group()
    stage.pool.failing = lambda machine, event, deployment: event == "ApplicationStart"
    deployment = stage.deploy()
    info = stage.ended(deployment)
    assert info["status"] == "Failed"
    assert info["errorInformation"]["code"] == "HEALTH_CONSTRAINTS"
    assert info["deploymentOverview"]["Failed"] == 1
    events = {
        event["lifecycleEventName"]: event
        for event in stage.target(deployment, name)["lifecycleEvents"]
    }
    failed = events["ApplicationStart"]
    assert failed["status"] == "Failed"
    assert failed["diagnostics"]["errorCode"] == "ScriptFailed"
    assert failed["diagnostics"]["scriptName"] == "scripts/x.sh"
    assert failed["diagnostics"]["logTail"] == "stderr: no such file"
    assert events["ValidateService"]["status"] == "Skipped"
    assert stage.pool.get(name).limited == 0
    assert stage.pool.get(name).spared[-1] is False


def test_it_stops_when_the_minimum_cannot_be_kept(stage):
    stage.launch(4)
    stage.group(deploymentConfigName="CodeDeployDefault.OneAtATime")
    stage.pool.failing = lambda machine, event, deployment: event == "Install"
    info = stage.ended(stage.deploy())
    assert info["errorInformation"]["code"] == "HEALTH_CONSTRAINTS"
    assert info["deploymentOverview"]["Failed"] == 1
    assert info["deploymentOverview"]["Skipped"] == 3


def test_one_at_a_time_succeeds_if_only_the_last_fails(stage):
    names = stage.launch(3)
    stage.group(deploymentConfigName="CodeDeployDefault.OneAtATime")
    done: list[str] = []

    def failing(machine, event, deployment):
        if event == "Install":
            done.append(machine.spec.instance_id)
            return len(done) == len(names)
        return False

    stage.pool.failing = failing
    info = stage.ended(stage.deploy())
    assert info["status"] == "Succeeded"
    assert (info["deploymentOverview"]["Succeeded"], info["deploymentOverview"]["Failed"]) == (2, 1)


def test_a_minimum_of_all_instances_fails_at_once(stage):
    stage.launch(2)
    stage.aws.codedeploy.create_deployment_config(
        deploymentConfigName="all", minimumHealthyHosts={"type": "FLEET_PERCENT", "value": 51}
    )
    stage.group(deploymentConfigName="all")
    info = stage.ended(stage.deploy())
    assert info["errorInformation"]["code"] == "HEALTH_CONSTRAINTS_INVALID"
    assert info["deploymentOverview"]["Skipped"] == 2


def test_a_failed_deployment_rolls_back_to_the_last_good_revision(stage):
    (name,) = stage.launch()
    stage.group(**ROLLBACK)
    stage.ended(stage.deploy("good.zip"))
    stage.pool.failing = lambda machine, event, deployment: (
        event == "Install" and deployment.key == "bad.zip"
    )
    bad = stage.ended(stage.deploy("bad.zip"))
    assert bad["status"] == "Failed"
    rollback = stage.ended(bad["rollbackInfo"]["rollbackDeploymentId"])
    assert rollback["status"] == "Succeeded"
    assert rollback["creator"] == "codeDeployRollback"
    assert rollback["rollbackInfo"]["rollbackTriggeringDeploymentId"] == bad["deploymentId"]
    assert rollback["revision"]["s3Location"]["key"] == "good.zip"
    assert stage.pool.get(name).agent.keys == ["good.zip", "bad.zip", "good.zip"]


def test_the_first_deployment_has_nothing_to_roll_back_to(stage):
    stage.launch()
    stage.group(**ROLLBACK)
    stage.pool.failing = lambda machine, event, deployment: event == "Install"
    info = stage.ended(stage.deploy())
    assert "rollbackDeploymentId" not in info["rollbackInfo"]


def test_a_failing_application_stop_can_be_ignored(stage):
    stage.launch()
    stage.group()
    stage.pool.failing = lambda machine, event, deployment: event == "ApplicationStop"
    assert stage.ended(stage.deploy())["status"] == "Failed"
    ignored = stage.deploy(ignoreApplicationStopFailures=True)
    assert stage.ended(ignored)["status"] == "Succeeded"


def test_one_deployment_at_a_time_and_stop(stage):
    stage.launch(2)
    stage.group(deploymentConfigName="CodeDeployDefault.OneAtATime")
    gate = stage.pool.gates["Install"] = threading.Event()
    deployment = stage.deploy()
    stage.until(lambda: stage.info(deployment)["status"] == "InProgress")
    with pytest.raises(ClientError) as error:
        stage.deploy("v2.zip")
    assert error.value.response["Error"]["Code"] == "DeploymentLimitExceededException"
    assert deployment in str(error.value)
    stage.aws.codedeploy.stop_deployment(deploymentId=deployment)
    gate.set()
    info = stage.ended(deployment)
    assert info["status"] == "Stopped"
    assert info["deploymentOverview"]["Skipped"] == 2
    with pytest.raises(ClientError, match="already completed"):
        stage.aws.codedeploy.stop_deployment(deploymentId=deployment)
    gate.set()
    assert stage.ended(stage.deploy("v2.zip"))["status"] == "Succeeded"


def test_traffic_is_blocked_and_allowed_again(stage):
    names = stage.launch(2)
    group = stage.balancer(names)
    stage.until(lambda: set(stage.health(group).values()) == {("healthy", None)})
    stage.group(deploymentConfigName="CodeDeployDefault.OneAtATime", **TRAFFIC)
    registered_while_installing: list[bool] = []

    def watch(machine, event, deployment):
        if event == "Install":
            with stage.plane.lock:
                targets = stage.plane.backend("elbv2").target_groups[group].targets
                registered_while_installing.append(machine.spec.instance_id in targets)
        return False

    stage.pool.failing = watch
    deployment = stage.deploy()
    assert stage.ended(deployment)["status"] == "Succeeded"
    assert registered_while_installing == [False, False]
    assert stage.health(group) == dict.fromkeys(names, ("healthy", None))
    events = stage.target(deployment, names[0])["lifecycleEvents"]
    assert [event["lifecycleEventName"] for event in events] == [
        "BeforeBlockTraffic",
        "BlockTraffic",
        "AfterBlockTraffic",
        *WITHOUT_TRAFFIC,
        "BeforeAllowTraffic",
        "AllowTraffic",
        "AfterAllowTraffic",
    ]


def test_a_terminated_instance_fails_its_part(stage):
    first, second = stage.launch(2)
    stage.group()
    gate = stage.pool.gates["Install"] = threading.Event()
    deployment = stage.deploy()
    stage.until(lambda: stage.pool.busy == 2)
    stage.aws.ec2.terminate_instances(InstanceIds=[first])
    gate.set()
    info = stage.ended(deployment)
    assert info["status"] == "Succeeded"  # AllAtOnce: one is enough
    assert stage.target(deployment, first)["status"] == "Failed"
    assert stage.target(deployment, second)["status"] == "Succeeded"


@pytest.mark.parametrize("how", ["stop_instances", "terminate_instances", "reboot_instances"])
def test_a_deployment_whose_only_instance_goes_away_ends(stage, how):
    (name,) = stage.launch()
    stage.group()
    gate = stage.pool.gates["Install"] = threading.Event()
    deployment = stage.deploy()
    stage.until(lambda: stage.pool.busy == 1)
    getattr(stage.aws.ec2, how)(InstanceIds=[name])
    if how != "reboot_instances":
        stage.until(lambda: stage.state(name) in {"stopped", "terminated"})
    gate.set()
    # A reboot of a machine without processes interrupts nothing.
    wanted = "Succeeded" if how == "reboot_instances" else "Failed"
    assert stage.ended(deployment)["status"] == wanted


class TestLaunchGate:
    @pytest.fixture
    def scaled(self, stage):
        """A deployment group on an Auto Scaling group, as the gate sees it."""
        stage.launch()
        stage.group()
        with stage.plane.lock:
            groups = stage.plane.backend("codedeploy").deployment_groups["app"]
            groups["dg"].auto_scaling_groups = ["asg"]
        return stage

    def test_nothing_to_wait_for(self, scaled, deployments):
        (new,) = scaled.launch()
        assert deployments.launch_gate("other", new) == "continue"
        assert deployments.launch_gate("asg", new) == "continue"

    def test_a_new_instance_waits_for_the_last_good_revision(self, scaled, deployments):
        scaled.ended(scaled.deploy("good.zip"))
        (new,) = scaled.launch()
        assert deployments.launch_gate("asg", new) == "wait"
        scaled.until(lambda: deployments.launch_gate("asg", new) != "wait")
        assert deployments.launch_gate("asg", new) == "continue"
        assert scaled.pool.get(new).agent.keys == ["good.zip"]
        found = scaled.aws.codedeploy.list_deployments(
            applicationName="app", deploymentGroupName="dg"
        )["deployments"]
        assert [scaled.info(name)["creator"] for name in found] == ["autoscaling", "user"]

    def test_an_instance_that_cannot_be_deployed_to_is_abandoned(self, scaled, deployments):
        scaled.ended(scaled.deploy())
        (new,) = scaled.launch()
        scaled.pool.failing = lambda machine, event, deployment: event == "Install"
        deployments.launch_gate("asg", new)
        scaled.until(lambda: deployments.launch_gate("asg", new) == "abandon")


def test_instances_launched_during_a_deployment_are_updated(stage, deployments):
    stage.launch()
    stage.group()
    stage.ended(stage.deploy("old.zip"))
    with stage.plane.lock:
        stage.plane.backend("codedeploy").deployment_groups["app"]["dg"].auto_scaling_groups = [
            "asg"
        ]
    gate = stage.pool.gates["Install"] = threading.Event()
    deployment = stage.deploy("new.zip")
    stage.until(lambda: stage.pool.busy == 1)
    (late,) = stage.launch()
    deployments.launch_gate("asg", late)
    stage.until(lambda: stage.pool.busy == 2)
    gate.set()
    stage.ended(deployment)
    stage.until(lambda: stage.pool.get(late).agent.keys == ["old.zip", "new.zip"])
    creators = {
        stage.info(name)["creator"]
        for name in stage.aws.codedeploy.list_deployments(
            applicationName="app", deploymentGroupName="dg"
        )["deployments"]
    }
    assert creators == {"user", "autoscaling", "CodeDeployAutoUpdate"}


def test_a_restart_fails_what_was_running(stage, deployments):
    stage.launch()
    stage.group()
    gate = stage.pool.gates["Install"] = threading.Event()
    deployment = stage.deploy()
    stage.until(lambda: stage.pool.busy == 1)
    deployments._recovered = False
    deployments.reconcile()
    info = stage.info(deployment)
    assert info["status"] == "Failed"
    assert info["errorInformation"]["code"] == "INTERNAL_ERROR"
    gate.set()


def test_an_ended_deployment_survives_a_restart(stage):
    (name,) = stage.launch()
    stage.group(**ROLLBACK)
    stage.ended(stage.deploy("good.zip"))
    stage.pool.failing = lambda machine, event, deployment: (
        event == "Install" and deployment.key == "bad.zip"
    )
    bad = stage.ended(stage.deploy("bad.zip"))
    stage.ended(bad["rollbackInfo"]["rollbackDeploymentId"])
    target = stage.target(bad["deploymentId"], name)
    stage.plane.save()
    stage.plane.load()
    assert stage.info(bad["deploymentId"]) == bad
    assert stage.target(bad["deploymentId"], name) == target
