"""The rule about sign-in at the load balancer: it asks the identity provider itself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from guardrails import tokens
from guardrails.architecture.firewall import Firewall
from guardrails.architecture.permits import EGRESS
from guardrails.architecture.targets import Targets
from guardrails.architecture.traffic import Traffic, listener_step, listeners_of
from guardrails.model import Question, Scope, Settings, Severity, StackRule, Violation
from guardrails.resources import Resource, Stack
from guardrails.values import UNKNOWN, dig, is_absent, items, show

_HTTPS = 443


def _sign_in(stack: Stack, _: Settings) -> Iterator[Violation]:
    traffic, targets, firewall = (
        stack.derived(Traffic),
        stack.derived(Targets),
        stack.derived(Firewall),
    )
    said = set()
    for resource in stack.of((*tokens.LISTENER, *tokens.LISTENER_RULE)):
        prop = "defaultActions" if resource.type in tokens.LISTENER else "actions"
        kinds = [str(dig(one, "type")) for one in items(resource.get(prop))]
        if not any(kind.startswith("authenticate-") for kind in kinds):
            continue
        for listener in listeners_of(stack, resource):
            balancer = traffic.balancer(listener)
            if balancer is None or balancer in said:
                continue
            said.add(balancer)
            party = targets.balancer_party(balancer)
            answer = firewall.opens(EGRESS, party, _HTTPS)
            if answer.is_no:
                yield Violation(
                    f'Nobody gets past the sign-in of load balancer "{balancer.name}": it asks the '
                    f"identity provider by HTTPS itself, and {answer.reason}.",
                    balancer,
                    (listener_step(listener), *answer.path, "identity provider, port 443"),
                    "allow egress on port 443 to 0.0.0.0/0 in the security group of the load balancer.",
                )


REACHES_PROVIDER = StackRule(
    id="elb-reaches-identity-provider",
    title="A load balancer that authenticates visitors reaches the identity provider",
    question=Question.SERVE,
    severity=Severity.HIGH,
    scope=Scope.HIGH_AVAILABILITY,
    controls={"Well-Architected": ("SEC05-BP02", "REL02-BP01")},
    url="https://docs.aws.amazon.com/elasticloadbalancing/latest/application/listener-authenticate-users.html",
    remedy="allow egress on port 443 to 0.0.0.0/0 in the security group of the load balancer.",
    steps=(
        "Add an egress rule for tcp 443 to 0.0.0.0/0 beside that to the instances.",
        "An internal load balancer also needs a NAT gateway in its subnets' routes.",
    ),
    unknown="Security groups of another stack are left to it.",
    check=_sign_in,
)

# --- the client of a user pool --------------------------------------------------------------------

_CLIENT = ("aws:cognito/userPoolClient:UserPoolClient",)
_CALLBACK = "/oauth2/idpresponse"
_OAUTH = ("allowedOauthFlows", "allowedOauthScopes", "callbackUrls")


def _listed(value: Any) -> str:
    return ", ".join(map(show, items(value))) or show(None)


def _unfit(client: Resource) -> tuple[str, str] | None:
    """Return why nobody signs in by a client of a user pool, and what helps."""
    if client.setting("generateSecret") in (None, False):
        return "it has no secret, which the load balancer needs", "set generate_secret to true."
    flows = client.setting("allowedOauthFlows")
    if client.setting("allowedOauthFlowsUserPoolClient") in (None, False):
        return (
            "allowed_oauth_flows_user_pool_client is not true, and OAuth is switched off",
            "set allowed_oauth_flows_user_pool_client to true.",
        )
    if flows is not UNKNOWN and UNKNOWN not in items(flows) and "code" not in items(flows):
        return (
            f"allowed_oauth_flows is {_listed(flows)}, without code",
            'add "code" to allowed_oauth_flows.',
        )
    scopes = client.setting("allowedOauthScopes")
    if scopes is not UNKNOWN and UNKNOWN not in items(scopes) and "openid" not in items(scopes):
        return (
            f"allowed_oauth_scopes is {_listed(scopes)}, without openid",
            'add "openid" to allowed_oauth_scopes.',
        )
    urls = client.setting("callbackUrls")
    known = urls is not UNKNOWN and UNKNOWN not in items(urls)
    if known and not any(str(one).endswith(_CALLBACK) for one in items(urls)):
        return (
            f"no URL of callback_urls ends with {_CALLBACK}, to which the load balancer has visitors sent",
            f"add https://<name of the site>{_CALLBACK} to callback_urls.",
        )
    return None


def _clients(stack: Stack, _: Settings) -> Iterator[Violation]:
    said: set[Resource] = set()
    for resource in stack.of((*tokens.LISTENER, *tokens.LISTENER_RULE)):
        prop = "defaultActions" if resource.type in tokens.LISTENER else "actions"
        for action in items(resource.get(prop)):
            given = dig(action, "authenticateCognito", "userPoolClientId")
            if dig(action, "type") != "authenticate-cognito" or is_absent(given):
                continue
            found = stack.references(resource, prop, _CLIENT, ("id",), value=[given]).resources
            for client in (one for one in found if one not in said):
                said.add(client)
                unfit = _unfit(client)
                if all(is_absent(client.setting(name)) for name in _OAUTH):
                    yield Violation(
                        f'whether anybody signs in at "{resource.name}" is not known: the program says '
                        f'nothing of OAuth in client "{client.name}", and somebody may do so by hand.',
                        client,
                        (f'"{resource.name}"', "authenticate-cognito", f'client "{client.name}"'),
                        "set allowed_oauth_flows, allowed_oauth_scopes, callback_urls and "
                        "allowed_oauth_flows_user_pool_client of the client.",
                        undecided=True,
                    )
                elif unfit is not None:
                    yield Violation(
                        f'Nobody signs in at "{resource.name}" by client "{client.name}": {unfit[0]}.',
                        client,
                        (f'"{resource.name}"', "authenticate-cognito", f'client "{client.name}"'),
                        unfit[1],
                    )


CLIENT_FITS = StackRule(
    id="elb-sign-in-possible",
    title="A load balancer can sign visitors in with its user pool client",
    question=Question.SERVE,
    severity=Severity.HIGH,
    scope=Scope.HIGH_AVAILABILITY,
    controls={"Well-Architected": ("SEC02-BP04",)},
    url="https://docs.aws.amazon.com/elasticloadbalancing/latest/application/listener-authenticate-users.html",
    remedy="set the client of the user pool to what the load balancer asks for.",
    steps=(
        "Set generate_secret and allowed_oauth_flows_user_pool_client to true.",
        'Set allowed_oauth_flows to ["code"] and allowed_oauth_scopes to ["openid"].',
        f"Add https://<name of the site>{_CALLBACK} to callback_urls.",
    ),
    unknown="Lists with a value that is not known are not judged, nor are clients of another stack.",
    check=_clients,
)

RULES = (REACHES_PROVIDER, CLIENT_FITS)
