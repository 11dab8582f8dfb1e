"""Versions of launch templates: found by their numbers, which stay, and deleted.

moto finds a version by its place in a list, from which nothing is ever removed.
https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DeleteLaunchTemplateVersions.html
"""

from __future__ import annotations

from typing import Any, Final, cast

from moto.core.responses import ActionResult
from moto.ec2.exceptions import (
    EC2ClientError,
    InvalidLaunchTemplateVersionNotFound,
    MissingParameterError,
)
from moto.ec2.models import EC2Backend
from moto.ec2.models.launch_templates import (
    LaunchTemplate,
    LaunchTemplateBackend,
    LaunchTemplateVersion,
)
from moto.ec2.responses.launch_templates import LaunchTemplates

from region.api.parameters import Parameters
from region.api.patching import Original, Patches
from region.services.ec2 import image_parameters

patches = Patches()

MOST_AT_ONCE: Final = 200
"""Versions that a call deletes."""
_HIGHEST: Final = "_highest_number"
"""Where a template keeps the highest number that a deleted version of it had."""


@patches.method(LaunchTemplate)
def get_version(self: LaunchTemplate, num: Any) -> LaunchTemplateVersion:
    """Return a version by its number, or by `$Latest` or `$Default`.

    Raises:
        InvalidLaunchTemplateVersionNotFound: There is none.
    """
    wanted = str(num).lower()
    if wanted == "$latest":
        return self.versions[-1]
    if wanted == "$default":
        wanted = str(self.default_version_number)
    for version in self.versions:
        if str(version.number) == wanted:
            return version
    raise InvalidLaunchTemplateVersionNotFound(template_id=self.id, version=num)


@patches.method(LaunchTemplate)
def default_version(self: LaunchTemplate) -> LaunchTemplateVersion:
    """Return the default version, which cannot be deleted."""
    return self.get_version("$Default")


def next_number(template: LaunchTemplate) -> int:
    """Return the number of the template's next version: no number is used twice."""
    highest = int(getattr(template, _HIGHEST, 0))
    return max(highest, *(version.number for version in template.versions), 0) + 1


@patches.around(LaunchTemplateBackend, "describe_launch_template_versions")
def _describe(
    moto: Original, self: EC2Backend, **given: Any
) -> list[tuple[LaunchTemplate, LaunchTemplateVersion]]:
    """Select a range of versions by their numbers; moto does by their places, and only without a list."""
    least, most = given.pop("min_version", None), given.pop("max_version", None)
    if given.get("versions") and (least or most):
        raise EC2ClientError(
            "InvalidParameterCombination",
            "MinVersion and MaxVersion cannot be used together with Versions.",
        )
    found = moto(self, **given, min_version=None, max_version=None)
    return [
        (template, version)
        for template, version in found
        if version.number >= (least or 1) and (not most or version.number <= most)
    ]


@patches.around(LaunchTemplates, "describe_launch_template_versions")
def _describe_versions(moto: Original, self: LaunchTemplates) -> ActionResult:
    """Read bounds that are numbers, whose type is that of a text; name images by their ids if asked to."""
    given = Parameters(self)
    for name in ("MinVersion", "MaxVersion"):
        value = given.get(name)
        if value is not None and not str(value).isdecimal():
            message = f"Value ({value}) for parameter {name} is invalid. It must be a number."
            raise EC2ClientError("InvalidParameterValue", message)
    answer: ActionResult = moto(self)
    if given.flag("ResolveAlias"):
        for version in cast("dict[str, list[dict[str, Any]]]", answer.result)[
            "LaunchTemplateVersions"
        ]:
            data = image_parameters.described(self.ec2_backend, version["LaunchTemplateData"])
            version["LaunchTemplateData"] = data
    return answer


@patches.method(LaunchTemplates)
def delete_launch_template_versions(self: LaunchTemplates) -> ActionResult:
    """DeleteLaunchTemplateVersions: each version succeeds or fails by itself."""
    given = Parameters(self)
    template = _template(self.ec2_backend, given)
    numbers = given.texts("Versions")
    if not numbers:
        raise MissingParameterError("Versions")
    if len(numbers) > MOST_AT_ONCE:
        raise EC2ClientError(
            "InvalidParameterValue",
            f"You can delete {MOST_AT_ONCE} launch template versions at a time, not {len(numbers)}.",
        )
    if wrong := [number for number in numbers if not number.isdigit()]:
        raise EC2ClientError(
            "InvalidParameterValue",
            f"The launch template version number '{wrong[0]}' is not valid: use numbers such as 2.",
        )
    deleted: list[dict[str, object]] = []
    failed: list[dict[str, object]] = []
    for number in dict.fromkeys(int(text) for text in numbers):
        about: dict[str, object] = {
            "LaunchTemplateId": template.id,
            "LaunchTemplateName": template.name,
            "VersionNumber": number,
        }
        if error := _delete(template, number):
            failed.append({**about, "ResponseError": error})
        else:
            deleted.append(about)
    return ActionResult(
        {
            "SuccessfullyDeletedLaunchTemplateVersions": deleted,
            "UnsuccessfullyDeletedLaunchTemplateVersions": failed,
        }
    )


def _delete(template: LaunchTemplate, number: int) -> dict[str, str]:
    """Delete a version; return why it cannot be deleted, nothing if it was."""
    version = next((one for one in template.versions if one.number == number), None)
    if version is None:
        return {
            "Code": "launchTemplateVersionDoesNotExist",
            "Message": f"Could not find the specified version {number} for the launch template with "
            f"ID {template.id}.",
        }
    if template.is_default(version):
        return {
            "Code": "unexpectedError",
            "Message": f"The version {number} is the default version of the launch template "
            f"{template.id} and cannot be deleted: make another version the default first.",
        }
    setattr(template, _HIGHEST, next_number(template) - 1)
    template.versions.remove(version)
    return {}


def _template(backend: EC2Backend, given: Parameters) -> LaunchTemplate:
    name, template_id = given.text("LaunchTemplateName"), given.text("LaunchTemplateId")
    if name and template_id:
        raise EC2ClientError(
            "InvalidParameterCombination",
            "Either provide launch template ID or launch template name, not both.",
        )
    if template_id:
        return backend.get_launch_template(template_id)
    if name:
        return backend.get_launch_template_by_name(name)
    raise MissingParameterError("launch template ID or launch template name")
