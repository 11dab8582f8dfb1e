"""What Elastic Load Balancing refuses about attributes, families, clients' certificates and cookies."""

from __future__ import annotations

import re
from collections.abc import Iterator

from guardrails import tokens
from guardrails.architecture.permits import network, within
from guardrails.architecture.targets import Targets
from guardrails.architecture.traffic import is_internal, is_network
from guardrails.refusals import JointRefusal, alone, between, known
from guardrails.resources import Resource, Stack
from guardrails.values import UNKNOWN, dig, is_absent, is_true, items, number, show

_API = "https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/"
_GUIDE = "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/"
_LONGEST_STICKINESS = 604800
_SECURE_URLS = ("authorizationEndpoint", "issuer", "tokenEndpoint", "userInfoEndpoint")
_BUCKET_KEYS = ("bucket", "id", "arn")


def _is_application(balancer: Resource) -> bool:
    return (balancer.setting("loadBalancerType") or "application") == "application"


def _across_zones(balancer: Resource) -> str | None:
    if _is_application(balancer) and balancer.get("enableCrossZoneLoadBalancing") is False:
        return "enable_cross_zone_load_balancing is false on an Application Load Balancer"
    return None


def _second_family(stack: Stack, balancer: Resource) -> Iterator[str]:
    family = str(balancer.get("ipAddressType"))
    if not family.startswith("dualstack"):
        return
    for subnet in stack.derived(Targets).balancer_subnets(balancer):
        if not isinstance(subnet, Resource):
            continue
        given = ("ipv6CidrBlock", "ipv6Native", "ipv6IpamPoolId")
        if all(subnet.left_out(name) for name in given) and subnet.inputs is not None:
            yield f'ip_address_type is "{family}", subnet "{subnet.name}" has no ipv6_cidr_block'


def _no_trust_store(listener: Resource) -> str | None:
    given = listener.setting("mutualAuthentication")
    if dig(given, "mode") == "verify" and is_absent(dig(given, "trustStoreArn")):
        return 'mutual_authentication.mode is "verify", trust_store_arn is not set'
    return None


def _clients_over_http(listener: Resource) -> str | None:
    mode = dig(listener.setting("mutualAuthentication"), "mode")
    if listener.get("protocol") == "HTTP" and mode in ("verify", "passthrough"):
        return f'protocol is "HTTP", mutual_authentication.mode is {show(mode)}'
    return None


def _actions(resource: Resource) -> list[object]:
    return items(resource.get("defaultActions" if resource.type in tokens.LISTENER else "actions"))


def _stickiness(resource: Resource) -> Iterator[str]:
    for action in _actions(resource):
        seconds = number(dig(action, "forward", "stickiness", "duration"))
        if seconds is not None and not 1 <= seconds <= _LONGEST_STICKINESS:
            yield f"forward.stickiness.duration is {seconds:g}"


def _insecure_provider(resource: Resource) -> Iterator[str]:
    for action in _actions(resource):
        for name in _SECURE_URLS:
            url = dig(action, "authenticateOidc", name)
            if isinstance(url, str) and not url.startswith("https://"):
                yield f"{name} of authenticate_oidc is {show(url)}"


def _encrypted_logs(stack: Stack, balancer: Resource) -> Iterator[str]:
    if not is_true(balancer.get("accessLogs", "enabled")):
        return
    named = balancer.get("accessLogs", "bucket")
    found = stack.references(balancer, "accessLogs", tokens.BUCKET, _BUCKET_KEYS, value=named)
    for one in stack.of(tokens.BUCKET_ENCRYPTION):
        owners = stack.references(one, "bucket", tokens.BUCKET, _BUCKET_KEYS).resources
        for bucket in set(owners) & set(found.resources):
            ways = [
                dig(rule, "applyServerSideEncryptionByDefault", "sseAlgorithm")
                for rule in items(one.get("rules"))
            ]
            if "aws:kms" in ways and not is_network(balancer):
                yield f'bucket "{bucket.name}" encrypts by sse_algorithm "aws:kms"'


def _firewalled(stack: Stack, association: Resource) -> Iterator[str]:
    found = stack.references(association, "resourceArn", tokens.LOAD_BALANCER, ("arn", "id"))
    for balancer in found.resources:
        if is_network(balancer):
            yield f'load balancer "{balancer.name}" is a Network Load Balancer'


def _without_family(balancer: Resource) -> str | None:
    if balancer.get("ipAddressType") == "dualstack-without-public-ipv4" and is_internal(balancer):
        return 'ip_address_type is "dualstack-without-public-ipv4", internal is true'
    return None


def _address_outside(stack: Stack, attachment: Resource) -> Iterator[str]:
    """Find a target outside the VPC of its group that is said to be in one of the VPC's zones."""
    if attachment.get("availabilityZone") is UNKNOWN or not attachment.left_out("availabilityZone"):
        return
    groups = stack.references(attachment, "targetGroupArn", tokens.TARGET_GROUP, ("arn", "id"))
    address = network(attachment.get("targetId"))
    for group in groups.resources:
        for vpc in stack.references(group, "vpcId", tokens.VPC, ("id",)).resources:
            own = network(vpc.get("cidrBlock"))
            more = stack.of(tokens.VPC_RANGE)
            if address and own and not more and not within(address, own):
                yield f"target_id {attachment.get('targetId')} is outside {own}"


_CONTENT = ("text/plain", "text/css", "text/html", "application/javascript", "application/json")
_LONGEST_BODY = 1024


def _answers(resource: Resource) -> Iterator[str]:
    for action in _actions(resource):
        answer = dig(action, "fixedResponse")
        code, kind, body = (
            dig(answer, one) for one in ("statusCode", "contentType", "messageBody")
        )
        if isinstance(code, str) and code and not re.fullmatch(r"[245]\d\d", code):
            yield f"status_code of its fixed response is {show(code)}"
        if isinstance(kind, str) and kind and kind not in _CONTENT:
            yield f"content_type of its fixed response is {show(kind)}"
        if isinstance(body, str) and len(body) > _LONGEST_BODY:
            yield f"message_body of its fixed response has {len(body)} characters"


def _negotiates(listener: Resource) -> str | None:
    policy, protocol = listener.get("alpnPolicy"), listener.get("protocol")
    if known(policy) and policy != "None" and known(protocol) and protocol != "TLS":
        return f"alpn_policy is {show(policy)}, protocol {show(protocol)}"
    return None


def _moves(resource: Resource) -> Iterator[str]:
    for action in _actions(resource):
        code = dig(action, "redirect", "statusCode")
        if isinstance(code, str) and code and code not in ("HTTP_301", "HTTP_302"):
            yield f"status_code of its redirect is {show(code)}"


TABLE = (
    JointRefusal(
        types=tokens.LISTENER,
        says="ValidationError: An ALPN policy is only for TLS listeners.",
        source=f"{_API}API_CreateListener.html",
        remedy="remove alpn_policy: an HTTPS listener offers HTTP/2 by itself.",
        find=alone(_negotiates),
    ),
    JointRefusal(
        types=tokens.LOAD_BALANCER,
        says=(
            "InvalidConfigurationRequest: cross-zone load balancing of an Application Load Balancer "
            "is on, and is turned off by target group only."
        ),
        source=f"{_GUIDE}edit-target-group-attributes.html",
        remedy=(
            "remove enable_cross_zone_load_balancing, and set load_balancing_cross_zone_enabled of "
            "the target group."
        ),
        find=alone(_across_zones),
    ),
    JointRefusal(
        types=tokens.LOAD_BALANCER,
        says="client_keep_alive.seconds: the valid range is 60-604800 seconds.",
        source=f"{_API}API_LoadBalancerAttribute.html",
        remedy="set client_keep_alive to 60 to 604800 seconds.",
        find=alone(between("clientKeepAlive", 60, 604800)),
    ),
    JointRefusal(
        types=tokens.LOAD_BALANCER,
        says="InvalidSubnet: the subnets of a dualstack load balancer have IPv6 CIDR blocks.",
        source=f"{_GUIDE}application-load-balancers.html",
        remedy='set ipv6_cidr_block of the subnets, or ip_address_type to "ipv4".',
        find=_second_family,
    ),
    JointRefusal(
        types=tokens.LOAD_BALANCER,
        says="InvalidConfigurationRequest: only an internet-facing load balancer is without IPv4.",
        source=f"{_GUIDE}application-load-balancers.html",
        remedy='set ip_address_type to "dualstack".',
        find=alone(_without_family),
    ),
    JointRefusal(
        types=tokens.LISTENER,
        says="ValidationError: a trust store is required to verify the certificates of clients.",
        source=f"{_GUIDE}configuring-mtls-with-elb.html",
        remedy="set trust_store_arn of mutual_authentication to an aws.lb.TrustStore.",
        find=alone(_no_trust_store),
    ),
    JointRefusal(
        types=tokens.LISTENER,
        says="InvalidConfigurationRequest: mutual authentication is for HTTPS listeners.",
        source=f"{_GUIDE}configuring-mtls-with-elb.html",
        remedy="set the listener's protocol to HTTPS, or remove mutual_authentication.",
        find=alone(_clients_over_http),
    ),
    JointRefusal(
        types=(*tokens.LISTENER, *tokens.LISTENER_RULE),
        says="TargetGroupStickinessConfig: DurationSeconds is 1 to 604800 (7 days).",
        source=f"{_API}API_TargetGroupStickinessConfig.html",
        remedy="set the duration of forward.stickiness to at most 604800.",
        find=alone(_stickiness),
    ),
    JointRefusal(
        types=(*tokens.LISTENER, *tokens.LISTENER_RULE),
        says="AuthenticateOidcActionConfig: each endpoint is a full URL with the HTTPS protocol.",
        source=f"{_API}API_AuthenticateOidcActionConfig.html",
        remedy="set each endpoint of authenticate_oidc to a URL that begins with https://.",
        find=alone(_insecure_provider),
    ),
    JointRefusal(
        types=tokens.LOAD_BALANCER,
        says=(
            "InvalidConfigurationRequest: Access Denied for bucket. Access logs of an Application "
            "Load Balancer need SSE-S3; SSE-KMS is not supported."
        ),
        source=f"{_GUIDE}enable-access-logging.html",
        remedy='set sse_algorithm of the bucket of access logs to "AES256".',
        find=_encrypted_logs,
    ),
    JointRefusal(
        types=tokens.WEB_ACL_ASSOCIATION,
        says="WAFInvalidParameterException: a web ACL is for an Application Load Balancer.",
        source="https://docs.aws.amazon.com/waf/latest/APIReference/API_AssociateWebACL.html",
        remedy="set resource_arn to the ARN of an Application Load Balancer.",
        find=_firewalled,
    ),
    JointRefusal(
        types=tokens.TARGET_GROUP_ATTACHMENT,
        says=(
            'ValidationError: the Availability Zone of an address outside the VPC has to be "all".'
        ),
        source=f"{_API}API_TargetDescription.html",
        remedy='set availability_zone of the attachment to "all".',
        find=_address_outside,
    ),
    JointRefusal(
        types=(*tokens.LISTENER, *tokens.LISTENER_RULE),
        says=(
            "FixedResponseActionConfig: StatusCode 2XX, 4XX or 5XX, ContentType text/plain, text/css, "
            "text/html, application/javascript or application/json, MessageBody up to 1024 characters."
        ),
        source=f"{_API}API_FixedResponseActionConfig.html",
        remedy="correct status_code, content_type or message_body of the fixed_response.",
        find=alone(_answers),
    ),
    JointRefusal(
        types=(*tokens.LISTENER, *tokens.LISTENER_RULE),
        says="RedirectActionConfig: StatusCode is HTTP_301 or HTTP_302.",
        source=f"{_API}API_RedirectActionConfig.html",
        remedy='set status_code of the redirect to "HTTP_301" or "HTTP_302".',
        find=alone(_moves),
    ),
)
"""Appended to the table of `elbv2-accepted`."""
