"""What AWS rejects about a new deployment.

https://docs.aws.amazon.com/codedeploy/latest/APIReference/API_CreateDeployment.html#API_CreateDeployment_Errors
"""

from __future__ import annotations

from typing import Any

from moto.codedeploy.exceptions import CodeDeployException
from moto.codedeploy.models import DeploymentGroup

from region.api.parameters import Parameters
from region.services.codedeploy import blue_green
from region.services.codedeploy.group_checks import check_alarms, check_rollback, check_tags
from region.services.codedeploy.parameter_checks import check_description

MODES = ("DEFAULT", "RESTART")
BEHAVIORS = ("DISALLOW", "OVERWRITE", "RETAIN")


def check_options(given: Parameters) -> None:
    """Reject options that no deployment takes, whatever its group is like."""
    check_description(given.text("description"))
    mode = given.text("deploymentMode")
    if mode and mode not in MODES:
        raise CodeDeployException(
            "InvalidInputException", f"deploymentMode is {mode!r}: use {' or '.join(MODES)}."
        )
    behavior = given.text("fileExistsBehavior")
    if behavior and behavior not in BEHAVIORS:
        raise CodeDeployException(
            "InvalidFileExistsBehaviorException",
            f"fileExistsBehavior is {behavior!r}: use {', '.join(BEHAVIORS)}.",
        )
    check_alarms(given.structure("overrideAlarmConfiguration"))
    check_rollback(given.structure("autoRollbackConfiguration"))


def target_instances(given: Parameters, group: DeploymentGroup) -> dict[str, Any]:
    """Return the instances that a blue/green deployment is to discover; empty for other kinds.

    Raises:
        CodeDeployException: They are missing, or given for another kind of deployment.
    """
    instances = given.structure("targetInstances")
    discovers = blue_green.is_blue_green(group) and not blue_green.options_of(group).copies
    if instances and not discovers:
        raise _invalid_targets(
            f"targetInstances is for blue/green deployments with {blue_green.DISCOVER} only."
        )
    if discovers and not instances:
        raise _invalid_targets(
            f"A blue/green deployment with {blue_green.DISCOVER} needs targetInstances."
        )
    if instances.get("tagFilters") and instances.get("ec2TagSet"):
        raise _invalid_targets("Use tagFilters or ec2TagSet, not both.")
    check_tags(
        instances.get("tagFilters") or [],
        (instances.get("ec2TagSet") or {}).get("ec2TagSetList") or [],
        invalid="InvalidTargetInstancesException",
        combination="InvalidTargetInstancesException",
    )
    return instances


def _invalid_targets(message: str) -> CodeDeployException:
    return CodeDeployException("InvalidTargetInstancesException", message)
