"""CloudWatch as AWS answers it, where moto differs: changing an alarm keeps its state.

Nothing evaluates alarms here, because the region has no metrics: `SetAlarmState` changes a state, and
it stays until the next such call, whereas AWS's lasts until the next evaluation.
"""

from __future__ import annotations

from moto.cloudwatch.models import Alarm, CloudWatchBackend

from region.api.patching import Original, Patches
from region.services.cloudwatch import metric_patches

patches = Patches()


def install() -> None:
    """Patch moto's CloudWatch."""
    patches.install()
    metric_patches.patches.install()


@patches.around(CloudWatchBackend, "put_metric_alarm")
def put_metric_alarm(
    moto: Original, backend: CloudWatchBackend, name: str, *args: object, **kwargs: object
) -> Alarm:
    """PutMetricAlarm: create an alarm, or change one and keep its state."""
    before = backend.alarms.get(name)
    alarm: Alarm = moto(backend, name, *args, **kwargs)
    if before is not None:
        alarm.state_value = before.state_value
        alarm.state_reason = before.state_reason
        alarm.state_reason_data = before.state_reason_data
        alarm.state_updated_timestamp = before.state_updated_timestamp
        alarm.history = before.history
    return alarm
