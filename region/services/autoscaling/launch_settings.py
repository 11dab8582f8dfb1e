"""What a group launches: its own launch template, or that of an instance refresh under way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from moto.autoscaling.models import FakeAutoScalingGroup
from moto.ec2.models import EC2Backend
from moto.ec2.models.launch_templates import LaunchTemplate

from region.services.autoscaling.records import GroupRecord, MemberRecord
from region.services.autoscaling.refresh.records import BAKING, IN_PROGRESS, PENDING, Refresh


@dataclass(frozen=True, slots=True)
class LaunchSettings:
    """A launch template in one version, and the instance types to choose from.

    Attributes:
        template: None if it was deleted.
        version: As given: a number, `$Latest` or `$Default`.
        types: In order of preference; empty if the template decides.
        templates: The specification of another template, for those types that have their own.
    """

    template: LaunchTemplate | None
    version: str
    types: tuple[str, ...]
    templates: Mapping[str, Mapping[str, Any]] = field(default_factory=dict[str, Mapping[str, Any]])


def of(group: FakeAutoScalingGroup) -> LaunchSettings:
    """Return what the group launches next."""
    refresh = current_refresh(group)
    if refresh is not None and refresh.desired and refresh.status in {PENDING, IN_PROGRESS, BAKING}:
        return desired(group.ec2_backend, refresh.desired)
    return own(group)


def own(group: FakeAutoScalingGroup) -> LaunchSettings:
    """Return what the group itself says."""
    return LaunchSettings(
        group.ec2_launch_template,
        str(group.launch_template_version),
        _types(group.mixed_instances_policy or {}),
        _templates(group.mixed_instances_policy or {}),
    )


def desired(backend: EC2Backend, configuration: Mapping[str, Any]) -> LaunchSettings:
    """Return what a desired configuration of an instance refresh says."""
    mixed: Mapping[str, Any] = configuration.get("MixedInstancesPolicy") or {}
    given: Mapping[str, Any] = configuration.get("LaunchTemplate") or (
        mixed.get("LaunchTemplate") or {}
    ).get("LaunchTemplateSpecification", {})
    version = str(given.get("Version") or "$Default")
    return LaunchSettings(find(backend, given), version, _types(mixed), _templates(mixed))


def find(backend: EC2Backend, specification: Mapping[str, Any]) -> LaunchTemplate | None:
    """Return the launch template that a specification names by id or name."""
    name = specification.get("LaunchTemplateName")
    identity = specification.get("LaunchTemplateId")
    return next(
        (
            one
            for one in backend.launch_templates.values()
            if one.id == identity or one.name == name
        ),
        None,
    )


def rank(group: FakeAutoScalingGroup, instance_type: str) -> int:
    """Return the place of a type in the group's list of types, 0 without such a list."""
    types = _types(group.mixed_instances_policy or {})
    return types.index(instance_type) if instance_type in types else len(types)


def adopt(group: FakeAutoScalingGroup, configuration: Mapping[str, Any]) -> None:
    """Make a desired configuration the group's own."""
    mixed = configuration.get("MixedInstancesPolicy")
    template = configuration.get("LaunchTemplate") or {}
    group.mixed_instances_policy = dict(mixed) if mixed else None
    group.provided_launch_template_version = template.get("Version")
    group._set_launch_configuration("", dict(template), group.mixed_instances_policy)  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]


def current_refresh(group: FakeAutoScalingGroup) -> Refresh | None:
    """Return the group's instance refresh that has not ended."""
    refreshes = GroupRecord.of(group).refreshes
    return refreshes[-1] if refreshes and refreshes[-1].active else None


def matches(settings: LaunchSettings, record: MemberRecord, instance_type: str) -> bool:
    """Return whether an instance was launched with these settings."""
    launched = record.launched_template or {}
    template = settings.template
    if template is None or launched.get("LaunchTemplateId") != template.id:
        return False
    if launched.get("Version") != _number(template, settings.version):
        return False
    return not settings.types or instance_type in settings.types


def _number(template: LaunchTemplate, version: str) -> str:
    """Return the number of a version, which may have been deleted since."""
    latest, default = template.latest_version().number, template.default_version_number
    return {"$Latest": str(latest), "$Default": str(default)}.get(version, version)


def _types(mixed: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(str(one["InstanceType"]) for one in _overrides(mixed) if one.get("InstanceType"))


def _templates(mixed: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    return {
        str(one["InstanceType"]): one["LaunchTemplateSpecification"]
        for one in _overrides(mixed)
        if one.get("LaunchTemplateSpecification")
    }


def _overrides(mixed: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return (mixed.get("LaunchTemplate") or {}).get("Overrides") or []
