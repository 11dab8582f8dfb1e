"""CodeDeploy's calls for the revisions of an application."""

from __future__ import annotations

from datetime import datetime

from moto.codedeploy.exceptions import CodeDeployException
from moto.codedeploy.responses import CodeDeployResponse
from moto.core.responses import ActionResult, EmptyResult
from moto.core.utils import utcnow

from region.api.patching import Patches
from region.services.codedeploy.records import Backend
from region.services.codedeploy.requests import backend_of, parameter
from region.services.codedeploy.shapes import Revision, RevisionInfo

patches = Patches()


def check_revision(revision: Revision | None) -> None:
    """Reject a revision that cannot be deployed, in AWS or in the local region."""
    if not revision:
        raise CodeDeployException(
            "RevisionRequiredException", "You must specify a revision to deploy."
        )
    location = revision.get("s3Location")
    if (
        revision.get("revisionType") != "S3"
        or not location
        or not location.get("bucket")
        or not location.get("key")
    ):
        raise CodeDeployException(
            "InvalidRevisionException",
            "The local region deploys revisions of type S3 with bucket and key.",
        )
    bundle_type = location.get("bundleType") or "zip"
    if bundle_type != "zip":
        raise CodeDeployException(
            "InvalidRevisionException",
            f"Bundle type {bundle_type} is not supported in the local region: use zip.",
        )


def note_use(backend: Backend, application: str, revision: Revision, when: datetime) -> None:
    """Record that a deployment uses a revision, and register it if that is its first one."""
    info = _registered(backend, application, revision)
    info.setdefault("firstUsedTime", when)
    info["lastUsedTime"] = when


@patches.method(CodeDeployResponse)
def register_application_revision(call: CodeDeployResponse) -> EmptyResult:
    """RegisterApplicationRevision."""
    backend = backend_of(call)
    name, revision = parameter(call, "applicationName"), parameter(call, "revision")
    backend.get_application(name)
    check_revision(revision)
    info = _registered(backend, name, revision)
    description = parameter(call, "description")
    if description:
        info["description"] = description
    return EmptyResult()


@patches.method(CodeDeployResponse)
def list_application_revisions(call: CodeDeployResponse) -> ActionResult:
    """ListApplicationRevisions."""
    backend = backend_of(call)
    name = parameter(call, "applicationName")
    backend.get_application(name)
    found = [entry["revision"] for entry in backend.application_revisions.get(name, [])]
    return ActionResult({"revisions": found})


@patches.method(CodeDeployResponse)
def get_application_revision(call: CodeDeployResponse) -> ActionResult:
    """GetApplicationRevision."""
    backend = backend_of(call)
    name, revision = parameter(call, "applicationName"), parameter(call, "revision")
    backend.get_application(name)
    for entry in backend.application_revisions.get(name, []):
        if entry["revision"] == revision:
            return ActionResult(
                {"applicationName": name, "revision": revision, "revisionInfo": entry["info"]}
            )
    raise CodeDeployException(
        "RevisionDoesNotExistException",
        f"The revision is not registered with the application {name}.",
    )


def _registered(backend: Backend, application: str, revision: Revision) -> RevisionInfo:
    """Return what is known of a revision, registering it if it is new."""
    known = backend.application_revisions.setdefault(application, [])
    for entry in known:
        if entry["revision"] == revision:
            return entry["info"]
    info: RevisionInfo = {"registerTime": utcnow(), "deploymentGroups": []}
    known.append({"revision": revision, "info": info})
    return info
