"""NAT gateways: an address of their own subnet while they live, none of anything afterwards.

moto draws a random private address, and leaves interface and public address attached for ever, so
that neither the subnet's addresses nor the Elastic IP would be free again.
"""

from typing import Any

from moto.ec2.exceptions import EC2ClientError
from moto.ec2.models import nat_gateways
from moto.ec2.models.elastic_ip_addresses import ElasticAddressBackend
from moto.ec2.models.nat_gateways import NatGateway, NatGatewayBackend

from region.api.patching import Patches

patches = Patches()


@patches.around(NatGateway, "__init__")
def _new_gateway(moto: Any, self: Any, backend: Any, subnet_id: str, *args: Any, **kw: Any) -> None:
    moto(self, backend, subnet_id, *args, **kw)
    self.private_ip = self._eni.private_ip_address


@patches.method(nat_gateways, "random_private_ip")
def _chosen_by_the_subnet() -> None:
    """No address: the network interface then takes the next free one of its subnet."""


@patches.method(NatGatewayBackend)
def delete_nat_gateway(self: Any, nat_gateway_id: str) -> Any:
    """Delete a gateway and give back what it held."""
    gateway = self.nat_gateways.get(nat_gateway_id)
    if gateway is None:
        message = f"NAT gateway {nat_gateway_id} was not found"
        raise EC2ClientError("NatGatewayNotFound", message)
    if gateway.state == "deleted":
        return gateway
    interface = gateway._eni  # noqa: SLF001
    for address in self.addresses:
        if address.eni is interface:
            self.disassociate_address(address=address.public_ip)
    subnet = self.get_subnet(gateway.subnet_id)
    subnet.del_subnet_ip(interface.private_ip_address)
    self.delete_network_interface(interface.id)
    gateway.state = "deleted"
    return gateway


@patches.around(ElasticAddressBackend, "release_address")
def _release_address(
    moto: Any, self: Any, address: str | None = None, allocation_id: str | None = None
) -> None:
    if allocation_id:
        found = self.address_by_allocation([allocation_id])[0]
        if found.association_id is not None:
            message = f"Address {found.public_ip} is in use."
            raise EC2ClientError("InvalidIPAddress.InUse", message)
    moto(self, address, allocation_id)
