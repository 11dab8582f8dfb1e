"""What breaks the rule about redirects."""

from __future__ import annotations

from tests.policies.mutations.registry import KEEPS, breaks, decides
from tests.policies.mutations.routing import add_rule

decides("listener-redirect-ends", "http", "defaultActions", absent=KEEPS, unknown=KEEPS)


@breaks("listener-redirect-ends")
def redirect_to_a_closed_port(stack):
    redirect = {"port": "8443", "protocol": "HTTPS", "statusCode": "HTTP_301"}
    stack.set("http", "defaultActions", [{"type": "redirect", "redirect": redirect}])


@breaks("listener-redirect-ends")
def redirect_in_a_circle(stack):
    redirect = {"path": "/app/#{path}", "statusCode": "HTTP_302"}
    add_rule(stack, "app", {"type": "redirect", "redirect": redirect})


@breaks("listener-redirect-ends")
def redirect_speaks_tls_to_the_plain_port(stack):
    redirect = {"port": "80", "protocol": "HTTPS", "statusCode": "HTTP_301"}
    stack.set("http", "defaultActions", [{"type": "redirect", "redirect": redirect}])
