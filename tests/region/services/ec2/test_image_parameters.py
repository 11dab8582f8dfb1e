"""Images by a parameter: read at each launch, and refused where EC2 cannot read them."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.region.builders import IMAGE_PARAMETER, Network
from tests.region.fakes import Aws

NAME = "/golden/image"
OWN = "ami-0aaaaaaaaaaaaaaaa"


@pytest.fixture
def image(aws: Aws) -> str:
    aws.ssm.put_parameter(Name=NAME, Value=OWN, Type="String", DataType="aws:ec2:image")
    return f"resolve:ssm:{NAME}"


def launch(aws: Aws, network: Network, **settings: Any) -> Any:
    return aws.ec2.run_instances(
        InstanceType="t4g.nano", SubnetId=network.subnets[0], MinCount=1, MaxCount=1, **settings
    )["Instances"][0]["ImageId"]


def test_each_launch_reads_the_parameter_again(aws: Aws, network: Network, image: str) -> None:
    assert launch(aws, network, ImageId=image) == OWN
    aws.ec2.create_launch_template(
        LaunchTemplateName="golden", LaunchTemplateData={"ImageId": image}
    )
    template = {"LaunchTemplateName": "golden"}
    assert launch(aws, network, LaunchTemplate=template) == OWN
    aws.ssm.put_parameter(
        Name=NAME, Value=network.image, Overwrite=True, Type="String", DataType="aws:ec2:image"
    )
    assert launch(aws, network, LaunchTemplate=template) == network.image
    assert launch(aws, network, ImageId=f"{image}:1") == OWN
    assert launch(aws, network, ImageId=f"resolve:ssm:{IMAGE_PARAMETER}") == network.image


def test_the_parameter_is_shown_unless_its_value_is_asked_for(aws: Aws, image: str) -> None:
    data, template = {"ImageId": image}, {"LaunchTemplateName": "golden"}
    aws.ec2.create_launch_template(**template, LaunchTemplateData=data)
    for resolved, shown in ((False, image), (True, OWN)):
        made = aws.ec2.create_launch_template_version(
            **template, LaunchTemplateData=data, ResolveAlias=resolved
        )["LaunchTemplateVersion"]
        assert made["LaunchTemplateData"]["ImageId"] == shown
        found = aws.ec2.describe_launch_template_versions(**template, ResolveAlias=resolved)
        versions = found["LaunchTemplateVersions"]
        assert {one["LaunchTemplateData"]["ImageId"] for one in versions} == {shown}


@pytest.mark.parametrize("name", ["/none", f"{NAME}:9", "/text"])
def test_what_names_no_image_is_refused(aws: Aws, network: Network, image: str, name: str) -> None:
    aws.ssm.put_parameter(Name="/text", Value=OWN, Type="String")
    wrong = {"ImageId": f"resolve:ssm:{name}"}
    assert image
    with pytest.raises(ClientError, match="SsmInvalidParameter"):
        launch(aws, network, **wrong)
    with pytest.raises(ClientError, match="SsmInvalidParameter"):
        aws.ec2.create_launch_template(LaunchTemplateName="wrong", LaunchTemplateData=wrong)
    assert aws.ec2.describe_launch_templates()["LaunchTemplates"] == []
