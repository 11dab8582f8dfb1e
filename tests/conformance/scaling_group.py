"""Auto Scaling groups that conformance tests make, and what they ask of them."""

from __future__ import annotations

import base64
from collections.abc import Iterable
from typing import Any

from tests.conformance.cloud import Cloud, Network
from tests.conformance.roles import make_profile

SITE = b"""#cloud-config
write_files:
- path: /opt/site/www/health
  content: fine
- path: /opt/site/web.service
  content: |
    [Service]
    ExecStart=/usr/bin/env python3 -m http.server 8080 --directory /opt/site/www
    [Install]
    WantedBy=multi-user.target
runcmd:
- systemctl enable --now /opt/site/web.service
"""
"""A web server on port 8080 that answers /health until that file is removed."""
TYPE = "t4g.nano"
LAUNCHING = "autoscaling:EC2_INSTANCE_LAUNCHING"
COMMANDED = "arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore"
"""Of instances that Systems Manager may command."""
TERMINATING = "autoscaling:EC2_INSTANCE_TERMINATING"
BOOT = 120.0
"""Seconds of AWS until an instance of a group is in service."""


class Fleet:
    """A group, its launch template, and calls of Auto Scaling that name the group."""

    def __init__(
        self,
        cloud: Cloud,
        network: Network,
        size: int = 1,
        *,
        user_data: bytes = b"",
        version: str = "$Latest",
        **settings: Any,
    ) -> None:
        self.cloud, self.network = cloud, network
        self.name = cloud.name("fleet")
        profile = (
            {"IamInstanceProfile": {"Name": make_profile(cloud, "commanded", COMMANDED)}}
            if user_data
            else {}
        )
        self.template = self.make_template(user_data, **profile)
        wanted = {
            "MinSize": 0,
            "MaxSize": 9,
            "DesiredCapacity": size,
            "LaunchTemplate": {"LaunchTemplateId": self.template, "Version": version},
            "VPCZoneIdentifier": ",".join(network.subnets),
        }
        self.call("create_auto_scaling_group", **wanted | settings)
        cloud.afterwards(self.remove)
        self.wait_for(size)

    def make_template(self, user_data: bytes = b"", **data: Any) -> str:
        """Create a launch template and return its id."""
        made = self.cloud.ec2.create_launch_template(
            LaunchTemplateName=self.cloud.name("template"),
            LaunchTemplateData={
                "ImageId": self.network.image,
                "InstanceType": TYPE,
                "SecurityGroupIds": [self.network.group],
                **({"UserData": base64.b64encode(user_data).decode()} if user_data else {}),
                **data,
            },
        )["LaunchTemplate"]["LaunchTemplateId"]
        self.cloud.afterwards(self.cloud.ec2.delete_launch_template, LaunchTemplateId=made)
        return made

    def new_version(self, **data: Any) -> str:
        """Make another version of the launch template and return its number."""
        made = self.cloud.ec2.create_launch_template_version(
            LaunchTemplateId=self.template, SourceVersion="1", LaunchTemplateData=data
        )
        return str(made["LaunchTemplateVersion"]["VersionNumber"])

    def remove(self) -> None:
        """Delete the group with its instances and wait until it is gone."""
        self.call("delete_auto_scaling_group", ForceDelete=True)
        self.cloud.until(lambda: not self._found(), BOOT)

    def call(self, name: str, **arguments: Any) -> Any:
        """Call Auto Scaling with the group's name."""
        return getattr(self.cloud.autoscaling, name)(AutoScalingGroupName=self.name, **arguments)

    def about(self, name: str, *instances: str, **arguments: Any) -> Any:
        """Call Auto Scaling with the group's name and those of instances."""
        return self.call(name, InstanceIds=list(instances), **arguments)

    def _found(self) -> list[dict[str, Any]]:
        return self.cloud.autoscaling.describe_auto_scaling_groups(
            AutoScalingGroupNames=[self.name]
        )["AutoScalingGroups"]

    def describe(self) -> dict[str, Any]:
        """Return the group as it is described."""
        return self._found()[0]

    @property
    def desired(self) -> int:
        """The desired capacity."""
        return self.describe()["DesiredCapacity"]

    def members(self) -> dict[str, dict[str, Any]]:
        """Return the instances of the group, by id."""
        return {one["InstanceId"]: one for one in self.describe()["Instances"]}

    def names(self, *states: str) -> set[str]:
        """Return the ids of the instances in these states, `InService` by default."""
        wanted = states or ("InService",)
        return {name for name, one in self.members().items() if one["LifecycleState"] in wanted}

    def state(self, name: str) -> str | None:
        """Return the lifecycle state of an instance, None if the group does not have it."""
        return self.members().get(name, {}).get("LifecycleState")

    def wait_for(
        self, size: int, *, without: Iterable[str] = (), within: float = 2 * BOOT
    ) -> set[str]:
        """Wait until the group is at rest with so many instances, and return their ids."""
        unwanted = set(without)

        def at_rest() -> bool:
            members = self.members()
            return (
                len(members) == size and not unwanted & set(members) and len(self.names()) == size
            )

        self.cloud.until(at_rest, within, f"{size} in service")
        return self.names()

    def wait_state(self, state: str, name: str = "") -> str:
        """Wait until an instance is in a state, and return its id."""

        def found() -> str:
            names = self.names(state)
            return (name if name in names else "") if name else next(iter(names), "")

        return self.cloud.until(found, BOOT, state)

    def capacity(self, desired: int) -> None:
        """Set the desired capacity."""
        self.call("set_desired_capacity", DesiredCapacity=desired)

    def zones(self) -> dict[str, int]:
        """Count the instances in service by zone."""
        counts: dict[str, int] = {}
        for one in self.members().values():
            if one["LifecycleState"] == "InService":
                zone = one["AvailabilityZone"]
                counts[zone] = counts.get(zone, 0) + 1
        return counts

    def activities(self, text: str = "") -> list[dict[str, Any]]:
        """Return the activities whose description contains a text, as they are ordered."""
        found = self.call("describe_scaling_activities")["Activities"]
        return [one for one in found if text in one["Description"]]

    def policy(self, name: str = "policy", **settings: Any) -> Any:
        """Put a scaling policy."""
        return self.call("put_scaling_policy", PolicyName=name, **settings)

    def put_hook(self, name: str, transition: str, **settings: Any) -> None:
        """Put a lifecycle hook on the group."""
        settings.setdefault("HeartbeatTimeout", 7200)
        hook = {"LifecycleHookName": name, "LifecycleTransition": transition}
        self.call("put_lifecycle_hook", **hook, **settings)

    def complete(self, hook: str, instance: str, result: str = "CONTINUE") -> None:
        """Complete a lifecycle action."""
        self.call(
            "complete_lifecycle_action",
            LifecycleHookName=hook,
            InstanceId=instance,
            LifecycleActionResult=result,
        )

    def mark(self, name: str, status: str = "Unhealthy", **settings: Any) -> None:
        """Set the health of an instance."""
        self.cloud.autoscaling.set_instance_health(InstanceId=name, HealthStatus=status, **settings)


class Balancer:
    """An application load balancer with a listener on port 80 and one target group.

    Attributes:
        target_group: The ARN of the target group, whose check asks /health every 5 s.
    """

    def __init__(self, cloud: Cloud, network: Network, **attributes: str) -> None:
        self.cloud, self.network = cloud, network
        elb = cloud.elbv2
        self.target_group = self.make_target_group("/health", **attributes)
        self.arn = elb.create_load_balancer(
            Name=cloud.name("lb"), Subnets=network.subnets, SecurityGroups=[network.group]
        )["LoadBalancers"][0]["LoadBalancerArn"]
        cloud.afterwards(elb.delete_load_balancer, LoadBalancerArn=self.arn)
        self.listener = elb.create_listener(
            LoadBalancerArn=self.arn,
            Protocol="HTTP",
            Port=80,
            DefaultActions=[{"Type": "forward", "TargetGroupArn": self.target_group}],
        )["Listeners"][0]["ListenerArn"]
        cloud.afterwards(elb.delete_listener, ListenerArn=self.listener)

    def make_target_group(self, path: str, **attributes: str) -> str:
        """Create a target group that checks a path, and return its ARN."""
        elb = self.cloud.elbv2
        made = elb.create_target_group(
            Name=self.cloud.name("tg"),
            Protocol="HTTP",
            Port=8080,
            VpcId=self.network.vpc,
            HealthCheckPath=path,
            HealthCheckIntervalSeconds=5,
            HealthCheckTimeoutSeconds=2,
            HealthyThresholdCount=2,
            UnhealthyThresholdCount=2,
        )["TargetGroups"][0]["TargetGroupArn"]
        wanted = {"deregistration_delay.timeout_seconds": "0"} | {
            name.replace("__", "."): value for name, value in attributes.items()
        }
        elb.modify_target_group_attributes(
            TargetGroupArn=made,
            Attributes=[{"Key": key, "Value": value} for key, value in wanted.items()],
        )
        self.cloud.afterwards(elb.delete_target_group, TargetGroupArn=made)
        return made

    def health(self, target_group: str = "") -> dict[str, str]:
        """Return the state of each target."""
        found = self.cloud.elbv2.describe_target_health(
            TargetGroupArn=target_group or self.target_group
        )["TargetHealthDescriptions"]
        return {one["Target"]["Id"]: one["TargetHealth"]["State"] for one in found}

    def sources(self, fleet: Fleet) -> list[str]:
        """Return the states of a group's traffic sources."""
        found = fleet.call("describe_traffic_sources")["TrafficSources"]
        return [one["State"] for one in found]

    def wait_in_service(self, fleet: Fleet) -> None:
        """Wait until the group counts what the target group reports."""
        self.cloud.until(lambda: self.sources(fleet) == ["InService"], 120, "InService")


def run(cloud: Cloud, instances: Iterable[str], command: str) -> None:
    """Run a shell command on instances and wait for its end."""
    names = list(instances)
    sent = cloud.ssm.send_command(
        DocumentName="AWS-RunShellScript", InstanceIds=names, Parameters={"commands": [command]}
    )["Command"]["CommandId"]

    def ended() -> bool:
        found = cloud.ssm.list_command_invocations(CommandId=sent)["CommandInvocations"]
        return len(found) == len(names) and all(one["Status"] == "Success" for one in found)

    cloud.until(ended, 120, command)


def customized(target: float = 50.0, **metric: Any) -> dict[str, Any]:
    """Return a policy that tracks a metric of one's own."""
    return {
        "PolicyType": "TargetTrackingScaling",
        "TargetTrackingConfiguration": {
            "TargetValue": target,
            "CustomizedMetricSpecification": metric,
        },
    }
