from __future__ import annotations

import base64
import threading
import time
from ipaddress import ip_address, ip_network

import pytest
from botocore.exceptions import ClientError

from region.loopback.addresses import loopback_of
from region.reconcile import ControllerLoop
from region.services.ec2 import placement
from region.services.ec2.controller import InstancesController
from region.services.ec2.instances import STOPPED, set_state, user_data_of
from tests.patience import PATIENCE
from tests.region.fakes import trust_of


@pytest.fixture
def loop(plane, pool):
    loop = ControllerLoop(plane, [InstancesController(plane, pool)], tick=0.05)
    loop.start()
    yield loop
    loop.stop()


def run(aws, network, **settings):
    wanted = {
        "ImageId": network.image,
        "InstanceType": "t4g.nano",
        "SubnetId": network.subnets[0],
        "MinCount": 1,
        "MaxCount": 1,
    }
    return aws.ec2.run_instances(**wanted | settings)["Instances"][0]


def look(aws, instance_id):
    found = aws.ec2.describe_instances(InstanceIds=[instance_id])
    return found["Reservations"][0]["Instances"][0]


def until(condition, timeout=PATIENCE):
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        if condition():
            return
        time.sleep(0.02)
    raise AssertionError("the condition did not come true in time")


def state(aws, instance_id):
    return look(aws, instance_id)["State"]["Name"]


@pytest.mark.parametrize("cidr", ["100.64.0.0/16", "10.239.0.0/16", "172.31.0.0/16"])
def test_vpcs_that_cannot_be_mapped_to_the_loopback_device_are_rejected(aws, cidr):
    with pytest.raises(ClientError) as refused:
        aws.ec2.create_vpc(CidrBlock=cidr)
    assert refused.value.response["Error"]["Code"] == "InvalidVpc.Range"
    assert cidr in refused.value.response["Error"]["Message"]


def test_a_second_vpc_may_not_overlap(aws, network):
    with pytest.raises(ClientError, match=r"InvalidVpc\.Range.*another VPC"):
        aws.ec2.create_vpc(CidrBlock="10.20.0.0/20")
    aws.ec2.create_vpc(CidrBlock="10.10.0.0/16")


def test_addresses_are_unique_in_the_subnet_and_never_reserved_ones(aws, network):
    small = aws.ec2.create_subnet(VpcId=network.vpc, CidrBlock="10.20.9.0/28")["Subnet"]
    instances = aws.ec2.run_instances(
        ImageId=network.image,
        InstanceType="t4g.nano",
        SubnetId=small["SubnetId"],
        MinCount=11,
        MaxCount=11,
    )["Instances"]
    addresses = {instance["PrivateIpAddress"] for instance in instances}
    assert addresses == {f"10.20.9.{n}" for n in range(4, 15)}
    with pytest.raises(ClientError, match="InsufficientFreeAddressesInSubnet"):
        run(aws, network, SubnetId=small["SubnetId"])


def test_a_full_subnet_has_no_address_for_a_load_balancer_either(aws, network, plane):
    small = aws.ec2.create_subnet(VpcId=network.vpc, CidrBlock="10.20.9.0/28")["Subnet"]
    with plane.lock:
        subnet = plane.backend("ec2").get_subnet(small["SubnetId"])
        taken = [placement.claim(subnet, "balancer") for _ in range(11)]
        assert set(taken) == {f"10.20.9.{n}" for n in range(4, 15)}
        with pytest.raises(placement.PlacementError, match=r"10\.20\.9\.0/28.*larger block"):
            placement.claim(subnet, "balancer")


def test_a_public_address_is_the_private_ones_loopback_twin(aws, network):
    instance = run(aws, network)
    assert instance["PublicIpAddress"] == loopback_of(instance["PrivateIpAddress"])
    assert instance["PublicDnsName"] == instance["PublicIpAddress"]
    aws.ec2.modify_subnet_attribute(
        SubnetId=network.subnets[1], MapPublicIpOnLaunch={"Value": False}
    )
    assert "PublicIpAddress" not in run(aws, network, SubnetId=network.subnets[1])


def test_an_instance_runs_when_its_machine_has_booted(aws, network, pool, loop):
    instance = run(aws, network, UserData="#cloud-config\nruncmd: []\n")
    assert instance["State"]["Name"] == "pending"
    name = instance["InstanceId"]
    until(lambda: state(aws, name) == "running")
    spec = pool.machines[name].spec
    assert spec.user_data == b"#cloud-config\nruncmd: []\n"
    assert spec.private_ip == instance["PrivateIpAddress"]
    assert spec.public_ip == loopback_of(spec.private_ip)
    assert ip_address(spec.private_ip) in ip_network(spec.subnet)
    assert spec.availability_zone == "ap-northeast-2a"

    def checks():
        found = aws.ec2.describe_instance_status(InstanceIds=[name])["InstanceStatuses"][0]
        return found["InstanceStatus"]["Status"]

    assert checks() == "initializing"
    until(lambda: checks() == "ok")
    console = aws.ec2.get_console_output(InstanceId=name)["Output"]
    assert "booted" in console


def test_machines_boot_in_parallel(aws, network, pool, loop):
    together = threading.Barrier(4, timeout=PATIENCE)
    pool.prepare = lambda machine: setattr(machine, "hangs", _Wait(together))
    names = [run(aws, network)["InstanceId"] for _ in range(4)]
    until(lambda: all(state(aws, name) == "running" for name in names), 10)
    assert not together.broken


class _Wait:
    def __init__(self, barrier):
        self.barrier = barrier

    def wait(self, _timeout):
        self.barrier.wait()


def test_a_failed_boot_leaves_it_pending_impaired_and_explained(aws, network, pool, loop):
    pool.prepare = lambda machine: setattr(machine, "fails", True)
    name = run(aws, network)["InstanceId"]

    def impaired():
        found = aws.ec2.describe_instance_status(InstanceIds=[name], IncludeAllInstances=True)
        return found["InstanceStatuses"][0]["InstanceStatus"]["Status"] == "impaired"

    until(impaired)
    time.sleep(0.3)
    assert state(aws, name) == "pending"
    assert "exited with 3" in aws.ec2.get_console_output(InstanceId=name)["Output"]
    assert pool.launched == [name]  # no hot loop


def test_termination_goes_through_shutting_down_and_frees_everything(aws, network, pool, loop):
    instance = run(aws, network)
    name = instance["InstanceId"]
    until(lambda: state(aws, name) == "running")
    answer = aws.ec2.terminate_instances(InstanceIds=[name])["TerminatingInstances"][0]
    assert answer["CurrentState"]["Name"] == "shutting-down"
    assert answer["PreviousState"]["Name"] == "running"
    until(lambda: state(aws, name) == "terminated")
    assert pool.terminated == [name]
    assert aws.ec2.describe_network_interfaces()["NetworkInterfaces"] == []
    assert aws.ec2.describe_volumes()["Volumes"] == []
    found = look(aws, name)
    gone = ("PrivateIpAddress", "PublicIpAddress", "SubnetId", "VpcId", "IamInstanceProfile")
    assert [member for member in gone if member in found] == []
    empty = ("BlockDeviceMappings", "NetworkInterfaces", "SecurityGroups")
    assert [member for member in empty if found[member]] == []
    assert found.get("PrivateDnsName", "") == found.get("PublicDnsName", "") == ""
    assert found["Placement"]["AvailabilityZone"] == instance["Placement"]["AvailabilityZone"]
    in_subnet = [{"Name": "subnet-id", "Values": [instance["SubnetId"]]}]
    assert aws.ec2.describe_instances(Filters=in_subnet)["Reservations"] == []
    again = aws.ec2.terminate_instances(InstanceIds=[name])["TerminatingInstances"][0]
    assert again["PreviousState"]["Name"] == "terminated"


def test_an_instance_terminated_while_it_boots_leaves_no_machine(aws, network, pool, loop):
    release = threading.Event()
    pool.prepare = lambda machine: setattr(machine, "hangs", release)
    name = run(aws, network)["InstanceId"]
    until(lambda: name in pool.machines)
    aws.ec2.terminate_instances(InstanceIds=[name])
    until(lambda: state(aws, name) == "terminated")
    release.set()
    time.sleep(0.3)
    assert pool.machines == {}
    assert state(aws, name) == "terminated"


def test_terminated_records_are_forgotten_after_an_hour_of_the_regions_clock(
    make_plane, clients_of, network_of, pool
):
    plane = make_plane(speed=1000.0)
    aws = clients_of(plane.endpoint)
    network = network_of(aws)
    loop = ControllerLoop(plane, [InstancesController(plane, pool)], tick=0.05)
    loop.start()
    try:
        name = run(aws, network)["InstanceId"]
        until(lambda: state(aws, name) == "running")
        aws.ec2.terminate_instances(InstanceIds=[name])
        until(lambda: state(aws, name) == "terminated")
        until(lambda: aws.ec2.describe_instances()["Reservations"] == [])
    finally:
        loop.stop()


def test_after_a_restart_machines_boot_again_from_their_disks(
    make_plane, clients_of, network_of, pool
):
    plane = make_plane()
    aws = clients_of(plane.endpoint)
    loop = ControllerLoop(plane, [InstancesController(plane, pool)], tick=0.05)
    loop.start()
    name = run(aws, network_of(aws))["InstanceId"]
    until(lambda: state(aws, name) == "running")
    loop.stop()
    plane.stop()
    plane = make_plane()
    loop = ControllerLoop(plane, [InstancesController(plane, pool)], tick=0.05)
    loop.start()
    try:
        until(lambda: pool.machines[name].boots == 2)
        assert state(clients_of(plane.endpoint), name) == "running"
    finally:
        loop.stop()


def test_stop_and_start(aws, network, pool, loop):
    name = run(aws, network)["InstanceId"]
    until(lambda: state(aws, name) == "running")
    aws.ec2.stop_instances(InstanceIds=[name])
    until(lambda: state(aws, name) == "stopped")
    assert pool.stopped == [name]
    aws.ec2.start_instances(InstanceIds=[name])
    until(lambda: state(aws, name) == "running")
    assert pool.machines[name].boots == 2


def test_a_stopped_instance_starts_with_changed_user_data(aws, network, plane):
    instance_id = run(aws, network, UserData="#cloud-config\n")["InstanceId"]
    with plane.lock:
        set_state(plane.backend("ec2").get_instance(instance_id), STOPPED)
    aws.ec2.modify_instance_attribute(
        InstanceId=instance_id, UserData={"Value": b"#cloud-config\nruncmd: []\n"}
    )
    with plane.lock:
        instance = plane.backend("ec2").get_instance(instance_id)
        assert user_data_of(instance) == b"#cloud-config\nruncmd: []\n"


def test_user_data_over_16_kib_before_base64_is_refused(aws, network):
    data = {"UserData": base64.b64encode(b"#" * 16_385).decode()}
    calls = (
        lambda: run(aws, network, UserData=b"#" * 16_385),
        lambda: aws.ec2.create_launch_template(LaunchTemplateName="big", LaunchTemplateData=data),
    )
    for call in calls:
        with pytest.raises(ClientError, match=r"InvalidUserData\.Malformed.*16384 bytes"):
            call()
    assert aws.ec2.describe_launch_templates()["LaunchTemplates"] == []
    run(aws, network, UserData=b"#" * 16_384)


def test_reboot(aws, network, pool, loop):
    name = run(aws, network)["InstanceId"]
    until(lambda: state(aws, name) == "running")
    aws.ec2.reboot_instances(InstanceIds=[name])
    until(lambda: pool.machines[name].boots == 2)
    assert pool.stopped == [name]
    assert state(aws, name) == "running"


def test_a_machine_that_does_not_respond_impairs_its_instance(aws, network, pool, loop):
    name = run(aws, network)["InstanceId"]
    until(lambda: state(aws, name) == "running")

    def status():
        found = aws.ec2.describe_instance_status(InstanceIds=[name])["InstanceStatuses"]
        return found[0]["InstanceStatus"]["Status"]

    pool.machines[name].responds = False
    until(lambda: status() == "impaired")
    pool.machines[name].responds = True
    until(lambda: status() == "ok")


def test_credits_monitoring_and_metadata_options(aws, network):
    name = run(aws, network, CreditSpecification={"CpuCredits": "standard"})["InstanceId"]

    def credit():
        answer = aws.ec2.describe_instance_credit_specifications(InstanceIds=[name])
        return answer["InstanceCreditSpecifications"][0]["CpuCredits"]

    assert credit() == "standard"
    aws.ec2.modify_instance_credit_specification(
        InstanceCreditSpecifications=[{"InstanceId": name, "CpuCredits": "unlimited"}]
    )
    assert credit() == "unlimited"
    aws.ec2.monitor_instances(InstanceIds=[name])
    assert look(aws, name)["Monitoring"]["State"] == "enabled"
    aws.ec2.unmonitor_instances(InstanceIds=[name])
    assert look(aws, name)["Monitoring"]["State"] == "disabled"
    aws.ec2.modify_instance_metadata_options(InstanceId=name, HttpTokens="required")
    aws.ec2.modify_instance_metadata_options(InstanceId=name, HttpPutResponseHopLimit=2)
    options = look(aws, name)["MetadataOptions"]
    assert (options["HttpTokens"], options["HttpPutResponseHopLimit"]) == ("required", 2)


def test_t4g_is_unlimited_by_default(aws, network):
    name = run(aws, network)["InstanceId"]
    answer = aws.ec2.describe_instance_credit_specifications(InstanceIds=[name])
    assert answer["InstanceCreditSpecifications"][0]["CpuCredits"] == "unlimited"


def test_a_launch_template_takes_full_effect(aws, network, plane):
    aws.iam.create_role(RoleName="node", AssumeRolePolicyDocument=trust_of("ec2.amazonaws.com"))
    aws.iam.create_instance_profile(InstanceProfileName="node")
    aws.iam.add_role_to_instance_profile(InstanceProfileName="node", RoleName="node")
    data = {
        "ImageId": network.image,
        "InstanceType": "t4g.nano",
        "IamInstanceProfile": {"Name": "node"},
        "UserData": base64.b64encode(b"#cloud-config\n").decode(),
        "MetadataOptions": {"HttpTokens": "required", "HttpPutResponseHopLimit": 1},
        "CreditSpecification": {"CpuCredits": "standard"},
        "Monitoring": {"Enabled": True},
        "BlockDeviceMappings": [
            {"DeviceName": "/dev/xvda", "Ebs": {"VolumeSize": 12, "VolumeType": "gp3"}}
        ],
        "NetworkInterfaces": [
            {"DeviceIndex": 0, "AssociatePublicIpAddress": True, "Groups": [network.group]}
        ],
        "TagSpecifications": [
            {"ResourceType": "instance", "Tags": [{"Key": "Name", "Value": "from-template"}]}
        ],
    }
    template = aws.ec2.create_launch_template(LaunchTemplateName="app", LaunchTemplateData=data)
    template_id = template["LaunchTemplate"]["LaunchTemplateId"]
    started = aws.ec2.run_instances(
        LaunchTemplate={"LaunchTemplateId": template_id, "Version": "1"},
        SubnetId=network.subnets[2],
        MinCount=1,
        MaxCount=1,
    )["Instances"][0]
    instance = look(aws, started["InstanceId"])
    assert instance["ImageId"] == network.image
    assert instance["InstanceType"] == "t4g.nano"
    assert instance["IamInstanceProfile"]["Arn"].endswith("instance-profile/node")
    assert instance["MetadataOptions"]["HttpTokens"] == "required"
    assert instance["Monitoring"]["State"] == "enabled"
    assert [group["GroupId"] for group in instance["SecurityGroups"]] == [network.group]
    assert instance["Placement"]["AvailabilityZone"] == "ap-northeast-2c"
    assert {"Key": "Name", "Value": "from-template"} in instance["Tags"]
    assert instance["PublicIpAddress"].startswith("127.20.2.")
    assert len(aws.ec2.describe_volumes()["Volumes"]) == 1
    assert aws.ec2.describe_volumes()["Volumes"][0]["Size"] == 12
    assert instance["Architecture"] == "arm64"


def test_an_unknown_launch_template_is_refused_by_its_id(aws):
    with pytest.raises(ClientError, match=r"InvalidLaunchTemplateId\.NotFound"):
        aws.ec2.describe_launch_templates(LaunchTemplateIds=["lt-0123456789abcdef0"])


def test_every_instance_of_a_launch_has_the_profile(aws, network):
    aws.iam.create_role(RoleName="app", AssumeRolePolicyDocument=trust_of("ec2.amazonaws.com"))
    aws.iam.create_instance_profile(InstanceProfileName="app")
    aws.iam.add_role_to_instance_profile(InstanceProfileName="app", RoleName="app")
    launched = aws.ec2.run_instances(
        ImageId=network.image,
        InstanceType="t4g.nano",
        MinCount=3,
        MaxCount=3,
        SubnetId=network.subnets[0],
        IamInstanceProfile={"Name": "app"},
    )["Instances"]
    found = aws.ec2.describe_iam_instance_profile_associations()["IamInstanceProfileAssociations"]
    assert {item["InstanceId"] for item in found} == {item["InstanceId"] for item in launched}


@pytest.mark.parametrize("shutdown", [("stop", "stopped"), ("terminate", "terminated")])
def test_an_instance_that_shuts_itself_down_stops_or_is_terminated(
    aws, network, pool, loop, shutdown
):
    behavior, end = shutdown
    name = run(aws, network)["InstanceId"]
    until(lambda: state(aws, name) == "running")
    aws.ec2.modify_instance_attribute(
        InstanceId=name, InstanceInitiatedShutdownBehavior={"Value": behavior}
    )
    pool.machines[name].power_request = "off"
    until(lambda: state(aws, name) == end)
    assert look(aws, name)["StateReason"]["Code"] == "Client.InstanceInitiatedShutdown"


@pytest.mark.parametrize("asks", ["off", "reboot"])
def test_what_an_instance_asks_for_is_announced_once(aws, network, plane, pool, asks):
    controller = InstancesController(plane, pool)
    try:
        name = run(aws, network)["InstanceId"]
        while state(aws, name) != "running":
            controller.reconcile()
        pool.machines[name].power_request = asks
        seen = [plane.generation]
        for _ in range(3):
            controller._obey()
            seen.append(plane.generation)
    finally:
        controller.close()
    # Every announcement is another round of all controllers.
    assert seen[1] > seen[0]
    assert seen[1:] == [seen[1]] * 3


def test_an_instance_reboots_itself(aws, network, pool, loop):
    name = run(aws, network)["InstanceId"]
    until(lambda: state(aws, name) == "running")
    pool.machines[name].power_request = "reboot"
    until(lambda: pool.machines[name].boots == 2 or pool.machines[name].power_request == "")
    assert state(aws, name) == "running"
