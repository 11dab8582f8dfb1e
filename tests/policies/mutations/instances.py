"""What breaks the rules about instances and their launch template."""

from __future__ import annotations

from tests.policies.mutations.registry import BREAKS, KEEPS, breaks, decides

decides("ec2-imdsv2", "template", "metadataOptions", absent=BREAKS, unknown=BREAKS)
# Left out, there need not be a token at all: that is told by ec2-imdsv2 alone.
decides("ec2-metadata-hop-limit", "template", "metadataOptions", absent=KEEPS, unknown=BREAKS)
decides("ebs-encrypted", "template", "blockDeviceMappings", absent=BREAKS, unknown=BREAKS)


@breaks("ec2-imdsv2")
def imdsv1(stack):
    stack.set("template", "metadataOptions", {"httpPutResponseHopLimit": 1})


@breaks("ec2-metadata-hop-limit")
def two_hops(stack):
    options = {"httpTokens": "required", "httpPutResponseHopLimit": 2}
    stack.set("template", "metadataOptions", options)


@breaks("ebs-encrypted")
def unencrypted_disk(stack):
    stack.set("template", "blockDeviceMappings", ...)
