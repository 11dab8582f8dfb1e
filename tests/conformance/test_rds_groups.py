"""DB subnet groups and option groups: what is refused, and what is answered where there are none."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError

from tests.conformance.cloud import Cloud, Network


def refusal(cloud: Cloud, call: str, **arguments: object) -> str:
    with pytest.raises(ClientError) as refused:
        getattr(cloud.rds, call)(**arguments)
    return str(refused.value.response["Error"]["Code"])


def test_a_subnet_group(cloud: Cloud, network: Network) -> None:
    wanted = {
        "DBSubnetGroupName": cloud.name("Mixed"),
        "DBSubnetGroupDescription": "x",
        "SubnetIds": network.subnets[:2],
    }
    name = str(wanted["DBSubnetGroupName"])
    one_zone = wanted | {"SubnetIds": network.subnets[:1]}
    uncovered = "DBSubnetGroupDoesNotCoverEnoughAZs"
    assert refusal(cloud, "create_db_subnet_group", **one_zone) == uncovered
    made = cloud.rds.create_db_subnet_group(**wanted)["DBSubnetGroup"]
    cloud.afterwards(cloud.rds.delete_db_subnet_group, DBSubnetGroupName=name)
    assert made["DBSubnetGroupName"] == name.lower()
    again = wanted | {"DBSubnetGroupName": name.lower()}
    assert refusal(cloud, "create_db_subnet_group", **again) == "DBSubnetGroupAlreadyExists"
    assert refusal(cloud, "modify_db_subnet_group", **one_zone) == uncovered
    for spelt in (name, name.lower()):
        (found,) = cloud.rds.describe_db_subnet_groups(DBSubnetGroupName=spelt)["DBSubnetGroups"]
        assert {one["SubnetIdentifier"] for one in found["Subnets"]} == {*network.subnets[:2]}
    cloud.rds.delete_db_subnet_group(DBSubnetGroupName=name)
    absent = refusal(cloud, "describe_db_subnet_groups", DBSubnetGroupName=name)
    assert absent == "DBSubnetGroupNotFoundFault"


def test_option_groups_are_listed_without_a_name(cloud: Cloud) -> None:
    listed = cloud.rds.describe_option_groups()["OptionGroupsList"]
    assert all(one["OptionGroupName"] for one in listed)
    absent = refusal(cloud, "describe_option_groups", OptionGroupName="none")
    assert absent == "OptionGroupNotFoundFault"
