"""What most tests of the region need to exist: a VPC with subnets, a load balancer, a release, an alarm."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from region.api.server import ControlPlane
from tests.patience import PATIENCE
from tests.region.fakes import REGION, Aws, FakePool, service_role

ZONES = ("a", "b", "c")
IMAGE_PARAMETER = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-arm64"


def image_of(aws: Aws) -> str:
    return aws.ssm.get_parameter(Name=IMAGE_PARAMETER)["Parameter"]["Value"]


def until(condition: Callable[[], bool], timeout: float = PATIENCE) -> None:
    """Wait until the condition holds."""
    deadline = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < deadline, f"the condition did not hold within {timeout} s"
        time.sleep(0.02)


def put_alarm(aws: Any, name: str = "errors", **changes: Any) -> None:
    """Create an alarm on the sum of a metric that nobody publishes, or change it."""
    settings: dict[str, Any] = {
        "AlarmName": name,
        "Namespace": "own",
        "MetricName": "m",
        "Statistic": "Sum",
        "Period": 60,
        "EvaluationPeriods": 1,
        "Threshold": 1.0,
        "ComparisonOperator": "GreaterThanThreshold",
    }
    aws.cloudwatch.put_metric_alarm(**settings | changes)


def lead_outside(aws: Any, vpc: str) -> None:
    """Give a VPC's main route table the way to the internet."""
    gateway = aws.ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    aws.ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    query = [{"Name": "vpc-id", "Values": [vpc]}]
    (main,) = aws.ec2.describe_route_tables(Filters=query)["RouteTables"]
    aws.ec2.create_route(
        RouteTableId=main["RouteTableId"], DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway
    )


class Network:
    """A VPC with a public subnet per zone, a security group and an AMI."""

    def __init__(self, aws: Aws, cidr: str = "10.20.0.0/16", zones: tuple[str, ...] = ZONES):
        self.vpc = aws.ec2.create_vpc(CidrBlock=cidr)["Vpc"]["VpcId"]
        prefix = cidr.rsplit(".", 2)[0]
        self.subnets = [
            aws.ec2.create_subnet(
                VpcId=self.vpc, CidrBlock=f"{prefix}.{n}.0/24", AvailabilityZone=REGION + zone
            )["Subnet"]["SubnetId"]
            for n, zone in enumerate(zones)
        ]
        lead_outside(aws, self.vpc)
        for subnet in self.subnets:
            aws.ec2.modify_subnet_attribute(SubnetId=subnet, MapPublicIpOnLaunch={"Value": True})
        self.group = aws.ec2.create_security_group(
            GroupName="app", Description="app", VpcId=self.vpc
        )["GroupId"]
        self.image = image_of(aws)


class Stage:
    """A VPC with a CodeDeploy application, and short forms of the calls that tests make of it."""

    def __init__(self, plane: ControlPlane, aws: Aws, pool: FakePool) -> None:
        self.plane, self.aws, self.pool = plane, aws, pool
        self.vpc = aws.ec2.create_vpc(CidrBlock="10.78.0.0/16")["Vpc"]["VpcId"]
        self.subnets = [
            aws.ec2.create_subnet(
                VpcId=self.vpc, CidrBlock=f"10.78.{n}.0/24", AvailabilityZone=f"{REGION}{zone}"
            )["Subnet"]["SubnetId"]
            for n, zone in enumerate("ab")
        ]
        lead_outside(aws, self.vpc)
        self.image = image_of(aws)
        aws.codedeploy.create_application(applicationName="app", computePlatform="Server")

    def launch(self, count: int = 1, zone: int = 0) -> list[str]:
        found = self.aws.ec2.run_instances(
            ImageId=self.image,
            InstanceType="t4g.nano",
            MinCount=count,
            MaxCount=count,
            SubnetId=self.subnets[zone],
            TagSpecifications=[
                {"ResourceType": "instance", "Tags": [{"Key": "role", "Value": "web"}]}
            ],
        )["Instances"]
        names = [entry["InstanceId"] for entry in found]
        until(lambda: all(self.state(name) == "running" for name in names))
        return names

    def state(self, name: str) -> str:
        found = self.aws.ec2.describe_instances(InstanceIds=[name])["Reservations"][0]
        return found["Instances"][0]["State"]["Name"]

    def group(self, name: str = "dg", **settings: Any) -> None:
        self.aws.codedeploy.create_deployment_group(
            applicationName="app",
            deploymentGroupName=name,
            **(
                {
                    "serviceRoleArn": service_role(self.aws, "codedeploy.amazonaws.com"),
                    "deploymentConfigName": "CodeDeployDefault.AllAtOnce",
                    "ec2TagFilters": [{"Key": "role", "Value": "web", "Type": "KEY_AND_VALUE"}],
                }
                | settings
            ),
        )

    def balancer(self, targets: list[str]) -> str:
        """Create a load balancer with one listener; returns the ARN of its target group."""
        load_balancer = self.aws.elbv2.create_load_balancer(Name="lb", Subnets=self.subnets)
        arn = load_balancer["LoadBalancers"][0]["LoadBalancerArn"]
        group = self.aws.elbv2.create_target_group(
            Name="tg", Protocol="HTTP", Port=8080, VpcId=self.vpc, HealthCheckPath="/health"
        )["TargetGroups"][0]["TargetGroupArn"]
        self.aws.elbv2.create_listener(
            LoadBalancerArn=arn,
            Protocol="HTTP",
            Port=80,
            DefaultActions=[{"Type": "forward", "TargetGroupArn": group}],
        )
        if targets:
            self.aws.elbv2.register_targets(
                TargetGroupArn=group, Targets=[{"Id": name} for name in targets]
            )
        return group

    def deploy(self, key: str = "v1.zip", **settings: Any) -> str:
        return self.aws.codedeploy.create_deployment(
            applicationName="app",
            deploymentGroupName="dg",
            revision={
                "revisionType": "S3",
                "s3Location": {"bucket": "releases", "key": key, "bundleType": "zip"},
            },
            **settings,
        )["deploymentId"]

    def info(self, deployment: str) -> dict[str, Any]:
        return self.aws.codedeploy.get_deployment(deploymentId=deployment)["deploymentInfo"]

    def ended(self, deployment: str, timeout: float = PATIENCE) -> dict[str, Any]:
        """Wait until the deployment has ended and return what describes it."""
        final = {"Succeeded", "Failed", "Stopped"}
        until(lambda: self.info(deployment)["status"] in final, timeout)
        return self.info(deployment)

    def target(self, deployment: str, instance: str) -> dict[str, Any]:
        return self.aws.codedeploy.get_deployment_target(
            deploymentId=deployment, targetId=instance
        )["deploymentTarget"]["instanceTarget"]

    def health(self, group: str) -> dict[str, tuple[str, str | None]]:
        """Return state and reason of each target of a group."""
        found = self.aws.elbv2.describe_target_health(TargetGroupArn=group)
        return {
            entry["Target"]["Id"]: (
                entry["TargetHealth"]["State"],
                entry["TargetHealth"].get("Reason"),
            )
            for entry in found["TargetHealthDescriptions"]
        }

    @staticmethod
    def until(condition: Callable[[], bool], timeout: float = PATIENCE) -> None:
        until(condition, timeout)
