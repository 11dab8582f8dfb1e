"""EC2 launch templates: every change of their data is a new version."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Mapping
from typing import Any

from typing_extensions import override

from region.provider import checks
from region.provider.autoname import Naming
from region.provider.errors import CheckFailure
from region.provider.handler import Handler, given, tag_list, tag_map
from region.provider.operation import Operation
from region.provider.resources.ec2 import launch_settings
from region.provider.resources.ec2.common import retag, tag_specifications
from region.provider.values import Properties

_EBS = frozenset(f"blockDeviceMappings.ebs.{name}" for name in launch_settings.EBS.values())
_INTERFACE = {
    "AssociatePublicIpAddress": "associatePublicIpAddress",
    "DeleteOnTermination": "deleteOnTermination",
    "DeviceIndex": "deviceIndex",
    "Groups": "securityGroups",
    "SubnetId": "subnetId",
}
_INTERFACES = frozenset(f"networkInterfaces.{name}" for name in _INTERFACE.values())
_SIMPLE = {
    "ImageId": "imageId",
    "InstanceType": "instanceType",
    "UserData": "userData",
    "SecurityGroupIds": "vpcSecurityGroupIds",
    "InstanceInitiatedShutdownBehavior": "instanceInitiatedShutdownBehavior",
    "DisableApiTermination": "disableApiTermination",
}
_DATA = frozenset(
    {
        *_SIMPLE.values(),
        "iamInstanceProfile",
        "metadataOptions",
        "blockDeviceMappings",
        "networkInterfaces",
        "tagSpecifications",
        "creditSpecification",
    }
)
"""Inputs that make up a version's data."""
_VERSIONED = _DATA | {"description"}


class LaunchTemplate(Handler):
    """`aws.ec2.LaunchTemplate`."""

    resource_type = "aws:ec2/launchTemplate:LaunchTemplate"
    supported = frozenset(
        {
            "name",
            "namePrefix",
            "description",
            "tags",
            "updateDefaultVersion",
            "defaultVersion",
            *_SIMPLE.values(),
            "iamInstanceProfile.arn",
            "iamInstanceProfile.name",
            "creditSpecification.cpuCredits",
            "blockDeviceMappings.deviceName",
            "tagSpecifications.resourceType",
            "tagSpecifications.tags",
            *launch_settings.METADATA_PATHS,
            *_EBS,
            *_INTERFACES,
        }
    )
    sets = frozenset({"vpcSecurityGroupIds", "networkInterfaces.securityGroups"})
    naming = Naming(limit=128, pattern=r"[\w.()/-]{3,}", rule="letters, digits and ().-_/")
    computed = frozenset({"defaultVersion"})

    @override
    def check(self, op: Operation, inputs: Properties, old: Properties) -> Iterable[CheckFailure]:
        """Check that the type exists, the user data is base64 and groups are given in one place."""
        yield from checks.instance_type(op, "instanceType", inputs.get("instanceType"))
        yield from launch_settings.check_machine(inputs)
        yield from _check_user_data(inputs.get("userData"))
        if inputs.get("vpcSecurityGroupIds") and inputs.get("networkInterfaces"):
            yield CheckFailure(
                "vpcSecurityGroupIds",
                "with 'networkInterfaces' the groups belong there as 'securityGroups'; move them",
            )
        if "updateDefaultVersion" in inputs and "defaultVersion" in inputs:
            reason = "set either 'updateDefaultVersion' or 'defaultVersion', not both"
            yield CheckFailure("defaultVersion", reason)

    @override
    def changes_outputs(self, changed: frozenset[str]) -> frozenset[str]:
        """Return the version numbers, if the data of a version change."""
        if changed & _VERSIONED:
            return frozenset({"latestVersion", "defaultVersion"})
        return frozenset()

    @override
    def create(self, op: Operation, inputs: Properties) -> str:
        """Call CreateLaunchTemplate with version 1."""
        response = op.aws.ec2.create_launch_template(
            LaunchTemplateName=inputs["name"],
            LaunchTemplateData=_data(inputs),
            TagSpecifications=tag_specifications("launch-template", inputs.get("tags")),
            **given({"VersionDescription": "description"}, inputs),
        )
        return response["LaunchTemplate"]["LaunchTemplateId"]

    @override
    def apply(self, op: Operation, identity: str, new: Properties, old: Properties | None) -> None:
        """Call CreateLaunchTemplateVersion for changed data, and set the default version."""
        if old is None:
            return
        default: Any = None
        if new.get("defaultVersion") != old.get("defaultVersion"):
            default = new.get("defaultVersion")
        if any(new.get(name) != old.get(name) for name in _VERSIONED):
            response = op.aws.ec2.create_launch_template_version(
                LaunchTemplateId=identity,
                LaunchTemplateData=_data(new),
                **given({"VersionDescription": "description"}, new),
            )
            latest = response["LaunchTemplateVersion"]["VersionNumber"]
            default = latest if new.get("updateDefaultVersion") else default
        elif new.get("updateDefaultVersion") and not old.get("updateDefaultVersion"):
            default = "$Latest"
        if default is not None:
            op.aws.ec2.modify_launch_template(
                LaunchTemplateId=identity, DefaultVersion=self._number(op, identity, default)
            )
        retag(op, identity, new, old)

    def _number(self, op: Operation, identity: str, version: Any) -> str:
        """Return a version's number: ModifyLaunchTemplate takes no aliases."""
        if version != "$Latest":
            return str(version)
        template = _describe(op, identity) or {}
        return str(template["LatestVersionNumber"])

    @override
    def read(self, op: Operation, identity: str, state: Properties) -> Properties | None:
        """Describe the template and the data of its latest version."""
        template = _describe(op, identity)
        if template is None:
            return None
        response = op.aws.ec2.describe_launch_template_versions(
            LaunchTemplateId=identity, Versions=["$Latest"]
        )
        data = response["LaunchTemplateVersions"][0]["LaunchTemplateData"]
        return {
            "name": template["LaunchTemplateName"],
            "latestVersion": template["LatestVersionNumber"],
            "defaultVersion": template["DefaultVersionNumber"],
            "arn": op.arn("ec2", f"launch-template/{identity}"),
            "tags": _tags(op, identity),
            **_described(data),
        }

    @override
    def delete(self, op: Operation, identity: str, state: Properties) -> None:
        """Call DeleteLaunchTemplate with all versions."""
        op.aws.ec2.delete_launch_template(LaunchTemplateId=identity)


def _describe(op: Operation, identity: str) -> Mapping[str, Any] | None:
    response = op.aws.ec2.describe_launch_templates(LaunchTemplateIds=[identity])
    templates = response["LaunchTemplates"]
    return templates[0] if templates else None


def _tags(op: Operation, identity: str) -> dict[str, str]:
    # Not from the template's description: moto keeps the first tags there forever.
    mine = [{"Name": "resource-id", "Values": [identity]}]
    return tag_map(op.aws.ec2.describe_tags(Filters=mine)["Tags"])


def _check_user_data(value: Any) -> Iterable[CheckFailure]:
    if not isinstance(value, str):
        return
    try:
        yield from launch_settings.check_user_data(
            "userData", len(base64.b64decode(value, validate=True))
        )
    except binascii.Error:
        yield CheckFailure(
            "userData", "a launch template's 'userData' must be base64; encode it with b64encode"
        )


def _data(inputs: Properties) -> dict[str, Any]:
    """Return the `LaunchTemplateData` parameter."""
    profile = given({"Arn": "arn", "Name": "name"}, inputs.get("iamInstanceProfile") or {})
    devices = [
        {"DeviceName": device.get("deviceName"), "Ebs": _typed(device.get("ebs") or {})}
        for device in inputs.get("blockDeviceMappings") or ()
    ]
    interfaces = [
        {"DeviceIndex": index, **_switches(given(_INTERFACE, interface))}
        for index, interface in enumerate(inputs.get("networkInterfaces") or ())
    ]
    tags = [
        {"ResourceType": item["resourceType"], "Tags": tag_list(item.get("tags"))}
        for item in inputs.get("tagSpecifications") or ()
    ]
    parts = {
        "IamInstanceProfile": profile,
        "BlockDeviceMappings": devices,
        "NetworkInterfaces": interfaces,
        "TagSpecifications": tags,
    }
    return {
        **given(_SIMPLE, inputs),
        **{name: part for name, part in parts.items() if part},
        **launch_settings.metadata_options(inputs),
        **launch_settings.credit_specification(inputs),
    }


def _typed(ebs: Properties) -> dict[str, Any]:
    return _switches(given(launch_settings.EBS, ebs))


def _switches(parameters: dict[str, Any]) -> dict[str, Any]:
    """Convert switches, which the package declares as text because unset differs from false."""
    switches = {"true": True, "false": False}
    return {
        name: switches.get(value, value) if isinstance(value, str) else value
        for name, value in parameters.items()
    }


def _described(data: Mapping[str, Any]) -> Properties:
    """Return the inputs in a version's data that a refresh can compare."""
    values = {name: data.get(parameter) for parameter, name in _SIMPLE.items()}
    profile = data.get("IamInstanceProfile") or {}
    values["iamInstanceProfile"] = {
        name: profile[parameter]
        for parameter, name in (("Arn", "arn"), ("Name", "name"))
        if profile.get(parameter)
    }
    return {
        **{name: value for name, value in values.items() if value},
        **launch_settings.described_metadata(data),
    }
