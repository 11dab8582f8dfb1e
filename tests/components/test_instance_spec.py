"""Instance types, and what every instance of both stacks has in common."""

from __future__ import annotations

import pytest

from components.instance_spec import architecture_of, is_burstable


@pytest.mark.parametrize(
    ("instance_type", "architecture"),
    [
        ("t4g.nano", "arm64"),
        ("m7gd.large", "arm64"),
        ("c6gn.xlarge", "arm64"),
        ("a1.medium", "arm64"),
        ("t3.nano", "x86_64"),
        ("t3a.nano", "x86_64"),
        ("g5.xlarge", "x86_64"),
        ("m5.metal", "x86_64"),
        ("c7i-flex.large", "x86_64"),
    ],
)
def test_the_architecture_follows_from_the_name(instance_type, architecture):
    assert architecture_of(instance_type) == architecture


def test_burstable_types():
    assert is_burstable("t4g.nano")
    assert is_burstable("t3a.small")
    assert not is_burstable("m7g.medium")
    assert not is_burstable("nonsense")


def test_instance_metadata_needs_a_token_and_stays_on_the_instance(single, ha):
    for resource in (
        single.one("aws:ec2/instance:Instance"),
        ha.one("aws:ec2/launchTemplate:LaunchTemplate"),
    ):
        assert resource.inputs["metadataOptions"] == {
            "httpEndpoint": "enabled",
            "httpTokens": "required",
            "httpPutResponseHopLimit": 1,
        }


def test_volumes_are_encrypted(single, ha):
    assert single.one("aws:ec2/instance:Instance").inputs["rootBlockDevice"]["encrypted"] is True
    (mapping,) = ha.one("aws:ec2/launchTemplate:LaunchTemplate").inputs["blockDeviceMappings"]
    assert mapping["ebs"]["encrypted"] == "true"
    assert mapping["ebs"]["volumeType"] == "gp3"


def test_instances_boot_only_once_they_have_routes_and_permissions(either):
    kinds = ("aws:ec2/instance:Instance", "aws:autoscaling/group:Group")
    (launcher,) = [r for kind in kinds for r in either.of(kind)]
    needed = [
        either.one("aws:ec2/route:Route"),
        *either.of("aws:iam/rolePolicy:RolePolicy"),
        *(
            r
            for r in either.of("aws:ec2/routeTableAssociation:RouteTableAssociation")
            if "public" in r.name
        ),
    ]
    assert {r.urn for r in needed} <= set(launcher.dependencies)


def test_the_credit_mode_is_explicit_and_the_same_in_both_stacks(single, ha):
    instance = single.one("aws:ec2/instance:Instance").inputs
    template = ha.one("aws:ec2/launchTemplate:LaunchTemplate").inputs
    assert instance["creditSpecification"] == {"cpuCredits": "standard"}
    assert template["creditSpecification"] == instance["creditSpecification"]


def test_types_without_credits_get_no_credit_mode(build):
    template = build("ha", instanceType="m7g.medium").one("aws:ec2/launchTemplate:LaunchTemplate")
    assert "creditSpecification" not in template.inputs
