"""An instance that serves a page, launched through a region's API, for tests of whole regions."""

from __future__ import annotations

import contextlib
import time
import urllib.request
from pathlib import Path
from typing import Any

import boto3

from region import credentials, session

USER_DATA = """#cloud-config
write_files:
  - path: /etc/systemd/system/web.service
    content: |
      [Service]
      User=ec2-user
      WorkingDirectory=/srv
      ExecStart=/usr/bin/env python3 -m http.server 8080
      [Install]
      WantedBy=multi-user.target
  - path: /srv/index.html
    content: from a machine
runcmd:
  - touch /usr/local/bin/made /usr/share/made
  - systemctl enable --now web
"""


def log_of(root: Path) -> str:
    with contextlib.suppress(OSError):
        return (root / "log/serve.log").read_text()
    return ""


def launch(root: Path) -> tuple[str, str]:
    """Launch an instance that serves port 8080; return its id and public address."""
    found, keys = session.require(root), credentials.read(root)
    ec2: Any = boto3.client(
        "ec2",
        region_name=found.region,
        endpoint_url=f"http://127.0.0.1:{found.api_port}",
        aws_access_key_id=keys.access_key_id,
        aws_secret_access_key=keys.secret_access_key,
    )
    vpc = ec2.create_vpc(CidrBlock="10.77.0.0/16")["Vpc"]["VpcId"]
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.77.1.0/24")["Subnet"]["SubnetId"]
    table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)
    ec2.associate_route_table(RouteTableId=table, SubnetId=subnet)
    group = ec2.create_security_group(GroupName="web", Description="web", VpcId=vpc)["GroupId"]
    anybody = [{"CidrIp": "0.0.0.0/0"}]
    rule = {"IpProtocol": "tcp", "FromPort": 8080, "ToPort": 8080, "IpRanges": anybody}
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[rule])
    arm = [{"Name": "architecture", "Values": ["arm64"]}]
    image = ec2.describe_images(Filters=arm)["Images"][0]["ImageId"]
    card = {"DeviceIndex": 0, "SubnetId": subnet, "Groups": [group]}
    launched = ec2.run_instances(
        ImageId=image,
        InstanceType="t4g.nano",
        MinCount=1,
        MaxCount=1,
        UserData=USER_DATA,
        NetworkInterfaces=[{**card, "AssociatePublicIpAddress": True}],
    )
    instance = launched["Instances"][0]["InstanceId"]
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        now = ec2.describe_instances(InstanceIds=[instance])["Reservations"][0]["Instances"][0]
        if now["State"]["Name"] == "running":
            return instance, now["PublicIpAddress"]
        assert now["State"]["Name"] == "pending"
        time.sleep(0.2)
    raise AssertionError(f"{instance} is still pending: {log_of(root)}")


def fetch(address: str) -> bytes:
    deadline = time.monotonic() + 20
    while True:
        try:
            with urllib.request.urlopen(f"http://{address}:8080/", timeout=5) as answer:
                return answer.read()
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)
