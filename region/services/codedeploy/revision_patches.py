"""CodeDeploy's calls for the revisions of an application."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from moto.codedeploy.exceptions import CodeDeployException
from moto.codedeploy.models import CodeDeployBackend
from moto.codedeploy.responses import CodeDeployResponse
from moto.core.responses import ActionResult, EmptyResult

from region.api.parameters import Parameters
from region.api.patching import Patches
from region.machines.codedeploy_agent.messages import BUNDLE_TYPES
from region.services.codedeploy.records import RegisteredRevision, Revision, ServiceRecord

patches = Patches()


def check_revision(revision: Revision | None) -> None:
    """Reject a revision that cannot be deployed, in AWS or in the local region."""
    if not revision:
        raise CodeDeployException(
            "RevisionRequiredException", "You must specify a revision to deploy."
        )
    location: dict[str, Any] = revision.get("s3Location") or {}
    if (
        revision.get("revisionType") != "S3"
        or not location.get("bucket")
        or not location.get("key")
    ):
        raise CodeDeployException(
            "InvalidRevisionException",
            "The local region deploys revisions of type S3 with bucket and key.",
        )
    bundle_type = location.get("bundleType") or "zip"
    if bundle_type not in BUNDLE_TYPES:
        raise CodeDeployException(
            "InvalidRevisionException",
            f"Bundle type {bundle_type} is not one for EC2: use {', '.join(BUNDLE_TYPES)}.",
        )


def note_use(
    backend: CodeDeployBackend, application: str, revision: Revision, when: datetime
) -> None:
    """Record that a deployment uses a revision, and register it if that is its first one."""
    registered = _registered(backend, application, revision)
    registered.first_used = registered.first_used or when
    registered.last_used = when


@patches.method(CodeDeployResponse)
def register_application_revision(call: CodeDeployResponse) -> EmptyResult:
    """RegisterApplicationRevision."""
    backend = call.codedeploy_backend
    name = Parameters(call).text("applicationName")
    revision = Parameters(call).structure("revision")
    backend.get_application(name)
    check_revision(revision)
    registered = _registered(backend, name, revision)
    registered.description = Parameters(call).text("description") or registered.description
    return EmptyResult()


@patches.method(CodeDeployResponse)
def list_application_revisions(call: CodeDeployResponse) -> ActionResult:
    """ListApplicationRevisions."""
    backend = call.codedeploy_backend
    name = Parameters(call).text("applicationName")
    backend.get_application(name)
    found = [entry.revision for entry in ServiceRecord.of(backend).revisions.get(name, [])]
    return ActionResult({"revisions": found})


@patches.method(CodeDeployResponse)
def get_application_revision(call: CodeDeployResponse) -> ActionResult:
    """GetApplicationRevision."""
    backend = call.codedeploy_backend
    name = Parameters(call).text("applicationName")
    revision = Parameters(call).structure("revision")
    backend.get_application(name)
    for entry in ServiceRecord.of(backend).revisions.get(name, []):
        if entry.revision == revision:
            return ActionResult(
                {"applicationName": name, "revision": revision, "revisionInfo": _describe(entry)}
            )
    raise CodeDeployException(
        "RevisionDoesNotExistException",
        f"The revision is not registered with the application {name}.",
    )


def _registered(
    backend: CodeDeployBackend, application: str, revision: Revision
) -> RegisteredRevision:
    """Return an application's revision, registering it if it is new."""
    known = ServiceRecord.of(backend).revisions.setdefault(application, [])
    for entry in known:
        if entry.revision == revision:
            return entry
    new = RegisteredRevision(revision)
    known.append(new)
    return new


def _describe(registered: RegisteredRevision) -> dict[str, Any]:
    described = {
        "description": registered.description,
        "deploymentGroups": [],
        "firstUsedTime": registered.first_used,
        "lastUsedTime": registered.last_used,
        "registerTime": registered.registered,
    }
    return {name: value for name, value in described.items() if value is not None}
