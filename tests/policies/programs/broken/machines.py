"""Fleets, tasks and functions that do not survive, or that AWS does not launch."""

from __future__ import annotations

import base64

from tests.policies.programs.broken.survive import schedule, sizes
from tests.policies.programs.cases import (
    DEPLOY,
    SERVE,
    SURVIVE,
    VALID,
    Edit,
    Ref,
    broken,
)


@broken("spot_above_a_base", (VALID, SURVIVE, SERVE), engine=True)
def two_architectures_of_one_image(edit: Edit) -> None:
    """An image is for Arm or for x86: half of the launches fail."""
    edit.set(
        "fleet",
        "mixedInstancesPolicy.launchTemplate.overrides",
        [{"instanceType": kind} for kind in ("m7g.large", "m7i.large")],
    )


@broken("another_size_of_template_by_architecture", (VALID, SURVIVE, SERVE))
def override_lost_its_template(edit: Edit) -> None:
    edit.set(
        "fleet",
        "mixedInstancesPolicy.launchTemplate.overrides",
        [{"instanceType": "m7g.large"}, {"instanceType": "c6i.large"}],
    )


@broken("template_by_interfaces", (VALID, SURVIVE))
def interface_in_one_subnet(edit: Edit) -> None:
    edit.set("template", "networkInterfaces.0.subnetId", Ref("private-a"))


@broken("template_by_interfaces", (VALID, SURVIVE))
def interface_with_one_address(edit: Edit) -> None:
    """An address can only be given once: the second launch fails."""
    edit.set("template", "networkInterfaces.0.privateIpAddress", "10.0.10.25")


@broken("template_by_interfaces", (VALID, SURVIVE))
def interface_that_exists(edit: Edit) -> None:
    """One interface for every instance: the second launch fails."""
    edit.set(
        "template",
        "networkInterfaces",
        [{"deviceIndex": 0, "networkInterfaceId": "eni-0123456789abcdef0"}],
    )


@broken("plain_web_service", SURVIVE)
def bound_to_one_reservation(edit: Edit) -> None:
    """A capacity reservation is in one zone and ends with its number."""
    edit.set(
        "template",
        "capacityReservationSpecification",
        {
            "capacityReservationTarget": {"capacityReservationId": "cr-0123456789abcdef0"},
        },
    )


@broken("plain_web_service", VALID, engine=True)
def start_that_is_not_encoded(edit: Edit) -> None:
    edit.set("template", "userData", "#!/bin/sh\ndnf -y install ruby wget\n./install auto\n")


@broken("plain_web_service", VALID)
def start_that_is_too_long(edit: Edit) -> None:
    """16 KB at most, before the encoding."""
    script = "#!/bin/sh\n" + "echo one more line of a very long start\n" * 500
    edit.set("template", "userData", base64.b64encode(script.encode()).decode())


@broken("plain_web_service", (VALID, SERVE, DEPLOY))
def role_where_a_profile_belongs(edit: Edit) -> None:
    edit.set("template", "iamInstanceProfile", {"name": Ref("app-role", "name")})


@broken("plain_web_service", (VALID, SERVE, DEPLOY), engine=True)
def arn_of_a_role_where_a_profile_belongs(edit: Edit) -> None:
    edit.set("template", "iamInstanceProfile", {"arn": Ref("app-role", "arn")})


@broken("plain_web_service", (VALID, SERVE, SURVIVE))
def network_where_subnets_belong(edit: Edit) -> None:
    edit.set("fleet", "vpcZoneIdentifiers", [Ref("vpc")])


@broken("plain_web_service", VALID)
def termination_by_a_policy_that_there_is_not(edit: Edit) -> None:
    edit.set("fleet", "terminationPolicies", ["OldestFirst"])


@broken("plain_web_service", (SURVIVE, SERVE))
def minimum_taken_away_at_night(edit: Edit) -> None:
    """Only the minimum: the scaling policy then takes the rest."""
    schedule(edit, minSize=0, maxSize=-1, desiredCapacity=-1)


@broken("a_size_that_does_not_change_at_minus_one", SURVIVE)
def evening_down_to_one(edit: Edit) -> None:
    edit.set("evening", "minSize", 1)
    edit.set("evening", "desiredCapacity", 1)


@broken("plain_web_service", (SURVIVE, VALID))
def maximum_of_one_at_night(edit: Edit) -> None:
    schedule(edit, minSize=-1, maxSize=1, desiredCapacity=-1)


@broken("refreshed_by_the_template", VALID)
def refresh_that_may_neither_add_nor_remove(edit: Edit) -> None:
    """At 100 percent nothing may go, and nothing may come."""
    edit.set("fleet", "instanceRefresh.preferences.maxHealthyPercentage", 100)


@broken("baked_image_without_codedeploy", DEPLOY, advisory=True, engine=True)
def refresh_that_protected_instances_sit_out(edit: Edit) -> None:
    """A refresh leaves instances alone that are protected from scale-in: all of them here."""
    edit.set("fleet", "protectFromScaleIn", True)


@broken("hosts_of_two_services", SURVIVE, engine=True)
def second_service_on_one_instance(edit: Edit) -> None:
    sizes(edit, 1, 1, 3, "blog-fleet")


@broken("hosts_of_two_services", SURVIVE)
def second_service_in_one_zone(edit: Edit) -> None:
    edit.set("blog-fleet", "vpcZoneIdentifiers", [Ref("private-b")])


@broken("a_base_and_a_peak_fleet", (SURVIVE, VALID))
def base_gone_to_spot(edit: Edit) -> None:
    edit.set("template", "instanceMarketOptions", {"marketType": "spot"})


@broken("a_base_and_a_peak_fleet", SURVIVE)
def base_smaller_than_a_zone(edit: Edit) -> None:
    sizes(edit, 1, 1, 6)


@broken("requests_per_target", (SURVIVE, VALID))
def label_the_wrong_way_round(edit: Edit) -> None:
    """The label is the balancer's suffix, then the target group's; here it is only the latter."""
    path = "targetTrackingConfiguration.predefinedMetricSpecification.resourceLabel"
    edit.set("requests", path, "targetgroup/web/73e2d6bc24d8a067/app/front/50dc6c495c0c9188")


@broken("plain_web_service", (SURVIVE, VALID), advisory=True)
def policy_of_another_group(edit: Edit) -> None:
    """The policy scales a group that is gone: nothing scales this one."""
    edit.set("cpu", "autoscalingGroupName", "web-fleet-2023")


@broken("containers_with_a_base_on_demand", SURVIVE)
def tasks_all_on_spot(edit: Edit) -> None:
    edit.set(
        "service", "capacityProviderStrategies", [{"capacityProvider": "FARGATE_SPOT", "weight": 1}]
    )


@broken("containers_with_a_base_on_demand", SURVIVE, engine=True)
def tasks_scale_down_to_one(edit: Edit) -> None:
    edit.set("scaled", "minCapacity", 1)


@broken("containers_on_fargate", (SURVIVE, DEPLOY))
def all_tasks_replaced_at_once(edit: Edit) -> None:
    edit.set("service", "deploymentMinimumHealthyPercent", 0)


@broken("containers_on_own_instances", SURVIVE, advisory=True)
def tasks_packed_on_few_hosts(edit: Edit) -> None:
    edit.set("service", "orderedPlacementStrategies", [{"type": "binpack", "field": "memory"}])


@broken("lambda_behind_the_balancer", SURVIVE)
def function_in_one_zone(edit: Edit) -> None:
    """Inside the VPC a function runs in the zones of its subnets."""
    edit.add(
        "function-group",
        "aws:ec2/securityGroup:SecurityGroup",
        {"vpcId": Ref("vpc"), "description": "function"},
    )
    edit.set(
        "function",
        "vpcConfig",
        {"subnetIds": [Ref("private-a")], "securityGroupIds": [Ref("function-group")]},
    )
    edit.add(
        "function-network",
        "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
        {
            "role": Ref("function-role", "name"),
            "policyArn": "arn:aws:iam::aws:policy/service-role/AWSLambdaVPCAccessExecutionRole",
        },
    )


@broken("a_tool_server_beside_the_fleet", SURVIVE, advisory=True, engine=True)
def fleet_that_starts_from_one_server(edit: Edit) -> None:
    """The user data holds the address of a single instance: it is lost with its zone."""
    edit.set("template", "userData", Ref("tools", "privateIp"))
