"""CodeDeploy as AWS answers it: applications, and what all of its patches share.

moto lacks updating and deleting, leaves half of a group's description empty and deploys nothing. The
calls are here and in the modules `*_patches` beside this one; `region.services.codedeploy.controller`
carries deployments out.
"""

from __future__ import annotations

from moto.codedeploy.exceptions import CodeDeployException
from moto.codedeploy.models import CodeDeployBackend
from moto.codedeploy.responses import CodeDeployResponse
from moto.core.responses import EmptyResult

from region.api.parameters import Parameters
from region.api.patching import Original, Patches
from region.services.codedeploy import (
    config_patches,
    deployment_patches,
    deployments,
    group_patches,
    renaming,
    revision_patches,
    target_patches,
)
from region.services.codedeploy.records import ServiceRecord

patches = Patches()


def install() -> None:
    """Patch moto's CodeDeploy."""
    patches.install()
    for module in (
        group_patches,
        config_patches,
        deployment_patches,
        target_patches,
        revision_patches,
    ):
        module.patches.install()


@patches.around(CodeDeployBackend, "__init__")
def _new_backend(
    moto: Original, backend: CodeDeployBackend, *args: object, **kwargs: object
) -> None:
    moto(backend, *args, **kwargs)
    ServiceRecord().attach(backend)


@patches.method(CodeDeployResponse)
def update_application(call: CodeDeployResponse) -> EmptyResult:
    """UpdateApplication: rename an application."""
    backend = call.codedeploy_backend
    name = Parameters(call).text("applicationName")
    new = Parameters(call).text("newApplicationName")
    application = backend.get_application(name)
    if new and new != name:
        if new in backend.applications:
            raise CodeDeployException(
                "ApplicationAlreadyExistsException",
                f"The application {new} already exists with the user or AWS account.",
            )
        backend.applications[new] = backend.applications.pop(name)
        backend.deployment_groups[new] = backend.deployment_groups.pop(name, {})
        application.application_name = new
        renaming.application_renamed(backend, name, new)
        for deployment in backend.deployments.values():
            if deployment.application is application:
                deployment.application_name = new
    return EmptyResult()


@patches.method(CodeDeployResponse)
def delete_application(call: CodeDeployResponse) -> EmptyResult:
    """DeleteApplication, with its deployment groups."""
    backend = call.codedeploy_backend
    name = Parameters(call).text("applicationName")
    for group in backend.deployment_groups.get(name, {}).values():
        deployments.require_idle(backend, group)
    backend.applications.pop(name, None)
    backend.deployment_groups.pop(name, None)
    ServiceRecord.of(backend).revisions.pop(name, None)
    return EmptyResult()
