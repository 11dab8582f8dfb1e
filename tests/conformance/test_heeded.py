"""What a call asks for is done or refused: parameters that were once taken and passed over."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.conformance.cloud import Cloud, Network
from tests.conformance.scaling_group import LAUNCHING, Fleet

ELSEWHERE = "999999999999"
ABSENT = "0123456789abcdef0"


def refused(call: Any, **parameters: Any) -> str:
    """Make a call that must be refused, and return the code of the error."""
    with pytest.raises(ClientError) as error:
        call(**parameters)
    return error.value.response["Error"]["Code"]


@pytest.fixture
def group(cloud: Cloud, network: Network) -> str:
    """A security group without rules for what comes in."""
    made = cloud.ec2.create_security_group(
        GroupName=cloud.name("rules"), Description="rules", VpcId=network.vpc
    )["GroupId"]
    cloud.afterwards(cloud.ec2.delete_security_group, GroupId=made)
    return made


@pytest.fixture
def queue(cloud: Cloud) -> str:
    """The ARN of a queue."""
    url = cloud.sqs.create_queue(QueueName=cloud.name("heeded"))["QueueUrl"]
    cloud.afterwards(cloud.sqs.delete_queue, QueueUrl=url)
    wanted = ["QueueArn"]
    return cloud.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=wanted)["Attributes"][
        "QueueArn"
    ]


# API reference, TagSpecification: the type of what is created.
@pytest.mark.row("X-heeded")
@pytest.mark.parametrize(
    "operation",
    [
        "allocate_address",
        "create_internet_gateway",
        "create_network_acl",
        "create_route_table",
        "create_vpc",
    ],
)
def test_tags_are_of_what_is_created(cloud: Cloud, network: Network, operation: str) -> None:
    given: dict[str, Any] = {
        "create_network_acl": {"VpcId": network.vpc},
        "create_route_table": {"VpcId": network.vpc},
        "create_vpc": {"CidrBlock": "10.99.0.0/16"},
    }.get(operation, {})
    tags = [{"ResourceType": "instance", "Tags": [{"Key": "a", "Value": "b"}]}]
    call = getattr(cloud.ec2, operation)
    assert refused(call, TagSpecifications=tags, **given) == "InvalidParameterValue"


# API reference, DeleteTags: "If you omit this parameter, we delete all user-defined tags".
@pytest.mark.row("X-heeded")
def test_all_tags_are_deleted_at_once(cloud: Cloud, group: str) -> None:
    ec2 = cloud.ec2
    ec2.create_tags(
        Resources=[group], Tags=[{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}]
    )
    ec2.delete_tags(Resources=[group])
    found = ec2.describe_tags(Filters=[{"Name": "resource-id", "Values": [group]}])
    assert not found["Tags"]


def permission(port: int, **peers: list[dict[str, str]]) -> list[dict[str, Any]]:
    return [{"IpProtocol": "tcp", "FromPort": port, "ToPort": port, **peers}]


# API reference, RevokeSecurityGroupIngress and UpdateSecurityGroupRuleDescriptionsIngress.
@pytest.mark.row("X-heeded")
def test_rules_are_named_by_their_values(cloud: Cloud, network: Network, group: str) -> None:
    ec2 = cloud.ec2
    peers = {
        "IpRanges": [{"CidrIp": "192.0.2.0/24", "Description": "v4"}],
        "Ipv6Ranges": [{"CidrIpv6": "2001:db8::/32", "Description": "v6"}],
        "UserIdGroupPairs": [{"GroupId": network.group, "Description": "group"}],
    }
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=permission(443, **peers))
    describe = ec2.update_security_group_rule_descriptions_ingress
    renamed = [{"GroupId": network.group, "Description": "friends"}]
    assert describe(GroupId=group, IpPermissions=permission(443, UserIdGroupPairs=renamed))[
        "Return"
    ]
    other = permission(444, UserIdGroupPairs=renamed)
    assert refused(describe, GroupId=group, IpPermissions=other) == "InvalidPermission.NotFound"

    def rules() -> dict[str, str]:
        named = [{"Name": "group-id", "Values": [group]}]
        found = ec2.describe_security_group_rules(Filters=named)["SecurityGroupRules"]
        return {
            rule.get("CidrIpv4") or rule.get("CidrIpv6") or "group": rule.get("Description", "")
            for rule in found
            if not rule["IsEgress"]
        }

    assert rules() == {"192.0.2.0/24": "v4", "2001:db8::/32": "v6", "group": "friends"}
    revoke = ec2.revoke_security_group_ingress
    strange = permission(443, IpRanges=[{"CidrIp": "198.51.100.0/24"}])
    assert refused(revoke, GroupId=group, IpPermissions=strange) == "InvalidPermission.NotFound"
    # A description need not be given to revoke a rule.
    bare = {
        "Ipv6Ranges": [{"CidrIpv6": "2001:db8::/32"}],
        "UserIdGroupPairs": [{"GroupId": network.group}],
    }
    revoked = revoke(GroupId=group, IpPermissions=permission(443, **bare))
    assert len(revoked["RevokedSecurityGroupRules"]) == 2
    assert set(rules()) == {"192.0.2.0/24"}


@pytest.mark.row("X-heeded")
@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"AddSubnetIds": [f"subnet-{ABSENT}"]}, "InvalidSubnetID.NotFound"),
        ({"AddSecurityGroupIds": [f"sg-{ABSENT}"]}, "InvalidGroup.NotFound"),
        ({"AddRouteTableIds": [f"rtb-{ABSENT}"]}, "InvalidRouteTableID.NotFound"),
    ],
    ids=str,
)
def test_an_endpoint_is_changed_by_what_is_there(
    cloud: Cloud, network: Network, change: dict[str, list[str]], code: str
) -> None:
    made = cloud.ec2.create_vpc_endpoint(
        VpcId=network.vpc, ServiceName=f"com.amazonaws.{cloud.region}.s3"
    )["VpcEndpoint"]["VpcEndpointId"]
    cloud.afterwards(cloud.ec2.delete_vpc_endpoints, VpcEndpointIds=[made])
    assert refused(cloud.ec2.modify_vpc_endpoint, VpcEndpointId=made, **change) == code


def root_volume(**settings: Any) -> list[dict[str, Any]]:
    return [{"DeviceName": "/dev/xvda", "Ebs": {"VolumeSize": 20, **settings}}]


# API reference, EbsBlockDevice: Iops and Throughput.
@pytest.mark.row("X-heeded")
@pytest.mark.parametrize(
    ("volume", "code"),
    [
        ({"VolumeType": "io1"}, "MissingParameter"),
        ({"VolumeType": "gp2", "Iops": 300}, "InvalidParameterCombination"),
        ({"VolumeType": "gp3", "Iops": 100}, "InvalidParameterValue"),
        ({"VolumeType": "gp3", "Throughput": 5000}, "InvalidParameterValue"),
        ({"VolumeType": "io2", "Iops": 3000, "Throughput": 200}, "InvalidParameterCombination"),
    ],
    ids=str,
)
def test_a_volume_has_the_limits_of_its_type(
    cloud: Cloud, network: Network, volume: dict[str, Any], code: str
) -> None:
    launch = launch_of(network, BlockDeviceMappings=root_volume(**volume))
    assert refused(cloud.ec2.run_instances, **launch) == code


def launch_of(network: Network, **settings: Any) -> dict[str, Any]:
    wanted = {
        "ImageId": network.image,
        "InstanceType": "t4g.nano",
        "MinCount": 1,
        "MaxCount": 1,
        "SubnetId": network.subnets[0],
    }
    return wanted | settings


@pytest.mark.row("X-heeded", "EC2-L03")
def test_a_volume_is_as_fast_as_asked_for(cloud: Cloud, network: Network) -> None:
    ec2 = cloud.ec2
    wanted = {"VolumeType": "gp3", "Iops": 4000, "Throughput": 250}
    given = launch_of(network, BlockDeviceMappings=root_volume(**wanted))
    made = ec2.run_instances(**given)["Instances"][0]["InstanceId"]
    cloud.afterwards(ec2.terminate_instances, InstanceIds=[made])
    attached = [{"Name": "attachment.instance-id", "Values": [made]}]
    (volume,) = ec2.describe_volumes(Filters=attached)["Volumes"]
    assert {name: volume[name] for name in wanted} == wanted

    def terminate() -> dict[str, Any]:
        return ec2.terminate_instances(InstanceIds=[made])["TerminatingInstances"][0]

    assert terminate()["CurrentState"]["Name"] == "shutting-down"
    cloud.until(lambda: terminate()["PreviousState"]["Name"] == "terminated", within=300)
    assert terminate()["CurrentState"]["Name"] == "terminated"


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


# API reference, CreateNetworkInterface, AllocateAddress and CreateNatGateway; error codes of EC2.
@pytest.mark.row("X-heeded")
def test_addresses_are_free_and_given(cloud: Cloud, network: Network) -> None:
    ec2, subnet = cloud.ec2, network.subnets[2]
    wanted = {"SubnetId": subnet, "PrivateIpAddress": "10.40.2.200"}
    made = ec2.create_network_interface(**wanted)["NetworkInterface"]["NetworkInterfaceId"]
    assert refused(ec2.create_network_interface, **wanted) == "InvalidIPAddress.InUse"
    ec2.delete_network_interface(NetworkInterfaceId=made)
    again = ec2.create_network_interface(**wanted)["NetworkInterface"]["NetworkInterfaceId"]
    ec2.delete_network_interface(NetworkInterfaceId=again)
    assert refused(ec2.create_nat_gateway, SubnetId=subnet) == "MissingParameter"
    address = {"Domain": "vpc", "Address": "192.0.2.1"}
    assert refused(ec2.allocate_address, **address) == "InvalidAddress.NotFound"


# API reference, CreateNetworkAclEntry: RuleNumber, PortRange and IcmpTypeCode.
@pytest.mark.row("X-heeded")
def test_entries_of_a_network_acl(cloud: Cloud, network: Network) -> None:
    ec2 = cloud.ec2
    acl = ec2.create_network_acl(VpcId=network.vpc)["NetworkAcl"]["NetworkAclId"]
    cloud.afterwards(ec2.delete_network_acl, NetworkAclId=acl)
    entry = {"NetworkAclId": acl, "RuleAction": "allow", "Egress": False, "CidrBlock": "0.0.0.0/0"}
    create = ec2.create_network_acl_entry
    assert refused(create, RuleNumber=32_767, Protocol="-1", **entry) == "InvalidParameterValue"
    assert refused(create, RuleNumber=1, Protocol="6", **entry) == "MissingParameter"
    assert refused(create, RuleNumber=1, Protocol="1", **entry) == "MissingParameter"
    ping = {"Type": 8, "Code": -1}
    create(RuleNumber=1, Protocol="1", IcmpTypeCode=ping, **entry)
    found = ec2.describe_network_acls(NetworkAclIds=[acl])["NetworkAcls"][0]["Entries"]
    assert next(one for one in found if one["RuleNumber"] == 1)["IcmpTypeCode"] == ping
    absent = "InvalidNetworkAclEntry.NotFound"
    assert refused(ec2.replace_network_acl_entry, RuleNumber=2, Protocol="-1", **entry) == absent
    which = {"NetworkAclId": acl, "RuleNumber": 2, "Egress": False}
    assert refused(ec2.delete_network_acl_entry, **which) == absent
    code = refused(
        ec2.replace_network_acl_association,
        AssociationId=f"aclassoc-{ABSENT}",
        NetworkAclId=acl,
    )
    assert code == "InvalidAssociationID.NotFound"
