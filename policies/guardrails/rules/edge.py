"""Rules about what stands before a load balancer: CloudFront and API Gateway."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from guardrails import tokens
from guardrails.architecture.distributions import behaviors
from guardrails.architecture.firewall import Firewall
from guardrails.architecture.origin_headers import missing_header
from guardrails.architecture.permits import Party
from guardrails.architecture.targets import Targets
from guardrails.architecture.traffic import ARN_KEYS, Traffic, listener_step
from guardrails.model import (
    Question,
    ResourceRule,
    Scope,
    Settings,
    Severity,
    StackRule,
    Violation,
)
from guardrails.refusals import Refusal, refusal_rule
from guardrails.refused import edge_refusals
from guardrails.resources import Resource, Stack
from guardrails.values import UNKNOWN, dig, is_absent, is_true, items, number, show

_CDN = "https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/"


# --- from CloudFront to the load balancer ---------------------------------------------------------


def own_origins(stack: Stack, distribution: Resource) -> Iterator[tuple[Any, Resource]]:
    """Yield each custom origin, with the load balancer of the stack that it names."""
    balancers = stack.sources(distribution, "origins", tokens.LOAD_BALANCER)
    given = [
        one
        for one in items(distribution.get("origins"))
        if not is_absent(dig(one, "customOriginConfig"))
    ]
    if len(balancers) != 1:
        return  # which origin is which load balancer is not known
    for one in given:
        if dig(one, "domainName") is UNKNOWN or dig(one, "domainName") == balancers[0].get(
            "dnsName"
        ):
            yield one, balancers[0]


def _asked(policy: Any, config: Any) -> list[tuple[str, float]]:
    """Return the protocols and ports by which CloudFront may ask an origin."""
    ways = {
        "http-only": (("HTTP", "httpPort", 80.0),),
        "https-only": (("HTTPS", "httpsPort", 443.0),),
        "match-viewer": (("HTTPS", "httpsPort", 443.0),),
    }.get(str(policy), ())
    return [(protocol, number(dig(config, prop)) or usual) for protocol, prop, usual in ways]


def _lost_at_origin(
    stack: Stack, origin: Any, balancer: Resource
) -> tuple[str, str, Resource | None] | None:
    traffic = stack.derived(Traffic)
    listeners = traffic.listeners(balancer)
    config = dig(origin, "customOriginConfig")
    policy = dig(config, "originProtocolPolicy")
    ports = {number(one.get("port")): one for one in listeners}
    if not listeners or None in ports:
        return None
    for protocol, port in _asked(policy, config):
        listener = ports.get(port)
        if listener is None:
            listed = ", ".join(f"{one:g}" for one in ports if one is not None)
            return (
                f"it asks by {protocol} on port {port:g}, and the load balancer listens on {listed}",
                f"set the ports of custom_origin_config to one with a listener: {listed}.",
                None,
            )
        spoken = listener.get("protocol")
        if spoken in ("HTTP", "HTTPS") and spoken != protocol:
            return (
                f"it asks by {protocol} on port {port:g}, where the load balancer speaks {spoken}",
                f'set origin_protocol_policy to "{spoken.lower()}-only".',
                listener,
            )
        routes = traffic.routes(listener)
        back = [
            one
            for one in routes
            if one.rule is None and one.kind == "redirect" and one.destination[0] == "HTTPS"
        ]
        if protocol == "HTTP" and back and not any(one.targets for one in routes):
            return (
                "it asks by HTTP, and is sent to HTTPS each time: visitors are redirected in a circle",
                'set origin_protocol_policy to "https-only".',
                listener,
            )
        header = missing_header(traffic, listener, origin)
        if header is not None:
            return (
                (
                    f"the listener forwards only what has the header {header}, with a value that the "
                    "origin does not send"
                ),
                f"set the header {header} in custom_headers of the origin, to the value in the rule.",
                listener,
            )
    return None


def _distributed(stack: Stack, _: Settings) -> Iterator[Violation]:
    for one in stack.of(tokens.DISTRIBUTION):
        for origin, balancer in own_origins(stack, one):
            if one.get("enabled") is False:
                yield Violation(
                    f'Distribution "{one.name}" before load balancer "{balancer.name}" is switched off: '
                    "enabled is false.",
                    one,
                    ("CloudFront", f'distribution "{one.name}"'),
                    "set enabled of the distribution to true.",
                )
                break
            lost = _lost_at_origin(stack, origin, balancer)
            if lost is not None:
                what, remedy, listener = lost
                yield Violation(
                    f'No request reaches load balancer "{balancer.name}" through distribution '
                    f'"{one.name}": {what}.',
                    one,
                    (
                        f'distribution "{one.name}"',
                        f'load balancer "{balancer.name}"',
                        *((listener_step(listener),) if listener else ()),
                    ),
                    remedy,
                )


# --- from API Gateway -----------------------------------------------------------------------------


def _linked(stack: Stack, _: Settings) -> Iterator[Violation]:
    targets, firewall, traffic = (
        stack.derived(Targets),
        stack.derived(Firewall),
        stack.derived(Traffic),
    )
    for integration in stack.of(tokens.HTTP_INTEGRATION):
        links = stack.references(integration, "connectionId", tokens.HTTP_LINK, ("id", "arn"))
        listeners = stack.references(integration, "integrationUri", tokens.LISTENER, ARN_KEYS)
        for link in links.resources:
            groups = stack.references(link, "securityGroupIds", tokens.SECURITY_GROUP, ("id",))
            party = Party(f'VPC link "{link.name}"', groups)
            for listener in listeners.resources:
                balancer, port = traffic.balancer(listener), number(listener.get("port"))
                if balancer is None or port is None or not groups.complete:
                    continue
                answer = firewall.connects(party, targets.balancer_party(balancer), int(port))
                if answer.is_no:
                    yield Violation(
                        f'API Gateway does not reach load balancer "{balancer.name}" through VPC link '
                        f'"{link.name}": {answer.reason}.',
                        link,
                        (
                            f'integration "{integration.name}"',
                            *answer.path,
                            listener_step(listener),
                        ),
                        answer.remedy,
                    )


def _reaches(stack: Stack, settings: Settings) -> Iterator[Violation]:
    yield from _distributed(stack, settings)
    yield from _linked(stack, settings)


REACHES = StackRule(
    id="edge-reaches-balancer",
    title="CloudFront and API Gateway reach the load balancer behind them",
    question=Question.SERVE,
    severity=Severity.HIGH,
    scope=Scope.HIGH_AVAILABILITY,
    controls={"Well-Architected": ("REL02-BP01",)},
    url=f"{_CDN}DownloadDistValuesOrigin.html",
    remedy="let origin or link ask the load balancer by a protocol and port that it listens on.",
    steps=(
        'CloudFront: origin_protocol_policy "https-only" where port 80 only redirects.',
        "API Gateway: admit the link's security group in the load balancer's, on the listener's port.",
    ),
    unknown=(
        "Of several load balancers, which origin is which is not known, and is not judged; security "
        "groups of another stack are not, either."
    ),
    check=_reaches,
)


# --- what visitors speak --------------------------------------------------------------------------

_OLD = ("SSLv3", "TLSv1", "TLSv1_2016", "TLSv1.1_2016", "TLS_1_0")


def _plain(resource: Resource, _: Settings) -> Iterator[Violation]:
    if any(dig(one, "viewerProtocolPolicy") == "allow-all" for one in behaviors(resource)):
        yield Violation(
            f'Distribution "{resource.name}" takes what visitors send in the clear: '
            'viewer_protocol_policy is "allow-all".',
            resource,
        )
    certificate = resource.get("viewerCertificate")
    lowest = dig(certificate, "minimumProtocolVersion")
    own = not is_true(dig(certificate, "cloudfrontDefaultCertificate"))
    if resource.type in tokens.DISTRIBUTION and own and lowest in _OLD:
        yield _old(resource, "minimum_protocol_version", lowest, "TLSv1.2_2021")
    for path in ("securityPolicy", "domainNameConfiguration"):
        given = resource.get(path)
        policy = given if path == "securityPolicy" else dig(given, "securityPolicy")
        if resource.type in tokens.API_DOMAIN and policy in _OLD:
            yield _old(resource, "security_policy", policy, "TLS_1_2")


def _old(resource: Resource, prop: str, given: Any, better: str) -> Violation:
    return Violation(
        f'"{resource.name}" speaks TLS 1.0: {prop} is {show(given)}.',
        resource,
        remedy=f'set {prop} to "{better}".',
    )


TLS = ResourceRule(
    id="edge-tls",
    title="CloudFront and API Gateway use TLS 1.2 or newer with visitors",
    question=Question.CLOSED,
    severity=Severity.HIGH,
    controls={
        "AWS Config": ("CLOUDFRONT_VIEWER_POLICY_HTTPS",),
        "Security Hub": ("CloudFront.3",),
        "Control Tower": ("CT.CLOUDFRONT.PR.3", "CT.CLOUDFRONT.PR.9"),
        "Checkov": ("CKV_AWS_34", "CKV_AWS_174", "CKV_AWS_206"),
        "Prowler": ("cloudfront_distributions_https_enabled",),
        "Well-Architected": ("SEC09-BP02",),
    },
    url=f"{_CDN}using-https-viewers-to-cloudfront.html",
    remedy='set viewer_protocol_policy of every cache behavior to "redirect-to-https".',
    steps=(
        'Set viewer_protocol_policy="redirect-to-https" in default and ordered cache behaviors.',
        'Set minimum_protocol_version="TLSv1.2_2021" beside a certificate of your own.',
        'API Gateway: security_policy="TLS_1_2".',
    ),
    unknown="A policy or version that is not known is judged in the update.",
    types=(*tokens.DISTRIBUTION, *tokens.API_DOMAIN),
    check=_plain,
)


# --- what CloudFront refuses ----------------------------------------------------------------------


def _certificate(distribution: Resource) -> str | None:
    arn = dig(distribution.get("viewerCertificate"), "acmCertificateArn")
    region = arn.split(":")[3] if isinstance(arn, str) and arn.count(":") > 4 else "us-east-1"
    return f"its certificate is in {region}" if region != "us-east-1" else None


def _names(distribution: Resource) -> str | None:
    default = is_true(dig(distribution.get("viewerCertificate"), "cloudfrontDefaultCertificate"))
    names = items(distribution.get("aliases"))
    if default and names:
        return f"aliases has {show(names[0])}, and cloudfront_default_certificate is true"
    return None


def _origin(distribution: Resource) -> Iterator[str]:
    """Find a cache behavior that leads to no origin and no group of origins."""
    given = [
        dig(one, "originId")
        for prop in ("origins", "originGroups")
        for one in items(distribution.get(prop))
    ]
    for wanted in (dig(one, "targetOriginId") for one in behaviors(distribution)):
        if isinstance(wanted, str) and given and UNKNOWN not in given and wanted not in given:
            names = ", ".join(str(one) for one in given)
            yield f"target_origin_id is {show(wanted)}, and its origins are {names}"
    single = [dig(one, "originId") for one in items(distribution.get("origins"))]
    for group in items(distribution.get("originGroups")):
        for wanted in (dig(one, "originId") for one in items(dig(group, "members"))):
            if isinstance(wanted, str) and UNKNOWN not in single and wanted not in single:
                name = show(dig(group, "originId"))
                yield f"a member of origin group {name} is {show(wanted)}, no origin"


_TABLE = (
    Refusal(
        types=tokens.DISTRIBUTION,
        says="NoSuchOrigin: the origin of a cache behavior is one of the distribution.",
        source=f"{_CDN}DownloadDistValuesCacheBehavior.html",
        remedy=(
            "set target_origin_id of the cache behavior to an origin_id of origins or origin_groups, and "
            "origin_id of each member to one of origins."
        ),
        find=_origin,
    ),
    Refusal(
        types=tokens.DISTRIBUTION,
        says="InvalidViewerCertificate: The specified SSL certificate must be in us-east-1.",
        source=f"{_CDN}cnames-and-https-requirements.html",
        remedy=(
            "set acm_certificate_arn to a certificate that a provider for us-east-1 has created."
        ),
        find=_certificate,
    ),
    Refusal(
        types=tokens.DISTRIBUTION,
        says="InvalidViewerCertificate: alternate domain names need a certificate that covers them.",
        source=f"{_CDN}cnames-and-https-requirements.html",
        remedy="set acm_certificate_arn of viewer_certificate to a certificate for the aliases.",
        find=_names,
    ),
)

ACCEPTED = refusal_rule(
    (*_TABLE, *edge_refusals.TABLE),
    id="cloudfront-accepted",
    title="CloudFront accepts every distribution and its certificate",
    url=f"{_CDN}cnames-and-https-requirements.html",
    remedy="correct the distribution as the message says.",
)

# --- errors that outlive their cause ---------------------------------------------------------------

_LONGEST = "maxErrorSeconds"


def _kept_errors(distribution: Resource, settings: Settings) -> Iterator[Violation]:
    for one in items(distribution.get("customErrorResponses")):
        code, kept = number(dig(one, "errorCode")), number(dig(one, "errorCachingMinTtl"))
        if code is None or kept is None or code < _SERVER_ERROR:
            continue
        if kept > settings.integer(_LONGEST):
            yield Violation(
                f'Distribution "{distribution.name}" goes on answering with an error after the service '
                f"has recovered: it keeps each {code:g} for {kept:g} s (error_caching_min_ttl).",
                distribution,
                (
                    f'distribution "{distribution.name}"',
                    f"error {code:g}",
                    f"cached for {kept:g} s",
                ),
            )


_SERVER_ERROR = 500

SHORT_ERRORS = ResourceRule(
    id="edge-errors-short",
    title="CloudFront does not cache server errors for long",
    question=Question.SURVIVE,
    severity=Severity.HIGH,
    controls={"Well-Architected": ("REL11-BP02",)},
    url=f"{_CDN}custom-error-pages-expiration.html",
    remedy="set error_caching_min_ttl in custom_error_responses to 10 or less for errors from 500.",
    steps=(
        "Set error_caching_min_ttl=10, the default, for each error_code from 500 to 504.",
        "Errors of the visitor, such as 404, may stay longer.",
    ),
    unknown="A time or code that is not known is not judged.",
    parameters={
        _LONGEST: {
            "type": "integer",
            "description": "Longest time, in seconds, for which CloudFront may keep a server error.",
            "default": 300,
            "minimum": 0,
        }
    },
    types=tokens.DISTRIBUTION,
    check=_kept_errors,
)

RULES = (REACHES, TLS, ACCEPTED, SHORT_ERRORS)
