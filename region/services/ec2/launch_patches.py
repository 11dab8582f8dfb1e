"""Launches: launch template fields that moto ignores take effect."""

from __future__ import annotations

import base64
import copy
from typing import Any, cast

from moto.core.responses import ActionResult
from moto.core.types import Base64EncodedString
from moto.ec2.exceptions import EC2ClientError, InvalidLaunchTemplateIdNotFound
from moto.ec2.models import EC2Backend
from moto.ec2.models.instances import Instance, InstanceBackend, Reservation
from moto.ec2.models.launch_templates import (
    LaunchTemplate,
    LaunchTemplateBackend,
    LaunchTemplateVersion,
)
from moto.ec2.responses import instances as instance_responses
from moto.ec2.responses.instances import InstanceResponse
from moto.ec2.responses.launch_templates import LaunchTemplates
from moto.ec2.utils import parse_user_data
from moto.iam.exceptions import IAMException

from region.api.parameters import Parameters
from region.api.patching import Original, Patches
from region.api.records import REQUEST
from region.machines.instance_types import INSTANCE_TYPES
from region.quotas import USER_DATA_BYTES
from region.services.ec2 import (
    capacity,
    default_subnets,
    image_parameters,
    launch_checks,
    root_volumes,
    template_versions,
)
from region.services.ec2.records import InstanceRecord

# Parameters of moto's run_instances and the template fields that they come from.
FROM_TEMPLATE = {
    "metadata_options": "MetadataOptions",
    "ebs_optimized": "EbsOptimized",
    "disable_api_stop": "DisableApiStop",
    "disable_api_termination": "DisableApiTermination",
    "instance_initiated_shutdown_behavior": "InstanceInitiatedShutdownBehavior",
}

_TAGGED_BY_TEMPLATE = ("volume", "network-interface")

patches = Patches()


@patches.around(InstanceBackend, "run_instances")
def _run_instances(moto: Original, self: EC2Backend, *args: object, **kwargs: Any) -> Reservation:
    template = _template_data(self, kwargs)
    _apply_template(template, kwargs)
    launch_checks.check_metadata_options(kwargs.get("metadata_options"))
    launch_checks.check_group_names(args, kwargs)
    wanted_zone = kwargs.get("placement") if kwargs.get("subnet_id") else None
    zone = _place(self, kwargs)
    launch_checks.check_placement(zone, wanted_zone)
    launch_checks.check_key(self, kwargs.get("key_name") or template.get("KeyName"))
    image_id = _image_of(self, args[0] if args else kwargs.pop("image_id", None), template)
    kwargs["metadata_options"] = {
        **launch_checks.metadata_defaults(self, image_id),
        **(kwargs.get("metadata_options") or {}),
    }
    launch_checks.check_type(self, _type_of(template, kwargs), image_id, zone)
    devices = _block_devices(template, kwargs)
    root_volumes.check(self, devices, image_id)
    capacity.check(self, _type_of(template, kwargs), zone)
    tags = _tags(template, kwargs)
    with root_volumes.described(devices):
        reservation: Reservation = moto(self, image_id, *args[1:], **kwargs | {"tags": tags})
    for instance in reservation.instances:
        _finish_launch(self, instance, template, kwargs)
        for interface in instance.nics.values():
            interface.add_tags(tags.get("network-interface", {}))
    return reservation


@patches.around(InstanceResponse, "run_instances")
def _run_instances_call(moto: Original, self: InstanceResponse) -> ActionResult:
    given = Parameters(self)
    request = given.as_text()
    launched = _launched_with(self.ec2_backend, given.text("ClientToken"))
    if launched is not None:
        _check_same(launched, request)
        return ActionResult(launched)
    option = given.text("CreditSpecification.CpuCredits")
    specifications = given.structures("TagSpecifications")
    launch_checks.check_call(option, (one.get("Tags") or () for one in specifications))
    _launch_the_most(self, given)
    _size_the_root_volume(self)
    answer = _launch(moto, self)
    protect = given.flag("DisableApiTermination")
    reservation = cast("Reservation", answer.result)
    vars(reservation)[REQUEST] = request
    profile = {
        name: value
        for name in ("Name", "Arn")
        if (value := given.text(f"IamInstanceProfile.{name}"))
    }
    for instance in reservation.instances[1:]:
        # moto gives the profile to the first instance only.
        _associate_profile(self.ec2_backend, instance, profile)
    for instance in reservation.instances:
        record = InstanceRecord.of(instance)
        record.cpu_credits = option or record.cpu_credits
        instance.disable_api_termination = protect or instance.disable_api_termination
    return answer


def _launch(moto: Original, call: InstanceResponse) -> ActionResult:
    try:
        return moto(call)
    except IAMException as error:  # IAM's error for the instance profile
        name = "IamInstanceProfile"
        given = Parameters(call).text(f"{name}.Name") or Parameters(call).text(f"{name}.Arn")
        raise EC2ClientError(
            "InvalidParameterValue",
            f"Value ({given}) for parameter iamInstanceProfile.name is invalid. Invalid IAM Instance "
            "Profile name",
        ) from error


def _check_same(launched: Reservation, request: str) -> None:
    """Refuse a token of a call that was another one."""
    if vars(launched).get(REQUEST, request) != request:
        raise EC2ClientError(
            "IdempotentParameterMismatch",
            "The client token you have provided is associated with a resource that has already been "
            "created with different parameters.",
        )


def _launch_the_most(call: InstanceResponse, given: Parameters) -> None:
    """Have moto, which launches `MinCount` instances, launch `MaxCount`: there is room for them."""
    least, most = given.integer("MinCount"), given.integer("MaxCount")
    if least is None or most is None:
        return
    if not 1 <= least <= most:
        raise EC2ClientError(
            "InvalidParameterValue",
            f"MinCount {least} and MaxCount {most} are not valid: use 1 <= MinCount <= MaxCount.",
        )
    call.params["MinCount"] = most


def _size_the_root_volume(call: InstanceResponse) -> None:
    """Have moto, which takes no device without a size, take the root device with its AMI's."""
    backend: EC2Backend = call.ec2_backend
    template = _template_data(backend, {"launch_template": call.params.get("LaunchTemplate")})
    named = str(call.params.get("ImageId") or template.get("ImageId"))
    image = backend.amis.get(image_parameters.resolve(backend, named))
    for mapping in call.params.get("BlockDeviceMappings") or []:
        if image is not None and mapping.get("DeviceName") == image.root_device_name:
            mapping.get("Ebs", {}).setdefault("VolumeSize", root_volumes.AMI_GIB)


@patches.around(InstanceResponse, "_parse_block_device_mapping")
def _parse_block_devices(moto: Original, self: InstanceResponse) -> list[dict[str, Any]]:
    """Read what volumes shall do in a second, too: moto drops their throughput."""
    found: list[dict[str, Any]] = moto(self)
    given = Parameters(self).structures("BlockDeviceMappings")
    for device, wanted in zip(found, given, strict=True):
        device["Ebs"]["Throughput"] = (wanted.get("Ebs") or {}).get("Throughput")
    return found


def _launched_with(backend: EC2Backend, token: str) -> Reservation | None:
    """Return what an earlier call with this token launched."""
    for reservation in backend.reservations.values() if token else ():
        if any(instance.client_token == token for instance in reservation.instances):
            return reservation
    return None


@patches.around(LaunchTemplate, "create_version")
def _create_version(
    moto: Original, self: LaunchTemplate, data: dict[str, Any], description: str
) -> LaunchTemplateVersion:
    """Parse the user data of every version: moto does so for a template's first one only."""
    raw = data.get("UserData")
    parsed = {"UserData": parse_user_data(raw)} if isinstance(raw, str | bytes) else {}
    _check_size({**data, **parsed}.get("UserData"))
    image_parameters.resolve(self.ec2_backend, str(data.get("ImageId") or ""))
    number = template_versions.next_number(self)
    made: LaunchTemplateVersion = moto(self, {**data, **parsed}, description)
    made.number = number
    return made


@patches.around(instance_responses, "parse_user_data")
def _parse_user_data(moto: Original, value: str | bytes | None) -> Base64EncodedString | None:
    """Encode what ModifyInstanceAttribute passes as decoded bytes: moto would decode it again."""
    parsed: Base64EncodedString | None = moto(
        base64.b64encode(value).decode() if isinstance(value, bytes) else value
    )
    _check_size(parsed)
    return parsed


@patches.around(LaunchTemplates, "create_launch_template_version")
def _create_version_call(moto: Original, self: LaunchTemplates) -> ActionResult:
    """Begin a version with what its source version has, which moto leaves out."""
    given = Parameters(self)
    backend: EC2Backend = self.ec2_backend
    if not given.text("LaunchTemplateId") and not given.text("LaunchTemplateName"):
        message = "You must specify either the launch template ID or launch template name"
        raise EC2ClientError("MissingParameter", message)
    source, inherited = given.text("SourceVersion"), dict[str, Any]()
    if source and given.text("LaunchTemplateId"):
        template = backend.get_launch_template(given.text("LaunchTemplateId"))
        inherited = template.get_version(source).data
    elif source:
        template = backend.get_launch_template_by_name(given.text("LaunchTemplateName"))
        inherited = template.get_version(source).data
    answer: ActionResult = moto(self)
    made = cast("dict[str, dict[str, Any]]", answer.result)["LaunchTemplateVersion"]
    data: dict[str, Any] = made["LaunchTemplateData"]
    for name, value in inherited.items():
        data.setdefault(name, copy.deepcopy(value))
    if given.flag("ResolveAlias"):
        made["LaunchTemplateData"] = image_parameters.described(backend, data)
    return answer


def _check_size(user_data: Base64EncodedString | None) -> None:
    size = len(base64.b64decode(user_data.as_bytes())) if user_data is not None else 0
    if size > USER_DATA_BYTES:
        raise EC2ClientError(
            "InvalidUserData.Malformed",
            f"User data is limited to {USER_DATA_BYTES} bytes before base64; it has {size}.",
        )


@patches.around(LaunchTemplateBackend, "describe_launch_templates")
def _describe_launch_templates(
    moto: Original,
    self: EC2Backend,
    template_names: list[str] | None = None,
    template_ids: list[str] | None = None,
    filters: dict[str, Any] | None = None,
) -> list[LaunchTemplate]:
    for template_id in template_ids or []:
        if template_id not in self.launch_templates:
            raise InvalidLaunchTemplateIdNotFound(template_id)
    return moto(self, template_names, template_ids, filters)


def _template_data(backend: EC2Backend, kwargs: dict[str, Any]) -> dict[str, Any]:
    template = kwargs.get("launch_template")
    if not template:
        return {}
    version = backend._get_template_from_args(template)  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
    return version.data


def _apply_template(template: dict[str, Any], kwargs: dict[str, Any]) -> None:
    """Add to a launch those fields of its template that moto does not read."""
    for parameter, field in FROM_TEMPLATE.items():
        if not kwargs.get(parameter) and template.get(field) is not None:
            kwargs[parameter] = template[field]
    if template.get("Monitoring", {}).get("Enabled"):
        kwargs["monitoring_state"] = "enabled"
    if not kwargs.get("nics") and template.get("NetworkInterfaces"):
        kwargs["nics"] = _interfaces(template["NetworkInterfaces"], kwargs)


def _interfaces(interfaces: list[dict[str, Any]], kwargs: dict[str, Any]) -> list[dict[str, Any]]:
    result: list[dict[str, Any]] = [
        {"DeviceIndex": 0, **copy.deepcopy(interface)} for interface in interfaces
    ]
    primary = result[0]
    if kwargs.get("subnet_id"):
        primary["SubnetId"] = kwargs["subnet_id"]
    # moto reads an instance's security groups from the request only, not from its interface.
    groups: list[str] = primary.get("Groups") or []
    if groups and not kwargs.get("security_group_ids"):
        kwargs["security_group_ids"] = list(groups)
        primary["Groups"] = []
    return result


def _tags(template: dict[str, Any], kwargs: dict[str, Any]) -> dict[str, dict[str, str]]:
    """Return the tags of a launch by what they are for; the call's win over those of its template.

    moto takes those of a template for the instance only.
    """
    found: dict[str, dict[str, str]] = {
        str(kind): dict(tags) for kind, tags in (kwargs.get("tags") or {}).items()
    }
    for one in template.get("TagSpecifications") or []:
        kind = str(one.get("ResourceType"))
        if kind in _TAGGED_BY_TEMPLATE:
            given = {
                tag["Key"]: tag.get("Value", "") for tag in one.get("Tags") or one.get("Tag") or []
            }
            found[kind] = given | found.get(kind, {})
    return found


def _image_of(backend: EC2Backend, given: object, template: dict[str, Any]) -> str:
    """Return the id of the image to launch: that of the call, or of its template.

    Raises:
        EC2ClientError: Neither names one.
    """
    named = cast("str | None", given or template.get("ImageId"))
    return image_parameters.resolve(backend, launch_checks.require_image(named))


def _type_of(template: dict[str, Any], kwargs: dict[str, Any]) -> str:
    by_default = kwargs.get("is_instance_type_default")
    given = None if by_default else kwargs.get("instance_type")
    return str(given or template.get("InstanceType") or kwargs.get("instance_type"))


def _block_devices(template: dict[str, Any], kwargs: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the block devices of a launch, which replace those of its template, as moto has it."""
    return kwargs.get("block_device_mappings") or template.get("BlockDeviceMappings") or []


def _place(backend: EC2Backend, kwargs: dict[str, Any]) -> str:
    """Return the zone of the subnet to launch in: a default one if the call names none.

    Raises:
        EC2ClientError: there is no such subnet.
    """
    interfaces: list[dict[str, Any]] = kwargs.get("nics") or []
    named = [nic for nic in interfaces if nic.get("SubnetId") or nic.get("NetworkInterfaceId")]
    subnet_id = kwargs.get("subnet_id") or next((nic.get("SubnetId") for nic in named), None)
    if subnet_id:
        return str(backend.get_subnet(subnet_id).availability_zone)
    if named:
        interface = backend.get_network_interface(named[0]["NetworkInterfaceId"])
        return str(interface.subnet.availability_zone)
    subnet = default_subnets.choose(backend, str(kwargs.get("placement") or ""))
    kwargs["subnet_id"] = subnet.id
    if interfaces:
        interfaces[0]["SubnetId"] = subnet.id
    return str(subnet.availability_zone)


def _finish_launch(
    backend: EC2Backend, instance: Instance, template: dict[str, Any], kwargs: dict[str, Any]
) -> None:
    record = InstanceRecord.of(instance)
    if instance.image_id not in backend.amis:
        # moto takes an image that it does not know for one of x86.
        instance.architecture = INSTANCE_TYPES[str(instance.instance_type)].architecture
    record.cpu_credits = (
        template.get("CreditSpecification", {}).get("CpuCredits") or record.cpu_credits
    )
    named = kwargs.get("iam_instance_profile_name") or kwargs.get("iam_instance_profile_arn")
    profile = template.get("IamInstanceProfile", {})
    if not named:
        _associate_profile(backend, instance, profile)


def _associate_profile(backend: EC2Backend, instance: Instance, profile: dict[str, Any]) -> None:
    if profile:
        backend.associate_iam_instance_profile(
            instance_id=instance.id,
            iam_instance_profile_name=profile.get("Name"),
            iam_instance_profile_arn=profile.get("Arn"),
        )
