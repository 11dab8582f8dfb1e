"""AWS as a release sees it: stubbed clients that expect certain calls in a certain order."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import boto3
from botocore.stub import ANY, Stubber

from loadtest.stack.release import Clients

GROUP = {"applicationName": "haproof-ha", "deploymentGroupName": "haproof-ha-fleet"}
ETAG = "0123456789abcdef"
LOCATION = {
    "revisionType": "S3",
    "s3Location": {
        "bucket": "haproof-revisions",
        "key": "revisions/music-note.zip",
        "bundleType": "zip",
        "eTag": ETAG,
        "version": "v7",
    },
}
DEPLOYMENT = "d-AAAAAAAAA"


class Cloud:
    """Stubbed clients: calls must come in this order, with these parameters."""

    def __init__(self) -> None:
        self._stubs: dict[str, Stubber] = {}
        clients: dict[str, Any] = {}
        for name in ("codedeploy", "autoscaling", "elbv2", "s3", "ssm"):
            clients[name] = boto3.client(
                name,
                region_name="ap-northeast-2",
                aws_access_key_id="rehearsal",
                aws_secret_access_key="rehearsal",
            )
            self._stubs[name] = Stubber(clients[name])
            self._stubs[name].activate()
        self.clients = Clients(**clients)

    def expect(self, service: str, call: str, answer: dict[str, Any], **sent: Any) -> Cloud:
        self._stubs[service].add_response(call, answer, sent or None)
        return self

    def refuse(self, service: str, call: str, code: str) -> Cloud:
        self._stubs[service].add_client_error(call, code)
        return self

    def instances(self, *instances: str, desired: int | None = None) -> Cloud:
        group = {
            "AutoScalingGroupName": "haproof-ha",
            "MinSize": 1,
            "MaxSize": 9,
            "DesiredCapacity": desired or len(instances),
            "DefaultCooldown": 0,
            "AvailabilityZones": ["a"],
            "HealthCheckType": "ELB",
            "CreatedTime": datetime.now(UTC),
            "Instances": [
                {
                    "InstanceId": name,
                    "AvailabilityZone": "a",
                    "LifecycleState": "InService",
                    "HealthStatus": "Healthy",
                    "ProtectedFromScaleIn": False,
                }
                for name in instances
            ],
        }
        return self.expect(
            "autoscaling",
            "describe_auto_scaling_groups",
            {"AutoScalingGroups": [group]},
            AutoScalingGroupNames=["haproof-ha"],
        )

    def revision(self) -> Cloud:
        return self.expect(
            "s3",
            "head_object",
            {"ETag": f'"{ETAG}"', "VersionId": "v7"},
            Bucket="haproof-revisions",
            Key="revisions/music-note.zip",
        )

    def history(self, *deployments: tuple[str, dict[str, Any], list[str]]) -> Cloud:
        """Successful deployments: id, revision and the instances that got it; newest first."""
        ids = [one[0] for one in deployments]
        self.expect(
            "codedeploy",
            "list_deployments",
            {"deployments": ids},
            includeOnlyStatuses=["InProgress", "Succeeded", "Failed", "Stopped"],
            **GROUP,
        )
        if not ids:
            return self
        infos = [
            {
                "deploymentId": name,
                "revision": revision,
                "createTime": datetime(2026, 11, 30 - age, tzinfo=UTC),
            }
            for age, (name, revision, _) in enumerate(deployments)
        ]
        # CodeDeploy promises no order.
        self.expect(
            "codedeploy",
            "batch_get_deployments",
            {"deploymentsInfo": infos[::-1]},
            deploymentIds=ids,
        )
        left = {instance for *_, instances in deployments for instance in instances}
        for name, _, instances in deployments:
            # Once something is known of each of them, nobody asks about older ones.
            if left:
                self.targets(name, {instance: [] for instance in instances}, "Succeeded")
            left -= set(instances)
        return self

    def busy_with(self, deployment: str, *events: str) -> Cloud:
        """Another deployment is running, with these events on one instance each."""
        self.refuse("codedeploy", "create_deployment", "DeploymentLimitExceededException")
        active = ["Created", "Queued", "InProgress", "Baking", "Ready"]
        self.expect(
            "codedeploy",
            "list_deployments",
            {"deployments": [deployment]},
            includeOnlyStatuses=active,
            **GROUP,
        )
        running = {
            f"i-{n}": [{"lifecycleEventName": event, "status": "InProgress"}]
            for n, event in enumerate(events)
        }
        return self.targets(deployment, running, "InProgress")

    def targets(
        self, deployment: str, events: dict[str, list[dict[str, Any]]], status: str
    ) -> Cloud:
        self.expect(
            "codedeploy",
            "list_deployment_targets",
            {"targetIds": list(events)},
            deploymentId=deployment,
        )
        targets = [
            {
                "deploymentTargetType": "InstanceTarget",
                "instanceTarget": {"targetId": name, "status": status, "lifecycleEvents": found},
            }
            for name, found in events.items()
        ]
        return self.expect(
            "codedeploy",
            "batch_get_deployment_targets",
            {"deploymentTargets": targets},
            deploymentId=deployment,
            targetIds=list(events),
        )

    def created(self, *, scaled: bool = True, config: str | None = None) -> Cloud:
        processes = ["AZRebalance", "InstanceRefresh", "ScheduledActions"]
        options: dict[str, Any] = {}
        if scaled:
            options["ec2DeploymentOptions"] = {"autoScalingGroupProcessesToSuspend": processes}
        if config:
            options["deploymentConfigName"] = config
        return self.expect(
            "codedeploy",
            "create_deployment",
            {"deploymentId": DEPLOYMENT},
            revision=LOCATION,
            description=ANY,
            fileExistsBehavior="OVERWRITE",
            **options,
            **GROUP,
        )

    def progress(self, status: str, name: str = DEPLOYMENT, **more: Any) -> Cloud:
        info = {"deploymentId": name, "status": status, **more}
        return self.expect(
            "codedeploy", "get_deployment", {"deploymentInfo": info}, deploymentId=name
        )

    def health(self, *states: str) -> Cloud:
        targets = [
            {"Target": {"Id": f"i-{n}"}, "TargetHealth": {"State": state}}
            for n, state in enumerate(states)
        ]
        return self.expect(
            "elbv2", "describe_target_health", {"TargetHealthDescriptions": targets},
            TargetGroupArn=ANY,
        )  # fmt: skip

    def looked_into(self, instance: str, *facts: tuple[object, ...]) -> Cloud:
        """The release looks into an instance, whose script prints `facts`."""
        command = {"CommandId": "c" * 36}
        self.expect(
            "ssm", "send_command", {"Command": command},
            DocumentName="AWS-RunShellScript", InstanceIds=[instance],
            Parameters={"commands": [ANY]}, Comment=ANY,
        )  # fmt: skip
        self.refuse("ssm", "get_command_invocation", "InvocationDoesNotExist")
        printed = "\n".join("\t".join(map(str, fact)) for fact in facts)
        return self.expect(
            "ssm", "get_command_invocation",
            {"Status": "Success", "StandardOutputContent": printed},
            CommandId=command["CommandId"], InstanceId=instance,
        )  # fmt: skip

    def used_up(self) -> None:
        for stub in self._stubs.values():
            stub.assert_no_pending_responses()
