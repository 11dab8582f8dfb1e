"""What is refused in the call of a launch."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError

from region.machines.instance_types import INSTANCE_TYPES
from region.services.ec2 import launch_checks
from region.services.ec2.controller import InstancesController
from tests.region.fakes import FakePool

GIBIBYTE = 1024**3


def launch(aws, network, **settings):
    wanted = {
        "ImageId": network.image,
        "InstanceType": "t4g.nano",
        "SubnetId": network.subnets[0],
        "MinCount": 1,
        "MaxCount": 1,
    }
    return aws.ec2.run_instances(**wanted | settings)["Instances"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"InstanceType": "t9.nano"}, "Invalid value 't9.nano' for InstanceType"),
        ({"InstanceType": "t3.nano"}, "architecture 'x86_64' .* does not match .* 'arm64'"),
        ({"InstanceType": "m7g.metal"}, r"InsufficientInstanceCapacity.*this computer has"),
        (
            {"InstanceMarketOptions": {"MarketType": "spot"}},
            r"NotImplemented.*InstanceMarketOptions",
        ),
        ({"CpuOptions": {"CoreCount": 1, "ThreadsPerCore": 1}}, r"NotImplemented.*CpuOptions"),
        (
            {"Placement": {"Tenancy": "dedicated"}},
            r"NotImplemented.*Placement\.Tenancy \(other than default\)",
        ),
        (
            {"BlockDeviceMappings": [{"DeviceName": "/dev/xvda", "Ebs": {"VolumeSize": 7}}]},
            r"InvalidBlockDeviceMapping.*size 7GB is smaller than snapshot 'snap-\w+', expect size >= 8GB",
        ),
        (
            {"BlockDeviceMappings": [{"DeviceName": "/dev/xvda", "Ebs": {"VolumeSize": 20_000}}]},
            r"InvalidParameterValue.*size 20000GB is larger than 16000GB",
        ),
        ({"Placement": {"GroupName": "spread"}}, r"NotImplemented.*Placement\.GroupName"),
    ],
)
def test_what_cannot_be_launched_is_refused(aws, network, change, message):
    with pytest.raises(ClientError, match=message):
        launch(aws, network, **change)
    assert aws.ec2.describe_instances()["Reservations"] == []


def root_volume(aws, instance):
    device = aws.ec2.describe_instances(InstanceIds=[instance])["Reservations"][0]["Instances"][0]
    (mapping,) = device["BlockDeviceMappings"]
    (volume,) = aws.ec2.describe_volumes(VolumeIds=[mapping["Ebs"]["VolumeId"]])["Volumes"]
    return volume


@pytest.mark.parametrize(
    ("mappings", "size"),
    [
        ([], 8),
        ([{"DeviceName": "/dev/xvda", "Ebs": {"VolumeType": "gp3"}}], 8),
        ([{"DeviceName": "/dev/xvda", "Ebs": {"VolumeSize": 12, "VolumeType": "gp3"}}], 12),
    ],
)
def test_a_machine_gets_the_root_volume_that_ec2_describes(aws, network, plane, mappings, size):
    given = {"BlockDeviceMappings": mappings} if mappings else {}
    name = launch(aws, network, **given)[0]["InstanceId"]
    volume = root_volume(aws, name)
    assert (volume["Size"], volume["VolumeType"]) == (size, "gp3")
    controller = InstancesController(plane, FakePool())
    assert controller._spec(name).volume_gibibytes == size
    with pytest.raises(ClientError, match=r"InvalidParameterValue.*cannot be smaller"):
        aws.ec2.modify_volume(VolumeId=volume["VolumeId"], Size=size - 1)
    aws.ec2.modify_volume(VolumeId=volume["VolumeId"], Size=size + 2)
    assert controller._spec(name).volume_gibibytes == size + 2
    controller.close()


def test_an_ami_says_how_large_its_root_volume_is(aws, network):
    (image,) = aws.ec2.describe_images(ImageIds=[network.image])["Images"]
    (mapping,) = image["BlockDeviceMappings"]
    assert mapping["DeviceName"] == image["RootDeviceName"] == "/dev/xvda"
    assert (mapping["Ebs"]["VolumeSize"], mapping["Ebs"]["VolumeType"]) == (8, "gp3")


def test_as_many_are_launched_as_asked_for_and_a_token_launches_once(aws, network):
    first = launch(aws, network, MaxCount=2, ClientToken="once")
    assert len(first) == 2
    again = launch(aws, network, MaxCount=2, ClientToken="once")
    assert [one["InstanceId"] for one in again] == [one["InstanceId"] for one in first]


@pytest.mark.parametrize(
    "given",
    [
        {"SourceDestCheck": {"Value": False}},
        {"Attribute": "sourceDestCheck", "Value": "false"},
    ],
)
def test_an_instance_does_not_become_a_router(aws, network, given):
    name = launch(aws, network)[0]["InstanceId"]
    aws.ec2.modify_instance_attribute(InstanceId=name, SourceDestCheck={"Value": True})
    with pytest.raises(ClientError, match=r"NotImplemented.*SourceDestCheck"):
        aws.ec2.modify_instance_attribute(InstanceId=name, **given)


def template(aws, **data):
    aws.ec2.create_launch_template(LaunchTemplateName="one", LaunchTemplateData=data)


def test_a_template_may_ask_for_what_ec2_does_anyway(aws):
    template(
        aws,
        EnclaveOptions={"Enabled": False},
        HibernationOptions={"Configured": False},
        CapacityReservationSpecification={"CapacityReservationPreference": "open"},
        Placement={"Tenancy": "default"},
        NetworkInterfaces=[{"DeviceIndex": 0, "InterfaceType": "interface", "NetworkCardIndex": 0}],
    )


@pytest.mark.parametrize(
    ("data", "named"),
    [
        ({"EnclaveOptions": {"Enabled": True}}, r"LaunchTemplateData\.EnclaveOptions\.Enabled"),
        ({"InstanceMarketOptions": {"MarketType": "spot"}}, r"Data\.InstanceMarketOptions of"),
        ({"CpuOptions": {"CoreCount": 1}}, r"LaunchTemplateData\.CpuOptions"),
        ({"Placement": {"Tenancy": "host"}}, r"Placement\.Tenancy \(other than default\)"),
        ({"NetworkInterfaces": [{"Ipv6AddressCount": 1}]}, r"NetworkInterfaces\.Ipv6AddressCount"),
    ],
)
def test_a_template_with_what_would_be_ignored_is_refused(aws, data, named):
    with pytest.raises(ClientError, match=rf"NotImplemented.*{named}"):
        template(aws, **data)


@pytest.mark.parametrize(
    ("name", "cores", "gib", "fits"),
    [
        ("t4g.nano", 1, 1, True),
        ("m7g.large", 2, 8, True),
        ("m7g.large", 1, 8, False),
        ("m7g.large", 2, 7, False),
        ("t4g.2xlarge", 2, 64, False),
    ],
)
def test_a_type_is_at_most_as_large_as_the_computer(name, cores, gib, fits):
    found = launch_checks.beyond_this_computer(INSTANCE_TYPES[name], cores, gib * GIBIBYTE)
    assert (found == "") is fits


@pytest.mark.parametrize("call", ["create_volume", "create_flow_logs", "create_image"])
def test_calls_without_effect_are_refused(aws, call):
    given = {
        "create_volume": {"AvailabilityZone": "ap-northeast-2a", "Size": 1},
        "create_flow_logs": {"ResourceIds": ["vpc-1"], "ResourceType": "VPC"},
        "create_image": {"InstanceId": "i-0123456789abcdef0", "Name": "image"},
    }
    with pytest.raises(ClientError, match="NotImplemented"):
        getattr(aws.ec2, call)(**given[call])


def test_a_type_changes_while_the_instance_is_stopped_only(aws, network):
    [instance] = launch(aws, network)
    with pytest.raises(ClientError, match="IncorrectInstanceState"):
        aws.ec2.modify_instance_attribute(
            InstanceId=instance["InstanceId"], InstanceType={"Value": "t4g.micro"}
        )
    with pytest.raises(ClientError, match=r"NotImplemented.*EnaSupport"):
        aws.ec2.modify_instance_attribute(
            InstanceId=instance["InstanceId"], EnaSupport={"Value": True}
        )
