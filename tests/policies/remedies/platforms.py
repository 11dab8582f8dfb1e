"""What cures the rules about sites of buckets, Beanstalk, clusters, workflows and guards of accounts."""

from __future__ import annotations

from tests.policies.draft import Ref
from tests.policies.mutations.accepted_identities import document
from tests.policies.mutations.accepted_workflows import flow
from tests.policies.mutations.beanstalk import options
from tests.policies.mutations.caller_roles import JOBS, POLICY
from tests.policies.mutations.edge_buckets import TLS, reading
from tests.policies.remedies.registry import cures, sets

sets("bucket_for_another_distribution", ("pages-policy", "policy", document(reading(), TLS)))
sets("cloudfront-front-page", ("edge", "defaultRootObject", "index.html"))
sets("beanstalk-survives-zone-loss", ("environment", "settings.0.value", "2"))
sets("environment_in_any_one_zone", ("environment", "settings", options()))
sets("beanstalk-deploys-in-batches", ("environment", "settings", options()))
sets("environment_of_one_instance", ("environment", "settings", options()))
sets("workflows-accepted", ("orders", "definition", flow()))
sets("cluster_that_nobody_may_ask", ("kubernetes", "vpcConfig.endpointPrivateAccess", True))
sets("nodes_with_an_image_of_another_architecture", ("nodes", "amiType", "AL2023_ARM_64_STANDARD"))
sets("eks-nodes-updated-in-turn", ("nodes", "updateConfig", {"maxUnavailable": 1}))
sets("network-filters-pass", ("blocked", "domains", ["malware.example.com."]))
sets(
    "buckets_of_the_account_may_be_public",
    ("account", "blockPublicPolicy", True),
    ("account", "restrictPublicBuckets", True),
)
sets("snapshots_of_the_account_may_be_public", ("account", "state", "block-all-sharing"))
COPIED = "default.replication.factor=2\nmin.insync.replicas=1\n"
sets("cluster-writable-without-node", ("properties", "serverProperties", COPIED))
sets(
    "app-runner-reached",
    ("runner", "networkConfiguration.ingressConfiguration.isPubliclyAccessible", True),
)


@cures("pages_asked_without_a_signature")
def sign_and_let_read(stack):
    """The message says what is missing first; the policy is what the next one would say."""
    stack.set("control", "signingBehavior", "always")
    stack.set("pages-policy", "policy", document(reading(), TLS))


def _allow(stack, name):
    allowed = document({"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": JOBS})
    stack.add(name, POLICY, {"role": Ref("its-role", "name"), "policy": allowed})


@cures("caller-role-permissions")
def allow_what_it_calls(stack):
    _allow(stack, "sends")


@cures("iam-objects-named")
def name_the_objects(stack):
    allowed = {"Effect": "Allow", "Action": ["s3:PutObject", "s3:ListBucket"]}
    named = ["arn:aws:s3:::exports", "arn:aws:s3:::exports/*"]
    stack.set("writes", "policy", document({**allowed, "Resource": named}))
