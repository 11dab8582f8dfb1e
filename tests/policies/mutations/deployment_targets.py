"""What breaks the rules about what a deployment addresses."""

from __future__ import annotations

from tests.policies.mutations.registry import ADVISORY, BREAKS, KEEPS, breaks, decides

GROUP = "deployment-group"

decides(
    "codedeploy-application-fits", "application", "computePlatform", absent=KEEPS, unknown=BREAKS
)
decides(
    "codedeploy-blue-green-way-back",
    GROUP,
    "blueGreenDeploymentConfig",
    absent=KEEPS,
    unknown=KEEPS,
)


@breaks("codedeploy-application-fits")
def application_for_functions(stack):
    stack.set("application", "computePlatform", "Lambda")


@breaks("codedeploy-application-fits")
def application_name_mistyped(stack):
    stack.set("application", "name", "shop-frontend")
    stack.set(GROUP, "appName", "shop-fronted")


@breaks("codedeploy-application-fits")
def application_by_arn(stack):
    stack.set(GROUP, "appName", "arn:aws:codedeploy:ap-northeast-2:123456789012:application:shop")


def _blue_green(stack, **termination):
    stack.set(GROUP, "deploymentStyle.deploymentType", "BLUE_GREEN")
    config = {
        "greenFleetProvisioningOption": {"action": "DISCOVER_EXISTING"},
        "terminateBlueInstancesOnDeploymentSuccess": termination,
    }
    stack.set(GROUP, "blueGreenDeploymentConfig", config)


@breaks("codedeploy-blue-green-way-back")
def old_fleet_terminated_at_once(stack):
    _blue_green(stack, action="TERMINATE", terminationWaitTimeInMinutes=0)


@breaks("codedeploy-blue-green-way-back")
def old_fleet_terminated_by_default(stack):
    _blue_green(stack, action="TERMINATE")


def _waiting(stack, action):
    _blue_green(stack, action="KEEP_ALIVE")
    ready = {"actionOnTimeout": action, "waitTimeInMinutes": 60}
    stack.set(GROUP, "blueGreenDeploymentConfig.deploymentReadyOption", ready)


@breaks("codedeploy-continues-by-itself", ADVISORY)
def deployment_that_waits_for_a_click(stack):
    _waiting(stack, "STOP_DEPLOYMENT")


decides(
    "codedeploy-continues-by-itself",
    GROUP,
    "blueGreenDeploymentConfig.deploymentReadyOption.actionOnTimeout",
    absent=KEEPS,
    unknown=KEEPS,
    given=lambda stack: _waiting(stack, "CONTINUE_DEPLOYMENT"),
)
