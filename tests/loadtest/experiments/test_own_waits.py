"""How long the load test's own actions may wait is as long as they do wait at the most."""

from __future__ import annotations

import io
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from loadtest.errors import ExperimentError
from loadtest.experiments import deployments_back, foreign, robust_engine
from loadtest.experiments.actions import database, deployments, mutable_tag
from loadtest.experiments.session import Session, under_way
from tests.loadtest.experiments.conftest import FakeCloud
from tests.loadtest.experiments.test_deployments import GROUP, bundle

BETWEEN_ZONES = {"Succeeded": 2, "Pending": 4}
ALARMS = {"enabled": True, "alarms": [{"name": "slow"}]}


class Clock:
    """Passes only where somebody waits."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self.since: dict[str, float] = {}

    def wait(self, seconds: float) -> None:
        self.now_s += seconds

    def asked_s(self, what: str) -> float:
        """Return how long ago it was first asked about something."""
        return self.now_s - self.since.setdefault(what, self.now_s)


@pytest.fixture
def clock(session: Session, monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    its_time = SimpleNamespace(monotonic=lambda: made.now_s, sleep=made.wait)
    for module in (database, deployments, deployments_back):
        monkeypatch.setattr(module, "time", its_time)
    monkeypatch.setattr(session, "wait", made.wait)
    return made


def nearly(seconds: float) -> float:
    """Return when something ends that is only just not given up."""
    return seconds - 2 * deployments.POLL_S


def slow_deployments(cloud: FakeCloud, clock: Clock, *, first_succeeds: bool) -> None:
    """Everything takes as long as it may: the alarm, each deployment, and the rollback that never ends."""
    bad = "d-2" if first_succeeds else "d-1"

    def alarms(**_: Any) -> Any:
        number = len(cloud.called("codedeploy.create_deployment"))
        lasts = clock.asked_s(f"alarm {number}") < nearly(deployments.LONGEST_S)
        return {"MetricAlarms": [{"AlarmName": "slow"}] if lasts else []}

    def deployment(deploymentId: str) -> Any:  # noqa: N803
        lasts_s = clock.asked_s(deploymentId)
        if deploymentId == "d-9":
            over = lasts_s >= nearly(deployments.LONGEST_S)
            overview = BETWEEN_ZONES if over else {"InProgress": 6}
            return {"deploymentInfo": {"status": "InProgress", "deploymentOverview": overview}}
        if lasts_s < nearly(deployments.LONGEST_S):
            return {"deploymentInfo": {"status": "InProgress"}}
        if deploymentId != bad:
            return {"deploymentInfo": {"status": "Succeeded"}}
        due_s = nearly(deployments.LONGEST_S) + deployments.ROLLBACK_S - 1
        named = {"rollbackInfo": {"rollbackDeploymentId": "d-9"}} if lasts_s >= due_s else {}
        by_itself = {"enabled": True, "events": ["DEPLOYMENT_FAILURE"]}
        info = {"status": "Failed", "autoRollbackConfiguration": by_itself, **named}
        return {"deploymentInfo": info}

    cloud.answers |= {
        "s3.head_object": {"ETag": "own"},
        "s3.get_object": lambda **_: {"Body": io.BytesIO(bundle())},
        "s3.put_object": {"ETag": "new"},
        "cloudwatch.describe_alarms": alarms,
        "codedeploy.get_deployment_group": {
            "deploymentGroupInfo": {**GROUP, "alarmConfiguration": ALARMS}
        },
        "codedeploy.create_deployment": lambda **_: {
            "deploymentId": f"d-{len(cloud.called('codedeploy.create_deployment'))}"
        },
        "codedeploy.get_deployment": deployment,
    }


def slow_database(cloud: FakeCloud, clock: Clock) -> None:
    """It is not available again, and its secret is not rotated, until just before it is given up."""
    (found,) = cloud.answers["rds.describe_db_instances"]["DBInstances"]

    def described(**_: Any) -> Any:
        rebooted = len(cloud.called("rds.reboot_db_instance"))
        rotated = bool(cloud.called("secretsmanager.rotate_secret"))
        active = rotated and clock.asked_s("secret") >= nearly(database.LONGEST_S)
        waits_for_secret = rotated and not active
        change = f"rotated {rotated}, rebooted {rebooted}"
        lasts_s = 0.0 if waits_for_secret else clock.asked_s(change)
        available = lasts_s >= nearly(database.LONGEST_S)
        return {
            "DBInstances": [
                {
                    **found,
                    "DBInstanceStatus": "available" if available else "modifying",
                    "MasterUserSecret": {
                        "SecretArn": "arn:secret",
                        "SecretStatus": "active" if active else "rotating",
                    },
                }
            ]
        }

    cloud.answers["rds.describe_db_instances"] = described


SLOWEST: dict[str, tuple[Callable[..., None], Callable[[], object]]] = {
    "deployments.deploy": (
        lambda cloud, clock: slow_deployments(cloud, clock, first_succeeds=False),
        lambda: deployments.deploy("slow"),
    ),
    "mutable_tag.deploy": (
        lambda cloud, clock: slow_deployments(cloud, clock, first_succeeds=True),
        mutable_tag.deploy,
    ),
    "database.fail_over": (slow_database, database.fail_over),
    "database.rotate_password": (slow_database, database.rotate_password),
}
"""What makes each action wait, and the action."""


def test_all_are_tried() -> None:
    assert set(SLOWEST) == set(foreign.OWN_WAITS_S)


@pytest.mark.parametrize("name", SLOWEST)
def test_an_action_waits_as_long_as_its_method_may_take_and_no_longer(
    cloud: FakeCloud,
    clock: Clock,
    session: Session,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
) -> None:
    slow, action = SLOWEST[name]
    monkeypatch.setattr(deployments, "foreign", lambda _: set())
    slow(cloud, clock)
    with under_way(session):
        action()
    may_take_s = foreign.OWN_WAITS_S[name]
    rounds_s = 20.0
    assert may_take_s - rounds_s <= clock.now_s <= may_take_s + rounds_s


def test_the_way_back_may_take_as_long_as_its_deployments(cloud: FakeCloud, clock: Clock) -> None:
    cloud.answers |= {
        # Two that never end, one after the other, then one that fails.
        "codedeploy.list_deployments": lambda **_: {"deployments": ["d-1"]},
        "codedeploy.get_deployment_group": {
            "deploymentGroupInfo": {"lastAttemptedDeployment": {"deploymentId": "d-1"}}
        },
        "codedeploy.get_deployment": {
            "deploymentInfo": {"status": "InProgress", "revision": {"s3Location": {"key": "bad"}}}
        },
        "codedeploy.create_deployment": {"deploymentId": "d-2"},
    }
    arguments = {
        "application": "app",
        "group": "group",
        "key": "bad",
        "bucket": "ours",
        "revision": {},
        "mark": "mark-1",
    }
    with pytest.raises(
        ExperimentError, match="d-2 of the stack's own revision to group is InProgress"
    ):
        deployments_back.revision(cloud, arguments)  # type: ignore[arg-type]
    assert deployments_back.AT_MOST_S <= clock.now_s < robust_engine.ROLLBACKS_S
