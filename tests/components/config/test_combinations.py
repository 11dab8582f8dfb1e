"""Settings that are valid on their own and impossible together."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.config import combinations
from components.config.combinations import check_region
from components.config.settings import Settings
from components.errors import ConfigurationError
from tests.components.config.configurations import (
    CERTIFICATE,
    SINGLE,
    configuration,
    read,
    rejection,
)

HALF = "CodeDeployDefault.HalfAtATime"


@pytest.mark.parametrize(
    ("changes", "parts"),
    [
        ({"minSize": "7"}, ["minSize 7", "desiredCapacity 6", "maxSize 9", "minSize <="]),
        ({"maxSize": "5"}, ["maxSize 5", "out of order"]),
        (
            {"machineImage": "/aws/service/x/al2023-ami-kernel-default-x86_64"},
            ["an image for x86_64", "t4g.nano is arm64", "arm64 counterpart"],
        ),
        (
            {"topology": "single", "deploymentConfig": HALF},
            ["deploymentConfig", "with one instance none is left", "CodeDeployDefault.AllAtOnce"],
        ),
        (
            {"healthCheckGracePeriod": "10"},
            ["healthCheckGracePeriod is 10", "healthy after 10 s at the earliest", "600"],
        ),
        ({"healthCheckGracePeriod": "4000"}, ["healthCheckGracePeriod is 4000", "at most 3600 s"]),
        (
            {"minSize": "1", "desiredCapacity": "1", "deploymentConfig": HALF},
            ["with one instance none is left"],
        ),
        (
            {"firstZoneMonitor": "199"},
            ["firstZoneMonitor is 199", "needs up to 240 s", "only 239 s", "set it to 200 or more"],
        ),
        (
            {"firstZoneMonitor": "0", "availabilityZoneCount": "2"},
            ["firstZoneMonitor is 0", "only 20 s", "set it to 220 or more"],
        ),
        (
            {"minSize": "1"},
            ["haproof:minSize is 1 in 3 zones", "0 are left to serve", "set it to 2 or more"],
        ),
        (
            {"minSize": "2", "minimumHealthyHosts": "66%"},
            [
                'minimumHealthyHosts is "66%"',
                "minSize 2",
                "66 % of 2 host(s) is 1.32, rounded up to 2",
                "at most 1 or 50%",
            ],
        ),
        (
            {"minimumHealthyHosts": "6"},
            ["minSize 6", "6 of 6 host(s)", "at most 5 or 83%"],
        ),
        (
            {"topology": "single", "minimumHealthyHosts": "1"},
            ["one instance", "1 of 1 host(s)", "at most 0 or 0%"],
        ),
        ({"certificateArn": CERTIFICATE}, [CERTIFICATE, "domainName is none", "to none"]),
        ({"hostedZoneId": "Z012345"}, ['hostedZoneId is "Z012345"', "domainName is none"]),
        (
            {"domainName": "www.example.com"},
            ['domainName is "www.example.com"', "no certificate", "haproof:hostedZoneId"],
        ),
        (
            {"domainName": "a.example.com", "hostedZoneId": "Z012345", "listenerPort": "443"},
            ["listenerPort is 443", '"a.example.com"', "to 80"],
        ),
        (
            {"instanceTypes": '["t4g.nano"]'},
            ['instanceTypes has "t4g.nano"', "already haproof:instanceType"],
        ),
        (
            {"instanceTypes": '["t3a.nano"]'},
            ['"t3a.nano" (x86_64)', "t4g.nano is arm64", "one architecture"],
        ),
        ({"instanceTypes": '["m7g.medium"]'}, ['"m7g.medium"', "credit mode", "one kind"]),
        ({"spotPercentage": "30"}, ["spotPercentage is 30", "instanceTypes is empty", "to 0"]),
        (
            {"vpcCidr": "10.20.0.0/23", "network": "nat", "maxSize": "30"},
            ['vpcCidr "10.20.0.0/23"', "network nat", "11 instances", "maxSize 30", "/22 or sh"],
        ),
        (
            {"vpcCidr": "10.20.0.0/23", "maxSize": "50"},
            ["network public", "19 instances", "puts 34 into each of 3 zones", "/22 or shorter"],
        ),
        *(
            ({**SINGLE, key: value}, [f"haproof:{key} is", "topology is single", "to ha"])
            for key, value in (
                ("network", "nat"),
                ("domainName", "www.example.com"),
                ("certificateArn", CERTIFICATE),
                ("hostedZoneId", "Z012345"),
                ("accessLogs", "true"),
                ("instanceTypes", '["t4g.micro"]'),
                ("spotPercentage", "5"),
            )
        ),
    ],
)
def test_a_rejection_names_key_value_and_remedy(changes, parts):
    message = rejection(**changes)
    for part in parts:
        assert part in message


@given(
    prefix=st.integers(16, 23),
    network=st.sampled_from(["public", "nat"]),
    zones=st.integers(2, 6),
    sizes=st.integers(2, 500),
)
def test_a_vpc_that_is_too_small_is_rejected_with_a_prefix_that_is_accepted(
    prefix, network, zones, sizes
):
    def problems(length):
        values = configuration(
            vpcCidr=f"10.20.0.0/{length}",
            network=network,
            availabilityZoneCount=str(zones),
            minSize="2",
            desiredCapacity="2",
            maxSize=str(sizes),
        )
        own = {key.removeprefix("haproof:"): value for key, value in values.items()}
        del own["aws:region"]
        return combinations.problems(Settings.model_validate(own))

    for message in problems(prefix):
        fitting = int(re.search(r"prefix of /(\d+)", message)[1])
        assert problems(fitting) == []
        assert problems(fitting + 1) != []


def test_one_instance_may_be_deployed_all_at_once():
    settings = read(topology="single", deploymentConfig="CodeDeployDefault.AllAtOnce")
    assert settings.instance_count == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"firstZoneMonitor": "200"},
        {"firstZoneMonitor": "220", "availabilityZoneCount": "2"},
        # How long their batches take is not known here; the pack advises.
        {"deploymentConfig": HALF},
        {"deploymentConfig": "CodeDeployDefault.OneAtATime"},
        {"deploymentConfig": "of-another-stack"},
        # Without a load balancer there is no alarm to wait for.
        {**SINGLE, "firstZoneMonitor": "0"},
    ],
)
def test_a_deployment_that_its_alarms_can_stop_is_accepted(changes):
    read(**changes)


def test_without_a_named_configuration_each_stack_has_a_fitting_one():
    assert read(topology="single").pace == "CodeDeployDefault.AllAtOnce"
    assert read(topology="single").zone_monitor is None
    assert str(read().pace) == "66%"
    assert str(read(availabilityZoneCount="2").pace) == "50%"
    # What is left of the smallest group without a zone can be deployed to as well.
    assert str(read(minSize="3").pace) == "50%"
    assert str(read(minSize="2").pace) == "50%"
    assert read().zone_monitor == 240
    assert str(read(minimumHealthyHosts="4").pace) == "4"
    assert read(deploymentConfig="mine").pace == "mine"
    assert read(deploymentConfig="mine").zone_monitor is None


def test_minimum_healthy_hosts_replace_a_named_configuration():
    settings = read(
        topology="single",
        minimumHealthyHosts="0",
        deploymentConfig="CodeDeployDefault.HalfAtATime",
    )
    assert settings.minimum_healthy_hosts is not None
    assert settings.minimum_healthy_hosts.value == 0
    assert read().minimum_healthy_hosts is None


def test_a_certificate_belongs_to_the_stacks_region():
    settings = read(domainName="www.example.com", certificateArn=CERTIFICATE)
    check_region(settings, "ap-northeast-2")
    with pytest.raises(ConfigurationError, match=r"certificateArn.*us-east-1.*its own Region"):
        check_region(settings, "us-east-1")


def test_the_smallest_vpc_still_holds_the_default_group():
    assert read(vpcCidr="10.20.0.0/23", network="nat").network == "nat"
