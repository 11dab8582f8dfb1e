"""The service as an engine sees it, over a real gRPC connection."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from typing import Any

import grpc
import pytest
from google.protobuf import empty_pb2
from google.rpc import status_pb2
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc

from region.api.server import ControlPlane
from region.provider import lifecycle
from region.provider.lifecycle import InitError
from region.provider.server import ProviderServer
from region.provider.values import UNKNOWN, Secret, from_struct, to_struct

VPC = "aws:ec2/vpc:Vpc"
BUCKET = "aws:s3/bucket:Bucket"
URN = f"urn:pulumi:s::p::c:x:Y${VPC}::web"


@pytest.fixture
def server(plane: ControlPlane, context: Any) -> Iterator[tuple[ProviderServer, int]]:
    server = ProviderServer(plane.endpoint, "ap-northeast-2", plane.credentials.user)
    yield server, server.start()
    server.stop()


@pytest.fixture
def engine(server: Any) -> Iterator[Any]:
    with grpc.insecure_channel(f"127.0.0.1:{server[1]}") as channel:
        yield provider_pb2_grpc.ResourceProviderStub(channel)


def check(engine: Any, news: Any, type_: str = VPC, olds: Any = None) -> Any:
    urn = f"urn:pulumi:s::p::{type_}::web"
    request = provider_pb2.CheckRequest(
        urn=urn, name="web", type=type_, news=to_struct(news), olds=to_struct(olds or {})
    )
    return engine.Check(request)


def test_the_handshake_promises_what_the_provider_does(engine: Any) -> None:
    answer = engine.Handshake(provider_pb2.ProviderHandshakeRequest(engine_address="127.0.0.1:1"))
    assert answer.accept_secrets
    assert not answer.accept_outputs
    configured = engine.Configure(provider_pb2.ConfigureRequest())
    assert configured.supportsPreview
    assert configured.acceptSecrets
    engine.Attach(plugin_pb2.PluginAttach(address="127.0.0.1:1"))
    assert engine.GetPluginInfo(empty_pb2.Empty()).version == "7.51.1"
    assert '"aws"' in engine.GetSchema(provider_pb2.GetSchemaRequest()).schema


def test_one_resource_through_its_life(engine: Any) -> None:
    inputs = check(engine, {"cidrBlock": "10.50.0.0/16"}).inputs
    preview = engine.Create(
        provider_pb2.CreateRequest(urn=URN, type=VPC, properties=inputs, preview=True)
    )
    assert from_struct(preview.properties)["arn"] is UNKNOWN
    made = engine.Create(provider_pb2.CreateRequest(urn=URN, type=VPC, properties=inputs))
    assert made.id.startswith("vpc-")
    read = engine.Read(
        provider_pb2.ReadRequest(
            id=made.id, urn=URN, type=VPC, properties=made.properties, inputs=inputs
        )
    )
    assert read.id == made.id
    assert read.inputs == inputs
    news = check(engine, {"cidrBlock": "10.51.0.0/16"}, olds=from_struct(inputs)).inputs
    diff = engine.Diff(
        provider_pb2.DiffRequest(
            id=made.id, urn=URN, type=VPC, olds=made.properties, old_inputs=inputs, news=news
        )
    )
    assert list(diff.replaces) == ["cidrBlock"]
    kind = diff.detailedDiff["cidrBlock"].kind
    assert kind == provider_pb2.PropertyDiff.UPDATE_REPLACE
    gone = provider_pb2.DeleteRequest(id=made.id, urn=URN, type=VPC, properties=made.properties)
    engine.Delete(gone)
    engine.Delete(gone)
    assert not engine.Read(provider_pb2.ReadRequest(id=made.id, urn=URN, type=VPC)).id


def test_secrets_stay_secret_on_the_wire(engine: Any) -> None:
    inputs = from_struct(check(engine, {"cidrBlock": Secret("10.52.0.0/16")}).inputs)
    assert inputs["cidrBlock"] == Secret("10.52.0.0/16")
    assert inputs["enableDnsSupport"] is True


def test_an_unknown_type_is_refused_with_those_there_are(engine: Any) -> None:
    answer = check(engine, {}, "aws:ec2/transitGatewayX:TransitGatewayX")
    (failure,) = answer.failures
    assert "does not implement aws:ec2/transitGatewayX:TransitGatewayX" in failure.reason
    assert "aws:ec2/vpc:Vpc" in failure.reason


@pytest.mark.parametrize(
    ("type_", "remedy"),
    [
        ("aws:ec2/flowLog:FlowLog", "rehearse without flow logs"),
        ("aws:acm/certificateValidation:CertificateValidation", "rehearse without a domain"),
        ("aws:route53/record:Record", "rehearse without a domain"),
    ],
)
def test_an_unsupported_type_is_rejected_with_reason_and_remedy(
    engine: Any, type_: str, remedy: str
) -> None:
    (failure,) = check(engine, {}, type_).failures
    assert f"does not implement {type_}" in failure.reason
    assert remedy in failure.reason


def test_a_region_that_is_not_this_one_is_refused(engine: Any) -> None:
    request = provider_pb2.CheckRequest(news=to_struct({"region": "us-east-1"}))
    (failure,) = engine.CheckConfig(request).failures
    assert "aws:region is 'us-east-1'" in failure.reason
    request = provider_pb2.CheckRequest(news=to_struct({"region": "ap-northeast-2"}))
    assert not engine.CheckConfig(request).failures


def test_default_tags_belong_to_the_engine_that_configured_them(server: Any, engine: Any) -> None:
    tags = {"defaultTags": '{"tags": {"team": "a"}}'}
    engine.Configure(provider_pb2.ConfigureRequest(args=to_struct(tags)))
    mine = from_struct(check(engine, {"cidrBlock": "10.53.0.0/16"}).inputs)
    assert mine["tags"] == {"team": "a"}
    with grpc.insecure_channel(
        f"127.0.0.1:{server[1]}", [("grpc.use_local_subchannel_pool", 1)]
    ) as other:
        stub = provider_pb2_grpc.ResourceProviderStub(other)
        assert "tags" not in from_struct(check(stub, {"cidrBlock": "10.53.0.0/16"}).inputs)


def test_a_services_error_is_one_sentence(engine: Any) -> None:
    inputs = to_struct({"vpcId": "vpc-11111111", "tags": {}})
    urn = "urn:pulumi:s::p::aws:ec2/internetGateway:InternetGateway::gateway"
    with pytest.raises(grpc.RpcError) as caught:
        engine.Create(provider_pb2.CreateRequest(urn=urn, properties=inputs))
    message = caught.value.details()
    assert message.startswith(
        "creating aws:ec2/internetGateway:InternetGateway 'gateway': AttachInternetGateway: "
        "InvalidVpcID.NotFound: "
    )
    assert "\n" not in message


def test_what_exists_but_is_not_ready_comes_back_with_its_id(
    engine: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> Any:
        raise InitError("vpc-1", {"a": 1}, {"b": 2}, "not ready")

    monkeypatch.setattr(lifecycle, "create", fail)
    with pytest.raises(grpc.RpcError) as caught:
        engine.Create(provider_pb2.CreateRequest(urn=URN, type=VPC))
    trailers = dict(caught.value.trailing_metadata())
    status = status_pb2.Status.FromString(trailers["grpc-status-details-bin"])
    detail = provider_pb2.ErrorResourceInitFailed()
    assert status.details[0].Unpack(detail)
    assert detail.id == "vpc-1"
    assert list(detail.reasons) == ["not ready"]
    assert from_struct(detail.inputs) == {"b": 2}


def invoke(engine: Any, token: str, **arguments: Any) -> Any:
    request = provider_pb2.InvokeRequest(tok=token, args=to_struct(arguments))
    return engine.Invoke(request)


def result(answer: Any) -> dict[str, Any]:
    return from_struct(getattr(answer, "return"))


def test_the_functions_a_program_calls(engine: Any) -> None:
    zones = result(invoke(engine, "aws:index/getAvailabilityZones:getAvailabilityZones"))
    assert zones["names"][:2] == ["ap-northeast-2a", "ap-northeast-2b"]
    region = result(invoke(engine, "aws:index/getRegion:getRegion"))
    assert region["region"] == region["id"] == "ap-northeast-2"
    caller = result(invoke(engine, "aws:index/getCallerIdentity:getCallerIdentity"))
    assert caller["accountId"] == "123456789012"
    offerings = result(
        invoke(
            engine,
            "aws:ec2/getInstanceTypeOfferings:getInstanceTypeOfferings",
            locationType="availability-zone",
            filters=[{"name": "instance-type", "values": ["t4g.nano"]}],
        )
    )
    assert set(offerings["instanceTypes"]) == {"t4g.nano"}
    assert set(offerings["locations"]) <= set(zones["names"])
    name = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-arm64"
    parameter = result(invoke(engine, "aws:ssm/getParameter:getParameter", name=name))
    assert parameter["value"].value.startswith("ami-")
    assert parameter["insecureValue"] == parameter["value"].value


def test_a_missing_parameter_and_a_missing_function_are_reported(engine: Any) -> None:
    answer = invoke(engine, "aws:ssm/getParameter:getParameter", name="/none")
    assert answer.failures[0].reason.startswith("name: there is no parameter '/none'")
    with pytest.raises(grpc.RpcError, match="does not implement the function aws:ec2/getInstance:"):
        invoke(engine, "aws:ec2/getInstance:getInstance")


def test_a_taken_port_is_an_error(server: Any, plane: ControlPlane) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        second = ProviderServer(plane.endpoint, "ap-northeast-2", plane.credentials.user)
        with pytest.raises(OSError, match="is taken"):
            second.start(other.getsockname()[1])
    third = ProviderServer(plane.endpoint, "ap-northeast-2", plane.credentials.user)
    with pytest.raises(OSError, match="is taken"):
        third.start(server[1])


def test_a_creation_that_was_interrupted_goes_on_with_its_name(make_plane: Any, clients_of: Any):
    class DyingPlane:
        """The region dies when it is told that a creation has ended, so the engine never hears of it."""

        def __init__(self, plane: Any) -> None:
            self.interrupted_seed = plane.interrupted_seed

        def created(self, token: str) -> None:
            pass

    def create(plane: Any, seed: bytes) -> str:
        server = ProviderServer(
            plane.endpoint, "ap-northeast-2", plane.credentials.user, DyingPlane(plane)
        )
        urn = f"urn:pulumi:s::p::{BUCKET}::files"
        with grpc.insecure_channel(f"127.0.0.1:{server.start()}") as channel:
            engine = provider_pb2_grpc.ResourceProviderStub(channel)
            checked = engine.Check(
                provider_pb2.CheckRequest(urn=urn, name="files", type=BUCKET, randomSeed=seed)
            )
            made = engine.Create(provider_pb2.CreateRequest(urn=urn, properties=checked.inputs))
        server.stop()
        return made.id

    plane = make_plane()
    first = create(plane, b"one")
    plane.stop()
    again = make_plane()
    assert create(again, b"two") == first
    buckets = clients_of(again.endpoint).s3.list_buckets()["Buckets"]
    assert [bucket["Name"] for bucket in buckets] == [first]
