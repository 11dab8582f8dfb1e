"""EC2 instances: what is refused in the call, states, status checks, protection, network ACLs."""

from __future__ import annotations

import json
import urllib.request
from functools import partial
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.conformance.cloud import Cloud, Network
from tests.conformance.refusals import refused

PAGE = """#!/bin/bash
mkdir -p /srv/page
echo started >> /srv/page/starts
cd /srv/page && nohup python3 -m http.server 8080 >/dev/null 2>&1 &
"""
COMMANDS = """#!/bin/bash -e
mkdir -p /srv/page
ec2-metadata -i >> /srv/page/starts
hostnamectl set-hostname web01
hostname >> /srv/page/starts
timedatectl set-timezone Asia/Seoul
date +%Z >> /srv/page/starts
cat > /etc/systemd/system/page.service <<'END'
[Service]
User=nobody
WorkingDirectory=/srv/page
ExecStart=/usr/bin/env python3 -m http.server 80
AmbientCapabilities=CAP_NET_BIND_SERVICE
END
systemctl start page
"""
EACH_BOOT = """Content-Type: multipart/mixed; boundary="//"
MIME-Version: 1.0

--//
Content-Type: text/cloud-config; charset="us-ascii"

#cloud-config
bootcmd:
- mkdir -p /srv/page
- echo bootcmd >> /srv/page/log
cloud_final_modules:
- [scripts-user, always]

--//
Content-Type: text/x-shellscript; charset="us-ascii"

#!/bin/bash
curl --fail --silent http://169.254.169.254/latest/meta-data/instance-id >> /srv/page/log
echo >> /srv/page/log
cd /srv/page && nohup python3 -m http.server 8080 >/dev/null 2>&1 &

--//--
"""
METADATA = """#!/bin/bash
mkdir -p /srv/page
cat > /srv/ask.py <<'END'
import json, time, urllib.error, urllib.request

def ask(path, method="GET", **headers):
    url = "http://169.254.169.254/latest/" + path
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    try:
        asked = urllib.request.Request(url, None, named, method=method)
        with urllib.request.urlopen(asked, timeout=5) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, ""
    except OSError as error:
        return 0, str(error)

def token(seconds):
    return ask("api/token", "PUT", X_aws_ec2_metadata_token_ttl_seconds=str(seconds))

def name(token):
    return ask("meta-data/instance-id", X_aws_ec2_metadata_token=token)

short = token(1)[1]
found = {"without": ask("meta-data/instance-id"), "invalid": name("nonsense")}
found |= {"valid": name(token(60)[1]), "forever": token(21601)}
time.sleep(2)
print(json.dumps(found | {"expired": name(short)}))
END
python3 /srv/ask.py > /srv/page/found
cd /srv/page && nohup python3 -m http.server 8080 >/dev/null 2>&1 &
"""


def public(subnet: str, group: str) -> list[dict[str, Any]]:
    """Return the network interfaces of an instance with an address that everybody reaches."""
    return [
        {
            "DeviceIndex": 0,
            "SubnetId": subnet,
            "Groups": [group],
            "AssociatePublicIpAddress": True,
        }
    ]


def launch(cloud: Cloud, network: Network, **settings: Any) -> str:
    wanted: dict[str, Any] = {
        "ImageId": network.image,
        "InstanceType": "t4g.nano",
        "MinCount": 1,
        "MaxCount": 1,
        "NetworkInterfaces": public(network.subnets[0], network.group),
    }
    found = cloud.ec2.run_instances(**(wanted | settings))["Instances"][0]["InstanceId"]
    cloud.afterwards(cloud.ec2.terminate_instances, InstanceIds=[found])
    return found


def web_group(cloud: Cloud, network: Network) -> tuple[str, list[dict[str, Any]]]:
    """Create a security group that admits everybody on port 8080; return its id and its rules."""
    group = cloud.ec2.create_security_group(
        GroupName=cloud.name("web"), Description="x", VpcId=network.vpc
    )["GroupId"]
    cloud.afterwards(cloud.ec2.delete_security_group, GroupId=group)
    anybody = [{"CidrIp": "0.0.0.0/0"}]
    rule = [{"IpProtocol": "tcp", "FromPort": 8080, "ToPort": 8080, "IpRanges": anybody}]
    cloud.ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=rule)
    return group, rule


def look(cloud: Cloud, instance: str) -> dict[str, Any]:
    answer = cloud.ec2.describe_instances(InstanceIds=[instance])
    return answer["Reservations"][0]["Instances"][0]


def state(cloud: Cloud, instance: str) -> str:
    return look(cloud, instance)["State"]["Name"]


def becomes(cloud: Cloud, instance: str, wanted: str) -> None:
    cloud.until(lambda: state(cloud, instance) == wanted, 300, wanted)


def starts(address: str) -> str:
    """Return the page of an instance at a host and port; nothing if nobody answers."""
    try:
        with urllib.request.urlopen(f"http://{address}/starts", timeout=1) as answer:
            return answer.read().decode()
    except OSError:
        return ""


@pytest.mark.row("X-STOPAZ")
def test_types_that_cannot_be_launched_are_refused_in_the_call(
    cloud: Cloud, network: Network
) -> None:
    for change in (
        {"InstanceType": "t9.nano"},
        {"InstanceType": "t3.nano"},  # the image is for arm64
    ):
        with pytest.raises(ClientError, match="InvalidParameterValue"):
            launch(cloud, network, **change)


@pytest.mark.row("EC2-L01")
@pytest.mark.row("EC2-L02")
@pytest.mark.row("EC2-L03")
@pytest.mark.row("EC2-L04")
@pytest.mark.slow
def test_a_life(cloud: Cloud, network: Network) -> None:
    instance = launch(cloud, network, DisableApiTermination=True)
    becomes(cloud, instance, "running")

    def checks() -> str:
        answer = cloud.ec2.describe_instance_status(InstanceIds=[instance])["InstanceStatuses"]
        return answer[0]["InstanceStatus"]["Status"]

    assert checks() == "initializing"
    cloud.until(lambda: checks() == "ok", 600)
    before = look(cloud, instance)
    with pytest.raises(ClientError, match="OperationNotPermitted"):
        cloud.ec2.terminate_instances(InstanceIds=[instance])
    cloud.ec2.modify_instance_attribute(InstanceId=instance, DisableApiTermination={"Value": False})
    cloud.ec2.stop_instances(InstanceIds=[instance])
    becomes(cloud, instance, "stopped")
    stopped = look(cloud, instance)
    assert stopped["PrivateIpAddress"] == before["PrivateIpAddress"]
    assert "PublicIpAddress" not in stopped
    cloud.ec2.start_instances(InstanceIds=[instance])
    becomes(cloud, instance, "running")
    assert look(cloud, instance)["PrivateIpAddress"] == before["PrivateIpAddress"]
    cloud.ec2.terminate_instances(InstanceIds=[instance])
    becomes(cloud, instance, "terminated")
    cloud.pause(600)
    assert state(cloud, instance) == "terminated"
    cloud.ec2.terminate_instances(InstanceIds=[instance])


@pytest.mark.row("EC2-L05")
@pytest.mark.row("X-USERDATA")
@pytest.mark.row("X-NACL")
@pytest.mark.row("X-SG")
@pytest.mark.slow
def test_user_data_and_a_network_acl_that_denies_everything(cloud: Cloud, network: Network) -> None:
    group, rule = web_group(cloud, network)
    interfaces = public(network.subnets[1], group)
    instance = launch(cloud, network, NetworkInterfaces=interfaces, UserData=PAGE)
    becomes(cloud, instance, "running")
    page = partial(starts, f"{look(cloud, instance)['PublicIpAddress']}:8080")
    cloud.until(lambda: page() == "started\n", 300)
    acl = cloud.ec2.create_network_acl(VpcId=network.vpc)["NetworkAcl"]["NetworkAclId"]
    cloud.afterwards(cloud.ec2.delete_network_acl, NetworkAclId=acl)
    [kept] = cloud.ec2.describe_network_acls(
        Filters=[{"Name": "association.subnet-id", "Values": [network.subnets[1]]}]
    )["NetworkAcls"]
    [association] = [one for one in kept["Associations"] if one["SubnetId"] == network.subnets[1]]
    changed = cloud.ec2.replace_network_acl_association(
        AssociationId=association["NetworkAclAssociationId"], NetworkAclId=acl
    )["NewAssociationId"]
    cloud.until(lambda: not page(), 60, "the network ACL denies everything")
    cloud.ec2.replace_network_acl_association(
        AssociationId=changed, NetworkAclId=kept["NetworkAclId"]
    )
    cloud.until(lambda: page() == "started\n", 60)
    cloud.ec2.revoke_security_group_ingress(GroupId=group, IpPermissions=rule)
    cloud.until(lambda: not page(), 60, "the security group admits nobody")


# AL2023 has these commands; the network's security group admits everybody to all ports.
@pytest.mark.row("X-USERDATA")
@pytest.mark.row("X-SG")
@pytest.mark.slow
def test_commands_of_amazon_linux_and_a_group_that_admits_to_all_ports(
    cloud: Cloud, network: Network
) -> None:
    interfaces = public(network.subnets[1], network.group)
    instance = launch(cloud, network, NetworkInterfaces=interfaces, UserData=COMMANDS)
    becomes(cloud, instance, "running")
    page = partial(starts, look(cloud, instance)["PublicIpAddress"])
    found = cloud.until(page, 300).splitlines()
    assert found == [f"instance-id: {instance}", "web01", "KST"]


@pytest.mark.row("EC2-I01")
@pytest.mark.slow
def test_metadata_needs_a_token(cloud: Cloud, network: Network) -> None:
    for hops in (0, 65):
        with pytest.raises(ClientError, match="InvalidParameterValue"):
            launch(cloud, network, MetadataOptions={"HttpPutResponseHopLimit": hops})
    instance = launch(
        cloud,
        network,
        NetworkInterfaces=public(network.subnets[0], web_group(cloud, network)[0]),
        UserData=METADATA,
        MetadataOptions={"HttpTokens": "required"},
    )
    becomes(cloud, instance, "running")
    url = f"http://{look(cloud, instance)['PublicIpAddress']}:8080/found"

    def found() -> dict[str, list[Any]]:
        try:
            with urllib.request.urlopen(url, timeout=1) as answer:
                return json.load(answer)
        except (OSError, ValueError):
            return {}

    told = cloud.until(found, 300)
    assert told["valid"] == [200, instance]
    assert {name: status for name, (status, _) in told.items()} == {
        "without": 401,
        "invalid": 401,
        "valid": 200,
        "forever": 400,
        "expired": 401,
    }


# Knowledge center, "Run user data at every start"; EC2 UG, "Instance metadata options", HttpTokens.
@pytest.mark.row("EC2-I01")
@pytest.mark.row("X-USERDATA")
@pytest.mark.slow
def test_what_runs_at_each_boot_and_reads_metadata_without_a_token(
    cloud: Cloud, network: Network
) -> None:
    instance = launch(
        cloud,
        network,
        NetworkInterfaces=public(network.subnets[0], web_group(cloud, network)[0]),
        UserData=EACH_BOOT,
        MetadataOptions={"HttpTokens": "optional"},
    )

    def log() -> list[str]:
        url = f"http://{look(cloud, instance)['PublicIpAddress']}:8080/log"
        try:
            with urllib.request.urlopen(url, timeout=1) as answer:
                return answer.read().decode().split()
        except OSError:
            return []

    becomes(cloud, instance, "running")
    assert look(cloud, instance)["MetadataOptions"]["HttpTokens"] == "optional"
    once = cloud.until(log, 300)
    assert once == ["bootcmd", instance]
    cloud.ec2.stop_instances(InstanceIds=[instance])
    becomes(cloud, instance, "stopped")
    cloud.ec2.start_instances(InstanceIds=[instance])
    becomes(cloud, instance, "running")
    assert cloud.until(log, 300) == once * 2


# EC2 UG, "Order of precedence for instance metadata options": the image's `imds-support: v2.0`.
@pytest.mark.row("EC2-I01")
def test_amazon_linux_2023_needs_tokens_by_default(cloud: Cloud, network: Network) -> None:
    options = look(cloud, launch(cloud, network))["MetadataOptions"]
    assert (options["HttpTokens"], options["HttpPutResponseHopLimit"]) == ("required", 2)


@pytest.mark.row("X-launches")
def test_what_no_launch_takes(cloud: Cloud, network: Network) -> None:
    run = cloud.ec2.run_instances
    wanted: dict[str, Any] = {
        "ImageId": network.image,
        "InstanceType": "t4g.nano",
        "MinCount": 1,
        "MaxCount": 1,
        "SubnetId": network.subnets[0],
    }
    reserved = [{"ResourceType": "instance", "Tags": [{"Key": "aws:x", "Value": "y"}]}]
    for wrong, code in (
        ({"MinCount": 3, "MaxCount": 2}, "InvalidParameterValue"),
        ({"KeyName": "none"}, "InvalidKeyPair.NotFound"),
        ({"IamInstanceProfile": {"Name": "none"}}, "InvalidParameterValue"),
        ({"CreditSpecification": {"CpuCredits": "bogus"}}, "InvalidParameterValue"),
        ({"TagSpecifications": reserved}, "InvalidParameterValue"),
        ({"Placement": {"AvailabilityZone": network.zones[1]}}, "InvalidParameterValue"),
        ({"MetadataOptions": {"HttpTokens": "bogus"}}, "InvalidParameterValue"),
        ({"SecurityGroupIds": ["sg-0123456789abcdef0"]}, "InvalidGroup.NotFound"),
    ):
        assert refused(run, **(wanted | wrong)) == code


@pytest.mark.row("X-launches")
def test_a_launch_is_repeated_with_its_token(cloud: Cloud, network: Network) -> None:
    token = cloud.name("token")
    instance = launch(cloud, network, ClientToken=token)
    assert launch(cloud, network, ClientToken=token) == instance
    other = {"ClientToken": token, "InstanceType": "t4g.micro"}
    with pytest.raises(ClientError, match="IdempotentParameterMismatch"):
        launch(cloud, network, **other)
    options = cloud.ec2.modify_instance_metadata_options
    assert refused(options, InstanceId=instance, HttpPutResponseHopLimit=65) == (
        "InvalidParameterValue"
    )
    subnet = cloud.ec2.describe_instances(InstanceIds=[instance])["Reservations"][0]["Instances"][0]
    assert refused(cloud.ec2.delete_subnet, SubnetId=subnet["SubnetId"]) == "DependencyViolation"
    cloud.ec2.terminate_instances(InstanceIds=[instance])
    for call in (cloud.ec2.start_instances, cloud.ec2.stop_instances):
        assert refused(call, InstanceIds=[instance]) == "IncorrectInstanceState"


@pytest.mark.row("X-launches")
def test_a_template_is_created_once(cloud: Cloud) -> None:
    name, token = cloud.name("once"), cloud.name("token")
    wanted = {
        "LaunchTemplateName": name,
        "LaunchTemplateData": {"InstanceType": "t4g.nano"},
        "ClientToken": token,
    }
    create = cloud.ec2.create_launch_template
    first, second = (create(**wanted)["LaunchTemplate"]["LaunchTemplateId"] for _ in range(2))
    cloud.afterwards(cloud.ec2.delete_launch_template, LaunchTemplateId=first)
    assert first == second
    other = {**wanted, "LaunchTemplateData": {"InstanceType": "t4g.micro"}}
    assert refused(create, **other) == "IdempotentParameterMismatch"
    assert refused(create, **{**wanted, "ClientToken": f"{token}2"}) == (
        "InvalidLaunchTemplateName.AlreadyExistsException"
    )
    assert refused(create, **{**wanted, "LaunchTemplateName": "a b", "ClientToken": "x"}) == (
        "InvalidLaunchTemplateName.MalformedException"
    )
