"""The API with real HAProxy behind it."""

from __future__ import annotations

import socket
import urllib.request
from contextlib import contextmanager

import psutil
import pytest

from region.network import RegionNetwork
from region.reconcile import ControllerLoop
from region.services.ec2.controller import InstancesController
from region.services.elbv2.controller import LoadBalancersController
from region.services.elbv2.records import LoadBalancerRecord
from tests.region.in_network import Answering, open_to_all

pytestmark = pytest.mark.region


def may_bind(port):
    with socket.socket() as probe:
        try:
            probe.bind(("127.78.0.250", port))
        except PermissionError:
            return False
    return True


@pytest.fixture
def network(plane):
    made = RegionNetwork(plane.config.root)
    made.start()
    yield made
    made.stop()


@pytest.fixture
def real(plane, pool, stage_of, network):
    controllers = [InstancesController(plane, pool), LoadBalancersController(plane, network)]
    loop = ControllerLoop(plane, controllers, tick=0.2)
    loop.start()
    yield stage_of()
    loop.stop()
    children = psutil.Process().children(recursive=True)
    assert [process for process in children if process.name() == "haproxy"] == []


@pytest.mark.skipif(not may_bind(80), reason="needs a listener on port 80")
def test_a_url_answers_through_the_load_balancer(real, network):
    (name,) = real.launch()
    found = real.aws.ec2.describe_instances(InstanceIds=[name])["Reservations"][0]["Instances"][0]
    address = found["PrivateIpAddress"]
    app = Answering(network, address, 8080)
    try:
        group = real.balancer([name])
        _admit_the_internet(real)
        with real.plane.lock:
            backend = real.plane.backend("elbv2")
            nodes = [
                place.address
                for item in backend.load_balancers.values()
                for place in LoadBalancerRecord.of(item).nodes.values()
            ]
        assert len(nodes) == 2
        network.apply(open_to_all([address, *nodes]))
        real.aws.elbv2.modify_target_group(
            TargetGroupArn=group, HealthCheckIntervalSeconds=5, HealthyThresholdCount=2
        )
        real.until(lambda: real.health(group).get(name) == ("healthy", None))
        balancer = real.aws.elbv2.describe_load_balancers()["LoadBalancers"][0]
        assert balancer["State"]["Code"] == "active"
        real.until(lambda: _answers(balancer["DNSName"]))
        with urllib.request.urlopen(f"http://{balancer['DNSName']}/", timeout=5) as answer:
            assert answer.read() == b"ok"
        with _without_a_route(real):
            real.until(lambda: not _answers(balancer["DNSName"]))
        real.until(lambda: _answers(balancer["DNSName"]))
        app.status = 500
        real.until(lambda: real.health(group)[name] == ("unhealthy", "Target.ResponseCodeMismatch"))
        real.aws.elbv2.deregister_targets(TargetGroupArn=group, Targets=[{"Id": name}])
        real.until(lambda: real.health(group) == {})
        real.aws.elbv2.delete_load_balancer(LoadBalancerArn=balancer["LoadBalancerArn"])
        real.until(lambda: not _listens(balancer["DNSName"], 80))
    finally:
        app.close()


@contextmanager
def _without_a_route(real):
    """Take the way to the internet from all tables."""
    ec2 = real.aws.ec2
    taken = [
        (table["RouteTableId"], route["GatewayId"])
        for table in ec2.describe_route_tables()["RouteTables"]
        for route in table["Routes"]
        if route.get("GatewayId", "").startswith("igw-")
    ]
    assert taken
    for table, _ in taken:
        ec2.delete_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0")
    yield
    for table, gateway in taken:
        ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)


def _admit_the_internet(real):
    """Give the load balancer a security group that opens port 80 to everybody."""
    ec2, elbv2 = real.aws.ec2, real.aws.elbv2
    (balancer,) = elbv2.describe_load_balancers()["LoadBalancers"]
    made = ec2.create_security_group(GroupName="web", Description="x", VpcId=balancer["VpcId"])
    ec2.authorize_security_group_ingress(
        GroupId=made["GroupId"], IpProtocol="tcp", FromPort=80, ToPort=80, CidrIp="0.0.0.0/0"
    )
    elbv2.set_security_groups(
        LoadBalancerArn=balancer["LoadBalancerArn"], SecurityGroups=[made["GroupId"]]
    )


def _listens(address, port):
    try:
        socket.create_connection((address, port), 1).close()
    except OSError:
        return False
    return True


def _answers(name):
    try:
        with urllib.request.urlopen(f"http://{name}/", timeout=1):
            return True
    except OSError:
        return False
