"""What cures the rules about roles of services, names, the edge and what AWS refuses of them."""

from __future__ import annotations

import json

from tests.policies.draft import Ref
from tests.policies.mutations.accepted_identities import READS, document
from tests.policies.mutations.images import expiry
from tests.policies.mutations.names import ALIAS
from tests.policies.mutations.service_roles import ATTACHMENT, BACKUP, VPC_ACCESS, trust
from tests.policies.mutations.sign_in import to_provider
from tests.policies.remedies.registry import cures, sets

sets("policy_with_todays_version", ("further", "policy", document(READS)))
sets("policy_with_a_principal", ("further", "policy", document(READS)))
ADMINISTERED = document(
    {
        "Effect": "Allow",
        "Principal": {"AWS": "arn:aws:iam::123456789012:root"},
        "Action": "kms:*",
        "Resource": "*",
    }
)
sets("key_that_nobody_administers", ("key", "policy", ADMINISTERED))
sets("lambda-accepted", ("report", "runtime", "nodejs22.x"))
sets("queue_that_does_not_wait_for_its_function", ("jobs", "visibilityTimeoutSeconds", 1800))
sets("service-role-trusted", ("its-role", "assumeRolePolicy", trust("lambda.amazonaws.com")))
sets("failover_that_nothing_starts", ("first", "aliases", [ALIAS]))
sets("failover_by_a_check_that_is_off", ("check", "disabled", False))
sets("dns-name-served", ("for-host", "conditions.0.hostHeader.values", ["www.example.com"]))
sets("name_in_a_private_zone", ("site", "zoneId", Ref("public")))
sets(
    "dns-several-servers",
    ("site", "aliases", [ALIAS]),
    ("site", "records", ...),
    ("site", "ttl", ...),
)
sets("alias_in_the_zone_of_the_domain", ("first", "aliases", [ALIAS]))
sets(
    "edge-reaches-balancer",
    ("edge", "origins.0.customOriginConfig.originProtocolPolicy", "https-only"),
)
sets("edge-tls", ("edge", "defaultCacheBehavior.viewerProtocolPolicy", "redirect-to-https"))
sets(
    "cloudfront-accepted",
    (
        "edge",
        "viewerCertificate.acmCertificateArn",
        "arn:aws:acm:us-east-1:123456789012:certificate/" + "5" * 36,
    ),
)
sets("database_stopped_in_the_evening", ("evening", "state", "DISABLED"))
sets("database_stopped_by_the_budget", ("spent", "approvalModel", "MANUAL"))
sets("no-secret-in-program", ("names", "providerDetails.client_secret", Ref("database", "arn")))


sets("ecr-images-kept", ("expiry", "policy", expiry(10)))
sets("lambda-version-fixed", ("live", "functionVersion", "7"))
sets("kms-key-rotation", ("key", "enableKeyRotation", True))
cures("elb-reaches-identity-provider")(to_provider)


@cures("ecs-image-fixed")
def name_the_digest(stack):
    image = "123456789012.example.com/web@sha256:" + "0" * 64
    container = {"name": "web", "image": image, "portMappings": [{"containerPort": 8080}]}
    stack.set("task", "containerDefinitions", json.dumps([container]))


@cures("s3-parts-accepted")
def do_without_the_list(stack):
    stack.drop("list")


@cures("service-role-permissions")
def attach_what_a_function_needs(stack):
    attached = {"role": Ref("its-role", "name"), "policyArn": VPC_ACCESS}
    stack.add("its-policy", ATTACHMENT, attached)


@cures("backup-role-permissions")
def attach_what_backups_need(stack):
    stack.add("its-policy", ATTACHMENT, {"role": Ref("its-role", "name"), "policyArn": BACKUP})
