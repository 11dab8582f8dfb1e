"""Real HAProxy with TLS: certificates by name, versions, HTTP/2, and what targets are told."""

from __future__ import annotations

import dataclasses
import http.client
import socket
import ssl
from collections import Counter
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from region.services.elbv2.haproxy.model import HeaderModes, Health
from region.services.elbv2.haproxy.process import HAProxy
from region.services.elbv2.haproxy.rules import Redirect
from region.services.elbv2.haproxy.tls import Certificate, Tls
from tests.certificates import Pair, self_signed

pytestmark = pytest.mark.region

ONE, OTHER = self_signed("one.example"), self_signed("other.example")
SUITES = ("TLS_AES_128_GCM_SHA256",)
MODERN = ("ECDHE-ECDSA-AES128-GCM-SHA256",)
OLD = ("ECDHE-ECDSA-AES128-SHA",)


def certificate(name: str, pair: Pair) -> Certificate:
    return Certificate(f"{name}.pem", pair.certificate + pair.key)


def secure(balancer: HAProxy, **settings: Any) -> HAProxy:
    """Let its listener serve HTTPS."""
    given = {"ciphers": MODERN, "suites": SUITES, **settings}
    pairs = (certificate("one", ONE), certificate("other", OTHER))
    (listener,) = balancer.spec.listeners
    secured = dataclasses.replace(listener, tls=Tls(pairs, **given))
    headers = HeaderModes(tls=True)
    balancer.configure(dataclasses.replace(balancer.spec, listeners=(secured,), headers=headers))
    return balancer


def connect(
    balancer: HAProxy, pair: Pair, name: str, adjust: Callable[[ssl.SSLContext], object] = id
) -> ssl.SSLSocket:
    """Connect as a client that trusts one certificate and asks for a name."""
    context = ssl.create_default_context(cadata=pair.certificate)
    adjust(context)
    plain = socket.create_connection((balancer.spec.address, balancer.spec.listeners[0].port), 5)
    return context.wrap_socket(plain, server_hostname=name)


def ask(connection: ssl.SSLSocket, host: str) -> bytes:
    connection.sendall(f"GET /a HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
    answer = http.client.HTTPResponse(connection)
    answer.begin()
    assert answer.status == 200
    return answer.read()


def test_each_name_has_its_certificate_and_the_first_is_for_all_others(new_balancer: Any) -> None:
    balancer = secure(new_balancer())
    for pair, name in ((ONE, "one.example"), (OTHER, "other.example")):
        connect(balancer, pair, name).close()
    with pytest.raises(ssl.SSLCertVerificationError, match="third"):
        connect(balancer, ONE, "third.example")


def test_targets_are_told_of_tls(new_balancer: Any, new_app: Any, kit: SimpleNamespace) -> None:
    balancer, app = secure(new_balancer()), new_app()
    balancer.set_targets("tg-web", [kit.target(app)])
    one = kit.target(app).id
    kit.wait_for(lambda: balancer.poll()["tg-web"][one].health is Health.HEALTHY)
    with connect(balancer, ONE, "one.example") as connection:
        assert ask(connection, "one.example").decode() == app.address
    headers = {name.lower(): value for name, value in app.headers[0].items()}
    assert headers["x-forwarded-proto"] == "https"
    assert headers["x-forwarded-port"] == str(balancer.spec.listeners[0].port)
    assert headers["x-amzn-tls-version"] == "TLSv1.3"
    assert headers["x-amzn-tls-cipher-suite"] == SUITES[0]


@pytest.mark.parametrize(("offered", "chosen"), [(True, "h2"), (False, "http/1.1")])
def test_http_2_is_offered_unless_it_is_off(new_balancer: Any, offered: bool, chosen: str) -> None:
    balancer = secure(new_balancer(), http2=offered)
    both = ["h2", "http/1.1"]
    with connect(balancer, ONE, "one.example", lambda c: c.set_alpn_protocols(both)) as found:
        assert found.selected_alpn_protocol() == chosen


def test_old_versions_are_for_old_policies(new_balancer: Any) -> None:
    def old(context: ssl.SSLContext) -> None:
        context.minimum_version = ssl.TLSVersion.TLSv1_1
        context.maximum_version = ssl.TLSVersion.TLSv1_1
        context.set_ciphers("ALL:@SECLEVEL=0")

    balancer = secure(new_balancer(), oldest="TLSv1.1", ciphers=OLD)
    with connect(balancer, ONE, "one.example", old) as found:
        assert found.version() == "TLSv1.1"
    secure(balancer)
    with pytest.raises((ssl.SSLError, ConnectionError)):
        connect(balancer, ONE, "one.example", old)


def test_failed_handshakes_are_counted(new_balancer: Any, kit: SimpleNamespace) -> None:
    balancer = secure(new_balancer())
    for _ in range(2):
        with pytest.raises(ssl.SSLCertVerificationError):
            connect(balancer, OTHER, "one.example")
    counted = Counter[str]()

    def both_are_told() -> bool:
        assert balancer.requests.take() == []
        counted.update(balancer.requests.failed_handshakes)
        return counted == {"node": 2}

    kit.wait_for(both_are_told)


def test_a_redirect_keeps_to_https(new_balancer: Any) -> None:
    balancer = secure(new_balancer())
    (listener,) = balancer.spec.listeners
    moved = dataclasses.replace(listener, action=Redirect(302, path="/b"))
    balancer.configure(dataclasses.replace(balancer.spec, listeners=(moved,)))
    with connect(balancer, ONE, "one.example") as connection:
        connection.sendall(b"GET /a HTTP/1.1\r\nHost: one.example\r\n\r\n")
        answer = connection.recv(65536).lower()
    assert f"location: https://one.example:{listener.port}/b".encode() in answer


def test_keys_are_the_owners_alone(new_balancer: Any) -> None:
    balancer = secure(new_balancer())
    (directory,) = {path.parent for path in balancer._directory.glob("*.pem")}
    assert {path.stat().st_mode & 0o777 for path in directory.glob("*.pem")} == {0o600}
    assert ONE.key not in repr(balancer.spec)
