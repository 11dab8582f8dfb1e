"""The rule about HTTP APIs: what they are asked for reaches what is behind them."""

from __future__ import annotations

from collections.abc import Iterator

from guardrails import tokens
from guardrails.model import Question, Scope, Settings, Severity, StackRule, Violation
from guardrails.resources import Resource, Stack
from guardrails.values import dig, is_absent, items, number

_API_ID = ("id",)


def _parts(stack: Stack, api: Resource, types: tuple[str, ...]) -> list[Resource]:
    return [
        one
        for one in stack.of(types)
        if api in stack.references(one, "apiId", tokens.HTTP_API, _API_ID).any
    ]


def _stopped(stack: Stack, api: Resource) -> tuple[str, str] | None:
    """Return why an API answers nobody, and what to do about it."""
    if not _parts(stack, api, tokens.HTTP_ROUTE):
        return (
            "it has an integration and no route, so it answers every request with 404",
            'add an aws.apigatewayv2.Route, for example "$default", whose target is the integration.',
        )
    stages = _parts(stack, api, tokens.HTTP_STAGE)
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


def _answers(stack: Stack, _: Settings) -> Iterator[Violation]:
    for api in stack.of(tokens.HTTP_API):
        # Both bring routes and a stage of their own, or come from a description.
        if not is_absent(api.get("target")) or not is_absent(api.get("body")):
            continue
        found = _stopped(stack, api) if _parts(stack, api, tokens.HTTP_INTEGRATION) else None
        if found is not None:
            reason, remedy = found
            yield Violation(
                f'No request passes API "{api.name}": {reason}.',
                api,
                (f'API "{api.name}"', reason),
                remedy,
            )


GATEWAY = StackRule(
    id="gateway-sends-requests",
    title="An HTTP API sends its requests on",
    question=Question.SERVE,
    severity=Severity.HIGH,
    scope=Scope.HIGH_AVAILABILITY,
    controls={"Well-Architected": ("REL05-BP02",)},
    url="https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-stages.html",
    remedy="give the API a route, and a stage with auto_deploy.",
    steps=(
        "Create an aws.apigatewayv2.Route whose target is the integration.",
        "Create an aws.apigatewayv2.Stage with auto_deploy=True.",
        "Leave the limits of default_route_settings out, or set them to what the service bears.",
    ),
    unknown=(
        "Unknown ids are resolved through the resources they come from. An API with a description "
        "(body) or a quick target brings routes and a stage of its own."
    ),
    check=_answers,
)

RULES = (GATEWAY,)
