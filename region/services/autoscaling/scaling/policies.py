"""moto's scaling policies as the region keeps them: by group and name, with the alarms that they own.

Callers hold the control plane's lock.
"""

from __future__ import annotations

from moto.autoscaling.exceptions import ValidationError
from moto.autoscaling.models import AutoScalingBackend, FakeScalingPolicy
from moto.cloudwatch.models import CloudWatchBackend, cloudwatch_backends

from region.services.autoscaling.scaling.records import PolicyRecord

TRACKING, STEP, SIMPLE = "TargetTrackingScaling", "StepScaling", "SimpleScaling"


def alarms_of(backend: AutoScalingBackend) -> CloudWatchBackend:
    """Return the CloudWatch of the same region."""
    return cloudwatch_backends[backend.account_id][backend.region_name]


def store(backend: AutoScalingBackend, policy: FakeScalingPolicy) -> None:
    """Keep a policy, in place of one of the same name in its group."""
    backend.policies[f"{policy.auto_scaling_group_name}/{policy.name}"] = policy


def of_group(backend: AutoScalingBackend, group_name: str) -> list[FakeScalingPolicy]:
    """Return the policies of a group."""
    return [
        policy
        for policy in backend.policies.values()
        if policy.auto_scaling_group_name == group_name
    ]


def find(backend: AutoScalingBackend, name: str, group_name: str = "") -> FakeScalingPolicy | None:
    """Return the policy of that name or ARN; its group is needed for a name that several have."""
    for policy in backend.policies.values():
        if policy.arn == name:
            return policy
        if policy.name == name and group_name in {"", policy.auto_scaling_group_name}:
            return policy
    return None


def require(backend: AutoScalingBackend, name: str, group_name: str = "") -> FakeScalingPolicy:
    """Return a policy.

    Raises:
        ValidationError: If there is none, with AWS's message.
    """
    policy = find(backend, name, group_name)
    if policy is None:
        raise ValidationError(f"Scaling policy name not found: {name}")
    return policy


def delete(backend: AutoScalingBackend, policy: FakeScalingPolicy) -> None:
    """Delete a policy with the alarms that it owns."""
    delete_alarms(backend, policy)
    for key, known in list(backend.policies.items()):
        if known is policy:
            del backend.policies[key]


def delete_all(backend: AutoScalingBackend, group_name: str) -> None:
    """Delete the policies of a group."""
    for policy in of_group(backend, group_name):
        delete(backend, policy)


def delete_alarms(backend: AutoScalingBackend, policy: FakeScalingPolicy) -> None:
    """Delete the alarms that a policy owns."""
    record = PolicyRecord.of(policy)
    known = alarms_of(backend).alarms
    for name in record.alarms:
        known.pop(name, None)
    record.alarms.clear()
