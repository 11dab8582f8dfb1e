"""Types and bounds of configuration values, and what is derived from them."""

from __future__ import annotations

import pytest

from components.config.settings import Settings
from tests.components.config.configurations import (
    CERTIFICATE,
    SCHEMA,
    SINGLE,
    read,
    rejection,
)


def test_strings_become_typed_values():
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


def test_settings_are_immutable():
    with pytest.raises(Exception, match="frozen"):
        read().min_size = 1


@pytest.mark.parametrize(
    ("changes", "parts"),
    [
        ({"topology": "tripple"}, ['haproof:topology "tripple"', "'single' or 'ha'"]),
        ({"minSize": "many"}, ['haproof:minSize "many"', "is not a whole number"]),
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
        (
            {"loadProfile": "huge"},
            ['loadProfile "huge" is not a load: choose seed, quick', "such as `ramp 5:125:300s"],
        ),
        ({"loadProfile": ""}, ['loadProfile "" is not a load']),
        (
            {"loadProfile": "ramp 5:x:300s"},
            ["\"ramp 5:x:300s\" is not a load that can be run: ramp 5:x:300s: 'x' is not a number"],
        ),
        ({"loadProfile": "hold 5:9s hold"}, ["hold : '' is not a duration in whole seconds"]),
        ({"loadProfile": "hold 60s"}, ["no phase before it", "write `hold 50:60s`"]),
        ({"appPath": " "}, ["haproof:appPath", "appspec.yml"]),
        ({"machineImage": "ubuntu"}, ['machineImage "ubuntu"', "use latest"]),
        (
            {"deploymentConfig": "CodeDeployDefault.ECSAllAtOnce"},
            ["another compute platform", "CodeDeployDefault.OneAtATime"],
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
    ],
)
def test_a_rejection_names_key_value_and_remedy(changes, parts):
    message = rejection(**changes)
    for part in parts:
        assert part in message


def test_the_alarm_address_is_optional():
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
    assert read(loadProfile="hold 5:9s").digest() != read(loadProfile="hold 5:8s").digest()
    assert read(releaseOnUp="false").digest() == digest
    assert read(appPath="elsewhere").digest() == digest
    # Who is notified of alarms is no reason to load the stack again.
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


def test_a_domain_adds_the_https_port():
    settings = read(domainName="www.example.com", certificateArn=CERTIFICATE)
    assert settings.listener_ports == (80, 443)
    assert read(**SINGLE).listener_ports == ()


def test_a_load_in_words_has_one_spelling():
    settings = read(loadProfile=" ramp 5:125:300s hold  60s,")
    assert settings.load_profile == "ramp 5:125:300s, hold 60s"
    assert read(loadProfile=settings.load_profile).digest() == settings.digest()
    assert read(loadProfile="script").load_profile == "script"
