"""Deployments as faults: what is uploaded, what is deployed, and what a rollback is worth."""

from __future__ import annotations

import io
import zipfile
from dataclasses import replace
from typing import Any

import pytest
import yaml
from botocore.exceptions import ClientError, ParamValidationError

from loadtest.errors import ExperimentError
from loadtest.experiments import engine, files, judgement
from loadtest.experiments.actions import deployments, mutable_tag, revisions
from loadtest.experiments.session import Session, under_way
from tests.loadtest.experiments.conftest import FakeCloud, refused, state
from tests.loadtest.experiments.test_judgement import SURVIVED, UNHARMED

GROUP = {"autoScalingGroups": [{"name": "haproof-ha"}]}
ROLLED_BACK = {"rollbackInfo": {"rollbackDeploymentId": "d-9"}}
BY_ITSELF = {"enabled": True, "events": ["DEPLOYMENT_FAILURE"]}


def bundle() -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("appspec.yml", yaml.safe_dump({"version": 0.0, "os": "linux"}))
        archive.writestr("app.service", "[Service]\nExecStart=/opt/app\n")
    return made.getvalue()


@pytest.fixture
def releases(cloud: FakeCloud, monkeypatch: pytest.MonkeyPatch) -> dict[str, dict[str, Any]]:
    """What becomes of each deployment, by its id: `d-1` is the first one, `d-9` the rollback."""
    monkeypatch.setattr(deployments, "POLL_S", 0.0)
    monkeypatch.setattr(deployments, "ROLLBACK_S", 0.0)
    found: dict[str, dict[str, Any]] = {"d-9": {"status": "Succeeded"}}
    cloud.answers |= {
        "s3.head_object": {"ETag": "own"},
        "s3.get_object": lambda **_: {"Body": io.BytesIO(bundle())},
        "s3.put_object": {"ETag": "new", "VersionId": "v1"},
        "codedeploy.get_deployment_group": {"deploymentGroupInfo": GROUP},
        "codedeploy.create_deployment": lambda **_: {
            "deploymentId": f"d-{len(cloud.called('codedeploy.create_deployment'))}"
        },
        "codedeploy.get_deployment": lambda **asked: {
            "deploymentInfo": found[asked["deploymentId"]]
        },
    }
    return found


@pytest.mark.parametrize(
    ("ended", "reasons"),
    [
        ({"status": "Failed", **ROLLED_BACK}, []),
        ({"status": "Succeeded"}, ["experiment.got-through"]),
        ({"status": "Failed"}, ["experiment.no-rollback"]),
        ({"status": "Failed", "autoRollbackConfiguration": BY_ITSELF}, ["experiment.no-rollback"]),
    ],
    ids=["rolled-back", "got-through", "no-rollback", "rollback-never-came"],
)
@pytest.mark.parametrize("variant", revisions.VARIANTS)
def test_a_bad_revision_must_be_rolled_back(
    releases: dict[str, Any], session: Session, variant: str, ended: Any, reasons: list[str]
) -> None:
    releases["d-1"] = ended
    with under_way(session):
        deployments.deploy(variant)
    assert [one.id for one in session.found] == reasons


def test_a_rollback_that_fails_is_no_way_back(releases: dict[str, Any], session: Session) -> None:
    releases |= {"d-1": {"status": "Failed", **ROLLED_BACK}, "d-9": {"status": "Failed"}}
    with under_way(session):
        deployments.deploy("slow")
    assert [one.id for one in session.found] == ["experiment.rollback-failed"]


def test_a_good_revision_must_not_fail(releases: dict[str, Any], session: Session) -> None:
    releases["d-1"] = {"status": "Failed"}
    with under_way(session):
        deployments.deploy()
    assert [one.id for one in session.found] == ["experiment.deployment-failed"]


PENDING = {"status": "InProgress", "deploymentOverview": {"Pending": 3}}
NEVER = {
    "good": ("good", {"d-1": PENDING}, "experiment.deployment-failed"),
    "bad": ("slow", {"d-1": PENDING}, "experiment.no-rollback"),
    "rollback": (
        "slow",
        {"d-1": {"status": "Failed", **ROLLED_BACK}, "d-9": {"status": "InProgress"}},
        "experiment.rollback-failed",
    ),
}
"""A variant, what becomes of each deployment, and the reason that it is lost."""


@pytest.mark.parametrize("case", NEVER)
def test_a_deployment_that_never_ends_is_lost_and_not_merely_unshown(
    releases: dict[str, Any], session: Session, monkeypatch: pytest.MonkeyPatch, case: str
) -> None:
    variant, become, reason = NEVER[case]
    monkeypatch.setattr(deployments, "LONGEST_S", 0.0)
    releases |= become
    with under_way(session):
        deployments.deploy(variant)
    assert [one.id for one in session.found] == [reason]


@pytest.mark.parametrize(("left_out", "reasons"), [("i-gone", 0), ("i-1", 1)])
def test_a_good_revision_must_reach_every_instance_that_has_not_left(
    cloud: FakeCloud, releases: dict[str, Any], session: Session, left_out: str, reasons: int
) -> None:
    releases["d-1"] = {"status": "Succeeded", "deploymentOverview": {"Failed": 1, "Succeeded": 5}}
    cloud.answers |= {
        "codedeploy.list_deployment_targets": {"targetIds": [left_out, "i-2"]},
        "codedeploy.batch_get_deployment_targets": {
            "deploymentTargets": [
                {"instanceTarget": {"targetId": name, "status": status}}
                for name, status in ((left_out, "Failed"), ("i-2", "Succeeded"))
            ]
        },
    }
    with under_way(session):
        assert session.stack.kept() >= {"i-1", "i-2"}
        deployments.deploy()
    assert [one.id for one in session.found] == ["experiment.deployment-failed"] * reasons


def test_what_a_mutable_tag_stands_for_does_not_go_back(
    cloud: FakeCloud, releases: dict[str, Any], session: Session
) -> None:
    releases |= {
        "d-1": {"status": "Succeeded"},
        "d-2": {"status": "Failed", **ROLLED_BACK},
        "d-9": {"status": "Failed"},
    }
    with under_way(session):
        mutable_tag.deploy()
    assert [one.id for one in session.found] == ["experiment.rollback-failed"]
    # One revision, twice; the tag is moved in between.
    first, second = cloud.called("codedeploy.create_deployment")
    assert first["revision"] == second["revision"]
    steps = [
        (name, arguments.get("Body"))
        for name, arguments in cloud.calls
        if name == "codedeploy.create_deployment" or arguments.get("Key", "").endswith("latest.sh")
    ]
    assert steps == [
        ("s3.put_object", mutable_tag.GOOD),
        ("codedeploy.create_deployment", None),
        ("s3.put_object", mutable_tag.BAD),
        ("codedeploy.create_deployment", None),
    ]
    assert session.journal is not None
    ((_, back),) = session.journal.to_put_back
    written = {arguments["Key"] for arguments in cloud.called("s3.put_object")}
    assert {back.arguments["key"], *back.arguments["more"]} == written


ROLLBACK_FAILED = {"d-2": {"status": "Failed", **ROLLED_BACK}, "d-9": {"status": "Failed"}}
LOST: dict[str, tuple[dict[str, Any], int, str]] = {
    # What becomes of its deployments, how many requests fail, and what is said of it.
    "deployment-good": ({}, 1, "experiment.failed"),
    "deployment-scales-out": ({}, 1, "experiment.failed"),
    "deployment-instance-dies": ({}, 1, "experiment.failed-outside"),
    "deployment-fails-its-hook": ({"d-1": {"status": "Failed"}}, 0, "experiment.no-rollback"),
    "deployment-answers-500": ({"d-1": {"status": "Failed"}}, 0, "experiment.no-rollback"),
    "deployment-slow": ({}, 0, "experiment.got-through"),
    "deployment-mutable-tag": (ROLLBACK_FAILED, 0, "experiment.rollback-failed"),
}
"""How each experiment with a deployment is lost once what guards against it is broken."""


def test_every_deployment_can_be_lost() -> None:
    assert set(LOST) == {name for name in files.names() if name.startswith("deployment-")}


@pytest.mark.parametrize("name", LOST)
def test_a_deployment_is_lost_without_what_guards_it(
    releases: dict[str, Any], session: Session, name: str
) -> None:
    become, failed, reason = LOST[name]
    releases |= {"d-1": {"status": "Succeeded"}, **become}
    experiment = files.find(name)
    with under_way(session):
        for activity in experiment.raw["method"]:
            if "deploy" in activity["provider"]["func"]:
                engine.call(experiment, activity)
    assert session.began_ms is not None
    held = state(0, met=True)
    harm = UNHARMED.model_copy(update={"failed": failed, "failed_outside": failed})
    evidence = replace(
        SURVIVED,
        hypothesis=experiment.hypothesis,
        began_ms=session.began_ms,
        recovered_ms=None,
        before=held,
        after=held,
        impact=harm,
        found=session.found,
    )
    outcome, (said,) = judgement.judge(evidence)
    assert (outcome, said.id) == ("not survived", reason)
    intact = replace(evidence, impact=UNHARMED, found=[])
    assert judgement.judge(intact)[0] == "survived"


def test_a_revision_that_never_came_up_shows_nothing_of_a_tag(
    releases: dict[str, Any], session: Session
) -> None:
    releases["d-1"] = {"status": "Failed"}
    with under_way(session), pytest.raises(ExperimentError, match="before the fault"):
        mutable_tag.deploy()


def test_a_deployment_is_not_begun_while_an_alarm_would_stop_it(
    cloud: FakeCloud, releases: dict[str, Any], session: Session
) -> None:
    active = [["slow"], ["slow"], []]
    settings = {"enabled": True, "alarms": [{"name": "slow"}]}
    cloud.answers |= {
        "codedeploy.get_deployment_group": {
            "deploymentGroupInfo": {**GROUP, "alarmConfiguration": settings}
        },
        "cloudwatch.describe_alarms": lambda **_: {
            "MetricAlarms": [{"AlarmName": name} for name in active.pop(0)]
        },
    }
    releases["d-1"] = {"status": "Succeeded"}
    with under_way(session):
        deployments.deploy()
    assert active == []
    assert session.found == []


@pytest.mark.parametrize(
    "case",
    [(True, True, 1), (True, False, 0), (False, True, 0)],
    ids=["nobody-has-it", "somebody-has-it", "no-wait-between-zones"],
)
def test_a_rollback_is_followed_until_nobody_has_the_bad_revision(
    cloud: FakeCloud,
    releases: dict[str, Any],
    session: Session,
    monkeypatch: pytest.MonkeyPatch,
    case: tuple[bool, bool, int],
) -> None:
    waiting, reached, stopped = case
    monkeypatch.setattr(deployments, "foreign", lambda _: set() if reached else {"i-1"})
    overview = {"Succeeded": 2, "Pending": 4, "InProgress": 0 if waiting else 2}
    going_on = [{"status": "InProgress", "deploymentOverview": overview} for _ in range(4)]
    releases |= {"d-1": {"status": "Stopped", **ROLLED_BACK}}
    ended = {"status": "Succeeded", "deploymentOverview": {"Succeeded": 6}}

    def rollback(**asked: str) -> dict[str, Any]:
        if asked["deploymentId"] != "d-9":
            return {"deploymentInfo": releases[asked["deploymentId"]]}
        if cloud.called("codedeploy.stop_deployment"):
            return {"deploymentInfo": {"status": "Stopped", "deploymentOverview": {"Skipped": 4}}}
        return {"deploymentInfo": going_on.pop() if going_on else ended}

    cloud.answers["codedeploy.get_deployment"] = rollback
    with under_way(session):
        deployments.deploy("slow")
    calls = cloud.called("codedeploy.stop_deployment")
    assert calls == [{"deploymentId": "d-9", "autoRollbackEnabled": False}] * stopped
    assert session.found == []


@pytest.mark.parametrize(
    "error", [refused("NoSuchBucket"), ParamValidationError(report="Invalid bucket name")]
)
def test_a_stack_without_a_revision_is_one_message(
    cloud: FakeCloud, releases: dict[str, Any], session: Session, error: Exception
) -> None:
    cloud.answers["s3.head_object"] = error
    with (
        under_way(session),
        pytest.raises(ExperimentError, match="cannot find the stack's revision"),
    ):
        deployments.deploy()
    assert cloud.called("codedeploy.create_deployment") == []


def test_a_stack_whose_deployment_group_is_gone_is_left_alone(
    cloud: FakeCloud, releases: dict[str, Any], session: Session
) -> None:
    cloud.answers["codedeploy.get_deployment_group"] = refused(
        "DeploymentGroupDoesNotExistException"
    )
    with under_way(session), pytest.raises(ClientError, match="DeploymentGroupDoesNotExist"):
        deployments.deploy("slow")
    assert cloud.called("s3.put_object") == []
    assert session.journal is not None
    assert session.journal.to_put_back == []
