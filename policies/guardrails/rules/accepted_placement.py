"""What AWS refuses about where resources are: security groups of another VPC, names without DNS."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from guardrails import tokens
from guardrails.architecture.containers import ContainerService
from guardrails.architecture.fleets import Fleets
from guardrails.architecture.network import Network
from guardrails.architecture.store_network import database_groups, database_subnets
from guardrails.architecture.targets import Targets
from guardrails.architecture.zones import regions
from guardrails.refusals import JointRefusal, alone, joint_refusal_rule
from guardrails.resources import Resource, Stack
from guardrails.values import is_absent, is_true, items

_ELB = "https://docs.aws.amazon.com/elasticloadbalancing/latest/"
_EC2 = "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/"
_GROUPS = "https://docs.aws.amazon.com/vpc/latest/userguide/security-groups.html"
_REMEDY = "create the security group with the vpc_id of the subnets, or choose subnets of its VPC."
_ID = ("id",)
_SERVICE = re.compile(r"com\.amazonaws\.(?P<region>[a-z0-9-]+)\.(?:s3|dynamodb)")

_OWN_VPC = "aws:ec2/vpc:Vpc"

Vpc = Resource | str


def _apart(
    stack: Stack, groups: Iterable[Resource], subnets: Iterable[Resource | str]
) -> Iterator[str]:
    """Yield the security groups that are certainly in another VPC than certain subnets."""
    network = stack.derived(Network)
    places = {network.vpc(one) for one in subnets if isinstance(one, Resource)} - {None}
    if len(places) != 1:
        return
    (place,) = places
    for group in groups:
        own = None if group.left_out("vpcId") else network.vpc(group)
        if own is not None and place is not None and _differ(own, place):
            yield (
                f'security group "{group.name}" is in VPC {_name(own)}, its subnets are in VPC '
                f"{_name(place)}"
            )


def _differ(one: Vpc, other: Vpc) -> bool:
    """Return whether two VPCs are not the same; an id may be that of a resource that is not known."""
    if isinstance(one, Resource) and isinstance(other, Resource):
        return one is not other
    ids = [vpc if isinstance(vpc, str) else vpc.get("id") for vpc in (one, other)]
    return all(isinstance(vpc, str) for vpc in ids) and ids[0] != ids[1]


def _name(vpc: Vpc) -> str:
    return f'"{vpc.name}"' if isinstance(vpc, Resource) else vpc


def _direct(groups: str, subnets: str, stack: Stack, resource: Resource) -> Iterator[str]:
    """Compare two properties of one resource."""
    if resource.left_out(groups) or resource.left_out(subnets):
        return
    found = stack.references(resource, groups, tokens.SECURITY_GROUP, _ID)
    yield from _apart(stack, found.resources, stack.derived(Network).subnets(resource, subnets))


def _balancer(stack: Stack, balancer: Resource) -> Iterator[str]:
    if not balancer.left_out("securityGroups"):
        targets = stack.derived(Targets)
        groups = targets.balancer_party(balancer).groups.resources
        yield from _apart(stack, groups, targets.balancer_subnets(balancer))


def _fleet(stack: Stack, group: Resource) -> Iterator[str]:
    groups = stack.derived(Targets).fleet_party(group).groups.resources
    subnets = stack.derived(Network).subnets(group, "vpcZoneIdentifiers")
    if stack.derived(Fleets).of(group).launching.given:
        yield from _apart(stack, groups, subnets)


def _service(stack: Stack, resource: Resource) -> Iterator[str]:
    service = ContainerService(stack, resource)
    if service.own_addresses:
        yield from _apart(stack, service.groups.resources, service.subnets.any)


def _database(stack: Stack, database: Resource) -> Iterator[str]:
    groups = database_groups(stack, database).resources
    # A replica of the Region is where its source is; what is in no subnet group is in the default VPC.
    by_group = "neptune" not in database.type  # whose subnet group has another name
    if (
        by_group
        and database.left_out("dbSubnetGroupName")
        and is_absent(database.get("replicateSourceDb"))
    ):
        own = [stack.derived(Network).vpc(one) for one in groups]
        outside = next(
            (one for one in own if isinstance(one, Resource) and one.type == _OWN_VPC), None
        )
        if outside is not None:
            yield (
                "db_subnet_group_name is not set, which means the default VPC, and its security group "
                f'is in VPC "{outside.name}"'
            )
        return
    yield from _apart(stack, groups, database_subnets(stack, database))


def _no_names(stack: Stack, endpoint: Resource) -> Iterator[str]:
    vpc = stack.derived(Network).vpc(endpoint)
    if not is_true(endpoint.get("privateDnsEnabled")) or not isinstance(vpc, Resource):
        return
    if vpc.type.endswith("DefaultVpc"):
        return  # which has both
    support, names = vpc.setting("enableDnsSupport"), vpc.setting("enableDnsHostnames")
    if support is False:
        yield f'private_dns_enabled is true, enable_dns_support of VPC "{vpc.name}" is false'
    elif is_absent(names) or names is False:
        shown = vpc.shown("enableDnsHostnames")
        yield f'private_dns_enabled is true, enable_dns_hostnames of VPC "{vpc.name}" is {shown}'


def _is_gateway(endpoint: Resource) -> bool:
    kind = endpoint.setting("vpcEndpointType")
    return is_absent(kind) or kind == "Gateway"


def _gateway_in_a_group(endpoint: Resource) -> str | None:
    for prop, name in (("securityGroupIds", "security_group_ids"), ("subnetIds", "subnet_ids")):
        if _is_gateway(endpoint) and items(endpoint.get(prop)) and not endpoint.left_out(prop):
            return f"it is a gateway endpoint, {name} is set"
    return None


def _other_region(stack: Stack, endpoint: Resource) -> str | None:
    found = _SERVICE.fullmatch(str(endpoint.get("serviceName")))
    vpc = stack.derived(Network).vpc(endpoint)
    own = regions(one for one in stack.of(tokens.SUBNET) if stack.derived(Network).vpc(one) == vpc)
    if found and _is_gateway(endpoint) and len(own) == 1 and found["region"] not in own:
        return f"service_name is of {found['region']}, the VPC is in {next(iter(own))}"
    return None


_TABLE = (
    JointRefusal(
        types=tokens.LOAD_BALANCER,
        says="InvalidConfigurationRequest: One or more security groups are invalid.",
        source=f"{_ELB}application/load-balancer-update-security-groups.html",
        remedy=_REMEDY,
        find=_balancer,
    ),
    JointRefusal(
        types=tokens.AUTO_SCALING_GROUP,
        says="InvalidParameter: Security group and subnet belong to different networks.",
        source=_GROUPS,
        remedy=_REMEDY,
        find=_fleet,
    ),
    JointRefusal(
        types=tokens.INSTANCE,
        says="InvalidParameter: Security group and subnet belong to different networks.",
        source=_GROUPS,
        remedy=_REMEDY,
        find=lambda stack, one: _direct("vpcSecurityGroupIds", "subnetId", stack, one),
    ),
    JointRefusal(
        types=tokens.CONTAINER_SERVICE,
        says="InvalidParameterException: Security group and subnet belong to different networks.",
        source="https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_AwsVpcConfiguration.html",
        remedy=_REMEDY,
        find=_service,
    ),
    JointRefusal(
        types=(*tokens.DATABASE, *tokens.DATABASE_CLUSTER),
        says=(
            "InvalidParameterCombination: The DB instance and EC2 security group are in different "
            "VPCs."
        ),
        source="https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_VPC.WorkingWithRDSInstanceinaVPC.html",
        remedy=(
            "set db_subnet_group_name to an aws.rds.SubnetGroup of subnets of the VPC that the security "
            "group is in."
        ),
        find=_database,
    ),
    JointRefusal(
        types=tokens.VPC_ENDPOINT,
        says="InvalidParameter: Security group and subnet belong to different networks.",
        source=f"{_EC2}API_CreateVpcEndpoint.html",
        remedy=_REMEDY,
        find=lambda stack, one: _direct("securityGroupIds", "subnetIds", stack, one),
    ),
    JointRefusal(
        types=tokens.VPC_ENDPOINT,
        says=(
            "InvalidParameter: Enabling private DNS requires both enableDnsSupport and "
            "enableDnsHostnames VPC attributes set to true."
        ),
        source="https://docs.aws.amazon.com/vpc/latest/privatelink/create-interface-endpoint.html",
        remedy="set enable_dns_hostnames and enable_dns_support of the VPC to true.",
        find=_no_names,
    ),
    JointRefusal(
        types=tokens.VPC_ENDPOINT,
        says="InvalidParameter: Security group IDs are not supported for gateway endpoints.",
        source=f"{_EC2}API_CreateVpcEndpoint.html",
        remedy="remove security_group_ids and subnet_ids, and set route_table_ids.",
        find=alone(_gateway_in_a_group),
    ),
    JointRefusal(
        types=tokens.VPC_ENDPOINT,
        says="InvalidServiceName: The Vpc Endpoint Service does not exist: a gateway is for its Region.",
        source="https://docs.aws.amazon.com/vpc/latest/privatelink/gateway-endpoints.html",
        remedy="set service_name to the service of the VPC's own Region.",
        find=_other_region,
    ),
)

PLACEMENT = joint_refusal_rule(
    _TABLE,
    id="vpc-accepted",
    title="Security groups are in the VPC of what has them, and names lead to endpoints",
    url=_GROUPS,
    remedy="create the security group in the VPC of the subnets.",
)

RULES = (PLACEMENT,)
