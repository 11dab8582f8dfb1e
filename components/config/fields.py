"""Readers of single configuration values that need more than a type. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any, cast

from components.instance_spec import architecture_of

NONE = "none"
"""How an optional text says that it is not set: the engine has no null for configuration."""

_LABEL = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
_DOMAIN = re.compile(rf"({_LABEL}\.)+[a-z]([a-z0-9-]{{0,61}}[a-z0-9])?")
_CERTIFICATE = re.compile(
    r"arn:aws[a-z-]*:acm:(?P<region>[a-z0-9-]+):\d{12}:certificate/[0-9a-f-]{36}"
)
_HOSTED_ZONE = re.compile(r"Z[A-Z0-9]{1,31}")


def optional(read: Callable[[str], str]) -> Callable[[Any], Any]:
    """A reader that gives None for `none`, and otherwise what `read` makes of the text."""

    def reader(value: Any) -> Any:
        if value is None or value == NONE:
            return None
        return read(str(value))

    return reader


def domain_name(text: str) -> str:
    """A host name that a certificate can be for."""
    if len(text) > 253 or not _DOMAIN.fullmatch(text):
        raise ValueError(
            "is no host name; write it like www.example.com, in lower case and without https://, "
            f"or {NONE}"
        )
    return text


def certificate_arn(text: str) -> str:
    """The ARN of a certificate in ACM: the only ones that a load balancer takes by itself."""
    if not _CERTIFICATE.fullmatch(text):
        raise ValueError(
            "is no certificate's ARN; copy it from ACM, like arn:aws:acm:<region>:<account>:"
            f"certificate/<id>, or set {NONE}"
        )
    return text


def certificate_region(arn: str) -> str:
    """The Region that a certificate is in."""
    match = _CERTIFICATE.fullmatch(arn)
    if match is None:
        raise ValueError(f'"{arn}" is no certificate\'s ARN; copy it from ACM')
    return match["region"]


def hosted_zone_id(text: str) -> str:
    """The id of a public Route 53 zone."""
    if not _HOSTED_ZONE.fullmatch(text):
        raise ValueError(
            f"is no hosted zone's id; copy it from Route 53, like Z0123…, or set {NONE}"
        )
    return text


def listed(value: Any) -> Any:
    """A list out of the JSON text in which the engine hands lists over."""
    if not isinstance(value, str):
        return value
    try:
        items = json.loads(value)
    except ValueError:
        items = None
    if not isinstance(items, list):
        # Pydantic makes a refusal of a ValueError and of no other.
        raise ValueError('is no list; write it like ["t4g.micro"]')  # noqa: TRY004
    return cast("list[Any]", items)


def instance_types(types: tuple[str, ...]) -> tuple[str, ...]:
    """EC2 instance types, each named once."""
    for name in types:
        architecture_of(name)
    if len(set(types)) != len(types):
        raise ValueError("names a type twice; Auto Scaling takes each type once")
    return types
