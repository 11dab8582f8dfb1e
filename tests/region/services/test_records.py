"""Every record is on the objects that the API makes, holds what it declares, and survives a restart."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, fields, is_dataclass
from functools import cache
from pathlib import Path
from typing import Any, get_type_hints

import moto
import pytest
from moto.rds.models import rds_backends
from pydantic import ConfigDict, TypeAdapter

from region.api.records import ATTRIBUTE, REQUEST, Record, all_records
from region.api.server import ControlPlane
from region.config import ACCOUNT
from region.services import install as _  # noqa: F401  # defines every service's records
from region.services.autoscaling.controller import AutoScalingController
from region.services.autoscaling.records import BackendRecord, GroupRecord, MemberRecord
from region.services.autoscaling.scaling.records import PolicyRecord
from region.services.autoscaling.scheduled.records import ActionRecord
from region.services.budgets.records import BudgetRecord
from region.services.cloudwatch.records import AlarmRecord, CloudWatchRecord
from region.services.codedeploy.records import (
    DeploymentGroupRecord,
    DeploymentRecord,
    ServiceRecord,
)
from region.services.ec2.records import InstanceRecord, SubnetRecord
from region.services.elbv2.records import LoadBalancerRecord, TargetGroupRecord
from region.services.fis.records import ExperimentRecord
from region.services.rds.records import DatabaseRecord, SnapshotRecord
from region.services.ssm.records import RunCommandRecord
from tests.region import builders
from tests.region.builders import Network
from tests.region.fakes import REGION, Aws, service_role


@dataclass(frozen=True)
class Sample:
    """How to make an object with the API, and how to find it in moto's backends by its name."""

    create: Callable[[Aws, Network], str]
    find: Callable[[ControlPlane, str], object]


def run_instance(aws: Aws, network: Network) -> str:
    return aws.ec2.run_instances(
        ImageId=network.image,
        InstanceType="t4g.nano",
        MinCount=1,
        MaxCount=1,
        SubnetId=network.subnets[0],
    )["Instances"][0]["InstanceId"]


def scale_group(aws: Aws, network: Network) -> str:
    """Create a group with everything that moto drops, and let it launch an instance."""
    template = aws.ec2.create_launch_template(
        LaunchTemplateName="app",
        LaunchTemplateData={"ImageId": network.image, "InstanceType": "t4g.nano"},
    )["LaunchTemplate"]["LaunchTemplateId"]
    aws.autoscaling.create_auto_scaling_group(
        AutoScalingGroupName="fleet",
        MinSize=1,
        MaxSize=1,
        LaunchTemplate={"LaunchTemplateId": template, "Version": "$Latest"},
        VPCZoneIdentifier=network.subnets[0],
        DefaultInstanceWarmup=30,
        MaxInstanceLifetime=86400,
        Context="reserved",
        DesiredCapacityType="units",
        InstanceMaintenancePolicy={"MinHealthyPercentage": 100, "MaxHealthyPercentage": 150},
        AvailabilityZoneDistribution={"CapacityDistributionStrategy": "balanced-best-effort"},
    )
    return "fleet"


def track_target(aws: Aws, network: Network) -> str:
    """Put a policy with alarms of its own."""
    name = scale_group(aws, network)
    aws.autoscaling.put_scaling_policy(
        AutoScalingGroupName=name,
        PolicyName="cpu",
        PolicyType="TargetTrackingScaling",
        TargetTrackingConfiguration={
            "PredefinedMetricSpecification": {"PredefinedMetricType": "ASGAverageCPUUtilization"},
            "TargetValue": 50.0,
        },
        EstimatedInstanceWarmup=60,
    )
    return f"{name}/cpu"


def schedule_action(aws: Aws, network: Network) -> str:
    name = scale_group(aws, network)
    aws.autoscaling.put_scheduled_update_group_action(
        AutoScalingGroupName=name,
        ScheduledActionName="daily",
        Recurrence="0 9 * * *",
        EndTime="2100-01-01T00:00:00Z",
        MinSize=1,
    )
    return f"{name}/daily"


def launched_member(plane: ControlPlane, group: str) -> object:
    AutoScalingController(plane).reconcile()
    return plane.backend("autoscaling").autoscaling_groups[group].instance_states[0]


def create_load_balancer(aws: Aws, network: Network) -> str:
    return aws.elbv2.create_load_balancer(Name="lb", Subnets=network.subnets)["LoadBalancers"][0][
        "LoadBalancerArn"
    ]


def register_target(aws: Aws, network: Network) -> str:
    """Create a target group with a target, so that its table of health is not empty."""
    arn = aws.elbv2.create_target_group(
        Name="tg", Protocol="HTTP", Port=8080, VpcId=network.vpc, TargetType="ip"
    )["TargetGroups"][0]["TargetGroupArn"]
    aws.elbv2.register_targets(TargetGroupArn=arn, Targets=[{"Id": "10.20.0.9"}])
    return arn


def create_deployment(aws: Aws, network: Network) -> str:
    """Create a deployment of a registered revision, with a configuration of the user's."""
    aws.codedeploy.create_application(applicationName="app", computePlatform="Server")
    aws.codedeploy.create_deployment_config(
        deploymentConfigName="two", minimumHealthyHosts={"type": "HOST_COUNT", "value": 2}
    )
    aws.codedeploy.create_deployment_group(
        applicationName="app",
        deploymentGroupName="dg",
        serviceRoleArn=service_role(aws, "codedeploy.amazonaws.com"),
        deploymentConfigName="two",
    )
    return aws.codedeploy.create_deployment(
        applicationName="app",
        deploymentGroupName="dg",
        revision={
            "revisionType": "S3",
            "s3Location": {"bucket": "releases", "key": "v1.zip", "bundleType": "zip"},
        },
    )["deploymentId"]


def create_database(aws: Aws, network: Network) -> str:
    aws.rds.create_db_subnet_group(
        DBSubnetGroupName="private", DBSubnetGroupDescription="x", SubnetIds=network.subnets
    )
    return aws.rds.create_db_instance(
        DBInstanceIdentifier="notes",
        DBInstanceClass="db.t4g.micro",
        Engine="postgres",
        AllocatedStorage=20,
        MasterUsername="keeper",
        ManageMasterUserPassword=True,
        DBSubnetGroupName="private",
    )["DBInstance"]["DBInstanceIdentifier"]


def stop_database(aws: Aws, network: Network) -> str:
    """Take the snapshot that comes with a stop: it needs no controller to be there."""
    name = create_database(aws, network)
    rds_backends[ACCOUNT][REGION].databases[name].status = "available"
    aws.rds.stop_db_instance(DBInstanceIdentifier=name, DBSnapshotIdentifier="last")
    return "last"


def create_budget(aws: Aws, network: Network) -> str:
    aws.budgets.create_budget(
        AccountId=ACCOUNT,
        Budget={
            "BudgetName": "month",
            "BudgetLimit": {"Amount": "10", "Unit": "USD"},
            "TimeUnit": "MONTHLY",
            "BudgetType": "COST",
        },
        ResourceTags=[{"Key": "stack", "Value": "ha"}],
    )
    return "month"


def send_command(aws: Aws, network: Network) -> str:
    """Send a command to an instance that does not exist: its invocation ends at once."""
    return aws.ssm.send_command(
        DocumentName="AWS-RunShellScript",
        Targets=[{"Key": "InstanceIds", "Values": ["i-0123456789abcdef0"]}],
        Parameters={"commands": ["true"]},
    )["Command"]["CommandId"]


def put_alarm(aws: Any, _network: Any) -> str:
    builders.put_alarm(aws, "alarm")
    return "alarm"


def start_experiment(aws: Any, _network: Any) -> str:
    wait = {"actionId": "aws:fis:wait", "parameters": {"duration": "PT1M"}}
    template = aws.fis.create_experiment_template(
        description="wait",
        roleArn="arn:aws:iam::123456789012:role/experiments",
        stopConditions=[{"source": "none"}],
        actions={"wait": wait},
    )["experimentTemplate"]["id"]
    return aws.fis.start_experiment(experimentTemplateId=template)["experiment"]["id"]


SAMPLES: dict[type[Record[Any]], Sample] = {
    ExperimentRecord: Sample(
        start_experiment, lambda plane, name: plane.backend("fis").experiments[name]
    ),
    CloudWatchRecord: Sample(put_alarm, lambda plane, _name: plane.backend("cloudwatch")),
    AlarmRecord: Sample(put_alarm, lambda plane, name: plane.backend("cloudwatch").alarms[name]),
    InstanceRecord: Sample(
        run_instance, lambda plane, name: plane.backend("ec2").get_instance(name)
    ),
    SubnetRecord: Sample(
        lambda aws, network: network.subnets[0],
        lambda plane, name: plane.backend("ec2").get_subnet(name),
    ),
    GroupRecord: Sample(
        scale_group, lambda plane, name: plane.backend("autoscaling").autoscaling_groups[name]
    ),
    MemberRecord: Sample(scale_group, launched_member),
    BackendRecord: Sample(
        scale_group,
        lambda plane, group: (launched_member(plane, group), plane.backend("autoscaling"))[1],
    ),
    LoadBalancerRecord: Sample(
        create_load_balancer, lambda plane, arn: plane.backend("elbv2").load_balancers[arn]
    ),
    TargetGroupRecord: Sample(
        register_target, lambda plane, arn: plane.backend("elbv2").target_groups[arn]
    ),
    DeploymentRecord: Sample(
        create_deployment, lambda plane, name: plane.backend("codedeploy").deployments[name]
    ),
    DeploymentGroupRecord: Sample(
        create_deployment,
        lambda plane, _name: plane.backend("codedeploy").deployment_groups["app"]["dg"],
    ),
    ServiceRecord: Sample(create_deployment, lambda plane, _name: plane.backend("codedeploy")),
    DatabaseRecord: Sample(
        create_database, lambda plane, name: plane.backend("rds").databases[name]
    ),
    SnapshotRecord: Sample(
        stop_database, lambda plane, name: plane.backend("rds").database_snapshots[name]
    ),
    PolicyRecord: Sample(
        track_target, lambda plane, name: plane.backend("autoscaling").policies[name]
    ),
    ActionRecord: Sample(
        schedule_action, lambda plane, name: plane.backend("autoscaling").scheduled_actions[name]
    ),
    BudgetRecord: Sample(
        create_budget, lambda plane, name: plane.backend("budgets").budgets[ACCOUNT][name]
    ),
    RunCommandRecord: Sample(send_command, lambda plane, _name: plane.backend("ssm")),
}
RECORDS = pytest.mark.parametrize("kind", SAMPLES, ids=lambda kind: kind.__name__)


def check(record: Record[Any]) -> None:
    """Hold every field of a record against its annotation."""
    types = get_type_hints(type(record))
    names = [field.name for field in fields(record)]
    assert set(vars(record)) == set(names)
    for name in names:
        if is_dataclass(types[name]):  # It may hold what pydantic has no schema for.
            assert isinstance(getattr(record, name), types[name])
            continue
        adapter = TypeAdapter(types[name], config=ConfigDict(arbitrary_types_allowed=True))
        adapter.validate_python(getattr(record, name), strict=True)


@cache
def assigned_by_moto() -> frozenset[str]:
    """Find the names of all attributes that moto's code assigns in these services."""
    root = Path(moto.__file__).parent
    services = (
        "autoscaling",
        "budgets",
        "cloudwatch",
        "codedeploy",
        "core",
        "ec2",
        "elbv2",
        "fis",
        "moto_api",
        "rds",
        "ssm",
        "utilities",
    )
    files = [file for name in services for file in (root / name).rglob("*.py")]
    assignment = re.compile(r"\.(\w+)\s*(?::[^=\n]+)?=(?!=)")
    return frozenset(name for file in files for name in assignment.findall(file.read_text()))


def test_every_record_has_a_sample():
    assert set(all_records()) == set(SAMPLES)


@RECORDS
def test_an_object_of_the_api_has_its_record(kind, aws, network, plane):
    sample = SAMPLES[kind]
    owner = sample.find(plane, sample.create(aws, network))

    check(kind.of(owner))
    # Everything else on the object is moto's: the region attaches nothing but the record, and by which
    # call the object was made.
    assert set(vars(owner)) - assigned_by_moto() <= {ATTRIBUTE, REQUEST}


@RECORDS
def test_a_record_survives_a_restart(kind, make_plane, clients_of, network_of):
    sample = SAMPLES[kind]
    plane = make_plane()
    aws = clients_of(plane.endpoint)
    name = sample.create(aws, network_of(aws))
    before = kind.of(sample.find(plane, name))
    plane.stop()

    after = kind.of(sample.find(make_plane(), name))

    check(after)
    assert after is not before


def test_an_object_without_a_record_is_reported():
    with pytest.raises(TypeError, match="InstanceRecord"):
        InstanceRecord.of(pytest)
