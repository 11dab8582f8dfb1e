"""What breaks the rules about ways around."""

from __future__ import annotations

from tests.policies.draft import Ref
from tests.policies.mutations.data_stores import sound_cluster, sound_files
from tests.policies.mutations.registry import ADVISORY, BREAKS, KEEPS, MANDATORY, breaks, decides

INSTANCES = "instances-group"
SUBNETS = "aws:rds/subnetGroup:SubnetGroup::web-database-subnets"
INGRESS = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
DEFAULT = "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup"
GROUP = "aws:ec2/securityGroup:SecurityGroup"

decides("elb-not-bypassed", "ingress", "cidrIpv4", absent=KEEPS, unknown=KEEPS)
decides("rds-private-subnets", SUBNETS, "subnetIds", absent=KEEPS, unknown=KEEPS)
decides(
    "data-store-reachable", "aurora", "vpcSecurityGroupIds", absent=KEEPS, unknown=BREAKS,
    given=sound_cluster,
)  # fmt: skip


def _default_group(stack, **rules):
    stack.add("default", DEFAULT, {"vpcId": Ref("vpc"), **rules})


decides(
    "vpc-default-sg-closed", "default", "ingress", absent=KEEPS, unknown=BREAKS,
    given=_default_group,
)  # fmt: skip


@breaks("elb-not-bypassed")
def instances_open_on_443(stack):
    properties = {
        "securityGroupId": Ref(INSTANCES),
        "ipProtocol": "tcp",
        "fromPort": 443,
        "toPort": 443,
        "cidrIpv4": "0.0.0.0/0",
    }
    stack.add("for-a-test", INGRESS, properties)


@breaks("rds-private-subnets", ADVISORY, production=MANDATORY)
def database_in_public_subnets(stack):
    route = {
        "routeTableId": Ref("aws:ec2/routeTable:RouteTable::web-network-isolated"),
        "destinationCidrBlock": "0.0.0.0/0",
        "gatewayId": Ref("aws:ec2/internetGateway:InternetGateway::web-network-gateway"),
    }
    stack.add("way-out", "aws:ec2/route:Route", route)


@breaks("data-store-reachable")
def cluster_behind_a_closed_door(stack):
    stack.add("door", GROUP, {"vpcId": Ref("vpc"), "description": "Aurora"})
    sound_cluster(stack, vpcSecurityGroupIds=[Ref("door")], dbSubnetGroupName=Ref(SUBNETS, "name"))


@breaks("data-store-reachable")
def files_behind_a_closed_door(stack):
    stack.add("door", GROUP, {"vpcId": Ref("vpc"), "description": "Files"})
    sound_files(stack)
    for number, subnet in enumerate(("subnet-a", "subnet-b")):
        properties = {
            "fileSystemId": Ref("files"),
            "subnetId": Ref(subnet),
            "securityGroups": [Ref("door")],
        }
        stack.add(f"mount-{number}", "aws:efs/mountTarget:MountTarget", properties)


@breaks("vpc-default-sg-closed", ADVISORY, production=MANDATORY)
def default_group_with_rules(stack):
    everything = {"protocol": "-1", "fromPort": 0, "toPort": 0, "cidrBlocks": ["10.20.0.0/16"]}
    _default_group(stack, ingress=[everything])
