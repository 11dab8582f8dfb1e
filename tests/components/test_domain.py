"""A domain's certificate and alias record."""

from __future__ import annotations

import pytest

from tests.components.options import CERTIFICATE, DOMAIN, ZONE
from tests.components.templates import REGION


def test_a_new_certificate_is_validated_before_the_listener_uses_it(built):
    recording = built("new certificate")
    certificate = recording.one("aws:acm/certificate:Certificate")
    assert certificate.inputs["domainName"] == DOMAIN
    assert certificate.inputs["validationMethod"] == "DNS"
    proof = recording.called("web-tls-proof")
    assert proof.inputs["name"] == f"_proof.{DOMAIN}."
    assert (proof.inputs["type"], proof.inputs["zoneId"]) == ("CNAME", ZONE)
    assert proof.inputs["records"] == ["_value.acm-validations.aws."]
    issued = recording.one("aws:acm/certificateValidation:CertificateValidation")
    assert proof.urn in issued.property_dependencies["validationRecordFqdns"]
    https = recording.called("web-balancer-https")
    assert issued.urn in https.property_dependencies["certificateArn"]


@pytest.mark.parametrize("name", ["new certificate", "given certificate and zone"])
def test_the_domain_is_an_alias_of_the_load_balancer(built, name):
    alias = built(name).called("web-alias-a")
    assert (alias.inputs["name"], alias.inputs["type"]) == (DOMAIN, "A")
    (target,) = alias.inputs["aliases"]
    assert target["name"].startswith("web-balancer-alb-123.")
    assert target["zoneId"] == "ZWKZPGTI48KDX"
    assert target["evaluateTargetHealth"] is True


def test_a_certificate_of_another_region_is_rejected_before_any_resource(build):
    abroad = CERTIFICATE.replace(REGION, "us-east-1")
    with pytest.raises(Exception, match=r"certificateArn.*us-east-1.*the stack is in ap-north"):
        build("ha", domainName=DOMAIN, certificateArn=abroad)
