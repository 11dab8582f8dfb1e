"""Reads the settings of a stack's own resources that decide how long detection and recovery take."""

from __future__ import annotations

import io
import math
import zipfile
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

import yaml

from loadtest.experiments import collectors, launches
from loadtest.experiments.clock import LoadClock
from loadtest.experiments.disturbances import Disturbance
from loadtest.experiments.observations import StackTiming
from loadtest.stack.outputs import StackOutputs

OWN_CHECK = "ValidateService"
LONGEST_EVENT_S = 3600.0
"""How long a script may take that sets no timeout, and a lifecycle event altogether (CodeDeploy User
Guide, AppSpec hooks)."""


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
    works = launches.works(clients["codedeploy"], outputs, clock)
    values |= launches.releases(works, disturbed)
    if one_computer:
        values["one_computer"] = True
    else:
        values.pop("release_beside", None)
    members = [outputs.instance_id] if outputs.instance_id else []
    if outputs.target_group_arn is not None:
        values |= _checks(clients["elbv2"], outputs.target_group_arn)
    if outputs.auto_scaling_group_name is not None:
        autoscaling, name = clients["autoscaling"], outputs.auto_scaling_group_name
        launched = launches.launched(autoscaling, name)
        group, found = of_group(autoscaling, name, clock, launched)
        values |= found
        boot = launches.boot(launched, works, clock, disturbed)
        values["boot_s"] = boot and boot.seconds
        if boot is not None and one_computer:
            values["boot_beside"] = boot.beside
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
    launched: Mapping[str, tuple[datetime, datetime]],
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return an Auto Scaling group as the API describes it, and what of `StackTiming` it decides.

    `launched` are begin and end of each launch, by instance.
    """
    (group,) = autoscaling.describe_auto_scaling_groups(AutoScalingGroupNames=[name])[
        "AutoScalingGroups"
    ]
    serving = [i for i in group.get("Instances") or [] if i.get("LifecycleState") == "InService"]
    per_zone: dict[str, int] = {}
    for instance in serving:
        zone = str(instance["AvailabilityZone"])
        per_zone[zone] = per_zone.get(zone, 0) + 1
    known = [str(i["InstanceId"]) for i in serving if i["InstanceId"] in launched]
    since = {name: clock.of_aws(launched[name][1]) for name in known}
    policy = group.get("InstanceMaintenancePolicy") or {}
    by_balancer = "ELB" in str(group.get("HealthCheckType") or "")
    return group, {
        "instances": len(serving),
        "per_zone": dict(sorted(per_zone.items())),
        "grace_s": float(group.get("HealthCheckGracePeriod") or 0) if by_balancer else None,
        "replaces_first": policy.get("MinHealthyPercentage") == 100,
        "youngest_in_service_s": max(since.values(), default=None),
        "in_service_s": since,
    }


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
