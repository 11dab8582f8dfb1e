"""Instances, launch templates and volumes."""

from __future__ import annotations

from guardrails.values import UNKNOWN

from tests.policies.draft import Ref
from tests.policies.rules.cases import (
    test_a_change_breaks_exactly_its_rule,
    test_a_change_breaks_nothing,
)

__all__ = ["test_a_change_breaks_exactly_its_rule", "test_a_change_breaks_nothing"]


# A change and the one rule that it breaks.
BREAKS = [
    ("ec2-imdsv2", lambda d: d.set("template", "metadataOptions.httpTokens", "optional")),
    ("ec2-imdsv2", lambda d: d.set("template", "metadataOptions.httpTokens", UNKNOWN)),
    ("ec2-metadata-hop-limit", lambda d: d
        .set("template", "metadataOptions.httpPutResponseHopLimit", 2.0)),
    ("ec2-metadata-hop-limit", lambda d: d
        .set("template", "metadataOptions.httpPutResponseHopLimit", ...)),
    ("ebs-encrypted", lambda d: d.set("template", "blockDeviceMappings", ...)),
    ("ebs-encrypted", lambda d: d.set("template", "blockDeviceMappings", UNKNOWN)),
    ("ebs-encrypted", lambda d: d.set("template", "blockDeviceMappings.0.ebs.encrypted", "false")),
    ("ebs-encrypted", lambda d: d.set("template", "blockDeviceMappings.0.ebs", UNKNOWN)),
    ("ebs-encrypted", lambda d: d.add("disk", "aws:ebs/volume:Volume", {"size": 8.0})),
]  # fmt: skip

NODES = "aws:eks/nodeGroup:NodeGroup"


def node_template(draft, hops, *users):
    """A template as node groups have it: image and role are those of EKS."""
    draft.add("node-template", "aws:ec2/launchTemplate:LaunchTemplate", {
        "metadataOptions": {"httpTokens": "required", "httpPutResponseHopLimit": hops},
        "blockDeviceMappings": [{"deviceName": "/dev/xvda", "ebs": {"encrypted": "true"}}],
    })  # fmt: skip
    for number, kind in enumerate(users):
        given = {"launchTemplate": {"id": Ref("node-template"), "version": "1"}}
        draft.add(f"user-{number}", kind, given)
    return draft


BREAKS += [
    ("ec2-metadata-hop-limit", lambda d: node_template(d, 3.0, NODES)),
    ("ec2-instance-profile", lambda d: node_template(d, 1.0)),
    ("ec2-instance-profile", lambda d: node_template(d, 1.0, NODES, "aws:ec2/instance:Instance")),
]

# A change that breaks nothing.
KEEPS = [
    lambda d: node_template(d, 2.0, NODES),
    lambda d: d.add("one", "aws:ec2/instance:Instance", {"launchTemplate": {"id": UNKNOWN}}),
]  # fmt: skip
