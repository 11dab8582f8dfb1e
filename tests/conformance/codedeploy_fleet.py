"""Instances that CodeDeploy deploys to, and revisions for them, for conformance tests."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.conformance.cloud import Cloud, Network
from tests.conformance.roles import make_profile, make_role

AGENT = """#!/bin/bash
dnf install -y ruby wget
cd /tmp
wget https://aws-codedeploy-{region}.s3.{region}.amazonaws.com/latest/install
chmod +x install
./install auto
"""
"""User data for AWS, where no image has the agent; the local region's images have it."""
SERVICE_POLICY = "arn:aws:iam::aws:policy/service-role/AWSCodeDeployRole"
READ_REVISIONS = "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"
COMMANDED = "arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore"
ENDED = frozenset({"Succeeded", "Failed", "Stopped"})
HEAD = "version: 0.0\nos: linux\n"
EVENTS = [
    "ApplicationStop",
    "DownloadBundle",
    "BeforeInstall",
    "Install",
    "AfterInstall",
    "ApplicationStart",
    "ValidateService",
]
FLAG = "/var/tmp/fails"
FLAGGED = f"#!/bin/bash\nsleep 1\n[ ! -e {FLAG} ]\n"
"""A script that fails where a test has put a flag."""


def service_role(cloud: Cloud) -> str:
    """Return the ARN of a new role with which CodeDeploy deploys."""
    name = cloud.name("codedeploy")
    return make_role(cloud, name, "codedeploy.amazonaws.com", SERVICE_POLICY)


def appspec(files: Mapping[str, str] | None = None, /, **hooks: str) -> str:
    """Return an appspec.yml: destinations by source, and a script by lifecycle event."""
    lines = [HEAD]
    if files:
        lines.append("files:\n")
        lines += [f"  - source: {name}\n    destination: {to}\n" for name, to in files.items()]
    if hooks:
        lines.append("hooks:\n")
        lines += [f"  {event}:\n    - location: {script}\n" for event, script in hooks.items()]
    return "".join(lines)


def bundle(files: Mapping[str, str]) -> bytes:
    """Return a zipped revision; all of its files are executable."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name, text in files.items():
            member = zipfile.ZipInfo(name)
            member.external_attr = 0o755 << 16
            archive.writestr(member, text)
    return content.getvalue()


def code_of(caught: pytest.ExceptionInfo[ClientError]) -> str:
    """Return the name of AWS's error."""
    return caught.value.response["Error"]["Code"]


def names_of(target: dict[str, Any]) -> list[str]:
    """Return the lifecycle events of a target, in order."""
    return [event["lifecycleEventName"] for event in target["lifecycleEvents"]]


def event_of(target: dict[str, Any], name: str) -> dict[str, Any]:
    """Return one lifecycle event of a target."""
    return next(one for one in target["lifecycleEvents"] if one["lifecycleEventName"] == name)


def _ran(target: dict[str, Any]) -> bool:
    return any("startTime" in one and "endTime" in one for one in target["lifecycleEvents"])


def span_of(target: dict[str, Any]) -> tuple[datetime, datetime]:
    """Return when the first event of a target began and the last one ended."""
    ran = [one for one in target["lifecycleEvents"] if "startTime" in one and "endTime" in one]
    return min(one["startTime"] for one in ran), max(one["endTime"] for one in ran)


class Releases:
    """An application with a bucket of revisions, and its deployment groups, one after the other.

    Attributes:
        application: Its name.
        group_name: The name of the deployment group that was created last.
    """

    def __init__(self, cloud: Cloud, role: str) -> None:
        self.cloud, self.role = cloud, role
        self.application, self.bucket = cloud.name("app"), cloud.name("revisions")
        self.group_name = ""
        cloud.codedeploy.create_application(
            applicationName=self.application, computePlatform="Server"
        )
        cloud.afterwards(cloud.codedeploy.delete_application, applicationName=self.application)
        cloud.s3.create_bucket(
            Bucket=self.bucket, CreateBucketConfiguration={"LocationConstraint": cloud.region}
        )
        cloud.afterwards(cloud.s3.delete_bucket, Bucket=self.bucket)

    def group(self, **settings: Any) -> None:
        """Create a deployment group; what follows is about it."""
        self.group_name = self.cloud.name("group")
        defaults = {
            "deploymentConfigName": "CodeDeployDefault.AllAtOnce",
            "serviceRoleArn": self.role,
        }
        self.cloud.codedeploy.create_deployment_group(
            applicationName=self.application,
            deploymentGroupName=self.group_name,
            **defaults | settings,
        )
        self.cloud.afterwards(
            self.cloud.codedeploy.delete_deployment_group,
            applicationName=self.application,
            deploymentGroupName=self.group_name,
        )

    def upload(self, key: str, spec: str, **scripts: str) -> None:
        """Put a revision into the bucket: its appspec.yml, and scripts by name without `.sh`."""
        self.put(
            key, {"appspec.yml": spec, **{f"{name}.sh": text for name, text in scripts.items()}}
        )

    def put(self, key: str, files: Mapping[str, str]) -> None:
        """Put a revision into the bucket, file by file."""
        self.cloud.s3.put_object(Bucket=self.bucket, Key=key, Body=bundle(files))
        self.cloud.afterwards(self.cloud.s3.delete_object, Bucket=self.bucket, Key=key)

    def config(self, kind: str, value: int, **settings: Any) -> str:
        """Create a deployment configuration with minimum healthy hosts; return its name."""
        name = self.cloud.name("config")
        self.cloud.codedeploy.create_deployment_config(
            deploymentConfigName=name,
            minimumHealthyHosts={"type": kind, "value": value},
            **settings,
        )
        self.cloud.afterwards(
            self.cloud.codedeploy.delete_deployment_config, deploymentConfigName=name
        )
        return name

    def deploy(self, key: str | None, **settings: Any) -> str:
        """Create a deployment of a revision; return its id."""
        if key is not None:
            location = {"bucket": self.bucket, "key": key, "bundleType": "zip"}
            settings["revision"] = {"revisionType": "S3", "s3Location": location}
        return self.cloud.codedeploy.create_deployment(
            applicationName=self.application, deploymentGroupName=self.group_name, **settings
        )["deploymentId"]

    def info(self, deployment: str) -> dict[str, Any]:
        """Describe a deployment."""
        return self.cloud.codedeploy.get_deployment(deploymentId=deployment)["deploymentInfo"]

    def ended(self, deployment: str, within: float = 900) -> dict[str, Any]:
        """Wait for a deployment's end, and describe it."""

        def found() -> dict[str, Any] | None:
            info = self.info(deployment)
            return info if info["status"] in ENDED else None

        return self.cloud.until(found, within, f"{deployment} ends")  # type: ignore[return-value]

    def target(self, deployment: str, instance: str) -> dict[str, Any]:
        """Describe a deployment's target."""
        return self.cloud.codedeploy.get_deployment_target(
            deploymentId=deployment, targetId=instance
        )["deploymentTarget"]["instanceTarget"]

    def targets(self, deployment: str) -> set[str]:
        """Return the instances of a deployment."""
        found = self.cloud.codedeploy.list_deployment_targets(deploymentId=deployment)
        return set(found["targetIds"])

    def started(self, deployment: str) -> list[str]:
        """Return the instances that were deployed to, in the order in which that began."""
        found = {name: self.target(deployment, name) for name in self.targets(deployment)}
        ran = {name: one for name, one in found.items() if _ran(one)}
        began = [(span_of(one)[0], name) for name, one in ran.items()]
        return [name for _, name in sorted(began)]

    def most_at_once(self, deployment: str) -> int:
        """Return to how many instances it deployed at the same time, at most."""
        spans = [span_of(self.target(deployment, name)) for name in self.started(deployment)]
        return max(sum(begin <= at < end for begin, end in spans) for at, _ in spans)

    def of(self, creator: str) -> list[dict[str, Any]]:
        """Return the deployments of the group that somebody created, the oldest first."""
        deploy = self.cloud.codedeploy
        ids = deploy.list_deployments(
            applicationName=self.application, deploymentGroupName=self.group_name
        )["deployments"]
        found = [self.info(name) for name in ids]
        mine = [one for one in found if one["creator"] == creator]
        return sorted(mine, key=lambda one: one["createTime"])


class Fleet(Releases):
    """An application and instances with a tag of their own: by default one in each zone.

    Attributes:
        instances: The ids of the instances, in the order of the zones.
    """

    def __init__(
        self, cloud: Cloud, network: Network, role: str, count: int = 3, setup: str = ""
    ) -> None:
        super().__init__(cloud, role)
        self.network, self._setup = network, setup
        self.tag = cloud.name("fleet")
        self._profile = make_profile(cloud, "instances", READ_REVISIONS, COMMANDED)
        self.instances = [self.launch(place % 3) for place in range(count)]
        for name in self.instances:
            cloud.until(lambda name=name: self.state(name) == "running", 300, f"{name} runs")

    def launch(self, zone: int) -> str:
        """Launch an instance in one of the network's zones; return its id."""
        cloud = self.cloud
        agent = AGENT.format(region=cloud.region) if cloud.is_aws else "#!/bin/bash\n"
        data = {"UserData": agent + self._setup} if cloud.is_aws or self._setup else {}
        found = cloud.ec2.run_instances(
            ImageId=self.network.image,
            InstanceType="t4g.nano",
            MinCount=1,
            MaxCount=1,
            SubnetId=self.network.subnets[zone],
            SecurityGroupIds=[self.network.group],
            IamInstanceProfile={"Name": self._profile},
            TagSpecifications=[
                {"ResourceType": "instance", "Tags": [{"Key": "fleet", "Value": self.tag}]}
            ],
            **data,
        )["Instances"][0]["InstanceId"]
        cloud.afterwards(cloud.ec2.terminate_instances, InstanceIds=[found])
        return found

    def state(self, instance: str) -> str:
        """Return an instance's state."""
        found = self.cloud.ec2.describe_instances(InstanceIds=[instance])
        return found["Reservations"][0]["Instances"][0]["State"]["Name"]

    def group(self, **settings: Any) -> None:
        """Create a deployment group of all instances with the tag; what follows is about it."""
        chosen = [{"Key": "fleet", "Value": self.tag, "Type": "KEY_AND_VALUE"}]
        super().group(**{"ec2TagFilters": chosen} | settings)

    def shell(self, command: str, *instances: str) -> str:
        """Run a command on instances, by default the first; return what it printed on the first."""
        names = instances or (self.instances[0],)
        ssm = self.cloud.ssm

        def sent() -> str:
            try:
                return ssm.send_command(
                    DocumentName="AWS-RunShellScript",
                    InstanceIds=list(names),
                    Parameters={"commands": [command]},
                )["Command"]["CommandId"]
            except ssm.exceptions.InvalidInstanceId:
                return ""  # Its agent has not registered yet.

        name = self.cloud.until(sent, 300, f"{names} take commands")

        def output() -> list[str] | None:
            found = ssm.list_command_invocations(CommandId=name, Details=True)
            done = [
                one["CommandPlugins"][0]["Output"]
                for one in found["CommandInvocations"]
                if one["Status"] == "Success"
            ]
            return done if len(done) == len(names) else None

        return self.cloud.until(output, 120, command)[0].strip()  # type: ignore[index]

    def flag(self, *instances: str) -> None:
        """Let the next release fail on these instances, and on no other."""
        ours = [name for name in self.instances if name not in instances]
        if instances:
            self.shell(f"touch {FLAG}", *instances)
        if ours:
            self.shell(f"rm -f {FLAG}", *ours)
