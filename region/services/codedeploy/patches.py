"""CodeDeploy as AWS answers it: applications, and what all of its patches share.

moto lacks updating and deleting, leaves half of a group's description empty and deploys nothing. The
calls are here and in the modules `*_patches` beside this one; `region.services.codedeploy.controller`
carries deployments out.
"""

from __future__ import annotations

from moto.codedeploy.exceptions import CodeDeployException
from moto.codedeploy.models import CodeDeployBackend
from moto.codedeploy.responses import CodeDeployResponse
from moto.core.responses import ActionResult, EmptyResult

from region.api.parameters import Parameters
from region.api.patching import Original, Patches
from region.services.codedeploy import (
    config_patches,
    deployment_patches,
    deployments,
    group_patches,
    on_premises_patches,
    revision_patches,
    tagging,
    target_patches,
)
from region.services.codedeploy.parameter_checks import check_batch, check_name
from region.services.codedeploy.records import ServiceRecord

PLATFORMS = ("Server", "Lambda", "ECS")
MOST_AT_ONCE = 100

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
        on_premises_patches,
    ):
        module.patches.install()


@patches.around(CodeDeployBackend, "__init__")
def _new_backend(
    moto: Original, backend: CodeDeployBackend, *args: object, **kwargs: object
) -> None:
    moto(backend, *args, **kwargs)
    ServiceRecord().attach(backend)


@patches.around(CodeDeployResponse, "create_application")
def create_application(moto: Original, call: CodeDeployResponse) -> ActionResult:
    """CreateApplication unless AWS would reject it."""
    given = Parameters(call)
    check_name("application", given.text("applicationName"))
    platform = given.text("computePlatform")
    if platform and platform not in PLATFORMS:
        raise CodeDeployException(
            "InvalidComputePlatformException",
            f"computePlatform is {platform!r}: use {', '.join(PLATFORMS)}.",
        )
    answer: ActionResult = moto(call)
    application = call.codedeploy_backend.applications[given.text("applicationName")]
    application.compute_platform = platform or PLATFORMS[0]
    return answer


@patches.around(CodeDeployResponse, "batch_get_applications")
def batch_get_applications(moto: Original, call: CodeDeployResponse) -> ActionResult:
    """BatchGetApplications, not too many at a time."""
    check_batch(Parameters(call).texts("applicationNames"), MOST_AT_ONCE)
    answer: ActionResult = moto(call)
    return answer


@patches.method(CodeDeployResponse)
def list_applications(call: CodeDeployResponse) -> ActionResult:
    """ListApplications."""
    return ActionResult({"applications": list(call.codedeploy_backend.applications)})


@patches.around(CodeDeployResponse, "tag_resource")
@patches.around(CodeDeployResponse, "untag_resource")
def change_tags(moto: Original, call: CodeDeployResponse) -> EmptyResult:
    """TagResource and UntagResource, of what there is."""
    tagging.require_resource(call.codedeploy_backend, Parameters(call).text("ResourceArn"))
    answer: EmptyResult = moto(call)
    return answer


@patches.around(CodeDeployResponse, "list_tags_for_resource")
def list_tags_for_resource(moto: Original, call: CodeDeployResponse) -> ActionResult:
    """ListTagsForResource."""
    tagging.require_resource(call.codedeploy_backend, Parameters(call).text("ResourceArn"))
    answer: ActionResult = moto(call)
    return answer


@patches.method(CodeDeployResponse)
def update_application(call: CodeDeployResponse) -> EmptyResult:
    """UpdateApplication: rename an application."""
    backend = call.codedeploy_backend
    name = Parameters(call).text("applicationName")
    new = Parameters(call).text("newApplicationName")
    application = backend.get_application(name)
    if new and new != name:
        check_name("application", new)
        if new in backend.applications:
            raise CodeDeployException(
                "ApplicationAlreadyExistsException",
                f"The application {new} already exists with the user or AWS account.",
            )
        backend.applications[new] = backend.applications.pop(name)
        backend.deployment_groups[new] = backend.deployment_groups.pop(name, {})
        application.application_name = new
        tagging.application_renamed(backend, name, new)
        for deployment in backend.deployments.values():
            if deployment.application is application:
                deployment.application_name = new
    return EmptyResult()


@patches.method(CodeDeployResponse)
def delete_application(call: CodeDeployResponse) -> EmptyResult:
    """DeleteApplication, with its deployment groups; what they deploy is stopped."""
    backend = call.codedeploy_backend
    name = Parameters(call).text("applicationName")
    for group in backend.deployment_groups.get(name, {}).values():
        deployments.stop_active(backend, group)
    backend.applications.pop(name, None)
    backend.deployment_groups.pop(name, None)
    ServiceRecord.of(backend).revisions.pop(name, None)
    return EmptyResult()
