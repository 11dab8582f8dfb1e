"""What is asked of AWS around an experiment, and what becomes of the answers."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from loadtest.errors import ResultsError
from loadtest.experiments import collectors, launches, observe, target_watch, timing
from loadtest.experiments.clock import LoadClock
from loadtest.experiments.disturbances import Disturbance
from loadtest.experiments.faults import Kind
from loadtest.experiments.observe import Observer
from loadtest.experiments.target_watch import Poll, TargetWatch
from loadtest.stack.clock_offset import ClockOffset, OffsetEstimator, TimedCalls
from loadtest.stack.outputs import StackOutputs

BEGAN = 1_790_000_000.0
CLOCK = LoadClock(BEGAN, ClockOffset(low_s=2, high_s=2, samples=1))


def aws(at_s: float) -> datetime:
    """That moment of the load on AWS's clock, which is two seconds ahead."""
    return datetime.fromtimestamp(BEGAN + at_s + 2, UTC)


class Paginator:
    def __init__(self, answer: Any) -> None:
        self.answer = answer

    def paginate(self, **asked: Any) -> Iterator[dict[str, Any]]:
        yield self.answer(**asked) if callable(self.answer) else self.answer


class Client:
    """A client of boto3 whose every method gives the answer of its name."""

    def __init__(self, **answers: Any) -> None:
        self.answers = answers

    def get_paginator(self, name: str) -> Paginator:
        return Paginator(self.answers[name])

    def __getattr__(self, name: str) -> Callable[..., Any]:
        answer = self.answers[name]
        return lambda **asked: answer(**asked) if callable(answer) else answer


def refuse(**_: Any) -> Any:
    raise ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "Describe")


LAUNCH = {
    "Description": "Launching a new EC2 instance: i-0new",
    "StartTime": aws(16),
    "EndTime": aws(34),
    "StatusCode": "Successful",
    "Details": '{"Availability Zone": "z-b"}',
    "AutoScalingGroupName": "fleet",
}
OLD = {
    **LAUNCH,
    "Description": "Launching a new EC2 instance: i-0old",
    "StartTime": aws(-300),
    "EndTime": aws(-292),
}
EVENTS = [
    {"lifecycleEventName": "BeforeInstall", "status": "Succeeded", "startTime": aws(25),
     "endTime": aws(31)},
    {"lifecycleEventName": "AllowTraffic", "status": "Succeeded", "startTime": aws(31),
     "endTime": aws(33)},
    {"lifecycleEventName": "AfterAllowTraffic", "status": "Pending"},
]  # fmt: skip
DEPLOYMENT = {"deploymentId": "d-1", "status": "Succeeded", "createTime": aws(24),
              "completeTime": aws(33), "creator": "autoscaling"}  # fmt: skip
INSTANCES = [
    {"InstanceId": "i-0a", "AvailabilityZone": "z-a", "LifecycleState": "InService"},
    {"InstanceId": "i-0b", "AvailabilityZone": "z-b", "LifecycleState": "InService"},
    {"InstanceId": "i-0c", "AvailabilityZone": "z-b", "LifecycleState": "Pending"},
]
TARGETS = {
    "TargetHealthDescriptions": [
        {"Target": {"Id": "i-0a"}, "TargetHealth": {"State": "healthy"}},
        {"Target": {"Id": "i-0b"}, "TargetHealth": {"State": "unhealthy", "Reason": "Timeout"}},
    ]
}


def clients(**changed: Client) -> dict[str, Client]:
    codedeploy = Client(
        list_deployments=lambda **_: {"deployments": ["d-1"]},
        get_deployment={"deploymentInfo": DEPLOYMENT},
        batch_get_deployments=lambda **asked: {
            "deploymentsInfo": [
                {"deploymentId": one, "creator": "autoscalingTermination"}
                for one in asked["deploymentIds"]
                if one.startswith("d-leaves")
            ]
        },
        list_deployment_targets={"targetIds": ["i-0new"]},
        batch_get_deployment_targets={
            "deploymentTargets": [
                {"instanceTarget": {"targetId": "i-0new", "lifecycleEvents": EVENTS}}
            ]
        },
        get_deployment_group={
            "deploymentGroupInfo": {
                "deploymentConfigName": "half",
                "alarmConfiguration": {"alarms": [{"name": "healthy-hosts"}]},
            }
        },
        get_deployment_config={
            "deploymentConfigInfo": {"minimumHealthyHosts": {"type": "FLEET_PERCENT", "value": 50}}
        },
    )
    found = {
        "autoscaling": Client(
            describe_scaling_activities={"Activities": [LAUNCH, OLD]},
            describe_auto_scaling_groups={
                "AutoScalingGroups": [
                    {"Instances": INSTANCES, "HealthCheckGracePeriod": 600,
                     "HealthCheckType": "ELB"}
                ]
            },
        ),
        "cloudwatch": Client(
            describe_alarms={"MetricAlarms": [{"Period": 60, "DatapointsToAlarm": 2}]},
            describe_alarm_history={
                "AlarmHistoryItems": [
                    {"Timestamp": aws(20), "HistorySummary": "to ALARM",
                     "HistoryData": '{"newState": {"stateValue": "ALARM"}}'}
                ]
            }
        ),
        "codedeploy": codedeploy,
        "ec2": Client(
            describe_instances={"Reservations": [{"Instances": [{"VpcId": "vpc-1"}]}]}
        ),
        "elbv2": Client(
            describe_target_health=TARGETS,
            describe_target_groups={
                "TargetGroups": [
                    {"HealthCheckIntervalSeconds": 5, "HealthCheckTimeoutSeconds": 2,
                     "HealthyThresholdCount": 2, "UnhealthyThresholdCount": 2}
                ]
            },
            describe_target_group_attributes={
                "Attributes": [{"Key": "deregistration_delay.timeout_seconds", "Value": "10"}]
            },
        ),
        "rds": Client(
            describe_db_instances={
                "DBInstances": [
                    {"DBInstanceIdentifier": "other", "DBSubnetGroup": {"VpcId": "vpc-2"}},
                    {"DBInstanceIdentifier": "ours", "DBSubnetGroup": {"VpcId": "vpc-1"},
                     "MultiAZ": True},
                ]
            },
            describe_events=lambda **asked: {
                "Events": [
                    {"Date": aws(40), "Message": f"{asked['SourceIdentifier']} failed over",
                     "EventCategories": ["failover"]}
                ]
            },
        ),
    }  # fmt: skip
    return {**found, **changed}


def test_an_activity_is_dated_on_our_clock_and_an_old_one_is_left_out():
    (found,) = collectors.activities(clients()["autoscaling"], "fleet", CLOCK)
    assert found.model_dump(exclude={"resolution_s", "since_s", "was"}) == {
        "source": "group", "subject": "i-0new", "state": "Launching", "at_s": 16, "until_s": 34,
        "zone": "z-b", "detail": "Successful",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("text", "subject", "state"),
    [
        ("Terminating EC2 instance: i-0a", "i-0a", "Terminating"),
        ("Launching a new EC2 instance.  Status Reason: no capacity.", "fleet", "Launching"),
        ("Something that AWS begins to say", "fleet", "Something that AWS begins to say"),
    ],
)
def test_an_activity_s_words(text: str, subject: str, state: str):
    client = Client(
        describe_scaling_activities={
            "Activities": [{**LAUNCH, "Description": text, "Details": "none"}]
        }
    )
    (found,) = collectors.activities(client, "fleet", CLOCK)
    assert (found.subject, found.state, found.zone) == (subject, state, None)


def test_a_deployment_and_what_it_did_on_each_instance():
    found = collectors.lifecycles(clients()["codedeploy"], "app", "group", CLOCK)
    assert [(e.subject, e.state, e.at_s, e.until_s) for e in found] == [
        ("d-1", "Succeeded", 24, 33),
        ("i-0new", "BeforeInstall", 25, 31),
        ("i-0new", "AllowTraffic", 31, 33),
    ]


def test_alarms_and_database_events():
    (alarm,) = collectors.alarms(clients()["cloudwatch"], ["healthy-hosts"], CLOCK)
    assert (alarm.subject, alarm.state, alarm.at_s) == ("healthy-hosts", "ALARM", 20)
    (event,) = collectors.database_events(clients()["rds"], "ours", CLOCK)
    assert (event.state, event.at_s) == ("failover", 40)


def test_only_the_database_in_the_stack_s_own_network_is_the_stack_s():
    found = collectors.database(clients()["ec2"], clients()["rds"], ["i-0a"])
    assert found is not None
    assert found["DBInstanceIdentifier"] == "ours"
    assert collectors.database(clients()["ec2"], clients()["rds"], []) is None


def test_the_settings_that_decide_how_long_things_take(make_outputs: Callable[..., StackOutputs]):
    found = timing.read(make_outputs(), clients(), CLOCK, 4)
    assert found.model_dump(exclude_defaults=True) == {
        "topology": "ha", "instances": 2, "per_zone": {"z-a": 1, "z-b": 1}, "interval_s": 5,
        "check_timeout_s": 2, "unhealthy_threshold": 2, "healthy_threshold": 2,
        "deregistration_delay_s": 10, "grace_s": 600, "boot_s": 9, "release_s": 6, "batch": 1,
        "multi_az": True, "speed": 4,
    }  # fmt: skip
    assert timing.alarm(make_outputs(), clients()) == (60, 240)


def test_what_only_stops_the_application_on_an_instance_that_leaves_is_no_release(
    make_outputs: Callable[..., StackOutputs],
):
    stop = {"lifecycleEventName": "ApplicationStop", "startTime": aws(40), "endTime": aws(40.3)}
    seen = clients()
    seen["codedeploy"] = Client(
        **{
            **seen["codedeploy"].answers,
            "list_deployments": {"deployments": ["d-stop", "d-1"]},
            "batch_get_deployment_targets": lambda **asked: {
                "deploymentTargets": [
                    {
                        "instanceTarget": {
                            "targetId": "i-0new",
                            "lifecycleEvents": [stop]
                            if asked["deploymentId"] == "d-stop"
                            else EVENTS,
                        }
                    }
                ]
            },
        }
    )
    assert timing.read(make_outputs(), seen, CLOCK).release_s == 6


def test_a_single_instance_has_no_checks(single_outputs: StackOutputs):
    found = timing.read(single_outputs, clients(), CLOCK)
    assert found.model_dump(exclude_defaults=True) == {
        "topology": "single", "instances": 1, "release_s": 6, "multi_az": True,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("minimum", "instances", "batch"),
    [
        ({"type": "FLEET_PERCENT", "value": 50}, 6, 3),
        ({"type": "FLEET_PERCENT", "value": 50}, 5, 2),
        ({"type": "FLEET_PERCENT", "value": 66}, 6, 2),
        ({"type": "HOST_COUNT", "value": 4}, 6, 2),
        ({"type": "HOST_COUNT", "value": 0}, 6, 6),
        ({"type": "HOST_COUNT", "value": 9}, 6, 1),
        ({}, 6, None),
        ({"type": "HOST_COUNT", "value": 1}, 0, None),
    ],
)
def test_how_many_a_deployment_takes_at_a_time(
    minimum: dict[str, Any], instances: int, batch: int | None
):
    assert timing.batch_size(minimum, instances) == batch


@pytest.mark.parametrize(
    ("minimum", "instances", "batches"),
    [
        ({"type": "FLEET_PERCENT", "value": 50}, 6, 2),
        ({"type": "FLEET_PERCENT", "value": 50}, 9, 3),
        ({"type": "HOST_COUNT", "value": 4}, 6, 3),
        ({}, 6, None),
    ],
)
def test_in_how_many_batches_a_deployment_reaches_a_group(
    minimum: dict[str, Any], instances: int, batches: int | None
):
    assert timing.batches(minimum, instances) == batches


def revision_of(appspec: str) -> Client:
    """S3 with a revision."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as revision:
        revision.writestr("appspec.yml", appspec)
    return Client(get_object=lambda **_: {"Body": io.BytesIO(made.getvalue())})


CHECKS = """
hooks:
  ApplicationStart: [{location: start.sh, timeout: 60}]
  ValidateService: [{location: one.sh, timeout: 90}, {location: two.sh, timeout: 30}]
"""


@pytest.mark.parametrize(
    ("appspec", "seconds"),
    [
        (CHECKS, 120),
        # The agent's own limit for a script that names none, and of an event without any script.
        ("hooks: {ValidateService: [{location: one.sh}]}", 3600),
        ("hooks: {}", 3600),
    ],
    ids=["both-scripts", "no-timeout", "no-script"],
)
def test_a_revision_s_own_check_gives_up_by_the_time_outs_of_its_scripts(
    appspec: str, seconds: float, make_outputs: Callable[..., StackOutputs]
):
    assert timing.revision_check_s(make_outputs(), revision_of(appspec)) == seconds


def test_a_revision_that_is_none_is_a_problem_and_no_failure(
    make_outputs: Callable[..., StackOutputs],
):
    nothing = Client(get_object=lambda **_: {"Body": io.BytesIO(b"nothing")})
    known = {**clients(), "s3": nothing}
    with Observer(make_outputs(), known) as observer:
        observer.read_settings(Kind.BAD_DEPLOYMENT)
        assert observer.timing.own_check_s is None
        observer.read_settings(Kind.UNHEALTHY_DEPLOYMENT)
    assert observer.timing.own_check_s is None
    known["s3"] = revision_of(CHECKS)
    with Observer(make_outputs(), known) as observer:
        observer.read_settings(Kind.UNHEALTHY_DEPLOYMENT)
    assert observer.timing.own_check_s == 120


def test_a_later_deployment_to_an_instance_is_told_from_its_first(
    make_outputs: Callable[..., StackOutputs],
):
    def targets(deploymentId: str, **_: Any) -> Any:  # noqa: N803
        # Newest first, as CodeDeploy lists them: a launch, a release, the first release.
        instances = {"d-3": ["i-0c"], "d-2": ["i-0a", "i-0b"], "d-1": ["i-0a", "i-0b"]}
        seconds = {"d-3": 9, "d-2": 20, "d-1": 6}[deploymentId]
        event = {"lifecycleEventName": "BeforeInstall", "status": "Succeeded",
                 "startTime": aws(25), "endTime": aws(25 + seconds)}  # fmt: skip
        return {
            "deploymentTargets": [
                {"instanceTarget": {"targetId": one, "lifecycleEvents": [event]}}
                for one in instances[deploymentId]
            ]
        }

    known = clients()
    known["codedeploy"].answers |= {
        "list_deployments": {"deployments": ["d-3", "d-2", "d-1"]},
        "batch_get_deployment_targets": targets,
    }
    found = timing.read(make_outputs(), known, CLOCK)
    assert (found.release_s, found.again_s) == (9, 20)


def releases(*lists: tuple[str, list[str], float, float]) -> dict[str, Any]:
    """CodeDeploy with deployments, oldest first: id, instances, from when on, for how many seconds."""
    known = {name: (instances, at, seconds) for name, instances, at, seconds in lists}

    def targets(deploymentId: str, **_: Any) -> Any:  # noqa: N803
        instances, at, seconds = known[deploymentId]
        event = {"lifecycleEventName": "DownloadBundle", "status": "Succeeded",
                 "startTime": aws(at), "endTime": aws(at + seconds)}  # fmt: skip
        return {
            "deploymentTargets": [
                {"instanceTarget": {"targetId": one, "lifecycleEvents": [event]}}
                for one in instances
            ]
        }

    return {
        "list_deployments": {"deployments": list(known)[::-1]},
        "batch_get_deployment_targets": targets,
    }


CUT_OFF = Disturbance(100, 115)
"""A zone, as a proof at four times AWS's speed loses it; in seconds of the load."""


@pytest.mark.parametrize(
    ("launches", "disturbed", "release_s", "beside"),
    [
        # Launched into the zone that was cut off: the bundle came once that was over.
        ([("d-2", ["i-1"], 103, 14.2)], [CUT_OFF], 12.7, 6),
        ([("d-2", ["i-1"], 103, 14.2)], [], 14.2, 1),
        # One before and one after it say how long a launch takes.
        ([("d-2", ["i-1"], 80, 2.8), ("d-3", ["i-2"], 103, 14.2)], [CUT_OFF], 2.8, 1),
        ([("d-2", ["i-1"], 103, 14.2), ("d-3", ["i-2"], 118, 3.1)], [CUT_OFF], 3.1, 1),
    ],
    ids=["no-other-launch", "nothing-is-known", "one-before", "one-after"],
)
def test_a_launch_that_a_fault_delayed_says_nothing_of_the_next_one(
    make_outputs: Callable[..., StackOutputs],
    launches: list[Any],
    disturbed: list[Disturbance],
    release_s: float,
    beside: int,
):
    known = clients()
    six = [f"i-0{one}" for one in "abcdef"]
    known["codedeploy"].answers |= releases(("d-1", six, 10, 12.7), *launches)
    found = timing.read(make_outputs(), known, CLOCK, one_computer=True, disturbed=disturbed)
    assert (found.release_s, found.release_beside) == (release_s, beside)


def test_launches_side_by_side_have_each_other_s_cpus_whatever_their_deployments(
    make_outputs: Callable[..., StackOutputs],
):
    # Auto Scaling deploys to each instance that it launches; two replace those of a lost zone.
    known = clients()
    known["codedeploy"].answers |= releases(
        ("d-1", ["i-1"], 10, 5.0), ("d-2", ["i-2"], 60, 10.0), ("d-3", ["i-3"], 61, 10.0)
    )
    found = timing.read(make_outputs(), known, CLOCK, one_computer=True)
    assert (found.release_s, found.release_beside) == (10.0, pytest.approx(1.9))
    assert found.one_computer
    known["codedeploy"].answers |= releases(
        ("d-1", ["i-1"], 10, 5.0), ("d-2", ["i-2"], 60, 10.0), ("d-3", ["i-3"], 71, 5.0)
    )
    found = timing.read(make_outputs(), known, CLOCK, one_computer=True)
    assert (found.release_s, found.release_beside) == (5.0, 1.0)
    assert not timing.read(make_outputs(), known, CLOCK).one_computer


def launch(began: float, ended: float) -> tuple[datetime, datetime]:
    return aws(began), aws(ended)


@pytest.mark.parametrize(
    ("launches_at", "deployed_at", "disturbed", "boot"),
    [
        # The newest one, which booted alone; then one beside another, from 100 to 105.
        ({"i-1": (10, 30), "i-2": (60, 80)}, {"i-1": 15, "i-2": 63}, [], (3, 1)),
        ({"i-1": (100, 120), "i-2": (100, 120)}, {"i-1": 105, "i-2": 105}, [], (5, 2)),
        ({"i-1": (100, 120), "i-2": (104, 120)}, {"i-1": 105, "i-2": 109}, [], (5, 2)),
        # It booted while a zone was lost: the one before it says how long that takes.
        ({"i-1": (10, 30), "i-2": (104, 120)}, {"i-1": 15, "i-2": 115.5}, [CUT_OFF], (5, 1)),
        # Only what came after its boot was delayed.
        ({"i-1": (10, 30), "i-2": (96, 120)}, {"i-1": 15, "i-2": 99}, [CUT_OFF], (3, 1)),
    ],
    ids=["alone", "beside-another", "partly", "delayed", "delayed-later"],
)
def test_a_boot_is_told_from_one_beside_others(
    launches_at: dict[str, tuple[float, float]],
    deployed_at: dict[str, float],
    disturbed: list[Disturbance],
    boot: tuple[float, float],
):
    deployments = [{name: launches.Work(10.0, at, at + 10)} for name, at in deployed_at.items()]
    times = {name: launch(*span) for name, span in launches_at.items()}
    assert launches.boot(times, deployments, CLOCK, disturbed) == boot


def test_those_who_leave_hide_no_first_deployment(make_outputs: Callable[..., StackOutputs]):
    # A proof has as many terminations as launches; a deployment of each would be taken for a first one.
    known = clients()
    leaving = [(f"d-leaves-{n}", [f"i-x{n}"], 50.0 + n, 0.3) for n in range(60)]
    known["codedeploy"].answers |= releases(
        ("d-1", ["i-1"], 10, 3.0), *leaving, ("d-2", ["i-1"], 200, 20.0)
    )
    found = timing.read(make_outputs(), known, CLOCK)
    assert (found.release_s, found.again_s) == (3.0, 20.0)


def test_where_all_were_delayed_the_shortest_was_delayed_least(
    make_outputs: Callable[..., StackOutputs],
):
    known = clients()
    known["codedeploy"].answers |= releases(
        ("d-1", ["i-1"], 101, 9.0), ("d-2", ["i-2"], 103, 14.2), ("d-3", ["i-1"], 104, 21.0)
    )
    found = timing.read(make_outputs(), known, CLOCK, disturbed=[CUT_OFF])
    assert (found.release_s, found.again_s) == (9.0, 21.0)


@pytest.mark.parametrize(("one_computer", "beside"), [(True, 2), (False, 1)])
def test_of_instances_on_one_computer_it_is_known_how_many_were_deployed_to_at_once(
    make_outputs: Callable[..., StackOutputs], *, one_computer: bool, beside: int
):
    known = clients()
    event = {"lifecycleEventName": "BeforeInstall", "status": "Succeeded",
             "startTime": aws(25), "endTime": aws(31)}  # fmt: skip
    known["codedeploy"].answers |= {
        "list_deployments": {"deployments": ["d-1"]},
        "batch_get_deployment_targets": {
            "deploymentTargets": [
                {"instanceTarget": {"targetId": one, "lifecycleEvents": [event]}}
                for one in ("i-0a", "i-0b")
            ]
        },
    }
    found = timing.read(make_outputs(), known, CLOCK, one_computer=one_computer)
    assert (found.release_s, found.release_beside) == (6, beside)


def test_the_boot_is_that_of_the_first_launches():
    first = [(0.0, 8.0), (1.0, 11.0), (1.0, 10.0)]
    assert launches.first_boot([(500.0, 530.0), *first]) == (9, pytest.approx(2.71, abs=0.01))
    assert launches.first_boot([]) is None


@pytest.mark.parametrize(
    ("disturbed", "boot_s"),
    # It was launched at 16, and its deployment began at 25; the first launch of all took 8 s.
    [([], 9.0), ([Disturbance(20, 30)], 8.0)],
    ids=["the-newest", "the-first-where-that-was-delayed"],
)
def test_the_boot_is_that_of_the_newest_launch_that_nothing_delayed(
    make_outputs: Callable[..., StackOutputs], disturbed: list[Disturbance], boot_s: float
):
    assert timing.read(make_outputs(), clients(), CLOCK, disturbed=disturbed).boot_s == boot_s


def polled(*states: dict[str, str]) -> list[Poll]:
    return [
        Poll(BEGAN + 10 + number, {target: (state, "") for target, state in each.items()})
        for number, each in enumerate(states)
    ]


def test_every_change_between_two_polls_is_a_transition():
    polls = polled(
        {"a": "healthy", "b": "healthy"},
        {"a": "healthy", "b": "unhealthy"},
        {"a": "healthy", "b": "unhealthy"},
        {"a": "healthy", "c": "initial"},
    )
    found = target_watch.transitions(polls, CLOCK, {"b": "z-b"}.get)
    assert [(e.subject, e.was, e.state, e.at_s, e.zone) for e in found] == [
        ("b", "healthy", "unhealthy", 11, "z-b"),
        ("b", "unhealthy", "not registered", 13, "z-b"),
        ("c", "not registered", "initial", 13, None),
    ]
    assert [one.healthy for one in target_watch.samples(polls, CLOCK)] == [2, 1, 1, 1]


def test_the_watch_polls_at_once_and_at_the_end_and_a_refusal_ends_nothing():
    client = Client(describe_target_health=TARGETS)
    watch = TargetWatch(client, "arn", TimedCalls(OffsetEstimator()), interval_s=0.01)
    with watch:
        assert watch.healthy() == 1
        client.answers["describe_target_health"] = refuse
    assert len(watch.polls) >= 1
    assert watch.problem is not None
    assert "AccessDenied" in watch.problem


def test_a_stack_without_a_target_group_is_not_polled():
    with TargetWatch(Client(), None, TimedCalls(OffsetEstimator())) as watch:
        assert watch.healthy() is None
    assert watch.polls == []


def test_an_experiment_is_observed_and_saved(
    tmp_path: Path, make_outputs: Callable[..., StackOutputs]
):
    with Observer(make_outputs(), clients()) as observer:
        observer.read_settings()
    observer.save(tmp_path, BEGAN)
    found = observe.load(tmp_path)
    assert found is not None
    assert found.problems == []
    assert {event.source for event in found.events} == {
        "group", "deployment", "alarm", "database",
    }  # fmt: skip
    assert found.timing.batch == 1
    assert len(found.health) >= 1


def test_what_may_not_be_asked_is_a_problem_and_no_failure(
    tmp_path: Path, make_outputs: Callable[..., StackOutputs]
):
    refused = Client(describe_alarm_history=refuse, describe_alarms={"MetricAlarms": []})
    with Observer(make_outputs(), clients(cloudwatch=refused)) as observer:
        observer.read_settings()
    found = observer.save(tmp_path, BEGAN)
    assert len(found.problems) == 1
    assert found.problems[0].startswith("the history of the alarms: ")
    assert found.events


def test_the_grace_of_the_youngest_instance_is_on_the_load_s_axis(
    tmp_path: Path, make_outputs: Callable[..., StackOutputs]
):
    launched = {**LAUNCH, "Description": "Launching a new EC2 instance: i-0a", "EndTime": aws(-60)}
    group = clients()["autoscaling"]
    group.answers["describe_scaling_activities"] = {"Activities": [launched]}
    with Observer(make_outputs(), clients(autoscaling=group)) as observer:
        observer.read_settings()
    found = observer.save(tmp_path, BEGAN)
    assert found.timing.youngest_in_service_s == pytest.approx(-58)


def test_observations_that_are_none_or_broken(tmp_path: Path):
    assert observe.load(tmp_path) is None
    (tmp_path / "observations.json").write_text("{}")
    with pytest.raises(ResultsError, match="repeat the experiment"):
        observe.load(tmp_path)


@pytest.mark.parametrize(("value", "speed"), [(None, 1), ("", 1), ("5", 5), ("0.5", 0.5)])
def test_the_speed_of_the_region(value: str | None, speed: float):
    environment = {} if value is None else {observe.SPEED_VARIABLE: value}
    assert observe.speed(environment) == speed


@pytest.mark.parametrize("value", ["fast", "0", "-1"])
def test_a_speed_that_is_none_is_refused(value: str):
    with pytest.raises(ResultsError, match="give it a number above 0"):
        observe.speed({observe.SPEED_VARIABLE: value})


def test_nothing_older_than_the_load_is_asked_for():
    asked: list[datetime] = []

    def events(**params: Any) -> dict[str, Any]:
        asked.append(params["StartTime"])
        return {"Events": []}

    collectors.database_events(Client(describe_events=events), "ours", CLOCK)
    assert asked == [aws(-collectors.EARLIER_S)]
    assert asked[0] > aws(0) - timedelta(minutes=1)


@pytest.mark.parametrize(
    ("zonal", "per_zone", "expected"),
    [
        ({"firstZoneMonitorDurationInSeconds": 180}, {"a": 2, "b": 2, "c": 2}, ([1, 1, 1], 180)),
        ({"monitorDurationInSeconds": 60}, {"a": 2, "b": 2, "c": 2}, ([1, 1, 1], 120)),
        (
            {"monitorDurationInSeconds": 60, "firstZoneMonitorDurationInSeconds": 0},
            {"a": 2, "b": 2, "c": 2},
            ([1, 1, 1], 60),
        ),
        # Half of seven may be out of service: three at a time.
        ({"firstZoneMonitorDurationInSeconds": 180}, {"a": 5, "b": 2}, ([2, 1], 180)),
        (
            {"minimumHealthyHostsPerZone": {"type": "HOST_COUNT", "value": 1}},
            {"a": 2, "b": 2, "c": 3},
            ([2, 2, 2], 0),
        ),
        ({"firstZoneMonitorDurationInSeconds": 180}, {"a": 4}, ([2], 0)),
    ],
)
def test_a_deployment_by_zones_has_its_batches_and_its_waits(
    zonal: dict[str, Any], per_zone: dict[str, int], expected: tuple[list[int], float]
) -> None:
    half = {"type": "FLEET_PERCENT", "value": 50}
    found = timing.by_zones({"minimumHealthyHosts": half, "zonalConfig": zonal}, per_zone)
    assert (found["zone_batches"], found["zone_watch_s"]) == expected
