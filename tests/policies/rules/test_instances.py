"""Instances, launch templates and volumes."""

from __future__ import annotations

from guardrails.values import UNKNOWN

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

# A change that breaks nothing.
KEEPS = [
    lambda d: d.add("one", "aws:ec2/instance:Instance", {"launchTemplate": {"id": UNKNOWN}}),
]  # fmt: skip
