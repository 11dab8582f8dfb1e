"""Security groups and public addresses with real packets: HAProxy, nftables, no machines."""

from __future__ import annotations

import socket
import urllib.request

import pytest

from region.loopback.addresses import loopback_of
from region.network import RegionNetwork
from region.reconcile import ControllerLoop
from region.runtime_directories import remove_runtime_directory, runtime_directory
from region.services.ec2.controller import InstancesController
from region.services.elbv2.controller import LoadBalancersController
from region.services.vpc.controller import NetworkController
from region.services.vpc.internet_gateway import Forwarding, InternetGateway
from tests.region.in_network import Answering, open_to_all

pytestmark = pytest.mark.region

PORT = 8080


@pytest.fixture
def region_network(tmp_path):
    made = RegionNetwork(tmp_path / "region")
    made.start()
    yield made
    made.stop()


@pytest.fixture
def serve(region_network):
    """Serves HTTP at an address of the network, as an instance would."""
    servers: list[Answering] = []
    yield lambda address: servers.append(Answering(region_network, address, PORT))
    for server in servers:
        server.close()


@pytest.fixture
def gateway(tmp_path, region_network):
    made = InternetGateway(tmp_path, runtime_directory(tmp_path), region_network.path)
    yield made
    made.close()
    remove_runtime_directory(tmp_path)


@pytest.fixture
def real(plane, pool, stage_of, region_network, gateway):
    controllers = [
        InstancesController(plane, pool),
        LoadBalancersController(plane, region_network),
        NetworkController(plane, region_network, gateway),
    ]
    loop = ControllerLoop(plane, controllers, tick=0.2)
    loop.start()
    yield stage_of()
    loop.stop()


def _group(real, name):
    made = real.aws.ec2.create_security_group(GroupName=name, Description="x", VpcId=real.vpc)
    return made["GroupId"]


@pytest.fixture
def speed() -> float:
    return 50.0


def test_a_target_is_unhealthy_until_it_admits_the_load_balancer(real, serve):
    balancer_group, instance_group = _group(real, "lb"), _group(real, "app")
    (name,) = real.launch()
    real.aws.ec2.modify_instance_attribute(InstanceId=name, Groups=[instance_group])
    found = real.aws.ec2.describe_instances(InstanceIds=[name])["Reservations"][0]["Instances"][0]
    serve(found["PrivateIpAddress"])
    target_group = real.balancer([name])
    (balancer,) = real.aws.elbv2.describe_load_balancers()["LoadBalancers"]
    real.aws.elbv2.set_security_groups(
        LoadBalancerArn=balancer["LoadBalancerArn"], SecurityGroups=[balancer_group]
    )
    real.until(lambda: real.health(target_group).get(name) == ("unhealthy", "Target.Timeout"), 30)
    real.aws.ec2.authorize_security_group_ingress(
        GroupId=instance_group,
        IpPermissions=[
            {
                "IpProtocol": "tcp",
                "FromPort": PORT,
                "ToPort": PORT,
                "UserIdGroupPairs": [{"GroupId": balancer_group}],
            }
        ],
    )
    real.until(lambda: real.health(target_group).get(name) == ("healthy", None), 30)


def _get(public):
    with urllib.request.urlopen(f"http://{public}:{PORT}/", timeout=5) as answer:
        return answer.read()


def test_the_gateway_follows_what_is_wanted_without_breaking_a_connection(
    gateway, region_network, serve
):
    first, second = "10.79.0.5", "10.79.0.6"
    region_network.apply(open_to_all([first, second]))
    for address in (first, second):
        serve(address)
    one, two = (Forwarding(loopback_of(address), PORT, address) for address in (first, second))
    gateway.serve([one])
    kept = socket.create_connection((one.public, PORT), 5)
    assert _get(one.public) == b"ok"
    gateway.serve([one, two])
    assert (_get(one.public), _get(two.public)) == (b"ok", b"ok")
    kept.sendall(b"GET / HTTP/1.0\r\n\r\n")
    assert kept.recv(100).startswith(b"HTTP/1.0 200")
    kept.close()
    gateway.serve([two])
    with pytest.raises(OSError, match="refused"):
        _get(one.public)
    gateway.serve([])
    with pytest.raises(OSError, match="refused"):
        _get(two.public)


def test_a_port_that_is_taken_is_served_once_it_is_free(
    gateway, region_network, serve, monkeypatch
):
    monkeypatch.setattr("region.services.vpc.internet_gateway._RETRY_SECONDS", 0.0)
    address = "10.79.0.7"
    region_network.apply(open_to_all([address]))
    serve(address)
    wanted = [Forwarding(loopback_of(address), PORT, address)]
    with socket.create_server((loopback_of(address), PORT)):
        gateway.serve(wanted)
    gateway.serve(wanted)
    assert _get(loopback_of(address)) == b"ok"
