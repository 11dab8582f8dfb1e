"""Experiments on fake machines: states, targets, stop conditions, and what is refused."""

from __future__ import annotations

import time
from types import SimpleNamespace

import pytest
from botocore.exceptions import ClientError

from region.services.ec2 import capacity
from region.services.ec2.controller import InstancesController
from region.services.fis import actions, catalogue
from region.services.fis.behaviours import BEHAVIOURS
from region.services.fis.controller import ExperimentsController
from region.services.fis.records import ActionProgress
from tests.patience import PATIENCE
from tests.region.builders import put_alarm
from tests.region.fakes import service_role

NONE = [{"source": "none"}]


@pytest.fixture
def speed():
    return 60.0


@pytest.fixture
def links():
    return []


@pytest.fixture
def run(plane, aws, pool, links):
    """Run an experiment until it is in one of some states."""
    experiments = ExperimentsController(plane, lambda name, up: links.append((name, up)))
    instances = InstancesController(plane, pool)

    def until(experiment, *states):
        deadline = time.monotonic() + PATIENCE
        while True:
            experiments.reconcile()
            instances.reconcile()
            found = aws.fis.get_experiment(id=experiment)["experiment"]
            if found["state"]["status"] in states:
                return found
            assert time.monotonic() < deadline, found["state"]
            time.sleep(0.05)

    until.instances = instances
    yield until
    instances.close()


@pytest.fixture
def instance(aws, network, run):
    made = aws.ec2.run_instances(
        ImageId="ami-12345678",
        InstanceType="t4g.nano",
        MinCount=1,
        MaxCount=1,
        SubnetId=network.subnets[0],
        TagSpecifications=[
            {"ResourceType": "instance", "Tags": [{"Key": "drill", "Value": "yes"}]}
        ],
    )
    name = made["Instances"][0]["InstanceId"]
    while state(aws, name) != "running":
        run.instances.reconcile()
        time.sleep(0.02)
    return name


def state(aws, name):
    found = aws.ec2.describe_instances(InstanceIds=[name])
    return found["Reservations"][0]["Instances"][0]["State"]["Name"]


def template(aws, actions, targets=None, stop=None, **options):
    made = aws.fis.create_experiment_template(
        description="drill",
        roleArn=service_role(aws, "fis.amazonaws.com"),
        stopConditions=stop or NONE,
        targets=targets or {},
        actions=actions,
        **options,
    )
    return made["experimentTemplate"]["id"]


def start(aws, name, **options):
    return aws.fis.start_experiment(experimentTemplateId=name, **options)["experiment"]["id"]


TAGGED = {
    "all": {
        "resourceType": "aws:ec2:instance",
        "resourceTags": {"drill": "yes"},
        "selectionMode": "ALL",
        "filters": [{"path": "State.Name", "values": ["running"]}],
    }
}
STOP = {
    "actionId": "aws:ec2:stop-instances",
    "targets": {"Instances": "all"},
    "parameters": {"startInstancesAfterDuration": "PT1M"},
}


def test_instances_are_stopped_and_started_again(aws, run, instance):
    wait = {"actionId": "aws:fis:wait", "parameters": {"duration": "PT1M"}, "startAfter": ["stop"]}
    experiment = start(aws, template(aws, {"stop": STOP, "wait": wait}, TAGGED))
    found = aws.fis.get_experiment(id=experiment)["experiment"]
    assert found["state"]["status"] == "pending"
    run(experiment, "running")
    seen = set()
    while "stopped" not in seen:
        run(experiment, "running")
        seen.add(state(aws, instance))
    found = run(experiment, "completed")
    assert state(aws, instance) == "running"
    assert {action["state"]["status"] for action in found["actions"].values()} == {"completed"}
    assert found["actions"]["wait"]["startTime"] >= found["actions"]["stop"]["endTime"]


@pytest.fixture
def zone(network):
    return {
        "resourceType": "aws:ec2:subnet",
        "resourceArns": [f"arn:aws:ec2:ap-northeast-2:123456789012:subnet/{network.subnets[0]}"],
        "selectionMode": "ALL",
    }


@pytest.fixture(params=["stop", "cut", "wait"])
def goes_on(aws, run, instance, zone, request):
    """An experiment whose only action goes on."""
    action = request.param
    actions_of = {
        "stop": {**STOP, "parameters": {"startInstancesAfterDuration": "PT12H"}},
        "cut": {
            "actionId": "aws:network:disrupt-connectivity",
            "targets": {"Subnets": "zone"},
            "parameters": {"duration": "PT12H", "scope": "all"},
        },
        "wait": {"actionId": "aws:fis:wait", "parameters": {"duration": "PT12H"}},
    }
    targets = {"stop": TAGGED, "cut": {"zone": zone}, "wait": {}}[action]
    experiment = start(aws, template(aws, {action: actions_of[action]}, targets))
    while action == "stop" and state(aws, instance) != "stopped":
        run(experiment, "running")
    for _ in range(3):
        run(experiment, "running")
    return experiment


def test_an_action_that_goes_on_announces_nothing(plane, aws, run, goes_on):
    before = plane.generation
    for _ in range(5):
        run(goes_on, "running")
    # Each announcement is a round of every controller, and the state written to the disk.
    assert plane.generation == before
    aws.fis.stop_experiment(id=goes_on)
    run(goes_on, "stopped")


def test_a_dry_run_resolves_targets_and_acts_not(aws, run, instance):
    name = template(aws, {"stop": STOP}, TAGGED)
    experiment = start(aws, name, experimentOptions={"actionsMode": "skip-all"})
    found = run(experiment, "completed")
    assert found["actions"]["stop"]["state"]["status"] == "skipped"
    (target,) = aws.fis.list_experiment_resolved_targets(experimentId=experiment)["resolvedTargets"]
    assert target["targetInformation"]["arn"].endswith(instance)
    assert state(aws, instance) == "running"


def test_an_alarm_stops_an_experiment_and_undoes_it(aws, run, instance, network, links):
    put_alarm(aws, "enough")
    (alarm,) = aws.cloudwatch.describe_alarms()["MetricAlarms"]
    subnet = f"arn:aws:ec2:ap-northeast-2:123456789012:subnet/{network.subnets[0]}"
    name = template(
        aws,
        {
            "cut": {
                "actionId": "aws:network:disrupt-connectivity",
                "targets": {"Subnets": "zone"},
                "parameters": {"duration": "PT12H", "scope": "all"},
            }
        },
        {
            "zone": {
                "resourceType": "aws:ec2:subnet",
                "resourceArns": [subnet],
                "selectionMode": "ALL",
            }
        },
        [{"source": "aws:cloudwatch:alarm", "value": alarm["AlarmArn"]}],
    )
    experiment = start(aws, name)
    run(experiment, "running")
    run(experiment, "running")
    assert links == [(instance, False)]
    aws.cloudwatch.set_alarm_state(AlarmName="enough", StateValue="ALARM", StateReason="drill")
    found = run(experiment, "stopped")
    assert links == [(instance, False), (instance, True)]
    assert found["actions"]["cut"]["state"]["status"] == "stopped"


def test_an_experiment_can_be_stopped(aws, run):
    wait = {"actionId": "aws:fis:wait", "parameters": {"duration": "PT12H"}}
    experiment = start(aws, template(aws, {"wait": wait}))
    run(experiment, "running")
    stopped = aws.fis.stop_experiment(id=experiment)["experiment"]
    assert stopped["state"]["status"] == "stopping"
    run(experiment, "stopped")


def test_no_targets(aws, run):
    fails = start(aws, template(aws, {"stop": STOP}, TAGGED))
    assert "empty set" in run(fails, "failed")["state"]["reason"]
    options = {"experimentOptions": {"emptyTargetResolutionMode": "skip"}}
    skips = start(aws, template(aws, {"stop": STOP}, TAGGED, **options))
    run(skips, "completed")


WAIT = {"actionId": "aws:fis:wait", "parameters": {"duration": "PT1M"}}
REFUSED = [
    {"actions": {"a": {"actionId": "no action at all"}}},
    {"actions": {"a": {"actionId": "aws:fis:wait"}}},
    {"actions": {"a": WAIT | {"parameters": {"duration": "5 minutes"}}}},
    {"actions": {"a": WAIT | {"startAfter": ["b"]}}},
    {"actions": {"a": STOP}},
    {"actions": {"a": WAIT}, "stop": [{"source": "aws:cloudwatch:alarm", "value": "nothing" * 4}]},
    {"actions": {"a": WAIT}, "experimentOptions": {"accountTargeting": "multi-account"}},
]


@pytest.mark.parametrize("changes", REFUSED)
def test_what_is_refused(aws, changes):
    with pytest.raises(ClientError, match="ValidationException"):
        template(aws, **changes)
    assert aws.fis.list_experiment_templates()["experimentTemplates"] == []


ABSENT = [
    {"actions": {"a": {"actionId": "aws:eks:terminate-nodegroup-instances"}}},
    {
        "actions": {"a": WAIT},
        "targets": {
            "t": {
                "resourceType": "aws:eks:nodegroup",
                "resourceTags": {"drill": "yes"},
                "selectionMode": "ALL",
            }
        },
    },
]


@pytest.mark.parametrize("changes", ABSENT, ids=str)
def test_what_only_aws_does(aws, changes):
    with pytest.raises(ClientError, match="NotImplemented"):
        template(aws, **changes)


def test_an_experiment_needs_the_alarm_that_would_stop_it(aws, run):
    alarm_of = "arn:aws:cloudwatch:ap-northeast-2:123456789012:alarm:guard"
    stop = [{"source": "aws:cloudwatch:alarm", "value": alarm_of}]
    name = template(aws, {"wait": WAIT}, {}, stop)
    found = run(start(aws, name), "failed")
    assert "guard" in found["state"]["reason"]
    put_alarm(aws, "guard")
    experiment = start(aws, name)
    run(experiment, "running")
    aws.cloudwatch.delete_alarms(AlarmNames=["guard"])
    run(experiment, "stopped")


def test_every_action_does_something(aws):
    assert set(catalogue.ACTIONS) == set(BEHAVIOURS)
    listed = {action["id"] for action in aws.fis.list_actions()["actions"]}
    assert listed == set(BEHAVIOURS)
    for name in listed:
        assert aws.fis.get_action(id=name)["action"]["id"] == name


def test_groups_find_no_capacity_in_a_zone(plane, aws, network, run):
    aws.ec2.create_launch_template(
        LaunchTemplateName="web",
        LaunchTemplateData={"ImageId": "ami-12345678", "InstanceType": "t4g.nano"},
    )
    aws.autoscaling.create_auto_scaling_group(
        AutoScalingGroupName="web",
        LaunchTemplate={"LaunchTemplateName": "web"},
        MinSize=0,
        MaxSize=3,
        VPCZoneIdentifier=network.subnets[0],
    )
    (group,) = aws.autoscaling.describe_auto_scaling_groups()["AutoScalingGroups"]
    zone = group["AvailabilityZones"][0]
    shortage = {
        "actionId": "aws:ec2:asg-insufficient-instance-capacity-error",
        "targets": {"AutoScalingGroups": "groups"},
        "parameters": {"availabilityZoneIdentifiers": zone, "duration": "PT12H"},
    }
    targets = {
        "groups": {
            "resourceType": "aws:ec2:autoscaling-group",
            "resourceArns": [group["AutoScalingGroupARN"]],
            "selectionMode": "ALL",
        }
    }

    def is_short(name):
        with plane.lock:
            return capacity.is_short(plane.backend("ec2"), "t4g.nano", zone, name)

    experiment = start(aws, template(aws, {"shortage": shortage}, targets))
    run(experiment, "running")
    run(experiment, "running")
    assert is_short("web")
    assert not is_short("else")
    aws.fis.stop_experiment(id=experiment)
    run(experiment, "stopped")
    assert not is_short("web")


def test_a_role_that_fis_cannot_assume_fails_the_experiment(aws, run, instance):
    name = template(aws, {"stop": STOP}, TAGGED)
    aws.iam.delete_role_policy(RoleName="fis", PolicyName="everything")
    aws.iam.delete_role(RoleName="fis")
    found = run(start(aws, name), "failed", "completed")
    assert found["state"]["status"] == "failed"
    assert "Unable to assume role" in found["state"]["reason"]
    assert state(aws, instance) == "running"


@pytest.mark.parametrize("jump", [300.0, -300.0])
def test_an_action_lasts_as_long_whatever_the_clock_is_set_to(
    plane, monkeypatch: pytest.MonkeyPatch, jump: float
):
    computer = SimpleNamespace(wall=1_790_000_000.0, ticks=50.0)
    monkeypatch.setattr(actions.time, "time", lambda: computer.wall)
    monkeypatch.setattr(actions.time, "monotonic", lambda: computer.ticks)
    progress = ActionProgress(started_at=computer.wall, started_ticks=computer.ticks)
    task = actions.Task("EXP1", "wait", {"duration": "PT1M"}, (), progress)
    context = actions.Context(plane, None, lambda *_: None)
    # A minute of AWS, at sixty times its speed.
    computer.wall += jump + 0.9
    computer.ticks += 0.9
    assert not task.elapsed(context)
    computer.ticks += 0.2
    assert task.elapsed(context)
    # The computer was started again.
    computer.ticks, computer.wall = 1.0, progress.started_at + 0.9
    assert not task.elapsed(context)
    computer.wall += 0.2
    assert task.elapsed(context)
