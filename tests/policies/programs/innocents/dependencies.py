"""What the service leans on, soundly: hosts of tasks, proxies, topics, backups and lists of addresses."""

from __future__ import annotations

import base64

import pulumi
import pulumi_aws as aws

from tests.policies.programs import bricks
from tests.policies.programs.cases import Edit, Ref, also_sound, innocent
from tests.policies.programs.innocents import (  # noqa: F401 - the programs that are changed here
    addresses,
    engines,
    plain,
    workloads,
)

ZONE = "attribute:ecs.availability-zone"
PROXY = "proxy_before_the_database"
FILES = "files_through_access_points"
LIST = "named_addresses_by_a_prefix_list"

# --- the hosts of tasks ---------------------------------------------------------------------------


@also_sound("containers_on_own_instances")
def tasks_spread_and_then_packed(edit: Edit) -> None:
    edit.set(
        "service",
        "orderedPlacementStrategies",
        [{"type": "spread", "field": ZONE}, {"type": "binpack", "field": "memory"}],
    )


@also_sound("containers_on_own_instances")
def tasks_placed_by_default(edit: Edit) -> None:
    """Without a strategy ECS spreads the tasks of a service over the zones."""
    edit.set("service", "orderedPlacementStrategies", ...)


@also_sound("containers_on_own_instances")
def tasks_on_instances_of_a_kind(edit: Edit) -> None:
    kind = "attribute:ecs.instance-type =~ m7g.*"
    edit.set("service", "placementConstraints", [{"type": "memberOf", "expression": kind}])


# --- proxies --------------------------------------------------------------------------------------


@also_sound(PROXY, may_ask="MySQL leaves it to its clients whether they use TLS.")
def proxy_before_mysql(edit: Edit) -> None:
    edit.set("proxy", "engineFamily", "MYSQL")
    edit.set("proxy-guard", "ingress", bricks.opening(3306, securityGroups=[Ref("app")]))
    edit.set("proxy-out", "fromPort", 3306)
    edit.set("proxy-out", "toPort", 3306)
    edit.set("database", "engine", "mysql")
    edit.set("database", "engineVersion", "8.4")
    edit.set("database-guard", "ingress", bricks.opening(3306, securityGroups=[Ref("proxy-guard")]))


@also_sound(PROXY)
def both_ways_to_the_database(edit: Edit) -> None:
    """Migrations go to the database itself."""
    both = [Ref("proxy-guard"), Ref("app")]
    edit.set("database-guard", "ingress", bricks.opening(5432, securityGroups=both))


@innocent()
def proxy_before_aurora() -> None:
    site = bricks.network()
    service = bricks.web(site)
    door = aws.ec2.SecurityGroup(
        "door",
        vpc_id=site.vpc.id,
        ingress=[
            {
                "protocol": "tcp",
                "from_port": 5432,
                "to_port": 5432,
                "security_groups": [service.group.id],
            }
        ],
        egress=[bricks.ANY],
    )
    guard = bricks.app_group(site.vpc.id, door, 5432, "cluster-guard")
    subnets = aws.rds.SubnetGroup("cluster-subnets", subnet_ids=site.private_ids())
    cluster = aws.rds.Cluster(
        "cluster",
        engine="aurora-postgresql",
        engine_version="17.4",
        master_username="shop",
        manage_master_user_password=True,
        db_subnet_group_name=subnets.name,
        vpc_security_group_ids=[guard.id],
        storage_encrypted=True,
        backup_retention_period=14,
        deletion_protection=True,
        final_snapshot_identifier="cluster-last",
    )
    for number in range(2):
        aws.rds.ClusterInstance(
            f"member-{number}",
            cluster_identifier=cluster.id,
            engine="aurora-postgresql",
            instance_class="db.r7g.large",
        )
    role = aws.iam.Role("proxy-role", assume_role_policy=bricks.trust("rds.amazonaws.com"))
    reads = {
        "Effect": "Allow",
        "Action": "secretsmanager:GetSecretValue",
        "Resource": "arn:aws:secretsmanager:eu-west-1:123456789012:secret:rds!*",
    }
    aws.iam.RolePolicy("proxy-reads", role=role.id, policy=bricks.document(reads))
    proxy = aws.rds.Proxy(
        "proxy",
        engine_family="POSTGRESQL",
        role_arn=role.arn,
        require_tls=True,
        vpc_subnet_ids=site.private_ids(),
        vpc_security_group_ids=[door.id],
        auths=[
            {
                "auth_scheme": "SECRETS",
                "iam_auth": "DISABLED",
                "secret_arn": cluster.master_user_secrets[0].secret_arn,
            }
        ],
    )
    default = aws.rds.ProxyDefaultTargetGroup("proxy-targets", db_proxy_name=proxy.name)
    aws.rds.ProxyTarget(
        "proxy-target",
        db_proxy_name=proxy.name,
        target_group_name=default.name,
        db_cluster_identifier=cluster.id,
    )


# --- what user data is made from ------------------------------------------------------------------


@also_sound("plain_web_service")
def fleet_that_starts_with_the_address_of_its_database(edit: Edit) -> None:
    edit.set("template", "userData", Ref("database", "address"))


@innocent()
def fleet_that_joins_servers_in_both_zones() -> None:
    """Service discovery runs on a server in each zone; one of them is enough to join."""
    site = bricks.network()
    outside = bricks.balancer_group(site.vpc.id)
    inside = bricks.app_group(site.vpc.id, outside)
    servers = [
        aws.ec2.Instance(
            f"discovery-{letter}",
            ami=bricks.IMAGE,
            instance_type="t4g.small",
            subnet_id=subnet.id,
            vpc_security_group_ids=[inside.id],
            iam_instance_profile=bricks.profile(f"discovery-{letter}").name,
            metadata_options={"http_tokens": "required", "http_put_response_hop_limit": 1},
            root_block_device={"encrypted": True},
        )
        for letter, subnet in zip("ab", site.private, strict=True)
    ]
    start = pulumi.Output.all(*[one.private_ip for one in servers]).apply(
        lambda known: base64.b64encode(f"#!/bin/sh\njoin {' '.join(known)}\n".encode()).decode()
    )
    front = bricks.balancer(site.public_ids(), outside)
    behind = bricks.targets(site.vpc.id)
    bricks.http(front, bricks.forward(behind))
    made_from = bricks.template(inside, bricks.profile(), user_data=start)
    group = bricks.fleet(site.private_ids(), made_from, behind)
    bricks.delivery(front, behind, group)


# --- topics ---------------------------------------------------------------------------------------


@also_sound("plain_web_service")
def alarms_read_by_a_function(edit: Edit) -> None:
    edit.set("operations-mail", "protocol", "lambda")
    edit.set(
        "operations-mail", "endpoint", "arn:aws:lambda:eu-west-1:123456789012:function:on-call"
    )


@also_sound("plain_web_service")
def alarms_read_in_a_chat(edit: Edit) -> None:
    edit.drop("operations-mail")
    edit.add(
        "chat",
        "aws:chatbot/slackChannelConfiguration:SlackChannelConfiguration",
        {
            "configurationName": "on-call",
            "iamRoleArn": "arn:aws:iam::123456789012:role/chat",
            "slackChannelId": "C0123456789",
            "slackTeamId": "T0123456789",
            "snsTopicArns": [Ref("operations", "arn")],
        },
    )


# --- backups --------------------------------------------------------------------------------------


def selected(edit: Edit, **how: object) -> None:
    edit.set("tagged", "selectionTags", ...)
    for prop, value in how.items():
        edit.set("tagged", prop, value)


@also_sound(FILES)
def backups_of_everything(edit: Edit) -> None:
    selected(edit, resources=["*"])


@also_sound(FILES)
def backups_by_arn(edit: Edit) -> None:
    selected(edit, resources=[Ref("files", "arn")])


@also_sound(FILES)
def backups_of_every_file_system(edit: Edit) -> None:
    selected(edit, resources=["arn:aws:elasticfilesystem:*:*:file-system/*"])


@also_sound(FILES)
def backups_of_all_that_is_tagged(edit: Edit) -> None:
    equal = {"key": "aws:ResourceTag/backup", "value": "daily"}
    selected(edit, resources=["*"], conditions=[{"stringEquals": [equal]}])


@also_sound(FILES)
def backups_of_all_but_what_says_no(edit: Edit) -> None:
    differs = {"key": "aws:ResourceTag/backup", "value": "never"}
    selected(edit, resources=["*"], conditions=[{"stringNotEquals": [differs]}])


# --- lists of addresses ---------------------------------------------------------------------------


@also_sound(LIST)
def list_of_everybody_for_the_balancer(edit: Edit) -> None:
    edit.set("offices", "entries", [{"cidr": bricks.WORLD}])


@also_sound(LIST)
def list_by_separate_entries(edit: Edit) -> None:
    edit.set("offices", "entries", ...)
    edit.add(
        "office",
        "aws:ec2/managedPrefixListEntry:ManagedPrefixListEntry",
        {"prefixListId": Ref("offices"), "cidr": "198.51.100.0/24"},
    )


@also_sound(LIST)
def the_network_by_a_list(edit: Edit) -> None:
    """The application admits the subnets of its balancer, which a list names."""
    edit.add(
        "subnets",
        "aws:ec2/managedPrefixList:ManagedPrefixList",
        {
            "name": "subnets",
            "addressFamily": "IPv4",
            "maxEntries": 2,
            "entries": [{"cidr": "10.0.0.0/24"}, {"cidr": "10.0.1.0/24"}],
        },
    )
    edit.set("app", "ingress", bricks.opening(8080, prefixListIds=[Ref("subnets")]))
