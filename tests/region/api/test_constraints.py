"""What AWS's models rule out: the first parameter that breaks them, with the service's error code."""

from __future__ import annotations

from typing import Any, cast

import pytest
from moto.core.utils import get_service_model

from region.api import constraints, resource_names
from region.api.calls import Call

ALARM = {
    "AlarmName": "x",
    "ComparisonOperator": "LessThanThreshold",
    "EvaluationPeriods": 1,
}


def call(service: str, operation: str, parameters: dict[str, Any]) -> Call:
    model = get_service_model(service).operation_model(operation)
    errors = [str(error.name) for error in cast("list[Any]", model.error_shapes)]
    return Call(service, operation, lambda: parameters, model.input_shape, errors)


@pytest.mark.parametrize(
    ("service", "operation", "parameters", "code", "named"),
    [
        ("cloudwatch", "PutMetricAlarm", ALARM, "", ""),
        ("cloudwatch", "PutMetricAlarm", ALARM | {"Unit": "x"}, "ValidationError", "'unit'"),
        ("cloudwatch", "DescribeAlarms", {"MaxRecords": 101}, "ValidationError", "'maxRecords'"),
        (
            "cloudwatch",
            "PutMetricData",
            {"Namespace": "n", "MetricData": [{"MetricName": "m", "Unit": "x"}]},
            "InvalidParameterValue",
            "metricData.1.member.unit",
        ),
        ("autoscaling", "PutLifecycleHook", {"LifecycleHookName": "x"}, "ValidationError", "null"),
        (
            "autoscaling",
            "PutLifecycleHook",
            {"LifecycleHookName": "a b", "AutoScalingGroupName": "x"},
            "ValidationError",
            "regular expression",
        ),
        ("autoscaling", "DeleteTags", {"Tags": [{"Key": "x" * 129}]}, "ValidationError", "128"),
        ("autoscaling", "DescribePolicies", {"MaxRecords": 101}, "ValidationError", "100"),
        ("autoscaling", "DescribeWarmPool", {"MaxRecords": 51}, "ValidationError", "50"),
        ("elbv2", "DeregisterTargets", {"TargetGroupArn": "x"}, "ValidationError", "'targets'"),
        ("elbv2", "AddTags", {"ResourceArns": ["x"]}, "ValidationError", "'tags'"),
        ("rds", "DescribeDBInstances", {"MaxRecords": 19}, "InvalidParameterValue", "MaxRecords"),
        ("rds", "DeleteDBInstance", {}, "MissingParameter", "DBInstanceIdentifier"),
        (
            "rds",
            "DeleteDBInstance",
            {"DBInstanceIdentifier": ""},
            "InvalidParameterValue",
            "DBInstanceIdentifier",
        ),
        (
            "budgets",
            "CreateBudget",
            {"AccountId": "123456789012", "Budget": {}},
            "InvalidParameterException",
            "budgetName",
        ),
        ("ec2", "DescribeInstances", {"MaxResults": 4}, "InvalidParameterValue", "MaxResults"),
        ("ec2", "DescribeVpcs", {"MaxResults": 4}, "InvalidParameterValue", "MaxResults"),
        ("rds", "DescribeEvents", {"Duration": 2**31}, "InvalidParameterValue", "2147483647"),
        ("rds", "DescribeEvents", {"Duration": 2**31 - 1}, "", ""),
        ("route53", "ListHostedZones", {"MaxItems": "x"}, "InvalidInput", "number"),
        ("ec2", "RunInstances", {"MinCount": 1, "MaxCount": 1, "InstanceType": "new.nano"}, "", ""),
        (
            "ssm",
            "PutParameter",
            {"Name": "x", "Value": "y", "Type": "z"},
            "ValidationException",
            "",
        ),
        ("secretsmanager", "BatchGetSecretValue", {"Filters": [{}]}, "ValidationException", "key"),
        ("ssm", "ListDocuments", {"Filters": [{}]}, "ValidationException", "key"),
        ("codedeploy", "GetApplication", {}, "ApplicationNameRequiredException", ""),
        ("s3", "GetObject", {}, "", ""),
    ],
)
def test_the_first_violation(
    service: str, operation: str, parameters: dict[str, Any], code: str, named: str
):
    found = constraints.violation(call(service, operation, parameters))
    assert (found.code if found else "") == code
    assert named in (found.message if found else "")


def test_a_value_is_not_repeated_whole():
    found = constraints.violation(
        call("autoscaling", "DescribePolicies", {"AutoScalingGroupName": "x" * 2000})
    )
    assert found is not None
    assert len(found.message) < 300


@pytest.mark.parametrize(
    ("service", "operation", "parameters", "code"),
    [
        ("ec2", "StopInstances", {"InstanceIds": ["i-0123456789abcdef0"]}, ""),
        ("ec2", "StopInstances", {"InstanceIds": ["bogus"]}, "InvalidInstanceID.Malformed"),
        ("ec2", "RunInstances", {"ImageId": "resolve:ssm:/a"}, ""),
        ("ec2", "RunInstances", {"SecurityGroupIds": ["bogus"]}, "InvalidGroupId.Malformed"),
        ("ec2", "DescribeVpcs", {"Filters": [{"Name": "cidr", "Values": []}]}, ""),
        ("ec2", "DescribeVpcs", {"Filters": [{"Name": "tag:a", "Values": []}]}, ""),
        ("ec2", "DescribeVpcs", {"Filters": [{"Name": "isDefault", "Values": []}]}, ""),
        ("ec2", "DescribeVpcs", {"Filters": [{"Name": "x"}]}, "InvalidParameterValue"),
        ("elbv2", "DescribeTargetHealth", {"TargetGroupArn": "bogus"}, "ValidationError"),
        ("elbv2", "DescribeRules", {"ListenerArn": ""}, "ValidationError"),
        (
            "elbv2",
            "DescribeTargetHealth",
            {"TargetGroupArn": f"arn:aws:elasticloadbalancing:x:{'1' * 12}:loadbalancer/app/a/b"},
            "ValidationError",
        ),
        (
            "elbv2",
            "DescribeTargetHealth",
            {"TargetGroupArn": f"arn:aws:elasticloadbalancing:x:{'1' * 12}:targetgroup/a/b"},
            "",
        ),
    ],
)
def test_forms_of_names(service: str, operation: str, parameters: dict[str, Any], code: str):
    found = resource_names.violation(call(service, operation, parameters))
    assert (found.code if found else "") == code
