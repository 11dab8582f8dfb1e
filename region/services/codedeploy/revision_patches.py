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
from region.services.codedeploy import revision_filters
from region.services.codedeploy.parameter_checks import check_batch, check_description
from region.services.codedeploy.records import (
    DeploymentGroupRecord,
    RegisteredRevision,
    Revision,
    ServiceRecord,
)

MOST_AT_ONCE = 25

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
    check_description(Parameters(call).text("description"))
    registered = _registered(backend, name, revision)
    registered.description = Parameters(call).text("description") or registered.description
    return EmptyResult()


@patches.method(CodeDeployResponse)
def list_application_revisions(call: CodeDeployResponse) -> ActionResult:
    """ListApplicationRevisions."""
    backend, given = call.codedeploy_backend, Parameters(call)
    name = given.text("applicationName")
    backend.get_application(name)
    wanted = revision_filters.read(given)
    deployed = [group.target_revision for group in _groups_of(backend, name).values()]
    found = revision_filters.select(
        ServiceRecord.of(backend).revisions.get(name, []), wanted, deployed
    )
    return ActionResult({"revisions": [entry.revision for entry in found]})


@patches.method(CodeDeployResponse)
def get_application_revision(call: CodeDeployResponse) -> ActionResult:
    """GetApplicationRevision."""
    backend = call.codedeploy_backend
    name = Parameters(call).text("applicationName")
    revision = Parameters(call).structure("revision")
    backend.get_application(name)
    check_revision(revision)
    entry = _find(backend, name, revision)
    if entry is None:
        raise CodeDeployException(
            "RevisionDoesNotExistException",
            f"The revision is not registered with the application {name}.",
        )
    info = _describe(entry, _groups_of(backend, name))
    return ActionResult({"applicationName": name, "revision": revision, "revisionInfo": info})


@patches.method(CodeDeployResponse)
def batch_get_application_revisions(call: CodeDeployResponse) -> ActionResult:
    """BatchGetApplicationRevisions: those that are registered; a message names the others."""
    backend, given = call.codedeploy_backend, Parameters(call)
    name, revisions = given.text("applicationName"), given.structures("revisions")
    backend.get_application(name)
    check_batch(revisions, MOST_AT_ONCE, what="revisions")
    groups = _groups_of(backend, name)
    found: list[dict[str, Any]] = []
    missing: list[str] = []
    for revision in revisions:
        check_revision(revision)
        entry = _find(backend, name, revision)
        if entry is None:
            missing.append(str(revision["s3Location"]["key"]))
        else:
            found.append(
                {"revisionLocation": revision, "genericRevisionInfo": _describe(entry, groups)}
            )
    message = f"These revisions are not registered: {', '.join(missing)}" if missing else ""
    return ActionResult({"applicationName": name, "errorMessage": message, "revisions": found})


def _registered(
    backend: CodeDeployBackend, application: str, revision: Revision
) -> RegisteredRevision:
    """Return an application's revision, registering it if it is new."""
    found = _find(backend, application, revision)
    if found is None:
        found = RegisteredRevision(revision)
        ServiceRecord.of(backend).revisions.setdefault(application, []).append(found)
    return found


def _find(
    backend: CodeDeployBackend, application: str, revision: Revision
) -> RegisteredRevision | None:
    known = ServiceRecord.of(backend).revisions.get(application, [])
    return next((entry for entry in known if entry.revision == revision), None)


def _groups_of(backend: CodeDeployBackend, application: str) -> dict[str, DeploymentGroupRecord]:
    groups = backend.deployment_groups.get(application, {})
    return {name: DeploymentGroupRecord.of(group) for name, group in groups.items()}


def _describe(
    registered: RegisteredRevision, groups: dict[str, DeploymentGroupRecord]
) -> dict[str, Any]:
    described = {
        "description": registered.description,
        "deploymentGroups": [
            name for name, group in groups.items() if group.target_revision == registered.revision
        ],
        "firstUsedTime": registered.first_used,
        "lastUsedTime": registered.last_used,
        "registerTime": registered.registered,
    }
    return {name: value for name, value in described.items() if value is not None}
