"""Pages that moto cuts by a parameter which the call does not have."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError

from tests.region.builders import Network
from tests.region.fakes import Aws

MOST = 5
"""The smallest page that EC2 gives."""


def test_profiles_of_instances_come_in_pages(aws: Aws, network: Network) -> None:
    aws.iam.create_instance_profile(InstanceProfileName="web")
    launched = aws.ec2.run_instances(
        ImageId=network.image,
        InstanceType="t4g.nano",
        SubnetId=network.subnets[0],
        MinCount=MOST + 1,
        MaxCount=MOST + 1,
        IamInstanceProfile={"Name": "web"},
    )["Instances"]
    call = aws.ec2.describe_iam_instance_profile_associations
    first = call(MaxResults=MOST)
    second = call(MaxResults=MOST, NextToken=first["NextToken"])
    assert "NextToken" not in second
    found = [page["IamInstanceProfileAssociations"] for page in (first, second)]
    assert [len(page) for page in found] == [MOST, 1]
    names = {one["InstanceId"] for page in found for one in page}
    assert names == {one["InstanceId"] for one in launched}
    with pytest.raises(ClientError, match="InvalidNextToken"):
        call(NextToken="bogus")
