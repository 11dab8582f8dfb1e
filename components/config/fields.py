"""Validation of single configuration values that need more than a type. Pure.

Functions return the value or raise ValueError; the message continues a sentence that begins with
the key and the value.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any, TypeVar, cast

from components.cidr import parse_vpc_cidr
from components.config.rds_classes import memory_gibibytes
from components.instance_spec import architecture_of

NONE = "none"
"""The text for an optional value that is not set: the engine has no null for configuration."""

LATEST_IMAGE = "latest"

RETENTION_DAYS = (
    1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922,
    3288, 3653,
)  # fmt: skip
"""CloudWatch Logs API reference, PutRetentionPolicy."""

_LABEL = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
_DOMAIN = re.compile(rf"({_LABEL}\.)+[a-z]([a-z0-9-]{{0,61}}[a-z0-9])?")
_CERTIFICATE = re.compile(
    r"arn:aws[a-z-]*:acm:(?P<region>[a-z0-9-]+):\d{12}:certificate/[0-9a-f-]{36}"
)
_HOSTED_ZONE = re.compile(r"Z[A-Z0-9]{1,31}")

T = TypeVar("T")


def optional(parse: Callable[[str], T]) -> Callable[[object], T | None]:
    """Return a parser that yields None for `none` and otherwise the result of `parse`."""

    def parser(value: object) -> T | None:
        if value is None or value == NONE:
            return None
        return parse(str(value))

    return parser


def json_list(value: Any) -> Any:
    """Parse a list from JSON, the form in which the engine passes lists; keep other types."""
    if not isinstance(value, str):
        return value
    try:
        items = json.loads(value)
    except ValueError:
        items = None
    if not isinstance(items, list):
        # Pydantic turns only a ValueError into a validation error.
        raise ValueError('is not a list; write it like ["t4g.micro"]')  # noqa: TRY004
    return cast("list[Any]", items)


# --- network -------------------------------------------------------------------------------------


def vpc_cidr(text: str) -> str:
    """Validate the VPC's address block."""
    parse_vpc_cidr(text)
    return text


def domain_name(text: str) -> str:
    """Validate a host name that a certificate can be issued for."""
    if len(text) > 253 or not _DOMAIN.fullmatch(text):
        raise ValueError(
            "is not a host name; write it like www.example.com, in lower case and without "
            f"https://, or {NONE}"
        )
    return text


def certificate_arn(text: str) -> str:
    """Validate the ARN of an ACM certificate, which a load balancer accepts as is."""
    if not _CERTIFICATE.fullmatch(text):
        raise ValueError(
            "is not the ARN of a certificate; copy it from ACM, like arn:aws:acm:<region>:<account>:"
            f"certificate/<id>, or set {NONE}"
        )
    return text


def certificate_region(arn: str) -> str:
    """Return the Region of a certificate."""
    match = _CERTIFICATE.fullmatch(arn)
    if match is None:
        raise ValueError(f'"{arn}" is not the ARN of a certificate; copy it from ACM')
    return match["region"]


def hosted_zone_id(text: str) -> str:
    """Validate the id of a public Route 53 hosted zone."""
    if not _HOSTED_ZONE.fullmatch(text):
        raise ValueError(
            f"is not the id of a hosted zone; copy it from Route 53, like Z0123…, or set {NONE}"
        )
    return text


# --- instances -----------------------------------------------------------------------------------


def instance_type(text: str) -> str:
    """Validate an EC2 instance type."""
    architecture_of(text)
    return text


def instance_types(types: tuple[str, ...]) -> tuple[str, ...]:
    """Validate EC2 instance types, each listed once."""
    for name in types:
        architecture_of(name)
    if len(set(types)) != len(types):
        raise ValueError("lists a type twice; Auto Scaling accepts each type once")
    return types


def machine_image(text: str) -> str:
    """Validate `latest`, an AMI id or the path of an SSM parameter."""
    if text != LATEST_IMAGE and not re.fullmatch(r"ami-[0-9a-f]{8,17}|/\S+", text):
        raise ValueError(
            f"is not an image; use {LATEST_IMAGE}, an id like ami-0abc…, or the path of an SSM "
            "parameter"
        )
    return text


# --- application ---------------------------------------------------------------------------------


def directory(text: str) -> str:
    """Validate the path of the revision's directory."""
    if not text.strip():
        raise ValueError("is empty; set it to the directory that has appspec.yml at its root")
    return text


def health_path(text: str) -> str:
    """Validate a URL path without a query string."""
    if not re.fullmatch(r"/[A-Za-z0-9._~/-]*", text):
        raise ValueError(
            "is not a plain path; start it with / and leave out spaces and query strings"
        )
    return text


def deployment_config(text: str) -> str:
    """Validate the name of a CodeDeploy deployment configuration for the EC2 platform."""
    if re.match(r"CodeDeployDefault\.(ECS|Lambda)", text):
        raise ValueError(
            "is for another compute platform; use CodeDeployDefault.OneAtATime, "
            "CodeDeployDefault.HalfAtATime or your own for EC2"
        )
    if not re.fullmatch(r"[A-Za-z0-9._+=,@-]{1,100}", text):
        raise ValueError(
            "is not the name of a deployment configuration; use letters, digits and ._-"
        )
    return text


# --- database and operations ---------------------------------------------------------------------


def database_class(text: str) -> str:
    """Validate an RDS instance class."""
    if not re.fullmatch(r"db\.[a-z0-9-]+\.[a-z0-9]+", text):
        raise ValueError("is not an RDS instance class; write it like db.t4g.micro")
    memory_gibibytes(text)
    return text


def engine_version(text: str) -> str:
    """Validate a PostgreSQL version."""
    match = re.fullmatch(r"(\d+)(\.\d+)?", text)
    if match is None or int(match[1]) < 13:
        raise ValueError(
            "is not a PostgreSQL version that RDS offers; use a major version such as 18"
        )
    return text


def email(text: str) -> str:
    """Validate an e-mail address."""
    if not re.fullmatch(r"[^@\s]+@[^@\s.]+(\.[^@\s.]+)+", text):
        raise ValueError(f"is not an e-mail address; write it like you@example.org, or {NONE}")
    return text


def retention_days(days: int) -> int:
    """Validate a retention period of CloudWatch Logs."""
    if days not in RETENTION_DAYS:
        near = min(RETENTION_DAYS, key=lambda allowed: abs(allowed - days))
        raise ValueError(
            f"is not a retention period that CloudWatch Logs offers; the nearest is {near}"
        )
    return days
