"""What cures the rules about ways around the load balancer and to the data."""

from __future__ import annotations

from tests.policies.draft import Ref
from tests.policies.mutations.exposure import INGRESS
from tests.policies.remedies.registry import cures, sets

EGRESS = "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule"

sets("vpc-default-sg-closed", ("default", "ingress", ...))


@cures("rds-private-subnets")
def no_way_out(stack):
    stack.drop("way-out")


@cures("elb-not-bypassed")
def close_the_door(stack):
    stack.drop("for-a-test")


def _let_through(stack, port):
    tcp = {"ipProtocol": "tcp", "fromPort": port, "toPort": port}
    into = {"securityGroupId": Ref("door"), "referencedSecurityGroupId": Ref("instances-group")}
    out = {"securityGroupId": Ref("instances-group"), "referencedSecurityGroupId": Ref("door")}
    stack.add("into-the-store", INGRESS, {**tcp, **into})
    stack.add("out-to-the-store", EGRESS, {**tcp, **out})


@cures("cluster_behind_a_closed_door")
def open_the_clusters_port(stack):
    _let_through(stack, 5432)


@cures("files_behind_a_closed_door")
def open_the_files_port(stack):
    _let_through(stack, 2049)
