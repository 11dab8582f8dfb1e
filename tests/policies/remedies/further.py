"""What cures the rules about alarms' metrics, networks, web ACLs and policies of resources."""

from __future__ import annotations

import base64
import json

from tests.policies.draft import Ref
from tests.policies.mutations.accepted_identities import long_policy
from tests.policies.mutations.accepted_vpc import GATEWAY
from tests.policies.mutations.listening import let_it_listen
from tests.policies.remedies.registry import cures, sets

SCRIPT = base64.b64encode(b"#!/bin/bash\ndnf -y install ruby wget\n").decode()

CLOSED = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": "sns.amazonaws.com"},
                "Action": "sqs:SendMessage",
                "Resource": "*",
            }
        ],
    }
)

sets("alarm-can-go-off", ("alarm", "statistic", "Sum"))
sets("kms-key-enabled", ("key", "isEnabled", True))
sets("files_by_a_key_that_expires", ("imported", "validTo", ...))
sets("ec2-user-data-runs", ("template", "userData", SCRIPT))
sets("aurora-zones-settle", ("aurora", "availabilityZones", ...))
sets("grows_once_in_a_day", ("scaling-policy", "cooldown", 300))
sets("hook_told_to_a_queue_that_nobody_reads", ("boot", "defaultResult", "CONTINUE"))
sets("no-secret-literal", ("login", "value", Ref("database", "arn")))
sets("alarm_when_all_is_well", ("alarm", "comparisonOperator", "GreaterThanThreshold"))
sets("metric_in_another_case", ("alarm", "metricName", "HTTPCode_Target_5XX_Count"))
sets("vpc-parts-accepted", ("other-subnet", "cidrBlock", "10.20.251.0/24"))
sets("gateway_attached_to_nothing", (GATEWAY, "vpcId", Ref("vpc")))
sets("nat_gateway_without_an_address", ("nat", "allocationId", "eipalloc-0123456789abcdef0"))
sets("waf-admits-visitors", ("acl", "defaultAction", {"allow": {}}))
sets("resource-policy-not-public", ("jobs", "policy", CLOSED))
sets("rules_inline_and_apart", ("database-group", "ingress", ...))
sets("routes_inline_and_apart", ("public-routes", "routes", ...))
sets("lambda-multi-az", ("report", "vpcConfig.subnetIds", [Ref("subnet-a"), Ref("subnet-b")]))
sets(
    "ecs-service-on-demand-base",
    (
        "tasks",
        "capacityProviderStrategies",
        [
            {"capacityProvider": "FARGATE", "base": 2, "weight": 1},
            {"capacityProvider": "FARGATE_SPOT", "weight": 1},
        ],
    ),
)


cures("elb-has-listener")(let_it_listen)


@cures("iam-accepted-together")
def attach_one_of_them(stack):
    stack.drop("another")
    stack.add("managed", "aws:iam/policy:Policy", {"policy": long_policy(50)})
    stack.add(
        "attached",
        "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
        {"role": Ref("role", "name"), "policyArn": Ref("managed", "arn")},
    )
