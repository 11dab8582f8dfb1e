"""Checks and lookups of parameters that several calls to CodeDeploy's API share."""

from __future__ import annotations

import re

from moto.codedeploy.exceptions import CodeDeployException
from moto.codedeploy.models import DeploymentInfo
from moto.codedeploy.responses import CodeDeployResponse

from region.api.parameters import Parameters

_NAME = re.compile(r"[A-Za-z0-9+=,.@_-]{1,100}")


def deployment_of(call: CodeDeployResponse) -> DeploymentInfo:
    """Return the deployment that the call names; raises AWS's error if it does not exist."""
    return call.codedeploy_backend.get_deployment(Parameters(call).text("deploymentId"))


def check_name(what: str, name: str) -> None:
    """Reject a name that AWS does not accept for `what` ("deployment group")."""
    if not _NAME.fullmatch(name):
        kind = "".join(word.capitalize() for word in what.split())
        raise CodeDeployException(
            f"Invalid{kind}NameException", f"{name!r} is not a valid {what} name."
        )
