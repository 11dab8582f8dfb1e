"""What a call of EC2 asks for is done or refused: parameters that were once taken and passed over."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conformance.cloud import Cloud, Network
from tests.conformance.refusals import refused

ABSENT = "0123456789abcdef0"


@pytest.fixture
def group(cloud: Cloud, network: Network) -> str:
    """A security group without rules for what comes in."""
    made = cloud.ec2.create_security_group(
        GroupName=cloud.name("rules"), Description="rules", VpcId=network.vpc
    )["GroupId"]
    cloud.afterwards(cloud.ec2.delete_security_group, GroupId=made)
    return made


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


# API reference, ModifyManagedPrefixList: a version that is not the current one fails the request.
@pytest.mark.row("X-heeded")
def test_a_prefix_list_has_a_version_and_a_size(cloud: Cloud) -> None:
    ec2 = cloud.ec2
    wanted = {"PrefixListName": cloud.name("list"), "AddressFamily": "IPv4", "MaxEntries": 1}
    two = [{"Cidr": "192.0.2.0/24"}, {"Cidr": "198.51.100.0/24"}]
    assert refused(ec2.create_managed_prefix_list, Entries=two, **wanted)
    made = ec2.create_managed_prefix_list(Entries=two[:1], **wanted)["PrefixList"]["PrefixListId"]
    cloud.afterwards(ec2.delete_managed_prefix_list, PrefixListId=made)
    modify = ec2.modify_managed_prefix_list
    cloud.until(
        lambda: (
            ec2.describe_managed_prefix_lists(PrefixListIds=[made])["PrefixLists"][0]["State"]
            == "create-complete"
        ),
        within=60,
    )
    code = refused(modify, PrefixListId=made, CurrentVersion=9, RemoveEntries=two[:1])
    assert code == "PrefixListVersionMismatch"
    assert refused(modify, PrefixListId=made, CurrentVersion=1, AddEntries=two[1:])
    exchange = {"AddEntries": two[1:], "RemoveEntries": two[:1]}
    assert modify(PrefixListId=made, CurrentVersion=1, **exchange)["PrefixList"]
