"""What the models of AWS's APIs say of single values: names, enumerations, lengths and ranges."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from guardrails.model import Question, ResourceRule, Settings, Severity, Violation
from guardrails.resources import Resource
from guardrails.service_models import faults, input_shape, member


@dataclass(frozen=True)
class Request:
    """The call by which a resource is created.

    Attributes:
        members: Where a property is called otherwise: property -> member of the request.
        elsewhere: Properties that a rule with words of its own looks at, or that the provider does not
            pass on as they are.
        within: The member of the request that holds the properties, if they are not its own.
    """

    service: str
    operation: str
    members: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    elsewhere: frozenset[str] = frozenset()
    within: str | None = None


def _call(
    service: str, operation: str, *elsewhere: str, within: str | None = None, **members: str
) -> Request:
    return Request(service, operation, members, frozenset(elsewhere), within)


_ALARMS: Final = (
    "name",
    "statistic",
    "extendedStatistic",
    "comparisonOperator",
    "treatMissingData",
    "period",
    "datapointsToAlarm",
)

REQUESTS: Final[Mapping[str, Request]] = {
    "aws:acm/certificate:Certificate": _call("acm", "RequestCertificate"),
    "aws:apigatewayv2/api:Api": _call("apigatewayv2", "CreateApi"),
    "aws:apigatewayv2/integration:Integration": _call(
        "apigatewayv2", "CreateIntegration", timeoutMilliseconds="TimeoutInMillis"
    ),
    "aws:apigatewayv2/route:Route": _call("apigatewayv2", "CreateRoute"),
    "aws:apigatewayv2/stage:Stage": _call("apigatewayv2", "CreateStage", name="StageName"),
    "aws:appautoscaling/target:Target": _call("application-autoscaling", "RegisterScalableTarget"),
    "aws:appautoscaling/policy:Policy": _call(
        "application-autoscaling", "PutScalingPolicy", name="PolicyName"
    ),
    "aws:autoscaling/group:Group": _call(
        "autoscaling", "CreateAutoScalingGroup", name="AutoScalingGroupName"
    ),
    "aws:autoscaling/policy:Policy": _call("autoscaling", "PutScalingPolicy", name="PolicyName"),
    "aws:backup/vault:Vault": _call("backup", "CreateBackupVault", name="BackupVaultName"),
    "aws:cloudwatch/metricAlarm:MetricAlarm": _call("cloudwatch", "PutMetricAlarm", *_ALARMS),
    "aws:cloudwatch/compositeAlarm:CompositeAlarm": _call("cloudwatch", "PutCompositeAlarm"),
    "aws:cloudwatch/logGroup:LogGroup": _call("logs", "CreateLogGroup", "name"),
    "aws:cloudwatch/logMetricFilter:LogMetricFilter": _call(
        "logs", "PutMetricFilter", name="filterName", pattern="filterPattern"
    ),
    "aws:cloudwatch/logSubscriptionFilter:LogSubscriptionFilter": _call(
        "logs", "PutSubscriptionFilter", name="filterName"
    ),
    "aws:cloudwatch/eventRule:EventRule": _call("events", "PutRule", "eventPattern"),
    "aws:cloudwatch/eventBus:EventBus": _call("events", "CreateEventBus"),
    "aws:cloudwatch/eventConnection:EventConnection": _call(
        "events", "CreateConnection", "authParameters"
    ),
    "aws:codebuild/project:Project": _call(
        "codebuild",
        "CreateProject",
        buildTimeout="timeoutInMinutes",
        queuedTimeout="queuedTimeoutInMinutes",
    ),
    "aws:codedeploy/application:Application": _call(
        "codedeploy", "CreateApplication", name="applicationName"
    ),
    "aws:codedeploy/deploymentConfig:DeploymentConfig": _call(
        "codedeploy", "CreateDeploymentConfig"
    ),
    "aws:codedeploy/deploymentGroup:DeploymentGroup": _call(
        "codedeploy",
        "CreateDeploymentGroup",
        "deploymentGroupName",
        "outdatedInstancesStrategy",
        "autoRollbackConfiguration",
    ),
    "aws:dynamodb/table:Table": _call("dynamodb", "CreateTable", "name", "attributes"),
    "aws:ecr/repository:Repository": _call("ecr", "CreateRepository", name="repositoryName"),
    "aws:ecs/service:Service": _call("ecs", "CreateService"),
    "aws:ecs/taskDefinition:TaskDefinition": _call("ecs", "RegisterTaskDefinition"),
    "aws:efs/fileSystem:FileSystem": _call("efs", "CreateFileSystem"),
    "aws:elasticache/replicationGroup:ReplicationGroup": _call(
        "elasticache", "CreateReplicationGroup", "authToken"
    ),
    "aws:globalaccelerator/endpointGroup:EndpointGroup": _call(
        "globalaccelerator", "CreateEndpointGroup"
    ),
    "aws:globalaccelerator/listener:Listener": _call("globalaccelerator", "CreateListener"),
    "aws:iam/group:Group": _call("iam", "CreateGroup", name="GroupName"),
    "aws:iam/instanceProfile:InstanceProfile": _call(
        "iam", "CreateInstanceProfile", "path", name="InstanceProfileName"
    ),
    "aws:iam/policy:Policy": _call("iam", "CreatePolicy", "path", name="PolicyName"),
    "aws:iam/role:Role": _call(
        "iam", "CreateRole", "name", "path", "maxSessionDuration", "permissionsBoundary"
    ),
    "aws:iam/rolePolicy:RolePolicy": _call("iam", "PutRolePolicy", name="PolicyName"),
    "aws:iam/user:User": _call("iam", "CreateUser", name="UserName"),
    "aws:kinesis/stream:Stream": _call("kinesis", "CreateStream", name="StreamName"),
    "aws:kms/key:Key": _call("kms", "CreateKey", customerMasterKeySpec="KeySpec"),
    "aws:lambda/alias:Alias": _call("lambda", "CreateAlias"),
    "aws:lambda/eventSourceMapping:EventSourceMapping": _call("lambda", "CreateEventSourceMapping"),
    "aws:lambda/function:Function": _call(
        "lambda", "CreateFunction", "timeout", "memorySize", "role", "code"
    ),
    "aws:lambda/functionUrl:FunctionUrl": _call("lambda", "CreateFunctionUrlConfig"),
    "aws:lambda/permission:Permission": _call("lambda", "AddPermission", "principal", "sourceArn"),
    "aws:route53/healthCheck:HealthCheck": _call(
        "route53",
        "CreateHealthCheck",
        within="HealthCheckConfig",
        fqdn="FullyQualifiedDomainName",
    ),
    "aws:scheduler/schedule:Schedule": _call("scheduler", "CreateSchedule", "target"),
    "aws:secretsmanager/secret:Secret": _call("secretsmanager", "CreateSecret"),
    "aws:secretsmanager/secretVersion:SecretVersion": _call("secretsmanager", "PutSecretValue"),
    "aws:sfn/stateMachine:StateMachine": _call("stepfunctions", "CreateStateMachine"),
    "aws:ssm/document:Document": _call("ssm", "CreateDocument"),
    "aws:ssm/maintenanceWindow:MaintenanceWindow": _call("ssm", "CreateMaintenanceWindow"),
    "aws:ssm/parameter:Parameter": _call("ssm", "PutParameter", "name", "value"),
    "aws:wafv2/ipSet:IpSet": _call("wafv2", "CreateIPSet"),
    "aws:wafv2/webAcl:WebAcl": _call("wafv2", "CreateWebACL", "rules"),
}
"""How the resources are created whose requests the models say much about.

The models of Amazon EC2, Amazon RDS, Amazon SQS and Amazon SNS say next to nothing; tables of the rules of
their families do. Elastic Load Balancing's are in `tg-accepted` and `elbv2-accepted`.
"""


def _check(resource: Resource, _: Settings) -> Iterator[Violation]:
    request = REQUESTS[resource.type]
    shapes, parameters = input_shape(request.service, request.operation)
    if request.within is not None:
        parameters = shapes[parameters]["members"][request.within]["shape"]
    for name, value in resource.properties.items():
        wanted = request.members.get(name, name)
        shape = None if name in request.elsewhere else member(shapes, parameters, wanted)
        if shape is None:
            continue
        for clause, allowed in faults(shapes, shape, value, name):
            yield _violation(resource, request, clause, allowed)


def _violation(resource: Resource, request: Request, clause: str, allowed: str) -> Violation:
    prop = clause.partition(" is ")[0]
    return Violation(
        f'AWS refuses "{resource.name}": {clause}. AWS says: {request.operation} takes {allowed}.',
        resource,
        remedy=f"set {prop} to {allowed}.",
    )


VALUES = ResourceRule(
    id="values-accepted",
    title="Every value is one that the model of its AWS API allows",
    question=Question.VALID,
    severity=Severity.HIGH,
    url="https://botocore.amazonaws.com/v1/documentation/api/latest/reference/services/index.html",
    remedy="set the property to a value that the API takes.",
    steps=(
        "Set the property to a value of the enumeration, length, range or form that the message names.",
        "A value that is newer than the pack's botocore: update botocore.",
    ),
    unknown=(
        "A value that the preview does not know is not refused: the API decides, before anything is "
        "created."
    ),
    types=tuple(REQUESTS),
    check=_check,
)

RULES = (VALUES,)
