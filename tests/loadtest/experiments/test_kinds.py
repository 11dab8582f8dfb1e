"""Which prediction an experiment gets."""

from __future__ import annotations

from typing import Any

import pytest

from loadtest.experiments.faults import Kind
from loadtest.experiments.kinds import of_file, steps

ACTIONS = "loadtest.experiments.actions"


def method(*calls: tuple[str, dict[str, Any]], kind: str = "action") -> dict[str, Any]:
    return {
        "method": [
            {
                "type": kind,
                "name": name,
                "provider": {
                    "type": "python",
                    "module": f"{ACTIONS}.{name.partition('.')[0]}",
                    "func": name.partition(".")[2],
                    "arguments": arguments,
                },
            }
            for name, arguments in calls
        ]
    }


@pytest.mark.parametrize(
    ("raw", "kind"),
    [
        (method(("instances.terminate", {})), Kind.INSTANCE_DIES),
        (method(("instances.fill_disk", {})), Kind.DISK_FULL),
        (method(("long_requests.retire", {})), Kind.INSTANCE_DIES),
        (method(("network.lose_zone", {})), Kind.ZONE_SILENT),
        (method(("network.lose_zone", {"how": "refused"})), Kind.ZONE_REFUSED),
        (method(("capacity.no_capacity", {}), ("network.lose_zone", {})),
         Kind.ZONE_WITHOUT_CAPACITY),
        (method(("capacity.no_capacity", {})), Kind.OTHER),
        (method(("deployments.deploy", {})), Kind.DEPLOYMENT),
        (method(("deployments.deploy", {"variant": "answers-500"})), Kind.UNHEALTHY_DEPLOYMENT),
        (method(("deployments.deploy", {"variant": "failing-hook"})), Kind.BAD_DEPLOYMENT),
        (method(("deployments.deploy", {"variant": "slow"})), Kind.STOPPED_DEPLOYMENT),
        (method(("mutable_tag.deploy", {})), Kind.BAD_DEPLOYMENT),
        (method(("instances.terminate", {}), ("deployments.deploy", {})), Kind.DEPLOYMENT),
        (method(("database.rotate_password", {})), Kind.OTHER),
        (method(("instances.terminate", {}), kind="probe"), Kind.OTHER),
        ({}, Kind.OTHER),
    ],
)  # fmt: skip
def test_the_method_decides(raw: dict[str, Any], kind: Kind):
    assert of_file(raw) == kind


def test_a_step_may_be_the_name_of_one_that_is_elsewhere_in_the_file() -> None:
    elsewhere = method(("network.lose_zone", {"how": "refused"}))["method"]
    refers = [{"ref": "network.lose_zone"}, {"ref": "nowhere"}]
    raw = {"steady-state-hypothesis": {"probes": elsewhere}, "method": refers}
    assert of_file(raw) is Kind.ZONE_REFUSED
    assert list(steps(raw)) == [elsewhere[0], {"ref": "nowhere"}]
