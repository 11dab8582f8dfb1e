"""Health of a stack: its Auto Scaling group, its target group and its HTTP health path."""

from __future__ import annotations

import http.client
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from loadtest.stack.outputs import StackOutputs

HTTP_TIMEOUT_S = 5.0
VERSION_HEADER = "X-App-Version"
PLACEHOLDER = "haproof-placeholder"
"""The `Server` header of the placeholder that runs until the first release."""


@dataclass(frozen=True)
class HealthResponse:
    """The response of the health path: status and version, or why there is neither."""

    status: int | None
    version: str | None
    """The application's version; None if it does not report one, which is optional."""
    problem: str | None
    placeholder: bool = False
    """Whether the placeholder answered, not the application."""

    @property
    def healthy(self) -> bool:
        """Whether the status is 200."""
        return self.status == 200


def instances(outputs: StackOutputs, autoscaling: Any) -> tuple[set[str], str | None]:
    """Return the instances that a deployment reaches, and what is still missing, if anything."""
    if outputs.auto_scaling_group_name is None:
        return ({outputs.instance_id} if outputs.instance_id else set()), None
    name = outputs.auto_scaling_group_name
    groups = autoscaling.describe_auto_scaling_groups(AutoScalingGroupNames=[name])
    found = groups.get("AutoScalingGroups") or []
    if not found:
        return set(), f"the Auto Scaling group {name} does not exist"
    desired = int(found[0]["DesiredCapacity"])
    serving = {
        str(instance["InstanceId"])
        for instance in found[0].get("Instances") or []
        if instance.get("LifecycleState") == "InService"
    }
    if len(serving) < desired:
        return serving, f"{len(serving)} of {desired} instances are in service"
    return serving, None


def unhealthy_targets(outputs: StackOutputs, elbv2: Any) -> str | None:
    """Describe what is wrong with the target group; None if all its instances are healthy."""
    if outputs.target_group_arn is None:
        return None
    staying = _staying_targets(outputs.target_group_arn, elbv2)
    healthy = sum(state == "healthy" for state in staying.values())
    wanted = max(outputs.instance_count, len(staying))
    if healthy >= wanted:
        return None
    others = ", ".join(f"{t} {s}" for t, s in sorted(staying.items()) if s != "healthy")
    return f"{healthy} of {wanted} targets are healthy" + (f" ({others})" if others else "")


def failing_instances(outputs: StackOutputs, elbv2: Any, released: Iterable[str]) -> list[str]:
    """Return the instances that may show why a stack does not serve.

    The unhealthy ones, or all that were `released` to.
    """
    if outputs.target_group_arn is not None:
        staying = _staying_targets(outputs.target_group_arn, elbv2)
        if unhealthy := sorted(target for target, state in staying.items() if state != "healthy"):
            return unhealthy
    return sorted(released)


def _staying_targets(target_group_arn: str, elbv2: Any) -> dict[str, str]:
    """Return the state of each target but those that deregister, which get no requests any more."""
    answer = elbv2.describe_target_health(TargetGroupArn=target_group_arn)
    states = {
        str(one["Target"]["Id"]): str(one["TargetHealth"]["State"])
        for one in answer.get("TargetHealthDescriptions") or []
    }
    return {target: state for target, state in states.items() if state != "draining"}


def request_health(outputs: StackOutputs) -> HealthResponse:
    """Request the stack's health path once, directly rather than through a proxy."""
    parts = urlsplit(outputs.url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(str(parts.hostname), parts.port, timeout=HTTP_TIMEOUT_S)
    try:
        connection.request("GET", parts.path + outputs.health_path)
        response = connection.getresponse()
        response.read()
        version = response.getheader(VERSION_HEADER)
        problem = None if response.status == 200 else f"answers {response.status}"
        placeholder = (response.getheader("Server") or "").startswith(PLACEHOLDER)
        if problem is None and placeholder:
            problem = "is answered by the placeholder, not by the released application"
        return HealthResponse(response.status, version, problem, placeholder)
    except (OSError, http.client.HTTPException) as error:
        return HealthResponse(None, None, f"does not answer ({error})")
    finally:
        connection.close()
