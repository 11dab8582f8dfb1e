"""YAML with the position of every key and value, so that an error can name the line."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from pydantic_core import ErrorDetails

from commandline import files

Location = tuple[str | int, ...]
"""The path to a value: keys and indices from the document's root."""

MERGE = "tag:yaml.org,2002:merge"
MOST_VALUES = 50_000
"""Values that a file may have once its aliases are followed: nested ones multiply."""
MOST_EXACT = 2**53
"""The largest number up to which JavaScript and JSON's usual readers have each whole one."""
MOST_LEVELS = 60
"""How deep values may be nested: what reads them afterwards recurses."""


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


_WORDS: tuple[tuple[str, str], ...] = (
    (
        r"but found another document",
        "a second document begins here: put all into one, without `---`",
    ),
    (
        r"found character '\\t' that cannot start any token",
        "a tab, which YAML does not take here: indent with spaces",
    ),
    (
        r"could not determine a constructor for the tag '([^']*)'",
        r"there is no tag `\1`: write the content itself here",
    ),
    (
        r"found character '([^']*)' that cannot start any token",
        r"no value begins with `\1`: put it in quotes",
    ),
    (
        r"expected ',' or '([}\]])', but got .*",
        r"a comma is missing before this, or a `\1`, or the value before needs quotes",
    ),
    (
        r"mapping values are not allowed here",
        "a colon inside of a value: put the value in quotes, or begin a new line",
    ),
    (
        r"expected <block end>, but found .*",
        "this line is indented otherwise than those it belongs to, or a dash has no space behind it",
    ),
    (
        r"could not find expected ':'",
        "a colon is missing behind the key before this, or a text over several lines needs quotes",
    ),
    (
        r"found unexpected end of stream",
        "a quotation mark before this is not closed",
    ),
    (
        r"found undefined alias '([^']*)'",
        r"nothing before this is called `&\1`",
    ),
)
"""What the parser says, and the same with a remedy."""


_HALF = re.compile("[\ud800-\udfff]")


class YamlError(Exception):
    """The text is not YAML, or contains a key twice; `problem` says where."""

    def __init__(self, problem: Problem) -> None:
        """Wrap the problem."""
        super().__init__(problem.text)
        self.problem = problem


class PositionLoader(yaml.SafeLoader):
    """Gives a value that YAML takes for a number or a date, but that is none, a position too."""

    tells_duplicates_later = False
    """Whether keys that are given twice are told with all else that is wrong, from `Source.duplicates`."""

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        """Construct a value, or say where the one is that cannot be."""
        try:
            return _whole(super().construct_object(node, deep))  # pyright: ignore[reportUnknownMemberType]
        except UnicodeDecodeError as error:
            text = (
                "half of a character (`\\ud800` to `\\udfff`) is not a character: write both halves"
            )
            raise yaml.MarkedYAMLError(problem=text, problem_mark=node.start_mark) from error
        except (ValueError, AttributeError) as error:
            kind = str(node.tag).rpartition(":")[2]
            text = f"{str(node.value)[:40]!r} is not a valid {kind}; quote it if it is a text"
            raise yaml.MarkedYAMLError(problem=text, problem_mark=node.start_mark) from error


def _whole(value: Any) -> Any:
    """Return a text whose characters beyond U+FFFF are whole: JSON writes them as two escapes.

    Raises:
        UnicodeDecodeError: One has no other half.
    """
    if not isinstance(value, str) or not _HALF.search(value):
        return value
    return value.encode("utf-16-le", "surrogatepass").decode("utf-16-le")


@dataclass
class Source:
    """A parsed document."""

    content: Any
    keys: dict[Location, Position] = field(default_factory=dict[Location, Position])
    """Position of the key that leads to a value; for an item of a list, of the item itself."""
    values: dict[Location, Position] = field(default_factory=dict[Location, Position])
    duplicates: list[Problem] = field(default_factory=list[Problem])
    """Keys that are given twice."""
    rewritten: dict[Location, str] = field(default_factory=dict[Location, str])
    """Values that look like a text and are none to YAML, such as 007, 12:30 and 2024-01-31; as written."""

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

    def line(self, location: Sequence[str | int]) -> int:
        """Return the line of the innermost part of the document that these steps lead to."""
        place = self.resolve(location)
        found = self.keys.get(place) or self.values.get(place)
        return found.line if found else 1

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


_MAPPING = "input should be a mapping of keys to values, such as `{name: …}`"
_LIST = "input should be a list, such as `[…]`"
_SHAPES = {
    **dict.fromkeys(("dict_type", "model_type", "model_attributes_type"), _MAPPING),
    **dict.fromkeys(("list_type", "tuple_type"), _LIST),
    **dict.fromkeys(("int_type", "int_parsing", "int_from_float"), "must be a whole number"),
    **dict.fromkeys(("float_type", "float_parsing"), "must be a number"),
}
"""What pydantic says in the names of Python's types, by the type of its error."""


def explain(error: ErrorDetails) -> str:
    """Phrase a pydantic error as the end of a sentence: what was expected, and what was given."""
    given = error["input"]
    scalar = f", not {files.shortened(given)}" if isinstance(given, str | int | float) else ""
    match error["type"]:
        case kind if kind in _SHAPES:
            return f"{_SHAPES[kind]}{scalar}"
        case "string_type" if isinstance(given, bool | int | float):
            shown = str(given).lower() if isinstance(given, bool) else given
            return f'must be a text: write "{shown}", in quotes'
        case "string_type":
            shape = ", not a mapping" if isinstance(given, dict) else ", not a list"
            return f"must be a text{shape if isinstance(given, dict | list) else scalar}"
        case "too_short" if not given:
            return "is empty: write at least one, or remove it"
        case _:
            text = str(error["msg"]).removeprefix("Value error, ")
            return f"{text[0].lower()}{text[1:]}{scalar}"


def read(path: Path, kind: type[PositionLoader] = PositionLoader) -> Source:
    """Parse a file; `kind` says which plain texts are numbers, booleans and so on.

    Raises:
        OSError: The file cannot be read.
        YamlError: The file is not plain YAML.
    """
    try:
        text = _without_tabs(files.read_text(path, "utf-8-sig"))
        loader = kind(_printable(text))
        try:
            node = loader.get_single_node()
            if node is None:
                raise YamlError(Problem(Position(1, 1), "the file is empty"))
            source = Source(None)
            # Walk first: it rejects what construction would loop on or silently accept.
            _Walk(source).all(node)
            if source.duplicates and not kind.tells_duplicates_later:
                raise YamlError(source.duplicates[0])
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
        if comment := _comment_of_code(path, where.line):
            raise YamlError(comment) from error
        raise YamlError(Problem(where, _in_words(error.problem or error.context or ""))) from error
    except yaml.YAMLError as error:
        raise YamlError(Problem(Position(1, 1), f"not YAML: {error}")) from error
    return source


def _comment_of_code(path: Path, until: int) -> Problem | None:
    """Return a problem with a comment as JavaScript has it, of which YAML made an error in a later line."""
    lines = files.read_text(path, "utf-8-sig").splitlines()
    for number, line in enumerate(lines[:until], 1):
        if line.lstrip().startswith(("//", "/*")):
            text = "not YAML: a comment begins with `#`, not with `//`"
            return Problem(Position(number, len(line) - len(line.lstrip()) + 1), text)
    return None


def _in_words(said: str) -> str:
    """Return what the parser said, with a remedy where it has none."""
    for pattern, words in _WORDS:
        if found := re.fullmatch(pattern, said.split("\n", maxsplit=1)[0]):
            return f"not YAML: {found.expand(words)}"
    return f"not YAML: {said}"


def _printable(text: str) -> str:
    """Return a text that YAML takes, or say where a character is that it does not."""
    if found := yaml.reader.Reader.NON_PRINTABLE.search(text):
        before = text[: found.start()].splitlines() or [""]
        new = text[: found.start()].endswith("\n")
        where = Position(len(before) + new, 1 if new else len(before[-1]) + 1)
        shown = f"U+{ord(found[0]):04X}"
        raise YamlError(Problem(where, f"the character {shown} is not allowed in YAML; remove it"))
    return text


def _without_tabs(text: str) -> str:
    """Turn the tabs of JSON into spaces: PyYAML takes them for YAML's forbidden indentation."""
    if "\t" in text and text.lstrip()[:1] in ("{", "["):
        try:
            json.loads(text)
        except ValueError:
            return text
        # JSON has no tab inside of a text.
        return text.replace("\t", " ")
    return text


def _is_rewritten(node: yaml.ScalarNode) -> bool:
    """Return whether a value without quotes would be written otherwise by whoever reads it."""
    text = str(node.value)
    match str(node.tag).rpartition(":")[2]:
        case "timestamp":
            return node.style is None
        case "int":
            digits = text.lstrip("+-")
            octal = len(digits) > 1 and digits[0] == "0" and digits[1].isdigit()
            other_base = digits[:2].lower() in ("0x", "0b")
            long = digits.isdecimal() and int(digits[:20]) > MOST_EXACT
            return octal or other_base or long or bool({"_", ":", "+"} & set(text))
        case "float":
            return text.endswith("0") or bool({"_", ":", "+", "e", "E"} & set(text))
        case _:
            return False


class _Walk:
    """Visits every node of a document, as often as aliases lead to it, and notes where it is."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._visited = 0
        self._no_names = list[Position]()

    def all(self, document: yaml.Node) -> None:
        """Note the positions of a whole document.

        Raises:
            YamlError: Something in it could not be constructed, or is no plain YAML.
        """
        self.visit(document, (), [])
        if self._no_names:
            first, *others = sorted(set(self._no_names))
            lines = sorted({one.line for one in others} - {first.line})
            also = f"; also on line {', '.join(map(str, lines))}" if lines else ""
            text = (
                "not YAML: a template stands in quotes, and has no spaces between its braces: "
                f'`"{{{{ name }}}}"`{also}'
            )
            raise YamlError(Problem(first, text))

    def visit(self, node: yaml.Node, location: Location, above: list[yaml.Node]) -> None:
        """Note the positions of a node and of all below it; `above` are those that lead to it."""
        where = Position.of(node.start_mark)
        self._visited += 1
        if any(node is one for one in above):
            raise YamlError(Problem(where, "this anchor contains itself"))
        if len(above) > MOST_LEVELS:
            raise YamlError(Problem(where, f"nested deeper than {MOST_LEVELS} levels"))
        if self._visited > MOST_VALUES:
            text = f"more than {MOST_VALUES:,} values, with aliases followed"
            raise YamlError(Problem(where, text))
        self._source.values.setdefault(location, where)
        if isinstance(node, yaml.ScalarNode) and _is_rewritten(node):
            self._source.rewritten.setdefault(location, str(node.value))
        inside = [*above, node]
        if isinstance(node, yaml.SequenceNode):
            for index, item in enumerate(node.value):
                key = Position.of(item.start_mark)
                self._source.keys.setdefault((*location, index), key)
                self.visit(item, (*location, index), inside)
        if isinstance(node, yaml.MappingNode):
            self._visit_mapping(node, location, inside)

    def _visit_mapping(
        self, node: yaml.MappingNode, location: Location, above: list[yaml.Node]
    ) -> None:
        seen = dict[str, Position]()
        merged = list[yaml.Node]()
        for key, value in node.value:
            if key.tag == MERGE:
                merged += value.value if isinstance(value, yaml.SequenceNode) else [value]
                continue
            where = Position.of(key.start_mark)
            if not isinstance(key, yaml.ScalarNode):
                self._no_names.append(where)
                continue
            name = str(key.value)
            if name in seen:
                text = f"`{name}` is already given on line {seen[name].line}; remove one of them"
                self._source.duplicates.append(Problem(where, text))
                continue
            seen[name] = where
            self._source.keys.setdefault((*location, name), where)
            self.visit(value, (*location, name), above)
        for value in merged:
            # The mapping's own keys take precedence, as YAML's merge rule demands.
            self.visit(value, location, above)
