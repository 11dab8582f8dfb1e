"""The clock of these tests: health checks and pauses are fifty times shorter."""

from __future__ import annotations

import threading

import pytest

from region.reconcile import ControllerLoop
from region.services.rds.controller import DatabasesController
from tests.region.services.rds.fake_server import FakeServer, describe


@pytest.fixture
def speed() -> float:
    return 50.0


@pytest.fixture
def rds(plane, aws, monkeypatch):
    monkeypatch.setattr(FakeServer, "made", {})
    monkeypatch.setattr(FakeServer, "disks", {})
    monkeypatch.setattr(FakeServer, "error", "")
    monkeypatch.setattr(FakeServer, "gate", threading.Event())
    FakeServer.gate.set()
    vpc = aws.ec2.create_vpc(CidrBlock="10.79.0.0/16")["Vpc"]["VpcId"]
    subnets = [
        aws.ec2.create_subnet(
            VpcId=vpc, CidrBlock=f"10.79.{n}.0/24", AvailabilityZone=f"ap-northeast-2{zone}"
        )["Subnet"]["SubnetId"]
        for n, zone in enumerate("bc")
    ]
    aws.rds.create_db_subnet_group(
        DBSubnetGroupName="private", DBSubnetGroupDescription="x", SubnetIds=subnets
    )
    loop = ControllerLoop(plane, [DatabasesController(plane, FakeServer)], tick=0.1)
    loop.start()
    yield aws.rds
    loop.stop()


@pytest.fixture
def until(rds):
    def wait(status: str) -> dict:
        for _ in range(1200):
            found = describe(rds)
            if found["DBInstanceStatus"] == status:
                return found
            threading.Event().wait(0.05)
        raise AssertionError(f"not {status} but {found['DBInstanceStatus']}")

    return wait
