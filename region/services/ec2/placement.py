"""Addresses for load balancers and databases inside a subnet.

They are taken from moto's own address book of the subnet, so no instance is given one of them.
Call with the control plane's lock held.
"""

from typing import Any

from moto.ec2.exceptions import EC2ClientError

from region.addresses import has_twin, loopback_of


class PlacementError(ValueError):
    """A subnet that has no place on the loopback device, or no free address."""


def claim(subnet: Any, owner: str) -> str:
    """Reserve the first free address of moto's `subnet` for `owner`; its loopback twin."""
    if not has_twin(str(subnet.cidr.network_address)):
        raise PlacementError(
            f"Subnet {subnet.id} ({subnet.cidr_block}) cannot be mapped to the loopback device: "
            "use subnets of a VPC in 10.0.0.0/8 outside 10.0.0.0/16."
        )
    try:
        return loopback_of(subnet.get_available_subnet_ip(owner))
    except EC2ClientError as error:
        raise PlacementError(
            f"Subnet {subnet.id} ({subnet.cidr_block}) has no free address: use a larger block."
        ) from error


def release(subnet: Any, private_ip: str) -> None:
    """Give an address back."""
    subnet.del_subnet_ip(private_ip)
