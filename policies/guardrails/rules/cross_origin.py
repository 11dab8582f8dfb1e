"""The rule about requests across origins (CORS): no site of others acts as a visitor who has signed in."""

from __future__ import annotations

from collections.abc import Iterator

from guardrails import tokens
from guardrails.model import Question, ResourceRule, Settings, Severity, Violation
from guardrails.resources import Resource
from guardrails.values import dig, is_true, items, show

_WHERE = {
    **dict.fromkeys(
        tokens.HTTP_API, ("corsConfiguration", ("allowCredentials",), ("allowOrigins",))
    ),
    **dict.fromkeys(tokens.FUNCTION_URL, ("cors", ("allowCredentials",), ("allowOrigins",))),
    **dict.fromkeys(
        tokens.HEADERS_POLICY,
        (
            "corsConfig",
            ("accessControlAllowCredentials",),
            ("accessControlAllowOrigins", "items"),
        ),
    ),
}
"""Per type the property, and in it the paths of the switch and of the origins."""
_ANY = ("*", "https://*", "http://*")


def _shared(resource: Resource, _: Settings) -> Iterator[Violation]:
    prop, switch, origins = _WHERE[resource.type]
    given = resource.get(prop)
    found = next((one for one in items(dig(given, *origins)) if one in _ANY), None)
    if found is not None and is_true(dig(given, *switch)):
        yield Violation(
            f'Every site may ask "{resource.name}" in the name of a visitor: origin {show(found)} is '
            "allowed, with credentials. Browsers refuse that, or hand any site what only the visitor may "
            "see.",
            resource,
            ("page of any site", f"origin {show(found)}, with credentials", f'"{resource.name}"'),
        )


NAMED = ResourceRule(
    id="cors-origins-named",
    title="Requests with credentials are admitted from named origins only",
    question=Question.CLOSED,
    severity=Severity.HIGH,
    controls={"Well-Architected": ("SEC05-BP02",)},
    url="https://developer.mozilla.org/docs/Web/HTTP/Guides/CORS#credentialed_requests_and_wildcards",
    remedy=(
        "list the origins of your own sites in allow_origins (access_control_allow_origins), or set "
        "allow_credentials (access_control_allow_credentials) to false."
    ),
    steps=(
        'Set allow_origins to ["https://www.example.com"].',
        "Leave allow_credentials out where neither cookies nor authorization headers are sent.",
    ),
    unknown="Origins and switches that the preview does not know are judged in the update.",
    types=tuple(_WHERE),
    check=_shared,
)

RULES = (NAMED,)
