"""What Elastic Load Balancing refuses about entrances: parts of `elbv2-accepted`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from guardrails import tokens
from guardrails.architecture.permits import network
from guardrails.architecture.policy_documents import statements
from guardrails.architecture.targets import Targets
from guardrails.architecture.traffic import Traffic, is_network, listeners_of, target_type
from guardrails.architecture.zones import regions
from guardrails.refusals import JointRefusal, earlier
from guardrails.resources import Resource, Stack
from guardrails.values import UNKNOWN, dig, is_absent, is_true, items, number, show

_API = "https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/"
_ACTION = f"{_API}API_Action.html"
_LISTENERS, _RULES = tokens.LISTENER, tokens.LISTENER_RULE
_ANSWERS = ("forward", "redirect", "fixed-response")
_REGION = re.compile(r"arn:aws[a-z-]*:[a-z-]+:(?P<region>[a-z0-9-]+):\d*:.*")
_FITS = {
    "UDP": ("UDP", "TCP_UDP"),
    "TCP_UDP": ("TCP_UDP",),
    "TCP": ("TCP", "TCP_UDP"),
    "TLS": ("TCP", "TLS"),
}


def _actions(resource: Resource) -> list[Any]:
    given = resource.get("defaultActions" if resource.type in _LISTENERS else "actions")
    return [] if given is UNKNOWN or UNKNOWN in items(given) else items(given)


def _no_answer(_: Stack, resource: Resource) -> str | None:
    kinds = [dig(one, "type") for one in _actions(resource)]
    if kinds and UNKNOWN not in kinds and not any(kind in _ANSWERS for kind in kinds):
        return f"its only action is {show(kinds[-1])}"
    return None


def _signed_in(stack: Stack, resource: Resource) -> str | None:
    listeners = listeners_of(stack, resource)
    kinds = [str(dig(one, "type")) for one in _actions(resource)]
    asked = next((kind for kind in kinds if kind.startswith("authenticate-")), None)
    if asked and listeners and listeners[0].get("protocol") == "HTTP":
        return f'protocol is "HTTP", an action is {show(asked)}'
    return None


def _no_condition(_: Stack, rule: Resource) -> str | None:
    if rule.get("conditions") is not UNKNOWN and not items(rule.get("conditions")):
        return "it has no conditions"
    return None


def _regions(stack: Stack, listener: Resource) -> frozenset[str]:
    """Return the regions of a listener's load balancer, as far as its subnets' zones tell."""
    traffic, targets = stack.derived(Traffic), stack.derived(Targets)
    balancer = traffic.balancer(listener)
    subnets = targets.balancer_subnets(balancer) if balancer is not None else ()
    return regions(one for one in subnets if isinstance(one, Resource))


def _certificate_region(stack: Stack, listener: Resource) -> str | None:
    named = _REGION.fullmatch(str(listener.get("certificateArn")))
    places = _regions(stack, listener) if named else frozenset[str]()
    if named is None or len(places) != 1 or named["region"] in places:
        return None
    return f"its certificate is in {named['region']}, its load balancer in {next(iter(places))}"


def _pending(stack: Stack, listener: Resource) -> Iterator[str]:
    """Find a new certificate that nothing waits for: it is pending when the listener is made."""
    if listener.get("certificateArn") is not UNKNOWN:
        return
    validated = {
        certificate
        for one in stack.of(tokens.CERTIFICATE_VALIDATION)
        for certificate in stack.references(
            one, "certificateArn", tokens.CERTIFICATE, ("arn", "id")
        ).any
    }
    found = stack.references(listener, "certificateArn", tokens.CERTIFICATE, ("arn", "id"))
    for certificate in found.resources:
        issued = any(
            not is_absent(certificate.setting(prop))
            for prop in ("privateKey", "certificateAuthorityArn")
        )
        if certificate not in validated and not issued:
            yield f'certificate "{certificate.name}" is new, and nothing waits until it is issued'


def _fits(stack: Stack, listener: Resource) -> Iterator[str]:
    protocol = str(listener.get("protocol"))
    balancer = stack.derived(Traffic).balancer(listener)
    if balancer is None or not is_network(balancer) or protocol not in _FITS:
        return
    for route in stack.derived(Traffic).routes(listener):
        for share in route.targets:
            theirs = share.target.get("protocol")
            if target_type(share.target) == "alb":
                continue  # tg-accepted says what such a target group may have
            if isinstance(theirs, str) and theirs and theirs not in _FITS[protocol]:
                yield f'protocol is {protocol}, that of target group "{share.target.name}" {theirs}'


def _no_listener(stack: Stack, target: Resource) -> Iterator[str]:
    """Find a target group for a load balancer that has no listener on the group's port."""
    if target_type(target) != "alb":
        return
    port, traffic = number(target.get("port")), stack.derived(Traffic)
    for attachment in stack.of(tokens.TARGET_GROUP_ATTACHMENT):
        of = stack.references(attachment, "targetGroupArn", tokens.TARGET_GROUP, ("arn", "id"))
        if target not in of.resources:
            continue
        named = stack.references(attachment, "targetId", tokens.LOAD_BALANCER, ("arn", "id"))
        for balancer in named.resources:
            ports = [number(one.get("port")) for one in traffic.listeners(balancer)]
            if port is not None and ports and None not in ports and port not in ports:
                given = ", ".join(f"{one:g}" for one in ports if one is not None)
                yield (f'its port is {port:g}, load balancer "{balancer.name}" listens on {given}')


def _same_name(stack: Stack, resource: Resource) -> str | None:
    name = resource.get("name")
    for other in (
        earlier(stack, resource, (resource.type,)) if isinstance(name, str) and name else ()
    ):
        if other.get("name") == name and not other.left_out("name"):
            return f'name {show(name)} is also that of "{other.name}"'
    return None


def _web_acl(stack: Stack, association: Resource) -> Iterator[str]:
    found = stack.references(association, "webAclArn", tokens.WEB_ACL, ("arn", "id"))
    for acl in found.resources:
        if acl.get("scope") == "CLOUDFRONT":
            yield f'web ACL "{acl.name}" has the scope CLOUDFRONT'


def _small_subnets(stack: Stack, balancer: Resource) -> Iterator[str]:
    if (balancer.get("loadBalancerType") or "application") != "application":
        return
    for prop in ("subnets", "subnetMappings"):
        value = balancer.get(prop)
        ids = [dig(one, "subnetId") for one in items(value)] if prop == "subnetMappings" else value
        if ids is UNKNOWN or not items(ids):
            continue
        for subnet in stack.references(balancer, prop, tokens.SUBNET, ("id",), value=ids).resources:
            given = network(subnet.get("cidrBlock"))
            if given is not None and given.prefixlen > 27:
                yield f'subnet "{subnet.name}" is {given}, which has {given.num_addresses - 5} addresses'


_BUCKET_KEYS = ("bucket", "id", "arn")


def _logs_refused(stack: Stack, balancer: Resource) -> Iterator[str]:
    """Find a bucket of the stack that nothing lets the load balancer write its access logs into."""
    if not is_true(balancer.get("accessLogs", "enabled")):
        return
    named = balancer.get("accessLogs", "bucket")
    found = stack.references(balancer, "accessLogs", tokens.BUCKET, _BUCKET_KEYS, value=named)
    for bucket in found.resources:
        policies = [
            statements(one.get("policy"))
            for one in stack.of(tokens.BUCKET_POLICY)
            if bucket in stack.references(one, "bucket", tokens.BUCKET, _BUCKET_KEYS).any
        ]
        written = [one for document in policies for one in document or ()]
        allowed = any(one.allows and one.covers("s3:PutObject") is not False for one in written)
        if None not in policies and not allowed:
            yield f'no policy of bucket "{bucket.name}" lets anybody write access logs into it'


def _link(stack: Stack, link: Resource) -> Iterator[str]:
    for prop in ("targetArn", "targetArns"):
        for one in stack.references(link, prop, tokens.LOAD_BALANCER, ("arn", "id")).resources:
            if one.setting("loadBalancerType") in (None, "application"):
                yield f'its target "{one.name}" is an Application Load Balancer'


TABLE = (
    JointRefusal(
        types=tokens.LOAD_BALANCER,
        says="InvalidConfigurationRequest: Access Denied for bucket. Please check S3bucket permission.",
        source=(
            "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/"
            "enable-access-logging.html"
        ),
        remedy=(
            "allow s3:PutObject on its objects to the Service "
            "logdelivery.elasticloadbalancing.amazonaws.com in the bucket's policy."
        ),
        find=_logs_refused,
    ),
    JointRefusal(
        types=tokens.LOAD_BALANCER,
        says=(
            "InvalidSubnet: Not enough IP space available. Each subnet is a /27 or larger, with eight "
            "free addresses."
        ),
        source="https://docs.aws.amazon.com/elasticloadbalancing/latest/application/application-load-balancers.html",
        remedy="give the subnet a cidr_block of /27 or larger, for example a /24.",
        find=_small_subnets,
    ),
    JointRefusal(
        types=(*_LISTENERS, *_RULES),
        says="InvalidLoadBalancerAction: the last action is a forward, a redirect or a fixed response.",
        source=_ACTION,
        remedy="add an action of type forward with a higher order to default_actions.",
        find=_no_answer,
    ),
    JointRefusal(
        types=(*_LISTENERS, *_RULES),
        says="InvalidLoadBalancerAction: actions that authenticate are for HTTPS listeners.",
        source=_ACTION,
        remedy="set the listener's protocol to HTTPS, with a certificate.",
        find=_signed_in,
    ),
    JointRefusal(
        types=_RULES,
        says="ValidationError: A rule must have at least one condition.",
        source=f"{_API}API_CreateRule.html",
        remedy="set conditions, or give the listener this action as its default_actions.",
        find=_no_condition,
    ),
    JointRefusal(
        types=_LISTENERS,
        says="CertificateNotFound: a certificate is in the region of its load balancer.",
        source=f"{_API}API_CreateListener.html",
        remedy="set certificate_arn to a certificate of the load balancer's region.",
        find=_certificate_region,
    ),
    JointRefusal(
        types=_LISTENERS,
        says="UnsupportedCertificate: a certificate that is pending validation cannot be used.",
        source=f"{_API}API_CreateListener.html",
        remedy=(
            "add an aws.acm.CertificateValidation for the certificate, and set certificate_arn to its "
            "output certificate_arn."
        ),
        find=_pending,
    ),
    JointRefusal(
        types=_LISTENERS,
        says="IncompatibleProtocols: a UDP listener needs UDP targets, a TCP or TLS listener TCP ones.",
        source=f"{_API}API_CreateListener.html",
        remedy="set the target group's protocol to that of the listener.",
        find=_fits,
    ),
    JointRefusal(
        types=tokens.TARGET_GROUP,
        says=(
            "InvalidTarget: the load balancer that is the target needs a listener on the target "
            "group's port."
        ),
        source=f"{_API}API_RegisterTargets.html",
        remedy="set port of the target group to that of a listener of the load balancer.",
        find=_no_listener,
    ),
    JointRefusal(
        types=(*tokens.TARGET_GROUP, *tokens.LOAD_BALANCER),
        says="DuplicateTargetGroupName, DuplicateLoadBalancerName: names are unique in a Region.",
        source=f"{_API}API_CreateTargetGroup.html",
        remedy="set another name, or leave it to Pulumi.",
        find=_same_name,
    ),
    JointRefusal(
        types=tokens.WEB_ACL_ASSOCIATION,
        says="WAFInvalidParameterException: a load balancer takes a web ACL with the scope REGIONAL.",
        source="https://docs.aws.amazon.com/waf/latest/APIReference/API_AssociateWebACL.html",
        remedy="set scope of the web ACL to REGIONAL.",
        find=_web_acl,
    ),
    JointRefusal(
        types=("aws:apigateway/vpcLink:VpcLink",),
        says="BadRequestException: a VPC link of REST APIs leads to a Network Load Balancer.",
        source="https://docs.aws.amazon.com/apigateway/latest/api/API_CreateVpcLink.html",
        remedy=(
            "set target_arn to a Network Load Balancer whose target is this one, or use an "
            "aws.apigatewayv2.VpcLink."
        ),
        find=_link,
    ),
)
"""Appended to the table of `elbv2-accepted`."""
