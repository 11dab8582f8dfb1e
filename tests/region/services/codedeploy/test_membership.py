"""Which instances a deployment group deploys to."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from region.services.codedeploy import membership
from region.services.codedeploy.records import DeploymentGroupRecord


def instance(name, state="running", **tags):
    pairs = [{"key": key, "value": value} for key, value in tags.items()]
    return SimpleNamespace(id=name, state=state, get_tags=lambda: pairs)


INSTANCES = [
    instance("i-web", role="web", stage="ha"),
    instance("i-old", role="web", stage="single"),
    instance("i-db", role="db", stage="ha"),
    instance("i-off", state="stopped", role="web", stage="ha"),
    instance("i-gone", state="terminated", role="web", stage="ha"),
]


class Plane:
    def backend(self, service):
        member = SimpleNamespace
        states = [
            member(lifecycle_state="InService", instance=member(id="i-asg")),
            member(lifecycle_state="Pending", instance=member(id="i-new")),
        ]
        return {
            "ec2": SimpleNamespace(all_instances=lambda: INSTANCES),
            "autoscaling": SimpleNamespace(
                autoscaling_groups={"asg": SimpleNamespace(instance_states=states)}
            ),
        }[service]


def group(record=None, **settings):
    defaults = {
        "auto_scaling_groups": [],
        "ec2_tag_filters": [],
        "ec2_tag_set": {},
    }
    made = SimpleNamespace(**(defaults | settings))
    (record or DeploymentGroupRecord()).attach(made)
    return made


def tag(key=None, value=None, kind="KEY_AND_VALUE"):
    return {"Key": key, "Value": value, "Type": kind}


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"auto_scaling_groups": ["asg"]}, ["i-asg"]),
        ({"auto_scaling_groups": ["gone"]}, []),
        ({"ec2_tag_filters": [tag("role", "web")]}, ["i-web", "i-old", "i-off"]),
        (
            {"ec2_tag_filters": [tag("role", "web"), tag("role", "db")]},
            ["i-web", "i-old", "i-db", "i-off"],
        ),
        (
            {"ec2_tag_filters": [tag("stage", kind="KEY_ONLY")]},
            ["i-web", "i-old", "i-db", "i-off"],
        ),
        ({"ec2_tag_filters": [tag(value="db", kind="VALUE_ONLY")]}, ["i-db"]),
        (
            {"ec2_tag_set": {"ec2TagSetList": [[tag("role", "web")], [tag("stage", "ha")]]}},
            ["i-web", "i-off"],
        ),
        ({}, []),
    ],
)
def test_members(settings, expected):
    assert membership.members(Plane(), group(**settings)) == expected


def test_unhealthy_instances_come_first():
    record = DeploymentGroupRecord(deployed={"a": "d-1", "b": "d-1"}, failed_instances={"b"})
    found = membership.in_deployment_order(group(record), ["a", "b", "c"])
    assert found == ["b", "c", "a"]
