"""YAML with the position of every key and value, so that an error can name the line."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from pydantic_core import ErrorDetails

Location = tuple[str | int, ...]
"""The path to a value: keys and indices from the document's root."""

MERGE = "tag:yaml.org,2002:merge"


@dataclass(frozen=True, order=True)
class Position:
    """A position in a file; both numbers count from 1."""

    line: int
    column: int

    @classmethod
    def of(cls, mark: yaml.Mark) -> Position:
        """Convert the parser's mark, which counts from 0."""
        return cls(mark.line + 1, mark.column + 1)


@dataclass(frozen=True, order=True)
class Problem:
    """Something that is wrong, and where."""

    position: Position
    text: str


class YamlError(Exception):
    """The text is not YAML, or contains a key twice; `problem` says where."""

    def __init__(self, problem: Problem) -> None:
        """Wrap the problem."""
        super().__init__(problem.text)
        self.problem = problem


class _Loader(yaml.SafeLoader):
    """Gives a value that YAML takes for a number or a date, but that is none, a position too."""

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        try:
            return super().construct_object(node, deep)  # pyright: ignore[reportUnknownMemberType]
        except (ValueError, AttributeError) as error:
            kind = str(node.tag).rpartition(":")[2]
            text = f"{str(node.value)[:40]!r} is not a valid {kind}; quote it if it is a text"
            raise yaml.MarkedYAMLError(problem=text, problem_mark=node.start_mark) from error


@dataclass
class Source:
    """A parsed document."""

    content: Any
    keys: dict[Location, Position] = field(default_factory=dict[Location, Position])
    """Position of the key that leads to a value; for an item of a list, of the item itself."""
    values: dict[Location, Position] = field(default_factory=dict[Location, Position])

    def resolve(self, location: Sequence[str | int]) -> Location:
        """Return the longest path into the document that these steps describe.

        Steps that lead nowhere are skipped: pydantic adds the names of union members and `[key]`.
        """
        found: Location = ()
        for step in location:
            # A key that YAML reads as a number is found by its text.
            for known in (step, str(step)):
                if (*found, known) in self.values:
                    found = (*found, known)
                    break
        return found

    def strings(self) -> Iterator[tuple[Location, str]]:
        """Yield every text in the document except keys, with its location."""
        yield from _strings(self.content, ())


def _strings(content: Any, location: Location) -> Iterator[tuple[Location, str]]:
    match content:
        case str():
            yield location, content
        case dict():
            for key, value in content.items():
                yield from _strings(value, (*location, key))
        case list():
            for index, value in enumerate(content):
                yield from _strings(value, (*location, index))
        case _:
            pass


def explain(error: ErrorDetails) -> str:
    """Phrase a pydantic error as the end of a sentence: what was expected, and what was given."""
    text = str(error["msg"]).removeprefix("Value error, ")
    given = error["input"]
    shown = f", not {given!r}" if isinstance(given, str | int | float) else ""
    return f"{text[0].lower()}{text[1:]}{shown}"


def read(path: Path) -> Source:
    """Parse a file.

    Raises:
        OSError: The file cannot be read.
        YamlError: The file is not plain YAML.
    """
    try:
        text = path.read_text(encoding="utf-8")
        loader = _Loader(text)
        try:
            node = loader.get_single_node()
            if node is None:
                raise YamlError(Problem(Position(1, 1), "the file is empty"))
            source = Source(None)
            # Walk first: it rejects what construction would loop on or silently accept.
            _walk(node, (), source, [])
            source.content = loader.construct_document(node)
        finally:
            loader.dispose()
    except UnicodeDecodeError as error:
        raise YamlError(Problem(Position(1, 1), f"not UTF-8 ({error.reason})")) from error
    except RecursionError as error:
        raise YamlError(Problem(Position(1, 1), "nested too deeply")) from error
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = Position.of(mark) if mark else Position(1, 1)
        raise YamlError(Problem(where, f"not YAML: {error.problem or error.context}")) from error
    except yaml.YAMLError as error:
        raise YamlError(Problem(Position(1, 1), f"not YAML: {error}")) from error
    return source


def _walk(node: yaml.Node, location: Location, source: Source, above: list[yaml.Node]) -> None:
    if any(node is one for one in above):
        raise YamlError(Problem(Position.of(node.start_mark), "this anchor contains itself"))
    source.values.setdefault(location, Position.of(node.start_mark))
    inside = [*above, node]
    if isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            source.keys.setdefault((*location, index), Position.of(item.start_mark))
            _walk(item, (*location, index), source, inside)
    if isinstance(node, yaml.MappingNode):
        _walk_mapping(node, location, source, inside)


def _walk_mapping(
    node: yaml.MappingNode, location: Location, source: Source, above: list[yaml.Node]
) -> None:
    seen = dict[str, Position]()
    merged = list[yaml.Node]()
    for key, value in node.value:
        if key.tag == MERGE:
            merged += value.value if isinstance(value, yaml.SequenceNode) else [value]
            continue
        name, where = str(key.value), Position.of(key.start_mark)
        if name in seen:
            text = f"`{name}` is already given on line {seen[name].line}; remove one of them"
            raise YamlError(Problem(where, text))
        seen[name] = where
        source.keys.setdefault((*location, name), where)
        _walk(value, (*location, name), source, above)
    for value in merged:
        # The mapping's own keys take precedence, as YAML's merge rule demands.
        _walk(value, location, source, above)
