"""Releases to an Auto Scaling group, for conformance tests."""

from __future__ import annotations

from typing import Any

from tests.conformance.cloud import Cloud, Network
from tests.conformance.codedeploy_fleet import (
    AGENT,
    COMMANDED,
    READ_REVISIONS,
    Releases,
    service_role,
)
from tests.conformance.roles import make_profile
from tests.conformance.scaling_group import Fleet


class Scaled(Releases):
    """An Auto Scaling group with one member, and releases to it.

    Attributes:
        members: The Auto Scaling group.
        good: The launch template of instances that take every revision.
    """

    def __init__(self, cloud: Cloud, network: Network) -> None:
        super().__init__(cloud, service_role(cloud))
        profile = make_profile(cloud, "instances", READ_REVISIONS, COMMANDED)
        self._role_of_members = {"IamInstanceProfile": {"Name": profile}}
        self.members = Fleet(cloud, network, 0)
        self.good = self.template()
        self.launch_from(self.good)
        self.sole()

    def group(self, **settings: Any) -> None:
        """Create a deployment group of the Auto Scaling group."""
        super().group(**{"autoScalingGroups": [self.members.name]} | settings)

    def template(self, setup: str = "") -> str:
        """Create a launch template whose instances have the agent, and run a setup; return its id."""
        agent = AGENT.format(region=self.cloud.region) if self.cloud.is_aws else "#!/bin/bash\n"
        return self.members.make_template((agent + setup).encode(), **self._role_of_members)

    def launch_from(self, template: str, **settings: Any) -> None:
        """Let the group launch from a template from now on."""
        self.members.call(
            "update_auto_scaling_group",
            LaunchTemplate={"LaunchTemplateId": template, "Version": "$Latest"},
            **settings,
        )

    def succeeds(self, key: str) -> str:
        """Deploy a revision with success; return the deployment."""
        deployment = self.deploy(key)
        assert self.ended(deployment)["status"] == "Succeeded"
        return deployment

    def one_of(self, creator: str) -> dict[str, Any]:
        """Wait for a deployment by this creator; return the first."""
        found = self.cloud.until(lambda: self.of(creator), 300, f"a deployment by {creator}")
        return found[0]

    def sole(self) -> str:
        """Return the group to one member, and return its id."""
        self.members.capacity(1)
        (name,) = self.members.wait_for(1)
        return name
