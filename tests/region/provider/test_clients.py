from __future__ import annotations

import threading

import pytest

from region.loopback.addresses import GuardError
from region.provider.clients import Clients
from region.provider.server import ProviderServer
from tests.region.fakes import USER


@pytest.mark.parametrize(
    "url",
    [
        "https://ec2.ap-northeast-2.amazonaws.com",
        "http://localhost:4566",
        "http://10.0.0.1:1",
        "http://127.0.0.1.example.org:1",
        "http://0.0.0.0:1",
        "127.0.0.1:4566",
        "",
    ],
)
def test_only_a_literal_loopback_address_is_taken(url: str) -> None:
    with pytest.raises(GuardError, match=r"only talks to 127\.0\.0\.0/8"):
        ProviderServer(url, "ap-northeast-2", USER)


def test_nothing_of_the_users_aws_setup_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "no-such-profile")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAREAL")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "real")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "https://example.org")
    monkeypatch.setenv("HTTP_PROXY", "http://example.org:3128")
    client = Clients("http://127.0.5.1:4566", "ap-northeast-2", USER).ec2
    credentials = client._request_signer._credentials
    assert (credentials.access_key, credentials.secret_key) == (
        USER.access_key_id,
        USER.secret_access_key,
    )
    assert client.meta.endpoint_url == "http://127.0.5.1:4566"
    assert client.meta.config.proxies == {}


def test_threads_share_one_client_per_service() -> None:
    clients = Clients("http://127.0.0.1:4566", "ap-northeast-2", USER)
    made: list[object] = []
    threads = [threading.Thread(target=lambda: made.append(clients.iam)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({id(client) for client in made}) == 1


def test_an_unknown_service_is_an_attribute_error() -> None:
    clients = Clients("http://127.0.0.1:4566", "ap-northeast-2", USER)
    assert clients.sqs.meta.service_model.service_name == "sqs"
    with pytest.raises(AttributeError, match="no service 'sqss'"):
        _ = clients.sqss
