"""Which rules and public ports follow from what the API holds."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from region.loopback.addresses import loopback_of
from region.network import Firewall
from region.services.vpc.controller import NetworkController
from region.services.vpc.internet_gateway import Forwarding


class Recorder:
    """Stands in for network and gateway."""

    def __init__(self) -> None:
        self.firewall = Firewall()
        self.served: set[Forwarding] = set()

    def apply(self, firewall: Firewall) -> None:
        self.firewall = firewall

    def serve(self, wanted: Iterable[Forwarding]) -> None:
        self.served = set(wanted)

    def close(self) -> None:
        self.served = set()


@pytest.fixture
def recorder() -> Recorder:
    return Recorder()


@pytest.fixture
def controller(stage, recorder) -> NetworkController:
    return NetworkController(stage.plane, recorder, recorder)


def _group(stage, *permissions: dict[str, object]) -> str:
    ec2 = stage.aws.ec2
    made = ec2.create_security_group(GroupName="app", Description="x", VpcId=stage.vpc)["GroupId"]
    ec2.authorize_security_group_ingress(GroupId=made, IpPermissions=list(permissions))
    return made


def _launch(stage, group: str, subnet: int = 0, *, public: bool = True) -> tuple[str, str]:
    (found,) = stage.aws.ec2.run_instances(
        ImageId=stage.image,
        InstanceType="t4g.nano",
        MinCount=1,
        MaxCount=1,
        NetworkInterfaces=[
            {
                "DeviceIndex": 0,
                "SubnetId": stage.subnets[subnet],
                "Groups": [group],
                "AssociatePublicIpAddress": public,
            }
        ],
    )["Instances"]
    return found["InstanceId"], found["PrivateIpAddress"]


def _tcp(first: int, last: int, **source: object) -> dict[str, object]:
    return {"IpProtocol": "tcp", "FromPort": first, "ToPort": last, **source}


ANYWHERE = {"IpRanges": [{"CidrIp": "0.0.0.0/0"}]}


def test_ports_that_are_open_to_the_internet_are_served(stage, controller, recorder):
    inside = {"IpRanges": [{"CidrIp": "10.0.0.0/8"}]}
    office = {"IpRanges": [{"CidrIp": "203.0.113.7/32"}]}
    group = _group(
        stage, _tcp(8080, 8081, **ANYWHERE), _tcp(22, 22, **office), _tcp(9, 9, **inside)
    )
    _, address = _launch(stage, group)
    controller.reconcile()
    public = loopback_of(address)
    assert recorder.served == {Forwarding(public, port, address) for port in (22, 8080, 8081)}
    (interface,) = recorder.firewall.interfaces
    assert (interface.address, interface.groups) == (address, (group,))


def test_no_public_address_means_no_public_port(stage, controller, recorder):
    _launch(stage, _group(stage, _tcp(8080, 8080, **ANYWHERE)), public=False)
    controller.reconcile()
    assert recorder.served == set()


def test_a_rule_for_nearly_all_ports_serves_none(stage, controller, recorder):
    _launch(stage, _group(stage, _tcp(0, 65535, **ANYWHERE), _tcp(80, 80, **ANYWHERE)))
    controller.reconcile()
    assert {item.port for item in recorder.served} == {80}


def test_of_a_rule_for_all_ports_those_are_served_on_which_somebody_listens(stage, recorder):
    group = _group(stage, _tcp(1000, 65535, **ANYWHERE), _tcp(22, 22, **ANYWHERE))
    name, _ = _launch(stage, group)
    ports = {name: {80, 8080, 9000}}
    controller = NetworkController(stage.plane, recorder, recorder, ports.__getitem__)
    controller.reconcile()
    assert {item.port for item in recorder.served} == {22, 8080, 9000}


def test_nobody_is_asked_on_which_ports_he_listens_if_no_rule_is_for_all_of_them(stage, recorder):
    # The kernel walks over all connections of the computer for that: 3 ms of CPU time each under load.
    _launch(stage, _group(stage, _tcp(8080, 8090, **ANYWHERE)))

    def listening(_: str) -> set[int]:
        pytest.fail("it was asked")

    controller = NetworkController(stage.plane, recorder, recorder, listening)
    controller.reconcile()
    assert {item.port for item in recorder.served} == set(range(8080, 8091))


def test_a_terminated_instance_is_forgotten(stage, controller, recorder):
    name, _ = _launch(stage, _group(stage, _tcp(8080, 8080, **ANYWHERE)))
    controller.reconcile()
    assert recorder.served
    stage.aws.ec2.terminate_instances(InstanceIds=[name])
    controller.reconcile()
    assert (recorder.served, recorder.firewall.interfaces) == (set(), ())


def test_a_rule_that_names_a_group_keeps_the_group(stage, controller, recorder):
    made = stage.aws.ec2.create_security_group(GroupName="lb", Description="x", VpcId=stage.vpc)
    balancer = made["GroupId"]
    group = _group(stage, _tcp(8080, 8080, UserIdGroupPairs=[{"GroupId": balancer}]))
    controller.reconcile()
    (rule,) = next(item for item in recorder.firewall.groups if item.id == group).ingress
    assert (rule.protocol, rule.from_port, rule.groups, rule.cidrs) == (
        "tcp", 8080, (balancer,), ()
    )  # fmt: skip
