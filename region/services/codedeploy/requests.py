"""Reading a call to CodeDeploy's API, with types where moto's response classes have none."""

from __future__ import annotations

import re
from typing import Any, cast

from moto.codedeploy.exceptions import CodeDeployException
from moto.codedeploy.responses import CodeDeployResponse

from region.services.codedeploy.records import Backend, Deployment

_NAME = re.compile(r"[A-Za-z0-9+=,.@_-]{1,100}")


def backend_of(call: CodeDeployResponse) -> Backend:
    """Return the service of the call's account and region."""
    return cast("Backend", call.codedeploy_backend)


def parameter(call: CodeDeployResponse, name: str) -> Any:
    """Return a parameter of the call, None if it is absent."""
    return call._get_param(name)  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]


def flag(call: CodeDeployResponse, name: str) -> bool:
    """Return a boolean parameter of the call, false if it is absent."""
    return bool(call._get_bool_param(name))  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]


def deployment_of(call: CodeDeployResponse) -> Deployment:
    """Return the deployment that the call names; raises AWS's error if it does not exist."""
    return backend_of(call).get_deployment(parameter(call, "deploymentId"))


def check_name(what: str, name: str | None) -> None:
    """Reject a name that AWS does not accept for `what` ("deployment group")."""
    if not _NAME.fullmatch(name or ""):
        kind = "".join(word.capitalize() for word in what.split())
        raise CodeDeployException(
            f"Invalid{kind}NameException", f"{name!r} is not a valid {what} name."
        )
