"""HTTPS at an Application Load Balancer: an imported certificate, and a redirect to it."""

from __future__ import annotations

import http.client
import socket
import ssl
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.certificates import self_signed
from tests.conformance.cloud import Cloud, Network

NAME = "www.haproof.example"
PAIR = self_signed(NAME)
PAGE = {
    "Type": "fixed-response",
    "FixedResponseConfig": {
        "StatusCode": "200",
        "ContentType": "text/plain",
        "MessageBody": "safe",
    },
}
TO_HTTPS = {
    "Type": "redirect",
    "RedirectConfig": {"Protocol": "HTTPS", "Port": "443", "StatusCode": "HTTP_301"},
}


class Secured:
    """A load balancer that redirects HTTP to HTTPS, where it answers itself.

    Attributes:
        certificate: The ARN of its certificate.
        listener: The ARN of its listener of HTTPS.
    """

    def __init__(self, cloud: Cloud, network: Network) -> None:
        elb = cloud.elbv2
        imported = cloud.acm.import_certificate(Certificate=PAIR.certificate, PrivateKey=PAIR.key)
        self.certificate = imported["CertificateArn"]
        cloud.afterwards(cloud.acm.delete_certificate, CertificateArn=self.certificate)
        made = elb.create_load_balancer(
            Name=cloud.name("tls"), Subnets=network.subnets, SecurityGroups=[network.group]
        )["LoadBalancers"][0]
        self.balancer, self.dns = made["LoadBalancerArn"], made["DNSName"]
        cloud.afterwards(elb.delete_load_balancer, LoadBalancerArn=self.balancer)
        elb.create_listener(
            LoadBalancerArn=self.balancer, Protocol="HTTP", Port=80, DefaultActions=[TO_HTTPS]
        )
        self.listener = elb.create_listener(
            LoadBalancerArn=self.balancer,
            Protocol="HTTPS",
            Port=443,
            SslPolicy="ELBSecurityPolicy-TLS13-1-2-2021-06",
            Certificates=[{"CertificateArn": self.certificate}],
            DefaultActions=[PAGE],
        )["Listeners"][0]["ListenerArn"]
        cloud.until(self.answers, 300, "HTTPS")

    def connect(self, **settings: Any) -> ssl.SSLSocket:
        """Connect as a client that trusts the certificate."""
        context = ssl.create_default_context(cadata=PAIR.certificate)
        for name, value in settings.items():
            setattr(context, name, value)
        context.set_alpn_protocols(["h2", "http/1.1"])
        return context.wrap_socket(
            socket.create_connection((self.dns, 443), 10), server_hostname=NAME
        )

    def answers(self) -> bool:
        """Return whether it serves HTTPS."""
        try:
            self.connect().close()
        except OSError:
            return False
        return True


@pytest.fixture(scope="module")
def secured(everywhere: Cloud, network: Network) -> Iterator[Secured]:
    cloud = everywhere.beside()
    yield Secured(cloud, network)
    cloud.clean_up()


# ALB guide, "Create an HTTPS listener", "Redirect actions", "HTTP headers", "Listeners" (HTTP/2).
@pytest.mark.row("X-HTTPS", "ELB-K03")
def test_http_leads_to_https(secured: Secured) -> None:
    connection = http.client.HTTPConnection(secured.dns, 80, timeout=10)
    connection.request("GET", "/a?b=c", headers={"Host": NAME})
    moved = connection.getresponse()
    assert (moved.status, moved.getheader("Location")) == (301, f"https://{NAME}:443/a?b=c")
    with secured.connect() as found:
        assert found.selected_alpn_protocol() == "h2"
        assert found.version() == "TLSv1.3"
    context = ssl.create_default_context(cadata=PAIR.certificate)
    with context.wrap_socket(
        socket.create_connection((secured.dns, 443), 10), server_hostname=NAME
    ) as plain:
        plain.sendall(f"GET / HTTP/1.1\r\nHost: {NAME}\r\nConnection: close\r\n\r\n".encode())
        answer = http.client.HTTPResponse(plain)
        answer.begin()
        assert (answer.status, answer.read()) == (200, b"safe")


# ALB guide, "Security policies".
@pytest.mark.row("X-HTTPS")
def test_a_policy_is_the_oldest_version_of_tls(secured: Secured) -> None:
    with secured.connect(maximum_version=ssl.TLSVersion.TLSv1_2) as found:
        assert found.version() == "TLSv1.2"
    with pytest.raises(OSError, match=r"(?i)ssl|tls|reset"):
        secured.connect(
            minimum_version=ssl.TLSVersion.TLSv1_1, maximum_version=ssl.TLSVersion.TLSv1_1
        )


@pytest.mark.row("X-HTTPS")
def test_a_certificate_in_use_is_not_deleted(secured: Secured, everywhere: Cloud) -> None:
    acm = everywhere.acm
    about = acm.describe_certificate(CertificateArn=secured.certificate)["Certificate"]
    assert about["InUseBy"] == [secured.balancer]
    with pytest.raises(ClientError, match="ResourceInUseException"):
        acm.delete_certificate(CertificateArn=secured.certificate)
    elb = everywhere.elbv2
    [found] = elb.describe_listeners(ListenerArns=[secured.listener])["Listeners"]
    assert found["Certificates"] == [{"CertificateArn": secured.certificate}]
