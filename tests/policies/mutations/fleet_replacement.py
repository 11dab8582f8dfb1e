"""What breaks the rules about how a fleet replaces its instances."""

from __future__ import annotations

from tests.policies.mutations.registry import ADVISORY, BREAKS, KEEPS, breaks, decides

decides("asg-processes-run", "group", "suspendedProcesses", absent=KEEPS, unknown=BREAKS)
decides("asg-instance-lifetime", "group", "maxInstanceLifetime", absent=KEEPS, unknown=BREAKS)
decides(
    "asg-replacement-keeps-capacity",
    "group",
    "instanceMaintenancePolicy.minHealthyPercentage",
    absent=KEEPS,
    unknown=BREAKS,
)
decides("asg-refresh-keeps-capacity", "group", "instanceRefresh", absent=KEEPS, unknown=BREAKS)
decides("asg-launch-before-terminate", "group", "minSize", absent=KEEPS, unknown=KEEPS)
decides("asg-grace-period", "group", "healthCheckGracePeriod", absent=KEEPS, unknown=KEEPS)


@breaks("asg-processes-run")
def failed_instances_are_not_noticed(stack):
    stack.set("group", "suspendedProcesses", ["HealthCheck"])


@breaks("asg-processes-run")
def failed_instances_are_not_replaced(stack):
    stack.set("group", "suspendedProcesses", ["ReplaceUnhealthy", "AZRebalance"])


@breaks("asg-processes-run")
def no_instance_is_launched(stack):
    stack.set("group", "suspendedProcesses", ["Launch"])


@breaks("asg-processes-run")
def no_instance_is_terminated(stack):
    stack.set("group", "suspendedProcesses", ["Terminate"])


@breaks("asg-processes-run")
def new_instances_get_no_requests(stack):
    stack.set("group", "suspendedProcesses", ["AddToLoadBalancer"])


@breaks("asg-instance-lifetime")
def instances_live_a_day(stack):
    stack.set("group", "maxInstanceLifetime", 86400)


def _limits(stack, least, most):
    policy = {"minHealthyPercentage": least, "maxHealthyPercentage": most}
    stack.set("group", "instanceMaintenancePolicy", policy)


@breaks("asg-replacement-keeps-capacity")
def every_instance_at_a_time(stack):
    _limits(stack, 0, 100)


@breaks("asg-replacement-keeps-capacity")
def a_third_stays_in_service(stack):
    _limits(stack, 34, 100)


@breaks("asg-refresh-keeps-capacity")
def refreshed_all_at_once(stack):
    refresh = {"strategy": "Rolling", "preferences": {"minHealthyPercentage": 0}}
    stack.set("group", "instanceRefresh", refresh)


@breaks("asg-launch-before-terminate", ADVISORY)
def two_instances_without_a_maintenance_policy(stack):
    stack.set("group", "instanceMaintenancePolicy", ...)
    stack.set("group", "minSize", 2)


@breaks("asg-launch-before-terminate", ADVISORY)
def two_instances_of_which_one_goes_first(stack):
    _limits(stack, 90, 120)
    stack.set("group", "minSize", 2)


@breaks("asg-grace-period")
def half_a_minute_to_start(stack):
    stack.set("group", "healthCheckGracePeriod", 30)


@breaks("asg-grace-period")
def a_day_to_start(stack):
    stack.set("group", "healthCheckGracePeriod", 86400)
