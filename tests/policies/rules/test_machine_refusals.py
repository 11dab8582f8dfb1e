"""Sizes, classes and disks that there are not, and those that there are."""

from __future__ import annotations

import pytest

from tests.policies.draft import Draft, violations
from tests.policies.rules.cases import test_it_is_not_refused, test_it_is_refused

__all__ = ["test_it_is_not_refused", "test_it_is_refused"]

OVERRIDES = "mixedInstancesPolicy.launchTemplate.overrides"
CLUSTER = "aws:rds/cluster:Cluster"
CACHE = "aws:elasticache/replicationGroup:ReplicationGroup"


def root(kind):
    mapping = {"deviceName": "/dev/xvda", "ebs": {"encrypted": "true", "volumeType": kind}}
    return lambda d: d.set("template", "blockDeviceMappings", [mapping])


def amazon_linux(size):
    name = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-arm64"
    mapping = {"deviceName": "/dev/xvda", "ebs": {"encrypted": "true", "volumeSize": size}}
    return lambda d: d.set("template", "imageId", f"resolve:ssm:{name}").set(
        "template", "blockDeviceMappings", [mapping]
    )


REFUSED = {
    "launch-template-accepted": [
        lambda d: d.set("template", "instanceType", "m7g.larg"),
        lambda d: d.set("template", "instanceType", "t4g.tiny"),
        root("st1"),
        root("sc1"),
        amazon_linux(4.0),
    ],
    "asg-parts-accepted": [lambda d: d.set("group", OVERRIDES, [{"instanceType": "t4g.macro"}])],
    "rds-accepted": [
        lambda d: d.set("database", "instanceClass", "db.t4g.tiny"),
        lambda d: d.add("c", CLUSTER, {"engine": "aurora-mysql", "engineMode": "serverless"}),
        lambda d: d.add("c", CACHE, {"nodeType": "cache.t4g.tiny"}),
        lambda d: d.add("c", CACHE, {"nodeType": "t4g.small"}),
    ],
}

SOUND = {
    "launch-template-accepted": [root("gp3"), root("gp2"), amazon_linux(8.0)],
    "rds-accepted": [
        lambda d: d.add("c", CLUSTER, {"engine": "aurora-mysql", "engineMode": "provisioned"}),
        lambda d: d.add("c", CACHE, {"nodeType": "cache.r7g.2xlarge"}),
    ],
}


@pytest.mark.parametrize(
    "kind",
    [
        "t4g.nano",
        "m7g.metal",
        "m7i.metal-24xl",
        "u7in-16tb.224xlarge",
        "c6gn.16xlarge",
        "mac2-m2pro.metal",
    ],
)
def test_sizes_of_ec2(kind):
    assert not violations(Draft().set("template", "instanceType", kind), "launch-template-accepted")


@pytest.mark.parametrize(
    "kind", ["db.serverless", "db.r5b.2xlarge.tpc1.mem2x", "db.x2iedn.32xlarge"]
)
def test_classes_of_databases(kind):
    assert not violations(Draft().set("database", "instanceClass", kind), "rds-accepted")
