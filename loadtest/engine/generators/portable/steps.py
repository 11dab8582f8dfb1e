"""What visitors do, in steps that know nothing of any load generator."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from loadtest.engine.generators.portable.texts import Text
from loadtest.yaml_positions import Location

Json = Text | int | float | bool | None | Mapping[str, "Json"] | Sequence["Json"]
"""A body as JSON. A text that is one variable stands for its value, which may be no text."""
JsonPath = tuple[str | int, ...]
"""The keys and indices that lead to a value."""


@dataclass(frozen=True)
class Finding:
    """Where to look in an answer."""

    kind: Literal["json", "regexp", "header"]
    expression: str
    """A regular expression, or the name of a header in lower case."""
    path: JsonPath = ()
    """Of `json`."""
    group: int = 0
    """Of `regexp`: which group is the value; 0 is all that matched."""
    flags: str = ""
    """Of `regexp`: i, m, s, as in JavaScript."""
    strict: bool = True
    """Whether an answer without it fails the visitor."""


@dataclass(frozen=True)
class Capture:
    """A value of an answer that later steps use."""

    name: str
    finding: Finding


@dataclass(frozen=True)
class Match:
    """A value that an answer must have."""

    finding: Finding
    value: Text | int | float | bool


@dataclass(frozen=True)
class Body:
    """What a request sends: one of the three."""

    json: Json = None
    raw: Text | None = None
    form: Mapping[str, Text] | None = None


@dataclass(frozen=True)
class Send:
    """One request, and those to which its answer redirects."""

    location: Location
    """Where in the script it is."""
    method: str
    url: Text
    """A path, with a query if it has one."""
    endpoint: str
    """What results call it: its name, else its method and path, as the script has them."""
    headers: Mapping[str, Text]
    """By name in lower case."""
    query: Mapping[str, Text | Sequence[Text]]
    body: Body | None
    auth: tuple[Text, Text] | None
    compressed: bool
    follows: bool
    """Whether it follows redirects."""
    expected: tuple[int, ...]
    """The statuses that are right; without any, those below 400."""
    captures: tuple[Capture, ...]
    matches: tuple[Match, ...]
    chance: float
    """With which probability it is sent at all, 0 to 1."""


@dataclass(frozen=True)
class Wait:
    """A pause, in seconds: a whole number of them from `low_s` on, or just `low_s`."""

    low_s: float
    high_s: float


@dataclass(frozen=True)
class Repeat:
    """Steps that are done several times, with a variable that counts and one with the value."""

    steps: Sequence[Step]
    first: int
    rounds: int
    counter: str
    element: str
    values: Sequence[Text | int | float | bool] | None
    """What `element` is in each round; the number of the round if None."""


Step = Send | Wait | Repeat


def sends(steps: Sequence[Step]) -> Iterator[Send]:
    """Yield the requests among steps, those of repeated steps once."""
    for step in steps:
        match step:
            case Send():
                yield step
            case Repeat():
                yield from sends(step.steps)
            case Wait():
                pass


@dataclass(frozen=True)
class PortableFlow:
    """One of the script's scenarios."""

    name: str | None
    weight: int
    steps: Sequence[Step]


@dataclass(frozen=True)
class Refusal:
    """A part of the script that only Artillery runs, and why."""

    location: Location
    reason: str


@dataclass(frozen=True)
class Portable:
    """A script in plain steps, or what speaks against it."""

    flows: Sequence[PortableFlow]
    timeout_s: float
    verifies_tls: bool
    refusals: Sequence[Refusal]
    """Without any, the steps do what the script says."""
