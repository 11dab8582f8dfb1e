"""What breaks the rules about the launch template's version."""

from __future__ import annotations

from tests.policies.draft import Ref
from tests.policies.mutations.registry import ADVISORY, KEEPS, breaks, decides

_SPECIFICATION = "mixedInstancesPolicy.launchTemplate.launchTemplateSpecification"
_VERSION = f"{_SPECIFICATION}.version"

decides("asg-launches-current-template", "group", _VERSION, absent=KEEPS, unknown=KEEPS)
decides("asg-refresh-can-roll-back", "group", "instanceRefresh", absent=KEEPS, unknown=KEEPS)
decides("asg-refresh-starts", "group", "instanceRefresh", absent=KEEPS, unknown=KEEPS)


@breaks("asg-launches-current-template")
def the_default_version_stays_behind(stack):
    stack.set("group", _VERSION, "$Default")
    stack.set("template", "updateDefaultVersion", ...)


@breaks("asg-launches-current-template")
def no_version_and_the_default_stays_behind(stack):
    stack.set("group", _SPECIFICATION, {"launchTemplateId": Ref("template")})
    stack.set("template", "updateDefaultVersion", False)


def _refresh(stack, **preferences):
    stack.set("group", "instanceRefresh", {"strategy": "Rolling", "preferences": preferences})


@breaks("asg-refresh-can-roll-back")
def rollback_to_the_latest_version(stack):
    stack.set("group", _VERSION, "$Latest")
    _refresh(stack, autoRollback=True, minHealthyPercentage=90)


@breaks("asg-refresh-can-roll-back")
def rollback_of_an_image_by_parameter(stack):
    parameter = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-arm64"
    stack.set("template", "imageId", f"resolve:ssm:{parameter}")
    _refresh(stack, autoRollback=True)


@breaks("asg-refresh-starts", ADVISORY)
def refresh_of_the_latest_version(stack):
    stack.set("group", _VERSION, "$Latest")
    _refresh(stack, minHealthyPercentage=90, skipMatching=True)


@breaks("asg-launches-current-template")
def version_of_the_template_ignored(stack):
    stack.option("group", ignored=["desiredCapacity", _VERSION])
