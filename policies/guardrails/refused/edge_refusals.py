"""What CloudFront refuses about methods, countries and pages for errors: part of `cloudfront-accepted`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from guardrails import tokens
from guardrails.architecture.distributions import behaviors
from guardrails.refusals import Refusal
from guardrails.resources import Resource
from guardrails.values import UNKNOWN, dig, is_absent, items, number, show

_API: Final = "https://docs.aws.amazon.com/cloudfront/latest/APIReference/"
_READING: Final = frozenset({"GET", "HEAD"})
_ASKING: Final = _READING | {"OPTIONS"}
_EVERY: Final = _ASKING | {"PUT", "POST", "PATCH", "DELETE"}


def _methods(distribution: Resource) -> Iterator[str]:
    for behavior in behaviors(distribution):
        allowed, cached = (dig(behavior, one) for one in ("allowedMethods", "cachedMethods"))
        given = frozenset(str(one) for one in items(allowed))
        if given and UNKNOWN not in items(allowed) and given not in (_READING, _ASKING, _EVERY):
            yield f"allowed_methods is {', '.join(sorted(given))}"
        kept = frozenset(str(one) for one in items(cached))
        if kept and UNKNOWN not in items(cached) and kept not in (_READING, _ASKING):
            yield f"cached_methods is {', '.join(sorted(kept))}"


def _countries(distribution: Resource) -> str | None:
    given = distribution.get("restrictions", "geoRestriction")
    kind, listed = dig(given, "restrictionType"), dig(given, "locations")
    if kind in ("whitelist", "blacklist") and is_absent(listed):
        return f"restriction_type is {show(kind)}, and locations is empty"
    return None


def _pages(distribution: Resource) -> Iterator[str]:
    for one in items(distribution.get("customErrorResponses")):
        code, page = number(dig(one, "responseCode")), dig(one, "responsePagePath")
        if page is not UNKNOWN and bool(code) == is_absent(page):
            had = "response_code" if code else "response_page_path"
            yield f"the response to error {show(dig(one, 'errorCode'))} has {had} only"


TABLE = (
    Refusal(
        types=tokens.DISTRIBUTION,
        says=(
            "InvalidArgument: AllowedMethods is GET and HEAD, these and OPTIONS, or all seven; "
            "CachedMethods one of the first two."
        ),
        source=f"{_API}API_AllowedMethods.html",
        remedy='set allowed_methods to all seven methods, and cached_methods to ["GET", "HEAD"].',
        find=_methods,
    ),
    Refusal(
        types=tokens.DISTRIBUTION,
        says="InvalidGeoRestrictionParameter: a whitelist or blacklist has at least one country.",
        source=f"{_API}API_GeoRestriction.html",
        remedy='list countries in locations, or set restriction_type to "none".',
        find=_countries,
    ),
    Refusal(
        types=tokens.DISTRIBUTION,
        says="InvalidResponseCode: ResponsePagePath and ResponseCode go together.",
        source=f"{_API}API_CustomErrorResponse.html",
        remedy="set both response_page_path and response_code of the custom error response.",
        find=_pages,
    ),
)
"""Appended to the table of `cloudfront-accepted`."""
