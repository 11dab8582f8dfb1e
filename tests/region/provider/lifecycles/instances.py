"""Instances and launch templates."""

from __future__ import annotations

import base64

from tests.region.provider.lifecycles.case import Case


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


CASES = [
    Case(
        "aws:ec2/instance:Instance",
        lambda w: {
            "ami": w.image,
            "instanceType": "t4g.nano",
            "subnetId": w.subnet("a"),
            "vpcSecurityGroupIds": [w.group],
            "iamInstanceProfile": w.profile,
            "associatePublicIpAddress": True,
            "userData": "#cloud-config\n",
            "creditSpecification": {"cpuCredits": "standard"},
            "metadataOptions": {"httpTokens": "required", "httpPutResponseHopLimit": 1},
            "rootBlockDevice": {"encrypted": True, "volumeSize": 8, "tags": {"a": "1"}},
            "tags": {"Name": "it"},
        },
        lambda _: {"instanceType": "t4g.micro", "tags": {"Name": "that"}},
        lambda w: {"subnetId": w.subnet("b")},
        ("arn", "privateIp", "publicIp", "availabilityZone", "primaryNetworkInterfaceId"),
    ),
    Case(
        "aws:ec2/launchTemplate:LaunchTemplate",
        lambda w: {
            "imageId": w.image,
            "instanceType": "t4g.nano",
            "userData": encoded("#cloud-config\n"),
            "vpcSecurityGroupIds": [w.group],
            "iamInstanceProfile": {"name": w.profile},
            "updateDefaultVersion": True,
            "metadataOptions": {"httpTokens": "required"},
            "creditSpecification": {"cpuCredits": "standard"},
            "blockDeviceMappings": [
                {"deviceName": "/dev/xvda", "ebs": {"volumeSize": 8, "encrypted": "true"}}
            ],
            "tagSpecifications": [{"resourceType": "instance", "tags": {"a": "1"}}],
            "tags": {"a": "1"},
        },
        lambda _: {"instanceType": "t4g.micro", "tags": {"a": "2"}},
        lambda _: {"name": "given"},
        ("arn", "latestVersion", "defaultVersion"),
    ),
]
