"""What Amazon VPC and Amazon S3 would refuse."""

from __future__ import annotations

from tests.policies.draft import Ref
from tests.policies.mutations.registry import BREAKS, KEEPS, breaks, decides

LIFECYCLE = (
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration::web-access-logs-lifecycle"
)
DATABASE_GROUP = "database-group"

decides("sg-accepted", "ingress", "toPort", absent=BREAKS, unknown=KEEPS)
decides("s3-accepted", "bucket", "bucket", absent=KEEPS, unknown=KEEPS)


def _rule(stack, **properties):
    stack.add(
        "further",
        "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule",
        {"securityGroupId": Ref(DATABASE_GROUP), "ipProtocol": "tcp", **properties},
    )


@breaks("sg-accepted")
def ports_in_the_wrong_order(stack):
    _rule(stack, fromPort=9100, toPort=9000, cidrIpv4="10.20.0.0/16")


@breaks("sg-accepted")
def addresses_and_a_group_in_one_rule(stack):
    group = Ref("security-group")
    _rule(
        stack, fromPort=9100, toPort=9100, cidrIpv4="10.20.0.0/16", referencedSecurityGroupId=group
    )


@breaks("sg-accepted")
def address_with_host_bits(stack):
    _rule(stack, fromPort=9100, toPort=9100, cidrIpv4="10.20.1.1/16")


@breaks("s3-accepted")
def bucket_name_in_capitals(stack):
    stack.set("bucket", "bucket", "Web_Revisions")


@breaks("s3-accepted")
def logs_archived_after_a_week(stack):
    transition = {"days": 7, "storageClass": "STANDARD_IA"}
    stack.set(LIFECYCLE, "rules.1.transitions", [transition])
