"""Collects afterwards what happened to a stack's own resources, for a common timeline.

Each collector takes a boto3 client and answers with events; all of them skip what began before the
load. What belongs to the stack follows from its outputs: the group, the deployment group, and the
database in the VPC of its instances.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from loadtest.experiments.clock import LoadClock
from loadtest.experiments.observations import TimelineEvent

EARLIER_S = 5.0
"""How long before the load began an event still belongs to the picture."""
TARGETS_PER_CALL = 25

_ACTIVITY = re.compile(
    r"^(?P<verb>Launching|Terminating|Moving|Attaching|Detaching)\b.*?(?P<id>i-\w+)?$"
)


def activities(autoscaling: Any, group: str, clock: LoadClock) -> list[TimelineEvent]:
    """Return the Auto Scaling activities of a group, oldest first."""
    pages = autoscaling.get_paginator("describe_scaling_activities").paginate(
        AutoScalingGroupName=group
    )
    found = [_activity(one, clock) for page in pages for one in page.get("Activities") or []]
    return sorted(_recent(found), key=lambda event: event.at_s)


def _activity(one: Mapping[str, Any], clock: LoadClock) -> TimelineEvent:
    text = str(one.get("Description") or "")
    matched = _ACTIVITY.match(text)
    end = one.get("EndTime")
    return TimelineEvent(
        source="group",
        subject=(matched and matched["id"]) or str(one.get("AutoScalingGroupName") or ""),
        state=matched["verb"] if matched else text,
        at_s=clock.of_aws(one["StartTime"]),
        until_s=None if end is None else clock.of_aws(end),
        zone=_zone(str(one.get("Details") or "")),
        detail=str(one.get("StatusCode") or ""),
    )


def _zone(details: str) -> str | None:
    try:
        return json.loads(details).get("Availability Zone") or None
    except (ValueError, AttributeError):
        return None


def lifecycles(
    codedeploy: Any, application: str, group: str, clock: LoadClock
) -> list[TimelineEvent]:
    """Return CodeDeploy's deployments and the lifecycle events on each instance, oldest first."""
    pages = codedeploy.get_paginator("list_deployments").paginate(
        applicationName=application,
        deploymentGroupName=group,
        createTimeRange={"start": clock.to_aws(-EARLIER_S)},
    )
    ids = [str(one) for page in pages for one in page.get("deployments") or []]
    found: list[TimelineEvent] = []
    for deployment in ids:
        info = codedeploy.get_deployment(deploymentId=deployment)["deploymentInfo"]
        found += [_deployment(info, clock), *lifecycle(codedeploy, deployment, clock)]
    return sorted(_recent(found), key=lambda event: event.at_s)


def _deployment(info: Mapping[str, Any], clock: LoadClock) -> TimelineEvent:
    error = info.get("errorInformation") or {}
    end = info.get("completeTime")
    return TimelineEvent(
        source="deployment",
        subject=str(info["deploymentId"]),
        state=str(info["status"]),
        at_s=clock.of_aws(info["createTime"]),
        until_s=None if end is None else clock.of_aws(end),
        detail=" ".join(filter(None, (str(info.get("creator") or ""), error.get("code")))),
    )


def lifecycle(codedeploy: Any, deployment: str, clock: LoadClock) -> Iterator[TimelineEvent]:
    """Yield the lifecycle events that have begun on the instances of one deployment."""
    pages = codedeploy.get_paginator("list_deployment_targets").paginate(deploymentId=deployment)
    ids = [str(one) for page in pages for one in page.get("targetIds") or []]
    for start in range(0, len(ids), TARGETS_PER_CALL):
        answer = codedeploy.batch_get_deployment_targets(
            deploymentId=deployment, targetIds=ids[start : start + TARGETS_PER_CALL]
        )
        for target in answer.get("deploymentTargets") or []:
            yield from _target_events(target.get("instanceTarget") or {}, clock)


def _target_events(target: Mapping[str, Any], clock: LoadClock) -> Iterator[TimelineEvent]:
    instance = str(target.get("targetArn") or target.get("targetId") or "").rpartition("/")[2]
    for event in target.get("lifecycleEvents") or []:
        if (began := event.get("startTime")) is None:
            continue
        end = event.get("endTime")
        yield TimelineEvent(
            source="deployment",
            subject=instance,
            state=str(event["lifecycleEventName"]),
            at_s=clock.of_aws(began),
            until_s=None if end is None else clock.of_aws(end),
            detail=str(event.get("status") or ""),
        )


def alarms(cloudwatch: Any, names: Iterable[str], clock: LoadClock) -> list[TimelineEvent]:
    """Return the changes of state of the named alarms, oldest first."""
    found = [
        _alarm(name, one, clock)
        for name in names
        for page in cloudwatch.get_paginator("describe_alarm_history").paginate(
            AlarmName=name,
            HistoryItemType="StateUpdate",
            StartDate=clock.to_aws(-EARLIER_S),
        )
        for one in page.get("AlarmHistoryItems") or []
    ]
    return sorted(_recent(found), key=lambda event: event.at_s)


def _alarm(name: str, one: Mapping[str, Any], clock: LoadClock) -> TimelineEvent:
    new = _new_state(str(one.get("HistoryData") or ""))
    began = (new.get("stateReasonData") or {}).get("startDate")
    return TimelineEvent(
        source="alarm",
        subject=name,
        state=str(new.get("stateValue") or ""),
        at_s=clock.of_aws(one["Timestamp"]),
        since_s=None if began is None else clock.of_aws(datetime.fromisoformat(began)),
        detail=str(new.get("stateReason") or one.get("HistorySummary") or ""),
    )


def _new_state(data: str) -> Mapping[str, Any]:
    try:
        return json.loads(data)["newState"] or {}
    except (ValueError, KeyError, TypeError):
        return {}


def alarm_names(codedeploy: Any, application: str, group: str) -> list[str]:
    """Return the alarms that stop a deployment of the group."""
    info = codedeploy.get_deployment_group(applicationName=application, deploymentGroupName=group)[
        "deploymentGroupInfo"
    ]
    listed = (info.get("alarmConfiguration") or {}).get("alarms") or []
    return [str(one["name"]) for one in listed]


def database_events(rds: Any, identifier: str, clock: LoadClock) -> list[TimelineEvent]:
    """Return RDS's events of one DB instance, oldest first."""
    since = clock.to_aws(-EARLIER_S)
    pages = rds.get_paginator("describe_events").paginate(
        SourceIdentifier=identifier, SourceType="db-instance", StartTime=since
    )
    found = [
        TimelineEvent(
            source="database",
            subject=identifier,
            state=", ".join(map(str, one.get("EventCategories") or [])),
            at_s=clock.of_aws(one["Date"]),
            detail=str(one.get("Message") or ""),
        )
        for page in pages
        for one in page.get("Events") or []
    ]
    return sorted(_recent(found), key=lambda event: event.at_s)


def database(ec2: Any, rds: Any, instances: Iterable[str]) -> dict[str, Any] | None:
    """Return the description of the DB instance in the VPC of these instances; None without one."""
    known = sorted(instances)
    if not known:
        return None
    described = ec2.describe_instances(InstanceIds=known)
    networks = {
        instance.get("VpcId")
        for reservation in described.get("Reservations") or []
        for instance in reservation.get("Instances") or []
    }
    for page in rds.get_paginator("describe_db_instances").paginate():
        for one in page.get("DBInstances") or []:
            if (one.get("DBSubnetGroup") or {}).get("VpcId") in networks:
                return dict(one)
    return None


def zones(events: Iterable[TimelineEvent], known: Mapping[str, str]) -> Callable[[str], str | None]:
    """Return a function from an instance to its zone, from the group and from what it launched."""
    learned = {event.subject: event.zone for event in events if event.zone}
    return lambda instance: known.get(instance) or learned.get(instance)


def _recent(events: Iterable[TimelineEvent]) -> list[TimelineEvent]:
    """Return the events that had not ended before the load began."""
    return [
        event
        for event in events
        if event.at_s >= -EARLIER_S or event.until_s is None or event.until_s >= -EARLIER_S
    ]
