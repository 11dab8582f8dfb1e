"""A root directory with a session record that points at a control plane in this process."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from region import session
from region.api.server import ControlPlane
from tests.region.builders import Network
from tests.region.fakes import REGION, Aws


@pytest.fixture
def root(plane: ControlPlane) -> Path:
    """The directory of a region that runs: its API is real, its machines are not there."""
    session.write(
        plane.config.root,
        session.Session(os.getpid(), session.own_creation_time(), plane.port, 0, REGION),
    )
    return plane.config.root


@pytest.fixture
def launch(aws: Aws, plane: ControlPlane) -> Callable[..., str]:
    network = Network(aws)

    def one(name: str = "", state: int = 16) -> str:
        found = aws.ec2.run_instances(
            ImageId=network.image,
            InstanceType="t4g.nano",
            MinCount=1,
            MaxCount=1,
            SubnetId=network.subnets[0],
            TagSpecifications=[
                {"ResourceType": "instance", "Tags": [{"Key": "Name", "Value": name}]}
            ]
            if name
            else [],
        )["Instances"][0]["InstanceId"]
        names = {0: "pending", 16: "running", 48: "terminated", 80: "stopped"}
        with plane.lock:
            instance = plane.backend("ec2").get_instance(found)
            instance.instance_state.code = state
            instance.instance_state.name = names[state]
        return found

    return one
