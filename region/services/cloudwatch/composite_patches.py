"""PutCompositeAlarm.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutCompositeAlarm.html
"""

from __future__ import annotations

from moto.cloudwatch.exceptions import ValidationError
from moto.cloudwatch.responses import CloudWatchResponse
from moto.core.responses import EmptyResult

from region.api.parameters import Parameters
from region.api.patching import Patches
from region.services.cloudwatch import alarm_checks, rule_expressions
from region.services.cloudwatch.alarm_patches import given, save
from region.services.cloudwatch.records import COMPOSITE_ALARM

_PARAMETERS = (
    *("AlarmName", "AlarmDescription", "AlarmRule", "ActionsEnabled", "AlarmActions", "OKActions"),
    *("InsufficientDataActions", "ActionsSuppressor", "ActionsSuppressorWaitPeriod"),
    *("ActionsSuppressorExtensionPeriod", "ActionConfiguration"),
)

patches = Patches()


@patches.method(CloudWatchResponse)
def put_composite_alarm(call: CloudWatchResponse) -> EmptyResult:
    """PutCompositeAlarm: its rule decides its state as soon as it is evaluated."""
    parameters = Parameters(call)
    settings = given(parameters, _PARAMETERS)
    backend = call.cloudwatch_backend
    alarm_checks.check_implemented(settings)
    try:
        rule = rule_expressions.parse(str(settings.get("AlarmRule") or ""))
    except rule_expressions.RuleError as error:
        raise ValidationError(str(error)) from error
    unknown = sorted(rule_expressions.children(rule) - backend.alarms.keys())
    if unknown:
        raise ValidationError(
            f"Could not save the composite alarm as alarms [{', '.join(unknown)}] in the alarm rule do "
            "not exist"
        )
    suppressor = settings.get("ActionsSuppressor")
    limits = ("ActionsSuppressorWaitPeriod", "ActionsSuppressorExtensionPeriod")
    for name in limits:
        if bool(suppressor) != (settings.get(name) is not None):
            raise ValidationError(
                f"ActionsSuppressor and {name} must be given together: one of them is missing."
            )
        if settings.get(name) is not None and int(settings[name]) < 0:
            raise ValidationError(f"{name} must be at least 0 seconds.")
    if suppressor and rule_expressions.alarm_name(str(suppressor)) not in backend.alarms:
        raise ValidationError(
            f"Could not save the composite alarm as the actions suppressor {suppressor} does not exist"
        )
    alarm_checks.check_actions(settings, backend.region_name, None)
    save(backend, settings, COMPOSITE_ALARM, parameters.structures("Tags"))
    return EmptyResult()
