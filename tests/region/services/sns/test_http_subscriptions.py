"""Messages to HTTP endpoints: they reach this computer's, and never another one."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from botocore.exceptions import ClientError
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.sns.models import sns_backends

from region.services.sns import delivery_policy, http_subscriptions
from tests.region.builders import until
from tests.region.fakes import Aws

Answer = Callable[[BaseHTTPRequestHandler], None]


@contextmanager
def server(answer: Answer) -> Generator[tuple[str, list[dict[str, Any]]]]:
    """A server on a loopback address that keeps what is posted to it."""
    got: list[dict[str, Any]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            content = json.loads(body) if body.startswith("{") else {}
            headers = {name.lower(): value for name, value in self.headers.items()}
            got.append({"path": self.path, "body": body, "headers": headers, **content})
            answer(self)

        def do_GET(self) -> None:
            got.append({"path": self.path})
            answer(self)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base's name
            del format, args

    listening = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=listening.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listening.server_port}", got
    finally:
        listening.shutdown()
        listening.server_close()
        thread.join()


def delivery(endpoint: str, *delays: float) -> http_subscriptions.Delivery:
    return http_subscriptions.Delivery(endpoint, b'{"Message": "hello"}', {}, delays)


def accept(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.end_headers()


def test_a_message_reaches_an_endpoint_of_this_computer(aws: Aws) -> None:
    topic = aws.sns.create_topic(Name="t")["TopicArn"]
    with server(accept) as (url, got):
        aws.sns.subscribe(TopicArn=topic, Protocol="http", Endpoint=f"{url}/hook?team=a")
        aws.sns.publish(TopicArn=topic, Message="hello")
        until(lambda: bool(got))
    assert (got[0]["path"], got[0]["Message"]) == ("/hook?team=a", "hello")


@pytest.mark.parametrize(
    "endpoint",
    [
        "http://example.com/hook",
        "https://10.0.0.1/hook",
        "http://127.0.0.1.example.com/",
        "http://127.0.0.1@example.com/",
        "http://localhost/hook",
    ],
)
def test_an_endpoint_of_another_computer_is_refused(aws: Aws, endpoint: str) -> None:
    topic = aws.sns.create_topic(Name="t")["TopicArn"]
    protocol = endpoint.split(":", maxsplit=1)[0]
    with pytest.raises(ClientError, match="not on this machine"):
        aws.sns.subscribe(TopicArn=topic, Protocol=protocol, Endpoint=endpoint)
    assert aws.sns.list_subscriptions()["Subscriptions"] == []


def test_nothing_is_sent_to_another_computer(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """An older state may hold such a subscription."""

    def connect(*_args: object, **_kwargs: object) -> None:
        raise AssertionError("a connection was made")

    monkeypatch.setattr(http_subscriptions.http.client, "HTTPConnection", connect)
    http_subscriptions.post(delivery("http://example.com/hook"))
    until(lambda: "not on this machine" in caplog.text)


def test_a_redirect_is_not_followed(caplog: pytest.LogCaptureFixture) -> None:
    with server(accept) as (elsewhere, reached):

        def redirect(handler: BaseHTTPRequestHandler) -> None:
            handler.send_response(302)
            handler.send_header("Location", elsewhere)
            handler.end_headers()

        with server(redirect) as (url, got):
            http_subscriptions.post(delivery(url))
            until(lambda: "answered with 302" in caplog.text)
    assert len(got) == 1
    assert reached == []


def test_a_notification_is_as_sns_writes_it(aws: Aws) -> None:
    topic = aws.sns.create_topic(Name="t")["TopicArn"]
    with server(accept) as (url, got):
        made = aws.sns.subscribe(TopicArn=topic, Protocol="http", Endpoint=url)["SubscriptionArn"]
        aws.sns.publish(
            TopicArn=topic,
            Subject="news",
            Message=json.dumps({"default": "for all", "http": "for HTTP"}),
            MessageStructure="json",
            MessageAttributes={"color": {"DataType": "String", "StringValue": "red"}},
        )
        until(lambda: bool(got))
    (found,) = got
    assert (found["Message"], found["Subject"]) == ("for HTTP", "news")
    assert found["MessageAttributes"] == {"color": {"Type": "String", "Value": "red"}}
    assert made in found["UnsubscribeURL"]
    headers = found["headers"]
    assert headers["content-type"] == "text/plain; charset=UTF-8"
    assert headers["x-amz-sns-message-type"] == "Notification"
    assert headers["x-amz-sns-message-id"] == found["MessageId"]
    assert headers["x-amz-sns-topic-arn"] == topic
    assert headers["x-amz-sns-subscription-arn"] == made
    assert "x-amz-sns-rawdelivery" not in headers
    signed = ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type")
    text = "".join(f"{name}\n{found[name]}\n" for name in signed)
    kept = sns_backends[DEFAULT_ACCOUNT_ID][aws.sns.meta.region_name]._message_public_keys
    (certificate,) = kept.values()
    key = x509.load_pem_x509_certificate(certificate).public_key()
    assert isinstance(key, rsa.RSAPublicKey)
    signature = base64.b64decode(found["Signature"])
    key.verify(signature, text.encode(), padding.PKCS1v15(), hashes.SHA256())


def test_a_raw_message_is_sent_as_it_is(aws: Aws) -> None:
    topic = aws.sns.create_topic(Name="t")["TopicArn"]
    policy = {"requestPolicy": {"headerContentType": "application/json"}}
    with server(accept) as (url, got):
        aws.sns.subscribe(
            TopicArn=topic,
            Protocol="http",
            Endpoint=url,
            Attributes={"RawMessageDelivery": "true", "DeliveryPolicy": json.dumps(policy)},
        )
        aws.sns.publish(TopicArn=topic, Message="hello")
        until(lambda: bool(got))
    assert got[0]["body"] == "hello"
    assert got[0]["headers"]["x-amz-sns-rawdelivery"] == "true"
    assert got[0]["headers"]["content-type"] == "application/json"


@pytest.mark.parametrize(
    ("statuses", "sent"),
    [([500, 503, 200], 3), ([429, 200], 2), ([500, 500, 500, 500, 500], 4), ([404], 1), ([200], 1)],
)
def test_what_an_endpoint_cannot_take_is_sent_again(statuses: list[int], sent: int) -> None:
    answers = iter(statuses)

    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(next(answers))
        handler.end_headers()

    with server(answer) as (url, got):
        http_subscriptions.post(delivery(url, 20, 20, 20))
        for number in range(1, sent + 1):
            until(lambda number=number: len(got) == number)
            until(lambda number=number: number == sent or http_subscriptions.waiting() == 1)
            http_subscriptions.send_due(lambda _: 3600.0)
            assert len(got) == number, "its time had not come"
            http_subscriptions.send_due(lambda _: 0.0)
    assert http_subscriptions.waiting() == 0


def test_a_new_scope_counts_for_the_filter_that_is_there(aws: Aws) -> None:
    topic = aws.sns.create_topic(Name="t")["TopicArn"]
    with server(accept) as (url, got):
        made = aws.sns.subscribe(
            TopicArn=topic,
            Protocol="http",
            Endpoint=url,
            Attributes={
                "FilterPolicy": json.dumps({"color": ["red"]}),
                "RawMessageDelivery": "true",
            },
        )["SubscriptionArn"]
        change = {"SubscriptionArn": made, "AttributeName": "FilterPolicyScope"}
        with pytest.raises(ClientError, match="InvalidParameter"):
            aws.sns.set_subscription_attributes(**change, AttributeValue="Everything")
        aws.sns.set_subscription_attributes(**change, AttributeValue="MessageBody")
        aws.sns.publish(TopicArn=topic, Message=json.dumps({"color": "blue"}))
        aws.sns.publish(TopicArn=topic, Message=json.dumps({"color": "red"}))
        until(lambda: bool(got))
    assert [json.loads(one["body"]) for one in got] == [{"color": "red"}]


@pytest.mark.parametrize(
    ("policy", "code"),
    [
        ({"healthyRetryPolicy": {"numRetries": 101}}, "InvalidParameter"),
        ({"healthyRetryPolicy": {"minDelayTarget": 30}}, "InvalidParameter"),
        ({"healthyRetryPolicy": {"numRetries": 1, "numNoDelayRetries": 2}}, "InvalidParameter"),
        ({"healthyRetryPolicy": {"backoffFunction": "random"}}, "InvalidParameter"),
        (
            {"healthyRetryPolicy": {"numRetries": 100, "minDelayTarget": 40, "maxDelayTarget": 40}},
            "InvalidParameter",
        ),
        ({"requestPolicy": {"headerContentType": "image/png"}}, "InvalidParameter"),
        ({"retries": {}}, "InvalidParameter"),
        ({"healthyRetryPolicy": {"backoffFunction": "geometric"}}, "NotImplemented"),
        ({"throttlePolicy": {"maxReceivesPerSecond": 0}}, "InvalidParameter"),
        ({"throttlePolicy": {"maxReceivesPerSecond": 1.5}}, "InvalidParameter"),
        ({"throttlePolicy": {"perMinute": 1}}, "InvalidParameter"),
    ],
    ids=str,
)
def test_a_delivery_policy_is_checked(aws: Aws, policy: dict[str, Any], code: str) -> None:
    topic = aws.sns.create_topic(Name="t")["TopicArn"]
    with pytest.raises(ClientError) as refused:
        aws.sns.subscribe(
            TopicArn=topic,
            Protocol="http",
            Endpoint="http://127.0.0.1:9/",
            Attributes={"DeliveryPolicy": json.dumps(policy)},
        )
    assert refused.value.response["Error"]["Code"] == code
    assert aws.sns.list_subscriptions()["Subscriptions"] == []


def test_a_topic_is_created_again_only_as_it_is(aws: Aws) -> None:
    as_it_is = {
        "Name": "t",
        "Attributes": {"DisplayName": "News"},
        "Tags": [{"Key": "team", "Value": "a"}],
    }
    made = aws.sns.create_topic(**as_it_is)["TopicArn"]
    assert aws.sns.create_topic(**as_it_is)["TopicArn"] == made
    assert aws.sns.create_topic(Name="t")["TopicArn"] == made
    for change in (
        {"Attributes": {"DisplayName": "Old"}},
        {"Tags": [{"Key": "team", "Value": "b"}]},
    ):
        with pytest.raises(ClientError, match="already exists with different"):
            aws.sns.create_topic(Name="t", **change)


def test_the_policy_that_counts_is_told(aws: Aws) -> None:
    topic = aws.sns.create_topic(Name="t")["TopicArn"]
    of_topic = {"http": {"defaultHealthyRetryPolicy": {"numRetries": 1}}}
    aws.sns.set_topic_attributes(
        TopicArn=topic, AttributeName="DeliveryPolicy", AttributeValue=json.dumps(of_topic)
    )
    told = aws.sns.get_topic_attributes(TopicArn=topic)["Attributes"]["EffectiveDeliveryPolicy"]
    assert json.loads(told)["http"]["defaultHealthyRetryPolicy"]["numRetries"] == 1
    made = aws.sns.subscribe(TopicArn=topic, Protocol="http", Endpoint="http://127.0.0.1:9/")
    name = {"SubscriptionArn": made["SubscriptionArn"]}

    def retries() -> tuple[int, int]:
        found = aws.sns.get_subscription_attributes(**name)["Attributes"]
        policy = json.loads(found["EffectiveDeliveryPolicy"])["healthyRetryPolicy"]
        return policy["numRetries"], policy["minDelayTarget"]

    assert retries() == (1, 20)
    own = json.dumps({"healthyRetryPolicy": {"numRetries": 5, "minDelayTarget": 2}})
    aws.sns.set_subscription_attributes(**name, AttributeName="DeliveryPolicy", AttributeValue=own)
    assert retries() == (5, 2)


def test_phases_of_retries() -> None:
    assert delivery_policy.effective("", "").delays == (20, 20, 20)
    own = {
        "minDelayTarget": 10,
        "maxDelayTarget": 30,
        "numRetries": 7,
        "numNoDelayRetries": 1,
        "numMinDelayRetries": 2,
        "numMaxDelayRetries": 1,
    }
    of_subscription = json.dumps({"healthyRetryPolicy": own})
    assert delivery_policy.effective("", of_subscription).delays == (0, 10, 10, 10, 20, 30, 30)
    of_topic = {"defaultHealthyRetryPolicy": {"numRetries": 1}}
    alone = json.dumps({"http": of_topic})
    assert delivery_policy.effective(alone, "").delays == (20,)
    assert len(delivery_policy.effective(alone, of_subscription).delays) == 7
    firm = json.dumps({"http": {**of_topic, "disableSubscriptionOverrides": True}})
    assert delivery_policy.effective(firm, of_subscription).delays == (20,)


def test_a_subscription_is_sent_no_more_than_its_policy_says(aws: Aws) -> None:
    topic = aws.sns.create_topic(Name="t")["TopicArn"]
    policy = {"throttlePolicy": {"maxReceivesPerSecond": 2}}
    with server(accept) as (url, got):
        made = aws.sns.subscribe(
            TopicArn=topic,
            Protocol="http",
            Endpoint=url,
            Attributes={"DeliveryPolicy": json.dumps(policy)},
        )["SubscriptionArn"]
        told = aws.sns.get_subscription_attributes(SubscriptionArn=made)["Attributes"]
        effective = json.loads(told["EffectiveDeliveryPolicy"])
        assert effective["throttlePolicy"] == policy["throttlePolicy"]
        for number in range(5):
            aws.sns.publish(TopicArn=topic, Message=str(number))
        slow = 1000.0
        http_subscriptions.send_due(lambda seconds: seconds * slow)
        until(lambda: len(got) == 2)
        http_subscriptions.send_due(lambda seconds: seconds * slow)
        assert http_subscriptions.waiting() == 3
        http_subscriptions.send_due(lambda seconds: seconds * 1e-9)
        until(lambda: len(got) == 5)
    # The two of the first second are sent side by side.
    assert {json.loads(one["body"])["Message"] for one in got[:2]} == {"0", "1"}
