"""One client that is slow, or that asks for too much, stops nobody."""

from __future__ import annotations

import gzip
import io
import socket
import time
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from region.api import bodies
from tests.region.fakes import REGION, USER, ask

HALF_REQUESTS = {
    "chunks that stall": "Transfer-Encoding: chunked\r\n\r\n5\r\nab",
    "a body that stalls": "Content-Length: 1000\r\n\r\nAction=",
    "a head that stalls": "X-Some: ",
    "a length of a chunk that stalls": "Transfer-Encoding: chunked\r\n\r\n5",
}


def _begin(port: int, rest: str) -> socket.socket:
    opened = socket.create_connection(("127.0.0.1", port), timeout=5)
    today = time.strftime("%Y%m%d", time.gmtime())
    opened.sendall(
        (
            f"POST / HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n"
            f"X-Amz-Date: {today}T000000Z\r\n"
            f"Authorization: AWS4-HMAC-SHA256 Credential={USER.access_key_id}/{today}/{REGION}"
            f"/ec2/aws4_request, SignedHeaders=host;x-amz-date, Signature={'0' * 64}\r\n{rest}"
        ).encode()
    )
    return opened


@pytest.mark.parametrize("rest", HALF_REQUESTS.values(), ids=HALF_REQUESTS)
def test_half_a_request_stops_nobody(plane: Any, aws: Any, rest: str):
    aws.ec2.describe_vpcs()  # what moto loads with the first call does not count
    held = [_begin(plane.port, rest) for _ in range(5)]
    time.sleep(0.2)
    begun = time.monotonic()
    vpc = aws.ec2.create_vpc(CidrBlock="10.30.0.0/16")["Vpc"]["VpcId"]
    assert aws.ec2.describe_vpcs(VpcIds=[vpc])["Vpcs"]
    assert plane.lock.acquire(timeout=1)
    plane.lock.release()
    plane.stop()
    assert time.monotonic() - begun < 5
    for one in held:
        one.close()


def test_a_client_that_does_not_read_its_answer_stops_nobody(plane: Any, aws: Any):
    aws.s3.create_bucket(Bucket="large", CreateBucketConfiguration={"LocationConstraint": REGION})
    aws.s3.put_object(Bucket="large", Key="x", Body=b"x" * 30_000_000)
    url = aws.s3.generate_presigned_url("get_object", {"Bucket": "large", "Key": "x"})
    target = url.partition(f":{plane.port}")[2]
    deaf = socket.create_connection(("127.0.0.1", plane.port))
    deaf.sendall(f"GET {target} HTTP/1.1\r\nHost: 127.0.0.1:{plane.port}\r\n\r\n".encode())
    assert deaf.recv(12) == b"HTTP/1.1 200"
    begun = time.monotonic()
    assert aws.s3.head_object(Bucket="large", Key="x")["ContentLength"] == 30_000_000
    aws.ec2.create_vpc(CidrBlock="10.30.0.0/16")
    plane.stop()
    assert time.monotonic() - begun < 5
    deaf.close()


@pytest.mark.parametrize("service", ["ec2", "s3"])
def test_a_body_that_is_too_long_is_refused(
    plane: Any, monkeypatch: pytest.MonkeyPatch, service: str
):
    monkeypatch.setattr(bodies, "MOST_BYTES", 1500)
    monkeypatch.setattr(bodies, "MOST_BYTES_OF_A_CALL", 1000)
    answer = ask(plane, "POST", "/x", signed_for=service, body=b"x" * 2000)
    assert (answer.status, b"EntityTooLarge" in answer.body) == (413, True)


def _environ(body: bytes, *, chunked: bool) -> dict[str, Any]:
    stream = io.BytesIO(body)
    if chunked:
        return {"wsgi.input": stream, "wsgi.input_terminated": True}
    return {"wsgi.input": stream, "CONTENT_LENGTH": str(len(body))}


@pytest.mark.parametrize("chunked", [False, True])
def test_bodies_that_arrive_together_get_so_much_memory(chunked: bool):
    intake = bodies.Intake(most=5_000_000)
    large, small = b"x" * 3_000_000, b"x" * 1000
    with intake.body_of(_environ(large, chunked=chunked), "s3") as first:
        assert first == large
        with (
            pytest.raises(bodies.BusyError),
            intake.body_of(_environ(large, chunked=chunked), "s3"),
        ):
            pass
        # Whoever calls is not kept from it.
        with intake.body_of(_environ(small, chunked=chunked), "ec2") as second:
            assert second == small
    environ = _environ(large, chunked=chunked)
    with intake.body_of(environ, "s3") as again:
        assert again == large == environ["wsgi.input"].read()


def test_a_body_that_is_refused_for_now_may_be_sent_again(
    plane: Any, aws: Any, monkeypatch: pytest.MonkeyPatch
):
    aws.s3.create_bucket(Bucket="large", CreateBucketConfiguration={"LocationConstraint": REGION})

    def busy(*_: object) -> None:
        raise bodies.BusyError("full.")

    with monkeypatch.context() as patched:
        patched.setattr(bodies.Intake, "take", busy)
        with pytest.raises(ClientError) as refused:
            aws.s3.put_object(Bucket="large", Key="x", Body=b"x" * 2_000_000)
    assert refused.value.response["Error"]["Code"] == "SlowDown"
    aws.s3.put_object(Bucket="large", Key="x", Body=b"x" * 2_000_000)


def test_a_body_that_unpacks_to_too_much_is_refused(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(bodies, "MOST_BYTES_OF_A_CALL", 1000)

    def decoded(content: bytes, service: str = "monitoring") -> bytes:
        environ = {"HTTP_CONTENT_ENCODING": "gzip"}
        found = bodies.decoded(environ, content, service)
        if found is not content:
            assert "HTTP_CONTENT_ENCODING" not in environ
            assert environ["wsgi.input"].read() == found  # type: ignore[attr-defined]
        return found

    whole = gzip.compress(b"x" * 1000)
    assert decoded(whole) == b"x" * 1000
    assert decoded(whole, "s3") == whole, "it is what the object is"
    with pytest.raises(bodies.TooLargeError):
        decoded(gzip.compress(b"x" * 1001))
    for broken in (whole[:-9], b"plain"):
        with pytest.raises(ValueError, match="gzip"):
            decoded(broken)


def test_the_size_of_metric_data_counts_as_it_is_sent(aws: Any):
    """PutMetricData takes 1 MB, and a payload may be compressed (API reference)."""
    tags = [{"Name": f"d{number}", "Value": "x" * 1000} for number in range(30)]
    data = [{"MetricName": f"m{number}", "Dimensions": tags, "Value": 1} for number in range(50)]
    aws.cloudwatch.put_metric_data(Namespace="large", MetricData=data)
    plain = boto3.client(
        "cloudwatch",
        endpoint_url=aws.cloudwatch.meta.endpoint_url,
        region_name=REGION,
        aws_access_key_id=USER.access_key_id,
        aws_secret_access_key=USER.secret_access_key,
        config=Config(disable_request_compression=True, retries={"max_attempts": 0}),
    )
    with pytest.raises(ClientError) as refused:
        plain.put_metric_data(Namespace="large", MetricData=data)
    assert refused.value.response["Error"]["Code"] == "RequestEntityTooLarge"
