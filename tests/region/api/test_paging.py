"""Every call with a size of its pages answers in such pages, whoever writes its answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from botocore import xform_name
from botocore.exceptions import ClientError
from moto.core.utils import get_service_model

from region.api import foreign_tokens, paging, support
from tests.region.builders import put_alarm
from tests.region.fakes import Aws

ACCOUNT = "123456789012"
COUNT = 5
LIMITS = {"limit", "maxitems", "maxrecords", "maxresults", "maxkeys", "pagesize"}
CUT_BY_THEMSELVES = {
    ("logs", "GetLogEvents"),  # forward and backward
    ("route53", "ListHostedZonesByName"),  # by the name of the next zone
    ("s3", "ListObjectVersions"),  # by keys
    ("s3", "ListObjects"),
}


@pytest.mark.parametrize("service", support.declared())
def test_no_size_of_a_page_is_ignored(service: str):
    """Walk over botocore's model of all calls that the region has."""
    declared, model = support.of(service), get_service_model(service)
    assert declared is not None
    for name in declared.operations:
        shape: Any = model.operation_model(name).input_shape
        limits = {member for member in (shape.members if shape else ()) if member.lower() in LIMITS}
        pages = paging.of(service, name)
        if limits and (service, name) not in CUT_BY_THEMSELVES:
            assert pages is not None, name
            assert pages.limit in limits


def _names(word: str) -> list[str]:
    return [f"{word}-{number}" for number in range(COUNT)]


def autoscaling(aws: Aws) -> dict[str, dict[str, Any]]:
    client = aws.autoscaling
    image = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-arm64"
    aws.ec2.create_launch_template(
        LaunchTemplateName="template",
        LaunchTemplateData={
            "ImageId": aws.ssm.get_parameter(Name=image)["Parameter"]["Value"],
            "InstanceType": "t4g.nano",
        },
    )
    client.create_auto_scaling_group(
        AutoScalingGroupName="group",
        LaunchTemplate={"LaunchTemplateName": "template"},
        MinSize=0,
        MaxSize=1,
        AvailabilityZones=["ap-northeast-2a"],
    )
    for name in _names("thing"):
        client.put_scaling_policy(
            AutoScalingGroupName="group",
            PolicyName=name,
            AdjustmentType="ChangeInCapacity",
            ScalingAdjustment=1,
        )
        client.create_or_update_tags(
            Tags=[
                {
                    "ResourceId": "group",
                    "ResourceType": "auto-scaling-group",
                    "Key": name,
                    "Value": "x",
                    "PropagateAtLaunch": False,
                }
            ]
        )
    for hour, name in enumerate(_names("action")):
        client.put_scheduled_update_group_action(
            AutoScalingGroupName="group",
            ScheduledActionName=name,
            Recurrence=f"0 {hour} * * *",
            MinSize=0,
        )
    return {"DescribePolicies": {}, "DescribeScheduledActions": {}, "DescribeTags": {}}


def cloudwatch(aws: Aws) -> dict[str, dict[str, Any]]:
    for name in _names("alarm"):
        put_alarm(aws, name)
    return {"DescribeAlarms": {}, "DescribeAlarmHistory": {}}


def budgets(aws: Aws) -> dict[str, dict[str, Any]]:
    for name in _names("budget"):
        aws.budgets.create_budget(
            AccountId=ACCOUNT,
            Budget={
                "BudgetName": name,
                "TimeUnit": "MONTHLY",
                "BudgetType": "COST",
                "BudgetLimit": {"Amount": "1", "Unit": "USD"},
            },
        )
    for threshold in range(COUNT):
        aws.budgets.create_notification(
            AccountId=ACCOUNT,
            BudgetName="budget-0",
            Notification={
                "NotificationType": "ACTUAL",
                "ComparisonOperator": "GREATER_THAN",
                "Threshold": threshold + 1,
            },
            Subscribers=[{"SubscriptionType": "EMAIL", "Address": "a@example.com"}],
        )
    return {
        "DescribeBudgets": {"AccountId": ACCOUNT},
        "DescribeNotificationsForBudget": {"AccountId": ACCOUNT, "BudgetName": "budget-0"},
    }


def events(aws: Aws) -> dict[str, dict[str, Any]]:
    client = aws.events
    topics = [aws.sns.create_topic(Name=name)["TopicArn"] for name in _names("topic")]
    for name in _names("thing"):
        client.create_event_bus(Name=name)
        client.put_rule(Name=name, EventPattern='{"source": ["x"]}')
        client.put_targets(Rule=name, Targets=[{"Id": "a", "Arn": topics[0]}])
    client.put_targets(
        Rule="thing-0",
        Targets=[{"Id": str(place), "Arn": arn} for place, arn in enumerate(topics[1:])],
    )
    return {
        "ListEventBuses": {},
        "ListRules": {},
        "ListRuleNamesByTarget": {"TargetArn": topics[0]},
        "ListTargetsByRule": {"Rule": "thing-0"},
    }


def fis(aws: Aws) -> dict[str, dict[str, Any]]:
    return {"ListActions": {}, "ListTargetResourceTypes": {}}


def iam(aws: Aws) -> dict[str, dict[str, Any]]:
    document = (
        '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole",'
        ' "Principal": {"Service": "ec2.amazonaws.com"}}]}'
    )
    rights = (
        '{"Version": "2012-10-17", "Statement":'
        ' [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}'
    )
    for name in _names("role"):
        aws.iam.create_role(RoleName=name, AssumeRolePolicyDocument=document)
        aws.iam.create_instance_profile(InstanceProfileName=name)
        aws.iam.put_role_policy(RoleName="role-0", PolicyName=name, PolicyDocument=rights)
        policy = aws.iam.create_policy(PolicyName=name, PolicyDocument=rights)["Policy"]["Arn"]
        aws.iam.attach_role_policy(RoleName="role-0", PolicyArn=policy)
        aws.iam.tag_role(RoleName="role-0", Tags=[{"Key": name, "Value": "x"}])
    return {
        "ListRoles": {},
        "ListInstanceProfiles": {},
        "ListPolicies": {"Scope": "Local"},
        "ListRolePolicies": {"RoleName": "role-0"},
        "ListAttachedRolePolicies": {"RoleName": "role-0"},
        "ListRoleTags": {"RoleName": "role-0"},
    }


def kms(aws: Aws) -> dict[str, dict[str, Any]]:
    client = aws.kms
    keys = [client.create_key()["KeyMetadata"]["KeyId"] for _ in range(COUNT)]
    for name in _names("alias/mine"):
        client.create_alias(AliasName=name, TargetKeyId=keys[0])
    for place in range(COUNT):
        client.create_grant(
            KeyId=keys[0],
            GranteePrincipal=f"arn:aws:iam::{ACCOUNT}:role/{place}",
            RetiringPrincipal=f"arn:aws:iam::{ACCOUNT}:role/end",
            Operations=["Decrypt"],
        )
    client.tag_resource(
        KeyId=keys[0], Tags=[{"TagKey": name, "TagValue": "x"} for name in _names("tag")]
    )
    return {
        "ListKeys": {},
        "ListAliases": {},
        "ListGrants": {"KeyId": keys[0]},
        "ListRetirableGrants": {"RetiringPrincipal": f"arn:aws:iam::{ACCOUNT}:role/end"},
        "ListResourceTags": {"KeyId": keys[0]},
    }


def logs(aws: Aws) -> dict[str, dict[str, Any]]:
    client = aws.logs
    for name in _names("group"):
        client.create_log_group(logGroupName=name)
        client.create_log_stream(logGroupName="group-0", logStreamName=name)
        client.put_resource_policy(
            policyName=name, policyDocument='{"Version": "2012-10-17", "Statement": []}'
        )
    return {
        "DescribeLogGroups": {},
        "DescribeLogStreams": {"logGroupName": "group-0"},
        "DescribeResourcePolicies": {},
    }


def secretsmanager(aws: Aws) -> dict[str, dict[str, Any]]:
    client = aws.secretsmanager
    for name in _names("secret"):
        client.create_secret(Name=name, SecretString="x")
    for name in _names("stage")[1:]:
        client.put_secret_value(SecretId="secret-0", SecretString=name, VersionStages=[name])
    return {
        "ListSecrets": {},
        "ListSecretVersionIds": {"SecretId": "secret-0"},
        "BatchGetSecretValue": {"Filters": [{"Key": "name", "Values": ["secret"]}]},
    }


def ssm(aws: Aws) -> dict[str, dict[str, Any]]:
    for name in _names("/all/parameter"):
        aws.ssm.put_parameter(Name=name, Value="x", Type="String")
        aws.ssm.put_parameter(Name="/all/parameter-0", Value=name, Type="String", Overwrite=True)
    return {
        "DescribeParameters": {},
        "GetParametersByPath": {"Path": "/all"},
        "GetParameterHistory": {"Name": "/all/parameter-0"},
    }


@pytest.mark.parametrize(
    "seed", [autoscaling, cloudwatch, budgets, events, fis, iam, kms, logs, secretsmanager, ssm]
)
def test_pages_add_up_to_the_whole(aws: Aws, seed: Callable[[Aws], dict[str, dict[str, Any]]]):
    service = seed.__name__
    client = getattr(aws, service)
    wrong: list[str] = []
    for operation, given in seed(aws).items():
        pages = paging.of(service, operation)
        assert pages is not None
        call = getattr(client, xform_name(operation))
        whole, found, size = call(**given)[pages.items], [], 2
        answer = call(**given, **{pages.limit: size})
        while len(found) <= len(whole):
            found += answer[pages.items]
            if len(answer[pages.items]) > size:
                wrong.append(f"{operation}: {len(answer[pages.items])} of {size} items")
            if pages.more and answer[pages.more] != bool(answer.get(pages.following)):
                wrong.append(f"{operation}: {pages.more} is {answer[pages.more]}")
            if not answer.get(pages.following):
                break
            token = {pages.token: answer[pages.following]}
            answer = call(**given, **{pages.limit: size}, **token)
        if found != whole or len(whole) < 3:
            wrong.append(f"{operation}: {found} instead of {whole}")
    assert wrong == []


@pytest.mark.parametrize(
    ("service", "operation", "token", "code"),
    [
        ("autoscaling", "describe_auto_scaling_groups", "NextToken", "InvalidNextToken"),
        ("autoscaling", "describe_launch_configurations", "NextToken", "InvalidNextToken"),
        ("autoscaling", "describe_policies", "NextToken", "InvalidNextToken"),
        ("autoscaling", "describe_tags", "NextToken", "InvalidNextToken"),
        ("cloudwatch", "describe_alarms", "NextToken", "InvalidNextToken"),
        ("cloudwatch", "list_dashboards", "NextToken", "InvalidNextToken"),
        ("cloudwatch", "list_metrics", "NextToken", "InvalidParameterValue"),
        ("codedeploy", "list_applications", "nextToken", "InvalidNextTokenException"),
        ("ec2", "describe_instances", "NextToken", "InvalidNextToken"),
        ("events", "list_event_buses", "NextToken", "ValidationException"),
        ("events", "list_rules", "NextToken", "ValidationException"),
        ("fis", "list_experiments", "nextToken", "ValidationException"),
        ("kms", "list_keys", "Marker", "InvalidMarkerException"),
        ("logs", "describe_log_groups", "nextToken", "InvalidParameterException"),
        ("rds", "describe_db_proxies", "Marker", "InvalidParameterValue"),
        ("route53", "list_hosted_zones", "Marker", "InvalidInput"),
        ("events", "list_archives", "NextToken", "ValidationException"),
        ("logs", "describe_resource_policies", "nextToken", "InvalidParameterException"),
        ("iam", "list_roles", "Marker", "ValidationError"),
        ("s3", "list_buckets", "ContinuationToken", "InvalidArgument"),
        ("ssm", "list_commands", "NextToken", "InvalidNextToken"),
        ("ssm", "describe_instance_information", "NextToken", "InvalidNextToken"),
    ],
)
def test_a_token_of_nobody(aws: Aws, service: str, operation: str, token: str, code: str):
    """A number is none either: nobody may guess how a service counts."""
    for foreign in ("bogus", "1"):
        with pytest.raises(ClientError) as refused:
            getattr(getattr(aws, service), operation)(**{token: foreign})
        assert refused.value.response["Error"]["Code"] == code


def test_metric_and_composite_alarms_share_a_page(aws: Aws):
    cloudwatch(aws)
    aws.cloudwatch.put_composite_alarm(AlarmName="both", AlarmRule='ALARM("alarm-0")')
    kinds = {"AlarmTypes": ["MetricAlarm", "CompositeAlarm"], "MaxRecords": 4}
    first = aws.cloudwatch.describe_alarms(**kinds)
    second = aws.cloudwatch.describe_alarms(**kinds, NextToken=first["NextToken"])
    counts = [(len(one["MetricAlarms"]), len(one["CompositeAlarms"])) for one in (first, second)]
    assert counts == [(4, 0), (1, 1)]
    assert not second.get("NextToken")


PAGED_BY_MOTO = [
    ("ec2", "DescribeIamInstanceProfileAssociations", "NextToken", "InvalidNextToken"),
    ("rds", "DescribeBlueGreenDeployments", "Marker", "InvalidParameterValue"),
    ("secretsmanager", "ListSecrets", "NextToken", "InvalidNextTokenException"),
    ("sns", "ListTopics", "NextToken", "InvalidParameter"),
    ("ssm", "ListDocuments", "NextToken", "InvalidNextToken"),
]


@pytest.mark.parametrize(("service", "operation", "token", "code"), PAGED_BY_MOTO)
def test_a_token_that_moto_cannot_read(
    aws: Aws, service: str, operation: str, token: str, code: str
):
    with pytest.raises(ClientError) as refused:
        getattr(getattr(aws, service), xform_name(operation))(**{token: "bogus"})
    assert refused.value.response["Error"]["Code"] == code


def test_a_token_of_an_item_that_is_gone(aws: Aws):
    """moto then answers with nothing, as if the list were at its end."""
    for name in _names("rule"):
        aws.events.put_rule(Name=name, EventPattern='{"source": ["x"]}')
    token = aws.events.list_rules(Limit=2)["NextToken"]
    aws.events.delete_rule(Name="rule-2")
    with pytest.raises(ClientError, match="ValidationException"):
        aws.events.list_rules(Limit=2, NextToken=token)


@pytest.mark.parametrize("token", ["a", "2"])
def test_an_error_in_a_call_is_no_wrong_token(token: str):
    def decode() -> None:
        int("of the call's own")

    def read(marker: str) -> None:
        [""].index(marker)

    with pytest.raises(ValueError, match="literal") as failed:
        decode()
    assert not foreign_tokens.is_cause(token, failed.value)
    with pytest.raises(ValueError, match="list") as failed:
        read(token)
    assert foreign_tokens.is_cause(token, failed.value)


def test_the_name_of_a_group_is_no_token(aws: Aws):
    """moto takes it for one, and fails with its own where the group has been deleted meanwhile."""
    autoscaling(aws)
    with pytest.raises(ClientError, match="InvalidNextToken"):
        aws.autoscaling.describe_auto_scaling_groups(NextToken="group")


def test_a_group_that_is_deleted_between_two_pages_ends_nothing(aws: Aws):
    autoscaling(aws)
    aws.autoscaling.create_auto_scaling_group(
        AutoScalingGroupName="other",
        LaunchTemplate={"LaunchTemplateName": "template"},
        MinSize=0,
        MaxSize=1,
        AvailabilityZones=["ap-northeast-2a"],
    )
    token = aws.autoscaling.describe_auto_scaling_groups(MaxRecords=1)["NextToken"]
    aws.autoscaling.delete_auto_scaling_group(AutoScalingGroupName="group")
    left = aws.autoscaling.describe_auto_scaling_groups(MaxRecords=1, NextToken=token)
    assert not left.get("NextToken")


@pytest.mark.parametrize("operation", ["list_hosted_zones", "list_health_checks"])
@pytest.mark.parametrize("size", ["x", "", "1.5", "0", "-1"])
def test_a_size_of_a_page_of_route_53_is_a_text_with_a_number(aws: Aws, operation: str, size: str):
    with pytest.raises(ClientError) as refused:
        getattr(aws.route53, operation)(MaxItems=size)
    assert refused.value.response["Error"]["Code"] == "InvalidInput"


def test_an_empty_token_asks_for_the_first_page(aws: Aws):
    assert aws.route53.list_hosted_zones(Marker="")["HostedZones"] == []
