"""What breaks the rules about what the internet can reach."""

from __future__ import annotations

from tests.policies.mutations.registry import ADVISORY, BREAKS, KEEPS, breaks, decides

# Without a protocol every port is meant; an unknown address is the whole world.
decides("sg-no-remote-admin", "ingress", "ipProtocol", absent=BREAKS, unknown=BREAKS)
decides("sg-open-only-to-authorized-ports", "ingress", "toPort", absent=BREAKS, unknown=BREAKS)
decides("no-public-ip", "subnet-a", "mapPublicIpOnLaunch", absent=KEEPS, unknown=BREAKS)


@breaks("sg-no-remote-admin")
def ssh_for_the_world(stack):
    stack.set("ingress", "fromPort", 22)
    stack.set("ingress", "toPort", 22)


@breaks("sg-no-remote-admin")
def every_port_for_the_world(stack):
    stack.set("ingress", "fromPort", 0)
    stack.set("ingress", "toPort", 65535)
    stack.set("ingress", "cidrIpv4", ...)
    stack.set("ingress", "cidrIpv6", "::/0")


@breaks("sg-open-only-to-authorized-ports")
def instances_open_to_the_world(stack):
    stack.set("ingress", "fromPort", 8080)
    stack.set("ingress", "toPort", 8080)


@breaks("no-public-ip", ADVISORY)
def public_addresses(stack):
    stack.set("subnet-a", "mapPublicIpOnLaunch", True)
