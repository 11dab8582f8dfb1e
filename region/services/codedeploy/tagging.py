"""What a rename takes along: moto keeps tags by ARN, and the ARN carries the name."""

from __future__ import annotations

from typing import Any


def application_renamed(backend: Any, old: str, new: str) -> None:
    """Move the tags of an application, and of its deployment groups, to the new ARNs."""
    _move(backend, f"application:{old}", f"application:{new}")
    for group in backend.deployment_groups.get(new, {}):
        _move(backend, f"deploymentgroup:{old}/{group}", f"deploymentgroup:{new}/{group}")


def group_renamed(backend: Any, application: str, old: str, new: str) -> None:
    """Move the tags of a deployment group to the new ARN."""
    prefix = f"deploymentgroup:{application}"
    _move(backend, f"{prefix}/{old}", f"{prefix}/{new}")


def _move(backend: Any, old: str, new: str) -> None:
    base = f"arn:aws:codedeploy:{backend.region_name}:{backend.account_id}"
    if old != new and backend.tagger.has_tags(f"{base}:{old}"):
        backend.tagger.copy_tags(f"{base}:{old}", f"{base}:{new}")
        backend.tagger.delete_all_tags_for_resource(f"{base}:{old}")
