"""What Amazon VPC and Amazon S3 refuse."""

from __future__ import annotations

from guardrails.values import UNKNOWN

from tests.policies.rules.cases import (
    alone,
    test_a_change_breaks_exactly_its_rule,
    test_a_change_breaks_nothing,
    test_it_is_not_refused,
    test_it_is_refused,
)

__all__ = [
    "test_a_change_breaks_exactly_its_rule",
    "test_a_change_breaks_nothing",
    "test_it_is_not_refused",
    "test_it_is_refused",
]


INGRESS = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
RULE = "aws:ec2/securityGroupRule:SecurityGroupRule"
GROUP = "aws:ec2/securityGroup:SecurityGroup"
BUCKET = "aws:s3/bucket:Bucket"
LIFECYCLE = "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration"


def inline(**rule):
    return alone(GROUP, ingress=[rule])


def lifecycle(**rule):
    return alone(LIFECYCLE, rules=[{"id": "r", "status": "Enabled", **rule}])


TCP = {"protocol": "tcp", "fromPort": 80.0, "toPort": 80.0}
PEER = {"referencedSecurityGroupId": "sg-1", "ipProtocol": "tcp"}

# A change and the one rule that it breaks.
BREAKS = [
    ("sg-accepted", lambda d: d.add("r", INGRESS, {"ipProtocol": "-1"})),
    ("s3-accepted", lambda d: d.set("bucket", "bucket", "ab")),
]

REFUSED = {
    "sg-accepted": [
        inline(protocol="tcp", fromPort=443.0, toPort=80.0, cidrBlocks=["10.0.0.0/8"]),
        inline(protocol="tcp", fromPort=80.0, toPort=99999.0, cidrBlocks=["10.0.0.0/8"]),
        inline(protocol="-1", fromPort=80.0, toPort=80.0, cidrBlocks=["10.0.0.0/8"]),
        inline(**TCP, cidrBlocks=["10.0.0.1/8"]),
        inline(**TCP, cidrBlocks=["10.0.0.1"]),
        inline(**TCP, cidrBlocks=["anywhere"]),
        alone(INGRESS, **PEER),
        alone(INGRESS, **PEER, fromPort=80.0, toPort=80.0, cidrIpv4="10.0.0.0/8"),
        alone(RULE, **TCP, type="ingress", cidrBlocks=["10.0.0.0/8"], sourceSecurityGroupId="sg-1"),
        alone(RULE, **TCP, type="ingress"),
        alone(RULE, **TCP, type="ingress", self=True, cidrBlocks=["10.0.0.0/8"]),
    ],
    "s3-accepted": [
        alone(BUCKET, bucket="my..bucket"),
        alone(BUCKET, bucket="192.168.5.4"),
        alone(BUCKET, bucket="b" * 64),
        alone(BUCKET, bucket="logs-"),
        alone(BUCKET, bucket="logs-s3alias"),
        lifecycle(transitions=[{"days": 60.0, "storageClass": "GLACIER"}], expiration={"days": 30.0}),
        lifecycle(status="enabled", expiration={"days": 30.0}),
    ],
}  # fmt: skip

# A change that breaks nothing.
KEEPS = [
    lambda d: d.set("bucket", "bucket", "web-revisions.example.com"),
    lambda d: d.add("r", INGRESS, {"ipProtocol": "-1", "referencedSecurityGroupId": UNKNOWN}),
]

SOUND = {
    "sg-accepted": [
        inline(protocol="-1", fromPort=0.0, toPort=0.0, cidrBlocks=["10.0.0.0/8"]),
        inline(protocol="icmp", fromPort=8.0, toPort=0.0, cidrBlocks=["10.0.0.0/8"]),
        inline(**TCP, cidrBlocks=[UNKNOWN]),
        inline(**TCP, cidrBlocks=["10.1.2.3/32"], securityGroups=["sg-1"]),
        alone(RULE, **TCP, type="ingress", self=True),
        alone(RULE, **TCP, type="ingress", ipv6CidrBlocks=["::/0"]),
        alone(INGRESS, **PEER, fromPort=UNKNOWN, toPort=UNKNOWN),
    ],
    "s3-accepted": [
        alone(BUCKET, bucket=UNKNOWN),
        alone(BUCKET),
        lifecycle(transitions=[{"days": 30.0, "storageClass": "STANDARD_IA"}], expiration={"days": 365.0}),
        lifecycle(transitions=[{"days": 0.0, "storageClass": "GLACIER"}]),
        lifecycle(noncurrentVersionExpiration={"noncurrentDays": 30.0}),
    ],
}  # fmt: skip
