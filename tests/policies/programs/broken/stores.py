"""Data stores: in one zone, refused by AWS, or open."""

from __future__ import annotations

from tests.policies.programs.broken.serve import opening
from tests.policies.programs.cases import (
    CLOSED,
    SERVE,
    SURVIVE,
    VALID,
    Edit,
    Ref,
    broken,
)
from tests.policies.programs.innocents.addresses import EVERYBODY_6

WORLD_IN_HALVES = ["0.0.0.0/1", "128.0.0.0/1"]


@broken("plain_web_service", VALID)
def windows_that_overlap(edit: Edit) -> None:
    edit.set("database", "backupWindow", "03:00-04:00")
    edit.set("database", "maintenanceWindow", "sun:03:30-sun:04:30")


@broken("plain_web_service", VALID)
def watched_closely_by_nobody(edit: Edit) -> None:
    """Enhanced monitoring needs a role."""
    edit.set("database", "monitoringInterval", 60)


@broken("plain_web_service", VALID)
def database_with_a_hyphen(edit: Edit) -> None:
    edit.set("database", "dbName", "web-shop")


@broken("events_of_the_database", VALID)
def database_with_two_hyphens(edit: Edit) -> None:
    edit.set("database", "identifier", "shop--main")


@broken("plain_web_service", VALID)
def insights_for_a_month(edit: Edit) -> None:
    """Seven days, or months of 31."""
    edit.set("database", "performanceInsightsEnabled", True)
    edit.set("database", "performanceInsightsRetentionPeriod", 30)


@broken("aurora_with_two_members", VALID)
def member_of_another_engine(edit: Edit) -> None:
    edit.set("member-1", "engine", "aurora-mysql")


@broken("aurora_with_two_members", (VALID, SURVIVE))
def cluster_in_subnets_of_one_zone(edit: Edit) -> None:
    edit.set("cluster-subnets", "subnetIds", [Ref("private-a")])


@broken("readers_that_scale", SURVIVE, advisory=True)
def readers_that_may_all_go(edit: Edit) -> None:
    edit.set("readers", "minCapacity", 0)


@broken("documents_in_two_zones", CLOSED)
def documents_not_encrypted(edit: Edit) -> None:
    edit.set("documents", "storageEncrypted", ...)


@broken("documents_in_two_zones", (SERVE, CLOSED))
def documents_behind_a_closed_door(edit: Edit) -> None:
    edit.set("documents-guard", "ingress", opening(5432, securityGroups=[Ref("app")]))


@broken("proxy_before_the_database", (VALID, SURVIVE))
def proxy_in_one_subnet(edit: Edit) -> None:
    edit.set("proxy", "vpcSubnetIds", [Ref("private-a")])


@broken("proxy_before_the_database", CLOSED)
def proxy_without_tls(edit: Edit) -> None:
    edit.set("proxy", "requireTls", False)


@broken("proxy_before_the_database", (SERVE, CLOSED))
def proxy_behind_a_closed_door(edit: Edit) -> None:
    edit.set("proxy-guard", "ingress", opening(3306, securityGroups=[Ref("app")]))


@broken("cache_with_a_replica", (VALID, CLOSED))
def password_of_a_cache_without_tls(edit: Edit) -> None:
    edit.set("cache", "transitEncryptionEnabled", False)
    edit.set("cache", "authToken", "$(a token from elsewhere)")


@broken("cache_with_a_replica", (VALID, SURVIVE), engine=True)
def cache_in_subnets_of_one_zone(edit: Edit) -> None:
    edit.set("cache-subnets", "subnetIds", [Ref("private-a")])


@broken("cache_with_a_replica", (VALID, SURVIVE))
def cache_nodes_in_one_zone(edit: Edit) -> None:
    edit.set("cache", "preferredCacheClusterAzs", ["eu-west-1a", "eu-west-1a"])


@broken("memcached_over_the_zones", SURVIVE)
def memcached_in_one_zone(edit: Edit) -> None:
    edit.set("cache", "azMode", "single-az")
    edit.set("cache", "preferredAvailabilityZones", ["eu-west-1a", "eu-west-1a"])


@broken("files_through_access_points", (VALID, SURVIVE))
def files_mounted_twice_in_one_zone(edit: Edit) -> None:
    edit.set("files-1", "subnetId", Ref("private-a"))


@broken("files_through_access_points", SURVIVE, advisory=True)
def backups_of_other_files(edit: Edit) -> None:
    edit.set("files", "tags", {"backup": "never"})


@broken("plain_web_service", CLOSED, engine=True)
def database_open_to_both_halves_of_the_world(edit: Edit) -> None:
    edit.set("database-guard", "ingress", opening(5432, cidrBlocks=WORLD_IN_HALVES))


@broken("database_with_rules_apart", CLOSED)
def database_open_to_everyone_by_a_rule(edit: Edit) -> None:
    edit.set("from-app", "referencedSecurityGroupId", ...)
    edit.set("from-app", "cidrIpv6", EVERYBODY_6)


@broken("plain_web_service", VALID)
def subnet_outside_its_network(edit: Edit) -> None:
    edit.set("private-b", "cidrBlock", "10.1.11.0/24")


@broken("plain_web_service", VALID, engine=True)
def subnets_that_overlap(edit: Edit) -> None:
    edit.set("private-b", "cidrBlock", "10.0.10.0/23")


@broken("plain_web_service", VALID)
def network_too_large(edit: Edit) -> None:
    edit.set("vpc", "cidrBlock", "10.0.0.0/8")


@broken("plain_web_service", (VALID, SURVIVE))
def one_address_for_two_gateways(edit: Edit) -> None:
    edit.set("nat-b", "allocationId", Ref("address-a"))


@broken("plain_web_service", VALID)
def two_default_routes_of_one_table(edit: Edit) -> None:
    edit.set("private-out-b", "routeTableId", Ref("routes-a"))


@broken("all_names_written_out", VALID)
def two_target_groups_of_one_name(edit: Edit) -> None:
    edit.add(
        "more-targets",
        "aws:lb/targetGroup:TargetGroup",
        {
            "name": "shop-web",
            "vpcId": Ref("vpc"),
            "port": 8080,
            "protocol": "HTTP",
            "deregistrationDelay": 30,
            "healthCheck": {"protocol": "HTTP", "path": "/health", "interval": 10},
        },
    )
