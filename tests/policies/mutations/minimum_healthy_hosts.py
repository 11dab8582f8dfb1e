"""What breaks the rules about minimum healthy hosts."""

from __future__ import annotations

from tests.policies.draft import Ref
from tests.policies.mutations.registry import BREAKS, KEEPS, breaks, decides

decides(
    "codedeploy-min-healthy-hosts",
    "deployment-group",
    "deploymentConfigName",
    absent=KEEPS,
    unknown=BREAKS,
)
# A predefined configuration is possible at every size.
decides("codedeploy-healthy-hosts-possible", "group", "minSize", absent=KEEPS, unknown=KEEPS)


def _own_configuration(stack, kind, value, size):
    stack.set("group", "minSize", size)
    stack.add(
        "config",
        "aws:codedeploy/deploymentConfig:DeploymentConfig",
        {"minimumHealthyHosts": {"type": kind, "value": value}},
    )
    stack.set("deployment-group", "deploymentConfigName", Ref("config", "deploymentConfigName"))


@breaks("codedeploy-min-healthy-hosts")
def all_at_once(stack):
    stack.set("deployment-group", "deploymentConfigName", "CodeDeployDefault.AllAtOnce")


@breaks("codedeploy-healthy-hosts-possible")
def impossible_minimum(stack):
    _own_configuration(stack, "FLEET_PERCENT", 66, size=2)


@breaks("codedeploy-healthy-hosts-possible")
def impossible_number_of_hosts(stack):
    _own_configuration(stack, "HOST_COUNT", 4, size=4)
