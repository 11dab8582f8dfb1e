"""Rules that EC2 refuses, the form in which it keeps others, and groups that are in use."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from region.services.ec2 import security_groups
from tests.region.builders import until

WORLD = [{"CidrIp": "0.0.0.0/0"}]
TCP = {"IpProtocol": "tcp", "FromPort": 80, "ToPort": 80}


def code_of(call: Any, **parameters: Any) -> str:
    with pytest.raises(ClientError) as refused:
        call(**parameters)
    return refused.value.response["Error"]["Code"]


def rules(aws: Any, group: str) -> list[dict[str, Any]]:
    found = aws.ec2.describe_security_group_rules(Filters=[{"Name": "group-id", "Values": [group]}])
    return [rule for rule in found["SecurityGroupRules"] if not rule["IsEgress"]]


def other_group(aws: Any, vpc: str) -> str:
    made = aws.ec2.create_security_group(GroupName="other", Description="x", VpcId=vpc)
    return made["GroupId"]


IMPOSSIBLE = [
    ("tcp", 9003, 9002),
    ("tcp", 80, 70000),
    ("tcp", -5, 80),
    ("tcp", -1, -1),
    ("udp", 65536, 65536),
    ("6", 2, 1),
    ("17", 0, 65536),
    ("TCP", 2, 1),
    ("icmp", 300, 0),
    ("icmp", 3, 300),
    ("icmp", -2, 0),
    ("icmp", -1, 4),
    ("1", 256, -1),
    ("icmpv6", 256, -1),
    ("58", 1, 256),
    ("icmpv6", 1, None),
    ("tcp", None, None),
    ("tcp", 80, None),
    ("tcp", None, 80),
    ("udp", None, None),
    ("icmp", None, None),
    ("foo", 1, 2),
    ("", 1, 2),
    ("-2", 1, 2),
    ("256", None, None),
    ("999999999999999999999", None, None),
    ("²", None, None),
]


def permission(protocol: str, low: int | None, high: int | None, **peer: Any) -> dict[str, Any]:
    given = {"IpProtocol": protocol, "FromPort": low, "ToPort": high}
    return {name: value for name, value in given.items() if value is not None} | (
        peer or {"IpRanges": WORLD}
    )


def test_what_cannot_be_a_rule_is_refused_however_it_is_given(aws, network):
    made = aws.ec2.authorize_security_group_ingress(
        GroupId=network.group, IpPermissions=[TCP | {"IpRanges": WORLD}]
    )
    name = made["SecurityGroupRules"][0]["SecurityGroupRuleId"]
    calls = (
        aws.ec2.authorize_security_group_ingress,
        aws.ec2.authorize_security_group_egress,
        aws.ec2.revoke_security_group_ingress,
        aws.ec2.revoke_security_group_egress,
    )
    for case in IMPOSSIBLE:
        given = permission(*case)
        flat = {name: value for name, value in given.items() if name != "IpRanges"}
        changed = {
            "SecurityGroupRuleId": name,
            "SecurityGroupRule": flat | {"CidrIpv4": "10.0.0.0/8"},
        }
        codes = [code_of(call, GroupId=network.group, IpPermissions=[given]) for call in calls]
        codes += [
            code_of(calls[0], GroupId=network.group, CidrIp="0.0.0.0/0", **flat),
            code_of(
                aws.ec2.modify_security_group_rules,
                GroupId=network.group,
                SecurityGroupRules=[changed],
            ),
        ]
        assert codes == ["InvalidParameterValue"] * 6, case
    (kept,) = rules(aws, network.group)
    assert (kept["IpProtocol"], kept["FromPort"], kept["ToPort"]) == ("tcp", 80, 80)


MALFORMED_V4 = (
    "", "x", "10.0.0.0", "10.0.0.0/33", "10.0.0.0/-1", "300.0.0.0/8", "::/0", "10.0.0/8",
    "10.0.0.0/255.0.0.0", "10.0.0.0/8 ", "10.0.0.0/²",
)  # fmt: skip
MALFORMED_V6 = ("", "x", "::", "::/129", "10.0.0.0/8", ":::/0", "fe80::%1/64")


def test_a_malformed_block_is_refused(aws, network):
    for peer in [
        *({"IpRanges": [{"CidrIp": block}]} for block in MALFORMED_V4),
        *({"Ipv6Ranges": [{"CidrIpv6": block}]} for block in MALFORMED_V6),
    ]:
        refused = code_of(
            aws.ec2.authorize_security_group_ingress,
            GroupId=network.group,
            IpPermissions=[TCP | peer],
        )
        assert refused == "InvalidParameterValue", peer
    assert rules(aws, network.group) == []


def test_a_rule_needs_another_side_that_exists(aws, network):
    for peer, code in (
        ({}, "MissingParameter"),
        ({"IpRanges": []}, "MissingParameter"),
        ({"PrefixListIds": [{"PrefixListId": "pl-123"}]}, "InvalidPrefixListID.NotFound"),
        ({"UserIdGroupPairs": [{"GroupId": "sg-0123"}]}, "InvalidGroup.NotFound"),
        ({"UserIdGroupPairs": [{"UserId": "123456789012"}]}, "MissingParameter"),
    ):
        for call in (
            aws.ec2.authorize_security_group_ingress,
            aws.ec2.authorize_security_group_egress,
        ):
            assert code_of(call, GroupId=network.group, IpPermissions=[TCP | peer]) == code


def test_a_group_of_another_network_is_not_another_side(aws, network):
    elsewhere = aws.ec2.create_vpc(CidrBlock="10.30.0.0/16")["Vpc"]["VpcId"]
    stranger = other_group(aws, elsewhere)
    refused = code_of(
        aws.ec2.authorize_security_group_ingress,
        GroupId=network.group,
        IpPermissions=[TCP | {"UserIdGroupPairs": [{"GroupId": stranger}]}],
    )
    assert refused == "InvalidGroup.NotFound"


def test_a_group_needs_a_network_that_exists(aws):
    refused = code_of(
        aws.ec2.create_security_group, GroupName="g", Description="x", VpcId="vpc-0123"
    )
    assert refused == "InvalidVpcID.NotFound"


ACCEPTED = [
    (("50", None, None), ("50", -1, -1)),
    (("50", 5, 7), ("50", -1, -1)),
    (("all", None, None), ("-1", -1, -1)),
    (("-1", 5, 7), ("-1", -1, -1)),
    (("0", None, None), ("0", -1, -1)),
    (("255", None, None), ("255", -1, -1)),
    (("006", 1, 2), ("tcp", 1, 2)),
    (("UDP", 53, 53), ("udp", 53, 53)),
    (("58", None, None), ("icmpv6", -1, -1)),
    (("icmp", 255, 255), ("icmp", 255, 255)),
    (("icmp", -1, -1), ("icmp", -1, -1)),
    (("tcp", 0, 65535), ("tcp", 0, 65535)),
]


def test_what_ec2_accepts_is_kept_in_its_form(aws, network):
    for given, kept in ACCEPTED:
        _accepted(aws, network, given, kept)


def _accepted(aws, network, given, kept):
    made = aws.ec2.authorize_security_group_ingress(
        GroupId=network.group, IpPermissions=[permission(*given)]
    )["SecurityGroupRules"][0]
    (found,) = rules(aws, network.group)
    assert (found["IpProtocol"], found["FromPort"], found["ToPort"]) == kept
    changed = {
        "SecurityGroupRuleId": made["SecurityGroupRuleId"],
        "SecurityGroupRule": permission(*given, CidrIpv4="10.1.2.3/8"),
    }
    aws.ec2.modify_security_group_rules(GroupId=network.group, SecurityGroupRules=[changed])
    (found,) = rules(aws, network.group)
    assert (found["IpProtocol"], found["FromPort"], found["ToPort"]) == kept
    assert found["CidrIpv4"] == "10.0.0.0/8"
    again = permission(*given, IpRanges=[{"CidrIp": "10.9.9.9/8"}])
    aws.ec2.revoke_security_group_ingress(GroupId=network.group, IpPermissions=[again])
    assert rules(aws, network.group) == []


def test_blocks_are_canonical_and_duplicates_in_another_form_are_refused(aws, network):
    def add(**peer: Any) -> None:
        aws.ec2.authorize_security_group_ingress(GroupId=network.group, IpPermissions=[TCP | peer])

    add(IpRanges=[{"CidrIp": "100.68.0.18/18"}], Ipv6Ranges=[{"CidrIpv6": "2001:DB8:0::1/32"}])
    found = rules(aws, network.group)
    assert {rule.get("CidrIpv4") for rule in found} == {"100.68.0.0/18", None}
    assert {rule.get("CidrIpv6") for rule in found} == {"2001:db8::/32", None}
    with pytest.raises(ClientError, match=r"InvalidPermission\.Duplicate"):
        add(IpRanges=[{"CidrIp": "100.68.1.1/18"}])


def test_a_request_changes_all_or_nothing(aws, network):
    good = TCP | {"IpRanges": WORLD}
    for second, code in (
        (permission("tcp", 2, 1), "InvalidParameterValue"),
        (good, "InvalidPermission.Duplicate"),
        (TCP | {"UserIdGroupPairs": [{"GroupId": "sg-0"}]}, "InvalidGroup.NotFound"),
    ):
        refused = code_of(
            aws.ec2.authorize_security_group_ingress,
            GroupId=network.group,
            IpPermissions=[good, second],
        )
        assert refused == code
        assert rules(aws, network.group) == []


def test_every_added_rule_is_in_the_answer(aws, network):
    made = aws.ec2.authorize_security_group_ingress(
        GroupId=network.group,
        IpPermissions=[TCP | {"IpRanges": WORLD}, permission("udp", 53, 53)],
    )
    assert [rule["IpProtocol"] for rule in made["SecurityGroupRules"]] == ["tcp", "udp"]


def test_a_rule_keeps_its_kind_of_other_side(aws, network):
    other = other_group(aws, network.vpc)
    made = aws.ec2.authorize_security_group_ingress(
        GroupId=network.group,
        IpPermissions=[TCP | {"UserIdGroupPairs": [{"GroupId": other}]}],
    )["SecurityGroupRules"][0]["SecurityGroupRuleId"]

    def change(**peer: Any) -> None:
        wanted = {"SecurityGroupRuleId": made, "SecurityGroupRule": TCP | peer}
        aws.ec2.modify_security_group_rules(GroupId=network.group, SecurityGroupRules=[wanted])

    assert code_of(change, CidrIpv4="10.0.0.0/8") == "InvalidParameterValue"
    assert code_of(change, ReferencedGroupId="sg-0") == "InvalidGroup.NotFound"
    assert code_of(change) == "MissingParameter"
    change(ReferencedGroupId=network.group, Description="own")
    (found,) = rules(aws, network.group)
    assert found["ReferencedGroupInfo"]["GroupId"] == network.group


def test_descriptions_are_changed_by_a_rules_id(aws, network):
    made = aws.ec2.authorize_security_group_ingress(
        GroupId=network.group, IpPermissions=[TCP | {"IpRanges": WORLD}]
    )["SecurityGroupRules"][0]["SecurityGroupRuleId"]
    aws.ec2.update_security_group_rule_descriptions_ingress(
        GroupId=network.group,
        SecurityGroupRuleDescriptions=[{"SecurityGroupRuleId": made, "Description": "web"}],
    )
    assert rules(aws, network.group)[0]["Description"] == "web"


def test_an_impossible_rule_of_an_older_region_is_skipped_and_logged_once(
    plane, aws, network, caplog
):
    aws.ec2.authorize_security_group_ingress(
        GroupId=network.group,
        IpPermissions=[TCP | {"IpRanges": WORLD}]
        + [permission("tcp", port, port) for port in range(1, 6)]
        + [permission("icmp", 1, 1)],
    )
    with plane.lock:
        stored = plane.backend("ec2").get_security_group_from_id(network.group).ingress_rules
        stored[1].from_port = 9003
        stored[2].to_port = 70000
        stored[3].ip_range["CidrIp"] = "10.0.0.0/33"
        stored[4].to_port = "x"
        stored[5].from_port = -5
        stored[6].from_port = 300
        for _ in range(2):
            found = security_groups.read(plane.backend("ec2"))[network.group]
    assert [(rule.from_port, rule.to_port) for rule in found.ingress] == [(80, 80)]
    assert len([r for r in caplog.records if "is ignored" in r.message]) == 6


def delete(aws: Any, group: str) -> None:
    aws.ec2.delete_security_group(GroupId=group)


def test_a_group_of_an_instance_is_not_deleted_until_it_is_terminated(stage):
    aws = stage.aws
    group = other_group(aws, stage.vpc)
    name = aws.ec2.run_instances(
        ImageId=stage.image,
        InstanceType="t4g.nano",
        MinCount=1,
        MaxCount=1,
        SubnetId=stage.subnets[0],
        SecurityGroupIds=[group],
    )["Instances"][0]["InstanceId"]
    assert code_of(delete, aws=aws, group=group) == "DependencyViolation"
    until(lambda: stage.state(name) == "running")
    aws.ec2.stop_instances(InstanceIds=[name])
    until(lambda: stage.state(name) == "stopped")
    assert code_of(delete, aws=aws, group=group) == "DependencyViolation"
    aws.ec2.terminate_instances(InstanceIds=[name])
    until(lambda: stage.state(name) == "terminated")
    delete(aws, group)


def test_a_group_of_an_interface_or_a_load_balancer_is_not_deleted(aws, network):
    group = other_group(aws, network.vpc)
    nic = aws.ec2.create_network_interface(SubnetId=network.subnets[0], Groups=[group])
    assert code_of(delete, aws=aws, group=group) == "DependencyViolation"
    aws.ec2.delete_network_interface(
        NetworkInterfaceId=nic["NetworkInterface"]["NetworkInterfaceId"]
    )
    made = aws.elbv2.create_load_balancer(
        Name="lb", Subnets=network.subnets[:2], SecurityGroups=[group]
    )["LoadBalancers"][0]["LoadBalancerArn"]
    assert code_of(delete, aws=aws, group=group) == "DependencyViolation"
    aws.elbv2.delete_load_balancer(LoadBalancerArn=made)
    delete(aws, group)


def test_a_group_of_a_database_is_not_deleted(aws, network):
    group = other_group(aws, network.vpc)
    aws.rds.create_db_subnet_group(
        DBSubnetGroupName="db", DBSubnetGroupDescription="x", SubnetIds=network.subnets
    )
    aws.rds.create_db_instance(
        DBInstanceIdentifier="db",
        DBInstanceClass="db.t4g.micro",
        Engine="postgres",
        AllocatedStorage=20,
        MasterUsername="app",
        MasterUserPassword="longenough",
        DBSubnetGroupName="db",
        VpcSecurityGroupIds=[group],
    )
    assert code_of(delete, aws=aws, group=group) == "DependencyViolation"


@pytest.mark.parametrize("direction", ["ingress", "egress"])
def test_a_group_that_another_groups_rule_names_is_not_deleted(aws, network, direction):
    group = other_group(aws, network.vpc)
    pair = {"IpPermissions": [TCP | {"UserIdGroupPairs": [{"GroupId": group}]}]}
    getattr(aws.ec2, f"authorize_security_group_{direction}")(GroupId=network.group, **pair)
    getattr(aws.ec2, f"authorize_security_group_{direction}")(GroupId=group, **pair)
    assert code_of(delete, aws=aws, group=group) == "DependencyViolation"
    getattr(aws.ec2, f"revoke_security_group_{direction}")(GroupId=network.group, **pair)
    delete(aws, group)


def test_a_default_group_is_not_deleted(aws, network):
    found = aws.ec2.describe_security_groups(
        Filters=[
            {"Name": "vpc-id", "Values": [network.vpc]},
            {"Name": "group-name", "Values": ["default"]},
        ]
    )["SecurityGroups"][0]["GroupId"]
    assert code_of(delete, aws=aws, group=found) == "CannotDelete"
    assert code_of(delete, aws=aws, group="sg-0123") == "InvalidGroup.NotFound"
