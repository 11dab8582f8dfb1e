"""Addresses: private ones are unique in their subnet, public ones are their loopback twins."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from moto.core.responses import ActionResult
from moto.ec2.exceptions import EC2ClientError, InvalidSecurityGroupNotFoundError
from moto.ec2.models import EC2Backend
from moto.ec2.models.elastic_network_interfaces import NetworkInterface
from moto.ec2.models.internet_gateways import InternetGatewayBackend
from moto.ec2.models.subnets import Subnet, SubnetBackend
from moto.ec2.models.vpcs import VPC, VPCBackend
from moto.ec2.models.vpn_gateway import VPCGatewayAttachment
from moto.ec2.responses.elastic_network_interfaces import ElasticNetworkInterfaces

from region.api.parameters import Parameters, is_true
from region.api.patching import Original, Patches
from region.loopback.addresses import (
    AddressError,
    check_vpc_cidr,
    hardware_address,
    has_twin,
    loopback_of,
)
from region.services.ec2 import placement
from region.services.ec2.instances import TERMINATED
from region.services.ec2.records import SubnetRecord

patches = Patches()

EVERYWHERE: Final = "0.0.0.0/0"
_SIZES: Final = (16, 28)
"""Lengths of the prefix of a subnet (VPC user guide, "Subnet CIDR blocks")."""


@patches.around(VPCBackend, "create_vpc")
def _create_vpc(
    moto: Original, self: EC2Backend, cidr_block: str, *args: object, **kwargs: object
) -> VPC:
    _check_cidr(self, cidr_block)
    return moto(self, cidr_block, *args, **kwargs)


@patches.around(VPCBackend, "create_default_vpc")
def _create_default_vpc(moto: Original, self: EC2Backend) -> VPC:
    """Create the default VPC with its way to the internet, which moto leaves out."""
    made: VPC = moto(self)
    gateway = self.create_internet_gateway()
    self.attach_internet_gateway(gateway.id, made.id)
    (main,) = self.describe_route_tables(
        filters={"vpc-id": [made.id], "association.main": ["true"]}
    )
    self.create_route(main.id, EVERYWHERE, gateway_id=gateway.id)
    return made


@patches.around(SubnetBackend, "create_default_subnet")
def _create_default_subnet(moto: Original, self: EC2Backend, availability_zone: str) -> Subnet:
    made: Subnet = moto(self, availability_zone)
    made.default_for_az = made.map_public_ip_on_launch = True
    return made


@patches.around(SubnetBackend, "create_subnet")
def _create_subnet(moto: Original, self: EC2Backend, *args: Any, **kwargs: Any) -> Subnet:
    """Create a subnet that is not a default one: for moto the first of each zone is."""
    block = str(args[1] if len(args) > 1 else kwargs["cidr_block"])
    length = block.rpartition("/")[2]
    if length.isdecimal() and not _SIZES[0] <= int(length) <= _SIZES[1]:
        raise EC2ClientError("InvalidSubnet.Range", f"The CIDR '{block}' is invalid.")
    _check_zone(self, str(kwargs.get("availability_zone") or next(iter(args[3:4]), "")))
    made: Subnet = moto(self, *args, **kwargs)
    made.default_for_az = made.map_public_ip_on_launch = False
    return made


def _check_zone(backend: EC2Backend, wanted: str) -> None:
    """Refuse a zone of another region: moto knows those of all."""
    zones = [zone.name for zone in backend.describe_availability_zones()]
    if wanted and wanted not in zones:
        raise EC2ClientError(
            "InvalidParameterValue",
            f"Value ({wanted}) for parameter availabilityZone is invalid. Subnets can currently only be "
            f"created in the following availability zones: {', '.join(zones)}.",
        )


@patches.around(InternetGatewayBackend, "attach_internet_gateway")
def _attach_internet_gateway(
    moto: Original, self: EC2Backend, internet_gateway_id: str, vpc_id: str
) -> VPCGatewayAttachment:
    """Attach a gateway to a VPC that has none."""
    others = self.describe_internet_gateways(filters={"attachment.vpc-id": [vpc_id]})
    if any(other.id != internet_gateway_id for other in others):
        raise EC2ClientError(
            "InvalidParameterValue",
            f"Network {vpc_id} already has an internet gateway attached",
        )
    return moto(self, internet_gateway_id, vpc_id)


@patches.around(SubnetBackend, "delete_subnet")
def _delete_subnet(moto: Original, self: EC2Backend, subnet_id: str) -> Subnet:
    """Delete a subnet that nothing has a network interface in."""
    for interface in self.enis.values():
        owner = interface.instance
        gone = owner is not None and owner.state_code == TERMINATED
        if interface.subnet.id == subnet_id and not gone:
            message = f"The subnet '{subnet_id}' has dependencies and cannot be deleted."
            raise EC2ClientError("DependencyViolation", message)
    return moto(self, subnet_id)


@patches.around(VPCBackend, "associate_vpc_cidr_block")
def _associate_vpc_cidr_block(
    moto: Original,
    self: EC2Backend,
    vpc_id: str,
    cidr_block: str,
    amazon_provided_ipv6_cidr_block: bool,
) -> dict[str, Any]:
    if not amazon_provided_ipv6_cidr_block:
        _check_cidr(self, cidr_block)
    return moto(self, vpc_id, cidr_block, amazon_provided_ipv6_cidr_block)


@patches.around(NetworkInterface, "__init__")
def _new_interface(
    moto: Original,
    self: NetworkInterface,
    ec2_backend: EC2Backend,
    subnet: str | Subnet,
    address: str | list[str] | None = None,
    *args: object,
    **kwargs: object,
) -> None:
    given = address or next(iter(args), None) or kwargs.get("private_ip_addresses")
    if not given:
        # moto would draw a random address, which may be taken or reserved.
        network = ec2_backend.get_subnet(subnet) if isinstance(subnet, str) else subnet
        address = placement.assign(network, self)
    moto(self, ec2_backend, subnet, address, *args, **kwargs)
    if self.private_ip_address:
        self.mac_address = hardware_address(self.private_ip_address)


@patches.around(ElasticNetworkInterfaces, "create_network_interface")
def _create_interface_call(moto: Original, self: ElasticNetworkInterfaces) -> ActionResult:
    """Create an interface with an address that is free, and is not any more."""
    given = Parameters(self)
    address, backend = given.text("PrivateIpAddress"), self.ec2_backend
    if not address:
        return moto(self)
    subnet: Subnet = backend.get_subnet(given.text("SubnetId"))
    placement.assign_address(subnet, address, "a network interface")
    try:
        return moto(self)
    except Exception:
        subnet.del_subnet_ip(address)
        raise


@patches.around(ElasticNetworkInterfaces, "delete_network_interface")
def _delete_interface_call(moto: Original, self: ElasticNetworkInterfaces) -> ActionResult:
    """Delete an interface and return its addresses to the subnet."""
    given = Parameters(self)
    interface: NetworkInterface = self.ec2_backend.get_network_interface(
        given.text("NetworkInterfaceId")
    )
    answer: ActionResult = moto(self)
    for one in interface.private_ip_addresses:
        interface.subnet.del_subnet_ip(str(one["PrivateIpAddress"]))
    return answer


@patches.method(NetworkInterface)
def check_auto_public_ip(self: NetworkInterface) -> None:
    """Assign a public address if the interface's subnet or launch asks for one."""
    wanted = is_true(self.public_ip_auto_assign)
    address = self.private_ip_address or ""
    if wanted and has_twin(address):
        self.public_ip = loopback_of(address)


@patches.around(Subnet, "__init__")
def _new_subnet(moto: Original, self: Subnet, *args: object, **kwargs: object) -> None:
    SubnetRecord().attach(self)
    moto(self, *args, **kwargs)


@patches.method(Subnet)
def get_available_subnet_ip(self: Subnet, instance: object) -> str:
    """Assign a free address of the subnet."""
    return placement.assign(self, instance)


@patches.method(Subnet)
def request_ip(self: Subnet, ip: str, instance: object) -> None:
    """Assign a given address of the subnet; reject one that is taken, reserved or outside."""
    placement.assign_address(self, ip, instance)


def _check_cidr(backend: EC2Backend, cidr: str) -> None:
    taken = {
        str(association["cidr_block"]): str(vpc.id)
        for vpc in backend.vpcs.values()
        for association in vpc.get_cidr_block_association_set()
    }
    try:
        check_vpc_cidr(cidr, taken)
    except AddressError as error:
        raise EC2ClientError("InvalidVpc.Range", str(error)) from error


@patches.around(EC2Backend, "create_vpc_endpoint")
def _create_vpc_endpoint(moto: Original, self: EC2Backend, *given: Any, **named: Any) -> Any:
    _require_parts(self, {"security_groups": named.get("security_group_ids")})
    return moto(self, *given, **named)


@patches.around(EC2Backend, "modify_vpc_endpoint")
def _modify_vpc_endpoint(moto: Original, self: EC2Backend, **named: Any) -> None:
    """Change an endpoint by what is there: moto takes any id."""
    for verb in ("add", "remove"):
        kinds = ("subnets", "route_tables", "security_groups")
        _require_parts(self, {kind: named.get(f"{verb}_{kind}") for kind in kinds})
    moto(self, **named)


def _require_parts(backend: EC2Backend, wanted: Mapping[str, Any]) -> None:
    """Refuse subnets, route tables and security groups that are not there.

    Raises:
        EC2ClientError: One of them.
    """
    for name in wanted.get("subnets") or ():
        backend.get_subnet(name)
    for name in wanted.get("route_tables") or ():
        backend.get_route_table(name)
    for name in wanted.get("security_groups") or ():
        if backend.get_security_group_from_id(name) is None:
            raise InvalidSecurityGroupNotFoundError(name)
