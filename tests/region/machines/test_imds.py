from __future__ import annotations

import json
from dataclasses import replace

import pytest

from region.credentials import Credential
from region.machines.imds import Imds, Response
from region.machines.metadata import Interface, Metadata

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
    assert _get(imds, "/1999-01-01/meta-data/instance-id").status == 404
    assert "user-data" in _get(imds, "/latest").body.split("\n")


@pytest.mark.parametrize("version", ["latest", "2021-07-15", "2009-04-04", "1.0"])
def test_every_version_has_what_the_latest_one_has(imds: Imds, version: str):
    assert version in _get(imds, "/").body.split("\n")
    found = _get(imds, f"/{version}/meta-data/instance-type")
    assert (found.status, found.body) == (200, "t4g.nano")


@pytest.mark.parametrize(
    "path", ["/latest/meta-data/instance-type?x=1", "/latest/meta%2Ddata/instance-type?"]
)
def test_queries_and_escapes_do_not_hide_a_path(imds: Imds, path: str):
    assert _get(imds, path).status == 200


def test_a_query_does_not_hide_the_token(imds: Imds):
    assert imds.answer("PUT", "/latest/api/token?x=1", {TTL: "60"}).status == 200


def test_no_user_data_is_not_found(spec_of):
    imds = Imds(spec_of(b"", host=7), "123456789012", OWN)
    assert _get(imds, "/latest/user-data").status == 404
    assert "user-data" not in _get(imds, "/latest/").body


def _described(spec_of, **changes: object) -> Imds:
    interface = Interface("eni-1", "02:00:0a:4e:00:07", "subnet-1", "vpc-1", ("10.78.0.0/16",))
    values = {
        "groups": {"sg-1": "web", "sg-2": "db"},
        "interface": interface,
        "profile": ("arn:aws:iam::1:instance-profile/p", "AIPA"),
        "zone_id": "apne2-az1",
    }
    about = Metadata(**values | changes)  # type: ignore[arg-type]
    spec = replace(spec_of(b"", host=7), metadata=lambda: about, public_ip="127.78.0.7")
    return Imds(spec, "123456789012", OWN)


def test_tokens_may_be_optional(spec_of):
    path = "/latest/meta-data/instance-type"
    optional = _described(spec_of, tokens_required=False)
    assert optional.answer("GET", path, {}).body == "t4g.nano"
    assert optional.answer("GET", path, {TOKEN: "made-up"}).status == 401
    assert _get(optional, path).status == 200
    assert _described(spec_of).answer("GET", path, {}).status == 401


def test_what_ec2_describes(spec_of):
    imds = _described(spec_of)
    interface = "network/interfaces/macs/02:00:0a:4e:00:07"
    for path, value in {
        "mac": "02:00:0a:4e:00:07",
        "network/interfaces/macs/": "02:00:0a:4e:00:07/",
        f"{interface}/subnet-id": "subnet-1",
        f"{interface}/vpc-ipv4-cidr-blocks": "10.78.0.0/16",
        f"{interface}/security-group-ids": "sg-1\nsg-2",
        f"{interface}/public-ipv4s": "127.78.0.7",
        "security-groups": "web\ndb",
        "services/domain": "amazonaws.com",
        "placement/availability-zone-id": "apne2-az1",
        "public-ipv4": "127.78.0.7",
    }.items():
        assert _get(imds, f"/latest/meta-data/{path}").body == value
    info = json.loads(_get(imds, "/latest/meta-data/iam/info").body)
    assert info["InstanceProfileArn"] == "arn:aws:iam::1:instance-profile/p"
    assert _get(_described(spec_of, profile=None), "/latest/meta-data/iam/info").status == 404


def test_tags_are_told_only_where_that_is_enabled(spec_of):
    assert _get(_described(spec_of), "/latest/meta-data/tags/instance/").status == 404
    tags = {"Name": "web", "empty": "", "a b": "x", "a/b": "x", "..": "x", "k:v@1": "y"}
    imds = _described(spec_of, tags=tags)
    listed = _get(imds, "/latest/meta-data/tags/instance").body.split("\n")
    assert listed == ["Name", "empty", "k:v@1"]
    assert _get(imds, "/latest/meta-data/tags/instance/k:v@1").body == "y"
    assert _get(imds, "/latest/meta-data/tags/instance/empty").status == 200


def test_a_service_that_is_switched_off_answers_nothing(spec_of):
    imds = _described(spec_of, served=False)
    assert imds.answer("PUT", "/latest/api/token", {TTL: "60"}).status == 403


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
