"""What breaks the rule about the names of certificates."""

from __future__ import annotations

from tests.policies.draft import Ref
from tests.policies.mutations.registry import KEEPS, breaks, decides

CERTIFICATE = "aws:acm/certificate:Certificate"


def named(stack, domain="www.example.com", **more):
    """Give the listener a certificate, and a name that leads to the load balancer."""
    given = {"domainName": domain, "validationMethod": "DNS", **more}
    stack.add("certificate", CERTIFICATE, given)
    validated = {"certificateArn": Ref("certificate", "arn")}
    stack.add("valid", "aws:acm/certificateValidation:CertificateValidation", validated)
    stack.set("https", "certificateArn", Ref("valid", "certificateArn"))
    alias = {
        "name": Ref("load-balancer", "dnsName"),
        "zoneId": Ref("load-balancer", "zoneId"),
        "evaluateTargetHealth": True,
    }
    record = {"zoneId": "Z0123456789ABC", "name": "www.example.com", "type": "A"}
    stack.add("site", "aws:route53/record:Record", {**record, "aliases": [alias]})


decides(
    "elb-certificate-names", "certificate", "domainName", absent=KEEPS, unknown=KEEPS, given=named
)


@breaks("elb-certificate-names")
def certificate_of_another_name(stack):
    named(stack, "shop.example.org")
