"""Load balancers: validation of the calls, their nodes' addresses, and their attributes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any, Final

from moto.ec2.models.subnets import Subnet
from moto.elbv2.exceptions import LoadBalancerNotFoundError
from moto.elbv2.models import AvailabilityZone, ELBv2Backend, FakeLoadBalancer
from moto.elbv2.responses import ELBV2Response

from region.api.parameters import Parameters, is_true
from region.api.patching import Original, Patches
from region.loopback.addresses import loopback_of
from region.services.ec2 import placement
from region.services.elbv2 import attributes, limits, repeats
from region.services.elbv2.errors import invalid, refused, unsupported
from region.services.elbv2.records import LoadBalancerRecord, Place

patches = Patches()

_NAME: Final = re.compile(r"(?!internal-)(?!-)[A-Za-z0-9-]{1,32}(?<!-)")
_IPV4_ONLY: Final = "its network has IPv4 only, use 'ipv4'"
_OWN_ADDRESSES: Final = "an Application Load Balancer gets its addresses from AWS, use 'Subnets'"


@patches.around(ELBV2Response, "create_load_balancer")
def _create_call(moto: Original, self: ELBV2Response) -> object:
    given = Parameters(self)
    for name in ("CustomerOwnedIpv4Pool", "EnablePrefixForIpv6SourceNat", "IpamPools"):
        if given.get(name):
            raise unsupported(f"parameter '{name}' of CreateLoadBalancer", "leave it out")
    _check_mappings(given.structures("SubnetMappings"))
    _check_address_type(given.text("IpAddressType"))
    if given.text("Scheme") not in {"", "internet-facing", "internal"}:
        raise invalid(f"Scheme '{given.text('Scheme')}' must be internet-facing or internal")
    if given.get("Subnets") and given.get("SubnetMappings"):
        raise invalid("You can specify only one of 'Subnets' and 'SubnetMappings'")
    known = self.elbv2_backend.load_balancers.values()
    same = [one for one in known if one.name == given.text("Name")]
    return repeats.create_once(moto, self, "LoadBalancers", same)


@patches.around(ELBV2Response, "set_subnets")
def _set_subnets_call(moto: Original, self: ELBV2Response) -> object:
    given = Parameters(self)
    if given.get("EnablePrefixForIpv6SourceNat"):
        raise unsupported("parameter 'EnablePrefixForIpv6SourceNat' of SetSubnets", "leave it out")
    _check_mappings(given.structures("SubnetMappings"))
    _check_address_type(given.text("IpAddressType"))
    return moto(self)


@patches.around(ELBV2Response, "set_security_groups")
def _set_security_groups_call(moto: Original, self: ELBV2Response) -> object:
    name = "EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic"
    if Parameters(self).get(name):
        raise invalid(f"{name} is for Network Load Balancers", "InvalidConfigurationRequest")
    return moto(self)


def _check_mappings(mappings: Iterable[dict[str, Any]]) -> None:
    for mapping in mappings:
        for name in ("AllocationId", "PrivateIPv4Address", "IPv6Address", "SourceNatIpv6Prefix"):
            if mapping.get(name):
                raise invalid(f"'{name}': {_OWN_ADDRESSES}", "InvalidConfigurationRequest")


def _check_address_type(kind: str) -> None:
    if kind not in {"", "ipv4"}:
        raise unsupported(f"IP address type '{kind}'", _IPV4_ONLY)


@patches.around(ELBv2Backend, "create_load_balancer")
def _create_load_balancer(
    moto: Original, self: ELBv2Backend, name: str, *args: Any, **kwargs: Any
) -> FakeLoadBalancer:
    kind = kwargs.get("loadbalancer_type") or "application"
    if kind != "application":
        raise invalid(
            f"Load balancer type '{kind}' is not supported in the local region: use 'application'."
        )
    if not _NAME.fullmatch(name):
        raise invalid(
            f"The load balancer name '{name}' must have 1 to 32 letters, digits and hyphens, no "
            "hyphen at either end, and must not begin with 'internal-'"
        )
    if any(known.name == name for known in self.load_balancers.values()):
        message = f"A load balancer with the same name '{name}' exists, but with different settings"
        raise invalid(message, "DuplicateLoadBalancerName")
    limits.check("application-load-balancers", len(self.load_balancers) + 1, "TooManyLoadBalancers")
    mappings = [str(item["SubnetId"]) for item in kwargs.get("subnet_mappings") or ()]
    subnets = _subnets(self, [*(kwargs.get("subnet_ids") or ()), *mappings])
    groups = _security_groups(self, kwargs.get("security_groups") or (), subnets)
    kwargs["security_groups"] = groups
    created: FakeLoadBalancer = moto(self, name, *args, **kwargs)
    claimed: list[Place] = []
    try:
        claimed.append(_claim(subnets[0], created.arn))
        claimed.extend(_claim(subnet, created.arn) for subnet in subnets)
    except placement.PlacementError as error:
        for place in claimed:
            placement.release(place.subnet, place.address)
        del self.load_balancers[created.arn]
        raise invalid(str(error), "InvalidSubnet") from error
    first, *others = claimed
    nodes = {str(place.subnet.availability_zone): place for place in others}
    LoadBalancerRecord(first, nodes).attach(created)
    created.attrs = attributes.defaults(attributes.LOAD_BALANCER)
    # Its name stands for the public address, the loopback twin of a private one.
    created.dns_name = loopback_of(first.address)
    return created


def _claim(subnet: Subnet, owner: str) -> Place:
    return Place(subnet, placement.claim(subnet, owner))


def _subnets(backend: ELBv2Backend, ids: Sequence[str]) -> list[Subnet]:
    """Return the subnets of a load balancer's nodes: one in each of two zones or more."""
    if not ids:
        raise invalid("You must specify subnets: set 'Subnets'")
    known = {
        str(subnet.id): subnet
        for subnets in backend.ec2_backend.subnets.values()
        for subnet in subnets.values()
    }
    if missing := [name for name in ids if name not in known]:
        raise invalid(f"The subnet ID '{missing[0]}' does not exist", "SubnetNotFound")
    found = [known[name] for name in dict.fromkeys(ids)]
    zones = [str(subnet.availability_zone) for subnet in found]
    if len(set(zones)) < len(zones):
        raise invalid(
            "A load balancer cannot be attached to multiple subnets in the same Availability Zone",
            "InvalidConfigurationRequest",
        )
    if len(found) < 2:
        raise invalid(
            "At least two subnets in two different Availability Zones must be specified",
            "InvalidConfigurationRequest",
        )
    if len({subnet.vpc_id for subnet in found}) > 1:
        raise invalid("All subnets must belong to the same VPC", "InvalidSubnet")
    return found


def _security_groups(
    backend: ELBv2Backend, ids: Iterable[str], subnets: Sequence[Subnet]
) -> list[str]:
    """Return the security groups of a load balancer; by default the VPC's own."""
    ec2, vpc = backend.ec2_backend, subnets[0].vpc_id
    groups = [str(name) for name in ids]
    for name in groups:
        if ec2.get_security_group_from_id(name) is None:
            raise invalid(f"Security group '{name}' does not exist", "InvalidSecurityGroup")
    if groups:
        return groups
    default = ec2.get_default_security_group(vpc)
    return [str(default.id)] if default is not None else []


@patches.around(ELBv2Backend, "set_security_groups")
def _set_security_groups(
    moto: Original, self: ELBv2Backend, arn: str, sec_groups: list[str]
) -> None:
    if not sec_groups:
        raise invalid("A security group must be specified", "InvalidConfigurationRequest")
    moto(self, arn, sec_groups)


@patches.method(ELBv2Backend)
def set_subnets(
    self: ELBv2Backend, arn: str, subnets: list[str], subnet_mappings: list[dict[str, Any]]
) -> list[AvailabilityZone]:
    """Move the load balancer to other zones: nodes leave and come, its name stays."""
    balancer = self.load_balancers.get(arn)
    if balancer is None:
        raise LoadBalancerNotFoundError
    wanted = _subnets(self, [*subnets, *(str(item["SubnetId"]) for item in subnet_mappings)])
    if any(subnet.vpc_id != balancer.vpc_id for subnet in wanted):
        raise invalid("The subnets must belong to the load balancer's VPC", "InvalidSubnet")
    record = LoadBalancerRecord.of(balancer)
    kept = {
        zone: place
        for zone, place in record.nodes.items()
        if any(place.subnet is subnet for subnet in wanted)
    }
    nodes = dict(kept)
    try:
        for subnet in wanted:
            zone = str(subnet.availability_zone)
            if zone not in kept:
                nodes[zone] = _claim(subnet, arn)
    except placement.PlacementError as error:
        for zone in nodes.keys() - kept.keys():
            placement.release(nodes[zone].subnet, nodes[zone].address)
        raise invalid(str(error), "InvalidSubnet") from error
    for zone, place in record.nodes.items():
        if zone not in kept:
            placement.release(place.subnet, place.address)
    record.nodes = nodes
    balancer.subnets = wanted
    return [AvailabilityZone(subnet) for subnet in wanted]


@patches.method(ELBv2Backend)
def set_ip_address_type(self: ELBv2Backend, arn: str, ip_type: str) -> None:
    """Refuse everything but IPv4."""
    if arn not in self.load_balancers:
        raise LoadBalancerNotFoundError
    _check_address_type(ip_type)


@patches.around(ELBv2Backend, "delete_load_balancer")
def _delete_load_balancer(moto: Original, self: ELBv2Backend, arn: str) -> None:
    found = self.load_balancers.get(arn)
    if found is not None:
        if is_true(found.attrs.get(attributes.DELETION_PROTECTION)):
            message = (
                f"Load balancer '{arn}' cannot be deleted because deletion protection is enabled"
            )
            raise invalid(message, "OperationNotPermitted")
        record = LoadBalancerRecord.of(found)
        for place in (record.name, *record.nodes.values()):
            placement.release(place.subnet, place.address)
    moto(self, arn)


@patches.method(FakeLoadBalancer)
def activate(self: FakeLoadBalancer) -> None:
    """Leave the state as it is: the controller sets it when HAProxy listens."""
    del self


@patches.value(FakeLoadBalancer, "load_balancer_state")
def _load_balancer_state(self: FakeLoadBalancer) -> dict[str, str]:
    reason = LoadBalancerRecord.of(self).state_reason
    return {"Code": self.state, **({"Reason": reason} if reason else {})}


@patches.method(ELBv2Backend)
def modify_load_balancer_attributes(
    self: ELBv2Backend, arn: str, attrs: dict[str, Any]
) -> dict[str, Any]:
    """Store attributes that do something."""
    balancer = self.load_balancers.get(arn)
    if balancer is None:
        raise LoadBalancerNotFoundError
    given = {key: str(value) for key, value in attrs.items()}
    with refused():
        attributes.check_load_balancer(given)
    balancer.attrs.update(given)
    return balancer.attrs


@patches.method(ELBV2Response)
def describe_capacity_reservation(self: ELBV2Response) -> object:
    """Refuse it: capacity is that of this computer."""
    del self
    raise unsupported("DescribeCapacityReservation", "capacity is that of this computer")
