"""EC2 actions of alarms: stop, terminate, reboot and recover the instance of the metric.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/UsingAlarmActions.html
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from moto.core.exceptions import ServiceException
from moto.ec2.models import EC2Backend

from region.api.server import ControlPlane
from region.services.cloudwatch.alarm_actions import AlarmActionError, AlarmEvent
from region.services.cloudwatch.alarm_checks import EC2_ACTION
from region.services.cloudwatch.windows import metrics_of

_VERBS: dict[str, Callable[[EC2Backend, list[str]], Any]] = {
    "stop": lambda backend, names: backend.stop_instances(names),
    "terminate": lambda backend, names: backend.terminate_instances(names),
    "reboot": lambda backend, names: backend.reboot_instances(names),
    # The instance keeps its id, addresses and volumes, and its machine boots anew.
    "recover": lambda backend, names: backend.reboot_instances(names),
}


def act(plane: ControlPlane, event: AlarmEvent) -> None:
    """Execute an EC2 action.

    Raises:
        AlarmActionError: The instance does not exist, or EC2 refuses.
    """
    found = EC2_ACTION.fullmatch(event.action)
    instance_id = _instance_in(event)
    if found is None or not instance_id:
        raise AlarmActionError(f"{event.action} needs a metric with the dimension InstanceId.")
    verb = (found["verb"] or found["verb2"]).lower()
    with plane.lock:
        backend = plane.backend("ec2")
        try:
            backend.get_instance(instance_id)
            _VERBS[verb](backend, [instance_id])
        except ServiceException as error:
            raise AlarmActionError(str(error)) from error
    plane.notify()


def _instance_in(event: AlarmEvent) -> str:
    for query in metrics_of(event.settings):
        named = (query.get("MetricStat") or {}).get("Metric") or {}
        for dimension in named.get("Dimensions") or []:
            if dimension.get("Name") == "InstanceId":
                return str(dimension.get("Value"))
    return ""
