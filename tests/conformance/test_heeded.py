"""What a call asks for is done or refused: parameters that were once taken and passed over."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conformance.cloud import Cloud, Network
from tests.conformance.inbox import Inbox
from tests.conformance.refusals import refused
from tests.conformance.roles import make_role
from tests.conformance.scaling_group import LAUNCHING, Fleet

ELSEWHERE = "999999999999"


@pytest.fixture
def queue(cloud: Cloud) -> str:
    """The ARN of a queue."""
    return Inbox(cloud).arn


# API reference of S3: "the request fails with the HTTP status code 403 Forbidden (access denied)".
@pytest.mark.row("X-heeded")
def test_a_bucket_has_the_owner_that_is_expected(cloud: Cloud) -> None:
    s3, name = cloud.s3, cloud.name("owned")
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": cloud.region})
    cloud.afterwards(s3.delete_bucket, Bucket=name)
    own = cloud.sts.get_caller_identity()["Account"]
    s3.get_bucket_versioning(Bucket=name, ExpectedBucketOwner=own)
    for call, given in (
        (s3.get_bucket_versioning, {}),
        (s3.list_objects_v2, {}),
        (s3.put_object, {"Key": "a", "Body": b""}),
    ):
        code = refused(call, Bucket=name, ExpectedBucketOwner=ELSEWHERE, **given)
        assert code == "AccessDenied"


# API reference, PutTargets: "mutually exclusive"; Input is "valid JSON text".
@pytest.mark.row("X-heeded")
@pytest.mark.parametrize("given", [{"Input": "{}", "InputPath": "$.detail"}, {"Input": "{a"}])
def test_a_target_has_one_input(cloud: Cloud, queue: str, given: dict[str, str]) -> None:
    name = cloud.name("rule")
    cloud.events.put_rule(Name=name, EventPattern='{"source": ["nobody"]}')
    cloud.afterwards(cloud.events.delete_rule, Name=name)
    target = {"Id": "a", "Arn": queue, **given}
    assert refused(cloud.events.put_targets, Rule=name, Targets=[target]) == "ValidationException"


# API reference, SetSubscriptionAttributes and CreateTopic.
@pytest.mark.row("X-heeded")
def test_attributes_of_topics_and_subscriptions(cloud: Cloud, queue: str) -> None:
    sns = cloud.sns
    bogus = {"Bogus": "1"}
    assert refused(sns.create_topic, Name=cloud.name("topic"), Attributes=bogus) == (
        "InvalidParameter"
    )
    topic = sns.create_topic(Name=cloud.name("topic"))["TopicArn"]
    cloud.afterwards(sns.delete_topic, TopicArn=topic)
    made = sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue)["SubscriptionArn"]
    code = refused(
        sns.set_subscription_attributes,
        SubscriptionArn=made,
        AttributeName="RawMessageDelivery",
        AttributeValue="maybe",
    )
    assert code == "InvalidParameter"


# API reference, PutParameter: "you can't revert an advanced parameter to a standard parameter".
@pytest.mark.row("X-heeded")
def test_an_advanced_parameter_stays_one(cloud: Cloud) -> None:
    ssm, name = cloud.ssm, f"/{cloud.name('tier')}"
    ssm.put_parameter(Name=name, Value="a", Type="String", Tier="Advanced")
    cloud.afterwards(ssm.delete_parameter, Name=name)
    again = {"Name": name, "Value": "b", "Type": "String", "Overwrite": True}
    assert refused(ssm.put_parameter, Tier="Standard", **again) == "ValidationException"
    assert ssm.put_parameter(**again)["Tier"] == "Advanced"
    wrong = [{"Key": "Bogus", "Values": ["a"]}]
    assert refused(ssm.describe_instance_information, Filters=wrong) == "InvalidFilterKey"


# API reference, GetRandomPassword: InvalidParameterException.
@pytest.mark.row("X-heeded")
def test_a_password_has_characters(cloud: Cloud) -> None:
    nothing = {
        f"Exclude{kind}": True for kind in ("Numbers", "Punctuation", "Uppercase", "Lowercase")
    }
    make = cloud.secretsmanager.get_random_password
    assert refused(make, **nothing) == "InvalidParameterException"


# API reference, PutLifecycleHook: RoleARN is "required for new lifecycle hooks" with a target.
# API reference, UpdateAutoScalingGroup: "Any properties that you don't specify are not changed".
@pytest.mark.row("X-heeded")
def test_a_hook_needs_a_role_and_a_policy_keeps_its_parts(
    cloud: Cloud, network: Network, queue: str
) -> None:
    fleet = Fleet(cloud, network, 0)
    hook = {"LifecycleHookName": "h", "LifecycleTransition": LAUNCHING}
    put = cloud.autoscaling.put_lifecycle_hook
    code = refused(put, AutoScalingGroupName=fleet.name, NotificationTargetARN=queue, **hook)
    assert code == "ValidationError"
    template = {"LaunchTemplateId": fleet.template, "Version": "1"}
    types = [{"InstanceType": "t4g.nano"}, {"InstanceType": "t4g.micro"}]
    whole = {"LaunchTemplateSpecification": template, "Overrides": types}
    update = "update_auto_scaling_group"
    fleet.call(update, MixedInstancesPolicy={"LaunchTemplate": whole})
    change = {"InstancesDistribution": {"OnDemandAllocationStrategy": "prioritized"}}
    fleet.call(update, MixedInstancesPolicy=change)
    policy = fleet.describe()["MixedInstancesPolicy"]
    assert [one["InstanceType"] for one in policy["LaunchTemplate"]["Overrides"]] == [
        "t4g.nano",
        "t4g.micro",
    ]
    assert policy["InstancesDistribution"]["OnDemandAllocationStrategy"] == "prioritized"


# API reference of S3: the values of each header, and "Error responses"; guide, "Event notifications".
@pytest.mark.row("X-heeded")
def test_objects_and_notifications_of_known_kinds(cloud: Cloud, queue: str) -> None:
    s3, name = cloud.s3, cloud.name("kinds")
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": cloud.region})
    cloud.afterwards(s3.delete_bucket, Bucket=name)
    for wrong, code in (
        ({"ServerSideEncryption": "aws:bogus"}, "InvalidEncryptionAlgorithmError"),
        ({"StorageClass": "BOGUS"}, "InvalidStorageClass"),
        ({"ACL": "bogus"}, "InvalidArgument"),
    ):
        assert refused(s3.put_object, Bucket=name, Key="a", Body=b"", **wrong) == code
    assert refused(s3.list_objects_v2, Bucket=name, EncodingType="bogus") == "InvalidArgument"
    there = {"QueueArn": f"{queue}-none", "Events": ["s3:ObjectCreated:*"]}
    code = refused(
        s3.put_bucket_notification_configuration,
        Bucket=name,
        NotificationConfiguration={"QueueConfigurations": [there]},
    )
    assert code == "InvalidArgument"


# API reference, CreateEventSubscription.
@pytest.mark.row("X-heeded")
@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"SourceType": "bogus"}, "InvalidParameterValue"),
        (
            {"SourceType": "db-instance", "EventCategories": ["bogus"]},
            "SubscriptionCategoryNotFound",
        ),
        ({"SourceType": "db-instance", "SourceIds": ["none"]}, "SourceNotFound"),
        ({"SourceIds": ["none"]}, "InvalidParameterCombination"),
    ],
    ids=str,
)
def test_a_subscription_is_to_events_of_something(
    cloud: Cloud, given: dict[str, Any], code: str
) -> None:
    topic = cloud.sns.create_topic(Name=cloud.name("events"))["TopicArn"]
    cloud.afterwards(cloud.sns.delete_topic, TopicArn=topic)
    name = cloud.name("subscription")
    create = cloud.rds.create_event_subscription
    assert refused(create, SubscriptionName=name, SnsTopicArn=topic, **given) == code


# FIS user guide, "Experiment template components": the selection mode, and actions in order.
@pytest.mark.row("X-heeded")
@pytest.mark.parametrize(
    ("mode", "order"),
    [
        ("COUNT(0)", {"a": [], "b": []}),
        ("PERCENT(101)", {"a": [], "b": []}),
        ("ALL", {"a": ["b"], "b": ["a"]}),
    ],
)
def test_an_experiment_chooses_something_and_begins(
    cloud: Cloud, mode: str, order: dict[str, list[str]]
) -> None:
    role = make_role(cloud, cloud.name("fis"), "fis.amazonaws.com")
    target = {
        "resourceType": "aws:ec2:instance",
        "resourceTags": {"experiment": "none"},
        "selectionMode": mode,
    }
    actions = {
        name: {
            "actionId": "aws:ec2:stop-instances",
            "targets": {"Instances": "some"},
            **({"startAfter": after} if after else {}),
        }
        for name, after in order.items()
    }
    code = refused(
        cloud.fis.create_experiment_template,
        clientToken=cloud.name("token"),
        description="none",
        roleArn=role,
        stopConditions=[{"source": "none"}],
        targets={"some": target},
        actions=actions,
    )
    assert code == "ValidationException"
