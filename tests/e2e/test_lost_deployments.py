"""Deployments under load on a real stack: survived, and not survived with the guarded property broken."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from loadtest.experiments import files
from loadtest.experiments.models import ExperimentRecord
from tests.e2e.experiment_stack import Stack, released, shown

pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.alone]

RECOVERY_S = 240.0
NO_TRAFFIC_CONTROL = {
    "deploymentStyle": {
        "deploymentType": "IN_PLACE",
        "deploymentOption": "WITHOUT_TRAFFIC_CONTROL",
    }
}
NO_ROLLBACK = {"autoRollbackConfiguration": {"enabled": False}}
NO_ALARMS = {"alarmConfiguration": {"enabled": False}}
LOST = {
    "deployment-good": (NO_TRAFFIC_CONTROL, "experiment.failed"),
    "deployment-scales-out": (NO_TRAFFIC_CONTROL, "experiment.failed"),
    "deployment-instance-dies": (NO_TRAFFIC_CONTROL, "experiment.failed-outside"),
    "deployment-fails-its-hook": (NO_ROLLBACK, "experiment.no-rollback"),
    "deployment-answers-500": (NO_ROLLBACK, "experiment.no-rollback"),
    "deployment-slow": (NO_ALARMS, "experiment.got-through"),
    # Nothing has to be broken: that it does not go back is what it shows.
    "deployment-mutable-tag": ({}, "experiment.rollback-failed"),
}
"""What is broken of the deployment group, and what is said then."""


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    # One that dies counts as failed: of three, the deployment might then touch no other one.
    with released(tmp_path_factory.mktemp("deployments"), instances=4) as made:
        yield made


@contextmanager
def broken(stack: Stack, change: dict[str, Any]) -> Iterator[None]:
    """Change the deployment group, and change it back."""
    codedeploy = stack.client("codedeploy")
    application = stack.output("codedeployApplication")
    group = stack.output("codedeployDeploymentGroup")
    found = codedeploy.get_deployment_group(applicationName=application, deploymentGroupName=group)[
        "deploymentGroupInfo"
    ]
    names = {"applicationName": application, "currentDeploymentGroupName": group}
    codedeploy.update_deployment_group(**names, **change)
    try:
        yield
    finally:
        codedeploy.update_deployment_group(**names, **{key: found[key] for key in change})


def run(stack: Stack, name: str) -> ExperimentRecord:
    _, (record,) = stack.run(stack.changed(name, recovery_s=RECOVERY_S))
    assert record.left == []
    return shown(record)


@pytest.mark.parametrize(
    "name", [name for name in LOST if "ha" in files.find(name).hypothesis.applies_to]
)
def test_the_stack_survives_it(stack: Stack, name: str) -> None:
    record = run(stack, name)
    assert record.outcome == "survived", record.reasons


@pytest.mark.parametrize("name", LOST)
def test_without_what_guards_it_is_lost(stack: Stack, name: str) -> None:
    change, reason = LOST[name]
    with broken(stack, change):
        record = run(stack, name)
    assert record.outcome == "not survived"
    assert reason in [one.id for one in record.reasons]
