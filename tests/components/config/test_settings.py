"""Configuration values: what is accepted, and that each refusal names key, value and remedy."""

from pathlib import Path

import pytest
import yaml

from components.config.combinations import check_region
from components.config.loader import settings_from
from components.config.settings import Settings
from components.errors import ConfigurationError

ROOT = Path(__file__).resolve().parents[3]
SCHEMA = yaml.safe_load((ROOT / "Pulumi.yaml").read_text(encoding="utf-8"))["config"]


CERTIFICATE = "arn:aws:acm:ap-northeast-2:123456789012:certificate/" + "0" * 36
SINGLE = {"topology": "single", "deploymentConfig": "CodeDeployDefault.AllAtOnce"}


def configuration(**changes):
    """The HA stack's keys as the engine hands them over: texts only."""
    values = {key: str(entry["default"]) for key, entry in SCHEMA.items() if "default" in entry}
    values |= {"haproof:topology": "ha", "haproof:vpcCidr": "10.20.0.0/16", "aws:region": "x"}
    return {**values, **{f"haproof:{key}": value for key, value in changes.items()}}


def read(**changes):
    return settings_from(configuration(**changes), "haproof")


def refusal(**changes):
    with pytest.raises(ConfigurationError) as raised:
        read(**changes)
    return str(raised.value)


def test_texts_become_typed_values():
    settings = read(databaseMultiAz="true", minSize="3")
    assert settings.database_multi_az is True
    assert settings.min_size == 3
    assert settings.instance_count == 6


def test_the_schema_and_the_settings_name_the_same_keys_with_the_same_types():
    fields = {field.alias: field for field in Settings.model_fields.values()}
    assert {key.removeprefix("haproof:") for key in SCHEMA} == set(fields)
    names = {bool: "boolean", int: "integer", tuple[str, ...]: "array"}
    for key, entry in SCHEMA.items():
        annotation = fields[key.removeprefix("haproof:")].annotation
        assert entry["type"] == names.get(annotation, "string"), key
        assert entry["description"]


def test_settings_cannot_be_changed_afterwards():
    with pytest.raises(Exception, match="frozen"):
        read().min_size = 1


@pytest.mark.parametrize(
    ("changes", "parts"),
    [
        ({"minSizes": "3"}, ['"haproof:minSizes"', 'mean "haproof:minSize"', "pulumi config rm"]),
        ({"colour": "red"}, ['"haproof:colour"', "valid keys are", "vpcCidr"]),
        ({"topology": "tripple"}, ['haproof:topology "tripple"', "'single' or 'ha'"]),
        ({"minSize": "7"}, ["minSize 7", "desiredCapacity 6", "maxSize 9", "minSize <="]),
        ({"maxSize": "5"}, ["maxSize 5", "out of order"]),
        ({"minSize": "many"}, ['haproof:minSize "many"', "valid integer"]),
        ({"minSize": "0"}, ['haproof:minSize "0"', "greater than or equal to 1"]),
        ({"availabilityZoneCount": "1"}, ['availabilityZoneCount "1"', "equal to 2"]),
        ({"vpcCidr": "10.20.0.0/25"}, ['vpcCidr "10.20.0.0/25"', "from /16 to /23"]),
        ({"vpcCidr": "10.20.0.1/16"}, ['vpcCidr "10.20.0.1/16"', "host bits"]),
        ({"vpcCidr": "8.8.0.0/16"}, ['vpcCidr "8.8.0.0/16"', "not a private range"]),
        ({"healthPath": "health"}, ['healthPath "health"', "start it with /"]),
        ({"healthPath": "/a b"}, ['healthPath "/a b"', "leave out spaces"]),
        ({"appPort": "70000"}, ['appPort "70000"', "less than or equal to 65535"]),
        ({"instanceType": "nano"}, ['instanceType "nano"', "like t4g.nano"]),
        ({"databaseClass": "t4g.micro"}, ['databaseClass "t4g.micro"', "like db.t4g.micro"]),
        ({"databaseEngineVersion": "9.6"}, ['databaseEngineVersion "9.6"', "such as 18"]),
        ({"cpuCredits": "free"}, ['cpuCredits "free"', "'standard' or 'unlimited'"]),
        ({"loadProfile": "huge"}, ['loadProfile "huge"', "'quick'"]),
        ({"appPath": " "}, ["haproof:appPath", "appspec.yml"]),
        ({"machineImage": "ubuntu"}, ['machineImage "ubuntu"', "use latest"]),
        (
            {"machineImage": "/aws/service/x/al2023-ami-kernel-default-x86_64"},
            ["an image for x86_64", "t4g.nano is arm64", "arm64 counterpart"],
        ),
        (
            {"deploymentConfig": "CodeDeployDefault.ECSAllAtOnce"},
            ["another compute platform", "CodeDeployDefault.OneAtATime"],
        ),
        (
            {"topology": "single"},
            ["deploymentConfig", "with one instance none is left", "CodeDeployDefault.AllAtOnce"],
        ),
        ({"minSize": "1", "desiredCapacity": "1"}, ["with one instance none is left"]),
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
        ({"minimumHealthyHosts": "most"}, ['minimumHealthyHosts "most"', "like 4 or 66%"]),
        ({"minimumHealthyHosts": "120%"}, ['minimumHealthyHosts "120%"', "below 100%"]),
        ({"alarmEmail": "ops"}, ['alarmEmail "ops"', "you@example.org"]),
        ({"monthlyBudget": "-5"}, ['monthlyBudget "-5"', "greater than or equal to 0"]),
        ({"logRetention": "31"}, ['logRetention "31"', "the nearest is 30"]),
        ({"databaseClass": "db.q9.large"}, ['databaseClass "db.q9.large"', "db.t, db.m"]),
        ({"network": "vpn"}, ['haproof:network "vpn"', "'public' or 'nat'"]),
        (
            {"domainName": "https://x.example.com"},
            ['haproof:domainName "https://x.example.com"', "without https://", "or none"],
        ),
        ({"domainName": "localhost"}, ['"localhost"', "like www.example.com"]),
        ({"certificateArn": "arn:aws:iam::1:server-certificate/x"}, ["certificateArn", "from ACM"]),
        ({"hostedZoneId": "example.com"}, ['hostedZoneId "example.com"', "Route 53"]),
        ({"instanceTypes": "t4g.micro"}, ['instanceTypes "t4g.micro"', '["t4g.micro"]']),
        ({"instanceTypes": '["nano"]'}, ["haproof:instanceTypes", "like t4g.nano"]),
        (
            {"instanceTypes": '["t4g.micro", "t4g.micro"]'},
            ["haproof:instanceTypes", "lists a type twice"],
        ),
        ({"spotPercentage": "101"}, ['spotPercentage "101"', "equal to 100"]),
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
def test_a_refusal_names_key_value_and_remedy(changes, parts):
    message = refusal(**changes)
    for part in parts:
        assert part in message


def test_all_problems_are_told_at_once():
    message = refusal(minSize="none", healthPath="x", vpcCidr="y")
    assert len(message.splitlines()) == 3


def test_a_missing_value_is_told_with_the_command_that_sets_it():
    config = configuration()
    del config["haproof:vpcCidr"]
    with pytest.raises(ConfigurationError, match=r"haproof:vpcCidr is not set; .*config set"):
        settings_from(config, "haproof")


def test_a_misspelt_namespace_is_found():
    with pytest.raises(ConfigurationError, match=r'"haprof:minSize".*mean "haproof:minSize"'):
        settings_from({**configuration(), "haprof:minSize": "3"}, "haproof")


def test_other_namespaces_are_left_alone():
    settings_from({**configuration(), "aws:profile": "me", "pulumi:tags": "{}"}, "haproof")


def test_one_instance_may_be_deployed_all_at_once():
    settings = read(topology="single", deploymentConfig="CodeDeployDefault.AllAtOnce")
    assert settings.instance_count == 1


def test_a_minimum_of_healthy_hosts_takes_the_place_of_a_named_configuration():
    settings = read(
        topology="single",
        minimumHealthyHosts="0",
        deploymentConfig="CodeDeployDefault.HalfAtATime",
    )
    assert settings.minimum_healthy_hosts is not None
    assert settings.minimum_healthy_hosts.value == 0
    assert read().minimum_healthy_hosts is None


def test_an_address_is_none_until_it_is_given():
    assert read().alarm_email is None
    assert read(alarmEmail="ops@example.org").alarm_email == "ops@example.org"


@pytest.mark.parametrize(
    ("instance_type", "suffix"), [("t4g.nano", "arm64"), ("t3a.nano", "x86_64")]
)
def test_the_image_follows_the_architecture(instance_type, suffix):
    settings = read(instanceType=instance_type)
    assert settings.image_parameter.endswith(f"al2023-ami-kernel-default-{suffix}")
    assert not settings.pinned_image


def test_an_image_id_needs_no_parameter():
    settings = read(machineImage="ami-0123456789abcdef0")
    assert settings.image_parameter is None
    assert settings.pinned_image


def test_the_digest_changes_with_what_is_built_and_with_nothing_else():
    digest = read().digest()
    assert read(maxSize="12").digest() != digest
    assert read(loadProfile="quick").digest() != digest
    assert read(releaseOnUp="false").digest() == digest
    assert read(appPath="elsewhere").digest() == digest
    # Who is told of alarms is no reason to load the stack again.
    assert read(alarmEmail="ops@example.org", monthlyBudget="9").digest() == digest
    assert read(minimumHealthyHosts="4").digest() != digest


def test_options_are_off_by_default():
    settings = read()
    assert settings.domain_name is None
    assert settings.certificate_arn is None
    assert settings.hosted_zone_id is None
    assert settings.instance_types == ()
    assert settings.listener_ports == (80,)


def test_a_list_arrives_as_json_text():
    settings = read(instanceTypes='["t4g.micro", "t4g.small"]', spotPercentage="40")
    assert settings.instance_types == ("t4g.micro", "t4g.small")
    assert settings.spot_percentage == 40


def test_a_domain_opens_the_port_of_https_too():
    settings = read(domainName="www.example.com", certificateArn=CERTIFICATE)
    assert settings.listener_ports == (80, 443)
    assert read(**SINGLE).listener_ports == ()


def test_a_certificate_belongs_to_the_stacks_region():
    settings = read(domainName="www.example.com", certificateArn=CERTIFICATE)
    check_region(settings, "ap-northeast-2")
    with pytest.raises(ConfigurationError, match=r"certificateArn.*us-east-1.*its own Region"):
        check_region(settings, "us-east-1")


def test_the_smallest_network_still_holds_the_default_fleet():
    assert read(vpcCidr="10.20.0.0/23", network="nat").network == "nat"
