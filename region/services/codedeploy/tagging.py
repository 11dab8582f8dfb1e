"""Tags of applications and deployment groups: by ARN, which carries names that can change."""

from __future__ import annotations

import re

from moto.codedeploy.exceptions import CodeDeployException
from moto.codedeploy.models import CodeDeployBackend

_ARN = re.compile(r"arn:aws[a-z-]*:codedeploy:[a-z0-9-]+:\d{12}:([a-z]+):(.+)", re.DOTALL)


def group_arn(backend: CodeDeployBackend, application: str, group: str) -> str:
    """Return the ARN of a deployment group."""
    return f"{_prefix(backend)}:deploymentgroup:{application}/{group}"


def application_renamed(backend: CodeDeployBackend, old: str, new: str) -> None:
    """Move the tags of an application, and of its deployment groups, to the new ARNs."""
    _move(backend, f"application:{old}", f"application:{new}")
    for group in backend.deployment_groups.get(new, {}):
        _move(backend, f"deploymentgroup:{old}/{group}", f"deploymentgroup:{new}/{group}")


def group_renamed(backend: CodeDeployBackend, application: str, old: str, new: str) -> None:
    """Move the tags of a deployment group to the new ARN."""
    prefix = f"deploymentgroup:{application}"
    _move(backend, f"{prefix}/{old}", f"{prefix}/{new}")


def require_resource(backend: CodeDeployBackend, arn: str) -> None:
    """Raise AWS's error if an ARN names nothing that has tags."""
    if not arn:
        raise CodeDeployException("ResourceArnRequiredException", "A resource ARN is required.")
    found = _ARN.fullmatch(arn)
    if found is None:
        raise CodeDeployException("InvalidArnException", f"{arn!r} is not an ARN of CodeDeploy.")
    kind, name = found.groups()
    if kind == "application":
        backend.get_application(name)
    elif kind == "deploymentgroup":
        application, _, group = name.partition("/")
        backend.get_deployment_group(application, group)
    else:
        raise CodeDeployException(
            "ArnNotSupportedException",
            f"{arn!r} names a {kind}: applications and deployment groups have tags.",
        )


def _prefix(backend: CodeDeployBackend) -> str:
    return f"arn:aws:codedeploy:{backend.region_name}:{backend.account_id}"


def _move(backend: CodeDeployBackend, old: str, new: str) -> None:
    base = _prefix(backend)
    if old != new and backend.tagger.has_tags(f"{base}:{old}"):
        backend.tagger.copy_tags(f"{base}:{old}", f"{base}:{new}")
        backend.tagger.delete_all_tags_for_resource(f"{base}:{old}")
