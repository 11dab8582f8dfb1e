"""What AWS refuses about volumes, functions, tasks, parameters, documents and databases."""

from __future__ import annotations

import json

from tests.policies.draft import Ref
from tests.policies.rules.cases import alone, test_it_is_not_refused, test_it_is_refused

__all__ = ["test_it_is_not_refused", "test_it_is_refused"]

VOLUME, TEMPLATE = "aws:ebs/volume:Volume", "aws:ec2/launchTemplate:LaunchTemplate"
FUNCTION = "aws:lambda/function:Function"
MAPPING = "aws:lambda/eventSourceMapping:EventSourceMapping"
TASK, SERVICE = "aws:ecs/taskDefinition:TaskDefinition", "aws:ecs/service:Service"
PARAMETER, SECRET = "aws:ssm/parameter:Parameter", "aws:secretsmanager/secret:Secret"
POLICY, ROLE = "aws:iam/policy:Policy", "aws:iam/role:Role"
INLINE, OF_A_USER = "aws:iam/rolePolicy:RolePolicy", "aws:iam/userPolicy:UserPolicy"
CLUSTER, SUBNETS = "aws:rds/cluster:Cluster", "aws:rds/subnetGroup:SubnetGroup"
QUEUE, TOPIC = "aws:sqs/queue:Queue", "aws:sns/topic:Topic"
CONFIG = "aws:codedeploy/deploymentConfig:DeploymentConfig"
JOBS = "arn:aws:sqs:eu-west-1:123456789012:jobs"
STREAM = "arn:aws:kinesis:eu-west-1:123456789012:stream/jobs"
READ = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::shop/*"}
ROOT = {"deviceName": "/dev/xvda", "ebs": {"encrypted": "true", "volumeType": "gp3"}}


def volume(**given):
    return alone(VOLUME, availabilityZone="ap-northeast-2a", encrypted=True, **given)


def device(**ebs):
    mapping = {**ROOT, "ebs": {**ROOT["ebs"], **ebs}}
    return lambda draft: draft.set("template", "blockDeviceMappings", [mapping])


def document(**changes):
    statement = {name: one for name, one in {**READ, **changes}.items() if one is not ...}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def long(kind, characters, **given):
    text = document(Resource=f"arn:aws:s3:::shop/{'x' * characters}")
    return alone(kind, policy=text, **given)


def task(*containers, **given):
    return alone(TASK, family="web", containerDefinitions=json.dumps(containers), **given)


def database(path, value):
    return lambda draft: draft.set("database", path, value)


def own_password(text):
    return lambda draft: draft.set("database", "manageMasterUserPassword", ...).set(
        "database", "password", text
    )


def alarm(path, value):
    return lambda draft: draft.set("alarm", path, value)


WEB = {"name": "web", "image": "web:1", "memory": 512}
FARGATE = {"requiresCompatibilities": ["FARGATE"], "networkMode": "awsvpc"}
CODE = {"runtime": "python3.13", "handler": "main.handler"}

REFUSED = {
    "launch-template-accepted": [
        volume(type="gp5", size=10),
        volume(type="gp3", size=100, iops=90000),
        volume(type="gp3", size=10, iops=8000),
        volume(type="gp3", size=100, throughput=3000),
        volume(type="gp3", size=100, throughput=1000),
        volume(type="io1", size=10, iops=3000),
        volume(type="io1", size=100),
        volume(type="io2", size=3, iops=100),
        volume(type="st1", size=10),
        volume(type="gp2", size=10, iops=300),
        volume(type="standard", size=2000),
        volume(type="gp3"),
        volume(type="gp3", size=10, multiAttachEnabled=True),
        device(volumeType="ssd"),
        device(volumeSize=100000),
        device(throughput=5000),
        lambda draft: draft.set("template", "blockDeviceMappings", [ROOT, ROOT]),
        alone(
            "aws:ec2/instance:Instance",
            rootBlockDevice={"encrypted": True, "volumeType": "st1", "volumeSize": 20},
        ),
    ],
    "lambda-accepted": [
        alone(FUNCTION, name="f" * 65, **CODE),
        alone(FUNCTION, name="shop.web", **CODE),
        alone(FUNCTION, runtime="python3.13", s3Bucket="code", s3Key="main.zip"),
        alone(FUNCTION, packageType="Image", imageUri="x:1", handler="main.handler"),
        alone(FUNCTION, environment={"variables": {"A": "y" * 5000}}, **CODE),
        alone(FUNCTION, layers=[f"arn:aws:lambda:::layer:a:{one}" for one in range(6)], **CODE),
        alone(FUNCTION, architectures=["arm64", "x86_64"], **CODE),
        alone(MAPPING, eventSourceArn=JOBS, batchSize=100),
        alone(
            MAPPING,
            eventSourceArn=f"{JOBS}.fifo",
            batchSize=100,
            maximumBatchingWindowInSeconds=5,
        ),
        alone(MAPPING, eventSourceArn=STREAM, batchSize=100),
    ],
    "ecs-accepted": [
        alone(TASK, family="web:1"),
        alone(SERVICE, name="web service"),
        alone(TASK, family="web", containerDefinitions="[{name: web}]"),
        alone(TASK, family="web", containerDefinitions="{}"),
        task(WEB, WEB),
        task({**WEB, "name": "web app"}),
        task({"name": "web", "memory": 512}),
        task({"name": "web", "image": "web:1"}),
        task(WEB, cpu=".5 vCPU", memory="8 GB", **FARGATE),
    ],
    "messages-accepted": [
        alone(PARAMETER, name="shop db", type="String", value="x"),
        alone(PARAMETER, name="/aws/db", type="String", value="x"),
        alone(PARAMETER, name="SSM-db", type="String", value="x"),
        alone(PARAMETER, name="shop/db", type="String", value="x"),
        alone(PARAMETER, name=f"/{'/'.join('a' * 16)}", type="String", value="x"),
        alone(PARAMETER, name="/shop/db", type="String", value="x" * 5000),
        alone(PARAMETER, name="/shop/db", type="String", value="a", allowedPattern=r"^\d+$"),
        alone(QUEUE, maxMessageSize=100),
        alone(QUEUE, kmsDataKeyReusePeriodSeconds=10),
        alone(QUEUE, contentBasedDeduplication=True),
        alone(TOPIC, displayName="x" * 101),
        alone(TOPIC, signatureVersion=3),
        alone(SECRET, name="shop db?"),
    ],
    "iam-accepted": [
        alone(POLICY, policy=document(Action=...)),
        alone(POLICY, policy=document(Resource=...)),
        alone(POLICY, policy='{"Version": "2012-10-17", "Statement": []}'),
        alone(POLICY, policy=document(Action="s3")),
        alone(POLICY, policy=document(Action=["s3:GetObject", "read"])),
        alone(POLICY, policy=document(Resource="shop/*")),
        alone(POLICY, policy=document(Condition={"StringIs": {"a": "b"}})),
        long(INLINE, 10300, role="app"),
        long(OF_A_USER, 2100, user="app"),
        alone(ROLE, assumeRolePolicy=document(Resource=..., Sid="x" * 4100)),
    ],
    "rds-accepted": [
        database("backupWindow", "03:00-03:10"),
        database("maintenanceWindow", "sun:04:00-sun:04:10"),
        database("maintenanceWindow", "sun:04:00-tue:04:10"),
        database("finalSnapshotIdentifier", "shop_last"),
        database("engineVersion", "latest"),
        database("enabledCloudwatchLogsExports", ["slowquery"]),
        database("username", "u" * 64),
        own_password("short"),
        own_password("pass word/1234"),
        alone(CLUSTER, engine="aurora-postgresql", clusterIdentifier="shop_db"),
        alone(CLUSTER, engine="aurora-postgresql", preferredBackupWindow="3-4"),
        alone(CLUSTER, engine="aurora-postgresql", preferredMaintenanceWindow="Sunday 3"),
        alone(SUBNETS, name="default", subnetIds=[Ref("subnet-a"), Ref("subnet-b")]),
        alone(SUBNETS, name="shop!", subnetIds=[Ref("subnet-a"), Ref("subnet-b")]),
    ],
    "codedeploy-accepted": [
        alone(
            CONFIG,
            deploymentConfigName="CodeDeployDefault.Mine",
            minimumHealthyHosts={"type": "HOST_COUNT", "value": 1},
        ),
    ],
    "alarm-accepted": [
        alarm("evaluationPeriods", 0),
        alarm("comparisonOperator", "GreaterThanUpperThreshold"),
        alarm("statistic", ...),
        alarm("threshold", ...),
    ],
    "asg-parts-accepted": [
        alone("aws:autoscaling/policy:Policy", policyType="Tracking"),
    ],
}

SOUND = {
    "launch-template-accepted": [
        volume(type="gp3", size=10, iops=3000, throughput=750),
        volume(type="gp3", size=65536, iops=80000, throughput=2000),
        volume(type="io2", size=100, iops=100000, multiAttachEnabled=True),
        volume(type="st1", size=125),
        volume(type="gp3", snapshotId="snap-0123456789abcdef0"),
        device(volumeSize=20, iops=4000, throughput=1000),
    ],
    "lambda-accepted": [
        alone(FUNCTION, name="shop-web_1", **CODE),
        alone(FUNCTION, packageType="Image", imageUri="x:1"),
        alone(MAPPING, eventSourceArn=JOBS, batchSize=10),
        alone(MAPPING, eventSourceArn=JOBS, batchSize=10000, maximumBatchingWindowInSeconds=1),
        alone(MAPPING, eventSourceArn=STREAM, startingPosition="LATEST", batchSize=100),
    ],
    "ecs-accepted": [
        task(WEB, {**WEB, "name": "log-router"}),
        task({"name": "web", "image": "web:1"}, memory="512"),
        task({"name": "web", "image": "web:1"}, cpu=".5 vCPU", memory="1 GB", **FARGATE),
    ],
    "messages-accepted": [
        alone(PARAMETER, name="/shop/db", type="String", value="x" * 5000, tier="Advanced"),
        alone(PARAMETER, name="shop.db_1-a", type="String", value="x"),
        alone(PARAMETER, name="/shop/size", type="String", value="12", allowedPattern=r"^\d+$"),
        alone(QUEUE, name="jobs.fifo", fifoQueue=True, contentBasedDeduplication=True),
        alone(QUEUE, maxMessageSize=1048576),
        alone(SECRET, name="shop/database@blue"),
    ],
    "iam-accepted": [
        alone(POLICY, policy=document(Resource="*")),
        alone(POLICY, policy=document(Action=["s3:*", "ssm:Get*"], Condition={"Bool": {"a": "b"}})),
        alone(
            POLICY,
            policy=document(Condition={"ForAllValues:StringLikeIfExists": {"aws:TagKeys": "x"}}),
        ),
        long(INLINE, 9000, role="app"),
    ],
    "rds-accepted": [
        database("backupWindow", "23:45-00:15"),
        database("engineVersion", "17.2"),
        database("finalSnapshotIdentifier", "shop-last-1"),
        database("enabledCloudwatchLogsExports", ["postgresql", "upgrade"]),
        alone(
            CLUSTER, engine="aurora-postgresql", preferredMaintenanceWindow="Sun:03:00-Sun:04:00"
        ),
    ],
    "alarm-accepted": [
        lambda draft: draft.set("alarm", "statistic", ...).set("alarm", "extendedStatistic", "p99"),
    ],
}
