"""What an instance's metadata service is told, as the API holds it at the moment."""

from __future__ import annotations

import pytest

from region.loopback.addresses import hardware_address
from region.services.ec2.instance_metadata import target_state


def test_metadata_follows_the_api(stage):
    ec2 = stage.aws.ec2
    (name,) = stage.launch()
    asked = stage.pool.machines[name].spec.metadata
    described = ec2.describe_instances(InstanceIds=[name])["Reservations"][0]
    instance = described["Instances"][0]
    nic = instance["NetworkInterfaces"][0]
    about = asked()
    assert about.reservation_id == described["ReservationId"]
    assert about.interface.mac == nic["MacAddress"] == hardware_address(nic["PrivateIpAddress"])
    assert about.interface.vpc_cidrs == ("10.78.0.0/16",)
    assert about.interface.subnet_id == instance["SubnetId"]
    assert list(about.groups) == [group["GroupId"] for group in nic["Groups"]]
    assert about.zone_id.startswith("apne2-az")
    assert about.profile is None
    assert about.tags is None
    ec2.modify_instance_metadata_options(InstanceId=name, InstanceMetadataTags="enabled")
    ec2.create_tags(Resources=[name], Tags=[{"Key": "later", "Value": "yes"}])
    assert asked().tags == {"role": "web", "later": "yes"}
    ec2.modify_instance_metadata_options(InstanceId=name, HttpEndpoint="disabled")
    assert not asked().served
    ec2.terminate_instances(InstanceIds=[name])
    assert asked().interface is None


@pytest.mark.parametrize(
    ("state", "target"),
    [
        ("Pending:Wait", "InService"),
        ("InService", "InService"),
        ("Terminating:Proceed", "Terminated"),
        ("EnteringStandby", "Standby"),
        ("Standby", "Standby"),
        ("Warmed:Pending:Wait", "Warmed:Stopped"),
        ("Warmed:Running", "Warmed:Running"),
        ("Warmed:Terminating:Wait", "Warmed:Terminated"),
    ],
)
def test_where_a_lifecycle_state_leads_to(state, target):
    assert target_state(state) == target
