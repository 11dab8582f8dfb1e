"""The rules of a listener as plain values: conditions on a request and what is done with it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import ip_network

from region.services.elbv2.haproxy.errors import LoadBalancerError

MOST_PATTERN_CHARACTERS = 128
MOST_HEADER_NAME_CHARACTERS = 40
_HEADER = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,40}")
_METHOD = re.compile(r"[A-Z_-]{1,40}")
_TOKEN = re.compile(r"[\w.+-]+/[\w.+-]+")
# A text of a redirect goes into a quoted line of the configuration.
_REDIRECT = re.compile(r"[A-Za-z0-9._~:/?#\[\]@!&()*+,;={}$-]*")
_PLACEHOLDER = re.compile(r"#\{([^}]*)\}")
KEYWORDS = ("protocol", "host", "port", "path", "query")
"""What a redirect may take over from the request, as `#{host}`."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """A text with wildcards: `*` stands for any characters, `?` for one."""

    text: str

    def __post_init__(self) -> None:
        """Reject what ELB rejects."""
        if not 1 <= len(self.text) <= MOST_PATTERN_CHARACTERS:
            raise LoadBalancerError(
                f"Condition value {self.text!r} must have 1 to {MOST_PATTERN_CHARACTERS} characters."
            )

    def expression(self, any_character: str = ".") -> str:
        """Return it as a regular expression of letters, digits and escaped bytes, without anchors."""
        return "".join(_expression(character, any_character) for character in self.text)


@dataclass(frozen=True, slots=True)
class PathCondition:
    """The path matches one of the patterns; case matters."""

    patterns: tuple[Pattern, ...]


@dataclass(frozen=True, slots=True)
class HostCondition:
    """The host matches one of the patterns."""

    patterns: tuple[Pattern, ...]


@dataclass(frozen=True, slots=True)
class HeaderCondition:
    """A header matches one of the patterns."""

    name: str
    patterns: tuple[Pattern, ...]

    def __post_init__(self) -> None:
        """Reject a name that no header has."""
        if not _HEADER.fullmatch(self.name):
            raise LoadBalancerError(
                f"Header name {self.name!r} must have 1 to {MOST_HEADER_NAME_CHARACTERS} letters, "
                "digits, hyphens or underscores."
            )


@dataclass(frozen=True, slots=True)
class QueryCondition:
    """The query string has one of the pairs; without a key, any key will do."""

    pairs: tuple[tuple[Pattern | None, Pattern], ...]


@dataclass(frozen=True, slots=True)
class MethodCondition:
    """The method is one of these."""

    methods: tuple[str, ...]

    def __post_init__(self) -> None:
        """Reject a text that is not a method."""
        for method in self.methods:
            if not _METHOD.fullmatch(method):
                raise LoadBalancerError(
                    f"Request method {method!r} must have 1 to 40 characters of A to Z, _ and -."
                )


@dataclass(frozen=True, slots=True)
class SourceCondition:
    """The client's address is in one of the blocks."""

    blocks: tuple[str, ...]

    def __post_init__(self) -> None:
        """Reject what is not a block."""
        for block in self.blocks:
            try:
                ip_network(block)
            except ValueError as error:
                raise LoadBalancerError(
                    f"Source IP {block!r} is not a CIDR block ({error}): write it like 10.0.0.0/8."
                ) from error
            if "/" not in block:
                raise LoadBalancerError(
                    f"Source IP {block!r} is not a CIDR block: write a single address like "
                    f"{block}/{32 if '.' in block else 128}."
                )


Condition = (
    PathCondition
    | HostCondition
    | HeaderCondition
    | QueryCondition
    | MethodCondition
    | SourceCondition
)


@dataclass(frozen=True, slots=True)
class Forward:
    """Forward requests to one of several target groups.

    Attributes:
        target_group: The only one, or the first.
        weights: Name and weight of each; empty for the only one.
        stickiness: For how many seconds a client keeps its group; None without.
    """

    target_group: str
    weights: tuple[tuple[str, int], ...] = ()
    stickiness: float | None = None

    @property
    def groups(self) -> tuple[str, ...]:
        """The names of its target groups."""
        return tuple(name for name, _ in self.weights) or (self.target_group,)

    @property
    def shares(self) -> tuple[tuple[str, int], ...]:
        """Name and weight of those that get requests."""
        return tuple((name, weight) for name, weight in self.weights if weight > 0) or (
            () if self.weights else ((self.target_group, 1),)
        )


@dataclass(frozen=True, slots=True)
class FixedResponse:
    """Answer without a target."""

    status: int
    content_type: str = "text/plain"
    body: str = ""

    def __post_init__(self) -> None:
        """Reject a content type that could break out of the configuration line."""
        if not _TOKEN.fullmatch(self.content_type):
            raise LoadBalancerError(
                f"Content type {self.content_type!r} of a fixed response must look like text/plain."
            )
        if not 200 <= self.status <= 599:
            raise LoadBalancerError(f"Status {self.status} of a fixed response is not 2XX to 5XX.")


@dataclass(frozen=True, slots=True)
class Redirect:
    """Redirect the client. Every part but the status may contain `#{host}` and the like."""

    status: int = 302
    protocol: str = "#{protocol}"
    host: str = "#{host}"
    port: str = "#{port}"
    path: str = "/#{path}"
    query: str = "#{query}"

    def __post_init__(self) -> None:
        """Reject what could break out of the configuration line, or redirects to the same place."""
        if self.status not in {301, 302}:
            raise LoadBalancerError(f"Status {self.status} of a redirect must be 301 or 302.")
        parts = {name: getattr(self, name) for name in KEYWORDS}
        for name, value in parts.items():
            if not _REDIRECT.fullmatch(value):
                raise LoadBalancerError(
                    f"{name.capitalize()} {value!r} of a redirect has characters that the local "
                    "region does not support: use those that a URL may have, without quotes and %."
                )
            unknown = set(_PLACEHOLDER.findall(value)) - set(KEYWORDS)
            if unknown:
                raise LoadBalancerError(
                    f"{name.capitalize()} {value!r} of a redirect has the placeholder "
                    f"#{{{min(unknown)}}}: use {', '.join(f'#{{{one}}}' for one in KEYWORDS)}."
                )


Action = Forward | FixedResponse | Redirect


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of a listener: all its conditions have to hold."""

    name: str
    conditions: tuple[Condition, ...]
    action: Action


def patterns(texts: Sequence[str]) -> tuple[Pattern, ...]:
    """Return patterns of these texts."""
    return tuple(Pattern(text) for text in texts)


def _expression(character: str, any_character: str) -> str:
    if character == "*":
        return f"{any_character}*"
    if character == "?":
        return any_character
    if character.isascii() and character.isalnum():
        return character
    # HAProxy compares bytes.
    return "".join(f"\\x{byte:02x}" for byte in character.encode())
