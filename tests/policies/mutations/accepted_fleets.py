"""What Auto Scaling and Amazon EC2 would refuse."""

from __future__ import annotations

from tests.policies.mutations.registry import BREAKS, KEEPS, breaks, decides

decides("launch-template-accepted", "template", "userData", absent=KEEPS, unknown=KEEPS)
decides("asg-parts-accepted", "template", "imageId", absent=BREAKS, unknown=KEEPS)


@breaks("launch-template-accepted")
def iops_of_a_volume_that_takes_none(stack):
    stack.set("template", "blockDeviceMappings.0.ebs.volumeType", "gp2")
    stack.set("template", "blockDeviceMappings.0.ebs.iops", 3000)


@breaks("launch-template-accepted")
def hop_limit_of_zero(stack):
    stack.set("template", "metadataOptions.httpPutResponseHopLimit", 0)


@breaks("asg-parts-accepted")
def template_without_image(stack):
    stack.set("template", "imageId", ...)


@breaks("asg-parts-accepted")
def one_override_with_a_weight(stack):
    stack.set("group", "mixedInstancesPolicy.launchTemplate.overrides.0.weightedCapacity", "2")


@breaks("asg-parts-accepted")
def fleet_in_a_group_of_addresses(stack):
    stack.set("target-group", "targetType", "ip")
