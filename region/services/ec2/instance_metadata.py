"""What the metadata service reports about moto's instances. Callers hold the control plane's lock."""

from __future__ import annotations

from moto.autoscaling.models import autoscaling_backends
from moto.ec2.models import EC2Backend
from moto.ec2.models.instances import Instance

from region.machines.metadata import Interface, Metadata
from region.services.ec2 import instances as ec2


def read(backend: EC2Backend, instance: Instance) -> Metadata:
    """Return what EC2 describes of an instance now."""
    options = instance.metadata_options
    with_tags = str(options.instance_metadata_tags) == "enabled"
    groups = {
        str(group.id): str(group.name) for nic in instance.nics.values() for group in nic.group_set
    }
    association = backend.iam_instance_profile_associations.get(instance.id)
    profile = association.iam_instance_profile if association is not None else None
    return Metadata(
        served=str(options.http_endpoint) != "disabled",
        tokens_required=str(options.http_tokens) != "optional",
        launch_index=int(instance.ami_launch_index or 0),
        reservation_id=_reservation(backend, instance),
        root_device=str(instance.root_device_name or ""),
        zone_id=str(ec2.subnet_of(instance).availability_zone_id),
        groups=dict(sorted(groups.items())),
        interface=_interface(backend, instance),
        profile=(str(profile.arn), str(profile.id)) if profile is not None else None,
        target_state=_target_state(instance),
        tags={tag["key"]: tag["value"] for tag in instance.get_tags()} if with_tags else None,
    )


def _target_state(instance: Instance) -> str:
    """Return the lifecycle state that the instance's Auto Scaling group takes it to.

    Amazon EC2 Auto Scaling User Guide, "Retrieve the target lifecycle state through instance metadata".
    """
    backend = instance.ec2_backend
    groups = autoscaling_backends[backend.account_id][backend.region_name]
    # With the instances of warm pools.
    for member in groups.describe_auto_scaling_instances([instance.id]):
        group = member.auto_scaling_group
        pool = group.warm_pool if group is not None else None
        waits = str(pool.pool_state) if pool is not None else "Stopped"
        return target_state(str(member.lifecycle_state), waits)
    return ""


def target_state(state: str, waits: str = "Stopped") -> str:
    """Return where a lifecycle state leads to: `Terminating:Wait` to `Terminated`.

    `waits` is how the instances of the group's warm pool wait.
    """
    warmed = state.startswith("Warmed:")
    name = state.removeprefix("Warmed:").partition(":")[0]
    target = {
        "Pending": waits if warmed else "InService",
        "Terminating": "Terminated",
        "EnteringStandby": "Standby",
        "Detaching": "Detached",
    }.get(name, name)
    return f"Warmed:{target}" if warmed else target


def _interface(backend: EC2Backend, instance: Instance) -> Interface | None:
    first = instance.nics.get(0)
    if first is None:
        return None
    blocks = backend.get_vpc(str(first.subnet.vpc_id)).get_cidr_block_association_set()
    return Interface(
        interface_id=str(first.id),
        mac=str(first.mac_address),
        subnet_id=str(first.subnet.id),
        vpc_id=str(first.subnet.vpc_id),
        vpc_cidrs=tuple(str(block["cidr_block"]) for block in blocks),
    )


def _reservation(backend: EC2Backend, instance: Instance) -> str:
    return next(
        (name for name, found in backend.reservations.items() if instance in found.instances), ""
    )
