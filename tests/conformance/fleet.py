"""Auto Scaling groups of the conformance tests."""

from __future__ import annotations

from typing import Any

from tests.conformance.cloud import Cloud, Network

TYPE = "t4g.nano"


class Fleet:
    """A group and its launch template, deleted after the test.

    Attributes:
        name: The group's name.
        template: The id of its launch template.
    """

    def __init__(self, cloud: Cloud, network: Network, **settings: Any) -> None:
        self.cloud, self.name = cloud, cloud.name("fleet")
        self.template = cloud.ec2.create_launch_template(
            LaunchTemplateName=self.name,
            LaunchTemplateData={
                "ImageId": network.image,
                "InstanceType": TYPE,
                "SecurityGroupIds": [network.group],
            },
        )["LaunchTemplate"]["LaunchTemplateId"]
        cloud.afterwards(cloud.ec2.delete_launch_template, LaunchTemplateId=self.template)
        wanted = {
            "AutoScalingGroupName": self.name,
            "MinSize": 0,
            "MaxSize": 6,
            "DesiredCapacity": 0,
            "LaunchTemplate": {"LaunchTemplateId": self.template, "Version": "1"},
            "VPCZoneIdentifier": ",".join(network.subnets),
        }
        cloud.autoscaling.create_auto_scaling_group(**wanted | settings)
        cloud.afterwards(
            cloud.autoscaling.delete_auto_scaling_group,
            AutoScalingGroupName=self.name,
            ForceDelete=True,
        )

    def describe(self) -> dict[str, Any]:
        """Return the group as the API describes it."""
        found = self.cloud.autoscaling.describe_auto_scaling_groups(
            AutoScalingGroupNames=[self.name]
        )
        return dict(found["AutoScalingGroups"][0])

    @property
    def desired(self) -> int:
        """The desired capacity."""
        return int(self.describe()["DesiredCapacity"])

    def ids(self, state: str = "InService") -> set[str]:
        """Return the ids of the instances in a lifecycle state."""
        return {
            one["InstanceId"]
            for one in self.describe()["Instances"]
            if one["LifecycleState"] == state
        }

    def await_in_service(self, count: int, within: float = 600) -> set[str]:
        """Wait until as many instances are in service, and none else is there; return their ids."""

        def settled() -> set[str] | None:
            found = self.ids()
            return found if len(found) == len(self.describe()["Instances"]) == count else None

        if count == 0:
            self.cloud.until(lambda: not self.describe()["Instances"], within)
            return set()
        return self.cloud.until(settled, within, f"{count} instances in service") or set()

    def call(self, name: str, **settings: Any) -> Any:
        """Call an operation of Auto Scaling on this group."""
        return getattr(self.cloud.autoscaling, name)(AutoScalingGroupName=self.name, **settings)

    def policy(self, name: str = "policy", **settings: Any) -> Any:
        """Put a scaling policy."""
        return self.call("put_scaling_policy", PolicyName=name, **settings)

    def activities(self) -> list[dict[str, Any]]:
        """Return the group's activities, the newest first."""
        return list(self.call("describe_scaling_activities")["Activities"])

    def new_version(self, **data: Any) -> str:
        """Make another version of the launch template and return its number."""
        made = self.cloud.ec2.create_launch_template_version(
            LaunchTemplateId=self.template, SourceVersion="1", LaunchTemplateData=data
        )
        return str(made["LaunchTemplateVersion"]["VersionNumber"])
