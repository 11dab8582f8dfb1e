"""CodeDeploy and Auto Scaling: members that come, go and are missing while revisions are deployed."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.conformance.cloud import Cloud, Network
from tests.conformance.codedeploy_fleet import (
    FLAG,
    READ_REVISIONS,
    SERVICE_POLICY,
    Releases,
    appspec,
    names_of,
    service_role,
)
from tests.conformance.scaled_releases import Scaled
from tests.conformance.scaling_group import BOOT, Fleet

pytestmark = pytest.mark.slow
HOOK = 600.0
"""Seconds of AWS that CodeDeploy's lifecycle hook waits for a heartbeat."""
SUSPENDED = ["AZRebalance", "Terminate"]


@pytest.fixture(scope="module")
def shared(everywhere: Cloud, network: Network) -> Iterator[Scaled]:
    cloud = everywhere.beside()
    try:
        made = Scaled(cloud, network)
        made.upload("v1.zip", appspec(ApplicationStop="stop.sh"), stop="#!/bin/bash\nexit 0\n")
        slow = "#!/bin/bash\nsleep {}\n"
        made.upload("stopping.zip", appspec(ApplicationStop="stop.sh"), stop=slow.format(3))
        made.upload("slow.zip", appspec(BeforeInstall="wait.sh"), wait=slow.format(5))
        longer = slow.format(int(cloud.seconds(1.2 * HOOK)) + 1)
        made.upload("longer.zip", appspec(BeforeInstall="wait.sh"), wait=longer)
        flagged = f"#!/bin/bash\n[ ! -e {FLAG} ]\n"
        made.upload("flagged.zip", appspec(ValidateService="check.sh"), check=flagged)
        yield made
    finally:
        cloud.clean_up()


@pytest.fixture
def fleet(shared: Scaled) -> Iterator[Scaled]:
    shared.sole()
    shared.group()
    yield shared
    shared.cloud.codedeploy.delete_deployment_group(
        applicationName=shared.application, deploymentGroupName=shared.group_name
    )


@pytest.mark.row("CD-G02")
def test_a_new_member_is_deployed_to_before_it_is_in_service(fleet: Scaled) -> None:
    fleet.succeeds("slow.zip")
    (old,) = fleet.members.names()
    fleet.members.capacity(2)
    new = fleet.members.wait_state("Pending:Wait")
    launch = fleet.one_of("autoscaling")
    assert launch["revision"]["s3Location"]["key"] == "slow.zip"
    assert fleet.targets(launch["deploymentId"]) == {new}
    assert fleet.members.state(new) == "Pending:Wait"
    assert fleet.ended(launch["deploymentId"])["status"] == "Succeeded"
    assert fleet.members.wait_for(2) == {old, new}


@pytest.mark.row("CD-G03")
def test_a_deployment_may_outlast_the_hook(fleet: Scaled) -> None:
    fleet.succeeds("longer.zip")
    fleet.members.capacity(2)
    new = fleet.members.wait_state("Pending:Wait")
    launch = fleet.one_of("autoscaling")["deploymentId"]
    info = fleet.ended(launch, 2 * HOOK)
    assert info["status"] == "Succeeded"
    assert (info["completeTime"] - info["createTime"]).total_seconds() > fleet.cloud.seconds(HOOK)
    assert new in fleet.members.wait_for(2)


@pytest.mark.row("CD-G04")
def test_a_revision_that_fails_ends_each_new_member(fleet: Scaled) -> None:
    fleet.succeeds("flagged.zip")
    fleet.launch_from(fleet.template(f"touch {FLAG}\n"))
    before = len(fleet.members.activities("Launching"))
    try:
        fleet.members.capacity(2)
        fleet.cloud.until(
            lambda: len([one for one in fleet.of("autoscaling") if one["status"] == "Failed"]) >= 2,
            1200,
            "two launches failed",
        )
    finally:
        fleet.launch_from(fleet.good, DesiredCapacity=1)
    launched = fleet.members.activities("Launching")
    assert len(launched) - before >= 2
    assert any("was abandoned" in one.get("StatusMessage", "") for one in launched)
    assert len(fleet.members.wait_for(1)) == 1


@pytest.mark.row("CD-G05", "CD-G12")
def test_members_that_come_during_a_deployment_are_brought_up_to_date(fleet: Scaled) -> None:
    fleet.succeeds("v1.zip")
    options = {"autoScalingGroupProcessesToSuspend": SUSPENDED}
    running = fleet.deploy("slow.zip", ec2DeploymentOptions=options)
    fleet.cloud.until(
        lambda: fleet.info(running)["deploymentOverview"].get("InProgress"), 120, "it runs"
    )
    found = fleet.members.describe()["SuspendedProcesses"]
    assert sorted(one["ProcessName"] for one in found) == SUSPENDED
    fleet.members.capacity(2)
    launch = fleet.one_of("autoscaling")
    assert launch["revision"]["s3Location"]["key"] == "v1.zip"
    assert fleet.ended(running)["status"] == "Succeeded"
    update = fleet.one_of("CodeDeployAutoUpdate")
    assert update["revision"]["s3Location"]["key"] == "slow.zip"
    assert fleet.targets(update["deploymentId"]) == fleet.targets(launch["deploymentId"])
    assert fleet.ended(update["deploymentId"])["status"] == "Succeeded"
    assert fleet.members.describe()["SuspendedProcesses"] == []


@pytest.mark.row("CD-G05")
def test_unless_the_group_leaves_them_as_they_are(fleet: Scaled) -> None:
    fleet.cloud.codedeploy.update_deployment_group(
        applicationName=fleet.application,
        currentDeploymentGroupName=fleet.group_name,
        outdatedInstancesStrategy="IGNORE",
    )
    fleet.succeeds("v1.zip")
    running = fleet.deploy("slow.zip")
    fleet.members.capacity(2)
    launch = fleet.one_of("autoscaling")
    assert launch["revision"]["s3Location"]["key"] == "v1.zip"
    assert fleet.ended(running)["status"] == "Succeeded"
    fleet.members.wait_for(2)
    assert fleet.of("CodeDeployAutoUpdate") == []


@pytest.mark.row("CD-G06")
def test_a_member_that_ends_during_its_deployment_has_failed(fleet: Scaled) -> None:
    (name,) = fleet.members.names()
    running = fleet.deploy("slow.zip")
    fleet.cloud.until(
        lambda: fleet.info(running)["deploymentOverview"].get("InProgress"), 120, "it runs"
    )
    fleet.cloud.autoscaling.terminate_instance_in_auto_scaling_group(
        InstanceId=name, ShouldDecrementDesiredCapacity=False
    )
    info = fleet.ended(running)
    assert info["status"] == "Failed"
    assert fleet.target(running, name)["status"] == "Failed"
    fleet.members.wait_for(1, without=[name])


@pytest.mark.row("CD-G07")
def test_without_a_member_it_fails(fleet: Scaled) -> None:
    fleet.members.capacity(0)
    fleet.members.wait_for(0)
    info = fleet.ended(fleet.deploy("v1.zip"))
    assert info["status"] == "Failed"
    assert info["errorInformation"]["code"] == "NO_INSTANCES"
    begin = "The deployment failed because no instances were found for your deployment group."
    assert info["errorInformation"]["message"].startswith(begin)


@pytest.mark.row("CD-G11")
def test_a_member_that_goes_stops_its_application(fleet: Scaled) -> None:
    fleet.cloud.codedeploy.update_deployment_group(
        applicationName=fleet.application,
        currentDeploymentGroupName=fleet.group_name,
        terminationHookEnabled=True,
    )
    hooks = fleet.members.call("describe_lifecycle_hooks")["LifecycleHooks"]
    transitions = {hook["LifecycleTransition"] for hook in hooks}
    assert transitions == {
        "autoscaling:EC2_INSTANCE_LAUNCHING",
        "autoscaling:EC2_INSTANCE_TERMINATING",
    }
    fleet.succeeds("stopping.zip")
    (name,) = fleet.members.names()
    fleet.members.capacity(0)
    fleet.members.wait_state("Terminating:Wait", name)
    ending = fleet.one_of("autoscalingTermination")["deploymentId"]
    assert fleet.ended(ending)["status"] == "Succeeded"
    assert names_of(fleet.target(ending, name)) == ["ApplicationStop"]
    fleet.members.wait_for(0)


@pytest.mark.row("CD-G13")
def test_a_role_that_lacks_rights_or_is_gone(fleet: Scaled) -> None:
    cloud = fleet.cloud
    arn = service_role(cloud)
    name = arn.rpartition("/")[2]
    fleet.cloud.codedeploy.update_deployment_group(
        applicationName=fleet.application,
        currentDeploymentGroupName=fleet.group_name,
        serviceRoleArn=arn,
    )
    cloud.iam.detach_role_policy(RoleName=name, PolicyArn=SERVICE_POLICY)
    cloud.iam.attach_role_policy(RoleName=name, PolicyArn=READ_REVISIONS)
    cloud.pause(30)
    info = fleet.ended(fleet.deploy("v1.zip"))
    assert info["status"] == "Failed"
    assert info["errorInformation"]["code"] == "AUTO_SCALING_IAM_ROLE_PERMISSIONS"
    cloud.iam.detach_role_policy(RoleName=name, PolicyArn=READ_REVISIONS)
    cloud.iam.delete_role(RoleName=name)
    cloud.pause(30)
    info = fleet.ended(fleet.deploy("v1.zip"))
    assert info["status"] == "Failed"
    assert info["errorInformation"]["code"] == "IAM_ROLE_MISSING"


@pytest.mark.row("CD-G10")
def test_the_hook_of_a_deleted_application_holds_launches_until_its_time_is_over(
    cloud: Cloud, network: Network
) -> None:
    members = Fleet(cloud, network, 0)
    releases = Releases(cloud, service_role(cloud))
    releases.group(autoScalingGroups=[members.name])
    cloud.codedeploy.delete_application(applicationName=releases.application)
    members.capacity(1)
    members.wait_state("Pending:Wait")

    def abandoned() -> bool:
        messages = [one.get("StatusMessage", "") for one in members.activities("Launching")]
        return any(
            "Lifecycle Action with token" in message
            and message.endswith("was abandoned: Heartbeat Timeout")
            for message in messages
        )

    cloud.until(abandoned, HOOK + BOOT, "the launch is abandoned")
    members.capacity(0)
