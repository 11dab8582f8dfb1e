"""What is more than every account has."""

from __future__ import annotations

from tests.policies.mutations.registry import ADVISORY, KEEPS, breaks, decides


@breaks("quotas-suffice", ADVISORY)
def six_addresses(stack):
    for number in range(6):
        stack.add(f"address-{number}", "aws:ec2/eip:Eip", {"domain": "vpc"})


decides("quotas-suffice", "template", "vpcSecurityGroupIds", absent=KEEPS, unknown=KEEPS)
