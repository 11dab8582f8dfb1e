"""What breaks the rule about name servers."""

from __future__ import annotations

from tests.policies.draft import Ref
from tests.policies.mutations.registry import KEEPS, breaks, decides


def asked(stack, *servers):
    """A network with name servers of its own."""
    given = {"domainNameServers": list(servers)}
    stack.add("options", "aws:ec2/vpcDhcpOptions:VpcDhcpOptions", given)
    stack.add(
        "names",
        "aws:ec2/vpcDhcpOptionsAssociation:VpcDhcpOptionsAssociation",
        {"vpcId": Ref("vpc"), "dhcpOptionsId": Ref("options")},
    )


@breaks("vpc-name-servers")
def one_name_server(stack):
    asked(stack, "192.168.1.53")


decides(
    "vpc-name-servers",
    "options",
    "domainNameServers",
    absent=KEEPS,
    unknown=KEEPS,
    given=lambda stack: asked(stack, "10.8.0.2", "10.9.0.2"),
)
