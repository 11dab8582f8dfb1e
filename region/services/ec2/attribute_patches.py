"""ModifyInstanceAttribute: EC2's conditions, and no attribute that would be kept without effect."""

from __future__ import annotations

from typing import Final

from moto.core.responses import ActionResult, EmptyResult
from moto.ec2.exceptions import EC2ClientError
from moto.ec2.models.instances import Instance
from moto.ec2.responses.instances import InstanceResponse

from region.api.parameters import Parameters
from region.api.patching import Original, Patches
from region.services.ec2 import launch_checks
from region.services.ec2.instances import STOPPED

patches = Patches()

_BEHAVIORS: Final = ("stop", "terminate")
_WHILE_STOPPED: Final = frozenset({"InstanceType", "UserData"})
_WITHOUT_EFFECT: Final = ("Kernel", "Ramdisk", "SriovNetSupport", "EnaSupport")


@patches.around(InstanceResponse, "modify_instance_attribute")
def modify_instance_attribute(moto: Original, self: InstanceResponse) -> ActionResult:
    """ModifyInstanceAttribute in either of its forms."""
    given = Parameters(self)
    instance: Instance = self.ec2_backend.get_instance(given.text("InstanceId"))
    wanted = {
        name: given.get(f"{name}.Value")
        for name in (*_WHILE_STOPPED, *_WITHOUT_EFFECT, "InstanceInitiatedShutdownBehavior")
        if given.get(f"{name}.Value") is not None
    }
    named = given.text("Attribute")
    if named:
        wanted[named[0].upper() + named[1:]] = given.get("Value")
    for name in wanted.keys() & set(_WITHOUT_EFFECT):
        raise NotImplementedError(f"attribute {name}: leave it out")
    if str(wanted.get("SourceDestCheck")).lower() == "false":
        raise NotImplementedError("attribute SourceDestCheck: instances forward no packets here")
    if wanted.keys() & _WHILE_STOPPED and instance.state_code != STOPPED:
        raise EC2ClientError(
            "IncorrectInstanceState",
            f"The instance '{instance.id}' is not in the 'stopped' state.",
        )
    if "InstanceType" in wanted:
        zone = str(instance.placement.zone)
        launch_checks.check_type(
            self.ec2_backend, str(wanted["InstanceType"]), instance.image_id, zone
        )
    behavior = wanted.get("InstanceInitiatedShutdownBehavior")
    if behavior is not None:
        if behavior not in _BEHAVIORS:
            raise EC2ClientError(
                "InvalidParameterValue",
                f"Value ({behavior}) for parameter instanceInitiatedShutdownBehavior is invalid. Use "
                f"{' or '.join(_BEHAVIORS)}.",
            )
        instance.instance_initiated_shutdown_behavior = behavior
        return EmptyResult()
    return moto(self)
