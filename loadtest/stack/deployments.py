"""CodeDeploy deployments: their revision, their progress, and why they failed.

A thin layer over boto3's `codedeploy` client that knows nothing about stacks.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any

ENDED = frozenset({"Succeeded", "Failed", "Stopped"})
ACTIVE = ("Created", "Queued", "InProgress", "Baking", "Ready")
BEGUN = ("InProgress", "Succeeded", "Failed", "Stopped")
REACHED = ("Succeeded", "Failed")
"""Statuses of an instance's part of a deployment that has ended; not of one that was skipped."""
COUNTED = ("Pending", "InProgress", "Succeeded", "Failed", "Skipped", "Ready")
ALARM_ACTIVE = "ALARM_ACTIVE"
ALL_AT_ONCE = "CodeDeployDefault.AllAtOnce"
LIMIT_EXCEEDED = "DeploymentLimitExceededException"
"""The code of its error: it runs one deployment at a time per group."""
SUSPENDED = ["AZRebalance", "InstanceRefresh", "ScheduledActions"]
"""Auto Scaling processes suspended while a deployment runs: rebalancing between zones, instance
refresh, scheduled changes of capacity. Not `Terminate`: without it no failed instance is replaced.
(CodeDeploy API reference, EC2DeploymentOptions.)"""

TARGETS_PER_CALL = 25
DEPLOYMENTS_PER_CALL = 25


@dataclass(frozen=True)
class Revision:
    """A zip in S3. ETag and version, where known, pin its content."""

    bucket: str
    key: str
    etag: str | None = None
    version: str | None = None

    def location(self) -> dict[str, Any]:
        """Return the revision in the form of CodeDeploy's API."""
        s3 = {"bucket": self.bucket, "key": self.key, "bundleType": "zip"}
        if self.etag:
            s3["eTag"] = self.etag
        if self.version:
            s3["version"] = self.version
        return {"revisionType": "S3", "s3Location": s3}

    def same_as(self, location: dict[str, Any]) -> bool:
        """Return whether a deployment's revision is certainly this one: same object, same content."""
        s3 = location.get("s3Location") or {}
        if (s3.get("bucket"), s3.get("key")) != (self.bucket, self.key):
            return False
        pinned = [
            (self.version, s3.get("version")),
            (self.etag, (s3.get("eTag") or "").strip('"') or None),
        ]
        known = [(ours, theirs) for ours, theirs in pinned if ours and theirs]
        return bool(known) and all(ours == theirs for ours, theirs in known)


@dataclass(frozen=True)
class FailedEvent:
    """The lifecycle event that failed on an instance."""

    instance: str
    event: str
    code: str
    script: str
    message: str
    log_tail: str

    def __str__(self) -> str:
        """Format the failure: instance, event, and the end of the script's output."""
        return f"{self.instance}: {self.what}"

    @property
    def what(self) -> str:
        """What failed, and the end of the script's output."""
        script = f", script {self.script}" if self.script else ""
        tail = "\n".join(f"    {line}" for line in self.log_tail.strip().splitlines())
        head = f"{self.event} failed ({self.code}){script}: {self.message}"
        return head + (f"\n{tail}" if tail else "")


def described(failures: Iterable[FailedEvent]) -> list[str]:
    """Format failures, those that are alike on several instances once."""
    alike: dict[str, list[str]] = {}
    for failure in failures:
        alike.setdefault(failure.what, []).append(failure.instance)
    return [f"{', '.join(instances)}: {what}" for what, instances in alike.items()]


@dataclass(frozen=True)
class DeploymentState:
    """A deployment at one moment."""

    id: str
    status: str
    overview: dict[str, int]
    error: str | None
    rollback_id: str | None
    rollback_due: bool = False
    """Whether CodeDeploy will roll it back but does not name the rollback yet."""

    @property
    def ended(self) -> bool:
        """Whether its status is final."""
        return self.status in ENDED

    @property
    def complete(self) -> bool:
        """Whether every instance got the revision; `Succeeded` alone allows some to fail."""
        unserved = sum(self.overview.get(name, 0) for name in ("Failed", "Skipped", "Pending"))
        return self.status == "Succeeded" and unserved == 0

    @property
    def waiting(self) -> bool:
        """Whether it is between two zones: some instances are done, and no one is being deployed to."""
        done, due, now = (self.overview.get(n, 0) for n in ("Succeeded", "Pending", "InProgress"))
        return not self.ended and bool(done and due) and not now

    def counts(self) -> str:
        """Format the number of instances in each state."""
        return ", ".join(f"{n} {name}" for name in COUNTED if (n := self.overview.get(name, 0)))


class Deployments:
    """The deployments of one deployment group."""

    def __init__(self, client: Any, application: str, group: str) -> None:
        """Use boto3's `codedeploy` client for one application's deployment group."""
        self._client = client
        self._names = {"applicationName": application, "deploymentGroupName": group}

    def create(
        self, revision: Revision, description: str, *, scaled: bool, all_at_once: bool = False
    ) -> str:
        """Start a deployment that overwrites files of earlier ones, and return its id.

        With `scaled`, the group deploys to an Auto Scaling group, whose own moves of instances are
        suspended until the deployment ends. With `all_at_once`, every instance is taken at the same
        time, whatever the group's deployment configuration says.
        """
        options: dict[str, Any] = {}
        if scaled:
            options["ec2DeploymentOptions"] = {"autoScalingGroupProcessesToSuspend": SUSPENDED}
        if all_at_once:
            options["deploymentConfigName"] = ALL_AT_ONCE
        answer = self._client.create_deployment(
            **self._names,
            revision=revision.location(),
            description=description,
            fileExistsBehavior="OVERWRITE",
            **options,
        )
        return str(answer["deploymentId"])

    def any_succeeded(self) -> bool:
        """Return whether a deployment of the group ever succeeded."""
        return any(self._ids(("Succeeded",)))

    def state(self, deployment_id: str) -> DeploymentState:
        """Return the current state of a deployment."""
        info = self._client.get_deployment(deploymentId=deployment_id)["deploymentInfo"]
        error = info.get("errorInformation")
        rollback = info.get("rollbackInfo")
        return DeploymentState(
            id=deployment_id,
            status=str(info.get("status")),
            overview=dict(info.get("deploymentOverview") or {}),
            error=f"{error.get('code')}: {error.get('message')}" if error else None,
            rollback_id=(rollback or {}).get("rollbackDeploymentId") or None,
            rollback_due=rollback is None and _rolls_back(info),
        )

    def active(self) -> str | None:
        """Return the deployment of the group that has not ended yet; None without one."""
        page = self._client.list_deployments(**self._names, includeOnlyStatuses=list(ACTIVE))
        found = page.get("deployments") or []
        return str(found[0]) if found else None

    def active_alarms(self, cloudwatch: Any) -> list[str]:
        """Return the group's alarms that are in ALARM: each stops every deployment, also a new one."""
        info = self._client.get_deployment_group(**self._names)["deploymentGroupInfo"]
        settings = info.get("alarmConfiguration") or {}
        names = [str(one["name"]) for one in settings.get("alarms") or []]
        if not names or not settings.get("enabled"):
            return []
        found = cloudwatch.describe_alarms(AlarmNames=names, StateValue="ALARM")
        return [str(one["AlarmName"]) for one in found.get("MetricAlarms") or []]

    def running_events(self, deployment_id: str) -> Counter[str]:
        """Count the instances in each lifecycle event that is running now."""
        return Counter(
            event["lifecycleEventName"]
            for target in self._targets(deployment_id)
            for event in target.get("lifecycleEvents") or []
            if event.get("status") == "InProgress"
        )

    def failures(self, deployment_id: str) -> list[FailedEvent]:
        """Return every lifecycle event that failed, with the end of its script's output."""
        return [
            _failed_event(target, event)
            for target in self._targets(deployment_id)
            for event in target.get("lifecycleEvents") or []
            if event.get("status") == "Failed"
        ]

    def targets(self, deployment_id: str) -> set[str]:
        """Return the instances that a deployment was for."""
        return {_instance_of(target) for target in self._targets(deployment_id)}

    def unserved(self, deployment_id: str) -> set[str]:
        """Return the instances that a deployment was for and that did not get its revision."""
        return {
            _instance_of(target)
            for target in self._targets(deployment_id)
            if target.get("status") != "Succeeded"
        }

    def instances_with(self, revision: Revision, among: AbstractSet[str]) -> set[str]:
        """Return those of some instances that the last deployment to reach them gave that revision.

        A deployment that fails or is stopped has reached some instances: what counts is how each one's
        part of it ended. None is asked about that is older than what is known of all of them: a history
        grows with every launch, and this is asked once a second while a load is measured.
        """
        latest: dict[str, bool] = {}
        for info in self._begun():
            if among <= latest.keys():
                break
            same = revision.same_as(info.get("revision") or {})
            for target in self._targets(str(info["deploymentId"])):
                if target.get("status") in REACHED:
                    has = same and target["status"] == "Succeeded"
                    latest.setdefault(_instance_of(target), has)
        return {instance for instance in among if latest.get(instance)}

    def stop(self, deployment_id: str) -> None:
        """Stop a deployment that has not ended, without a rollback of its own."""
        self._client.stop_deployment(deploymentId=deployment_id, autoRollbackEnabled=False)

    def _begun(self) -> list[dict[str, Any]]:
        """Return the deployments that may have reached an instance, newest first."""
        infos = [
            info
            for batch in _batches(list(self._ids(BEGUN)), DEPLOYMENTS_PER_CALL)
            for info in self._client.batch_get_deployments(deploymentIds=batch)["deploymentsInfo"]
        ]
        return sorted(infos, key=lambda info: info["createTime"], reverse=True)

    def _ids(self, statuses: Sequence[str]) -> Iterator[str]:
        query: dict[str, Any] = {**self._names, "includeOnlyStatuses": list(statuses)}
        while True:
            page = self._client.list_deployments(**query)
            yield from page.get("deployments") or []
            if not page.get("nextToken"):
                return
            query["nextToken"] = page["nextToken"]

    def _targets(self, deployment_id: str) -> Iterator[dict[str, Any]]:
        query: dict[str, Any] = {"deploymentId": deployment_id}
        while True:
            page = self._client.list_deployment_targets(**query)
            for batch in _batches(page.get("targetIds") or [], TARGETS_PER_CALL):
                answer = self._client.batch_get_deployment_targets(
                    deploymentId=deployment_id, targetIds=batch
                )
                for target in answer.get("deploymentTargets") or []:
                    yield target.get("instanceTarget") or {}
            if not page.get("nextToken"):
                return
            query["nextToken"] = page["nextToken"]


def _rolls_back(info: dict[str, Any]) -> bool:
    """Return whether the deployment ended in an event that triggers its automatic rollback."""
    settings = info.get("autoRollbackConfiguration") or {}
    if info.get("status") == "Failed":
        event = "DEPLOYMENT_FAILURE"
    elif info.get("status") != "Stopped":
        return False
    elif (info.get("errorInformation") or {}).get("code") == ALARM_ACTIVE:
        event = "DEPLOYMENT_STOP_ON_ALARM"
    else:
        event = "DEPLOYMENT_STOP_ON_REQUEST"
    return bool(settings.get("enabled")) and event in (settings.get("events") or [])


def _batches(ids: Sequence[str], size: int) -> Iterator[list[str]]:
    for start in range(0, len(ids), size):
        yield list(ids[start : start + size])


def _instance_of(target: dict[str, Any]) -> str:
    # Either a plain id or the ARN `…:instance/i-…`.
    return str(target.get("targetId") or target.get("targetArn") or "").rpartition("/")[2]


def _failed_event(target: dict[str, Any], event: dict[str, Any]) -> FailedEvent:
    diagnostics = event.get("diagnostics") or {}
    return FailedEvent(
        instance=_instance_of(target),
        event=str(event.get("lifecycleEventName")),
        code=str(diagnostics.get("errorCode") or "no error code"),
        script=str(diagnostics.get("scriptName") or ""),
        message=str(diagnostics.get("message") or "no message"),
        log_tail=str(diagnostics.get("logTail") or ""),
    )
