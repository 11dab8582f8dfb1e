"""Triggers: messages to Amazon SNS topics about a deployment group's deployments and instances.

https://docs.aws.amazon.com/codedeploy/latest/userguide/monitoring-sns-event-notifications-json-format.html
Call with the control plane's lock held.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from datetime import datetime
from typing import Any, cast

from moto.codedeploy.exceptions import CodeDeployException
from moto.codedeploy.models import DeploymentGroup, DeploymentInfo

from region.api.server import ControlPlane
from region.services.codedeploy.records import ROLLBACK, DeploymentRecord, TargetStatus
from region.services.ec2 import arns

log = logging.getLogger(__name__)

EVENTS = frozenset(
    {
        "DeploymentStart",
        "DeploymentSuccess",
        "DeploymentFailure",
        "DeploymentStop",
        "DeploymentRollback",
        "DeploymentReady",
        "InstanceStart",
        "InstanceSuccess",
        "InstanceFailure",
        "InstanceReady",
    }
)
MAX_TRIGGERS = 10
DEPLOYMENT: Mapping[str, str] = {
    "InProgress": "DeploymentStart",
    "Ready": "DeploymentReady",
    "Succeeded": "DeploymentSuccess",
    "Failed": "DeploymentFailure",
    "Stopped": "DeploymentStop",
}
INSTANCE: Mapping[TargetStatus, str] = {
    "InProgress": "InstanceStart",
    "Succeeded": "InstanceSuccess",
    "Failed": "InstanceFailure",
    "Ready": "InstanceReady",
}


def check(configurations: list[dict[str, Any]]) -> None:
    """Reject triggers that CodeDeploy does not take."""
    if len(configurations) > MAX_TRIGGERS:
        raise CodeDeployException(
            "TriggerTargetsLimitExceededException",
            f"A deployment group takes {MAX_TRIGGERS} triggers, not {len(configurations)}.",
        )
    for trigger in configurations:
        name, target = trigger.get("triggerName"), str(trigger.get("triggerTargetArn", ""))
        events = cast("list[str]", trigger.get("triggerEvents") or [])
        if not name or not events or not set(events) <= EVENTS:
            raise CodeDeployException(
                "InvalidTriggerConfigException",
                f"The trigger {name!r} needs a name and events of {', '.join(sorted(EVENTS))}; it "
                f"has {', '.join(events) or 'none'}.",
            )
        if not target.startswith("arn:aws:sns:"):
            raise CodeDeployException(
                "InvalidTriggerConfigException",
                f"The target {target!r} of trigger {name!r} is not the ARN of an SNS topic.",
            )


def deployment_changed(plane: ControlPlane, deployment: DeploymentInfo) -> None:
    """Tell that a deployment has begun, waits for its traffic to be rerouted, or has ended."""
    _deployment_event(plane, deployment, DEPLOYMENT[str(deployment.status)])
    if deployment.status == "InProgress" and deployment.creator == ROLLBACK:
        _deployment_event(plane, deployment, "DeploymentRollback")


def instance_changed(plane: ControlPlane, deployment: DeploymentInfo, instance_id: str) -> None:
    """Tell that the deployment to an instance has begun or ended."""
    target = DeploymentRecord.of(deployment).targets[instance_id]
    event = INSTANCE.get(target.status)
    if event is None:
        return
    where = arns.of_instance(plane.config.region, plane.config.account, instance_id)
    lifecycle = [
        {
            "LifecycleEvent": one.name,
            "LifecycleEventStatus": one.status,
            "StartTime": _time(one.started),
            "EndTime": _time(one.ended),
        }
        for one in target.events
        if one.started is not None
    ]
    content = {
        "instanceId": where,
        "lastUpdatedAt": _time(target.updated),
        "instanceStatus": target.status,
        "lifecycleEvents": json.dumps(lifecycle),
    }
    _send(plane, deployment, event, content)


def _deployment_event(plane: ControlPlane, deployment: DeploymentInfo, event: str) -> None:
    error = DeploymentRecord.of(deployment).error
    content = {
        "createTime": _time(deployment.create_time),
        "completeTime": _time(deployment.complete_time),
        "deploymentOverview": json.dumps(deployment.deployment_overview or {}),
        "status": {"InProgress": "CREATED"}.get(
            str(deployment.status), str(deployment.status).upper()
        ),
    }
    if error is not None:
        content["errorInformation"] = json.dumps(
            {"ErrorCode": error.code, "ErrorMessage": error.message}
        )
    _send(plane, deployment, event, content)


def _wanting(group: DeploymentGroup, event: str) -> list[dict[str, Any]]:
    configured = cast("list[dict[str, Any]]", group.trigger_configurations or [])
    return [trigger for trigger in configured if event in (trigger.get("triggerEvents") or [])]


def _send(
    plane: ControlPlane, deployment: DeploymentInfo, event: str, content: dict[str, str]
) -> None:
    group = deployment.deployment_group
    message = {
        "region": plane.config.region,
        "accountId": plane.config.account,
        "applicationName": deployment.application_name,
        "deploymentId": deployment.deployment_id,
        "deploymentGroupName": group.deployment_group_name,
        **content,
    }
    for trigger in _wanting(group, event):
        text = json.dumps(message | {"eventTriggerName": trigger["triggerName"]})
        try:
            plane.backend("sns").publish(
                text,
                arn=str(trigger["triggerTargetArn"]),
                subject=f"{event}: AWS CodeDeploy {deployment.deployment_id}"[:100],
            )
        except Exception as error:
            log.warning("trigger %s could not be told: %s", trigger["triggerName"], error)


def _time(moment: datetime | None) -> str:
    if moment is None:
        return ""
    return moment.strftime("%a %b %d %H:%M:%S UTC %Y")
