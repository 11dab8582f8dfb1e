"""What a group asks EC2 for: one instance, from its template and its choice of types.

Callers hold the control plane's lock.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from moto.autoscaling.models import ASG_NAME_TAG, FakeAutoScalingGroup
from moto.ec2.exceptions import EC2ClientError, InvalidLaunchTemplateVersionNotFound
from moto.ec2.models import EC2Backend
from moto.ec2.models.instances import Instance
from moto.ec2.models.launch_templates import LaunchTemplate, LaunchTemplateVersion

from region.services.autoscaling import launch_settings
from region.services.autoscaling.termination_policies import Placement
from region.services.ec2 import capacity


class NoCapacityError(Exception):
    """EC2 has no capacity for an instance in a zone; the message is EC2's."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A type that a group may launch, and the template for it."""

    instance_type: str
    template: LaunchTemplate
    version: LaunchTemplateVersion

    @property
    def described(self) -> dict[str, str]:
        """The template and its version, as `DescribeAutoScalingGroups` names those of an instance."""
        return {
            "LaunchTemplateId": self.template.id,
            "LaunchTemplateName": self.template.name,
            "Version": str(self.version.number),
        }


def run(
    backend: EC2Backend, group: FakeAutoScalingGroup, placement: Placement
) -> tuple[Instance, Choice]:
    """Launch one instance: the first of the group's types that the zone offers and has.

    Raises:
        NoCapacityError: If EC2 has none of them there.
        LookupError: If the template is gone or the zone offers none of the types.
    """
    refused: Exception | None = None
    for choice in _offered(backend, group, placement.zone):
        if capacity.is_short(backend, choice.instance_type, placement.zone, group.name):
            text = capacity.message(backend, choice.instance_type, placement.zone)
            refused = refused or NoCapacityError(text)
            continue
        try:
            return _run(backend, group, placement, choice), choice
        except EC2ClientError as error:
            if error.code != capacity.CODE:
                raise
            refused = refused or NoCapacityError(error.message)
    raise refused or LookupError(f"{placement.zone} offers none of the group's types.")


def _offered(backend: EC2Backend, group: FakeAutoScalingGroup, zone: str) -> Iterator[Choice]:
    """Yield the types in the order of their priority, without those that the zone does not offer."""
    wanted = launch_settings.of(group)
    template, version = _template_version(backend, wanted.template, wanted.version)
    if not wanted.types:
        yield Choice(str(version.instance_type), template, version)
        return
    offers = backend.describe_instance_type_offerings("availability-zone", {"location": [zone]})
    offered = {offer["InstanceType"] for offer in offers}
    if not offered.intersection(wanted.types):
        raise LookupError(f"{zone} offers none of the types {', '.join(wanted.types)}.")
    for name in wanted.types:
        own = wanted.templates.get(name)
        if name in offered and own:
            number = str(own.get("Version") or "$Default")
            found = _template_version(backend, launch_settings.find(backend, own), number)
            yield Choice(name, *found)
        elif name in offered:
            yield Choice(name, template, version)


def _template_version(
    backend: EC2Backend, template: LaunchTemplate | None, number: str
) -> tuple[LaunchTemplate, LaunchTemplateVersion]:
    if template is None or template.id not in backend.launch_templates:
        name = f"{template.id} ({template.name})" if template else "of the group"
        raise LookupError(f"Launch template {name} no longer exists.")
    try:
        return template, template.get_version(number)
    except InvalidLaunchTemplateVersionNotFound as error:
        message = f"Version {number} of launch template {template.id} no longer exists."
        raise LookupError(message) from error


def _run(
    backend: EC2Backend, group: FakeAutoScalingGroup, placement: Placement, choice: Choice
) -> Instance:
    version = choice.version
    reservation = backend.run_instances(
        version.image_id,
        1,
        version.user_data,
        [],
        region_name=backend.region_name,
        instance_type=choice.instance_type,
        is_instance_type_default=False,
        subnet_id=placement.subnet_id,
        associate_public_ip=None,
        launch_template={"LaunchTemplateId": choice.template.id, "Version": str(version.number)},
        tags={
            "instance": {
                **version.instance_tags,
                **group.get_propagated_tags(),
                ASG_NAME_TAG: group.name,
            }
        },
    )
    return reservation.instances[0]
