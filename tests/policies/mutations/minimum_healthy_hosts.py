"""What breaks the rules about minimum healthy hosts."""

from __future__ import annotations

from tests.policies.mutations.registry import KEEPS, breaks, decides

decides(
    "codedeploy-min-healthy-hosts",
    "deployment-group",
    "deploymentConfigName",
    absent=KEEPS,
    unknown=KEEPS,  # resolved through the configuration from which it comes
)
# Half of the instances leave one to deploy to at every size above one.
decides("codedeploy-healthy-hosts-possible", "group", "minSize", absent=KEEPS, unknown=KEEPS)


def _own_configuration(stack, kind, value, size):
    stack.set("group", "minSize", size)
    stack.set("config", "minimumHealthyHosts", {"type": kind, "value": value})


@breaks("codedeploy-min-healthy-hosts")
def all_at_once(stack):
    stack.set("config", "minimumHealthyHosts", {"type": "HOST_COUNT", "value": 0})


@breaks("codedeploy-healthy-hosts-possible")
def impossible_minimum(stack):
    _own_configuration(stack, "FLEET_PERCENT", 66, size=2)


@breaks("codedeploy-healthy-hosts-possible")
def impossible_number_of_hosts(stack):
    _own_configuration(stack, "HOST_COUNT", 4, size=4)
