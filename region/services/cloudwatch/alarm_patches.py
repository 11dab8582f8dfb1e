"""Alarms as CloudWatch answers: moto stores them, but never evaluates one and takes everything."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import Any, cast

from moto.cloudwatch.exceptions import (
    InvalidFormat,
    ResourceNotFound,
    ResourceNotFoundException,
    ValidationError,
)
from moto.cloudwatch.models import Alarm, CloudWatchBackend
from moto.cloudwatch.responses import CloudWatchResponse
from moto.core.responses import ActionResult, EmptyResult

from region.api.parameters import Parameters
from region.api.patching import Original, Patches
from region.services.cloudwatch import alarm_checks, alarms, descriptions, rule_expressions
from region.services.cloudwatch.alarms import CONFIGURATION_UPDATE, all_alarms, note
from region.services.cloudwatch.evaluation import INSUFFICIENT_DATA, STATES
from region.services.cloudwatch.parameters import dimensions_of, epoch
from region.services.cloudwatch.records import (
    COMPOSITE_ALARM,
    METRIC_ALARM,
    AlarmRecord,
    CloudWatchRecord,
    now_utc,
)

UNCHECKED = "Unchecked: Initial alarm creation"
MOST_DELETED = 100
_METRIC_PARAMETERS = (
    *("AlarmName", "AlarmDescription", "ActionsEnabled", "OKActions", "AlarmActions"),
    *("InsufficientDataActions", "MetricName", "Namespace", "Statistic", "ExtendedStatistic"),
    *("Dimensions", "Period", "Unit", "EvaluationPeriods", "DatapointsToAlarm", "Threshold"),
    *("ComparisonOperator", "TreatMissingData", "EvaluateLowSampleCountPercentile", "Metrics"),
    *("ThresholdMetricId", "EvaluationWindow", "WarmUpConfiguration", "EvaluationCriteria"),
    *("EvaluationInterval", "ActionConfiguration"),
)

_UNUSED = (
    *("namespace", "metric_name", "metric_data_queries", "comparison_operator"),
    *("evaluation_periods", "datapoints_to_alarm", "period", "threshold", "statistic"),
    *("extended_statistic", "description", "ok_actions", "insufficient_data_actions"),
    *("unit", "treat_missing_data", "evaluate_low_sample_count_percentile"),
    *("threshold_metric_id", "rule"),
)
"""moto's own fields, which stay empty: an alarm's record has what was put."""

patches = Patches()
REFUSED = {"put_insight_rule": "it has no Contributor Insights"}
"""Calls by moto's names, and why they are refused: nothing would count."""
patches.refuse(CloudWatchResponse, REFUSED)


@patches.around(CloudWatchBackend, "list_tags_for_resource")
def _list_tags_for_resource(moto: Original, backend: CloudWatchBackend, arn: str) -> dict[str, str]:
    """List the tags of an alarm that is there."""
    known = {str(alarm.alarm_arn) for alarm in all_alarms(backend)}
    if ":alarm:" in arn and arn not in known:
        raise ResourceNotFoundException(f"The alarm {arn} does not exist.")
    return moto(backend, arn)


def given(parameters: Parameters, names: Iterable[str]) -> dict[str, Any]:
    """Return the parameters that a call gives."""
    return {name: value for name in names if (value := parameters.get(name)) is not None}


def save(
    backend: CloudWatchBackend, settings: dict[str, Any], kind: str, tags: list[dict[str, str]]
) -> Alarm:
    """Create an alarm, or change one and keep its state."""
    name = str(settings["AlarmName"])
    before = backend.alarms.get(name)
    if before is not None and AlarmRecord.of(before).kind != kind:
        raise ValidationError(
            f"Alarm {name} is a {AlarmRecord.of(before).kind}: an alarm cannot change its type."
        )
    enabled = settings.get("ActionsEnabled") is not False
    if before is None:
        alarm = _created(backend, settings, kind)
        if tags:
            backend.tagger.tag_resource(alarm.alarm_arn, tags)
    else:
        alarm = before
    alarm.actions_enabled = enabled
    alarm.alarm_actions = list(settings.get("AlarmActions") or [])
    alarm.metric_name, alarm.namespace = settings.get("MetricName"), settings.get("Namespace")  # type: ignore[assignment]
    alarm.rule = settings.get("AlarmRule")
    alarm.configuration_updated_timestamp = now_utc()
    record = AlarmRecord.of(alarm)
    record.settings, record.seen, record.next_at = settings, None, 0.0
    word = "created" if before is None else "updated"
    data = {"version": "1.0", "type": "Create" if before is None else "Update"}
    data |= {f"{word}Alarm": settings}
    note(backend, alarm, CONFIGURATION_UPDATE, f'Alarm "{name}" {word}', data)
    return alarm


def _created(backend: CloudWatchBackend, settings: dict[str, Any], kind: str) -> Alarm:
    new = cast("Callable[..., Alarm]", Alarm)
    alarm = new(
        account_id=backend.account_id,
        region_name=backend.region_name,
        name=str(settings["AlarmName"]),
        dimensions=[],
        alarm_actions=[],
        actions_enabled=True,
        **dict.fromkeys(_UNUSED),
    )
    alarm.state_value, alarm.state_reason = INSUFFICIENT_DATA, UNCHECKED
    alarm.state_reason_data = ""
    alarm.state_updated_timestamp = now_utc()
    AlarmRecord(kind=kind).attach(alarm)
    backend.alarms[alarm.name] = alarm
    return alarm


@patches.method(CloudWatchResponse)
def put_metric_alarm(call: CloudWatchResponse) -> EmptyResult:
    """PutMetricAlarm: a new alarm starts in INSUFFICIENT_DATA, another one keeps its state."""
    parameters = Parameters(call)
    settings = given(parameters, _METRIC_PARAMETERS)
    backend = call.cloudwatch_backend
    alarm_checks.check_metric_alarm(settings, backend.region_name)
    new = settings["AlarmName"] not in backend.alarms
    alarm = save(backend, settings, METRIC_ALARM, parameters.structures("Tags"))
    record = AlarmRecord.of(alarm)
    warm_up = settings.get("WarmUpConfiguration")
    if warm_up and new:
        record.warm_since = time.time()
    elif not warm_up:
        record.warm_since = 0.0
    return EmptyResult()


@patches.method(CloudWatchResponse)
def describe_alarms(call: CloudWatchResponse) -> ActionResult:
    """DescribeAlarms: metric alarms, unless `AlarmTypes` asks for others."""
    parameters = Parameters(call)
    backend = call.cloudwatch_backend
    child_of, parent_of = (
        parameters.text("ChildrenOfAlarmName"),
        parameters.text("ParentsOfAlarmName"),
    )
    names, prefix = parameters.texts("AlarmNames"), parameters.text("AlarmNamePrefix")
    state, action = parameters.text("StateValue"), parameters.text("ActionPrefix")
    types = parameters.texts("AlarmTypes")
    if names and prefix:
        raise ValidationError("AlarmNames and AlarmNamePrefix are mutually exclusive.")
    if (child_of or parent_of) and any((names, prefix, state, action, types)):
        raise ValidationError(
            "ChildrenOfAlarmName and ParentsOfAlarmName take no other filter beside them."
        )
    if child_of or parent_of:
        found = _relatives(backend, child_of, parent_of)
        keys = {"AlarmName", "AlarmArn"}
        if child_of:
            keys |= {"StateValue", "StateUpdatedTimestamp"}
    else:
        kinds = set(types or [METRIC_ALARM])
        found = [
            alarm
            for alarm in all_alarms(backend)
            if AlarmRecord.of(alarm).kind in kinds
            and (not names or alarm.name in names)
            and alarm.name.startswith(prefix)
            and state in {"", alarm.state_value}
            and (not action or _has_action(alarm, action))
        ]
        keys = set[str]()
    answer: dict[str, Any] = {"MetricAlarms": [], "CompositeAlarms": []}
    for alarm in found:
        described = descriptions.describe(alarm)
        if keys:
            described = {name: value for name, value in described.items() if name in keys}
        answer[f"{AlarmRecord.of(alarm).kind}s"].append(described)
    return ActionResult(answer)


def _has_action(alarm: Alarm, prefix: str) -> bool:
    settings = AlarmRecord.of(alarm).settings
    return any(
        str(action).startswith(prefix)
        for name in alarm_checks.ACTIONS
        for action in settings.get(name) or []
    )


def children_of(alarm: Alarm) -> set[str]:
    """Return the names of the alarms that a composite alarm's rule names."""
    settings = AlarmRecord.of(alarm).settings
    return rule_expressions.children(rule_expressions.parse(str(settings["AlarmRule"])))


def _relatives(backend: CloudWatchBackend, child_of: str, parent_of: str) -> list[Alarm]:
    composites = [one for one in all_alarms(backend) if AlarmRecord.of(one).kind == COMPOSITE_ALARM]
    if parent_of:
        return [one for one in composites if parent_of in children_of(one)]
    parents = [one for one in composites if one.name == child_of]
    wanted = set[str]().union(*(children_of(one) for one in parents))
    return [one for one in all_alarms(backend) if one.name in wanted]


@patches.method(CloudWatchResponse)
def describe_alarms_for_metric(call: CloudWatchResponse) -> ActionResult:
    """DescribeAlarmsForMetric."""
    parameters = Parameters(call)
    wanted = given(
        parameters,
        ("Namespace", "MetricName", "Statistic", "ExtendedStatistic", "Period", "Unit"),
    )
    dimensions = dimensions_of(parameters.structures("Dimensions"))
    found = [
        descriptions.describe(alarm)
        for alarm in all_alarms(call.cloudwatch_backend)
        if all(AlarmRecord.of(alarm).settings.get(key) == value for key, value in wanted.items())
        and dimensions_of(AlarmRecord.of(alarm).settings.get("Dimensions") or []) == dimensions
    ]
    return ActionResult({"MetricAlarms": found})


@patches.method(CloudWatchResponse)
def describe_alarm_history(call: CloudWatchResponse) -> ActionResult:
    """DescribeAlarmHistory, also of alarms that are gone; the newest first by default."""
    parameters = Parameters(call)
    name, kind = parameters.text("AlarmName"), parameters.text("HistoryItemType")
    types = parameters.texts("AlarmTypes") or ([METRIC_ALARM] if not name else [])
    if parameters.text("AlarmContributorId"):
        raise ValidationError("The alarms of the local region have no contributors.")
    start = epoch(parameters.get("StartDate")) if parameters.get("StartDate") else 0.0
    end = epoch(parameters.get("EndDate")) if parameters.get("EndDate") else float("inf")
    found = [
        item
        for item in CloudWatchRecord.of(call.cloudwatch_backend).history
        if name in {"", item.alarm}
        and kind in {"", item.kind}
        and (not types or item.alarm_type in types)
        and start <= item.at.timestamp() <= end
    ]
    if parameters.text("ScanBy") != "TimestampAscending":
        found.reverse()
    return ActionResult({"AlarmHistoryItems": list(map(descriptions.describe_item, found))})


@patches.method(CloudWatchResponse)
def delete_alarms(call: CloudWatchResponse) -> EmptyResult:
    """DeleteAlarms: those that exist; none that a composite alarm needs."""
    names = Parameters(call).texts("AlarmNames")
    backend = call.cloudwatch_backend
    if len(names) > MOST_DELETED:
        raise ValidationError(f"AlarmNames has more than {MOST_DELETED} members.")
    found = [backend.alarms[name] for name in dict.fromkeys(names) if name in backend.alarms]
    composites = [alarm for alarm in found if AlarmRecord.of(alarm).kind == COMPOSITE_ALARM]
    if len(composites) > 1:
        raise ValidationError("AlarmNames can have at most one composite alarm.")
    for alarm in found:
        needed_by = [parent for parent in _dependents(backend, alarm.name) if parent != alarm.name]
        if needed_by and not set(needed_by) <= set(names):
            raise ValidationError(
                f"Alarm {alarm.name} cannot be deleted as there are composite alarm(s) depending on it: "
                f"{', '.join(needed_by)}"
            )
    for alarm in found:
        data = {"version": "1.0", "type": "Delete", "deletedAlarm": AlarmRecord.of(alarm).settings}
        note(backend, alarm, CONFIGURATION_UPDATE, f'Alarm "{alarm.name}" deleted', data)
        del backend.alarms[alarm.name]
        backend.tagger.delete_all_tags_for_resource(alarm.alarm_arn)
    return EmptyResult()


def _dependents(backend: CloudWatchBackend, name: str) -> list[str]:
    found: list[str] = []
    for alarm in all_alarms(backend):
        record = AlarmRecord.of(alarm)
        if record.kind != COMPOSITE_ALARM:
            continue
        suppressor = rule_expressions.alarm_name(
            str(record.settings.get("ActionsSuppressor") or "")
        )
        if name == suppressor or name in children_of(alarm):
            found.append(alarm.name)
    return found


@patches.method(CloudWatchResponse)
def set_alarm_state(call: CloudWatchResponse) -> EmptyResult:
    """SetAlarmState: actions follow if the state changes; the next evaluation overrules it."""
    parameters = Parameters(call)
    backend = call.cloudwatch_backend
    state, data = parameters.text("StateValue"), parameters.text("StateReasonData")
    if state not in STATES:
        raise ValidationError(
            f"1 validation error detected: Value '{state}' at 'stateValue' failed to satisfy "
            "constraint: Member must satisfy enum value set: [INSUFFICIENT_DATA, ALARM, OK]"
        )
    if data and not alarms.parsed(data) and data.strip() != "{}":
        raise InvalidFormat("StateReasonData is not a JSON object.")
    name = parameters.text("AlarmName")
    alarm = backend.alarms.get(name)
    if alarm is None:
        raise ResourceNotFound(f"There is no alarm {name}.")
    alarms.change_state(backend, alarm, state, parameters.text("StateReason"), data)
    AlarmRecord.of(alarm).set_at = time.time()
    return EmptyResult()
