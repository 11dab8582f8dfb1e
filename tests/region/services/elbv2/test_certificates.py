"""Listeners of HTTPS: their certificates, which ACM has, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from region.api.server import ControlPlane
from tests.certificates import Pair, self_signed
from tests.region.builders import Network
from tests.region.fakes import Aws

ONE, OTHER = self_signed("one.example"), self_signed("other.example")
PAGE = {
    "Type": "fixed-response",
    "FixedResponseConfig": {"StatusCode": "200", "ContentType": "text/plain", "MessageBody": "x"},
}
RECENT = "ELBSecurityPolicy-TLS13-1-2-2021-06"


def imported(aws: Aws, pair: Pair = ONE) -> str:
    found = aws.acm.import_certificate(Certificate=pair.certificate, PrivateKey=pair.key)
    return str(found["CertificateArn"])


@pytest.fixture
def balancer(aws: Aws, network: Network) -> str:
    made = aws.elbv2.create_load_balancer(Name="lb", Subnets=network.subnets)
    return str(made["LoadBalancers"][0]["LoadBalancerArn"])


def listen(aws: Aws, balancer: str, **settings: Any) -> dict[str, Any]:
    wanted = {"Protocol": "HTTPS", "Port": 443, "DefaultActions": [PAGE], **settings}
    return aws.elbv2.create_listener(LoadBalancerArn=balancer, **wanted)["Listeners"][0]


def refused(call: Any, **given: Any) -> str:
    with pytest.raises(ClientError) as error:
        call(**given)
    return str(error.value.response["Error"]["Code"])


def test_a_listener_has_one_certificate_and_a_policy(aws: Aws, balancer: str) -> None:
    one, other = imported(aws), imported(aws, OTHER)
    made = listen(aws, balancer, Certificates=[{"CertificateArn": one}])
    assert made["Certificates"] == [{"CertificateArn": one}]
    assert made["SslPolicy"] == "ELBSecurityPolicy-2016-08"
    which = {"ListenerArn": made["ListenerArn"]}
    change = {"Certificates": [{"CertificateArn": other}], "SslPolicy": RECENT}
    found = aws.elbv2.modify_listener(**which, **change)["Listeners"][0]
    assert (found["Certificates"], found["SslPolicy"]) == ([{"CertificateArn": other}], RECENT)
    again = aws.elbv2.modify_listener(**which, Port=8443)["Listeners"][0]
    assert (again["Certificates"], again["SslPolicy"]) == ([{"CertificateArn": other}], RECENT)
    plain = aws.elbv2.modify_listener(**which, Protocol="HTTP", Port=80)["Listeners"][0]
    assert "SslPolicy" not in plain
    assert not plain.get("Certificates")
    code = refused(aws.elbv2.modify_listener, **which, Protocol="HTTPS")
    assert code == "ValidationError"


def test_further_certificates_are_beside_the_default_one(aws: Aws, balancer: str) -> None:
    one, other = imported(aws), imported(aws, OTHER)
    arn = listen(aws, balancer, Certificates=[{"CertificateArn": one}])["ListenerArn"]
    both = {"ListenerArn": arn, "Certificates": [{"CertificateArn": other}]}

    def known() -> list[tuple[str, bool]]:
        found = aws.elbv2.describe_listener_certificates(ListenerArn=arn)["Certificates"]
        return [(item["CertificateArn"], item["IsDefault"]) for item in found]

    aws.elbv2.add_listener_certificates(**both)
    aws.elbv2.add_listener_certificates(**both)
    assert known() == [(one, True), (other, False)]
    [described] = aws.elbv2.describe_listeners(ListenerArns=[arn])["Listeners"]
    assert described["Certificates"] == [{"CertificateArn": one}]
    default = {"ListenerArn": arn, "Certificates": [{"CertificateArn": one}]}
    code = refused(aws.elbv2.remove_listener_certificates, **default)
    assert code == "OperationNotPermitted"
    aws.elbv2.remove_listener_certificates(**both)
    assert known() == [(one, True)]


def test_a_certificate_in_use_stays(aws: Aws, balancer: str) -> None:
    one = imported(aws)
    made = listen(aws, balancer, Certificates=[{"CertificateArn": one}])
    about = aws.acm.describe_certificate(CertificateArn=one)["Certificate"]
    assert about["InUseBy"] == [balancer]
    assert refused(aws.acm.delete_certificate, CertificateArn=one) == "ResourceInUseException"
    aws.elbv2.delete_listener(ListenerArn=made["ListenerArn"])
    assert aws.acm.describe_certificate(CertificateArn=one)["Certificate"]["InUseBy"] == []
    aws.acm.delete_certificate(CertificateArn=one)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({}, "ValidationError"),
        ({"Protocol": "HTTP", "Certificates": ["own"]}, "ValidationError"),
        ({"Certificates": ["none"]}, "CertificateNotFound"),
        ({"Certificates": ["own", "own"]}, "TooManyCertificates"),
        ({"Certificates": ["own"], "SslPolicy": "none"}, "SSLPolicyNotFound"),
        ({"Certificates": ["own"], "MutualAuthentication": {"Mode": "off"}}, "NotImplemented"),
    ],
    ids=str,
)
def test_what_no_listener_has_is_refused(
    aws: Aws, balancer: str, change: dict[str, Any], code: str
) -> None:
    own = imported(aws)
    names = {"own": own, "none": own[:-4] + "0000"}
    given = {**change}
    if "Certificates" in change:
        given["Certificates"] = [{"CertificateArn": names[one]} for one in change["Certificates"]]
    assert refused(lambda: listen(aws, balancer, **given)) == code
    assert aws.elbv2.describe_listeners(LoadBalancerArn=balancer)["Listeners"] == []


def test_a_certificate_comes_with_its_own_key(aws: Aws) -> None:
    wrong = {"Certificate": ONE.certificate, "PrivateKey": OTHER.key}
    assert refused(aws.acm.import_certificate, **wrong) == "ValidationException"


def test_a_certificate_outlasts_a_restart(
    make_plane: Callable[..., ControlPlane], clients_of: Callable[[str], Aws]
) -> None:
    plane = make_plane()
    arn = imported(clients_of(plane.endpoint))
    plane.stop()
    again = clients_of(make_plane().endpoint)
    found = again.acm.get_certificate(CertificateArn=arn)["Certificate"]
    assert found.strip() == ONE.certificate.strip()
