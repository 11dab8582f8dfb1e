"""Does it survive? Not the loss of a zone, of an instance, or of a night."""

from __future__ import annotations

import pulumi

from tests.policies.programs import bricks
from tests.policies.programs.cases import (
    CLOSED,
    DEPLOY,
    SERVE,
    SURVIVE,
    VALID,
    Edit,
    Ref,
    broken,
    rewritten,
)

SCHEDULE = "aws:autoscaling/schedule:Schedule"


def sizes(edit: Edit, least: int, wanted: int, most: int, name: str = "fleet") -> None:
    edit.set(name, "minSize", least)
    edit.set(name, "desiredCapacity", wanted)
    edit.set(name, "maxSize", most)


@broken("plain_web_service", SURVIVE, engine=True)
def all_sizes_one(edit: Edit) -> None:
    sizes(edit, 1, 1, 1)


@broken("plain_web_service", (SURVIVE, SERVE), engine=True)
def may_shrink_to_nothing(edit: Edit) -> None:
    sizes(edit, 0, 2, 6)


@broken("three_zones", SURVIVE)
def one_of_six(edit: Edit) -> None:
    sizes(edit, 1, 3, 6)


@broken("plain_web_service", SURVIVE)
def one_subnet(edit: Edit) -> None:
    edit.set("fleet", "vpcZoneIdentifiers", [Ref("private-a")])


@broken("traffic_sources", SURVIVE, engine=True)
def two_subnets_in_one_zone(edit: Edit) -> None:
    edit.set("private-b", "availabilityZone", "eu-west-1a")


@broken("plain_web_service", (SURVIVE, VALID))
def balancer_in_one_zone(edit: Edit) -> None:
    edit.set("public-b", "availabilityZone", "eu-west-1a")


@broken("zones_by_name", SURVIVE)
def one_zone_by_name(edit: Edit) -> None:
    edit.set("fleet", "availabilityZones", ["eu-west-1a"])


@rewritten("lists_as_one_output", SURVIVE, advisory=True, engine=True)
def list_cut_inside_apply() -> None:
    """The preview only sees that the list comes from two subnets."""
    site = bricks.network()
    outside = bricks.balancer_group(site.vpc.id)
    inside = bricks.app_group(site.vpc.id, outside)
    front = bricks.balancer(site.public_ids(), outside)
    behind = bricks.targets(site.vpc.id)
    bricks.http(front, bricks.forward(behind))
    group = bricks.fleet(
        pulumi.Output.all(*site.private_ids()).apply(lambda ids: ids[:1]),
        bricks.template(inside, bricks.profile()),
        behind,
    )
    bricks.delivery(front, behind, group)


@broken("plain_web_service", SURVIVE, engine=True)
def one_nat_gateway_for_all_zones(edit: Edit) -> None:
    edit.set("private-out-b", "natGatewayId", Ref("nat-a"))
    edit.drop("nat-b", "address-b")


@broken("plain_web_service", SURVIVE)
def both_nat_gateways_in_one_zone(edit: Edit) -> None:
    edit.set("nat-b", "subnetId", Ref("public-a"))


@broken("plain_web_service", SURVIVE)
def nat_gateways_crossed(edit: Edit) -> None:
    """Each zone leaves through the other: the loss of one takes the way out of both."""
    edit.set("private-out-b", "natGatewayId", Ref("nat-a"))
    edit.add(
        "crossed",
        "aws:ec2/route:Route",
        {
            "routeTableId": Ref("routes-a"),
            "destinationCidrBlock": bricks.WORLD,
            "natGatewayId": Ref("nat-b"),
        },
    )
    edit.drop("private-out-a")


@broken("inline_routes", SURVIVE)
def one_nat_gateway_by_inline_routes(edit: Edit) -> None:
    route = {"cidrBlock": bricks.WORLD, "natGatewayId": Ref("nat-0")}
    edit.set("inside-1", "routes", [route])


@broken("regional_nat_gateway", SURVIVE)
def zonal_nat_gateway(edit: Edit) -> None:
    edit.set("nat", "availabilityMode", "zonal")
    edit.set("nat", "allocationId", "eipalloc-0123456789abcdef0")
    edit.set("nat", "subnetId", Ref("public-a"))


@broken("endpoints_instead_of_nat", SURVIVE)
def endpoint_in_one_zone(edit: Edit) -> None:
    edit.set("endpoint-codedeploy-commands-secure", "subnetIds", [Ref("private-a")])


@broken("plain_web_service", SURVIVE)
def dead_applications_stay(edit: Edit) -> None:
    edit.set("fleet", "healthCheckType", "EC2")


@broken("traffic_sources", SURVIVE)
def dead_applications_stay_without_a_word(edit: Edit) -> None:
    edit.set("fleet", "healthCheckType", ...)


def suspend(edit: Edit, *processes: str) -> None:
    edit.set("fleet", "suspendedProcesses", list(processes))


@broken("plain_web_service", SURVIVE, engine=True)
def health_checks_suspended(edit: Edit) -> None:
    suspend(edit, "HealthCheck")


@broken("attachment", SURVIVE)
def replacement_suspended(edit: Edit) -> None:
    suspend(edit, "AlarmNotification", "ReplaceUnhealthy")


@broken("warm_pool", SURVIVE)
def launches_suspended(edit: Edit) -> None:
    suspend(edit, "Launch")


@broken("traffic_sources", (SURVIVE, SERVE))
def registration_suspended(edit: Edit) -> None:
    suspend(edit, "AddToLoadBalancer")


def schedule(edit: Edit, **values: object) -> None:
    edit.add(
        "night",
        SCHEDULE,
        {
            "scheduledActionName": "night",
            "autoscalingGroupName": Ref("fleet", "name"),
            "recurrence": "0 22 * * *",
            **values,
        },
    )


@broken("plain_web_service", (SURVIVE, SERVE), engine=True)
def switched_off_at_night(edit: Edit) -> None:
    schedule(edit, minSize=0, maxSize=0, desiredCapacity=0)


@broken("three_zones", SURVIVE)
def one_instance_at_night(edit: Edit) -> None:
    schedule(edit, minSize=1, maxSize=6, desiredCapacity=1)


@broken("more_in_the_morning", SURVIVE)
def evening_takes_more_than_the_morning_gave(edit: Edit) -> None:
    edit.set("evening", "minSize", 1)
    edit.set("evening", "desiredCapacity", 1)


@broken("all_names_written_out", SURVIVE)
def night_of_a_group_by_its_name(edit: Edit) -> None:
    schedule(edit, minSize=0, maxSize=0, desiredCapacity=0)
    edit.changes.adds[-1]["properties"]["autoscalingGroupName"] = "shop-fleet"


@broken("plain_web_service", SURVIVE, engine=True)
def maintenance_may_take_all(edit: Edit) -> None:
    edit.set(
        "fleet",
        "instanceMaintenancePolicy",
        {"minHealthyPercentage": 0, "maxHealthyPercentage": 100},
    )


@broken("refreshed_by_the_template", (SURVIVE, DEPLOY), engine=True)
def refresh_may_take_all(edit: Edit) -> None:
    edit.set("fleet", "instanceRefresh.preferences.minHealthyPercentage", 0)
    edit.set("fleet", "instanceRefresh.preferences.maxHealthyPercentage", 100)


@broken("spread_over_racks", (SURVIVE, VALID))
def packed_into_one_rack(edit: Edit) -> None:
    """A cluster placement group is in one zone (EC2 user guide, "Placement strategies")."""
    edit.set("racks", "strategy", "cluster")
    edit.set("racks", "spreadLevel", ...)


@broken("spot_above_a_base", SURVIVE, engine=True)
def everything_on_spot(edit: Edit) -> None:
    edit.set("fleet", "mixedInstancesPolicy.instancesDistribution.onDemandBaseCapacity", 0)


@broken("plain_web_service", SURVIVE)
def spot_by_the_template(edit: Edit) -> None:
    edit.set("template", "instanceMarketOptions", {"marketType": "spot"})


@broken("plain_web_service", (SURVIVE, SERVE), engine=True)
def dead_instance_stays_for_twenty_minutes(edit: Edit) -> None:
    edit.set("web", "healthCheck.interval", 120)
    edit.set("web", "healthCheck.unhealthyThreshold", 10)


@broken("plain_web_service", (SURVIVE, SERVE), engine=True)
def errors_count_as_healthy(edit: Edit) -> None:
    edit.set("web", "healthCheck.matcher", "200-499")


@broken("everything_on_one_module_alias", (SURVIVE, SERVE))
def not_found_counts_as_healthy(edit: Edit) -> None:
    edit.set("web", "healthCheck.matcher", "200,404")


@broken("https_only", (SURVIVE, SERVE))
def health_is_a_connection(edit: Edit) -> None:
    edit.set("web", "healthCheck", {"enabled": True, "protocol": "TCP", "interval": 10})


@broken("plain_web_service", (SURVIVE, SERVE), advisory=True)
def sticky_for_a_week(edit: Edit) -> None:
    edit.set("web", "stickiness", {"enabled": True, "type": "lb_cookie", "cookieDuration": 604800})


@broken("plain_web_service", SURVIVE, advisory=True)
def no_room_to_grow(edit: Edit) -> None:
    sizes(edit, 2, 2, 2)


@broken("plain_web_service", SURVIVE, advisory=True)
def nothing_scales_it(edit: Edit) -> None:
    edit.drop("cpu")


@broken("plain_web_service", SURVIVE, advisory=True)
def nobody_sees_the_loss_of_redundancy(edit: Edit) -> None:
    edit.drop("unhealthy")


@broken("one_group_per_zone", SURVIVE)
def one_group_in_one_zone_left(edit: Edit) -> None:
    edit.set("deployment", "autoscalingGroups", [Ref("fleet-a", "name")])
    edit.drop("cpu-b", "fleet-b")


@broken("one_group_per_zone", SURVIVE)
def both_groups_in_the_same_zone(edit: Edit) -> None:
    edit.set("fleet-b", "vpcZoneIdentifiers", [Ref("private-a")])


@broken("plain_web_service", SURVIVE, "rds-multi-az", advisory=True)
def database_in_one_zone(edit: Edit) -> None:
    edit.set("database", "multiAz", False)


@broken("plain_web_service", SURVIVE)
def database_without_backups(edit: Edit) -> None:
    edit.set("database", "backupRetentionPeriod", 0)


@broken("plain_web_service", (SURVIVE, VALID))
def database_subnets_in_one_zone(edit: Edit) -> None:
    edit.set("database-subnets", "subnetIds", [Ref("private-a")])


@broken("aurora_with_two_members", SURVIVE, advisory=True, engine=True)
def aurora_with_one_member(edit: Edit) -> None:
    edit.drop("member-1")


@broken("aurora_in_named_zones", SURVIVE)
def aurora_members_in_one_zone(edit: Edit) -> None:
    edit.set("member-b", "availabilityZone", "eu-west-1a")


@broken("aurora_with_two_members", SURVIVE)
def aurora_backups_for_a_day(edit: Edit) -> None:
    edit.set("cluster", "backupRetentionPeriod", 1)


@broken("cache_with_a_replica", SURVIVE, advisory=True)
def cache_on_one_node(edit: Edit) -> None:
    edit.set("cache", "numCacheClusters", 1)
    edit.set("cache", "automaticFailoverEnabled", False)
    edit.set("cache", "multiAzEnabled", False)


@broken("cache_with_a_replica", SURVIVE)
def cache_that_does_not_fail_over(edit: Edit) -> None:
    edit.set("cache", "automaticFailoverEnabled", False)
    edit.set("cache", "multiAzEnabled", False)


@broken("cache_in_shards", SURVIVE, advisory=True)
def shards_without_replicas(edit: Edit) -> None:
    edit.set("cache", "replicasPerNodeGroup", 0)
    edit.set("cache", "multiAzEnabled", False)


@broken("shared_files", SURVIVE, engine=True)
def files_reachable_from_one_zone(edit: Edit) -> None:
    edit.drop("files-b")


@broken("shared_files", SURVIVE, advisory=True)
def files_of_one_zone(edit: Edit) -> None:
    edit.set("files", "availabilityZoneName", "eu-west-1a")
    edit.drop("files-b")


@broken("shared_files", (SURVIVE, SERVE, CLOSED))
def files_behind_a_closed_door(edit: Edit) -> None:
    edit.set("files-guard", "ingress", ...)


@broken("plain_web_service", (SURVIVE, DEPLOY), engine=True)
def killed_before_it_is_up(edit: Edit) -> None:
    """Thirty seconds after its launch an instance has not even booted."""
    edit.set("fleet", "healthCheckGracePeriod", 30)


@broken("containers_on_fargate", SURVIVE)
def one_container(edit: Edit) -> None:
    edit.set("service", "desiredCount", 1)


@broken("containers_on_fargate", SURVIVE)
def containers_in_one_zone(edit: Edit) -> None:
    edit.set("service", "networkConfiguration.subnets", [Ref("private-a")])


@broken("network_balancer_beside_it", SURVIVE)
def brokers_in_one_zone(edit: Edit) -> None:
    edit.set("broker-fleet", "vpcZoneIdentifiers", [Ref("private-b")])
