"""The role with which CodeDeploy acts for a deployment group, and what it lacks.

https://docs.aws.amazon.com/codedeploy/latest/userguide/getting-started-create-service-role.html
Call with the control plane's lock held.
"""

from __future__ import annotations

from moto.autoscaling.models import autoscaling_backends
from moto.codedeploy.exceptions import CodeDeployException
from moto.codedeploy.models import CodeDeployBackend, DeploymentGroup

from region.api.server import ControlPlane
from region.services import permissions, roles
from region.services.codedeploy import deployment_errors
from region.services.codedeploy.records import ErrorInformation

PRINCIPAL = "codedeploy.amazonaws.com"
ON_SCALING_GROUPS = (
    "autoscaling:CompleteLifecycleAction",
    "autoscaling:DeleteLifecycleHook",
    "autoscaling:PutLifecycleHook",
    "autoscaling:RecordLifecycleActionHeartbeat",
)
DESCRIBE_SCALING_GROUPS = ("autoscaling:DescribeAutoScalingGroups",)
READ_ALARMS = ("cloudwatch:DescribeAlarms",)


def check(backend: CodeDeployBackend, group: DeploymentGroup) -> None:
    """Reject a role that CodeDeploy cannot assume; its rights are asked for when something is deployed.

    Raises:
        CodeDeployException: the role is not there, or its trust policy does not name CodeDeploy.
    """
    arn = group.service_role_arn or ""
    if not roles.may_assume(backend.account_id, arn, PRINCIPAL):
        raise CodeDeployException(
            "InvalidRoleException",
            f"AWS CodeDeploy does not have the permissions required to assume the role {arn}.",
        )


def problem(plane: ControlPlane, group: DeploymentGroup) -> ErrorInformation | None:
    """Return why CodeDeploy cannot deploy to the group with its role, None if it can."""
    role = roles.find(plane.config.account, group.service_role_arn)
    if role is None:
        return deployment_errors.role_missing(group.service_role_arn)
    if not roles.may_assume(plane.config.account, role.arn, PRINCIPAL):
        return deployment_errors.role_not_assumed(role.arn)
    documents = tuple(permissions.documents_of(role))
    scaling = autoscaling_backends[plane.config.account][plane.config.region].autoscaling_groups
    arns = [scaling[name].arn for name in group.auto_scaling_groups if name in scaling]
    sees = not arns or permissions.permit(documents, DESCRIBE_SCALING_GROUPS)
    if sees and all(permissions.permit(documents, ON_SCALING_GROUPS, arn) for arn in arns):
        return None
    return deployment_errors.role_without_scaling(role.arn)


def may_read_alarms(plane: ControlPlane, group: DeploymentGroup) -> bool:
    """Return whether the group's role permits to ask for the states of alarms."""
    role = roles.find(plane.config.account, group.service_role_arn)
    if role is None:
        return True
    return permissions.permit(tuple(permissions.documents_of(role)), READ_ALARMS)
