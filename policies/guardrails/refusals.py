"""Rules that say in the preview what an AWS API would refuse during the update.

One rule per family of resources, over a table of refusals. Only what is known is refused: a value that
the preview does not know is left to the API, which decides a moment later and changes nothing.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NotRequired, TypedDict, Unpack

from guardrails.model import (
    Level,
    Question,
    ResourceRule,
    Settings,
    Severity,
    StackRule,
    Violation,
)
from guardrails.resources import Resource, Stack
from guardrails.values import UNKNOWN, figure, is_absent, items, number, show

Found = str | Iterable[str] | None
"""What the program asks for: clauses that follow the resource's name."""

Find = Callable[[Resource], Found]
FindTogether = Callable[[Stack, Resource], Found]

_UNKNOWN = (
    "A value that the preview does not know is not refused: the API decides, before anything is "
    "created."
)


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """One request that the API refuses.

    Attributes:
        types: The resources that make the request.
        says: What AWS says about it: its error, or its documentation.
        source: Where it says so.
        remedy: What to do, as a rule's remedy.
        find: Recognizes the request by the resource's own inputs.
    """

    types: tuple[str, ...]
    says: str
    source: str
    remedy: str
    find: Find


@dataclass(frozen=True, kw_only=True)
class JointRefusal:
    """One request that the API refuses because of another resource; fields as in `Refusal`.

    `find` sees outputs: what the program leaves to the provider is unknown there.
    """

    types: tuple[str, ...]
    says: str
    source: str
    remedy: str
    find: FindTogether


class Metadata(TypedDict):
    """The fields of `Rule` that differ between families."""

    id: str
    title: str
    url: str
    remedy: str
    controls: NotRequired[Mapping[str, tuple[str, ...]]]
    level: NotRequired[Level]


def _steps(table: Iterable[Refusal | JointRefusal]) -> tuple[str, ...]:
    """Return what AWS says, for the documentation."""
    return tuple(dict.fromkeys(f"{row.says} [Source]({row.source})." for row in table))


def _violations(
    row: Refusal | JointRefusal, resource: Resource, found: Found
) -> Iterator[Violation]:
    clauses = () if found is None else (found,) if isinstance(found, str) else found
    for clause in clauses:
        yield Violation(
            f'AWS refuses "{resource.name}": {clause}. AWS says: {row.says}',
            resource,
            remedy=row.remedy,
        )


def refusal_rule(table: tuple[Refusal, ...], **metadata: Unpack[Metadata]) -> ResourceRule:
    """Build the rule of one family whose resources are refused for their own inputs."""

    def check(resource: Resource, _: Settings) -> Iterator[Violation]:
        for row in table:
            if resource.type in row.types:
                yield from _violations(row, resource, row.find(resource))

    return ResourceRule(
        **metadata,
        question=Question.VALID,
        severity=Severity.HIGH,
        steps=_steps(table),
        unknown=_UNKNOWN,
        types=tuple(dict.fromkeys(kind for row in table for kind in row.types)),
        check=check,
    )


def joint_refusal_rule(table: tuple[JointRefusal, ...], **metadata: Unpack[Metadata]) -> StackRule:
    """Build the rule of one family whose resources are refused for what they refer to."""

    def check(stack: Stack, _: Settings) -> Iterator[Violation]:
        for row in table:
            for resource in stack.of(row.types):
                yield from _violations(row, resource, row.find(stack, resource))

    return StackRule(
        **metadata,
        question=Question.VALID,
        severity=Severity.HIGH,
        steps=_steps(table),
        unknown=_UNKNOWN,
        check=check,
    )


# --- clashes --------------------------------------------------------------------------------------


def earlier(stack: Stack, resource: Resource, types: tuple[str, ...]) -> list[Resource]:
    """Return the resources before one of these types: a clash is said once, of the later one."""
    return list(itertools.takewhile(lambda one: one is not resource, stack.of(types)))


def sharing(
    stack: Stack,
    resource: Resource,
    prop: str,
    owners: tuple[tuple[str, ...], tuple[str, ...]],
) -> Iterator[tuple[Resource, Resource]]:
    """Yield the earlier resources of its type that refer to the same in a property, and to what.

    `owners` are the types of what the property refers to, and the keys by which it does.
    """
    own = stack.references(resource, prop, *owners).resources
    for other in earlier(stack, resource, (resource.type,)):
        theirs = stack.references(other, prop, *owners).resources
        for one in own:
            if one in theirs:
                yield other, one


# --- what to find ---------------------------------------------------------------------------------


def label(path: str) -> str:
    """Return a property as a Python program names it."""
    return re.sub(r"(?<!^)(?<!\.)(?=[A-Z])", "_", path).lower()


def sets(resource: Resource, path: str) -> bool:
    """Return whether the program sets an input, even to what is not known yet."""
    return not is_absent(resource.get(*path.split(".")))


def known(value: Any) -> bool:
    """Return whether a value is there and known."""
    return value is not UNKNOWN and not is_absent(value)


def every(resource: Resource, path: str) -> Iterator[Any]:
    """Yield each value at a path in which `*` stands for every element of a list."""
    yield from _every(resource.properties, path.split("."))


def _every(value: Any, steps: list[str]) -> Iterator[Any]:
    if not steps:
        if value is not None:
            yield value
    elif steps[0] == "*":
        for element in items(value):
            yield from _every(element, steps[1:])
    elif isinstance(value, Mapping):
        yield from _every(value.get(steps[0]), steps[1:])


def alone(find: Find) -> FindTogether:
    """Let a joint rule find what a resource asks for by itself."""
    return lambda _, resource: find(resource)


def between(path: str, low: float, high: float, *also: float) -> Find:
    """Find a number outside a range; `also` are single values that are accepted besides."""

    def find(resource: Resource) -> Iterator[str]:
        for value in every(resource, path):
            given = number(value)
            if given is not None and not low <= given <= high and given not in also:
                others = "".join(f" or {figure(one)}" for one in also)
                span = f"{figure(low)} to {figure(high)}"
                yield f"{label(path)} is {figure(given)}, outside {span}{others}"

    return find


def among(path: str, *accepted: Any) -> Find:
    """Find a value that is none of the accepted ones."""

    def find(resource: Resource) -> Iterator[str]:
        for value in every(resource, path):
            if known(value) and value not in accepted:
                names = ", ".join(str(one) for one in accepted)
                yield f"{label(path)} is {show(value)}, none of {names}"

    return find


def matching(path: str, pattern: str, longest: int | None = None) -> Find:
    """Find a text that does not have the form of the pattern, or is too long."""

    def find(resource: Resource) -> Iterator[str]:
        for value in every(resource, path):
            if not isinstance(value, str) or not value:
                continue
            if longest is not None and len(value) > longest:
                yield f"{label(path)} {show(value)} has {len(value)} characters, {longest} at most"
            elif not re.fullmatch(pattern, value):
                yield f"{label(path)} is {show(value)}"

    return find


def both(first: str, second: str) -> Find:
    """Find two inputs that exclude each other."""

    def find(resource: Resource) -> str | None:
        if sets(resource, first) and sets(resource, second):
            return f"both {label(first)} and {label(second)} are set"
        return None

    return find


def at_most(path: str, longest: int) -> Find:
    """Find a list that is too long."""

    def find(resource: Resource) -> str | None:
        length = len(items(resource.get(*path.split("."))))
        return f"{label(path)} has {length} elements" if length > longest else None

    return find
