"""Settings of fleets and networks that an engineer in a hurry gets wrong."""

from __future__ import annotations

from tests.policies.programs.broken.serve import opening
from tests.policies.programs.broken.survive import schedule
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

WEB = "plain_web_service"

# --- fleets ---------------------------------------------------------------------------------------


@broken(WEB, (SURVIVE, SERVE))
def switched_off_at_night_in_tokyo(edit: Edit) -> None:
    schedule(edit, minSize=0, maxSize=0, desiredCapacity=0, timeZone="Asia/Tokyo")


@broken(WEB, (SURVIVE, SERVE))
def switched_off_once(edit: Edit) -> None:
    schedule(edit, minSize=0, desiredCapacity=0, startTime="2027-01-01T00:00:00Z", recurrence=...)
    del edit.changes.adds[-1]["properties"]["recurrence"]


@broken(WEB, VALID)
def schedule_in_a_zone_that_there_is_not(edit: Edit) -> None:
    schedule(edit, minSize=3, maxSize=6, desiredCapacity=3, timeZone="Asia/Tokio")


@broken(WEB, VALID)
def schedule_as_eventbridge_writes_it(edit: Edit) -> None:
    schedule(edit, minSize=3, maxSize=6, desiredCapacity=3)
    edit.changes.adds[-1]["properties"]["recurrence"] = "cron(0 22 * * ? *)"


@broken(WEB, (VALID, DEPLOY))
def waits_for_more_than_it_starts(edit: Edit) -> None:
    """Pulumi waits for four healthy instances, and the group launches two."""
    edit.set("fleet", "waitForElbCapacity", 4)


@broken(WEB, (DEPLOY, CLOSED))
def metadata_switched_off(edit: Edit) -> None:
    """Without the metadata service no program on the instance has credentials."""
    edit.set("template", "metadataOptions.httpEndpoint", "disabled")


@broken(WEB, (VALID, SURVIVE))
def template_bound_to_one_zone(edit: Edit) -> None:
    edit.set("template", "placement", {"availabilityZone": "eu-west-1a"})


@broken(WEB, VALID)
def template_without_a_type(edit: Edit) -> None:
    edit.set("template", "instanceType", ...)


@broken(WEB, VALID)
def template_without_an_image(edit: Edit) -> None:
    edit.set("template", "imageId", ...)


@broken(WEB, (SERVE, SURVIVE, VALID))
def volume_with_a_key_that_auto_scaling_may_not_use(edit: Edit) -> None:
    """A key of one's own has to admit the role of Auto Scaling: its launches fail otherwise."""
    edit.add("disks", "aws:kms/key:Key", {"enableKeyRotation": True})
    edit.set("template", "blockDeviceMappings.0.ebs.kmsKeyId", Ref("disks", "arn"))


@broken(WEB, (VALID, SURVIVE))
def fleet_larger_than_its_subnets(edit: Edit) -> None:
    """A /28 has eleven addresses; the fleet may grow to forty instances."""
    edit.set("private-a", "cidrBlock", "10.0.10.0/28")
    edit.set("private-b", "cidrBlock", "10.0.11.0/28")
    edit.set("fleet", "maxSize", 40)


@broken(WEB, VALID)
def balancer_in_a_subnet_too_small(edit: Edit) -> None:
    """A load balancer needs a /27, and eight free addresses."""
    edit.set("public-b", "cidrBlock", "10.0.1.0/28")


@broken(WEB, (SERVE, DEPLOY, VALID))
def network_without_names(edit: Edit) -> None:
    """Without the resolver of the VPC no instance finds the database, S3 or CodeDeploy."""
    edit.set("vpc", "enableDnsSupport", False)


@broken("three_zones", SERVE)
def balancer_without_the_third_zone(edit: Edit) -> None:
    edit.set("front", "subnets", [Ref("public-a"), Ref("public-b")])


@broken("warm_pool", VALID)
def warm_pool_of_sleepers(edit: Edit) -> None:
    """Instances hibernate only where their template says so."""
    edit.set("fleet", "warmPool.poolState", "Hibernated")


@broken(WEB, (SURVIVE, SERVE))
def out_of_service_at_the_weekend(edit: Edit) -> None:
    """One action takes all on Friday night, another one brings them on Monday."""
    schedule(edit, minSize=0, desiredCapacity=0, maxSize=6)
    edit.changes.adds[-1]["properties"]["recurrence"] = "0 20 * * FRI"
    edit.add(
        "monday",
        "aws:autoscaling/schedule:Schedule",
        {
            "scheduledActionName": "monday",
            "autoscalingGroupName": Ref("fleet", "name"),
            "recurrence": "0 6 * * MON",
            "minSize": 2,
            "desiredCapacity": 2,
            "maxSize": 6,
        },
    )


@broken("instances_live_for_a_month", (SURVIVE, VALID))
def instances_live_for_some_hours(edit: Edit) -> None:
    edit.set("fleet", "maxInstanceLifetime", 14400)


@broken(WEB, SURVIVE)
def one_dead_instance_brings_all_dead_ones_back(edit: Edit) -> None:
    """Below 100 percent healthy the balancer sends requests to every target, dead or not."""
    routing = {"minimumHealthyTargetsCount": 1, "minimumHealthyTargetsPercentage": "100"}
    edit.set("web", "targetGroupHealth", {"unhealthyStateRouting": routing})


@broken(WEB, (SURVIVE, VALID))
def target_tracking_that_needs_more_than_there_is(edit: Edit) -> None:
    edit.set("cpu", "targetTrackingConfiguration.targetValue", 120)


@broken(WEB, (SURVIVE, SERVE))
def scaling_policy_down_to_nothing(edit: Edit) -> None:
    """The minimum is what a policy that only removes instances ends at."""
    edit.set("fleet", "minSize", 0)
    edit.set("fleet", "desiredCapacity", 4)


# --- networks -------------------------------------------------------------------------------------


@broken(WEB, (SERVE, DEPLOY, VALID))
def default_route_to_the_network_itself(edit: Edit) -> None:
    edit.set("private-out-b", "destinationCidrBlock", "10.0.0.0/16")


@broken(WEB, CLOSED)
def application_open_to_the_world_in_quarters(edit: Edit) -> None:
    quarters = ["0.0.0.0/2", "64.0.0.0/2", "128.0.0.0/2", "192.0.0.0/2"]
    edit.set("app", "ingress", opening(8080, cidrBlocks=quarters))


@broken("dual_stack", CLOSED)
def shell_for_all_of_ipv6(edit: Edit) -> None:
    """2000::/3 is every public address of IPv6."""
    edit.set(
        "app",
        "ingress",
        [
            *opening(8080, securityGroups=[Ref("balancer")]),
            *opening(22, ipv6CidrBlocks=["2000::/3"]),
        ],
    )


@broken(WEB, CLOSED)
def shell_for_a_large_part_of_the_world(edit: Edit) -> None:
    edit.set(
        "app",
        "ingress",
        [
            *opening(8080, securityGroups=[Ref("balancer")]),
            *opening(22, cidrBlocks=["48.0.0.0/4"]),
        ],
    )


@broken("endpoints_instead_of_nat", (SERVE, DEPLOY))
def endpoint_for_the_other_service(edit: Edit) -> None:
    edit.set(
        "endpoint-codedeploy-commands-secure", "serviceName", "com.amazonaws.eu-west-1.codedeploy"
    )


@broken(WEB, (SERVE, DEPLOY, SURVIVE))
def one_nat_gateway_without_a_route(edit: Edit) -> None:
    edit.drop("private-out-b")
