from __future__ import annotations

import pytest


def _launched(aws, network, **settings):
    data = {"ImageId": network.image, "InstanceType": "t4g.nano", "MinCount": 2, "MaxCount": 2}
    return aws.ec2.run_instances(**data, **settings)["Instances"][-1]["InstanceId"]


def _ids(groups):
    return [group["GroupId"] for group in groups]


def _look(aws, instance_id):
    found = aws.ec2.describe_instances(InstanceIds=[instance_id])["Reservations"][0]["Instances"][0]
    (nic,) = found["NetworkInterfaces"]
    assert _ids(nic["Groups"]) == _ids(found["SecurityGroups"])
    by_group = [{"Name": "instance.group-id", "Values": _ids(found["SecurityGroups"])[:1]}]
    filtered = aws.ec2.describe_instances(Filters=by_group)["Reservations"]
    listed = [item["InstanceId"] for r in filtered for item in r["Instances"]]
    assert instance_id in listed
    return _ids(found["SecurityGroups"])


def _template(aws, network, **data):
    made = aws.ec2.create_launch_template(
        LaunchTemplateName="groups",
        LaunchTemplateData={"ImageId": network.image, "InstanceType": "t4g.nano", **data},
    )
    return {"LaunchTemplateId": made["LaunchTemplate"]["LaunchTemplateId"], "Version": "1"}


def _interface(network, **more):
    return [{"DeviceIndex": 0, "Groups": [network.group], **more}]


@pytest.mark.parametrize("way", ["ids", "interfaces", "template", "template-interfaces"])
def test_an_instance_shows_its_groups_however_it_was_launched(aws, network, way):
    subnet = network.subnets[0]
    if way == "ids":
        found = _launched(aws, network, SubnetId=subnet, SecurityGroupIds=[network.group])
    elif way == "interfaces":
        found = _launched(aws, network, NetworkInterfaces=_interface(network, SubnetId=subnet))
    else:
        data = (
            {"SecurityGroupIds": [network.group]}
            if way == "template"
            else {"NetworkInterfaces": _interface(network)}
        )
        found = aws.ec2.run_instances(
            LaunchTemplate=_template(aws, network, **data), SubnetId=subnet, MinCount=1, MaxCount=1
        )["Instances"][0]["InstanceId"]
    assert _look(aws, found) == [network.group]


def test_without_a_choice_it_is_in_the_default_group_of_its_vpc(aws, network):
    (group,) = _look(aws, _launched(aws, network, SubnetId=network.subnets[0]))
    name = aws.ec2.describe_security_groups(GroupIds=[group])["SecurityGroups"][0]["GroupName"]
    assert name == "default"


@pytest.mark.parametrize("through", ["instance", "interface"])
def test_new_groups_replace_the_old_ones_at_instance_and_interface(aws, network, through):
    other = aws.ec2.create_security_group(GroupName="o", Description="o", VpcId=network.vpc)
    wanted = [other["GroupId"]]
    interfaces = _interface(network, SubnetId=network.subnets[0])
    instance = _launched(aws, network, NetworkInterfaces=interfaces)
    if through == "instance":
        aws.ec2.modify_instance_attribute(InstanceId=instance, Groups=wanted)
    else:
        found = aws.ec2.describe_instances(InstanceIds=[instance])["Reservations"][0]["Instances"]
        eni = found[0]["NetworkInterfaces"][0]["NetworkInterfaceId"]
        aws.ec2.modify_network_interface_attribute(NetworkInterfaceId=eni, Groups=wanted)
    assert _look(aws, instance) == wanted
