"""What cures the rules about names, keys, containers and what a fleet starts from."""

from __future__ import annotations

from tests.policies.draft import Ref
from tests.policies.mutations.privileges import document
from tests.policies.mutations.volume_keys import OWN, SCALING
from tests.policies.remedies.registry import cures, sets

SPREAD = [
    {"type": "spread", "field": "attribute:ecs.availability-zone"},
    {"type": "binpack", "field": "memory"},
]
FURTHER = document(
    {
        "Effect": "Allow",
        "Action": "secretsmanager:GetSecretValue",
        "Resource": "arn:aws:secretsmanager:ap-northeast-2:123456789012:secret:web/*",
    }
)
ONE_ROLE = document(
    {
        "Effect": "Allow",
        "Action": "sts:AssumeRole",
        "Resource": "arn:aws:iam::210987654321:role/reports",
    }
)

sets("ecs-service-spread", ("tasks", "orderedPlacementStrategies", SPREAD))
sets("lambda-not-throttled", ("resize", "reservedConcurrentExecutions", ...))
sets("ec2-metadata-on", ("template", "metadataOptions.httpEndpoint", "enabled"))
sets("alb-idle-timeout", ("load-balancer", "idleTimeout", 60))
sets("template_in_one_zone", ("template", "placement", ...))
sets("asg-subnets-large-enough", ("group", "maxSize", 12))
sets("dead_targets_get_requests_again", ("target-group", "targetGroupHealth", ...))
sets("iam-data-limited", ("further", "policy", FURTHER))
sets("instances_become_anybody", ("further", "policy", ONE_ROLE))
sets(
    "copies-not-public",
    ("share", "group", ...),
    ("share", "accountId", "210987654321"),
)
sets("snapshot_for_everybody", ("copy", "sharedAccounts", ["210987654321"]))
sets("asg-may-use-volume-key", ("disks", "policy", document(OWN, SCALING)))
sets("fleet-starts-without-one-zone", ("template", "userData", Ref("load-balancer", "dnsName")))
sets("ecs-tasks-fetch-image", ("tasks", "networkConfiguration.assignPublicIp", True))
sets("accelerator-sends-requests", ("endpoints", "trafficDialPercentage", 100))
sets(
    "asked_on_a_port_without_listener",
    ("entry", "portRanges", [{"fromPort": 443, "toPort": 443}]),
)
sets("ecs-accepted", ("tasks", "deploymentMaximumPercent", 200))
sets("memory_that_fargate_has_not", ("task", "memory", "2048"))
sets(
    "elb-certificate-names",
    ("certificate", "subjectAlternativeNames", ["www.example.com"]),
)


@cures("alarm-topic-read")
def subscribe(stack):
    properties = {"topic": Ref("on-call", "arn"), "protocol": "email", "endpoint": "a@example.com"}
    stack.add("mail", "aws:sns/topicSubscription:TopicSubscription", properties)
