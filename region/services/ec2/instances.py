"""moto's EC2 instances as controllers handle them. Callers hold the control plane's lock."""

from __future__ import annotations

import base64
import time
from typing import cast

from moto.core.types import Base64EncodedString
from moto.ec2.models import EC2Backend
from moto.ec2.models.instances import Instance, StateReason
from moto.ec2.models.subnets import Subnet

from region.api.patching import original
from region.services.ec2.records import InstanceRecord

PENDING, RUNNING, SHUTTING_DOWN, TERMINATED, STOPPING, STOPPED = 0, 16, 32, 48, 64, 80
STATE_NAMES = {
    PENDING: "pending",
    RUNNING: "running",
    SHUTTING_DOWN: "shutting-down",
    TERMINATED: "terminated",
    STOPPING: "stopping",
    STOPPED: "stopped",
}

NO_ROLE = "instance-role"
"""The name of the role of an instance without a profile; the region gives it credentials nevertheless."""


def set_state(instance: Instance, code: int) -> None:
    """Put an instance into one of EC2's states."""
    instance.instance_state.code = code
    instance.instance_state.name = STATE_NAMES[code]


def set_reason(instance: Instance, text: str, why: StateReason) -> None:
    """Set both of the reasons that EC2 gives for an instance's latest state transition."""
    instance._reason = text  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
    instance.state_reason = why


def shut_down_by_itself(instance: Instance) -> None:
    """Begin what an instance does when its system shuts down: it stops, or is terminated."""
    terminates = str(instance.instance_initiated_shutdown_behavior) == "terminate"
    set_state(instance, SHUTTING_DOWN if terminates else STOPPING)
    code = "Client.InstanceInitiatedShutdown"
    set_reason(instance, "", StateReason(f"{code}: Instance initiated shutdown", code))


def user_data_of(instance: Instance) -> bytes:
    """Return an instance's user data, decoded; empty if it has none."""
    data = cast("Base64EncodedString | str | None", instance.user_data)
    if data is None:
        return b""
    return base64.b64decode(data.as_bytes() if isinstance(data, Base64EncodedString) else data)


def role_of(instance: Instance) -> str:
    """Return the name of the role in an instance's profile; empty without one."""
    association = instance.ec2_backend.iam_instance_profile_associations.get(instance.id)
    roles = association.iam_instance_profile.roles if association is not None else []
    return str(roles[0].name) if roles else ""


def subnet_of(instance: Instance) -> Subnet:
    """Return the subnet that an instance's first network interface is in."""
    return instance.ec2_backend.get_subnet(str(instance.subnet_id))


def public_ip_of(instance: Instance) -> str:
    """Return the address that reaches an instance from outside its VPC; empty without one."""
    return str(instance.public_ip or "")


def finish_termination(instance: Instance) -> None:
    """Release for good what a shutting-down instance held: addresses, volumes, profile."""
    text, why = instance._reason, instance.state_reason  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
    original(Instance, "terminate")(instance)
    set_reason(instance, text, why)
    # Its address may belong to another instance by the time moto forgets this one.
    instance._private_ips.clear()  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
    instance.security_groups = []
    InstanceRecord.of(instance).terminated_at = time.time()


def forget_terminated(backend: EC2Backend, before: float) -> None:
    """Drop the instances that were terminated before that time (epoch seconds)."""
    for reservation in list(backend.reservations.values()):
        kept = [
            instance
            for instance in reservation.instances
            if instance.state_code != TERMINATED
            or InstanceRecord.of(instance).terminated_at >= before
        ]
        if kept:
            reservation.instances = kept
        else:
            del backend.reservations[reservation.id]
