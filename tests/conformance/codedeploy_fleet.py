"""Instances that CodeDeploy deploys to, and revisions for them, for conformance tests."""

from __future__ import annotations

import io
import zipfile
from typing import Any

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
ENDED = frozenset({"Succeeded", "Failed", "Stopped"})


def service_role(cloud: Cloud) -> str:
    """Return the ARN of a new role with which CodeDeploy deploys."""
    name = cloud.name("codedeploy")
    return make_role(cloud, name, "codedeploy.amazonaws.com", SERVICE_POLICY)


def bundle(appspec: str, **files: str) -> bytes:
    """Return a zipped revision."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("appspec.yml", appspec)
        for name, text in files.items():
            member = zipfile.ZipInfo(f"{name}.sh")
            member.external_attr = 0o755 << 16
            archive.writestr(member, text)
    return content.getvalue()


class Fleet:
    """An application, a bucket, and instances with a tag of their own: one in each zone.

    Attributes:
        application: Its name; the deployment group is `all`.
        instances: The ids of the instances, in the order of the zones.
    """

    def __init__(self, cloud: Cloud, network: Network, role: str, count: int = 3) -> None:
        self.cloud, self.network, self._role = cloud, network, role
        self.application, self.bucket = cloud.name("app"), cloud.name("revisions")
        self.tag = cloud.name("fleet")
        cloud.codedeploy.create_application(
            applicationName=self.application, computePlatform="Server"
        )
        cloud.afterwards(cloud.codedeploy.delete_application, applicationName=self.application)
        cloud.s3.create_bucket(
            Bucket=self.bucket, CreateBucketConfiguration={"LocationConstraint": cloud.region}
        )
        cloud.afterwards(cloud.s3.delete_bucket, Bucket=self.bucket)
        self._profile = make_profile(cloud, "instances", READ_REVISIONS)
        self.instances = [self.launch(place % 3) for place in range(count)]
        for name in self.instances:
            cloud.until(lambda name=name: self.state(name) == "running", 300, f"{name} runs")

    def launch(self, zone: int) -> str:
        """Launch an instance in one of the network's zones; return its id."""
        cloud = self.cloud
        data = {"UserData": AGENT.format(region=cloud.region)} if cloud.is_aws else {}
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
        """Create the deployment group of all instances with the tag."""
        defaults = {
            "deploymentConfigName": "CodeDeployDefault.AllAtOnce",
            "ec2TagFilters": [{"Key": "fleet", "Value": self.tag, "Type": "KEY_AND_VALUE"}],
        }
        self.cloud.codedeploy.create_deployment_group(
            applicationName=self.application,
            deploymentGroupName="all",
            serviceRoleArn=self._role,
            **defaults | settings,
        )

    def upload(self, key: str, appspec: str, **scripts: str) -> None:
        """Put a revision into the bucket."""
        self.cloud.s3.put_object(Bucket=self.bucket, Key=key, Body=bundle(appspec, **scripts))
        self.cloud.afterwards(self.cloud.s3.delete_object, Bucket=self.bucket, Key=key)

    def deploy(self, key: str | None, **settings: Any) -> str:
        """Create a deployment of a revision; return its id."""
        if key is not None:
            location = {"bucket": self.bucket, "key": key, "bundleType": "zip"}
            settings["revision"] = {"revisionType": "S3", "s3Location": location}
        return self.cloud.codedeploy.create_deployment(
            applicationName=self.application, deploymentGroupName="all", **settings
        )["deploymentId"]

    def info(self, deployment: str) -> dict[str, Any]:
        """Describe a deployment."""
        return self.cloud.codedeploy.get_deployment(deploymentId=deployment)["deploymentInfo"]

    def ended(self, deployment: str) -> dict[str, Any]:
        """Wait for a deployment's end, and describe it."""

        def found() -> dict[str, Any] | None:
            info = self.info(deployment)
            return info if info["status"] in ENDED else None

        return self.cloud.until(found, 900, f"{deployment} ends")  # type: ignore[return-value]

    def target(self, deployment: str, instance: str) -> dict[str, Any]:
        """Describe a deployment's target."""
        return self.cloud.codedeploy.get_deployment_target(
            deploymentId=deployment, targetId=instance
        )["deploymentTarget"]["instanceTarget"]

    def targets(self, deployment: str) -> set[str]:
        """Return the instances of a deployment."""
        found = self.cloud.codedeploy.list_deployment_targets(deploymentId=deployment)
        return set(found["targetIds"])
