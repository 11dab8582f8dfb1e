"""Blue/green deployments: what a deployment group asks for, and what CodeDeploy rejects about it.

https://docs.aws.amazon.com/codedeploy/latest/userguide/deployment-groups-create-blue-green.html
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

from moto.codedeploy.exceptions import CodeDeployException
from moto.codedeploy.models import DeploymentGroup

BLUE_GREEN = "BLUE_GREEN"
COPY, DISCOVER = "COPY_AUTO_SCALING_GROUP", "DISCOVER_EXISTING"
CONTINUE, STOP = "CONTINUE_DEPLOYMENT", "STOP_DEPLOYMENT"
TERMINATE, KEEP = "TERMINATE", "KEEP_ALIVE"
LONGEST_WAIT = 2880
"""Minutes: two days, for each of the two waits."""


@dataclass(frozen=True, slots=True)
class BlueGreen:
    """The options of a blue/green deployment group. Waits are in minutes.

    Attributes:
        copies: Whether its Auto Scaling group is copied; else each deployment names its instances.
        waits_for_user: Whether traffic is rerouted only when a user says so.
        ready_wait: How long to wait for the user before the deployment is stopped.
        terminates: Whether the original instances are ended after the deployment.
        termination_wait: How long to keep them before that.
    """

    copies: bool
    waits_for_user: bool
    ready_wait: int
    terminates: bool
    termination_wait: int


def is_blue_green(group: DeploymentGroup) -> bool:
    """Return whether a deployment group's deployments are blue/green."""
    return group.deployment_style.get("deploymentType") == BLUE_GREEN


def options_of(group: DeploymentGroup) -> BlueGreen:
    """Return the options of a blue/green deployment group.

    Raises:
        CodeDeployException: CodeDeploy rejects them.
    """
    given = cast("dict[str, Any]", group.blue_green_deployment_configuration or {})
    if not given:
        raise CodeDeployException(
            "InvalidBlueGreenDeploymentConfigurationException",
            f"A {BLUE_GREEN} deployment group needs a blueGreenDeploymentConfiguration.",
        )
    ready = given.get("deploymentReadyOption") or {}
    ending = given.get("terminateBlueInstancesOnDeploymentSuccess") or {}
    fleet = given.get("greenFleetProvisioningOption") or {}
    on_timeout = _one_of(
        ready, "actionOnTimeout", (CONTINUE, STOP), "InvalidDeploymentReadyOptionException"
    )
    action = _one_of(
        ending, "action", (TERMINATE, KEEP), "InvalidBlueInstanceTerminationOptionException"
    )
    provision = _one_of(
        fleet, "action", (DISCOVER, COPY), "InvalidGreenFleetProvisioningOptionException"
    )
    options = BlueGreen(
        copies=provision == COPY,
        waits_for_user=on_timeout == STOP,
        ready_wait=_minutes(ready, "waitTimeInMinutes", "InvalidDeploymentReadyOptionException"),
        terminates=action == TERMINATE,
        termination_wait=_minutes(
            ending,
            "terminationWaitTimeInMinutes",
            "InvalidBlueInstanceTerminationOptionException",
        ),
    )
    if options.copies and len(group.auto_scaling_groups) != 1:
        raise CodeDeployException(
            "InvalidGreenFleetProvisioningOptionException",
            f"{COPY} needs exactly one Auto Scaling group to copy; the deployment group has "
            f"{len(group.auto_scaling_groups)}.",
        )
    if not options.waits_for_user and options.ready_wait:
        raise CodeDeployException(
            "InvalidDeploymentReadyOptionException",
            f"waitTimeInMinutes is for {STOP} only: with {CONTINUE} traffic is rerouted at once.",
        )
    return options


def _one_of(given: dict[str, Any], name: str, known: tuple[str, str], code: str) -> str:
    value = given.get(name) or known[0]
    if value not in known:
        raise CodeDeployException(code, f"{name} is {value!r}: use {' or '.join(known)}.")
    return str(value)


def _minutes(given: dict[str, Any], name: str, code: str) -> int:
    value = given.get(name) or 0
    if not 0 <= value <= LONGEST_WAIT:
        raise CodeDeployException(code, f"{name} is {value}: use 0 to {LONGEST_WAIT} minutes.")
    return int(value)
