"""What breaks the rules about when an alarm that stops a deployment goes off."""

from __future__ import annotations

from tests.policies.draft import Ref
from tests.policies.mutations.registry import BREAKS, KEEPS, breaks, decides

GROUP = "deployment-group"

decides("codedeploy-alarms-missing-data", "alarm", "treatMissingData", absent=KEEPS, unknown=BREAKS)
decides("codedeploy-alarms-in-time", "alarm", "period", absent=KEEPS, unknown=KEEPS)


@breaks("codedeploy-alarms-missing-data")
def no_errors_are_an_alarm(stack):
    stack.set("alarm", "treatMissingData", "breaching")


@breaks("codedeploy-alarms-missing-data")
def alarm_stays_after_an_incident(stack):
    stack.set("alarm", "treatMissingData", "ignore")


@breaks("codedeploy-alarms-in-time")
def alarm_after_two_hours(stack):
    stack.set("alarm", "period", 3600)
    stack.set(GROUP, "alarmConfiguration.alarms", [Ref("alarm", "name")])


@breaks("codedeploy-alarms-in-time")
def alarm_after_many_periods(stack):
    stack.set("alarm", "evaluationPeriods", 20)
    stack.set("alarm", "datapointsToAlarm", ...)
    stack.set(GROUP, "alarmConfiguration.alarms", [Ref("alarm", "name")])
