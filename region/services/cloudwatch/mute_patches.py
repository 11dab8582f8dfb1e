"""Alarm mute rules: put, described, listed and deleted; the controller follows them.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutAlarmMuteRule.html
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from moto.cloudwatch.exceptions import ResourceNotFoundException, ValidationError
from moto.cloudwatch.models import CloudWatchBackend
from moto.cloudwatch.responses import CloudWatchResponse
from moto.core.responses import ActionResult, EmptyResult

from region.api.parameters import Parameters
from region.api.patching import Patches
from region.services.cloudwatch import mute_schedules
from region.services.cloudwatch.alarm_checks import check_zone
from region.services.cloudwatch.alarm_patches import given
from region.services.cloudwatch.parameters import epoch
from region.services.cloudwatch.records import CloudWatchRecord, MuteRule, now_utc

MOST_ALARMS = 100
_DATES = ("StartDate", "ExpireDate")

patches = Patches()


@patches.method(CloudWatchResponse)
def put_alarm_mute_rule(call: CloudWatchResponse) -> EmptyResult:
    """PutAlarmMuteRule: create a rule or change one."""
    parameters = Parameters(call)
    settings = given(parameters, ("Name", "Description", "Rule", "MuteTargets", *_DATES))
    for name in _DATES:
        if name in settings:
            settings[name] = datetime.fromtimestamp(epoch(settings[name]), UTC)
    schedule = (settings.get("Rule") or {}).get("Schedule") or {}
    try:
        mute_schedules.starts(str(schedule.get("Expression") or ""))
        mute_schedules.duration_of(str(schedule.get("Duration") or ""))
    except mute_schedules.ScheduleError as error:
        raise ValidationError(str(error)) from error
    if schedule.get("Timezone"):
        check_zone(str(schedule["Timezone"]))
    backend = call.cloudwatch_backend
    names = targets(settings)
    unknown = [name for name in names if name not in backend.alarms]
    if unknown:
        raise ValidationError(f"The alarms [{', '.join(unknown)}] in MuteTargets do not exist.")
    if len(names) > MOST_ALARMS:
        raise ValidationError(f"MuteTargets has more than {MOST_ALARMS} alarms.")
    record = CloudWatchRecord.of(backend)
    name = str(settings["Name"])
    arn = f"arn:aws:cloudwatch:{backend.region_name}:{backend.account_id}:alarm-mute-rule:{name}"
    if name not in record.mute_rules and parameters.structures("Tags"):
        backend.tagger.tag_resource(arn, parameters.structures("Tags"))
    record.mute_rules[name] = MuteRule(settings, arn, now_utc())
    return EmptyResult()


def targets(settings: dict[str, Any]) -> list[str]:
    """Return the names of the alarms that a rule mutes."""
    return [str(name) for name in (settings.get("MuteTargets") or {}).get("AlarmNames") or []]


@patches.method(CloudWatchResponse)
def get_alarm_mute_rule(call: CloudWatchResponse) -> ActionResult:
    """GetAlarmMuteRule."""
    name = Parameters(call).text("AlarmMuteRuleName")
    rule = CloudWatchRecord.of(call.cloudwatch_backend).mute_rules.get(name)
    if rule is None:
        raise ResourceNotFoundException(f"There is no alarm mute rule {name}.")
    return ActionResult(_summary(rule) | rule.settings)


@patches.method(CloudWatchResponse)
def list_alarm_mute_rules(call: CloudWatchResponse) -> ActionResult:
    """ListAlarmMuteRules."""
    parameters = Parameters(call)
    alarm, statuses = parameters.text("AlarmName"), parameters.texts("Statuses")
    rules = CloudWatchRecord.of(call.cloudwatch_backend).mute_rules
    found = [
        _summary(rules[name])
        for name in sorted(rules)
        if (not alarm or alarm in targets(rules[name].settings))
        and (not statuses or _status(rules[name]) in statuses)
    ]
    return ActionResult({"AlarmMuteRuleSummaries": found})


@patches.method(CloudWatchResponse)
def delete_alarm_mute_rule(call: CloudWatchResponse) -> EmptyResult:
    """DeleteAlarmMuteRule; one that does not exist is gone already."""
    backend = call.cloudwatch_backend
    rule = CloudWatchRecord.of(backend).mute_rules.pop(
        Parameters(call).text("AlarmMuteRuleName"), None
    )
    if rule is not None:
        backend.tagger.delete_all_tags_for_resource(rule.arn)
    return EmptyResult()


def _summary(rule: MuteRule) -> dict[str, Any]:
    one_time = str(rule.settings["Rule"]["Schedule"]["Expression"]).startswith("at(")
    summary: dict[str, Any] = {
        "AlarmMuteRuleArn": rule.arn,
        "Status": _status(rule),
        "MuteType": "ONE_TIME" if one_time else "RECURRING",
        "LastUpdatedTimestamp": rule.updated_at,
    }
    if "ExpireDate" in rule.settings:
        summary["ExpireDate"] = rule.settings["ExpireDate"]
    return summary


def _status(rule: MuteRule) -> str:
    now = now_utc()
    if mute_schedules.expired(rule.settings, now):
        return "EXPIRED"
    return "ACTIVE" if mute_schedules.is_active(rule.settings, now) else "SCHEDULED"


def muted(backend: CloudWatchBackend) -> frozenset[str]:
    """Return the names of the alarms that may not act now."""
    now = now_utc()
    return frozenset(
        name
        for rule in CloudWatchRecord.of(backend).mute_rules.values()
        if mute_schedules.is_active(rule.settings, now)
        for name in targets(rule.settings)
    )
