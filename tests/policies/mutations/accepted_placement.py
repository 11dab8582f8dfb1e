"""What AWS refuses about where resources are."""

from __future__ import annotations

from tests.policies.draft import Ref
from tests.policies.mutations.registry import KEEPS, breaks, decides

decides("vpc-accepted", "security-group", "vpcId", absent=KEEPS, unknown=KEEPS)


def _elsewhere(stack, group):
    stack.add("other-vpc", "aws:ec2/vpc:Vpc", {"cidrBlock": "10.99.0.0/16"})
    stack.set(group, "vpcId", Ref("other-vpc"))


@breaks("vpc-accepted")
def balancer_with_a_group_of_another_vpc(stack):
    _elsewhere(stack, "security-group")


@breaks("vpc-accepted")
def instances_with_a_group_of_another_vpc(stack):
    _elsewhere(stack, "instances-group")


@breaks("vpc-accepted")
def endpoint_whose_name_leads_nowhere(stack):
    stack.set("vpc", "enableDnsHostnames", False)
    stack.add(
        "logs",
        "aws:ec2/vpcEndpoint:VpcEndpoint",
        {
            "vpcId": Ref("vpc"),
            "serviceName": "com.amazonaws.ap-northeast-2.logs",
            "vpcEndpointType": "Interface",
            "subnetIds": [Ref("subnet-a"), Ref("subnet-b")],
            "privateDnsEnabled": True,
        },
    )
