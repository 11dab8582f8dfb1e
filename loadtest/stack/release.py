"""Releases a stack's revision with CodeDeploy and waits until the stack serves it.

The same calls go to AWS or to a local region: boto3 reads AWS_ENDPOINT_URL and the credentials from
the environment.
"""

from __future__ import annotations

import math
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from loadtest.errors import ReleaseError
from loadtest.formatting import duration
from loadtest.stack import aws, examination, health
from loadtest.stack.deployments import (
    LIMIT_EXCEEDED,
    Deployments,
    DeploymentState,
    FailedEvent,
    Revision,
    described,
)
from loadtest.stack.examination import Look, Looks
from loadtest.stack.outputs import StackOutputs
from loadtest.stack.pace import Pace

PrintLine = Callable[[str], None]

TELL_AGAIN_S = 30.0
"""While another deployment is waited for, what remains of the time is told this often."""
STEADY_ANSWERS = 3
"""Healthy answers in a row before the stack counts as serving."""
STEADY_S = 0.5
"""The time between two of these answers."""
STARTED = frozenset({"ApplicationStart", "ValidateService"})
"""Lifecycle events that fail if the application does not serve, whatever their script says."""
SCRIPT_ENDED = frozenset({"ScriptFailed", "ScriptTimedOut"})


@dataclass(frozen=True)
class Timeouts:
    """How long to wait, and how rarely to poll at most; all in seconds."""

    capacity_s: float = 600
    deployment_s: float = 3600
    """The longest that CodeDeploy lets a lifecycle event run."""
    rollback_s: float = 30
    """From the end of a deployment until CodeDeploy names its rollback."""
    health_s: float = 300
    look_s: float = 20
    """How long a released stack may lack the same before its instance is looked into."""
    poll_s: float = 2


@dataclass(frozen=True)
class Clients:
    """The AWS clients that a release needs."""

    codedeploy: Any
    autoscaling: Any
    elbv2: Any
    s3: Any
    ssm: Any

    @staticmethod
    def of(region: str) -> Clients:
        """Create the clients from the default environment."""
        names = ("codedeploy", "autoscaling", "elbv2", "s3", "ssm")
        return Clients(*(aws.client(name, region) for name in names))


@dataclass(frozen=True)
class Release:
    """A revision that a stack serves."""

    deployment_id: str | None
    """None if every instance had it already and nothing was deployed."""
    digest: str
    instances: list[str] = field(default_factory=list[str])
    version: str = ""
    """The application's own version, as its responses report it."""
    seconds: float = 0.0


def release(
    outputs: StackOutputs,
    print_line: PrintLine,
    *,
    force: bool = False,
    clients: Clients | None = None,
    timeouts: Timeouts | None = None,
) -> Release:
    """Deploy the stack's revision and return once every instance serves it.

    A revision that all instances already have is not deployed again, unless `force`.

    Raises:
        ReleaseError: The deployment failed (raised after following its rollback), an instance was
            skipped, or the stack did not become healthy in time.
    """
    started = time.monotonic()
    try:
        job = _Job(
            outputs, print_line, clients or Clients.of(outputs.region), timeouts or Timeouts()
        )
        instances = job.wait_for_capacity()
        revision = job.find_revision()
        if not force and job.is_deployed(revision, instances):
            print_line(f"revision {outputs.revision_digest[:12]} is already on every instance")
            deployment_id = None
        else:
            deployment_id = job.deploy(revision)
        version = job.wait_for_health(instances)
    except (BotoCoreError, ClientError) as error:
        raise ReleaseError(
            f"an AWS API call of the release failed: {error}; check credentials, region and "
            "AWS_ENDPOINT_URL"
        ) from error
    seconds = time.monotonic() - started
    return Release(deployment_id, outputs.revision_digest, sorted(instances), version, seconds)


class OtherDeployment:
    """Another deployment of the group, which a new one has to wait for: CodeDeploy runs one at a time."""

    def __init__(self, deployments: Deployments, print_line: PrintLine) -> None:
        """Look for it among `deployments` and tell of it by `print_line`."""
        self._deployments, self._print = deployments, print_line
        self._id: str | None = None
        self._doing = ""
        self._told_at = -math.inf

    def tell(self, left_s: float) -> bool:
        """Print what is waited for and for how long at most, if it changed or a while ago.

        Returns whether it changed.
        """
        before = self.describe()
        self._id = self._deployments.active() or self._id
        events = self._deployments.running_events(self._id) if self._id else Counter[str]()
        self._doing = ", ".join(f"{event} on {n}" for event, n in sorted(events.items()))
        changed = self.describe() != before
        if changed or time.monotonic() - self._told_at >= TELL_AGAIN_S:
            self._told_at = time.monotonic()
            self._print(
                f"waiting for {self.describe()}, at most {duration(left_s)} more; {self.remedy()}"
            )
        return changed

    def describe(self) -> str:
        """Return which deployment it is and what it is doing."""
        name = f"deployment {self._id}" if self._id else "another deployment"
        return f"{name} of this group" + (f" ({self._doing})" if self._doing else "")

    def remedy(self) -> str:
        """Return how to end it."""
        known = self._id or "ID (`aws deploy list-deployments` lists them)"
        return f"stop it: aws deploy stop-deployment --deployment-id {known}"


class _Job:
    """One release, step by step."""

    def __init__(
        self, outputs: StackOutputs, print_line: PrintLine, clients: Clients, timeouts: Timeouts
    ) -> None:
        self._outputs, self._print = outputs, print_line
        self._clients, self._timeouts = clients, timeouts
        self._deployments = Deployments(
            clients.codedeploy,
            outputs.codedeploy_application,
            outputs.codedeploy_deployment_group,
        )

    def wait_for_capacity(self) -> set[str]:
        """Wait until the stack has all its instances; a deployment would miss later ones."""
        found: set[str] = set()

        def missing() -> str | None:
            nonlocal found
            found, lacking = health.instances(self._outputs, self._clients.autoscaling)
            return lacking or (None if found else "the stack has no instance")

        self._wait(missing, self._timeouts.capacity_s, "the stack lacks instances")
        return found

    def find_revision(self) -> Revision:
        """Return the revision, pinned by the object's ETag and, if it has one, its version."""
        bucket, key = self._outputs.revision_bucket, self._outputs.revision_key
        try:
            head = self._clients.s3.head_object(Bucket=bucket, Key=key)
        except ClientError as error:
            raise ReleaseError(
                f"cannot find the revision s3://{bucket}/{key} ({error}); run `pulumi up`"
            ) from error
        version = head.get("VersionId")
        etag = str(head.get("ETag") or "").strip('"') or None
        return Revision(bucket, key, etag, None if version in {None, "null"} else str(version))

    def is_deployed(self, revision: Revision, instances: set[str]) -> bool:
        """Return whether every instance's last successful deployment was of exactly this revision."""
        return instances <= self._deployments.instances_with(revision, instances)

    def deploy(self, revision: Revision) -> str:
        """Run a deployment to its end and return its id.

        Raises:
            ReleaseError: Not every instance got the revision; the message says why.
        """
        deployment_id = self._create(revision)
        state = self._follow(deployment_id)
        if state.complete:
            return deployment_id
        raise ReleaseError(self._explain(state))

    def _serves_nothing(self) -> bool:
        """Return whether the fleet has never served a revision: there is no availability to keep.

        One placeholder could be an instance's that joined a moment ago; a group without any success
        has no other instances.
        """
        scaled = self._outputs.auto_scaling_group_name is not None
        return (
            scaled
            and health.request_health(self._outputs).placeholder
            and not self._deployments.any_succeeded()
        )

    def _create(self, revision: Revision) -> str:
        all_at_once = self._serves_nothing()
        if all_at_once:
            self._print("first release: nothing serves yet, so all instances at once")
        description = f"haproof {self._outputs.revision_digest}"
        deadline = time.monotonic() + self._timeouts.deployment_s
        other = OtherDeployment(self._deployments, self._print)
        pace = Pace(self._timeouts.poll_s)
        while True:
            try:
                return self._deployments.create(
                    revision,
                    description,
                    scaled=self._outputs.auto_scaling_group_name is not None,
                    all_at_once=all_at_once,
                )
            except ClientError as error:
                if error.response.get("Error", {}).get("Code") != LIMIT_EXCEEDED:
                    raise
                left_s = deadline - time.monotonic()
                if left_s <= 0:
                    raise ReleaseError(
                        f"{other.describe()} has not ended after {self._timeouts.deployment_s:.0f} s; "
                        f"{other.remedy()}"
                    ) from error
            if other.tell(left_s):
                pace.changed()
            pace.pause()

    def _follow(self, deployment_id: str) -> DeploymentState:
        deadline = time.monotonic() + self._timeouts.deployment_s
        last, pace = "", Pace(self._timeouts.poll_s)
        while True:
            state = self._deployments.state(deployment_id)
            line = f"deployment {deployment_id} {state.status}"
            if counts := state.counts():
                line += f": {counts}"
            if not state.ended and (now := self._deployments.running_events(deployment_id)):
                # The id and the status are in the first line, or have not changed.
                line = ", ".join(f"{event} on {n}" for event, n in sorted(now.items()))
                line = f"deployment: {counts} ({line})"
            if line != last:
                self._print(line)
                last = line
                pace.changed()
            if state.ended:
                return state
            if time.monotonic() > deadline:
                raise ReleaseError(
                    f"deployment {deployment_id} has not ended after "
                    f"{self._timeouts.deployment_s:.0f} s; see `aws deploy get-deployment "
                    f"--deployment-id {deployment_id}`"
                )
            pace.pause()

    def _explain(self, state: DeploymentState) -> str:
        lines = [f"deployment {state.id} did not reach every instance: {state.counts()}"]
        if state.status != "Succeeded":
            reason = state.error or "no reason given"
            lines = [f"deployment {state.id} {state.status.lower()}: {reason}"]
        failures = self._deployments.failures(state.id)
        lines += [f"  {one}" for one in described(failures)]
        lines += [f"  {line}" for line in self._look_after(failures)]
        state = self._await_rollback(state)
        if state.rollback_id:
            self._print(f"rolling back by deployment {state.rollback_id}")
            rollback = self._follow(state.rollback_id)
            outcome = "restored the last good revision" if rollback.complete else "failed as well"
            lines.append(f"  its rollback {state.rollback_id} {outcome}")
        return "\n".join(lines)

    def _look_after(self, failures: Sequence[FailedEvent]) -> Sequence[str]:
        """Return what one of the instances shows where the application has been started."""
        for failure in failures:
            if failure.event in STARTED and failure.code in SCRIPT_ENDED:
                return examination.look(self._clients.ssm, failure.instance).lines
        return []

    def _await_rollback(self, state: DeploymentState) -> DeploymentState:
        """Return the deployment once it names its rollback, which CodeDeploy starts after its end."""
        deadline = time.monotonic() + self._timeouts.rollback_s
        pace = Pace(self._timeouts.poll_s)
        while state.rollback_due and time.monotonic() < deadline:
            pace.pause()
            state = self._deployments.state(state.id)
        return state

    def wait_for_health(self, released: set[str]) -> str:
        """Wait for healthy targets and steady responses; return the application's version."""
        version, steady = "", 0

        def look() -> Look:
            failing = health.failing_instances(self._outputs, self._clients.elbv2, released)
            return examination.look(self._clients.ssm, failing[0]) if failing else Look()

        def missing() -> str | None:
            nonlocal version, steady
            problem = health.unhealthy_targets(self._outputs, self._clients.elbv2)
            response = health.request_health(self._outputs)
            if problem is None and response.problem:
                problem = f"{self._outputs.url}{self._outputs.health_path} {response.problem}"
            steady = 0 if problem else steady + 1
            version = response.version or ""
            return problem or ("" if steady < STEADY_ANSWERS else None)

        self._wait(missing, self._timeouts.health_s, "the stack is not healthy", look)
        served = f"version {version}" if version else "answers without a version (X-App-Version)"
        self._print(f"healthy: {self._outputs.url} serves {served}")
        return version

    def _wait(
        self,
        missing: Callable[[], str | None],
        limit_s: float,
        failure: str,
        look: Callable[[], Look] = Look,
    ) -> None:
        """Call `missing` until it returns None; it returns what is missing, or "" to print nothing.

        What has been missing for `look_s` is looked into with `look`; it is given up if waiting will not
        help.
        """
        began = changed_at = time.monotonic()
        last, pace, looks = "", Pace(self._timeouts.poll_s), Looks(look, self._print)
        while (lacking := missing()) is not None:
            now = time.monotonic()
            if lacking and lacking != last:
                self._print(f"waiting: {lacking}")
            if lacking != last:
                pace.changed()
                changed_at = now
            last = lacking or last
            if now - began > limit_s:
                raise ReleaseError(_report(f"{failure} after {limit_s:.0f} s: {last}", look()))
            if lacking and now - changed_at > self._timeouts.look_s:
                changed_at = now
                found = looks.again()
                if looks.settle_it:
                    head = f"{failure}, and waiting longer will not help: {last}"
                    raise ReleaseError(_report(head, found))
            if lacking:
                pace.pause()
            else:
                time.sleep(min(self._timeouts.poll_s, STEADY_S))


def _report(head: str, found: Look) -> str:
    return "\n".join([head, *found.lines])
