"""CloudWatch as AWS answers it, where moto differs: changing an alarm keeps its state.

Nothing evaluates alarms here, because the region has no metrics: `SetAlarmState` changes a state,
and it stays until the next such call, where AWS's would last until the next evaluation.
"""

from typing import Any

from moto.cloudwatch.models import CloudWatchBackend

from region.api.patching import replace

STATE = ("state_value", "state_reason", "state_reason_data", "state_updated_timestamp", "history")


def install() -> None:
    """Patch moto's CloudWatch."""
    replace(CloudWatchBackend, "put_metric_alarm", _make_put)


def _make_put(moto_put: Any) -> Any:
    def put_metric_alarm(self: Any, name: str, *args: Any, **kwargs: Any) -> Any:
        before = self.alarms.get(name)
        alarm = moto_put(self, name, *args, **kwargs)
        if before is not None:
            for attribute in STATE:
                setattr(alarm, attribute, getattr(before, attribute))
        return alarm

    return put_metric_alarm
