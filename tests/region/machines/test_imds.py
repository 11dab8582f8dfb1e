from __future__ import annotations

import json

import pytest

from region.credentials import Credential
from region.machines.imds import Imds, Response

OWN = Credential("HAPROOFNODE", "secret", "token")
TTL = "X-aws-ec2-metadata-token-ttl-seconds"
TOKEN = "X-aws-ec2-metadata-token"


@pytest.fixture
def now() -> list[float]:
    return [0.0]


@pytest.fixture
def imds(spec_of, now: list[float]) -> Imds:
    return Imds(spec_of(b"#cloud-config\n", host=7), "123456789012", OWN, lambda: now[0])


def _token(imds: Imds, ttl: str = "60") -> str:
    return imds.answer("PUT", "/latest/api/token", {TTL: ttl}).body


def _get(imds: Imds, path: str) -> Response:
    return imds.answer("GET", path, {TOKEN: _token(imds)})


def test_reads_without_token_are_refused(imds: Imds):
    assert imds.answer("GET", "/latest/meta-data/instance-id", {}).status == 401
    assert imds.answer("GET", "/latest/meta-data/instance-id", {TOKEN: "made-up"}).status == 401


def test_token_expires(imds: Imds, now: list[float]):
    token = _token(imds, "60")
    path = "/latest/meta-data/instance-id"
    now[0] = 59.0
    assert imds.answer("GET", path, {TOKEN: token}).status == 200
    now[0] = 60.0
    assert imds.answer("GET", path, {TOKEN: token}).status == 401


@pytest.mark.parametrize("ttl", ["", "0", "21601", "soon", "-1"])
def test_token_needs_a_time_to_live_in_range(imds: Imds, ttl: str):
    assert imds.answer("PUT", "/latest/api/token", {TTL: ttl}).status == 400


def test_token_needs_put_and_no_proxy(imds: Imds):
    assert imds.answer("GET", "/latest/api/token", {TTL: "60"}).status == 405
    forwarded = {TTL: "60", "X-Forwarded-For": "10.0.0.1"}
    assert imds.answer("PUT", "/latest/api/token", forwarded).status == 403
    assert imds.answer("POST", "/latest/meta-data/", {}).status == 405


def test_values(imds: Imds, spec_of):
    spec = spec_of(host=7)
    for path, value in {
        "instance-id": spec.instance_id,
        "instance-type": "t4g.nano",
        "local-ipv4": spec.private_ip,
        "placement/availability-zone": "ap-northeast-2a",
        "placement/region": "ap-northeast-2",
    }.items():
        assert _get(imds, f"/latest/meta-data/{path}").body == value
    assert _get(imds, "/latest/user-data").body == "#cloud-config\n"


def test_listings(imds: Imds):
    assert "placement/" in _get(imds, "/latest/meta-data/").body.split("\n")
    assert _get(imds, "/latest/meta-data/iam/security-credentials/").body == "instance-role"
    assert _get(imds, "/latest/meta-data/nothing").status == 404
    assert _get(imds, "/2020-10-27/meta-data/instance-id").status == 404


def test_credentials_are_the_instances_own(imds: Imds):
    found = json.loads(_get(imds, "/latest/meta-data/iam/security-credentials/instance-role").body)
    assert found["Code"] == "Success"
    names = ("AccessKeyId", "SecretAccessKey", "Token")
    assert [found[name] for name in names] == ["HAPROOFNODE", "secret", "token"]
    assert found["Expiration"] > found["LastUpdated"]


def test_identity_document(imds: Imds):
    found = json.loads(_get(imds, "/latest/dynamic/instance-identity/document").body)
    assert found["accountId"] == "123456789012"
    assert found["architecture"] == "arm64"
    assert found["region"] == "ap-northeast-2"
