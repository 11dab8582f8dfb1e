"""What breaks the rule about health checks of Route 53."""

from __future__ import annotations

from tests.policies.draft import Ref
from tests.policies.mutations.registry import KEEPS, breaks, decides

CHECK = "aws:route53/healthCheck:HealthCheck"


def counted(stack, least=1):
    """Add a health check of one other."""
    site = {"type": "HTTPS", "fqdn": "www.example.com", "port": 443}
    stack.add("site", CHECK, site)
    children = {"childHealthchecks": [Ref("site")], "childHealthThreshold": least}
    stack.add("all-sites", CHECK, {"type": "CALCULATED", **children})


@breaks("dns-check-can-pass")
def more_children_than_there_are(stack):
    counted(stack, least=2)


@breaks("dns-check-can-pass")
def check_of_a_private_address(stack):
    stack.add("site", CHECK, {"type": "HTTP", "ipAddress": "10.20.0.10", "port": 80})


decides(
    "dns-check-can-pass",
    "all-sites",
    "childHealthThreshold",
    absent=KEEPS,
    unknown=KEEPS,
    given=counted,
)
