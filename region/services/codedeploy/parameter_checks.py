"""Checks and lookups of parameters that several calls to CodeDeploy's API share."""

from __future__ import annotations

import re
from collections.abc import Sized

from moto.codedeploy.exceptions import CodeDeployException
from moto.codedeploy.models import DeploymentInfo
from moto.codedeploy.responses import CodeDeployResponse

from region.api.parameters import Parameters

LONGEST_DESCRIPTION = 256
"""Characters."""
_NAME = re.compile(r"[A-Za-z0-9+=,.@_-]{1,100}")
_DEPLOYMENT = re.compile(r"d-[A-Za-z0-9-]+")


def deployment_of(call: CodeDeployResponse) -> DeploymentInfo:
    """Return the deployment that the call names; raises AWS's error if it does not exist."""
    name = Parameters(call).text("deploymentId")
    check_deployment_id(name)
    return call.codedeploy_backend.get_deployment(name)


def check_deployment_id(name: str) -> None:
    """Reject what cannot be the id of a deployment."""
    if not name:
        raise CodeDeployException("DeploymentIdRequiredException", "A deployment ID is required.")
    if not _DEPLOYMENT.fullmatch(name):
        raise CodeDeployException(
            "InvalidDeploymentIdException",
            f"Specified DeploymentId is not in the valid format: {name}",
        )


def check_name(what: str, name: str) -> None:
    """Reject a name that AWS does not accept for `what` ("deployment group")."""
    if not _NAME.fullmatch(name):
        kind = "".join(word.capitalize() for word in what.split())
        raise CodeDeployException(
            f"Invalid{kind}NameException", f"{name!r} is not a valid {what} name."
        )


def check_batch(
    asked: Sized, most: int, code: str = "BatchLimitExceededException", what: str = "names or IDs"
) -> None:
    """Reject a call that asks for more than `most` things at a time."""
    if len(asked) > most:
        raise CodeDeployException(code, f"A call takes {most} {what}, not {len(asked)}.")


def check_description(text: str) -> None:
    """Reject a description that is too long."""
    if len(text) > LONGEST_DESCRIPTION:
        raise CodeDeployException(
            "DescriptionTooLongException",
            f"The description has {len(text)} characters: use {LONGEST_DESCRIPTION} at most.",
        )
