"""Reads the settings of a stack's own resources that decide how long detection and recovery take."""

from __future__ import annotations

import io
import math
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from statistics import median
from typing import Any, NamedTuple, Protocol

import yaml

from loadtest.experiments import collectors
from loadtest.experiments.clock import LoadClock
from loadtest.experiments.disturbances import Disturbance
from loadtest.experiments.observations import StackTiming, TimelineEvent
from loadtest.stack.deployments import DEPLOYMENTS_PER_CALL
from loadtest.stack.outputs import StackOutputs

TRAFFIC_EVENTS = frozenset(
    f"{when}{what}" for what in ("BlockTraffic", "AllowTraffic") for when in ("Before", "", "After")
)
"""Lifecycle events of CodeDeploy that wait for the load balancer instead of working."""
STOP = "ApplicationStop"
OWN_CHECK = "ValidateService"
LONGEST_EVENT_S = 3600.0
"""How long a script may take that sets no timeout, and a lifecycle event altogether (CodeDeploy User
Guide, AppSpec hooks)."""
SUCCESSFUL = "Successful"
SUCCEEDED = "Succeeded"
MOST_DEPLOYMENTS = 20
"""How many of the newest deployments are looked at."""
LEAVING = "autoscalingTermination"
"""The creator of a deployment that only stops the application of an instance that leaves."""


class Clients(Protocol):
    """boto3's clients by the name of their service."""

    def __getitem__(self, service: str) -> Any:
        """Return the client of that service, such as `ec2`."""
        ...


def read(
    outputs: StackOutputs,
    clients: Clients,
    clock: LoadClock,
    speed: float = 1.0,
    *,
    one_computer: bool = False,
    disturbed: Sequence[Disturbance] = (),
) -> StackTiming:
    """Read everything; `speed` is that of the local region's clock, 1 on AWS.

    `one_computer`: all instances share the CPUs of one, as in a local region. `disturbed`: when faults
    delayed deployments, on the axis of `clock`: what one took then says nothing of the next one.

    Raises:
        ClientError: AWS refused a question.
    """
    values: dict[str, Any] = {
        "topology": outputs.topology,
        "instances": outputs.instance_count,
        "speed": speed,
    }
    released, first = _releases(clients["codedeploy"], outputs, clock, disturbed)
    values |= released
    if not one_computer:
        values.pop("release_beside", None)
    members = [outputs.instance_id] if outputs.instance_id else []
    if outputs.target_group_arn is not None:
        values |= _checks(clients["elbv2"], outputs.target_group_arn)
    if outputs.auto_scaling_group_name is not None:
        autoscaling, name = clients["autoscaling"], outputs.auto_scaling_group_name
        launches = _launched(autoscaling, name)
        group, found = of_group(autoscaling, name, clock, launches)
        values |= found
        values["boot_s"] = newest_boot(launches, first, clock) or found["boot_s"]
        members = [str(one["InstanceId"]) for one in group.get("Instances") or []]
        config = _deployment_config(clients["codedeploy"], outputs)
        minimum = config.get("minimumHealthyHosts") or {}
        if config.get("zonalConfig"):
            values |= by_zones(config, found["per_zone"])
        values["batch"] = batch_size(minimum, len(members))
        values["most_batches"] = batches(minimum, int(group.get("MaxSize") or 0))
    stored = collectors.database(clients["ec2"], clients["rds"], members)
    if stored is not None:
        values["multi_az"] = bool(stored.get("MultiAZ"))
    return StackTiming(**values)


def _checks(elbv2: Any, arn: str) -> dict[str, Any]:
    (group,) = elbv2.describe_target_groups(TargetGroupArns=[arn])["TargetGroups"]
    listed = elbv2.describe_target_group_attributes(TargetGroupArn=arn)["Attributes"]
    attributes = {one["Key"]: one["Value"] for one in listed}
    return {
        "interval_s": group["HealthCheckIntervalSeconds"],
        "check_timeout_s": group["HealthCheckTimeoutSeconds"],
        "healthy_threshold": group["HealthyThresholdCount"],
        "unhealthy_threshold": group["UnhealthyThresholdCount"],
        "deregistration_delay_s": float(attributes["deregistration_delay.timeout_seconds"]),
    }


def of_group(
    autoscaling: Any,
    name: str,
    clock: LoadClock,
    launches: Mapping[str, tuple[datetime, datetime]],
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return an Auto Scaling group as the API describes it, and what of `StackTiming` it decides.

    `launches` are begin and end of each launch, by instance.
    """
    (group,) = autoscaling.describe_auto_scaling_groups(AutoScalingGroupNames=[name])[
        "AutoScalingGroups"
    ]
    serving = [i for i in group.get("Instances") or [] if i.get("LifecycleState") == "InService"]
    per_zone: dict[str, int] = {}
    for instance in serving:
        zone = str(instance["AvailabilityZone"])
        per_zone[zone] = per_zone.get(zone, 0) + 1
    known = [str(i["InstanceId"]) for i in serving if i["InstanceId"] in launches]
    since = {name: clock.of_aws(launches[name][1]) for name in known}
    policy = group.get("InstanceMaintenancePolicy") or {}
    by_balancer = "ELB" in str(group.get("HealthCheckType") or "")
    return group, {
        "instances": len(serving),
        "per_zone": dict(sorted(per_zone.items())),
        "grace_s": float(group.get("HealthCheckGracePeriod") or 0) if by_balancer else None,
        "replaces_first": policy.get("MinHealthyPercentage") == 100,
        "boot_s": first_boot(list(launches.values())),
        "youngest_in_service_s": max(since.values(), default=None),
        "in_service_s": since,
    }


def _launched(autoscaling: Any, name: str) -> dict[str, tuple[datetime, datetime]]:
    pages = autoscaling.get_paginator("describe_scaling_activities").paginate(
        AutoScalingGroupName=name
    )
    return _launches(one for page in pages for one in page.get("Activities") or [])


def newest_boot(
    launches: Mapping[str, tuple[datetime, datetime]],
    first: Mapping[str, _Work],
    clock: LoadClock,
) -> float | None:
    """Return how long the newest launch took until its deployment began; None without such a launch.

    The first launches of a group boot beside each other, on one computer with its CPUs shared.
    """
    boots = {
        work.began_s: work.began_s - clock.of_aws(launches[name][0])
        for name, work in first.items()
        if name in launches
        and clock.of_aws(launches[name][0]) <= work.began_s <= clock.of_aws(launches[name][1])
    }
    return round(boots[max(boots)], 3) if boots else None


def _launches(activities: Iterable[Mapping[str, Any]]) -> dict[str, tuple[datetime, datetime]]:
    """Return begin and end of each launch that succeeded, by instance."""
    found: dict[str, tuple[datetime, datetime]] = {}
    for one in activities:
        text = str(one.get("Description") or "")
        if text.startswith("Launching") and one.get("StatusCode") == SUCCESSFUL:
            found[text.rpartition(" ")[2]] = (one["StartTime"], one["EndTime"])
    return found


def first_boot(launches: list[tuple[datetime, datetime]]) -> float | None:
    """Return how long the first launches took, in seconds; None if the group keeps none of them.

    Later ones also deploy a revision while they are launched.
    """
    if not launches:
        return None
    ordered = sorted(launches)
    began = ordered[0][0]
    first = [(b, e) for b, e in ordered if b < ordered[0][1] or b == began]
    return round(median((end - begin).total_seconds() for begin, end in first), 3)


class _Work(NamedTuple):
    """What a deployment did on an instance: for how long, and from when to when."""

    spent_s: float
    began_s: float
    ended_s: float


def _releases(
    codedeploy: Any, outputs: StackOutputs, clock: LoadClock, disturbed: Sequence[Disturbance]
) -> tuple[dict[str, Any], dict[str, _Work]]:
    """Return how long an instance's lifecycle events took: its first deployment, and a later one.

    The first one is often faster: nothing is to be stopped, and credits may not be spent yet. Of it also
    how many instances had theirs in the same deployment; and what the first one was on each instance that
    nothing had delayed.
    """
    listed = codedeploy.list_deployments(
        applicationName=outputs.codedeploy_application,
        deploymentGroupName=outputs.codedeploy_deployment_group,
        includeOnlyStatuses=[SUCCEEDED],
    )
    found: dict[str, Any] = {}
    delayed: dict[str, float] = {}
    alone: dict[str, _Work] = {}
    seen = set[str]()
    for deployment in reversed(_newest(codedeploy, listed.get("deployments") or [])):
        work = _work(collectors.lifecycle(codedeploy, deployment, clock))
        first = [one for name, one in work.items() if name not in seen]
        again = [one for name, one in work.items() if name in seen]
        alone |= {
            name: one
            for name, one in work.items()
            if name not in seen and not _delayed(one, disturbed)
        }
        seen |= set(work)
        # The newest of each kind stays.
        for key, ones in (("release_s", first), ("again_s", again)):
            if undisturbed := [one.spent_s for one in ones if not _delayed(one, disturbed)]:
                found[key] = round(median(undisturbed), 3)
                if key == "release_s":
                    found["release_beside"] = len(ones)
            elif ones:
                # A fault only adds to it.
                least = min(one.spent_s for one in ones)
                delayed[key] = round(min(least, delayed.get(key, least)), 3)
    return {**delayed, **found}, alone


def _newest(codedeploy: Any, listed: Sequence[str]) -> list[str]:
    """Return the newest deployments that installed something, newest first."""
    found = list[str]()
    while listed and len(found) < MOST_DEPLOYMENTS:
        asked, listed = listed[:DEPLOYMENTS_PER_CALL], listed[DEPLOYMENTS_PER_CALL:]
        answer = codedeploy.batch_get_deployments(deploymentIds=asked)["deploymentsInfo"]
        leaving = {one["deploymentId"] for one in answer if one.get("creator") == LEAVING}
        found += [one for one in asked if one not in leaving]
    return found[:MOST_DEPLOYMENTS]


def _delayed(work: _Work, disturbed: Sequence[Disturbance]) -> bool:
    return any(one.delays(work.began_s, work.ended_s) for one in disturbed)


def _work(events: Iterable[TimelineEvent]) -> dict[str, _Work]:
    """Return what was done on each instance, without what waits for the load balancer.

    Not on those where the application was only stopped, as they leave.
    """
    found: dict[str, _Work] = {}
    installed = set[str]()
    for event in events:
        if event.state in TRAFFIC_EVENTS or event.until_s is None:
            continue
        before = found.get(event.subject, _Work(0.0, event.at_s, event.until_s))
        found[event.subject] = _Work(
            before.spent_s + event.until_s - event.at_s,
            min(before.began_s, event.at_s),
            max(before.ended_s, event.until_s),
        )
        if event.state != STOP:
            installed.add(event.subject)
    return {name: work for name, work in found.items() if name in installed}


def alarm(outputs: StackOutputs, clients: Clients) -> tuple[float, float] | None:
    """Return how long the alarms take that stop deployments; None without any.

    The period in which the bad answers begin is a bad data point, or has too few of them yet, and a period
    is evaluated once it is over, which takes up to another one.

    Raises:
        ClientError: AWS refused a question.
    """
    names = collectors.alarm_names(
        clients["codedeploy"],
        outputs.codedeploy_application,
        outputs.codedeploy_deployment_group,
    )
    if not names:
        return None
    found = clients["cloudwatch"].describe_alarms(AlarmNames=names)["MetricAlarms"]
    spans = [
        (one["Period"] * (breaches - 1), one["Period"] * (breaches + 2))
        for one in found
        if (breaches := one.get("DatapointsToAlarm") or one["EvaluationPeriods"])
    ]
    return min(spans, default=None)


def revision_check_s(outputs: StackOutputs, s3: Any) -> float:
    """Return how long the own check of the stack's revision may take before it fails, in seconds.

    That is the scripts of its last lifecycle event before traffic, by their timeouts. Without any, the
    load balancer's health checks are all there is: CodeDeploy waits for them as long as an event may take.

    Raises:
        ClientError: AWS refused a question.
        ValueError: the revision is not a zip with an appspec.yml.
    """
    answer = s3.get_object(Bucket=outputs.revision_bucket, Key=outputs.revision_key)
    try:
        with zipfile.ZipFile(io.BytesIO(answer["Body"].read())) as revision:
            spec = yaml.safe_load(revision.read("appspec.yml"))
    except (zipfile.BadZipFile, KeyError, yaml.YAMLError) as error:
        raise ValueError(f"the stack's revision cannot be read: {error}") from error
    scripts = (spec.get("hooks") or {}).get(OWN_CHECK) or [{}]
    return float(sum(one.get("timeout") or LONGEST_EVENT_S for one in scripts))


def _deployment_config(codedeploy: Any, outputs: StackOutputs) -> Mapping[str, Any]:
    group = codedeploy.get_deployment_group(
        applicationName=outputs.codedeploy_application,
        deploymentGroupName=outputs.codedeploy_deployment_group,
    )["deploymentGroupInfo"]
    return codedeploy.get_deployment_config(deploymentConfigName=group["deploymentConfigName"])[
        "deploymentConfigInfo"
    ]


def by_zones(config: Mapping[str, Any], per_zone: Mapping[str, int]) -> dict[str, Any]:
    """Return how a deployment goes from zone to zone: its batches in each, and what it waits in all.

    It watches every zone but the last; the first one may have a time of its own (CodeDeploy API reference,
    ZonalConfig).
    """
    zonal = config["zonalConfig"]
    fleet = batch_size(config.get("minimumHealthyHosts") or {}, sum(per_zone.values())) or 1
    least = zonal.get("minimumHealthyHostsPerZone") or {"type": "FLEET_PERCENT", "value": 0}
    sizes = {zone: min(fleet, batch_size(least, count) or 1) for zone, count in per_zone.items()}
    later = float(zonal.get("monitorDurationInSeconds") or 0)
    first = float(zonal.get("firstZoneMonitorDurationInSeconds", later))
    return {
        "zone_batches": [math.ceil(per_zone[zone] / sizes[zone]) for zone in sorted(per_zone)],
        "zone_watch_s": first + later * (len(per_zone) - 2) if len(per_zone) > 1 else 0.0,
    }


def batches(minimum: Mapping[str, Any], instances: int) -> int | None:
    """Return in how many batches a deployment reaches so many instances; None if nothing says so."""
    size = batch_size(minimum, instances)
    return None if size is None else math.ceil(instances / size)


def batch_size(minimum: Mapping[str, Any], instances: int) -> int | None:
    """Return how many instances a deployment takes at a time; None if it says nothing of that.

    Percentages are rounded up (CodeDeploy User Guide, minimum healthy hosts).
    """
    value = int(minimum.get("value") or 0)
    if not minimum or instances < 1:
        return None
    if minimum.get("type") == "FLEET_PERCENT":
        value = math.ceil(instances * value / 100)
    return max(1, instances - value)
