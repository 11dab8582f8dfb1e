"""What Amazon RDS would refuse."""

from __future__ import annotations

from tests.policies.draft import Ref
from tests.policies.mutations.registry import KEEPS, breaks, decides

SUBNETS = "aws:rds/subnetGroup:SubnetGroup::web-database-subnets"
ISOLATED = "aws:ec2/subnet:Subnet::web-network-isolated-ap-northeast-2a"

decides("rds-accepted", "database", "username", absent=KEEPS, unknown=KEEPS)
decides("rds-parts-accepted", SUBNETS, "subnetIds", absent=KEEPS, unknown=KEEPS)


@breaks("rds-accepted")
def iops_of_small_storage(stack):
    stack.set("database", "iops", 6000)


@breaks("rds-accepted")
def storage_grows_to_less_than_it_is(stack):
    stack.set("database", "maxAllocatedStorage", 20)


@breaks("rds-accepted")
def standby_in_a_chosen_zone(stack):
    stack.set("database", "availabilityZone", "ap-northeast-2a")


@breaks("rds-accepted")
def reserved_master_user(stack):
    stack.set("database", "username", "admin")


@breaks("rds-parts-accepted")
def database_subnets_in_one_zone(stack):
    stack.set(SUBNETS, "subnetIds", [Ref(ISOLATED)])


@breaks("rds-parts-accepted")
def parameters_of_another_version(stack):
    stack.set("parameter-group", "family", "postgres16")
