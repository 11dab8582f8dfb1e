"""What breaks the rule about settings that the API refuses."""

from __future__ import annotations

from tests.policies.draft import Ref
from tests.policies.mutations.registry import KEEPS, breaks, decides

decides("asg-settings-accepted", "group", "desiredCapacity", absent=KEEPS, unknown=KEEPS)


@breaks("asg-settings-accepted")
def desired_below_the_minimum(stack):
    stack.set("group", "desiredCapacity", 3)


@breaks("asg-settings-accepted")
def minimum_above_the_maximum(stack):
    stack.set("group", "maxSize", 4)


@breaks("asg-settings-accepted")
def instances_live_an_hour(stack):
    stack.set("group", "maxInstanceLifetime", 3600)


@breaks("asg-settings-accepted")
def limits_too_far_apart(stack):
    policy = {"minHealthyPercentage": 50, "maxHealthyPercentage": 200}
    stack.set("group", "instanceMaintenancePolicy", policy)


@breaks("asg-settings-accepted")
def a_process_that_there_is_not(stack):
    stack.set("group", "suspendedProcesses", ["Healthcheck"])


@breaks("asg-settings-accepted")
def spot_in_the_template_of_a_mixed_group(stack):
    stack.set("template", "instanceMarketOptions", {"marketType": "spot"})


@breaks("asg-settings-accepted")
def a_schedule_above_its_own_maximum(stack):
    stack.add(
        "morning",
        "aws:autoscaling/schedule:Schedule",
        {
            "autoscalingGroupName": Ref("group", "name"),
            "minSize": 6,
            "maxSize": 9,
            "desiredCapacity": 12,
        },
    )
