"""What breaks the rules about what a deployment leaves in service."""

from __future__ import annotations

from tests.policies.mutations.registry import ADVISORY, KEEPS, breaks, decides

decides(
    "codedeploy-keeps-capacity",
    "deployment-group",
    "deploymentConfigName",
    absent=KEEPS,
    unknown=KEEPS,
)
decides("codedeploy-works-without-a-zone", "group", "minSize", absent=KEEPS, unknown=KEEPS)


def own_configuration(stack, kind, value):
    stack.set("config", "minimumHealthyHosts", {"type": kind, "value": value})


@breaks("codedeploy-keeps-capacity")
def five_of_six_at_a_time(stack):
    own_configuration(stack, "HOST_COUNT", 1)


@breaks("codedeploy-keeps-capacity")
def four_of_six_at_a_time(stack):
    own_configuration(stack, "HOST_COUNT", 2)


@breaks("codedeploy-works-without-a-zone", ADVISORY)
def more_hosts_than_a_zone_leaves(stack):
    own_configuration(stack, "HOST_COUNT", 4)


@breaks("codedeploy-works-without-a-zone", ADVISORY)
def as_many_hosts_as_a_zone_leaves(stack):
    own_configuration(stack, "HOST_COUNT", 3)
