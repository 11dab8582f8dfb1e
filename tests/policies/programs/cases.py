"""The two lists: sound programs, and broken ones with the question that each loses."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from guardrails.model import Question

from tests.policies.draft import Changes, Ref

Program = Callable[[], None]


def encode(value: Any) -> Any:
    """Write a value with its references as `ChangingMonitor` reads it."""
    if isinstance(value, Ref):
        return {"$ref": value.handle, "output": value.output}
    if isinstance(value, dict):
        return {key: encode(element) for key, element in value.items()}
    return [encode(element) for element in value] if isinstance(value, list) else value


class Edit:
    """Small changes to a program, by the logical names of its resources.

    `set` changes a property by its dotted path on the wire, `...` removes it; a value may hold `Ref`s
    to other resources of the program.
    """

    def __init__(self) -> None:
        self.changes = Changes()

    def set(self, name: str, path: str, value: Any) -> Edit:
        change = {"resource": name, "path": path}
        self.changes.sets.append(change if value is ... else {**change, "value": encode(value)})
        return self

    def option(self, name: str, **options: Any) -> Edit:
        """Set resource options, by the names that `guardrails.resources.Options` has for them."""
        self.changes.options.append({"resource": name, "options": options})
        return self

    def drop(self, *names: str) -> Edit:
        self.changes.drops += names
        return self

    def add(self, name: str, kind: str, properties: dict[str, Any]) -> Edit:
        addition = {"name": name, "type": kind, "properties": encode(properties)}
        self.changes.adds.append(addition)
        return self


@dataclass(frozen=True)
class Innocent:
    """A sound program.

    Attributes:
        advised: Advisory rules that rightly say something about it, with the reason. Those of
            `TASTE` need none.
        undecided: What the pack has to say that it cannot decide, with the reason.
        may_ask: Why the pack may say that it cannot decide; empty if it has to decide.
        engine: Whether it runs through the real preview too.
        edit: The change that makes it from another sound program; None if it is one of its own.
    """

    id: str
    program: Program
    advised: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    undecided: str = ""
    may_ask: str = ""
    engine: bool = False
    edit: Callable[[Edit], object] | None = None


@dataclass(frozen=True)
class Broken:
    """A program with one fault.

    Attributes:
        base: The id of the innocent that it is made of.
        questions: The question that it loses; several where it is a matter of view which.
        advisory: Whether it is enough that the pack advises, or says that it cannot decide.
        rules: Ids of the rules that may say so; one does. Empty if any rule of the questions may.
        edit: The change; None if `program` is a program of its own.
        engine: Whether it runs through the real preview too.
    """

    id: str
    base: str
    questions: tuple[Question, ...]
    edit: Callable[[Edit], object] | None
    program: Program
    advisory: bool = False
    rules: tuple[str, ...] = ()
    engine: bool = False


INNOCENTS: dict[str, Innocent] = {}
BROKEN: dict[str, Broken] = {}

SERVE, SURVIVE, DEPLOY = Question.SERVE, Question.SURVIVE, Question.DEPLOY
VALID, CLOSED = Question.VALID, Question.CLOSED


def innocent(
    *,
    advised: Mapping[str, str] | None = None,
    undecided: str = "",
    may_ask: str = "",
    engine: bool = False,
) -> Callable[[Program], Program]:
    """Register a sound program under its function's name."""

    def register(program: Program) -> Program:
        name = program.__name__
        assert name not in INNOCENTS, f"{name} is registered twice"
        INNOCENTS[name] = Innocent(name, program, advised or {}, undecided, may_ask, engine)
        return program

    return register


def also_sound(
    base: str,
    *,
    advised: Mapping[str, str] | None = None,
    undecided: str = "",
    may_ask: str = "",
    engine: bool = False,
) -> Callable[[Callable[[Edit], object]], Callable[[Edit], object]]:
    """Register a change that leaves an innocent sound, under the change's name."""

    def register(edit: Callable[[Edit], object]) -> Callable[[Edit], object]:
        name, program = edit.__name__, INNOCENTS[base].program
        assert name not in INNOCENTS, f"{name} is registered twice"
        assert INNOCENTS[base].edit is None, f"{base} is itself made by a change"
        INNOCENTS[name] = Innocent(name, program, advised or {}, undecided, may_ask, engine, edit)
        return edit

    return register


def broken(
    base: str,
    question: Question | tuple[Question, ...],
    *rules: str,
    advisory: bool = False,
    engine: bool = False,
) -> Callable[[Callable[[Edit], object]], Callable[[Edit], object]]:
    """Register a change that breaks an innocent, under the change's name."""

    def register(edit: Callable[[Edit], object]) -> Callable[[Edit], object]:
        program = INNOCENTS[base].program
        assert INNOCENTS[base].edit is None, f"{base} is itself made by a change"
        _add(
            Broken(edit.__name__, base, _several(question), edit, program, advisory, rules, engine)
        )
        return edit

    return register


def rewritten(
    base: str,
    question: Question | tuple[Question, ...],
    *rules: str,
    advisory: bool = False,
    engine: bool = False,
) -> Callable[[Program], Program]:
    """Register a whole program that is the innocent but for one fault, under its own name."""

    def register(program: Program) -> Program:
        name = program.__name__
        _add(Broken(name, base, _several(question), None, program, advisory, rules, engine))
        return program

    return register


def _several(question: Question | tuple[Question, ...]) -> tuple[Question, ...]:
    return question if isinstance(question, tuple) else (question,)


def _add(one: Broken) -> None:
    assert one.id not in BROKEN, f"{one.id} is registered twice"
    assert one.id not in INNOCENTS, f"{one.id} is an innocent"
    assert one.base in INNOCENTS, f"{one.id} is made of {one.base}, which is not an innocent"
    BROKEN[one.id] = one


__all__ = [
    "BROKEN",
    "CLOSED",
    "DEPLOY",
    "INNOCENTS",
    "SERVE",
    "SURVIVE",
    "VALID",
    "Broken",
    "Edit",
    "Innocent",
    "Ref",
    "also_sound",
    "broken",
    "innocent",
    "rewritten",
]
