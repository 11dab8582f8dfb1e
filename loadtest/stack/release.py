"""Releases a stack's revision through CodeDeploy and waits until the stack serves it.

The same calls go to AWS or to a local region: boto3 reads AWS_ENDPOINT_URL and the credentials from
the environment.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from loadtest.errors import ReleaseError
from loadtest.stack import health
from loadtest.stack.deployments import Deployments, Progress, Revision
from loadtest.stack.outputs import StackOutputs

Say = Callable[[str], None]

LIMIT_EXCEEDED = "DeploymentLimitExceededException"
"""CodeDeploy runs one deployment at a time per group."""
STEADY_ANSWERS = 3
"""Healthy answers in a row before the stack counts as serving."""


@dataclass(frozen=True)
class Patience:
    """How long to wait, in seconds, and how often to look."""

    fleet_s: float = 600
    deployment_s: float = 3600
    """The longest a lifecycle event may take on CodeDeploy."""
    rollback_s: float = 30
    """From the end of a deployment until CodeDeploy names its rollback."""
    health_s: float = 300
    poll_s: float = 2


@dataclass(frozen=True)
class Clients:
    """The AWS clients that a release needs."""

    codedeploy: Any
    autoscaling: Any
    elbv2: Any
    s3: Any

    @staticmethod
    def of(region: str) -> Clients:
        """Clients from the default environment."""
        names = ("codedeploy", "autoscaling", "elbv2", "s3")
        return Clients(*(boto3.client(name, region_name=region) for name in names))


@dataclass(frozen=True)
class Release:
    """A revision that a stack serves."""

    deployment_id: str | None
    """None if it was already there and nothing had to be deployed."""
    digest: str
    instances: list[str] = field(default_factory=list[str])
    version: str = ""
    """The application's own version, as its answers tell it."""
    seconds: float = 0.0


def release(
    outputs: StackOutputs,
    say: Say,
    *,
    force: bool = False,
    clients: Clients | None = None,
    patience: Patience | None = None,
) -> Release:
    """Deploys the stack's revision and returns when every instance serves it.

    A revision that all instances already have is not deployed again, unless `force`. Raises
    ReleaseError if the deployment fails (after following its rollback), if an instance was skipped,
    or if the stack does not become healthy in time.
    """
    started = time.monotonic()
    try:
        job = _Job(outputs, say, clients or Clients.of(outputs.region), patience or Patience())
        instances = job.wait_for_fleet()
        revision = job.find_revision()
        if not force and job.already_there(revision, instances):
            say(f"revision {outputs.revision_digest[:12]} is already on every instance")
            deployment_id = None
        else:
            deployment_id = job.deploy(revision)
        version = job.wait_for_health()
    except (BotoCoreError, ClientError) as error:
        raise ReleaseError(
            f"AWS refused a call of the release: {error}; check credentials, region and "
            "AWS_ENDPOINT_URL"
        ) from error
    seconds = time.monotonic() - started
    return Release(deployment_id, outputs.revision_digest, sorted(instances), version, seconds)


class _Job:
    """One release, step by step."""

    def __init__(
        self, outputs: StackOutputs, say: Say, clients: Clients, patience: Patience
    ) -> None:
        self._outputs, self._say = outputs, say
        self._clients, self._patience = clients, patience
        self._deployments = Deployments(
            clients.codedeploy,
            outputs.codedeploy_application,
            outputs.codedeploy_deployment_group,
        )

    def wait_for_fleet(self) -> set[str]:
        """Waits until the stack has all its instances; a deployment would miss later ones."""
        found: set[str] = set()

        def missing() -> str | None:
            nonlocal found
            found, lacking = health.instances(self._outputs, self._clients.autoscaling)
            return lacking or (None if found else "the stack has no instance")

        self._wait(missing, self._patience.fleet_s, "the fleet is not complete")
        return found

    def find_revision(self) -> Revision:
        """The revision, pinned by the object's ETag and, if it has one, its version."""
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

    def already_there(self, revision: Revision, instances: set[str]) -> bool:
        """Whether every instance's last successful deployment was of exactly this revision."""
        return instances <= self._deployments.instances_with(revision)

    def deploy(self, revision: Revision) -> str:
        """Runs a deployment to its end; raises with the reason if not every instance has it."""
        deployment_id = self._create(revision)
        progress = self._follow(deployment_id)
        if progress.clean:
            return deployment_id
        raise ReleaseError(self._explain(progress))

    def _create(self, revision: Revision) -> str:
        description = f"haproof {self._outputs.revision_digest}"
        deadline = time.monotonic() + self._patience.deployment_s
        told = False
        while True:
            try:
                return self._deployments.create(
                    revision,
                    description,
                    scaled=self._outputs.auto_scaling_group_name is not None,
                )
            except ClientError as error:
                busy = error.response.get("Error", {}).get("Code") == LIMIT_EXCEEDED
                if not busy or time.monotonic() > deadline:
                    raise
            if not told:
                self._say("waiting for another deployment of this group to end")
                told = True
            time.sleep(self._patience.poll_s)

    def _follow(self, deployment_id: str) -> Progress:
        deadline = time.monotonic() + self._patience.deployment_s
        last = ""
        while True:
            progress = self._deployments.progress(deployment_id)
            line = f"deployment {deployment_id} {progress.status}"
            if counts := progress.counts():
                line += f": {counts}"
            if not progress.ended and (now := self._deployments.events_now(deployment_id)):
                line += " - " + ", ".join(f"{event} on {n}" for event, n in sorted(now.items()))
            if line != last:
                self._say(line)
                last = line
            if progress.ended:
                return progress
            if time.monotonic() > deadline:
                raise ReleaseError(
                    f"deployment {deployment_id} has not ended after "
                    f"{self._patience.deployment_s:.0f} s; see `aws deploy get-deployment "
                    f"--deployment-id {deployment_id}`"
                )
            time.sleep(self._patience.poll_s)

    def _explain(self, progress: Progress) -> str:
        lines = [f"deployment {progress.id} did not reach every instance: {progress.counts()}"]
        if progress.status != "Succeeded":
            reason = progress.error or "no reason given"
            lines = [f"deployment {progress.id} {progress.status.lower()}: {reason}"]
        lines += [f"  {failure}" for failure in self._deployments.failures(progress.id)]
        progress = self._await_rollback(progress)
        if progress.rollback_id:
            self._say(f"rolling back by deployment {progress.rollback_id}")
            rollback = self._follow(progress.rollback_id)
            outcome = "restored the last good revision" if rollback.clean else "failed as well"
            lines.append(f"  its rollback {progress.rollback_id} {outcome}")
        return "\n".join(lines)

    def _await_rollback(self, progress: Progress) -> Progress:
        """The deployment once it names its rollback, which CodeDeploy starts after its end."""
        deadline = time.monotonic() + self._patience.rollback_s
        while progress.rollback_due and time.monotonic() < deadline:
            time.sleep(self._patience.poll_s)
            progress = self._deployments.progress(progress.id)
        return progress

    def wait_for_health(self) -> str:
        """Waits for healthy targets and steady answers of the application; returns its version."""
        version, steady = "", 0

        def missing() -> str | None:
            nonlocal version, steady
            problem = health.unhealthy_targets(self._outputs, self._clients.elbv2)
            answer = health.ask_health(self._outputs)
            if problem is None and answer.problem:
                problem = f"{self._outputs.url}{self._outputs.health_path} {answer.problem}"
            steady = 0 if problem else steady + 1
            version = answer.version or ""
            return problem or ("" if steady < STEADY_ANSWERS else None)

        self._wait(missing, self._patience.health_s, "the stack is not healthy")
        told = f"version {version}" if version else "a version that it does not tell"
        self._say(f"healthy: {self._outputs.url} serves {told}")
        return version

    def _wait(self, missing: Callable[[], str | None], limit_s: float, failure: str) -> None:
        """Calls `missing` until it returns None; it tells what is missing, or "" to say nothing."""
        deadline = time.monotonic() + limit_s
        last = ""
        while (lacking := missing()) is not None:
            if lacking and lacking != last:
                self._say(f"waiting: {lacking}")
            last = lacking or last
            if time.monotonic() > deadline:
                raise ReleaseError(f"{failure} after {limit_s:.0f} s: {last}")
            time.sleep(min(self._patience.poll_s, 0.5) if not lacking else self._patience.poll_s)
