"""Calls that name nothing, or what is not there, where moto fails or answers as if it had done something.

EC2 API reference, the operations named and "Client error codes".
"""

from __future__ import annotations

from typing import Final

from moto.core.responses import ActionResult
from moto.ec2.exceptions import EC2ClientError, InvalidAMIIdError
from moto.ec2.models import EC2Backend
from moto.ec2.models.amis import AmiBackend
from moto.ec2.models.managed_prefixes import ManagedPrefixList, ManagedPrefixListBackend
from moto.ec2.responses.key_pairs import KeyPairs
from moto.ec2.responses.security_groups import SecurityGroups
from moto.ec2.responses.subnets import Subnets
from moto.ec2.responses.vpcs import VPCs

from region.api.parameters import Parameters
from region.api.patching import Original, Patches

patches = Patches()
_DELETED: Final = "deleted"


@patches.around(AmiBackend, "describe_image_attribute")
def _describe_image_attribute(
    moto: Original, self: EC2Backend, ami_id: str, attribute_name: str
) -> object:
    if ami_id not in self.amis:
        raise InvalidAMIIdError(ami_id)
    return moto(self, ami_id, attribute_name)


@patches.around(ManagedPrefixListBackend, "delete_managed_prefix_list")
def _delete_managed_prefix_list(
    moto: Original, self: EC2Backend, prefix_list_id: str
) -> ManagedPrefixList:
    if prefix_list_id not in self.managed_prefix_lists:
        raise EC2ClientError(
            "InvalidPrefixListID.NotFound", f"The prefix list ID '{prefix_list_id}' does not exist"
        )
    return moto(self, prefix_list_id)


@patches.around(Subnets, "create_default_subnet")
def _create_default_subnet(moto: Original, self: Subnets) -> ActionResult:
    """Create a default subnet in the zone that is named; moto takes none for one of another region."""
    if not Parameters(self).text("AvailabilityZone"):
        raise _missing("AvailabilityZone")
    return moto(self)


@patches.around(Subnets, "modify_subnet_attribute")
def _modify_subnet_attribute(moto: Original, self: Subnets) -> ActionResult:
    self.ec2_backend.get_subnet(Parameters(self).text("SubnetId"))
    return moto(self)


@patches.around(VPCs, "modify_vpc_attribute")
def _modify_vpc_attribute(moto: Original, self: VPCs) -> ActionResult:
    self.ec2_backend.get_vpc(Parameters(self).text("VpcId"))
    return moto(self)


@patches.around(SecurityGroups, "modify_security_group_rules")
def _modify_security_group_rules(moto: Original, self: SecurityGroups) -> ActionResult:
    for number, one in enumerate(Parameters(self).structures("SecurityGroupRules"), start=1):
        if not one.get("SecurityGroupRule"):
            raise _missing(f"SecurityGroupRule.{number}.SecurityGroupRule")
    return moto(self)


@patches.around(KeyPairs, "delete_key_pair")
def _delete_key_pair(moto: Original, self: KeyPairs) -> ActionResult:
    """Delete a key pair by its name or its id, of which moto heeds the name only."""
    given = Parameters(self)
    name, identity = given.text("KeyName"), given.text("KeyPairId")
    if not name and not identity:
        raise _missing("KeyName")
    if name:
        return moto(self)
    backend: EC2Backend = self.ec2_backend
    for pair in list(backend.key_pairs.values()):
        if pair.id == identity:
            backend.delete_key_pair(str(pair.key_name))
            return ActionResult({"Return": True, "KeyPairId": identity})
    return ActionResult({"Return": True})


@patches.around(VPCs, "delete_vpc_endpoints")
def _delete_vpc_endpoints(moto: Original, self: VPCs) -> ActionResult:
    """Delete those that are there, and tell of the others."""
    known = self.ec2_backend.vpc_end_points
    names = Parameters(self).texts("VpcEndpointIds")
    absent = [one for one in names if one not in known or known[one].state == _DELETED]
    moto(self)
    return ActionResult(
        {
            "Unsuccessful": [
                {
                    "ResourceId": name,
                    "Error": {
                        "Code": "InvalidVpcEndpointId.NotFound",
                        "Message": f"The Vpc Endpoint Id '{name}' does not exist",
                    },
                }
                for name in absent
            ]
        }
    )


def _missing(name: str) -> EC2ClientError:
    return EC2ClientError("MissingParameter", f"The request must contain the parameter {name}")
