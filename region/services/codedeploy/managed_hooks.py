"""The lifecycle hooks that CodeDeploy puts on the Auto Scaling groups of its deployment groups.

https://docs.aws.amazon.com/codedeploy/latest/userguide/integrations-aws-auto-scaling.html
`lifecycle_hooks` decides what they wait for. Call with the control plane's lock held.
"""

from __future__ import annotations

from moto.autoscaling.models import AutoScalingBackend, autoscaling_backends
from moto.codedeploy.models import CodeDeployBackend, DeploymentGroup

from region.services.autoscaling import groups
from region.services.codedeploy import periods
from region.services.codedeploy.records import DeploymentGroupRecord

ABANDON, CONTINUE = "ABANDON", "CONTINUE"


def synchronize(backend: CodeDeployBackend, group: DeploymentGroup) -> None:
    """Put hooks on the group's Auto Scaling groups, and take them off those that it left."""
    scaling = _scaling(backend)
    record = DeploymentGroupRecord.of(group)
    wanted = [name for name in group.auto_scaling_groups if name in scaling.autoscaling_groups]
    role = str(group.service_role_arn)
    for name in wanted:
        hook = record.launch_hook(group.deployment_group_name, name)
        _put(scaling, hook, name, groups.LAUNCHING_TRANSITION, ABANDON, role=role)
        if group.termination_hook_enabled:
            hook = record.termination_hook(group.deployment_group_name, name)
            _put(scaling, hook, name, groups.TERMINATING_TRANSITION, CONTINUE, role=role)
    _forget(scaling, record.launch_hooks, keep=wanted)
    _forget(
        scaling, record.termination_hooks, keep=wanted if group.termination_hook_enabled else []
    )


def remove(backend: CodeDeployBackend, group: DeploymentGroup) -> None:
    """Take all hooks off: the deployment group is deleted."""
    record = DeploymentGroupRecord.of(group)
    for hooks in (record.launch_hooks, record.termination_hooks):
        _forget(_scaling(backend), hooks, keep=[])


def orphaned(backend: CodeDeployBackend, scaling_group: str) -> bool:
    """Return whether an Auto Scaling group has a launch hook of CodeDeploy that is never completed.

    That is so where the application was deleted before its deployment groups.
    """
    owned = {
        name
        for of_application in backend.deployment_groups.values()
        for group in of_application.values()
        for name in DeploymentGroupRecord.of(group).launch_hooks.values()
    }
    return any(
        hook.auto_scaling_group_name == scaling_group
        and hook.lifecycle_transition == groups.LAUNCHING_TRANSITION
        and hook.name.startswith(groups.CODEDEPLOY_HOOK)
        and hook.name not in owned
        for hook in _scaling(backend).lifecycle_hooks.values()
    )


def _scaling(backend: CodeDeployBackend) -> AutoScalingBackend:
    return autoscaling_backends[backend.account_id][backend.region_name]


def _put(
    scaling: AutoScalingBackend, hook: str, group: str, transition: str, result: str, *, role: str
) -> None:
    if not scaling.describe_lifecycle_hooks(group, [hook]):
        timeout = int(periods.HOOK.seconds)
        made = scaling.create_lifecycle_hook(hook, group, transition, timeout, result)
        # moto's own values name a queue and a role that are not there.
        vars(made).update(role_arn=role, notification_target_arn=None, notification_metadata=None)


def _forget(scaling: AutoScalingBackend, hooks: dict[str, str], keep: list[str]) -> None:
    for group in [name for name in hooks if name not in keep]:
        scaling.delete_lifecycle_hook(group, hooks.pop(group))
