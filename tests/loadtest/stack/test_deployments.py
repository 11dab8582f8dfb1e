"""Revisions are compared by their content, not by their name."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from loadtest.stack.deployments import Deployments, Revision

OWN = Revision("b", "k", etag="e")
BAD = Revision("b", "bad", etag="x")


def test_a_revision_is_the_same_only_if_its_content_is_known_to_be():
    ours = Revision("b", "k", etag="e", version=None)
    assert ours.same_as({"s3Location": {"bucket": "b", "key": "k", "eTag": '"e"'}})
    assert not ours.same_as({"s3Location": {"bucket": "b", "key": "k", "eTag": "other"}})
    assert not ours.same_as({"s3Location": {"bucket": "b", "key": "k"}})
    assert not ours.same_as({"s3Location": {"bucket": "b", "key": "other", "eTag": "e"}})
    assert not ours.same_as({})


class History:
    """CodeDeploy as it remembers deployments, newest first: a revision, and each instance's status."""

    def __init__(self, *deployments: tuple[Revision, dict[str, str]]) -> None:
        self._deployments = {f"d-{n}": one for n, one in enumerate(deployments)}
        self.asked = list[str]()
        """The deployments whose instances were asked for."""

    def list_deployments(self, **_: Any) -> dict[str, Any]:
        return {"deployments": list(self._deployments)[::-1]}

    def batch_get_deployments(self, deploymentIds: list[str]) -> dict[str, Any]:  # noqa: N803
        now = datetime(2026, 11, 28, tzinfo=UTC)
        infos = [
            {
                "deploymentId": name,
                "revision": self._deployments[name][0].location(),
                "createTime": now - timedelta(minutes=int(name[2:])),
            }
            for name in deploymentIds
        ]
        return {"deploymentsInfo": infos}

    def list_deployment_targets(self, deploymentId: str) -> dict[str, Any]:  # noqa: N803
        self.asked.append(deploymentId)
        return {"targetIds": list(self._deployments[deploymentId][1])}

    def batch_get_deployment_targets(self, **asked: Any) -> dict[str, Any]:
        known = self._deployments[asked["deploymentId"]][1]
        targets = [{"targetId": name, "status": known[name]} for name in asked["targetIds"]]
        return {"deploymentTargets": [{"instanceTarget": one} for one in targets]}


FLEET = frozenset({"i-1", "i-2", "i-3"})
TO_ALL = (OWN, dict.fromkeys(FLEET, "Succeeded"))


@pytest.mark.parametrize(
    ("newest", "have", "asked"),
    [
        ([TO_ALL], {"i-1", "i-2", "i-3"}, 1),
        ([(BAD, {"i-1": "Failed", "i-2": "Skipped", "i-3": "Pending"}), TO_ALL], {"i-2", "i-3"}, 2),
        ([(BAD, {"i-1": "InProgress", "i-2": "Succeeded"}), TO_ALL], {"i-1", "i-3"}, 2),
        # Whoever was launched since has a deployment of its own; who has left is not asked about.
        ([(OWN, {"i-3": "Succeeded"}), (OWN, {"i-9": "Succeeded"}), TO_ALL], set(FLEET), 3),
    ],
)
def test_a_long_history_is_read_only_as_far_back_as_it_says_something(
    newest: list[tuple[Revision, dict[str, str]]], have: set[str], asked: int
):
    history = History(*newest, *[TO_ALL] * 40)
    assert Deployments(history, "app", "group").instances_with(OWN, FLEET) == have
    assert len(history.asked) == asked


def test_an_instance_that_no_deployment_has_reached_has_no_revision():
    history = History(TO_ALL)
    assert Deployments(history, "app", "group").instances_with(OWN, {"i-1", "i-new"}) == {"i-1"}
    assert Deployments(history, "app", "group").instances_with(OWN, set()) == set()
