"""What cures the rules about Regions, entrances, tasks, policies of file systems and health checks."""

from __future__ import annotations

from tests.policies.draft import Ref
from tests.policies.mutations.container_start import encoded
from tests.policies.mutations.container_tasks import container
from tests.policies.mutations.edge_methods import DISABLED, EVERYTHING
from tests.policies.mutations.file_policies import ALLOWS, TLS_ONLY, document
from tests.policies.mutations.gateways import API
from tests.policies.mutations.instance_start import SERVES
from tests.policies.mutations.sign_in import CLIENT
from tests.policies.remedies.registry import cures, sets

HERE = "ap-northeast-2"

sets("target_group_in_another_region", ("target-group", "region", HERE))
sets(
    "alarm_that_tells_another_region",
    ("unhealthy-hosts", "alarmActions", [f"arn:aws:sns:{HERE}:123456789012:operations"]),
)
sets("edge-passes-writes", ("edge", "defaultCacheBehavior.allowedMethods", EVERYTHING))
sets("edge-keeps-visitors-apart", ("edge", "defaultCacheBehavior.cachePolicyId", DISABLED))
sets("client_without_a_secret", ("client", "generateSecret", True))
sets("client_of_another_page", ("client", "callbackUrls", CLIENT["callbackUrls"]))
sets("start_that_ends_in_a_shutdown", ("template", "userData", encoded("#!/bin/sh\n")))
sets("start_for_its_own_machine", ("template", "userData", encoded(SERVES)))
sets("nodes_in_one_zone", ("nodes", "subnetIds", [Ref("subnet-a"), Ref("subnet-b")]))
sets("one_node_in_all", ("nodes", "scalingConfig.minSize", 2))
sets("ecs-code-deploy-deploys", ("tasks", "deploymentController", ...))
sets("tasks_as_large_as_their_host", ("task", "containerDefinitions", container(memory=4096)))
sets(
    "tasks_of_more_processors_than_their_host",
    ("task", "containerDefinitions", container(cpu=1024, memory=512)),
)
sets("files_denied_to_everybody", ("files-policy", "policy", document(ALLOWS)))
sets("files_that_only_want_tls", ("files-policy", "policy", document(TLS_ONLY, ALLOWS)))
sets("more_children_than_there_are", ("all-sites", "childHealthThreshold", 1))


def _logs(**options):
    given = {"awslogs-group": "/shop/web", "awslogs-region": HERE, **options}
    return container(memory=512, logConfiguration={"logDriver": "awslogs", "options": given})


sets("ecs-logs-arrive", ("task", "containerDefinitions", _logs()))


@cures("check_of_a_private_address")
def follow_an_alarm(stack):
    stack.set("site", "ipAddress", ...)
    stack.set("site", "type", "CLOUDWATCH_METRIC")
    stack.set("site", "cloudwatchAlarmName", Ref("unhealthy-hosts", "name"))
    stack.set("site", "cloudwatchAlarmRegion", HERE)


@cures("name_that_leads_to_no_api")
def map_it_to_the_api(stack):
    stack.add(
        "api-mapping",
        f"{API}apiMapping:ApiMapping",
        {
            "apiId": Ref("api"),
            "domainName": Ref("api-name", "domainName"),
            "stage": Ref("stage", "name"),
        },
    )
