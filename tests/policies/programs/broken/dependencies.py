"""What the service leans on, broken: hosts of tasks, proxies, topics, backups and lists of addresses."""

from __future__ import annotations

from tests.policies.programs import bricks
from tests.policies.programs.broken.serve import opening
from tests.policies.programs.cases import (
    CLOSED,
    DEPLOY,
    SERVE,
    SURVIVE,
    VALID,
    Edit,
    Ref,
    broken,
)
from tests.policies.programs.innocents.dependencies import FILES, LIST, PROXY, ZONE, selected

HOSTS = "containers_on_own_instances"
TOOLS = "a_tool_server_beside_the_fleet"

# --- the hosts of tasks ---------------------------------------------------------------------------


@broken(HOSTS, SURVIVE)
def tasks_packed_before_they_are_spread(edit: Edit) -> None:
    """The first strategy decides; the next one only where the first leaves a choice."""
    edit.set(
        "service",
        "orderedPlacementStrategies",
        [{"type": "binpack", "field": "cpu"}, {"type": "spread", "field": ZONE}],
    )


@broken(HOSTS, SURVIVE)
def tasks_placed_by_chance(edit: Edit) -> None:
    edit.set("service", "orderedPlacementStrategies", [{"type": "random"}])


@broken(HOSTS, SURVIVE)
def tasks_bound_to_one_zone(edit: Edit) -> None:
    expression = "attribute:ecs.availability-zone in [eu-west-1a]"
    edit.set("service", "placementConstraints", [{"type": "memberOf", "expression": expression}])


# --- proxies --------------------------------------------------------------------------------------


@broken(PROXY, (SERVE, CLOSED))
def proxy_that_the_database_does_not_admit(edit: Edit) -> None:
    edit.set("database-guard", "ingress", opening(5432, securityGroups=[Ref("app")]))


@broken(PROXY, (SERVE, CLOSED))
def proxy_that_may_not_leave(edit: Edit) -> None:
    edit.drop("proxy-out")


@broken(PROXY, (SERVE, CLOSED))
def application_that_may_not_go_to_the_proxy(edit: Edit) -> None:
    way = [{"protocol": "tcp", "fromPort": 443, "toPort": 443, "cidrBlocks": [bricks.WORLD]}]
    edit.set("app", "egress", way)


@broken("proxy_before_aurora", (SERVE, CLOSED))
def aurora_that_does_not_admit_its_proxy(edit: Edit) -> None:
    edit.set("cluster-guard", "ingress", opening(5432, securityGroups=[Ref("app")]))


# --- what user data is made from ------------------------------------------------------------------


@broken("containers_on_fargate", SURVIVE, advisory=True)
def tasks_that_ask_one_server(edit: Edit) -> None:
    """The environment of the containers holds the address of a single instance."""
    edit.add(
        "queue-server",
        "aws:ec2/instance:Instance",
        {
            "ami": bricks.IMAGE,
            "instanceType": "t4g.large",
            "subnetId": Ref("private-a"),
            "metadataOptions": {"httpTokens": "required", "httpPutResponseHopLimit": 1},
            "rootBlockDevice": {"encrypted": True},
            "iamInstanceProfile": "platform-instances",
        },
    )
    edit.set("task", "containerDefinitions", Ref("queue-server", "privateIp"))


@broken(TOOLS, SURVIVE, advisory=True)
def fleet_that_finds_one_server_by_its_name(edit: Edit) -> None:
    edit.add(
        "name-of-the-server",
        "aws:route53/record:Record",
        {
            "zoneId": "Z0123456789ABC",
            "name": "tools.example.com",
            "type": "A",
            "ttl": 60,
            "records": [Ref("tools", "privateIp")],
        },
    )
    edit.set("template", "userData", Ref("name-of-the-server", "fqdn"))


@broken(TOOLS, SURVIVE, advisory=True)
def fleet_that_finds_one_server_by_a_parameter(edit: Edit) -> None:
    edit.add(
        "address-of-the-server",
        "aws:ssm/parameter:Parameter",
        {"name": "/shop/server", "type": "String", "value": Ref("tools", "privateIp")},
    )
    edit.set("template", "userData", Ref("address-of-the-server", "arn"))


@broken("plain_web_service", SURVIVE, advisory=True)
def fleet_that_attaches_one_volume(edit: Edit) -> None:
    """A volume is in one zone, and on one instance at a time."""
    edit.add(
        "data",
        "aws:ebs/volume:Volume",
        {"availabilityZone": "eu-west-1a", "size": 100, "type": "gp3", "encrypted": True},
    )
    edit.set("template", "userData", Ref("data"))


@broken("shared_files", SURVIVE, advisory=True)
def files_mounted_by_the_address_of_one_zone(edit: Edit) -> None:
    edit.set("template", "userData", Ref("files-a", "ipAddress"))


# --- topics ---------------------------------------------------------------------------------------


@broken("plain_web_service", SURVIVE, advisory=True)
def subscription_of_another_topic(edit: Edit) -> None:
    edit.add("news", "aws:sns/topic:Topic", {"name": "news"})
    edit.set("operations-mail", "topic", Ref("news", "arn"))


@broken("plain_web_service", SURVIVE, advisory=True)
def alarms_go_to_a_topic_of_their_own(edit: Edit) -> None:
    edit.add("quiet", "aws:sns/topic:Topic", {"name": "quiet"})
    for alarm in ("errors", "unhealthy"):
        edit.set(alarm, "alarmActions", [Ref("quiet", "arn")])


@broken("events_of_the_database", SURVIVE, advisory=True)
def events_that_nobody_reads(edit: Edit) -> None:
    edit.add("quiet", "aws:sns/topic:Topic", {"name": "quiet"})
    edit.set("database-events", "snsTopic", Ref("quiet", "arn"))


# --- backups --------------------------------------------------------------------------------------


@broken(FILES, SURVIVE)
def backups_by_another_key(edit: Edit) -> None:
    edit.set("tagged", "selectionTags.0.key", "retention")


@broken(FILES, SURVIVE)
def backups_of_all_but_these_files(edit: Edit) -> None:
    selected(edit, resources=["*"], notResources=[Ref("files", "arn")])


@broken(FILES, SURVIVE)
def backups_of_databases_only(edit: Edit) -> None:
    selected(edit, resources=["arn:aws:rds:*:*:db:*"])


@broken(FILES, SURVIVE)
def backups_that_exclude_the_tag(edit: Edit) -> None:
    differs = {"key": "aws:ResourceTag/backup", "value": "daily"}
    selected(edit, resources=["*"], conditions=[{"stringNotEquals": [differs]}])


@broken(FILES, SURVIVE)
def backups_kept_for_a_day(edit: Edit) -> None:
    edit.set("plan", "rules.0.lifecycle.deleteAfter", 1)


# --- lists of addresses ---------------------------------------------------------------------------


@broken(LIST, CLOSED)
def shell_for_a_list_of_everybody(edit: Edit) -> None:
    edit.set("offices", "entries", [{"cidr": "0.0.0.0/1"}, {"cidr": "128.0.0.0/1"}])
    edit.set(
        "app",
        "ingress",
        [
            *opening(8080, securityGroups=[Ref("balancer")]),
            *opening(22, prefixListIds=[Ref("offices")]),
        ],
    )


@broken(LIST, CLOSED)
def list_with_an_entry_for_everybody(edit: Edit) -> None:
    edit.add(
        "home-office",
        "aws:ec2/managedPrefixListEntry:ManagedPrefixListEntry",
        {"prefixListId": Ref("offices"), "cidr": bricks.WORLD},
    )
    edit.set("offices", "entries", ...)
    edit.set(
        "app",
        "ingress",
        [
            *opening(8080, securityGroups=[Ref("balancer")]),
            *opening(8080, prefixListIds=[Ref("offices")]),
        ],
    )


@broken(LIST, (SERVE, DEPLOY, VALID))
def list_without_the_balancer(edit: Edit) -> None:
    """Only the offices get to the application, the load balancer does not."""
    edit.set("app", "ingress", opening(8080, prefixListIds=[Ref("offices")]))
