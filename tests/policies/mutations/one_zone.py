"""What breaks the rule about what a fleet starts from."""

from __future__ import annotations

from tests.policies.draft import Ref
from tests.policies.mutations.registry import ADVISORY, KEEPS, breaks, decides

SERVER = {
    "ami": "ami-0123456789abcdef0",
    "instanceType": "t4g.micro",
    "subnetId": Ref("subnet-a"),
    "metadataOptions": {
        "httpEndpoint": "enabled",
        "httpTokens": "required",
        "httpPutResponseHopLimit": 1,
    },
    "rootBlockDevice": {"encrypted": True},
    "iamInstanceProfile": Ref("profile", "name"),
}


def server(stack, name="server", **more):
    """Add a single server."""
    stack.add(name, "aws:ec2/instance:Instance", {**SERVER, **more})


decides(
    "fleet-starts-without-one-zone",
    "template",
    "userData",
    absent=KEEPS,
    unknown=KEEPS,
    given=server,
)


@breaks("fleet-starts-without-one-zone", ADVISORY)
def started_from_one_server(stack):
    server(stack)
    stack.set("template", "userData", Ref("server", "privateIp"))


@breaks("fleet-starts-without-one-zone", ADVISORY)
def started_by_the_name_of_one_server(stack):
    server(stack)
    record = {
        "zoneId": "Z0123456789ABC",
        "name": "server.example.com",
        "type": "A",
        "ttl": 60,
        "records": [Ref("server", "privateIp")],
    }
    stack.add("name", "aws:route53/record:Record", record)
    stack.set("template", "userData", Ref("name", "fqdn"))
