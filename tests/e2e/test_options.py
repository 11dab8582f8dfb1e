"""The options of the HA stack on the real region: emulated, or rejected in the preview."""

from __future__ import annotations

import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest

from region import credentials, session
from region.provider.clients import Clients
from rehearsal.engine_events import Event, Summary
from rehearsal.pulumi_project import EngineError, Project
from tests.certificates import self_signed
from tests.e2e.conftest import Command, lasting
from toolchain import paths

pytestmark = pytest.mark.e2e

SMALL: dict[str, Any] = {
    "appPath": str(paths.REVISION),
    "minSize": 3,
    "desiredCapacity": 3,
    "maxSize": 4,
}


def begin(rehearsal: Command) -> Project:
    started = rehearsal("start")
    assert started.returncode == 0, started.stdout
    return Project(session.require(rehearsal.root), rehearsal.root)


@pytest.fixture(scope="module")
def refusing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """One region for all that is refused: nothing is made in it."""
    with lasting(tmp_path_factory.mktemp("refusing") / "region") as command:
        yield begin(command)


def clients(project: Project) -> Clients:
    endpoint = f"http://127.0.0.1:{project.session.api_port}"
    return Clients(endpoint, project.session.region, credentials.read(project.root))


def instances(aws: Clients) -> list[dict[str, Any]]:
    found = aws.ec2.describe_instances(
        Filters=[{"Name": "instance-state-name", "Values": ["running"]}]
    )
    return [item for group in found["Reservations"] for item in group["Instances"]]


def subnets(aws: Clients, **attributes: Any) -> dict[str, str]:
    """Ids to zones of the subnets with these attributes."""
    return {
        subnet["SubnetId"]: subnet["AvailabilityZone"]
        for subnet in aws.ec2.describe_subnets()["Subnets"]
        if all(subnet[name] == value for name, value in attributes.items())
    }


def test_private_instances_of_another_type_serve_and_are_removed_completely(rehearsal: Any) -> None:
    project = begin(rehearsal)
    project.prepare("ha", {**SMALL, "network": "nat", "instanceTypes": ["t4g.micro"]})
    project.up("ha")

    aws = clients(project)
    outputs = project.outputs("ha")
    with urllib.request.urlopen(f"{outputs['url']}/health", timeout=10) as answer:  # noqa: S310
        assert answer.status == 200
    running = instances(aws)
    assert {item["InstanceType"] for item in running} == {"t4g.nano"}
    assert len({item["Placement"]["AvailabilityZone"] for item in running}) == 3
    assert not [item["PublicIpAddress"] for item in running if item.get("PublicIpAddress")]
    gateways = aws.ec2.describe_nat_gateways()["NatGateways"]
    zones = subnets(aws)
    assert len({zones[gateway["SubnetId"]] for gateway in gateways}) == 3
    assert {item["SubnetId"] for item in running}.isdisjoint(g["SubnetId"] for g in gateways)

    events: list[Event] = []
    project.preview("ha", events.append)
    (summary,) = (event for event in events if isinstance(event, Summary))
    assert set(summary.changes) == {"same"}

    project.destroy("ha")
    assert project.resources("ha") == []
    assert aws.ec2.describe_addresses()["Addresses"] == []
    left = aws.ec2.describe_nat_gateways()["NatGateways"]
    assert {gateway["State"] for gateway in left} <= {"deleted"}
    assert not subnets(aws, MapPublicIpOnLaunch=False)


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"accessLogs": True}, "accessLogs.*remove it for the rehearsal"),
        # The log group comes first, where the region has none.
        ({"flowLogs": True}, "flowLog:FlowLog: no packets cross|not implement .*LogGroup"),
        (
            {"domainName": "www.example.com", "hostedZoneId": "Z0123456789ABC"},
            "of aws:acm/certificate:Certificate; the local region has no DNS",
        ),
        ({"instanceTypes": ["t4g.micro"], "spotPercentage": 50}, "has no Spot market"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else None,
)
def test_what_cannot_be_emulated_is_rejected_in_the_preview(
    refusing: Project, options: dict[str, Any], reason: str
) -> None:
    refusing.prepare("ha", {**SMALL, **options})
    with pytest.raises(EngineError, match=reason):
        refusing.preview("ha", pack=False)
    kinds = {resource["type"] for resource in refusing.resources("ha")}
    assert kinds <= {"pulumi:pulumi:Stack"}


def test_a_domain_is_previewed_with_an_imported_certificate(refusing: Project) -> None:
    pair = self_signed("www.example.com")
    certificate = clients(refusing).acm.import_certificate(
        Certificate=pair.certificate, PrivateKey=pair.key
    )["CertificateArn"]
    wanted = {"domainName": "www.example.com", "certificateArn": certificate, "releaseOnUp": False}
    refusing.prepare("ha", {**SMALL, **wanted})
    refusing.preview("ha", pack=False)
    refusing.prepare("ha", {**SMALL, **wanted, "certificateArn": certificate[:-4] + "0000"})
    with pytest.raises(EngineError, match="the local region has no certificate"):
        refusing.preview("ha", pack=False)
