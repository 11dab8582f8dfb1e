"""What breaks the rules about where a fleet's instances are placed, and on which capacity."""

from __future__ import annotations

from tests.policies.draft import Ref
from tests.policies.mutations.registry import BREAKS, KEEPS, breaks, decides

decides(
    "asg-on-demand-base",
    "group",
    "mixedInstancesPolicy.instancesDistribution",
    absent=KEEPS,
    unknown=KEEPS,
)
decides("asg-placement-spans-zones", "group", "placementGroup", absent=KEEPS, unknown=BREAKS)


@breaks("asg-on-demand-base")
def all_on_spot(stack):
    share = {"onDemandBaseCapacity": 0, "onDemandPercentageAboveBaseCapacity": 0}
    stack.set("group", "mixedInstancesPolicy.instancesDistribution", share)
    stack.set("group", "capacityRebalance", True)


@breaks("asg-on-demand-base")
def all_on_spot_without_rebalancing(stack):
    share = {"onDemandPercentageAboveBaseCapacity": 0, "spotAllocationStrategy": "lowest-price"}
    stack.set("group", "mixedInstancesPolicy.instancesDistribution", share)


@breaks("asg-placement-spans-zones")
def cluster_placement_group(stack):
    stack.add("rack", "aws:ec2/placementGroup:PlacementGroup", {"strategy": "cluster"})
    stack.set("group", "placementGroup", Ref("rack", "name"))


@breaks("asg-placement-spans-zones")
def cluster_in_the_launch_template(stack):
    kind = "aws:ec2/placementGroup:PlacementGroup"
    stack.add("rack", kind, {"name": "fast", "strategy": "cluster"})
    stack.set("template", "placement", {"groupName": "fast"})


@breaks("asg-placement-spans-zones")
def one_dedicated_host(stack):
    stack.set("template", "placement", {"tenancy": "host", "hostId": "h-0123456789abcdef0"})


@breaks("asg-placement-spans-zones")
def template_in_one_zone(stack):
    stack.set("template", "placement", {"availabilityZone": "ap-northeast-2a"})


@breaks("asg-subnets-large-enough")
def fleet_larger_than_its_subnets(stack):
    stack.set("group", "maxSize", 20_000)


decides("asg-subnets-large-enough", "group", "maxSize", absent=KEEPS, unknown=KEEPS)


ONLY = {"capacityDistributionStrategy": "balanced-only"}


@breaks("asg-launches-in-other-zones")
def what_is_lost_stays_lost(stack):
    stack.set("group", "minSize", 2)
    stack.set("group", "availabilityZoneDistribution", ONLY)


decides(
    "asg-launches-in-other-zones",
    "group",
    "availabilityZoneDistribution",
    absent=KEEPS,
    unknown=KEEPS,
)
