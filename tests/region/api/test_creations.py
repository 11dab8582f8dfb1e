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


def test_a_changed_program_gets_what_it_says_now(make_plane: Any, clients_of: Any):
    plane = make_plane()
    _bucket(plane, "one")
    plane.stop()
    again = make_plane()
    _bucket(again, "two")
    buckets = clients_of(again.endpoint).s3.list_buckets()["Buckets"]
    assert {bucket["Name"] for bucket in buckets} == {"one-of-ours", "two-of-ours"}


def _bucket(plane: Any, name: str) -> None:
    place = {"LocationConstraint": REGION}
    with creation.marked(URN):
        Clients(plane.endpoint, REGION, USER).s3.create_bucket(
            Bucket=f"{name}-of-ours", CreateBucketConfiguration=place
        )


def test_a_call_with_a_token_of_botocore_is_the_same_call(make_plane: Any):
    def launched(plane: Any) -> str:
        with creation.marked(URN):
            made = Clients(plane.endpoint, REGION, USER).ec2.create_nat_gateway(
                SubnetId=subnet, ConnectivityType="private"
            )
        return made["NatGateway"]["NatGatewayId"]

    plane = make_plane()
    subnet = Clients(plane.endpoint, REGION, USER).ec2.describe_subnets()["Subnets"][0]["SubnetId"]
    first = launched(plane)
    plane.stop()
    assert launched(make_plane()) == first


def test_the_seed_of_a_name_outlives_the_region_until_the_engine_knows(make_plane: Any):
    plane = make_plane()
    token = creation.token_of(URN)
    with creation.marked(URN, b"seed"):
        Clients(plane.endpoint, REGION, USER).ec2.create_internet_gateway()
    assert plane.interrupted_seed(token) == b""  # this process goes on by itself
    plane.stop()
    again = make_plane()
    assert again.interrupted_seed(token) == b"seed"
    again.created(token)
    assert again.interrupted_seed(token) == b""
