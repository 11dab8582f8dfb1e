"""Deployments as events: good ones, and bad ones that must not get through."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from pathlib import PurePosixPath
from typing import Final

from botocore.exceptions import BotoCoreError, ClientError

from loadtest.errors import ExperimentError
from loadtest.experiments.actions import revisions
from loadtest.experiments.arguments import Variant
from loadtest.experiments.deployments_back import SUCCEEDED
from loadtest.experiments.models import Target
from loadtest.experiments.session import Act, Session, current
from loadtest.experiments.undo import WayBack
from loadtest.messages.message import Message, msg
from loadtest.messages.names import free_text
from loadtest.stack.clients import error_code
from loadtest.stack.deployments import LIMIT_EXCEEDED, Deployments, DeploymentState, Revision

GOOD: Final = "good"
POLL_S = 1.0
LONGEST_S = 1800
ROLLBACK_S = 30
RELEASE_S: Final = 2.0 * LONGEST_S
"""How long `release` waits at the most: until nothing is in its way any more, and until it has ended."""
BACK_S: Final = ROLLBACK_S + 2.0 * LONGEST_S
"""How long `concluded` waits: until a rollback begins, until it may be stopped, and until it has ended."""
AT_MOST_S: Final = {"deploy": RELEASE_S + BACK_S}
"""How long actions of this module wait for what takes as long as it takes, by their names."""
SURE_ROUNDS = 2
"""In how many rounds a rollback is found waiting before it is stopped: not between two batches."""
WENT_BACK = "rollback stopped once nobody had the bad revision"


def deploy(variant: Variant = GOOD) -> str:
    """Deploy a variant of the stack's revision, and follow it and its rollback to the end.

    Args:
        variant: `good` is the revision itself, once more: everything that a deployment does to users,
            and nothing to put back. The others are in `revisions.VARIANTS`.

    Returns:
        How it ended: `Succeeded`, or `Failed, rolled back: Succeeded`; `InProgress` if it did not in half
        an hour.
    """
    session = current()
    outputs = session.stack.outputs
    own = own_revision(session)
    group = outputs.codedeploy_deployment_group
    what = f"deploy to {group}: {'the same revision again' if variant == GOOD else variant}"
    targets = [Target(kind="deployment-group", id=group, detail=variant)]
    key = own.key if variant == GOOD else key_beside(session, own, f"{variant}.zip")
    # Made before anything is done, and in a dry run too: it may be impossible with this revision.
    made = None if variant == GOOD else _made(session, own, variant)
    with session.act(what, targets, way_back(session, own, key), kind="deployment") as act:
        if act is None:
            return "not deployed"
        revision = own if made is None else put(session, own.bucket, key, made)
        ended = release(session, act, revision)
        return concluded(session, act, ended, good=variant == GOOD)


def concluded(session: Session, act: Act, ended: DeploymentState, *, good: bool) -> str:
    """Follow the rollback of a deployment that has ended, and say how both did."""
    act.detail = f"{ended.id} {ended.status}"
    rollback = _rollback(session, ended)
    act.over()
    session.found += faults(ended, rollback, good=good, served=partial(_served, session))
    if rollback is None:
        return ended.status
    session.notes |= {"rollback": rollback.id, "rollback status": rollback.status}
    act.detail += f", rollback {rollback.id} {rollback.status}"
    return f"{ended.status}, rolled back: {rollback.status}"


def _served(session: Session, ended: DeploymentState) -> bool:
    """Return whether every instance got the revision that could: not whoever has left meanwhile."""
    if session.notes.get(WENT_BACK) == ended.id:
        return True
    if ended.complete or ended.status != SUCCEEDED:
        return ended.complete
    return not deployments(session).unserved(ended.id) & session.stack.kept()


def faults(
    ended: DeploymentState,
    rollback: DeploymentState | None,
    *,
    good: bool,
    served: Callable[[DeploymentState], bool],
) -> list[Message]:
    """Say what no stack may do: a good revision that failed, a bad one without a way back.

    `served` tells whether a deployment reached all instances that it had to.
    """
    if good:
        error = free_text(ended.error or ended.counts())
        failed = msg("experiment.deployment-failed", deployment=ended.id, error=error)
        return [] if served(ended) else [failed]
    if ended.status == SUCCEEDED:
        return [msg("experiment.got-through", deployment=ended.id)]
    if rollback is None:
        return [msg("experiment.no-rollback", deployment=ended.id)]
    failed = msg("experiment.rollback-failed", deployment=rollback.id, status=rollback.status)
    return [] if served(rollback) else [failed]


def own_revision(session: Session) -> Revision:
    """Return the stack's own revision, pinned to its content.

    Raises:
        ExperimentError: It is not in its bucket.
    """
    outputs = session.stack.outputs
    bucket, key = outputs.revision_bucket, outputs.revision_key
    try:
        head = session.clients["s3"].head_object(Bucket=bucket, Key=key)
    except (BotoCoreError, ClientError) as error:
        # The former where the stack names no bucket: nothing is deployed to it by CodeDeploy.
        raise ExperimentError(
            f"cannot find the stack's revision s3://{bucket}/{key} ({error}); run `pulumi up`"
        ) from error
    return _pinned(bucket, key, head)


def deployments(session: Session) -> Deployments:
    """Return the deployments of the stack's group."""
    outputs = session.stack.outputs
    return Deployments(
        session.clients["codedeploy"],
        outputs.codedeploy_application,
        outputs.codedeploy_deployment_group,
    )


def _pinned(bucket: str, key: str, answer: dict[str, object]) -> Revision:
    version = answer.get("VersionId")
    etag = str(answer.get("ETag") or "").strip('"') or None
    return Revision(bucket, key, etag, None if version in {None, "null"} else str(version))


def key_beside(session: Session, own: Revision, name: str) -> str:
    """Return a key beside the stack's revision, so that whoever may read that may read this."""
    return str(PurePosixPath(own.key).with_name(f"haproof-fault-{session.mark}-{name}"))


def way_back(session: Session, own: Revision, key: str, *more: str) -> WayBack:
    """Return how the group gets its own revision again, and what was uploaded is removed."""
    outputs = session.stack.outputs
    group = {
        "mark": session.mark,
        "application": outputs.codedeploy_application,
        "group": outputs.codedeploy_deployment_group,
    }
    name = outputs.codedeploy_deployment_group
    if key == own.key:
        return WayBack("stop-deployment", group, f"nothing is deployed to {name} any more")
    another = {"bucket": own.bucket, "key": key, "more": more, "revision": own.location()}
    return WayBack("revision", {**group, **another}, f"{name} has the stack's own revision")


def _made(session: Session, own: Revision, variant: str) -> bytes:
    return revisions.variant(content_of(session, own), variant, session.stack.app_port())


def content_of(session: Session, own: Revision) -> bytes:
    """Return the zip of the stack's own revision."""
    answer = session.clients["s3"].get_object(Bucket=own.bucket, Key=own.key)
    return bytes(answer["Body"].read())


def put(session: Session, bucket: str, key: str, content: bytes) -> Revision:
    """Write an object beside the stack's revision, and return it as a revision, pinned."""
    s3 = session.clients["s3"]
    answer = s3.put_object(Bucket=bucket, Key=key, Body=content, ServerSideEncryption="AES256")
    return _pinned(bucket, key, answer)


def release(session: Session, act: Act, revision: Revision) -> DeploymentState:
    """Deploy a revision, follow it to the end, and note how that was."""
    ended = _follow(session, _create(session, act, revision))
    session.notes |= {"deployment": ended.id, "deployment status": ended.status}
    if ended.error:
        session.notes["deployment error"] = ended.error[:300]
    return ended


def _create(session: Session, act: Act, revision: Revision) -> str:
    """Start the deployment as soon as no other one of the group is active, and no alarm stops it."""
    found, deadline = deployments(session), time.monotonic() + LONGEST_S
    scaled = session.stack.outputs.auto_scaling_group_name is not None
    cloudwatch = session.clients["cloudwatch"]
    while (alarms := found.active_alarms(cloudwatch)) and not session.stopping.is_set():
        if time.monotonic() > deadline:
            raise ExperimentError(f"{', '.join(alarms)} would stop every deployment of the group")
        session.wait(POLL_S)
    while True:
        if session.stopping.is_set():
            raise ExperimentError("nothing was deployed, as the experiment is being ended")
        act.takes_effect()
        try:
            return found.create(revision, session.mark, scaled=scaled)
        except ClientError as error:
            if error_code(error) != LIMIT_EXCEEDED or time.monotonic() > deadline:
                raise
        session.wait(POLL_S)


def _follow(session: Session, number: str) -> DeploymentState:
    """Follow a deployment to its end; one that takes far too long is as it is then: it did not succeed.

    Raises:
        ExperimentError: The experiment is being stopped.
    """
    found, deadline = deployments(session), time.monotonic() + LONGEST_S
    while not (state := found.state(number)).ended and time.monotonic() < deadline:
        if session.stopping.is_set():
            raise ExperimentError(f"deployment {number} has not ended: {state.counts()}")
        session.wait(POLL_S)
    return state


def _rollback(session: Session, ended: DeploymentState) -> DeploymentState | None:
    """Return the end of the deployment's rollback; None without one."""
    deadline = time.monotonic() + ROLLBACK_S
    while ended.rollback_due and not ended.rollback_id and time.monotonic() < deadline:
        session.wait(POLL_S)
        ended = deployments(session).state(ended.id)
    return _follow_back(session, ended.rollback_id) if ended.rollback_id else None


def _follow_back(session: Session, number: str) -> DeploymentState:
    """Follow a rollback until it has ended, or nobody has a bad revision any more (ADR 68).

    A deployment configuration by zones lets it wait after its first zone. Whoever had the bad revision is
    of that zone, and all that is left of the rollback is to deploy to the others what they have: it is
    stopped then, between two zones, where no instance is out of service for it.
    """
    found, deadline, waits = deployments(session), time.monotonic() + LONGEST_S, 0
    while waits < SURE_ROUNDS and not (state := found.state(number)).ended:
        if time.monotonic() > deadline:
            return state
        if session.stopping.is_set():
            raise ExperimentError(f"rollback {number} has not ended: {state.counts()}")
        waits = waits + 1 if state.waiting and not foreign(session) else 0
        session.wait(POLL_S)
    if waits == SURE_ROUNDS:
        found.stop(number)
        session.notes[WENT_BACK] = number
    return _follow(session, number)


def foreign(session: Session) -> set[str]:
    """Return the instances in service that have another revision than the stack's own."""
    serving = {one.id for one in session.stack.instances()}
    return serving - deployments(session).instances_with(own_revision(session), serving)
