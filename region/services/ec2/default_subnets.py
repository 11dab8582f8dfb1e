"""The subnets of the default VPC, for calls that name none. Call with the control plane's lock held.

https://docs.aws.amazon.com/vpc/latest/userguide/default-vpc.html
"""

from __future__ import annotations

from moto.ec2.exceptions import EC2ClientError
from moto.ec2.models import EC2Backend
from moto.ec2.models.subnets import Subnet


def choose(backend: EC2Backend, zone: str = "") -> Subnet:
    """Return the default subnet of a zone, or of the first one that has any.

    Raises:
        EC2ClientError: there is none.
    """
    vpc = backend.get_default_vpc()
    if vpc is None:
        raise EC2ClientError("VPCIdNotSpecified", "No default VPC for this user")
    found = backend.get_default_subnets()
    if zone and zone not in found:
        message = f"No default subnet for availability zone: '{zone}'."
        raise EC2ClientError("InvalidInput", message)
    if not found:
        message = f"No subnets found for the default VPC '{vpc.id}'. Please specify a subnet."
        raise EC2ClientError("MissingInput", message)
    return found[zone or min(found)]


def all_of(backend: EC2Backend) -> list[Subnet]:
    """Return all default subnets, by zone; none without a default VPC."""
    return [subnet for _, subnet in sorted(backend.get_default_subnets().items())]
