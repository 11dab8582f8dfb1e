"""What cures the rules about starting tasks, members of clusters, connections, secrets and names."""

from __future__ import annotations

import json

from tests.policies.draft import Ref
from tests.policies.mutations.container_start import JOINS_SHOP, encoded
from tests.policies.mutations.database_connections import TLS
from tests.policies.mutations.service_roles import ATTACHMENT
from tests.policies.mutations.web_acl import RATE, VISIBLE
from tests.policies.remedies.registry import cures, sets

DEAD_LETTERS = json.dumps(
    {
        "deadLetterTargetArn": "arn:aws:sqs:ap-northeast-2:123456789012:failed",
        "maxReceiveCount": 3,
    }
)
FORWARDED = {
    **RATE,
    "aggregateKeyType": "FORWARDED_IP",
    "forwardedIpConfig": {"headerName": "X-Forwarded-For", "fallbackBehavior": "NO_MATCH"},
}
COUNTED = {
    "name": "too-much",
    "priority": 1,
    "action": {"block": {}},
    "statement": {"rateBasedStatement": FORWARDED},
    "visibilityConfig": VISIBLE,
}

sets("ecs-hosts-join-cluster", ("host-template", "userData", encoded(JOINS_SHOP)))
sets("ecs-service-grace-period", ("tasks", "healthCheckGracePeriodSeconds", 180))
sets("data-store-failover-size", ("aurora-1", "instanceClass", "db.r7g.4xlarge"))
sets("secret-recoverable", ("token", "recoveryWindowInDays", 7))
sets(
    "eks-endpoint-limited",
    ("kubernetes", "vpcConfig.endpointPublicAccess", False),
    ("kubernetes", "vpcConfig.endpointPrivateAccess", True),
)
sets("database-connections-suffice", ("parameter-group", "parameters", [TLS]))
sets("waf-counts-visitors", ("acl", "rules", [COUNTED]))
sets("dns-ttl-short", ("first", "ttl", 60))
sets("asg-launches-in-other-zones", ("group", "availabilityZoneDistribution", ...))
sets("eks-nodes-join", ("nodes", "subnetIds", [Ref("subnet-a"), Ref("subnet-b")]))
sets("more_tasks_than_hosts_have_ports", ("hosts", "maxSize", 6))
sets("asg-spot-price", ("hosts", "mixedInstancesPolicy.instancesDistribution.spotMaxPrice", ...))
sets(
    "queue_that_is_its_own_dead_letter_queue",
    ("jobs", "redrivePolicy", DEAD_LETTERS),
)
sets("dead_letters_to_another_region", ("jobs", "redrivePolicy", DEAD_LETTERS))
sets("snapshots_of_a_tag_in_other_letters", ("archive", "tags", {"backup": "daily"}))


@cures("nodes_that_only_sessions_reach")
def attach_what_nodes_need(stack):
    for number, name in enumerate(
        ("AmazonEKSWorkerNodePolicy", "AmazonEKS_CNI_Policy", "AmazonEC2ContainerRegistryPullOnly")
    ):
        attached = {
            "role": Ref("its-role", "name"),
            "policyArn": f"arn:aws:iam::aws:policy/{name}",
        }
        stack.add(f"node-policy-{number}", ATTACHMENT, attached)


@cures("deployments_from_the_office_only")
def no_denial_by_addresses(stack):
    stack.drop("office-only")
