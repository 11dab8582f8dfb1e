"""A creation of the provider goes on after the region's death, with the answers that it had."""

from __future__ import annotations

from typing import Any

import pytest

from region.provider import creation
from region.provider.clients import Clients
from tests.region.fakes import REGION, USER

URN = "urn:pulumi:ha::haproof::aws:ec2/internetGateway:InternetGateway::gateway"


def _created(plane: Any, *, urn: str = URN) -> str:
    clients = Clients(plane.endpoint, REGION, USER)
    with creation.marked(urn):
        gateway = clients.ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
        clients.ec2.create_tags(Resources=[gateway], Tags=[{"Key": "a", "Value": "b"}])
    return gateway


def _own(aws: Any) -> list[str]:
    return [
        gateway["InternetGatewayId"]
        for gateway in aws.ec2.describe_internet_gateways()["InternetGateways"]
        if gateway["Tags"]
    ]


def test_a_creation_that_was_interrupted_makes_nothing_twice(make_plane: Any, clients_of: Any):
    plane = make_plane()
    first = _created(plane)
    plane.stop()
    again = make_plane()
    assert _created(again) == first
    assert _own(clients_of(again.endpoint)) == [first]


@pytest.mark.parametrize("restart", [False, True])
def test_a_creation_that_the_engine_knows_is_not_repeated(
    make_plane: Any, clients_of: Any, restart: bool
):
    plane = make_plane()
    first = _created(plane)
    plane.created(creation.token_of(URN))
    if restart:
        plane.stop()
        plane = make_plane()
    assert _created(plane) != first
    assert len(_own(clients_of(plane.endpoint))) == 2


def test_in_one_process_a_replacement_is_a_creation_of_its_own(plane: Any, aws: Any):
    assert _created(plane) != _created(plane)
    assert len(_own(aws)) == 2


def test_other_resources_have_creations_of_their_own(make_plane: Any, clients_of: Any):
    plane = make_plane()
    _created(plane)
    plane.stop()
    again = make_plane()
    _created(again, urn=f"{URN}-other")
    assert len(_own(clients_of(again.endpoint))) == 2
