"""The categories of instance metadata (EC2 User Guide, "Instance metadata categories")."""

from __future__ import annotations

from region.machines.metadata import Interface, Metadata
from region.machines.spec import MachineSpec


def of_instance(spec: MachineSpec, account_id: str, about: Metadata) -> dict[str, str]:
    """Return the values below `meta-data/` that are texts, by their paths."""
    found = {
        "ami-id": spec.image_id,
        "ami-launch-index": str(about.launch_index),
        "ami-manifest-path": "(unknown)",
        "autoscaling/target-lifecycle-state": about.target_state,
        "events/maintenance/history": "[]",
        "events/maintenance/scheduled": "[]",
        "instance-action": "none",
        "instance-id": spec.instance_id,
        "instance-life-cycle": "on-demand",
        "instance-type": spec.instance_type,
        "hostname": spec.hostname,
        "local-hostname": spec.hostname,
        "local-ipv4": spec.private_ip,
        "placement/availability-zone": spec.availability_zone,
        "placement/availability-zone-id": about.zone_id,
        "placement/region": spec.region,
        "profile": "default-hvm",
        "reservation-id": about.reservation_id,
        "security-groups": "\n".join(about.groups.values()),
        "services/domain": "amazonaws.com",
        "services/partition": "aws",
        "system": "nitro",
        "public-ipv4": spec.public_ip,
        "public-hostname": spec.public_ip,
    }
    if about.root_device:
        found["block-device-mapping/ami"] = about.root_device
        found["block-device-mapping/root"] = about.root_device
    if about.interface is not None:
        found["mac"] = about.interface.mac
        found |= _of_interface(spec, account_id, about, about.interface)
    # The only ones that may be empty are a user's own.
    known = {name: value for name, value in found.items() if value}
    tags = {f"tags/instance/{key}": value for key, value in about.readable_tags().items()}
    return known | tags


def _of_interface(
    spec: MachineSpec, account_id: str, about: Metadata, interface: Interface
) -> dict[str, str]:
    values = {
        "device-number": "0",
        "interface-id": interface.interface_id,
        "local-hostname": spec.hostname,
        "local-ipv4s": spec.private_ip,
        "mac": interface.mac,
        "owner-id": account_id,
        "public-hostname": spec.public_ip,
        "public-ipv4s": spec.public_ip,
        "security-group-ids": "\n".join(about.groups),
        "security-groups": "\n".join(about.groups.values()),
        "subnet-id": interface.subnet_id,
        "subnet-ipv4-cidr-block": spec.subnet,
        "vpc-id": interface.vpc_id,
        "vpc-ipv4-cidr-block": next(iter(interface.vpc_cidrs), ""),
        "vpc-ipv4-cidr-blocks": "\n".join(interface.vpc_cidrs),
    }
    if spec.public_ip:
        values[f"ipv4-associations/{spec.public_ip}"] = spec.private_ip
    return {f"network/interfaces/macs/{interface.mac}/{name}": v for name, v in values.items()}
