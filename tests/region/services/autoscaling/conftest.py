"""A group with a template, its controllers and alarms, driven step by step."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from region.services.autoscaling.automation import AutomationController
from region.services.autoscaling.controller import AutoScalingController
from region.services.autoscaling.scaling.alarm_handler import run_policy
from region.services.cloudwatch.alarm_actions import AlarmActionError, AlarmEvent
from region.services.ec2.controller import InstancesController


class Fleet:
    """A group whose machines are remembered only."""

    name = "fleet"

    def __init__(self, plane, aws, pool, network):
        self.plane, self.aws, self.network = plane, aws, network
        self.groups = AutoScalingController(plane)
        self.automation = AutomationController(plane)
        self.instances = InstancesController(plane, pool)
        self.template = aws.ec2.create_launch_template(
            LaunchTemplateName="app",
            LaunchTemplateData={"ImageId": network.image, "InstanceType": "t4g.nano"},
        )["LaunchTemplate"]["LaunchTemplateId"]

    def create(self, **settings):
        wanted = {
            "AutoScalingGroupName": self.name,
            "MinSize": 0,
            "MaxSize": 9,
            "DesiredCapacity": 1,
            "LaunchTemplate": {"LaunchTemplateId": self.template, "Version": "1"},
            "VPCZoneIdentifier": ",".join(self.network.subnets),
        }
        self.aws.autoscaling.create_auto_scaling_group(**wanted | settings)
        self.settle()

    def step(self):
        self.groups.reconcile()
        self.automation.reconcile()
        self.instances.reconcile()
        for _, job in list(self.instances._jobs.values()):
            job.result(5)

    def settle(self, rounds=6):
        for _ in range(rounds):
            self.step()

    def describe(self):
        found = self.aws.autoscaling.describe_auto_scaling_groups(AutoScalingGroupNames=[self.name])
        return found["AutoScalingGroups"][0]

    @property
    def desired(self):
        return self.describe()["DesiredCapacity"]

    def ids(self, state="InService"):
        return {
            one["InstanceId"]
            for one in self.describe()["Instances"]
            if one["LifecycleState"] == state
        }

    def policy(self, name="p", **settings):
        return self.aws.autoscaling.put_scaling_policy(
            AutoScalingGroupName=self.name, PolicyName=name, **settings
        )

    def alarm(self, arn, name="cpu", value=None, threshold=None, state="ALARM"):
        """Let an alarm go off; return whether its action was executed."""
        event = AlarmEvent(
            action=arn,
            name=name,
            arn=f"arn:aws:cloudwatch:::alarm:{name}",
            old_state="OK",
            new_state=state,
            reason="",
            reason_data="{}",
            at=datetime.now(UTC),
            value=value,
            threshold=threshold,
        )
        try:
            run_policy(self.plane, event)
        except AlarmActionError:
            return False
        return True

    def set_state(self, name, state):
        with self.plane.lock:
            self.plane.backend("cloudwatch").alarms[name].state_value = state

    def causes(self):
        found = self.aws.autoscaling.describe_scaling_activities(AutoScalingGroupName=self.name)
        return [one["Cause"] for one in found["Activities"]]


@pytest.fixture
def speed():
    return 1.0


@pytest.fixture
def fleet(plane, aws, pool, network):
    return Fleet(plane, aws, pool, network)
