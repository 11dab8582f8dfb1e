"""What breaks the rule about the metrics of alarms on load balancers."""

from __future__ import annotations

from tests.policies.mutations.registry import KEEPS, breaks, decides

decides("alarm-can-go-off", "alarm", "comparisonOperator", absent=KEEPS, unknown=KEEPS)


@breaks("alarm-can-go-off")
def errors_averaged(stack):
    stack.set("alarm", "statistic", "Average")


@breaks("alarm-can-go-off")
def alarm_when_all_is_well(stack):
    stack.set("alarm", "comparisonOperator", "LessThanThreshold")


@breaks("alarm-can-go-off")
def metric_in_another_case(stack):
    stack.set("alarm", "metricName", "HTTPCode_Target_5xx_Count")
