"""Private addresses of a subnet, for instances and for load balancers and databases.

All come from moto's own address book of the subnet, so none is assigned twice. Call with the
control plane's lock held.
"""

from __future__ import annotations

from ipaddress import IPv4Address
from typing import cast

from moto.ec2.exceptions import EC2ClientError
from moto.ec2.models.subnets import Subnet

from region.loopback import neighbors
from region.loopback.addresses import has_twin, loopback_of
from region.services.ec2.records import SubnetRecord


class PlacementError(ValueError):
    """A subnet that cannot be mapped to the loopback device or has no free address."""


def claim(subnet: Subnet, owner: str) -> str:
    """Reserve the next free address of `subnet` for `owner` and return it.

    Raises:
        PlacementError: If the subnet has no twin on the loopback device, or no free address.
    """
    if not has_twin(str(subnet.cidr.network_address)):
        raise PlacementError(
            f"Subnet {subnet.id} ({subnet.cidr_block}) cannot be mapped to the loopback device: "
            "use subnets of a VPC in a private range, such as 10.10.0.0/16."
        )
    try:
        return assign(subnet, owner)
    except EC2ClientError as error:
        raise PlacementError(
            f"Subnet {subnet.id} ({subnet.cidr_block}) has no free address: use a larger block."
        ) from error


def release(subnet: Subnet, private_ip: str) -> None:
    """Return an address to its subnet."""
    subnet.del_subnet_ip(private_ip)


def assign(subnet: Subnet, holder: object) -> str:
    """Assign the next free address after the last one, so that a freed one rests for a while.

    What another region of this computer has at the same loopback address is not free either: its users
    would be served by us, or ours by it.

    moto keeps an iterator in a cache of the class, which a restart of the region would lose.
    """
    first, last = _usable(subnet)
    size = last - first + 1
    record = SubnetRecord.of(subnet)
    taken = _addresses_of(subnet)
    reserved = subnet._reserved_ips  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
    for step in range(size):
        offset = (record.next_offset + step) % size
        address = IPv4Address(first + offset)
        if str(address) not in taken and address not in reserved and not _elsewhere(str(address)):
            record.next_offset = (offset + 1) % size
            taken[str(address)] = holder
            return str(address)
    message = f"There are not enough free addresses in subnet '{subnet.id}' ({subnet.cidr_block})."
    raise EC2ClientError("InsufficientFreeAddressesInSubnet", message)


def _elsewhere(address: str) -> bool:
    return has_twin(address) and neighbors.in_use(loopback_of(address))


def assign_address(subnet: Subnet, ip: str, holder: object) -> None:
    """Assign a given address; reject one that is taken, reserved or outside the subnet."""
    first, last = _usable(subnet)
    if not first <= int(IPv4Address(ip)) <= last:
        message = (
            f"Address {ip} is not in subnet's address range {subnet.cidr_block}, or is one of the "
            "five that are reserved."
        )
        raise EC2ClientError("InvalidParameterValue", message)
    taken = _addresses_of(subnet)
    if ip in taken:
        raise EC2ClientError("InvalidIPAddress.InUse", f"Address {ip} is in use.")
    taken[ip] = holder


def _addresses_of(subnet: Subnet) -> dict[str, object]:
    # moto expects instances here; interfaces, load balancers and databases hold addresses too.
    taken = subnet._subnet_ips  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
    return cast("dict[str, object]", taken)


def _usable(subnet: Subnet) -> tuple[int, int]:
    """Return the first and last address that AWS assigns: not the first four, not the last."""
    network = subnet.cidr
    return int(network.network_address) + 4, int(network.broadcast_address) - 1
