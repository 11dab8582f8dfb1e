"""NAT gateways: an address of their own subnet while they exist, and everything returned afterwards.

moto draws a random private address and leaves interface and public address attached forever, so
neither the subnet's address nor the Elastic IP would become free again.
"""

from __future__ import annotations

from typing import cast

from moto.core.responses import ActionResult
from moto.ec2.exceptions import EC2ClientError
from moto.ec2.models import EC2Backend, nat_gateways
from moto.ec2.models.elastic_ip_addresses import ElasticAddressBackend
from moto.ec2.models.elastic_network_interfaces import NetworkInterface
from moto.ec2.models.nat_gateways import NatGateway, NatGatewayBackend
from moto.ec2.responses.elastic_ip_addresses import ElasticIPAddresses
from moto.ec2.responses.nat_gateways import NatGateways

from region.api.parameters import Parameters
from region.api.patching import Original, Patches

patches = Patches()


@patches.around(NatGateway, "__init__")
def _new_gateway(moto: Original, self: NatGateway, *args: object, **kwargs: object) -> None:
    moto(self, *args, **kwargs)
    self.private_ip = _interface_of(self).private_ip_address or ""


@patches.method(nat_gateways, "random_private_ip")
def _chosen_by_the_subnet() -> None:
    """Choose no address: the network interface then takes the next free one of its subnet."""


@patches.around(NatGateways, "create_nat_gateway")
def _create_nat_gateway(moto: Original, self: NatGateways) -> ActionResult:
    """Create a gateway; a public one, which it is by default, with an address."""
    given = Parameters(self)
    private = given.text("ConnectivityType") == "private"
    if not private and not given.text("AllocationId"):
        raise EC2ClientError(
            "MissingParameter",
            "The request must include the AllocationId parameter. Add the required parameter and retry "
            "the request.",
        )
    return moto(self)


@patches.around(ElasticIPAddresses, "allocate_address")
def _allocate_address(moto: Original, self: ElasticIPAddresses) -> ActionResult:
    """Allocate an address of the region's choice: there is none to recover."""
    wanted = Parameters(self).text("Address")
    if wanted:
        raise EC2ClientError("InvalidAddress.NotFound", f"Address '{wanted}' not found.")
    return moto(self)


@patches.method(NatGatewayBackend)
def delete_nat_gateway(self: EC2Backend, nat_gateway_id: str) -> NatGateway:
    """Delete a gateway and return the addresses that it held."""
    gateway = self.nat_gateways.get(nat_gateway_id)
    if gateway is None:
        message = f"NAT gateway {nat_gateway_id} was not found"
        raise EC2ClientError("NatGatewayNotFound", message)
    if gateway.state == "deleted":
        return gateway
    interface = _interface_of(gateway)
    for address in self.addresses:
        if cast("NetworkInterface | None", address.eni) is interface:
            self.disassociate_address(address=address.public_ip)
    subnet = self.get_subnet(gateway.subnet_id)
    subnet.del_subnet_ip(gateway.private_ip)
    self.delete_network_interface(interface.id)
    gateway.state = "deleted"
    return gateway


@patches.around(ElasticAddressBackend, "release_address")
def _release_address(
    moto: Original, self: EC2Backend, address: str | None = None, allocation_id: str | None = None
) -> None:
    _check_given("AllocationId", address, allocation_id)
    if allocation_id:
        found = self.address_by_allocation([allocation_id])[0]
        if found.association_id is not None:
            message = f"Address {found.public_ip} is in use."
            raise EC2ClientError("InvalidIPAddress.InUse", message)
    moto(self, address, allocation_id)


@patches.around(ElasticAddressBackend, "disassociate_address")
def _disassociate_address(
    moto: Original, self: EC2Backend, address: str | None = None, association_id: str | None = None
) -> None:
    _check_given("AssociationId", address, association_id)
    moto(self, address, association_id)


def _check_given(name: str, *given: str | None) -> None:
    """Refuse a call that names nothing: what is empty is not given."""
    if not any(given):
        message = f"Invalid request, expect PublicIp/{name} parameter."
        raise EC2ClientError("MissingParameter", message)


def _interface_of(gateway: NatGateway) -> NetworkInterface:
    return gateway._eni  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
