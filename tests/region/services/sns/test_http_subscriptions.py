"""Messages to HTTP endpoints: they reach this computer's, and never another one."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from botocore.exceptions import ClientError

from region.services.sns import http_subscriptions
from tests.region.builders import until
from tests.region.fakes import Aws

Answer = Callable[[BaseHTTPRequestHandler], None]


@contextmanager
def server(answer: Answer) -> Generator[tuple[str, list[dict[str, Any]]]]:
    """A server on a loopback address that keeps what is posted to it."""
    got: list[dict[str, Any]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            got.append({"path": self.path, **json.loads(body)})
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
    http_subscriptions.post("http://example.com/hook", {"Message": "hello"})
    until(lambda: "not on this machine" in caplog.text)


def test_a_redirect_is_not_followed(caplog: pytest.LogCaptureFixture) -> None:
    with server(accept) as (elsewhere, reached):

        def redirect(handler: BaseHTTPRequestHandler) -> None:
            handler.send_response(302)
            handler.send_header("Location", elsewhere)
            handler.end_headers()

        with server(redirect) as (url, got):
            http_subscriptions.post(url, {"Message": "hello"})
            until(lambda: "answered with 302" in caplog.text)
    assert len(got) == 1
    assert reached == []
