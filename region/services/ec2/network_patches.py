"""Addresses: private ones are unique in their subnet, public ones are their loopback twins."""

from ipaddress import IPv4Address
from typing import Any

from moto.ec2.exceptions import EC2ClientError
from moto.ec2.models.elastic_network_interfaces import NetworkInterface
from moto.ec2.models.subnets import Subnet
from moto.ec2.models.vpcs import VPCBackend

from region.addresses import AddressError, check_vpc_cidr, has_twin, loopback_of
from region.api.patching import Patches

patches = Patches()


@patches.around(VPCBackend, "create_vpc")
def _create_vpc(moto: Any, self: Any, cidr_block: str, *args: Any, **kwargs: Any) -> Any:
    if not kwargs.get("is_default"):
        _refuse_cidr(self, cidr_block)
    return moto(self, cidr_block, *args, **kwargs)


@patches.around(VPCBackend, "associate_vpc_cidr_block")
def _associate_vpc_cidr_block(
    moto: Any, self: Any, vpc_id: str, cidr_block: str, amazon_provided_ipv6_cidr_block: bool
) -> Any:
    if not amazon_provided_ipv6_cidr_block:
        _refuse_cidr(self, cidr_block)
    return moto(self, vpc_id, cidr_block, amazon_provided_ipv6_cidr_block)


@patches.around(NetworkInterface, "__init__")
def _new_interface(
    moto: Any,
    self: Any,
    ec2_backend: Any,
    subnet: Any,
    address: Any = None,
    *args: Any,
    **kwargs: Any,
) -> None:
    given = address or next(iter(args), None) or kwargs.get("private_ip_addresses")
    if not given:
        # moto would draw a random address, which may be taken or reserved.
        network = ec2_backend.get_subnet(subnet) if isinstance(subnet, str) else subnet
        address = network.get_available_subnet_ip(self)
    moto(self, ec2_backend, subnet, address, *args, **kwargs)


@patches.method(NetworkInterface)
def check_auto_public_ip(self: Any) -> None:
    """Give the interface a public address if its subnet or launch asked for one."""
    wanted = str(self.public_ip_auto_assign).lower() == "true"
    if wanted and has_twin(self.private_ip_address):
        self.public_ip = loopback_of(self.private_ip_address)


@patches.method(Subnet)
def get_available_subnet_ip(self: Any, instance: Any) -> str:
    """The next free address after the one given last, so that a freed one rests for a while.

    moto keeps an iterator in a cache of the class, which a restart of the region would lose.
    """
    first, last = _usable(self)
    size = last - first + 1
    offset = getattr(self, "next_offset", 0)
    for step in range(size):
        address = IPv4Address(first + (offset + step) % size)
        if str(address) not in self._subnet_ips and address not in self._reserved_ips:
            self.next_offset = (offset + step + 1) % size
            self._subnet_ips[str(address)] = instance
            return str(address)
    message = f"There are not enough free addresses in subnet '{self.id}' ({self.cidr_block})."
    raise EC2ClientError("InsufficientFreeAddressesInSubnet", message)


@patches.method(Subnet)
def request_ip(self: Any, ip: str, instance: Any) -> None:
    """Take a given address of the subnet; refuses one that is taken, reserved or elsewhere."""
    first, last = _usable(self)
    if not first <= int(IPv4Address(ip)) <= last:
        message = (
            f"Address {ip} is not in subnet's address range {self.cidr_block}, or is one of the "
            "five that are reserved."
        )
        raise EC2ClientError("InvalidParameterValue", message)
    if ip in self._subnet_ips:
        raise EC2ClientError("InvalidIPAddress.InUse", f"Address {ip} is in use.")
    self._subnet_ips[ip] = instance


def _usable(subnet: Any) -> tuple[int, int]:
    """The first and last address that AWS gives out: not the first four, not the last."""
    network = subnet.cidr
    return int(network.network_address) + 4, int(network.broadcast_address) - 1


def _refuse_cidr(backend: Any, cidr: str) -> None:
    taken = [
        association["cidr_block"]
        for vpc in backend.vpcs.values()
        if not vpc.is_default
        for association in vpc.get_cidr_block_association_set()
    ]
    try:
        check_vpc_cidr(cidr, taken)
    except AddressError as error:
        raise EC2ClientError("InvalidVpc.Range", str(error)) from error
