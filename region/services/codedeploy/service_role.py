"""The role with which CodeDeploy acts for a deployment group, and what it lacks.

https://docs.aws.amazon.com/codedeploy/latest/userguide/getting-started-create-service-role.html
A role that was there when the deployment group named it is held to its policies. One that never was is
taken at its word: the local region is also used without IAM. Call with the control plane's lock held.
"""

from __future__ import annotations

from moto.autoscaling.models import autoscaling_backends
from moto.codedeploy.models import CodeDeployBackend, DeploymentGroup
from moto.iam.models import Role, iam_backends

from region.api.server import ControlPlane
from region.services import permissions
from region.services.codedeploy import deployment_errors
from region.services.codedeploy.records import DeploymentGroupRecord, ErrorInformation

IAM = "aws"
"""IAM is global: moto keeps its one backend under the partition's name."""
ON_SCALING_GROUPS = (
    "autoscaling:CompleteLifecycleAction",
    "autoscaling:DeleteLifecycleHook",
    "autoscaling:PutLifecycleHook",
    "autoscaling:RecordLifecycleActionHeartbeat",
)
DESCRIBE_SCALING_GROUPS = ("autoscaling:DescribeAutoScalingGroups",)
READ_ALARMS = ("cloudwatch:DescribeAlarms",)


def note(backend: CodeDeployBackend, group: DeploymentGroup) -> None:
    """Remember whether the role of a group that was created or changed exists."""
    known = _role(backend.account_id, group.service_role_arn) is not None
    DeploymentGroupRecord.of(group).role_known = known


def problem(plane: ControlPlane, group: DeploymentGroup) -> ErrorInformation | None:
    """Return why CodeDeploy cannot deploy to the group with its role, None if it can."""
    if not DeploymentGroupRecord.of(group).role_known:
        return None
    role = _role(plane.config.account, group.service_role_arn)
    if role is None:
        return deployment_errors.role_missing(group.service_role_arn)
    documents = tuple(permissions.documents_of(role))
    scaling = autoscaling_backends[plane.config.account][plane.config.region].autoscaling_groups
    arns = [scaling[name].arn for name in group.auto_scaling_groups if name in scaling]
    sees = not arns or permissions.permit(documents, DESCRIBE_SCALING_GROUPS)
    if sees and all(permissions.permit(documents, ON_SCALING_GROUPS, arn) for arn in arns):
        return None
    return deployment_errors.role_without_scaling(role.arn)


def may_read_alarms(plane: ControlPlane, group: DeploymentGroup) -> bool:
    """Return whether the group's role permits to ask for the states of alarms."""
    role = _role(plane.config.account, group.service_role_arn)
    if role is None or not DeploymentGroupRecord.of(group).role_known:
        return True
    return permissions.permit(tuple(permissions.documents_of(role)), READ_ALARMS)


def _role(account: str, arn: str) -> Role | None:
    roles = iam_backends[account][IAM].roles.values()
    return next((role for role in roles if role.arn == arn), None)
