"""Calls of EC2 that moto would accept and that would do nothing here: refused, with what to do instead.

DescribeX calls stay: they say truly that there is none.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from moto.ec2.responses import EC2Response

from region.api.patching import Patches

patches = Patches()

_SPOT: Final = "there is no Spot market: launch On-Demand instances"
_FLEET: Final = "use RunInstances or an Auto Scaling group"
_RESERVED: Final = "nothing is billed: launch without a reservation"
_HOSTS: Final = "every instance runs on this computer: leave dedicated hosts out"
_VOLUMES: Final = "an instance has its root volume only: keep data there, or in S3"
_IMAGES: Final = "an AMI stands for what `--image` and `--ami` of the region say: use those options"
_PEERING: Final = "all VPCs of the region are in one network: leave the connection out"
_GATEWAYS: Final = "no packet leaves this computer: leave it out"
_IPV6: Final = "the region has no IPv6: leave it out"
_TRAFFIC: Final = "the region records no packets: leave it out"
_NAMES: Final = "the region has no resolver: leave DHCP options out"
_SERVICES: Final = "there is no PrivateLink: use gateway endpoints"
_ADDRESSES: Final = "an interface has one address: launch another instance"
_CLASSIC: Final = "EC2-Classic is no more"

REFUSED: Final[Mapping[str, str]] = {
    **dict.fromkeys(
        (
            "cancel_spot_fleet_requests",
            "cancel_spot_instance_requests",
            "create_spot_datafeed_subscription",
            "modify_spot_fleet_request",
            "request_spot_fleet",
            "request_spot_instances",
        ),
        _SPOT,
    ),
    "create_fleet": _FLEET,
    **dict.fromkeys(
        ("create_reserved_instances_listing", "purchase_reserved_instances_offering"), _RESERVED
    ),
    **dict.fromkeys(("allocate_hosts", "modify_hosts", "release_hosts"), _HOSTS),
    **dict.fromkeys(
        (
            "attach_volume",
            "copy_snapshot",
            "create_snapshot",
            "create_snapshots",
            "create_volume",
            "detach_volume",
            "import_volume",
            "modify_snapshot_attribute",
            "modify_snapshot_tier",
            "restore_snapshot_tier",
        ),
        _VOLUMES,
    ),
    **dict.fromkeys(
        ("bundle_instance", "copy_image", "create_image", "disable_image", "register_image"),
        _IMAGES,
    ),
    **dict.fromkeys(
        (
            "accept_transit_gateway_peering_attachment",
            "accept_vpc_peering_connection",
            "associate_transit_gateway_route_table",
            "create_transit_gateway",
            "create_transit_gateway_peering_attachment",
            "create_transit_gateway_route",
            "create_transit_gateway_route_table",
            "create_transit_gateway_vpc_attachment",
            "create_vpc_peering_connection",
            "modify_vpc_peering_connection_options",
        ),
        _PEERING,
    ),
    **dict.fromkeys(
        (
            "attach_vpn_gateway",
            "create_carrier_gateway",
            "create_customer_gateway",
            "create_vpn_connection",
            "create_vpn_gateway",
        ),
        _GATEWAYS,
    ),
    **dict.fromkeys(
        (
            "assign_ipv6_addresses",
            "associate_subnet_cidr_block",
            "create_egress_only_internet_gateway",
        ),
        _IPV6,
    ),
    **dict.fromkeys(
        (
            "create_flow_logs",
            "create_traffic_mirror_filter",
            "create_traffic_mirror_session",
            "create_traffic_mirror_target",
        ),
        _TRAFFIC,
    ),
    **dict.fromkeys(("associate_dhcp_options", "create_dhcp_options"), _NAMES),
    "create_vpc_endpoint_service_configuration": _SERVICES,
    **dict.fromkeys(
        ("assign_private_ip_addresses", "attach_network_interface", "detach_network_interface"),
        _ADDRESSES,
    ),
    **dict.fromkeys(("enable_vpc_classic_link", "enable_vpc_classic_link_dns_support"), _CLASSIC),
    "create_subnet_cidr_reservation": "addresses are assigned by the region: leave it out",
    "modify_vpc_tenancy": "every instance runs on this computer: leave the tenancy out",
}
"""Calls by moto's names, and why they are refused."""

patches.refuse(EC2Response, REFUSED)
