"""Which deployments ListDeployments names."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, get_args

from moto.codedeploy.exceptions import CodeDeployException
from moto.codedeploy.models import CodeDeployBackend, DeploymentInfo
from moto.codedeploy.responses import CodeDeployResponse
from moto.core.responses import ActionResult

from region.api.parameters import Parameters
from region.services.codedeploy.records import DeploymentStatus

STATUSES: tuple[str, ...] = (*get_args(DeploymentStatus), "Baking")


def page_of_deployments(call: CodeDeployResponse) -> ActionResult:
    """Return the ids that the call's filters leave, the newest first."""
    given, backend = Parameters(call), call.codedeploy_backend
    application, group = given.text("applicationName"), given.text("deploymentGroupName")
    _check_names(backend, application, group)
    statuses = given.texts("includeOnlyStatuses")
    unknown = [status for status in statuses if status not in STATUSES]
    if unknown:
        raise CodeDeployException(
            "InvalidDeploymentStatusException",
            f"{', '.join(unknown)} is not a status of a deployment: use {', '.join(STATUSES)}.",
        )
    if given.text("externalId"):
        raise CodeDeployException(
            "InvalidExternalIdException",
            "externalId is for deployments of AWS CloudFormation, which the local region lacks.",
        )
    start, end = _range(given.structure("createTimeRange"))

    def is_wanted(deployment: DeploymentInfo) -> bool:
        created = _moment(deployment.create_time)
        return (
            (not application or deployment.application_name == application)
            and (not group or deployment.deployment_group_name == group)
            and (not statuses or deployment.status in statuses)
            and (start is None or created >= start)
            and (end is None or created <= end)
        )

    found = [one.deployment_id for one in backend.deployments.values() if is_wanted(one)]
    return ActionResult({"deployments": found[::-1]})


def _check_names(backend: CodeDeployBackend, application: str, group: str) -> None:
    if application and not group:
        raise CodeDeployException(
            "DeploymentGroupNameRequiredException",
            "If applicationName is specified, then deploymentGroupName must be specified.",
        )
    if group and not application:
        raise CodeDeployException(
            "ApplicationNameRequiredException",
            "If deploymentGroupName is specified, applicationName must be specified.",
        )
    if application:
        backend.get_deployment_group(application, group)


def _range(times: dict[str, Any]) -> tuple[datetime | None, datetime | None]:
    start, end = _moment(times.get("start")), _moment(times.get("end"))
    if start is not None and end is not None and start > end:
        raise CodeDeployException(
            "InvalidTimeRangeException", "The start time must be earlier than the end time."
        )
    return start, end


def _moment(value: Any) -> Any:
    """Return a time with its zone, from what moto keeps or reads out of a request."""
    if isinstance(value, int | float):
        return datetime.fromtimestamp(value, UTC)
    if isinstance(value, datetime) and value.tzinfo is None:
        return value.replace(tzinfo=UTC)
    return value
