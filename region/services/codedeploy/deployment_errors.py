"""Why a deployment did not succeed: CodeDeploy's error codes and messages.

https://docs.aws.amazon.com/codedeploy/latest/APIReference/API_ErrorInformation.html
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from region.services.codedeploy.records import ErrorInformation


class ErrorCode(StrEnum):
    """The codes of `errorInformation` that occur in the region."""

    ALARM_ACTIVE = "ALARM_ACTIVE"
    AUTO_SCALING_IAM_ROLE_PERMISSIONS = "AUTO_SCALING_IAM_ROLE_PERMISSIONS"
    HEALTH_CONSTRAINTS = "HEALTH_CONSTRAINTS"
    HEALTH_CONSTRAINTS_INVALID = "HEALTH_CONSTRAINTS_INVALID"
    IAM_ROLE_MISSING = "IAM_ROLE_MISSING"
    IAM_ROLE_PERMISSIONS = "IAM_ROLE_PERMISSIONS"
    INTERNAL_ERROR = "INTERNAL_ERROR"
    MANUAL_STOP = "MANUAL_STOP"
    NO_INSTANCES = "NO_INSTANCES"
    TIMEOUT = "TIMEOUT"


def _error(code: ErrorCode, message: str) -> ErrorInformation:
    return ErrorInformation(code.value, message)


NO_INSTANCES = _error(
    ErrorCode.NO_INSTANCES,
    "The deployment failed because no instances were found for your deployment group. Check your "
    "deployment group settings to make sure the tags for your Amazon EC2 instances or Auto Scaling "
    "groups correctly identify the instances you want to deploy to, and then try again.",
)
HEALTH_CONSTRAINTS = _error(
    ErrorCode.HEALTH_CONSTRAINTS,
    "The overall deployment failed because too many individual instances failed deployment, too "
    "few healthy instances are available for deployment, or some instances in your deployment "
    "group are experiencing problems.",
)
MANUAL_STOP = _error(ErrorCode.MANUAL_STOP, "The deployment was stopped by the user.")
TIMEOUT = _error(
    ErrorCode.TIMEOUT, "The deployment took longer than the 8 hours that an in-place one may take."
)
ALARMS_UNREAD = _error(
    ErrorCode.IAM_ROLE_PERMISSIONS,
    "The deployment was stopped because the states of its alarms could not be read: permit the "
    "service role cloudwatch:DescribeAlarms, or set ignorePollAlarmFailure.",
)
INTERRUPTED = _error(
    ErrorCode.INTERNAL_ERROR,
    "The deployment was interrupted because the local region was stopped while it ran: "
    "deploy again.",
)


NOT_CONTINUED = _error(
    ErrorCode.TIMEOUT,
    "Traffic was not rerouted in time: use ContinueDeployment before deploymentReadyOption's "
    "waitTimeInMinutes have passed.",
)


def no_capacity(name: str) -> ErrorInformation:
    """Return the error of a copied Auto Scaling group whose instances did not go into service."""
    return _error(
        ErrorCode.NO_INSTANCES,
        f"The instances of the Auto Scaling group {name} did not go into service within an hour.",
    )


def role_missing(arn: str) -> ErrorInformation:
    """Return the error of a service role that was deleted."""
    return _error(
        ErrorCode.IAM_ROLE_MISSING,
        f"The service role {arn} does not exist: create it, or give the deployment group another one.",
    )


def role_not_assumed(arn: str) -> ErrorInformation:
    """Return the error of a service role whose trust policy does not let CodeDeploy assume it."""
    return _error(
        ErrorCode.IAM_ROLE_PERMISSIONS,
        f"AWS CodeDeploy does not have the permissions required to assume the role {arn}: let its trust "
        "policy name codedeploy.amazonaws.com.",
    )


def role_without_scaling(arn: str) -> ErrorInformation:
    """Return the error of a service role that may not do what Auto Scaling groups need."""
    return _error(
        ErrorCode.AUTO_SCALING_IAM_ROLE_PERMISSIONS,
        f"The service role {arn} does not give CodeDeploy permission to perform operations in Amazon "
        "EC2 Auto Scaling: attach the policy AWSCodeDeployRole to it.",
    )


def internal_error(message: str) -> ErrorInformation:
    """Return the error of a deployment that failed because of the region itself."""
    return _error(ErrorCode.INTERNAL_ERROR, message)


def no_instance_can_be_spared(*, minimum: int, total: int) -> ErrorInformation:
    """Return the error of a configuration whose minimum is all instances."""
    return _error(
        ErrorCode.HEALTH_CONSTRAINTS_INVALID,
        f"The deployment failed because the deployment configuration requires {minimum} healthy "
        f"instances and the deployment group has {total}: no instance could be taken out of "
        "service. Use a deployment configuration with a lower minimum, or more instances.",
    )


def alarm_active(names: Iterable[str]) -> ErrorInformation:
    """Return the error of a deployment that alarms stopped."""
    activated = " ".join(f"<{name}>" for name in names)
    return _error(
        ErrorCode.ALARM_ACTIVE,
        "One or more alarms have been activated according to the Amazon CloudWatch metrics you "
        "selected, and the affected deployments have been stopped. Activated alarms: "
        f"{activated}",
    )
