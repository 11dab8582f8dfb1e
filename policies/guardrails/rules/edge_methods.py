"""Rules about visitors behind CloudFront and API Gateway: what they send passes, and they stay apart."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from guardrails import tokens
from guardrails.architecture.distributions import behaviors
from guardrails.architecture.gateways import Gateways
from guardrails.architecture.submissions import READING, sent_by_visitors, sessions
from guardrails.model import Question, Scope, Settings, Severity, StackRule, Violation
from guardrails.resources import Resource, Stack
from guardrails.values import UNKNOWN, dig, is_absent, items

_ALL = '["GET", "HEAD", "OPTIONS", "PUT", "POST", "PATCH", "DELETE"]'


@dataclass(frozen=True)
class _Reader:
    """A front that only passes on what reads."""

    resource: Resource
    label: str
    balancer: Resource
    says: str
    refuses: str
    remedy: str


_VPC_ORIGIN = ("aws:cloudfront/vpcOrigin:VpcOrigin",)


def _balancers(stack: Stack, distribution: Resource) -> tuple[Resource, ...]:
    """Return the load balancers that a distribution asks, also those in a VPC."""
    found = stack.sources(distribution, "origins", tokens.LOAD_BALANCER)
    for one in stack.sources(distribution, "origins", _VPC_ORIGIN):
        found += stack.sources(one, "vpcOriginEndpointConfig", tokens.LOAD_BALANCER)
    return tuple(dict.fromkeys(found))


def _distributions(stack: Stack) -> Iterator[_Reader]:
    for one in stack.of(tokens.DISTRIBUTION):
        balancers, origins = _balancers(stack, one), items(one.get("origins"))
        if len(balancers) != 1:
            continue  # which origin is which load balancer is not known
        served = [dig(given, "originId") for given in origins if not _is_bucket(given)]
        allowed = [
            dig(given, "allowedMethods")
            for given in behaviors(one)
            if dig(given, "targetOriginId") in served
        ]
        methods = {method for given in allowed for method in items(given)}
        if not methods or UNKNOWN in (*allowed, *methods) or any(map(is_absent, allowed)):
            continue
        if methods <= READING:
            yield _Reader(
                one,
                f'distribution "{one.name}"',
                balancers[0],
                f"allowed_methods {', '.join(sorted(methods))}",
                "403",
                f"set allowed_methods of the cache behavior to {_ALL}.",
            )


def _is_bucket(origin: Any) -> bool:
    return is_absent(dig(origin, "customOriginConfig")) and is_absent(
        dig(origin, "vpcOriginConfig")
    )


def _gateways(stack: Stack) -> Iterator[_Reader]:
    for api in stack.derived(Gateways).apis:
        greedy = [one for one in api.routes or () if one.takes_every_path]
        if api.described or not greedy or not {one.method for one in api.routes or ()} <= READING:
            continue
        listed = ", ".join(sorted({f"{one.method} {one.path}" for one in greedy}))
        for balancer in api.balancers:
            yield _Reader(
                api.resource,
                f'API "{api.name}"',
                balancer,
                listed,
                "403" if api.is_rest else "404",
                'set the method of the route to "ANY".',
            )


def _refused(stack: Stack, _: Settings) -> Iterator[Violation]:
    for one in (*_distributions(stack), *_gateways(stack)):
        sent = sent_by_visitors(stack, one.balancer)
        path = (one.label, one.says, f'load balancer "{one.balancer.name}"')
        if sent is not None:
            yield Violation(
                f"What visitors send gets {one.refuses} from {one.label} ({one.says}): no form and no "
                f'sign-in reaches load balancer "{one.balancer.name}", and {sent}.',
                one.resource,
                (*path, sent),
                one.remedy,
            )
        else:
            yield Violation(
                f"whether visitors send anything to the service behind load balancer "
                f'"{one.balancer.name}" is not known: {one.label} only passes on what reads ({one.says}), '
                f"and a form, an upload or a sign-in gets {one.refuses}.",
                one.resource,
                path,
                f"{one.remedy.rstrip('.')}, or accept it for a service that is only read.",
                undecided=True,
            )


WRITES = StackRule(
    id="edge-passes-writes",
    title="CloudFront and API Gateway pass on what visitors send",
    question=Question.SERVE,
    severity=Severity.HIGH,
    scope=Scope.HIGH_AVAILABILITY,
    controls={"Well-Architected": ("REL02-BP01",)},
    url=(
        "https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/"
        "DownloadDistValuesCacheBehavior.html"
    ),
    remedy=f"set allowed_methods of the cache behavior to {_ALL}.",
    steps=(
        f"Set allowed_methods={_ALL} in a cache behavior for the paths that pages send to.",
        "Keep cached_methods at GET and HEAD: CloudFront caches no answer to another method.",
        'API Gateway: let the route take ANY, as "$default" does.',
    ),
    unknown=(
        "That visitors send something is read from the rules of the load balancer: a method or path of "
        "forms, a sign-in, or sessions. Where nothing tells it is undecided. Unknown methods are not "
        "judged."
    ),
    check=_refused,
)

# --- sessions -------------------------------------------------------------------------------------

_WITHOUT_COOKIES = {
    "658327ea-f89d-4fab-a63d-7e88639e58f6": "Managed-CachingOptimized",
    "b2884449-e4de-46a7-ac36-70bc7f1ddd6d": "Managed-CachingOptimizedForUncompressedObjects",
}
"""Managed cache policies that keep an answer for a day, whatever cookies a visitor has."""


def _shared(stack: Stack, _: Settings) -> Iterator[Violation]:
    for one in stack.of(tokens.DISTRIBUTION):
        policy = _WITHOUT_COOKIES.get(str(one.get("defaultCacheBehavior", "cachePolicyId")))
        balancers, wanted = (
            _balancers(stack, one),
            one.get("defaultCacheBehavior", "targetOriginId"),
        )
        origins = [given for given in items(one.get("origins")) if not _is_bucket(given)]
        if policy is None or len(balancers) != 1:
            continue
        known = sessions(stack, balancers[0])
        if known is None or wanted not in [dig(given, "originId") for given in origins]:
            continue
        forwards = not is_absent(one.get("defaultCacheBehavior", "originRequestPolicyId"))
        lost = (
            "what one visitor is shown may be shown to all for a day"
            if forwards
            else "no cookie reaches the service, and nobody stays signed in"
        )
        yield Violation(
            f'Distribution "{one.name}" caches the pages of load balancer "{balancers[0].name}" by '
            f"{policy}, without their cookies: {lost}, and {known}.",
            one,
            (f'distribution "{one.name}"', policy, f'load balancer "{balancers[0].name}"', known),
        )


SESSIONS = StackRule(
    id="edge-keeps-visitors-apart",
    title="CloudFront does not cache pages meant for one visitor",
    question=Question.CLOSED,
    severity=Severity.HIGH,
    controls={"Well-Architected": ("SEC03-BP07",)},
    url=(
        "https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/"
        "using-managed-cache-policies.html"
    ),
    remedy=(
        "set cache_policy_id of default_cache_behavior to 4135ea2d-6df8-44a3-9df3-4b5a84be39ad "
        "(Managed-CachingDisabled) and origin_request_policy_id to 216adef6-5c7f-47e4-b989-5492eafa07d3 "
        "(Managed-AllViewer)."
    ),
    steps=(
        "Set cache_policy_id of the default cache behavior to Managed-CachingDisabled.",
        "Set origin_request_policy_id to Managed-AllViewer: cookies and query strings pass.",
        "Cache what is for everybody in ordered_cache_behaviors: /static/* and the like.",
    ),
    unknown="Custom cache policies are not judged, nor are services without a sign of sessions.",
    check=_shared,
)

RULES = (WRITES, SESSIONS)
