"""EC2 instances."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from typing_extensions import override

from region.provider import checks
from region.provider.errors import CheckFailure, ProviderError
from region.provider.handler import MINUTE, Handler, given, tag_map
from region.provider.operation import Operation
from region.provider.resources.ec2 import launch_settings
from region.provider.resources.ec2.common import retag, tag_specifications
from region.provider.resources.ec2.instance_volumes import update_volumes
from region.provider.values import Properties

USER_DATA = frozenset({"userData", "userDataBase64"})
STOPPING = USER_DATA | {"instanceType"}
"""Inputs that EC2 changes only while the instance is stopped."""

_GRAVITON = re.compile(r"(a1|[a-z]+\d+g[a-z]*)\.")
"""EC2 user guide, "Instance type naming conventions": a `g` after the generation (a1 came before)."""

GONE = ("terminated", "shutting-down")
_ROOT = frozenset(f"rootBlockDevice.{name}" for name in (*launch_settings.EBS.values(), "tags"))


class Instance(Handler):
    """`aws.ec2.Instance`."""

    resource_type = "aws:ec2/instance:Instance"
    supported = frozenset(
        {
            "ami",
            "instanceType",
            "subnetId",
            "availabilityZone",
            "vpcSecurityGroupIds",
            "associatePublicIpAddress",
            "privateIp",
            "iamInstanceProfile",
            "userData",
            "userDataBase64",
            "userDataReplaceOnChange",
            "creditSpecification.cpuCredits",
            "disableApiTermination",
            "instanceInitiatedShutdownBehavior",
            "sourceDestCheck",
            "tags",
            "volumeTags",
            *launch_settings.METADATA_PATHS,
            *_ROOT,
        }
    )
    defaults: ClassVar = {"sourceDestCheck": True, "userDataReplaceOnChange": False}
    sets = frozenset({"vpcSecurityGroupIds"})
    computed = frozenset(
        {
            "associatePublicIpAddress",
            "availabilityZone",
            "privateIp",
            "securityGroups",
            "subnetId",
            "tenancy",
            "vpcSecurityGroupIds",
        }
    )

    @override
    def check(self, op: Operation, inputs: Properties, old: Properties) -> Iterable[CheckFailure]:
        """Check that image and type are given and exist, and that the user data fits."""
        for name in ("ami", "instanceType"):
            if inputs.get(name) is None:
                yield CheckFailure(name, f"an instance needs {name!r}; set it")
        yield from checks.instance_type(op, "instanceType", inputs.get("instanceType"))
        yield from launch_settings.check_machine(inputs)
        if inputs.get("sourceDestCheck") is False:
            reason = "instances of the local region forward no packets; use a NAT gateway"
            yield CheckFailure("sourceDestCheck", reason)
        if inputs.keys() >= USER_DATA:
            yield CheckFailure("userData", "set either 'userData' or 'userDataBase64', not both")
        text = inputs.get("userData")
        if isinstance(text, str):
            yield from launch_settings.check_user_data("userData", len(text.encode()))

    @override
    def replaces(self, old: Properties, new: Properties, changed: frozenset[str]) -> frozenset[str]:
        """Replace for new user data where the program asks for that, and for another architecture."""
        replacing = changed & USER_DATA if new.get("userDataReplaceOnChange") else frozenset()
        before, after = _is_arm(old.get("instanceType")), _is_arm(new.get("instanceType"))
        if None not in {before, after} and before != after:
            replacing |= {"instanceType"}
        return replacing

    @override
    def changes_outputs(self, changed: frozenset[str]) -> frozenset[str]:
        """Return the public address for changes that stop and start the instance."""
        return frozenset({"publicIp", "publicDns"}) if changed & STOPPING else frozenset()

    @override
    def create(self, op: Operation, inputs: Properties) -> str:
        """Call RunInstances."""
        response = op.aws.ec2.run_instances(
            MinCount=1,
            MaxCount=1,
            TagSpecifications=[
                *tag_specifications("instance", inputs.get("tags")),
                *tag_specifications("volume", inputs.get("volumeTags")),
            ],
            **given({"ImageId": "ami", "InstanceType": "instanceType"}, inputs),
            **_network(inputs),
            **_launch_options(op, inputs),
            **launch_settings.metadata_options(inputs),
            **launch_settings.credit_specification(inputs),
        )
        return response["Instances"][0]["InstanceId"]

    @override
    def apply(self, op: Operation, identity: str, new: Properties, old: Properties | None) -> None:
        """Change what differs, with a stop in between if EC2 needs one, and wait for `running`."""
        ec2 = op.aws.ec2
        if old is not None and any(new.get(name) != old.get(name) for name in STOPPING):
            ec2.stop_instances(InstanceIds=[identity])
            self._await(op, identity, "stopped")
            self._modify_stopped(ec2, identity, new, old)
            ec2.start_instances(InstanceIds=[identity])
        self._modify(op, identity, new, old)
        self._await(op, identity, "running")
        retag(op, identity, new, old)
        update_volumes(op, _describe(op, identity) or {}, new, old)

    def _modify_stopped(self, ec2: Any, identity: str, new: Properties, old: Properties) -> None:
        if new["instanceType"] != old["instanceType"]:
            setting = {"Value": new["instanceType"]}
            ec2.modify_instance_attribute(InstanceId=identity, InstanceType=setting)
        if any(new.get(name) != old.get(name) for name in USER_DATA):
            setting = {"Value": _user_data(new) or b""}
            ec2.modify_instance_attribute(InstanceId=identity, UserData=setting)

    def _modify(
        self, op: Operation, identity: str, new: Properties, old: Properties | None
    ) -> None:
        ec2 = op.aws.ec2
        # RunInstances took all but the source/destination check, which starts out true.
        before = {**new, "sourceDestCheck": True} if old is None else old

        def differs(name: str) -> bool:
            return new.get(name) is not None and new.get(name) != before.get(name)

        if differs("vpcSecurityGroupIds"):
            groups = new["vpcSecurityGroupIds"]
            ec2.modify_instance_attribute(InstanceId=identity, Groups=groups)
        for name, parameter in (
            ("sourceDestCheck", "SourceDestCheck"),
            ("disableApiTermination", "DisableApiTermination"),
            ("instanceInitiatedShutdownBehavior", "InstanceInitiatedShutdownBehavior"),
        ):
            if differs(name):
                setting = {parameter: {"Value": new[name]}}
                ec2.modify_instance_attribute(InstanceId=identity, **setting)
        if differs("metadataOptions"):
            options = launch_settings.metadata_options(new)["MetadataOptions"]
            ec2.modify_instance_metadata_options(InstanceId=identity, **options)
        if differs("creditSpecification"):
            mode = new["creditSpecification"]["cpuCredits"]
            ec2.modify_instance_credit_specification(
                InstanceCreditSpecifications=[{"InstanceId": identity, "CpuCredits": mode}]
            )
        if differs("iamInstanceProfile"):
            _exchange_profile(ec2, identity, new["iamInstanceProfile"])

    def _await(self, op: Operation, identity: str, wanted: str) -> None:
        def probe() -> tuple[bool | None, str]:
            found = _describe(op, identity)
            state = found["State"]["Name"] if found else "gone"
            if state == wanted:
                return True, state
            if state in {*GONE, "gone"} or (state == "stopped" and wanted == "running"):
                reason = ((found or {}).get("StateReason") or {}).get(
                    "Message"
                ) or "no reason given"
                raise ProviderError(
                    f"instance {identity} became {state} instead of {wanted} ({reason}); see its "
                    f"console: aws ec2 get-console-output --instance-id {identity}"
                )
            return None, state

        op.wait(f"instance {identity} to be {wanted}", probe, default_timeout=10 * MINUTE)

    @override
    def read(self, op: Operation, identity: str, state: Properties) -> Properties | None:
        """Describe the instance; a terminated one, which EC2 lists for a while, counts as gone."""
        found = _describe(op, identity)
        if found is None or found["State"]["Name"] in GONE:
            return None
        interfaces = found.get("NetworkInterfaces") or [{}]
        listed = found.get("SecurityGroups") or interfaces[0].get("Groups") or ()
        groups = [group["GroupId"] for group in listed]
        profile = (found.get("IamInstanceProfile") or {}).get("Arn", "")
        return {
            "ami": found["ImageId"],
            "instanceType": found["InstanceType"],
            "subnetId": found.get("SubnetId", ""),
            "availabilityZone": found["Placement"]["AvailabilityZone"],
            "tenancy": found["Placement"].get("Tenancy", "default"),
            # Every instance has a group: an empty list means that the region does not report them.
            **({"vpcSecurityGroupIds": groups} if groups else {}),
            "securityGroups": [],
            **({"iamInstanceProfile": profile.rsplit("/", 1)[-1]} if profile else {}),
            **launch_settings.described_metadata(found),
            "sourceDestCheck": found.get("SourceDestCheck", True),
            "associatePublicIpAddress": bool(found.get("PublicIpAddress")),
            "privateIp": found.get("PrivateIpAddress", ""),
            "privateDns": found.get("PrivateDnsName", ""),
            "publicIp": found.get("PublicIpAddress", ""),
            "publicDns": found.get("PublicDnsName", ""),
            "primaryNetworkInterfaceId": interfaces[0].get("NetworkInterfaceId", ""),
            "instanceState": found["State"]["Name"],
            "arn": op.arn("ec2", f"instance/{identity}"),
            "tags": tag_map(found.get("Tags")),
        }

    @override
    def delete(self, op: Operation, identity: str, state: Properties) -> None:
        """Call TerminateInstances, and wait until the instance is terminated."""
        op.aws.ec2.terminate_instances(InstanceIds=[identity])

        def probe() -> tuple[bool | None, str]:
            found = _describe(op, identity)
            current = found["State"]["Name"] if found else "terminated"
            return (True if current == "terminated" else None), current

        op.wait(f"instance {identity} to be terminated", probe, default_timeout=20 * MINUTE)


def _describe(op: Operation, identity: str) -> Mapping[str, Any] | None:
    response = op.aws.ec2.describe_instances(InstanceIds=[identity])
    instances = [item for group in response["Reservations"] for item in group["Instances"]]
    return instances[0] if instances else None


def _is_arm(instance_type: Any) -> bool | None:
    """Return whether a type has a Graviton processor; None while the type is unknown."""
    return bool(_GRAVITON.match(instance_type)) if isinstance(instance_type, str) else None


def _network(inputs: Properties) -> dict[str, Any]:
    """Return subnet and groups, on the interface if the program decides on a public address."""
    if inputs.get("associatePublicIpAddress") is None:
        return given(
            {
                "SubnetId": "subnetId",
                "SecurityGroupIds": "vpcSecurityGroupIds",
                "PrivateIpAddress": "privateIp",
            },
            inputs,
        )
    interface = given(
        {
            "SubnetId": "subnetId",
            "Groups": "vpcSecurityGroupIds",
            "PrivateIpAddress": "privateIp",
            "AssociatePublicIpAddress": "associatePublicIpAddress",
        },
        inputs,
    )
    return {"NetworkInterfaces": [{"DeviceIndex": 0, "DeleteOnTermination": True, **interface}]}


def _launch_options(op: Operation, inputs: Properties) -> dict[str, Any]:
    options = given(
        {
            "DisableApiTermination": "disableApiTermination",
            "InstanceInitiatedShutdownBehavior": "instanceInitiatedShutdownBehavior",
        },
        inputs,
    )
    if inputs.get("availabilityZone"):
        options["Placement"] = {"AvailabilityZone": inputs["availabilityZone"]}
    if inputs.get("iamInstanceProfile"):
        options["IamInstanceProfile"] = {"Name": inputs["iamInstanceProfile"]}
    data = _user_data(inputs)
    if data is not None:
        options["UserData"] = data  # boto3 encodes it
    root = given(launch_settings.EBS, inputs.get("rootBlockDevice") or {})
    if root:
        images = op.aws.ec2.describe_images(ImageIds=[inputs["ami"]])["Images"]
        device = images[0].get("RootDeviceName") if images else None
        options["BlockDeviceMappings"] = [{"DeviceName": device or "/dev/xvda", "Ebs": root}]
    return options


def _user_data(inputs: Properties) -> bytes | None:
    if inputs.get("userData") is not None:
        return str(inputs["userData"]).encode()
    if inputs.get("userDataBase64") is not None:
        return base64.b64decode(inputs["userDataBase64"])
    return None


def _exchange_profile(ec2: Any, identity: str, name: str) -> None:
    mine = [{"Name": "instance-id", "Values": [identity]}]
    response = ec2.describe_iam_instance_profile_associations(Filters=mine)
    profile = {"Name": name}
    for association in response["IamInstanceProfileAssociations"]:
        ec2.replace_iam_instance_profile_association(
            AssociationId=association["AssociationId"], IamInstanceProfile=profile
        )
        return
    ec2.associate_iam_instance_profile(InstanceId=identity, IamInstanceProfile=profile)
