"""Groups on a real control plane with machines that are only remembered, driven step by step."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import pytest
from moto.elbv2.models import ELBv2Backend, FakeHealthStatus

from region.periods import Period
from region.services.autoscaling import periods
from region.services.autoscaling.automation import AutomationController
from region.services.autoscaling.controller import AutoScalingController
from region.services.autoscaling.scaling.alarm_handler import run_policy
from region.services.cloudwatch.alarm_actions import AlarmActionError, AlarmEvent
from region.services.ec2.controller import InstancesController
from tests.patience import PATIENCE


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
            job.result(PATIENCE)

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


class Region:
    """One control plane and its two controllers, driven step by step."""

    def __init__(self, plane, aws, pool, network):
        self.aws = aws
        self.pool = pool
        self.network = network
        self.plane = plane
        self.decisions = {}
        self.default = "continue"
        self.instances = InstancesController(plane, pool)
        self.leaving = {}
        self.asked = []
        self.groups = AutoScalingController(plane, self._gate, self._end_gate)
        self.arn = aws.elbv2.create_target_group(
            Name="app", Protocol="HTTP", Port=8080, VpcId=network.vpc, TargetType="instance"
        )["TargetGroups"][0]["TargetGroupArn"]
        self.health = {}
        self.template = aws.ec2.create_launch_template(
            LaunchTemplateName="app",
            LaunchTemplateData={"ImageId": network.image, "InstanceType": "t4g.nano"},
        )["LaunchTemplate"]["LaunchTemplateId"]

    def _gate(self, group, instance_id):
        return self.decisions.get(instance_id, self.default)

    def _end_gate(self, group, instance_id):
        self.asked.append(instance_id)
        return self.leaving.get(instance_id, "continue")

    def create(self, **settings):
        wanted = {
            "AutoScalingGroupName": "fleet",
            "MinSize": 0,
            "MaxSize": 9,
            "DesiredCapacity": 3,
            "LaunchTemplate": {"LaunchTemplateId": self.template, "Version": "$Latest"},
            "VPCZoneIdentifier": ",".join(self.network.subnets),
            "TargetGroupARNs": [self.arn],
            "HealthCheckType": "ELB",
            "HealthCheckGracePeriod": 0,
        }
        chosen = {name: value for name, value in (wanted | settings).items() if value != {}}
        self.aws.autoscaling.create_auto_scaling_group(**chosen)

    def step(self, rounds=1):
        for _ in range(rounds):
            self.groups.reconcile()
            self.instances.reconcile()
            for _, job in list(self.instances._jobs.values()):
                job.result(PATIENCE)

    def rest(self, rounds=30):
        """Step until nothing changes any more."""
        before, same = None, 0
        for _ in range(rounds):
            self.step()
            now = sorted(
                (one["InstanceId"], one["LifecycleState"], one["HealthStatus"])
                for one in self.members()
            )
            same = same + 1 if now == before else 0
            if same == 3:
                return
            before = now
        raise AssertionError(f"the group does not come to rest: {before}")

    def group(self):
        found = self.aws.autoscaling.describe_auto_scaling_groups(AutoScalingGroupNames=["fleet"])
        return found["AutoScalingGroups"][0]

    def members(self):
        found = self.aws.autoscaling.describe_auto_scaling_groups()["AutoScalingGroups"]
        return found[0]["Instances"] if found else []

    def names(self, state="InService"):
        return {one["InstanceId"] for one in self.members() if one["LifecycleState"] == state}

    def targets(self):
        with self.plane.lock:
            return set(self.plane.backend("elbv2").target_groups[self.arn].targets)

    def activities(self):
        found = self.aws.autoscaling.describe_scaling_activities(AutoScalingGroupName="fleet")
        return found["Activities"]

    def state_of(self, name):
        return {one["InstanceId"]: one["LifecycleState"] for one in self.members()}.get(name)

    def until(self, condition, seconds=PATIENCE):
        """Step until a condition holds."""
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, self.members()
            self.step()
            time.sleep(0.01)

    def wait_for_sources(self):
        """Step until the health that the target group reports counts."""
        self.until(
            lambda: (
                self.aws.autoscaling.describe_traffic_sources(AutoScalingGroupName="fleet")[
                    "TrafficSources"
                ][0]["State"]
                == "InService"
            )
        )

    def put_hook(self, name, transition, **settings):
        self.aws.autoscaling.put_lifecycle_hook(
            AutoScalingGroupName="fleet",
            LifecycleHookName=name,
            LifecycleTransition=f"autoscaling:EC2_INSTANCE_{transition}",
            **settings,
        )

    def complete(self, hook, instance, result="CONTINUE"):
        self.aws.autoscaling.complete_lifecycle_action(
            AutoScalingGroupName="fleet",
            LifecycleHookName=hook,
            InstanceId=instance,
            LifecycleActionResult=result,
        )

    def capacity(self, desired):
        self.aws.autoscaling.set_desired_capacity(
            AutoScalingGroupName="fleet", DesiredCapacity=desired
        )


@pytest.fixture
def region(plane, aws, pool, network, monkeypatch):
    region = Region(plane, aws, pool, network)
    for name in ("ADDING", "PROCEED"):
        monkeypatch.setattr(periods, name, Period(name, 0, "test"))

    def describe_target_health(self, target_group_arn, targets):
        return [
            FakeHealthStatus(one["Id"], "8080", "8080", region.health.get(one["Id"], "healthy"))
            for one in targets
        ]

    monkeypatch.setattr(ELBv2Backend, "describe_target_health", describe_target_health)
    yield region
    region.instances.close()


@pytest.fixture
def template(aws, network):
    answer = aws.ec2.create_launch_template(
        LaunchTemplateName="app",
        LaunchTemplateData={"ImageId": network.image, "InstanceType": "t4g.nano"},
    )
    return answer["LaunchTemplate"]["LaunchTemplateId"]


@pytest.fixture
def create(aws, network, template):
    def create(name="fleet", **settings):
        wanted = {
            "AutoScalingGroupName": name,
            "MinSize": 2,
            "MaxSize": 4,
            "LaunchTemplate": {"LaunchTemplateId": template, "Version": "1"},
            "VPCZoneIdentifier": ",".join(network.subnets),
        }
        aws.autoscaling.create_auto_scaling_group(**wanted | settings)

    return create
