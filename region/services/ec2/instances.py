"""moto's EC2 instances as controllers handle them. Callers hold the control plane's lock."""

import base64
import time
from typing import Any

from moto.core.types import Base64EncodedString
from moto.ec2.models.instances import Instance

from region.api.patching import original

PENDING, RUNNING, SHUTTING_DOWN, TERMINATED, STOPPING, STOPPED = 0, 16, 32, 48, 64, 80
STATE_NAMES = {
    PENDING: "pending",
    RUNNING: "running",
    SHUTTING_DOWN: "shutting-down",
    TERMINATED: "terminated",
    STOPPING: "stopping",
    STOPPED: "stopped",
}


def set_state(instance: Any, code: int) -> None:
    """Put an instance into one of EC2's states."""
    instance.instance_state.code = code
    instance.instance_state.name = STATE_NAMES[code]


def user_data_of(instance: Any) -> bytes:
    """An instance's user data, decoded; empty if it has none."""
    data = instance.user_data
    if data is None:
        return b""
    return base64.b64decode(data.as_bytes() if isinstance(data, Base64EncodedString) else data)


def role_of(instance: Any) -> str:
    """The name of the role in an instance's profile; empty without one."""
    association = instance.ec2_backend.iam_instance_profile_associations.get(instance.id)
    roles = association.iam_instance_profile.roles if association is not None else []
    return str(roles[0].name) if roles else ""


def finish_termination(instance: Any) -> None:
    """Release what a shutting-down instance held (addresses, volumes, profile) for good."""
    reason, why = instance._reason, instance.state_reason  # noqa: SLF001
    original(Instance, "terminate")(instance)
    instance._reason, instance.state_reason = reason, why  # noqa: SLF001
    # Its address may belong to another instance by the time moto forgets this one.
    instance._private_ips.clear()  # noqa: SLF001
    instance.terminated_at = time.time()


def forget_terminated(backend: Any, before: float) -> None:
    """Drop the records of instances that were terminated before that time (epoch seconds)."""
    for reservation in list(backend.reservations.values()):
        kept = [
            instance
            for instance in reservation.instances
            if not (instance.state_code == TERMINATED and instance.terminated_at < before)
        ]
        if kept:
            reservation.instances = kept
        else:
            del backend.reservations[reservation.id]
