"""`expect` of a request: what its response must be. Part of the schema of a scenario file."""

from __future__ import annotations

import re
from typing import Annotated, Any, cast

from pydantic import BeforeValidator, Field, field_validator, model_validator

from loadtest.scenario.part import Part, is_template, listed


def _status(value: Any) -> Any:
    """Read a status that is written as a text, as Artillery's plugin does."""
    if isinstance(value, str) and not is_template(value):
        if not re.fullmatch(r"\s*\d{3}\s*", value):
            raise ValueError('must be a status such as 200, a list of them or "{{ variable }}"')
        return int(value)
    return value


_Status = Annotated[Annotated[int, Field(ge=100, le=599)] | str, BeforeValidator(_status)]
"""A status, or a template of one, which only the run knows."""
_Statuses = Annotated[list[_Status], BeforeValidator(listed), Field(min_length=1)]

EXPECTATIONS = (
    "contentType", "hasHeader", "headerEquals", "hasProperty", "notHasProperty", "equals",
    "matchesRegexp", "cdnHit", "notStatusCode", "jmespath", "jpath",
)  # fmt: skip
"""Checks of `expect` besides `statusCode`: made by the functions of Artillery's own plugin."""


def one_check_each(value: Any) -> Any:
    """Reject what the plugin would not look at: of an entry of a list, it checks the first key."""
    for one in cast("list[Any]", value) if isinstance(value, list) else ():
        names = list(cast("dict[Any, Any]", one)) if isinstance(one, dict) else []
        checks = [str(name) for name in names if name != "description"]
        if len(checks) > 1:
            raise ValueError(
                f"only `{checks[0]}` would be checked, the first of an entry: write `{checks[1]}` as an "
                "entry of its own, with `- ` before it"
            )
    return listed(value)


def all_can_hold(value: list[Expect] | None) -> list[Expect] | None:
    """Reject checks of which an answer can pass one only: it has one status and one content type.

    Lists of statuses that overlap are rejected, too: generators would take all of them for good.
    """
    statuses = [one.statusCode for one in value or () if one.statusCode]
    known = [set(one) for one in statuses if all(isinstance(code, int) for code in one)]
    common = set.intersection(*known) if known else set()
    if len(known) > 1 and not common:
        codes = ", ".join(str(code) for one in statuses for code in one)
        raise ValueError(f"no answer has all of these statuses: write `statusCode: [{codes}]`")
    if any(one != common for one in known):
        codes = ", ".join(str(code) for code in sorted(common, key=str))
        raise ValueError(
            f"an answer must pass each `statusCode`: write one, `statusCode: [{codes}]`"
        )
    kinds = [one.contentType for one in value or () if one.contentType]
    exact = {kind.lower() for kind in kinds if kind != "json" and not is_template(kind)}
    other = next((kind for kind in exact if "json" in kinds and "json" not in kind), None)
    if len(exact) > 1 or other:
        shown = " and ".join(sorted({*exact, "json"} if other else exact))
        raise ValueError(f"no answer has the content types {shown}: write one `contentType`")
    return value


class Expect(Part):
    """What a response must be."""

    statusCode: _Statuses | None = None  # noqa: N815
    notStatusCode: _Statuses | None = None  # noqa: N815
    contentType: str | None = None  # noqa: N815
    hasHeader: str | None = None  # noqa: N815
    headerEquals: Annotated[list[str], Field(min_length=2, max_length=2)] | None = None  # noqa: N815
    hasProperty: str | None = None  # noqa: N815
    notHasProperty: str | None = None  # noqa: N815
    equals: list[Any] | None = None
    matchesRegexp: str | None = None  # noqa: N815
    cdnHit: bool | None = None  # noqa: N815
    jmespath: str | None = None
    jpath: str | None = None
    description: str | None = None

    @field_validator("hasHeader", "headerEquals")
    @classmethod
    def _in_lower_case(cls, value: str | list[str] | None) -> str | list[str] | None:
        name = value[0] if isinstance(value, list) else value
        if name is not None and name != name.lower() and not is_template(name):
            raise ValueError(f"write `{name.lower()}`, in lower case: Artillery finds no other")
        return value

    @field_validator("contentType")
    @classmethod
    def _is_a_type(cls, value: str | None) -> str | None:
        if value is not None and value != "json" and "/" not in value and not is_template(value):
            raise ValueError(
                f"no answer has the content type {value!r}: apart from `json`, write all of the header, "
                "such as `text/html; charset=utf-8`"
            )
        return value

    @field_validator("equals")
    @classmethod
    def _compares(cls, value: list[Any] | None) -> list[Any] | None:
        if value is not None and len(value) < 2:
            raise ValueError(
                "compares the values of its list with each other: write two, such as "
                '`["{{ captured }}", "expected"]`'
            )
        return value

    @model_validator(mode="after")
    def _checks_something(self) -> Expect:
        if self.statusCode is None and all(getattr(self, one) is None for one in EXPECTATIONS):
            raise ValueError(f"`expect` needs one of statusCode, {', '.join(EXPECTATIONS)}")
        return self
