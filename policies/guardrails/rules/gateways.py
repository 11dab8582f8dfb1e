"""The rule about API Gateway: its requests reach what is behind it."""

from __future__ import annotations

from collections.abc import Iterator

from guardrails import tokens
from guardrails.architecture.gateways import Api, Gateways
from guardrails.model import Question, Scope, Settings, Severity, StackRule, Violation
from guardrails.resources import Resource, Stack
from guardrails.values import dig, is_absent, items, number


def _stopped(api: Api) -> tuple[str, str] | None:
    """Return why an API answers nobody, and what to do about it."""
    if not api.parts(tokens.HTTP_ROUTE):
        return (
            "it has an integration and no route, so it answers every request with 404",
            'add an aws.apigatewayv2.Route, for example "$default", whose target is the integration.',
        )
    stages = api.stages
    if not stages:
        return (
            "it has no stage, and is deployed nowhere",
            'add an aws.apigatewayv2.Stage "$default" with auto_deploy.',
        )
    for stage in stages:
        automatic = not stage.left_out("autoDeploy") and stage.get("autoDeploy") is not False
        by_hand = not is_absent(stage.setting("deploymentId"))
        if not automatic and not by_hand:
            return (
                f'stage "{stage.name}" deploys nothing: neither auto_deploy nor deployment_id is set',
                f'set auto_deploy of "{stage.name}" to true.',
            )
        closed = _throttle(stage)
        if closed is not None:
            return closed
    return None


def _undeployed(api: Api) -> Iterator[Violation]:
    """Yield that nothing of this stack deploys a REST API: a pipeline may."""
    if not api.parts(tokens.REST_DEPLOYMENT) or not api.stages:
        yield Violation(
            f'whether API "{api.name}" is deployed is not known: this stack has no deployment of it with a '
            "stage, without which it answers nobody.",
            api.resource,
            (f'API "{api.name}"', "no deployment with a stage"),
            "add an aws.apigateway.Deployment that depends on the integrations, and an "
            "aws.apigateway.Stage of it.",
            undecided=True,
        )


def _throttle(stage: Resource) -> tuple[str, str] | None:
    for prop, name in (
        ("throttlingBurstLimit", "throttling_burst_limit"),
        ("throttlingRateLimit", "throttling_rate_limit"),
    ):
        for given in (stage.get("defaultRouteSettings"), *items(stage.get("routeSettings"))):
            if number(dig(given, prop)) == 0:
                return (
                    f'stage "{stage.name}" refuses every request with 429: {name} is 0',
                    f'set {name} of "{stage.name}" above 0, or leave it out.',
                )
    return None


# --- paths that no route is for -------------------------------------------------------------------

_PROXY = (
    'add an aws.apigateway.Resource with path_part "{proxy+}", its Method "ANY" and an Integration.'
)


def _unrouted(api: Api) -> Iterator[Violation]:
    """Yield what is asked of a web service behind an API and has no route."""
    routes = api.routes
    if not routes or not api.balancers or any(one.path == "$default" for one in routes):
        return
    behind, paths = api.balancers[0], {one.path for one in routes}
    listed = ", ".join(sorted(f"{one.method} {one.path}" for one in routes))
    path = (f'API "{api.name}"', listed, f'load balancer "{behind.name}"')
    remedy = (
        _PROXY if api.is_rest else 'set route_key of the route to "$default": every other request.'
    )
    status = "403" if api.is_rest else "404"
    if paths == {"/"}:
        yield Violation(
            f'API "{api.name}" answers every request but those for / with {status}: load balancer '
            f'"{behind.name}" behind it gets no other path, its routes are {listed}.',
            api.resource,
            path,
            remedy,
        )
        return
    greedy = [one for one in routes if one.takes_every_path]
    if not greedy and all(one.method in ("GET", "HEAD") for one in routes):
        yield Violation(
            f'whether the service behind API "{api.name}" answers other paths is not known: to '
            f'load balancer "{behind.name}" go {listed} only, everything else gets {status}.',
            api.resource,
            path,
            f"{remedy.rstrip('.')}; or accept it, where the service has no other path.",
            undecided=True,
        )
    if greedy and api.is_rest and "/" not in paths:
        yield Violation(
            f'whether anybody asks API "{api.name}" for / is not known: it has no method there, and '
            f"{{proxy+}} does not match it, so that it gets {status}.",
            api.resource,
            path,
            'add an aws.apigateway.Method "ANY" for root_resource_id of the API, and its Integration.',
            undecided=True,
        )


# --- names that lead to no API --------------------------------------------------------------------

_NAME_KEYS = ("domainName", "id")


def _unmapped(stack: Stack) -> Iterator[Violation]:
    """Yield custom domain names without a path to an API, in a stack that has one."""
    if not stack.derived(Gateways).apis:
        return  # names for the APIs of other stacks
    mapped = {
        name
        for one in stack.of(tokens.API_MAPPING)
        for name in stack.references(one, "domainName", tokens.API_DOMAIN, _NAME_KEYS).any
    }
    for domain in stack.of(tokens.API_DOMAIN):
        if domain not in mapped:
            kind = "v2.ApiMapping" if "v2" in domain.type else ".BasePathMapping"
            yield Violation(
                f"No request for {domain.shown('domainName')} reaches an API: custom domain "
                f'"{domain.name}" has no mapping, and answers everything with 403 or 404.',
                domain,
                (f'custom domain "{domain.name}"', "no API mapping"),
                f"add an aws.apigateway{kind} from the domain to the API and its stage.",
            )


def _answers(stack: Stack, _: Settings) -> Iterator[Violation]:
    for api in stack.derived(Gateways).apis:
        if api.described:
            continue  # a description or a quick target brings routes, one of HTTP APIs a stage too
        if api.is_rest and api.integrations:
            yield from _undeployed(api)
        found = _stopped(api) if api.integrations and not api.is_rest else None
        if found is not None:
            reason, remedy = found
            yield Violation(
                f'No request passes API "{api.name}": {reason}.',
                api.resource,
                (f'API "{api.name}"', reason),
                remedy,
            )
        else:
            yield from _unrouted(api)
    yield from _unmapped(stack)


GATEWAY = StackRule(
    id="gateway-sends-requests",
    title="API Gateway forwards its requests",
    question=Question.SERVE,
    severity=Severity.HIGH,
    scope=Scope.HIGH_AVAILABILITY,
    controls={"Well-Architected": ("REL05-BP02",)},
    url="https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-stages.html",
    remedy="give the API a route, and a stage with auto_deploy.",
    steps=(
        "Create an aws.apigatewayv2.Route whose target is the integration.",
        "Create an aws.apigatewayv2.Stage with auto_deploy=True.",
        'Before a web service, let the route "$default" (REST: "/" and "{proxy+}") take every path.',
        "Map a domain name of your own to the API and its stage.",
        "Leave the limits of default_route_settings out, or set them to what the service bears.",
    ),
    unknown=(
        "Unknown ids are resolved through the resources they come from. An API with a description "
        "(body) or a quick target brings routes and a stage of its own. Whether a service answers other "
        "paths than those of its routes is undecided."
    ),
    check=_answers,
)

RULES = (GATEWAY,)
