"""An Auto Scaling group on real machines: containers, disks and control groups."""

from __future__ import annotations

import base64
import contextlib
import http.client
import time

import pytest

from region.machines.images import prepare
from region.machines.machine_pool import MachinePool
from region.network import GATEWAY, RegionNetwork
from region.reconcile import ControllerLoop
from region.services.autoscaling.controller import AutoScalingController
from region.services.ec2.controller import InstancesController
from region.services.vpc.controller import NetworkController

pytestmark = pytest.mark.region

USER_DATA = b"""#cloud-config
write_files:
- path: /opt/haproof/web.service
  content: |
    [Service]
    ExecStart=/usr/bin/env python3 -m http.server 8080 --bind ${APP_HOST} --directory /opt/haproof
    EnvironmentFile=/opt/haproof/environment
    [Install]
    WantedBy=multi-user.target
- path: /opt/haproof/boot.sh
  permissions: "0755"
  content: |
    #!/bin/bash
    set -eu
    imds=http://169.254.169.254/latest
    token=$(curl -sf -X PUT -H "X-aws-ec2-metadata-token-ttl-seconds: 60" $imds/api/token)
    ip=$(curl -sf -H "X-aws-ec2-metadata-token: $token" $imds/meta-data/local-ipv4)
    echo APP_HOST=$ip > /opt/haproof/environment
runcmd:
- /opt/haproof/boot.sh
- systemctl enable --now /opt/haproof/web.service
"""


class NoGateway:
    """Stands in for the internet gateway: these instances are asked at their private addresses."""

    def serve(self, wanted):
        pass

    def close(self):
        pass


class RealRegion:
    def __init__(self, plane, aws):
        self.plane, self.aws = plane, aws
        self.network = RegionNetwork(plane.config.root)
        self.network.start()
        image = prepare("host", {})
        self.pool = MachinePool(
            plane.config.root,
            self.network,
            plane.config.region,
            aws_endpoint=plane.endpoint,
            image=image.for_ami,
            credentials=plane.credentials,
        )
        self.pool.start()
        controllers = [
            NetworkController(plane, self.network, NoGateway()),
            InstancesController(plane, self.pool),
            AutoScalingController(plane),
        ]
        self.loop = ControllerLoop(plane, controllers, tick=0.2)
        self.loop.start()

    def stop(self):
        self.loop.stop()
        self.pool.close()
        self.network.stop()
        self.plane.stop()

    def members(self):
        groups = self.aws.autoscaling.describe_auto_scaling_groups()["AutoScalingGroups"]
        return {
            one["InstanceId"]: one["LifecycleState"]
            for group in groups
            for one in group["Instances"]
        }

    def settled(self):
        return sorted(self.members().values()) == ["InService"] * 3

    def serving(self):
        addresses = [machine.spec.private_ip for machine in self.pool.machines()]
        return len(addresses) == 3 and all(self._answers(address) for address in addresses)

    def _answers(self, address):
        def ask():
            connection = http.client.HTTPConnection(
                address, 8080, timeout=2, source_address=(GATEWAY, 0)
            )
            with contextlib.closing(connection):
                connection.request("GET", "/")
                return connection.getresponse().status == 200

        try:
            return self.network.inside(ask)
        except OSError:
            return False


def until(condition, timeout=60.0):
    deadline = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < deadline, "the condition did not come true in time"
        time.sleep(0.1)


def test_a_group_of_real_machines_lives_through_a_failure_and_a_restart(
    make_plane, clients_of, network_of
):
    plane = make_plane(speed=20.0)  # A dead instance is noticed within minutes of AWS's clock.
    aws = clients_of(plane.endpoint)
    network = network_of(aws, "10.78.0.0/16")
    web = {"FromPort": 8080, "ToPort": 8080, "IpProtocol": "tcp"}
    aws.ec2.authorize_security_group_ingress(
        GroupId=network.group, IpPermissions=[web | {"IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]
    )
    template = {
        "ImageId": network.image,
        "InstanceType": "t4g.nano",
        "SecurityGroupIds": [network.group],
        "UserData": base64.b64encode(USER_DATA).decode(),
    }
    aws.ec2.create_launch_template(LaunchTemplateName="web", LaunchTemplateData=template)
    aws.autoscaling.create_auto_scaling_group(
        AutoScalingGroupName="web",
        MinSize=0,
        MaxSize=6,
        DesiredCapacity=3,
        LaunchTemplate={"LaunchTemplateName": "web"},
        VPCZoneIdentifier=",".join(network.subnets),
    )
    region = RealRegion(plane, aws)
    try:
        until(region.settled)
        until(region.serving)
        victim = min(region.members())
        region.pool.stop(victim)  # It dies behind the control plane's back.
        until(lambda: victim not in region.members() and region.settled())
        before = region.members()
        region.stop()
        plane = make_plane()
        region = RealRegion(plane, clients_of(plane.endpoint))
        until(region.serving)
        assert region.members() == before
        region.aws.autoscaling.delete_auto_scaling_group(
            AutoScalingGroupName="web", ForceDelete=True
        )
        until(lambda: region.pool.machines() == [] and not region.members())
    finally:
        region.stop()
