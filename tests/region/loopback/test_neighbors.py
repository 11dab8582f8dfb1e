"""Regions side by side whose VPCs have equal addresses."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest

from region import session
from region.loopback import neighbors
from region.loopback.ports import PortError, listen
from tests.region.fakes import Aws

ADDRESS = "127.83.0.4"
LISTEN = """
import socket, sys
with socket.create_server((sys.argv[1], 0)) as server:
    print(server.getsockname()[1], flush=True)
    sys.stdin.read()
"""


@contextmanager
def region_at(root: Path, address: str) -> Generator[int]:
    """A process that listens there as a region in `root` does; its port."""
    root.mkdir()
    session.record(root).write_text("{}")
    with subprocess.Popen(
        [sys.executable, "-c", LISTEN, address, "serve", "--root", str(root)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        yield int(process.stdout.readline())
        process.communicate("")


def test_an_address_is_in_use_while_somebody_listens_there():
    assert not neighbors.in_use(ADDRESS)
    with socket.create_server((ADDRESS, 0)) as server:
        with socket.create_connection(server.getsockname()):
            assert neighbors.in_use(ADDRESS)
        assert not neighbors.in_use("127.83.0.5")
    # A connection that lingers, or a port that is only bound, is nobody who listens.
    assert not neighbors.in_use(ADDRESS)


def test_a_taken_port_names_the_region_that_has_it(tmp_path: Path):
    root = tmp_path / "another one"
    with region_at(root, ADDRESS) as port, pytest.raises(PortError) as refused:
        listen(ADDRESS, port)
    text = str(refused.value)
    assert f"Port {port} of {ADDRESS} is used by the local region in {root}" in text
    assert "stop that one (" in text
    assert "haproof:vpcCidr" in text


def test_a_taken_port_of_another_program_is_told_as_such():
    with socket.create_server((ADDRESS, 0)) as server:
        port = server.getsockname()[1]
        with pytest.raises(PortError, match="end the process that holds it"):
            listen(ADDRESS, port)


def test_what_another_region_listens_at_is_assigned_to_nobody(
    aws: Aws, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.undo()  # the fixture's: here the neighbors count
    vpc = aws.ec2.create_vpc(CidrBlock="10.83.0.0/16")["Vpc"]["VpcId"]
    subnets = [
        aws.ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.83.{n}.0/24", AvailabilityZone=zone)[
            "Subnet"
        ]["SubnetId"]
        for n, zone in enumerate(("ap-northeast-2a", "ap-northeast-2b"))
    ]
    with socket.create_server((ADDRESS, 0)):
        made = aws.elbv2.create_load_balancer(Name="web", Subnets=subnets)["LoadBalancers"][0]
    assert made["DNSName"] == "127.83.0.5"
