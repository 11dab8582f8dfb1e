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
            "codedeploy": SimpleNamespace(
                deployments={
                    "d-1": SimpleNamespace(revision={"key": "v1"}),
                    "d-2": SimpleNamespace(revision={"key": "v2"}),
                }
            ),
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
        "on_premises_instance_tag_filters": [],
        "on_premises_tag_set": {},
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


def test_instances_come_unhealthy_first_and_up_to_date_last():
    record = DeploymentGroupRecord(
        deployed={"new": "d-2", "old": "d-1", "broken": "d-2", "unknown": "d-0"},
        failed_instances={"broken"},
        target_revision={"key": "v2"},
    )
    names = ["new", "old", "unknown", "broken", "never"]
    found = membership.in_deployment_order(Plane(), group(record), names)
    assert found == ["broken", "never", "unknown", "old", "new"]
