"""Alarms on metrics of a test's own."""

from __future__ import annotations

from typing import Any

from tests.conformance.cloud import Cloud

NAMESPACE = "haproof/conformance"
OK, ALARM, UNKNOWN = "OK", "ALARM", "INSUFFICIENT_DATA"


class Alarms:
    """Alarms on metrics of this test's own."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud
        self.api = cloud.cloudwatch

    def put(self, metric: str, **changes: Any) -> str:
        """Put an alarm on the average of a metric exceeding 1, and return its name."""
        name = self.cloud.name("alarm")
        settings: dict[str, Any] = {
            "AlarmName": name,
            "Namespace": NAMESPACE,
            "MetricName": metric,
            "Statistic": "Average",
            "Period": 60,
            "EvaluationPeriods": 1,
            "Threshold": 1.0,
            "ComparisonOperator": "GreaterThanThreshold",
        }
        settings |= changes
        self.api.put_metric_alarm(**{key: value for key, value in settings.items() if value})
        self.cloud.afterwards(self.api.delete_alarms, AlarmNames=[name])
        return name

    def datum(self, metric: str, value: float, **more: Any) -> None:
        """Put a value, by default as of now."""
        data: list[Any] = [{"MetricName": metric, "Value": value} | more]
        self.api.put_metric_data(Namespace=NAMESPACE, MetricData=data)

    def describe(self, name: str) -> dict[str, Any]:
        """Return an alarm."""
        kinds = ["MetricAlarm", "CompositeAlarm"]
        found = self.api.describe_alarms(AlarmNames=[name], AlarmTypes=kinds)
        (alarm,) = found["MetricAlarms"] + found["CompositeAlarms"]
        return alarm

    def state(self, name: str) -> str:
        """Return an alarm's state."""
        return str(self.describe(name)["StateValue"])

    def until(self, name: str, state: str, within: float = 300) -> None:
        """Wait until an alarm is in a state."""
        self.cloud.until(lambda: self.state(name) == state, within, f"{name} in {state}")
