"""Rules about TLS between visitors and the load balancer."""

from __future__ import annotations

from collections.abc import Iterator

from guardrails import tokens
from guardrails.model import Level, Question, Settings, Severity, StackRule, Violation, for_each
from guardrails.property_rules import StartsWith, must_be, property_rule
from guardrails.resources import Resource, Stack
from guardrails.values import dig, is_absent, items, show

_SECURE = ("HTTPS", "TLS")
_BALANCER_KEYS = ("arn", "id")


def _balancers(stack: Stack) -> list[Resource]:
    return stack.of(tokens.LOAD_BALANCER)


def _listeners(stack: Stack, balancer: Resource) -> list[Resource]:
    return [
        listener
        for listener in stack.of(tokens.LISTENER)
        if balancer
        in stack.linked(listener, "loadBalancerArn", tokens.LOAD_BALANCER, _BALANCER_KEYS)
    ]


def _is_secure(listener: Resource) -> bool:
    return listener.get("protocol") in _SECURE or not is_absent(listener.get("certificateArn"))


def _is_plain_http(listener: Resource) -> bool:
    # What TCP and UDP listeners of a network load balancer carry is not known here.
    return not _is_secure(listener) and listener.get("protocol") not in (
        "TCP",
        "UDP",
        "TCP_UDP",
        "GENEVE",
    )


def _no_tls(stack: Stack, balancer: Resource, _: Settings) -> str | None:
    listeners = _listeners(stack, balancer)
    # With a certificate in the stack it is mandatory: alb-http-to-https reports it then.
    plain = [one for one in listeners if _is_plain_http(one) and not _sends_elsewhere(stack, one)]
    if stack.of(tokens.CERTIFICATE) or not plain:
        return None
    if any(_is_secure(listener) for listener in listeners):
        return None
    return f'Load balancer "{balancer.name}" has no HTTPS listener: passwords are sent unencrypted.'


TLS_LISTENER = StackRule(
    id="elb-tls-listener",
    title="The load balancer has an HTTPS listener",
    question=Question.CLOSED,
    severity=Severity.HIGH,
    level=Level.ADVISORY,  # HTTPS needs a domain, which a trial does not have
    production=Level.MANDATORY,
    controls={
        "Security Hub": ("ELB.18",),
        "Control Tower": ("CT.ELASTICLOADBALANCING.PR.2",),
        "Checkov": ("CKV_AWS_2",),
        "Prowler": ("elbv2_ssl_listeners",),
        "Well-Architected": ("SEC09-BP02",),
    },
    url="https://docs.aws.amazon.com/securityhub/latest/userguide/elb-controls.html",
    remedy=(
        "add a listener with protocol HTTPS and a certificate of your domain, and let default_actions "
        "of the HTTP listener redirect to it."
    ),
    steps=(
        "Request a certificate for the domain in AWS Certificate Manager and validate it by DNS.",
        "Add a listener on port 443 with protocol HTTPS, the certificate and an ssl_policy.",
        "Without a domain, write an exception with a reason and an expiry date.",
    ),
    unknown=(
        "An unknown protocol counts as HTTP, an unknown certificate as set: its ARN is unknown "
        "until it exists. Unknown load balancers are resolved through dependencies."
    ),
    check=for_each(_balancers, _no_tls),
)


def _http_to_https(stack: Stack, _: Settings) -> Iterator[Violation]:
    certified = bool(stack.of(tokens.CERTIFICATE))
    for balancer in _balancers(stack):
        listeners = _listeners(stack, balancer)
        plain = [listener for listener in listeners if _is_plain_http(listener)]
        if any(_is_secure(listener) for listener in listeners):
            for listener in plain:
                yield from _redirects(stack, listener)
        elif certified and not all(_sends_elsewhere(stack, one) for one in plain):
            yield Violation(
                f'The stack has a certificate, but load balancer "{balancer.name}" has no HTTPS '
                "listener.",
                balancer,
                remedy=(
                    "add an aws.lb.Listener with protocol HTTPS and that certificate, and let "
                    "default_actions of the HTTP listener redirect to it."
                ),
            )


def _deciding(stack: Stack, listener: Resource) -> Iterator[tuple[Resource, str]]:
    """Yield what decides what a listener does with a request, and the property that has the actions."""
    yield listener, "defaultActions"
    for rule in stack.of(tokens.LISTENER_RULE):
        if listener in stack.linked(rule, "listenerArn", tokens.LISTENER, _BALANCER_KEYS):
            yield rule, "actions"


def _sends_elsewhere(stack: Stack, listener: Resource) -> bool:
    """Return whether a listener sends everybody to another host by HTTPS: that one needs TLS."""
    actions = [
        action
        for resource, prop in _deciding(stack, listener)
        for action in items(resource.get(prop)) or [None]
    ]
    return all(
        _is_redirect(action) and dig(action, "redirect", "host") not in {None, "", "#{host}"}
        for action in actions
    )


def _redirects(stack: Stack, listener: Resource) -> Iterator[Violation]:
    for resource, prop in _deciding(stack, listener):
        actions = items(resource.get(prop))
        if not actions or not all(_is_redirect(action) for action in actions):
            types = ", ".join(show(dig(action, "type")) for action in actions)
            yield Violation(
                f'"{resource.name}" answers HTTP itself instead of redirecting to HTTPS: its '
                f"action is {types or resource.shown(prop)}.",
                resource,
                remedy=None
                if resource is listener
                else "set the rule's listener_arn to the HTTPS listener: HTTP only redirects to it.",
            )


def _is_redirect(action: object) -> bool:
    return (
        dig(action, "type") == "redirect"
        and str(dig(action, "redirect", "protocol")).upper() == "HTTPS"
    )


HTTP_TO_HTTPS = StackRule(
    id="alb-http-to-https",
    title="With HTTPS available, HTTP only redirects to it",
    question=Question.CLOSED,
    severity=Severity.HIGH,
    controls={
        "AWS Config": ("ALB_HTTP_TO_HTTPS_REDIRECTION_CHECK",),
        "Security Hub": ("ELB.1",),
        "Control Tower": ("CT.ELASTICLOADBALANCING.PR.1",),
        "Checkov": ("CKV2_AWS_20",),
        "Well-Architected": ("SEC09-BP02",),
    },
    url="https://docs.aws.amazon.com/config/latest/developerguide/alb-http-to-https-redirection-check.html",
    remedy="give every HTTP listener a default action of type redirect with protocol HTTPS.",
    steps=(
        "Add a listener with protocol HTTPS if the stack has a certificate that no listener uses.",
        (
            'Set the HTTP listener\'s default_actions to type="redirect" with redirect.protocol='
            '"HTTPS", port="443" and status_code="HTTP_301".'
        ),
        "Move forwarding rules from the HTTP listener to the HTTPS listener.",
    ),
    unknown=(
        "An unknown action or redirect protocol is a violation; unknown ARNs are resolved through "
        "the listeners and load balancers they come from."
    ),
    check=_http_to_https,
)


TLS_POLICY = property_rule(
    must_be(
        "sslPolicy",
        StartsWith("prefixes"),
        'Listener "{name}" does not use a recommended security policy',
        applies=_is_secure,
    ),
    tokens.LISTENER,
    id="elb-tls-policy",
    title="HTTPS listeners support TLS 1.3, and nothing older than 1.2",
    question=Question.CLOSED,
    severity=Severity.HIGH,
    controls={
        "AWS Config": ("ELBV2_PREDEFINED_SECURITY_POLICY_SSL_CHECK",),
        "Security Hub": ("ELB.17",),
        "Checkov": ("CKV_AWS_103",),
        "Well-Architected": ("SEC09-BP02",),
    },
    url="https://docs.aws.amazon.com/elasticloadbalancing/latest/application/describe-ssl-policies.html",
    remedy='set ssl_policy to "ELBSecurityPolicy-TLS13-1-2-2021-06" or a newer one of that family.',
    steps=(
        'Set ssl_policy="ELBSecurityPolicy-TLS13-1-2-2021-06" on the listener.',
        "Do not leave it out: the API's default is ELBSecurityPolicy-2016-08, with TLS 1.0.",
    ),
    parameters={
        "prefixes": {
            "type": "array",
            "items": {"type": "string"},
            "default": ["ELBSecurityPolicy-TLS13-1-2-", "ELBSecurityPolicy-TLS13-1-3-"],
            "description": "Prefixes of accepted security policy names.",
        }
    },
)

RULES = (TLS_LISTENER, HTTP_TO_HTTPS, TLS_POLICY)
