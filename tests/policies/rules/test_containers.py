"""Services of containers."""

from __future__ import annotations

from guardrails.values import UNKNOWN

from tests.policies.draft import Draft, Ref, violations
from tests.policies.mutations.containers import service
from tests.policies.mutations.fleet_network import third_subnet
from tests.policies.rules.cases import (
    test_a_change_breaks_exactly_its_rule,
    test_a_change_breaks_nothing,
)

__all__ = ["test_a_change_breaks_exactly_its_rule", "test_a_change_breaks_nothing"]

SURVIVES, ZONES = "ecs-service-survives-zone-loss", "ecs-service-multi-az"
TARGET = "aws:appautoscaling/target:Target"
ACTION = "aws:appautoscaling/scheduledAction:ScheduledAction"
ECS = {"serviceNamespace": "ecs", "scalableDimension": "ecs:service:DesiredCount"}


def tasks(draft, **more):
    service(draft, **more)
    return draft


def scaled(draft, least, resource="service/shop/tasks", **more):
    """Let the service scale from this number of tasks."""
    limits = {**ECS, "resourceId": resource, "minCapacity": least, "maxCapacity": 9.0, **more}
    draft.option("tasks", ignored=["desiredCount"])
    return draft.add("limits", TARGET, limits)


def at_night(draft, **limits):
    given = {**ECS, "resourceId": "service/shop/tasks", "scalableTargetAction": limits}
    return draft.add("night", ACTION, given)


def twice(draft, *counts):
    """Two services behind one target group."""
    tasks(draft, desiredCount=counts[0]).twin("tasks", "more-tasks")
    return draft.set("more-tasks", "desiredCount", counts[1]).set("more-tasks", "name", "more")


def on_instances(draft, *subnets):
    """Tasks on the instances of a group of their own."""
    draft.add("hosts", "aws:autoscaling/group:Group", {
        "vpcZoneIdentifiers": [Ref(one) for one in subnets], "minSize": 2.0, "maxSize": 4.0,
        "mixedInstancesPolicy": draft.parts["group"].properties["mixedInstancesPolicy"]})  # fmt: skip
    provider = {"autoScalingGroupArn": Ref("hosts", "arn")}
    draft.add("capacity", "aws:ecs/capacityProvider:CapacityProvider", {
        "name": "capacity", "autoScalingGroupProvider": provider})  # fmt: skip
    tasks(draft, launchType="EC2")
    draft.set("boxes", "targetType", "instance")
    return draft.set("tasks", "networkConfiguration", ...)


# A change and the one rule that it breaks.
BREAKS = [
    (SURVIVES, lambda d: tasks(d).set("tasks", "desiredCount", ...)),
    (SURVIVES, lambda d: scaled(tasks(d), 1.0)),
    (SURVIVES, lambda d: at_night(scaled(tasks(d), 2.0), minCapacity=0.0, maxCapacity=0.0)),
    (SURVIVES, lambda d: twice(d, 1.0, 1.0)),
    (ZONES, lambda d: tasks(d, subnets=[Ref("subnet-b"), Ref("subnet-b")])),
    ("ecs-service-keeps-tasks", lambda d: tasks(d, deploymentMinimumHealthyPercent=49.0)),
    ("elb-reaches-targets", lambda d: tasks(d, loadBalancers=[{"targetGroupArn":
        Ref("boxes", "arn"), "containerName": "web", "containerPort": 3000.0}])),
]  # fmt: skip

# A change that breaks nothing.
KEEPS = [
    tasks,
    lambda d: scaled(tasks(d, desiredCount=1.0), 2.0),
    lambda d: scaled(tasks(d), 1.0, "service/shop/others"),
    lambda d: scaled(tasks(d), 2.0, Ref("tasks", "id")),
    lambda d: at_night(scaled(tasks(d), 2.0), minCapacity=2.0, maxCapacity=4.0),
    lambda d: at_night(scaled(tasks(d), 2.0), maxCapacity=20.0),
    lambda d: twice(d, 1.0, 2.0),
    lambda d: tasks(d, schedulingStrategy="DAEMON", launchType="EC2", desiredCount=1.0),
    lambda d: tasks(d, deploymentMinimumHealthyPercent=50.0),
    lambda d: third_subnet(d, "third", "private-routes", "10.20.200.0/21") or
        tasks(d, subnets=[Ref("subnet-a"), Ref("third")]),
    lambda d: d.add("worker", "aws:ecs/service:Service", {"desiredCount": 1.0,
        "deploymentCircuitBreaker": {"enable": True, "rollback": True}}),
]  # fmt: skip


def test_tasks_on_instances_are_in_the_zones_of_these():
    (found,) = violations(on_instances(Draft(), "subnet-a"), ZONES)
    assert not found.undecided
    assert not violations(on_instances(Draft(), "subnet-a", "subnet-b"), ZONES)


def test_an_unknown_number_of_tasks_is_not_decidable():
    (found,) = violations(tasks(Draft(), desiredCount=UNKNOWN), SURVIVES)
    assert found.undecided


def test_what_scales_it_is_named():
    (found,) = violations(scaled(tasks(Draft()), 1.0), SURVIVES)
    assert found.resource.name == "limits"
    assert "min_capacity 1" in found.path[-1]
    assert found.remedy.startswith("set min_capacity to 2")
