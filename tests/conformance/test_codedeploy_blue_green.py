"""CodeDeploy: blue/green deployments on a copy of the Auto Scaling group.

https://docs.aws.amazon.com/codedeploy/latest/userguide/welcome.html#welcome-deployment-overview-blue-green
and API reference: DeploymentReadyOption, BlueInstanceTerminationOption, ContinueDeployment.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.conformance.cloud import Cloud, Network
from tests.conformance.codedeploy_fleet import appspec, code_of
from tests.conformance.inbox import TopicInbox
from tests.conformance.scaled_releases import Scaled
from tests.conformance.scaling_group import Balancer

pytestmark = pytest.mark.slow
NOT_READY = "DeploymentIsNotInReadyStateException"
START = """#!/bin/bash
mkdir -p /opt/site/www
echo fine > /opt/site/www/health
cat > /etc/systemd/system/web.service <<END
[Service]
ExecStart=/usr/bin/env python3 -m http.server 8080 --directory /opt/site/www
END
systemctl daemon-reload
systemctl restart web
"""


class BlueGreen(Scaled):
    """Releases that copy the group, wait for a user, and tell a topic about it."""

    def __init__(self, cloud: Cloud, network: Network) -> None:
        super().__init__(cloud, network)
        self.balancer = Balancer(cloud, network)
        target_groups = [self.balancer.target_group]
        self.members.call("attach_load_balancer_target_groups", TargetGroupARNs=target_groups)
        self.inbox = TopicInbox(cloud)

    def group(self, **settings: Any) -> None:
        """Create a deployment group that waits 30 minutes for a user, and 2 before the end of blue."""
        name = self.balancer.target_group.split("/")[1]
        trigger = {
            "triggerName": "all",
            "triggerTargetArn": self.inbox.topic,
            "triggerEvents": ["DeploymentStart", "DeploymentReady", "DeploymentSuccess"],
        }
        wanted: dict[str, Any] = {
            "loadBalancerInfo": {"targetGroupInfoList": [{"name": name}]},
            "deploymentStyle": {
                "deploymentType": "BLUE_GREEN",
                "deploymentOption": "WITH_TRAFFIC_CONTROL",
            },
            "blueGreenDeploymentConfiguration": {
                "terminateBlueInstancesOnDeploymentSuccess": {
                    "action": "TERMINATE",
                    "terminationWaitTimeInMinutes": 2,
                },
                "deploymentReadyOption": {
                    "actionOnTimeout": "STOP_DEPLOYMENT",
                    "waitTimeInMinutes": 30,
                },
                "greenFleetProvisioningOption": {"action": "COPY_AUTO_SCALING_GROUP"},
            },
            "triggerConfigurations": [trigger],
        }
        super().group(**wanted | settings)

    def told(self) -> list[str]:
        """Return the statuses in the messages since the last look."""
        return [one["status"] for one in self.inbox.new()]

    def ready(self, key: str) -> str:
        """Deploy a revision until its traffic waits for a user."""
        deployment = self.deploy(key)
        self.cloud.until(lambda: self.info(deployment)["status"] == "Ready", 1800, "Ready")
        return deployment

    def go_on(self, deployment: str, wait: str) -> None:
        """Continue a deployment."""
        self.cloud.codedeploy.continue_deployment(deploymentId=deployment, deploymentWaitType=wait)

    def labels(self, deployment: str) -> dict[str, list[str]]:
        """Return the targets of a deployment by their label."""
        found: dict[str, list[str]] = {}
        list_targets = self.cloud.codedeploy.list_deployment_targets
        for label in ("Blue", "Green"):
            only = {"ServerInstanceLabel": [label]}
            found[label] = list_targets(deploymentId=deployment, targetFilters=only)["targetIds"]
        return found

    def scaling_groups(self) -> list[str]:
        """Return the names of the deployment group's Auto Scaling groups."""
        found = self.cloud.codedeploy.get_deployment_group(
            applicationName=self.application, deploymentGroupName=self.group_name
        )["deploymentGroupInfo"]["autoScalingGroups"]
        return [one["name"] for one in found]


@pytest.fixture
def fleet(everywhere: Cloud, network: Network) -> Iterator[BlueGreen]:
    cloud = everywhere.beside()
    try:
        made = BlueGreen(cloud, network)
        made.upload("v1.zip", appspec(ApplicationStart="start.sh"), start=START)
        made.group()
        yield made
    finally:
        cloud.clean_up()


@pytest.mark.row("X-BLUEGREEN")
def test_traffic_goes_to_a_copy_of_the_group(fleet: BlueGreen) -> None:
    cloud, balancer = fleet.cloud, fleet.balancer
    stopped = fleet.ready("v1.zip")
    cloud.codedeploy.stop_deployment(deploymentId=stopped, autoRollbackEnabled=False)
    assert fleet.ended(stopped)["status"] == "Stopped"
    assert fleet.scaling_groups() == [fleet.members.name]
    fleet.told()
    deployment = fleet.ready("v1.zip")
    labels = fleet.labels(deployment)
    assert set(balancer.health()) == set(labels["Blue"]) == fleet.members.names()
    with pytest.raises(ClientError) as error:
        fleet.go_on(deployment, "TERMINATION_WAIT")
    assert code_of(error) == NOT_READY
    fleet.go_on(deployment, "READY_WAIT")
    cloud.until(
        lambda: balancer.health() == dict.fromkeys(labels["Green"], "healthy"),
        600,
        "the traffic is shifted",
    )
    cloud.until(lambda: fleet.info(deployment)["instanceTerminationWaitTimeStarted"], 300)
    assert fleet.members.names() == set(labels["Blue"])
    assert fleet.ended(deployment)["status"] == "Succeeded"
    assert fleet.told() == ["CREATED", "READY", "SUCCEEDED"]
    (copy,) = fleet.scaling_groups()
    assert copy == f"CodeDeploy_{fleet.group_name}_{deployment}"
    describe = cloud.autoscaling.describe_auto_scaling_groups
    remaining = describe(AutoScalingGroupNames=[copy, fleet.members.name])["AutoScalingGroups"]
    cloud.afterwards(
        cloud.autoscaling.delete_auto_scaling_group, AutoScalingGroupName=copy, ForceDelete=True
    )
    assert [one["AutoScalingGroupName"] for one in remaining if not one.get("Status")] == [copy]
