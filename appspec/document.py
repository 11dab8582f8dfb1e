"""YAML as the agent's parser reads it, with the line of every value.

The agent calls Ruby's `YAML.load`. From Ruby 3.1 on, which Amazon Linux 2023 has, that is Psych 4's
safe loader: no aliases, no dates. Like PyYAML it reads YAML 1.1: `yes` is true and 0644 is 420. It
takes the last of several equal keys and the first of several documents.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, Final

import yaml

_TAG: Final = "tag:yaml.org,2002:"
_PLAIN: Final = frozenset(f"{_TAG}{name}" for name in ("null", "bool", "int", "float"))
_DATE: Final = re.compile(r"\d{4}-\d{1,2}-\d{1,2}")
_TAB: Final = repr("\t")
_BYTE_ORDER_MARK: Final = "\ufeff"


class DocumentError(Exception):
    """The agent cannot read the text at all."""

    def __init__(self, line: int, text: str) -> None:
        """Say what is wrong in `line`, counted from 1."""
        super().__init__(text)
        self.line = line
        self.text = text


@dataclass(frozen=True)
class Value:
    """A value of the document.

    Attributes:
        content: None, bool, int, float, str, a list of values, or a dictionary of values by key.
        line: Of the key that leads to it, counted from 1; of the value itself in a list.
        text: A scalar as it was written.
        repeated: Keys of a mapping that are given more than once, with the lines that lose.
    """

    content: Any
    line: int
    text: str = ""
    repeated: dict[str, int] = field(default_factory=dict[str, int])

    @property
    def falsy(self) -> bool:
        """Whether Ruby takes it for false: only null and false are."""
        return self.content is None or self.content is False

    def get(self, key: str) -> Value | None:
        """Return a key's value; None without the key, and for a null."""
        found = self.content.get(key) if isinstance(self.content, dict) else None
        return None if found is None or found.content is None else found


def parse(text: str) -> Value:
    """Parse the first document; an empty one has the content None.

    Raises:
        DocumentError: If the agent would reject the text.
    """
    text = _without_mark(text)
    try:
        loader = yaml.SafeLoader(text)
        try:
            node = loader.get_node() if loader.check_node() else None
            return Value(None, 1) if node is None else _Builder(loader).value(node)
        finally:
            loader.dispose()
    except RecursionError as error:
        raise DocumentError(1, "it is nested too deeply") from error
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        what = ", ".join(part for part in (error.context, error.problem) if part)
        if _TAB in what:
            what += "; indent with spaces, not tabs"
        raise DocumentError(mark.line + 1 if mark else 1, f"it is not YAML: {what}") from error
    except yaml.YAMLError as error:
        raise DocumentError(1, f"it is not YAML: {' '.join(str(error).split())}") from error


def _without_mark(text: str) -> str:
    """Remove a byte order mark where the agent's parser overlooks it.

    It counts the mark as a column: what follows it in the first line is indented differently from
    the next lines, and those are lost.
    """
    if not text.startswith(_BYTE_ORDER_MARK):
        return text
    first = text[1:].split("\n", 1)[0].strip()
    if first and not first.startswith("#"):
        raise DocumentError(
            1,
            "it begins with a byte order mark (BOM), which makes the agent lose every key after "
            "the first; save it as UTF-8 without BOM",
        )
    return text[1:]


class _Builder:
    """Turns nodes into values and rejects what Ruby's safe loader does."""

    def __init__(self, loader: yaml.SafeLoader) -> None:
        self._loader = loader
        self._seen = set[int]()

    def value(self, node: yaml.Node, line: int | None = None) -> Value:
        where = node.start_mark.line + 1
        if id(node) in self._seen:
            raise DocumentError(
                where,
                "it uses a YAML alias (*name), which agents on Ruby 3.1 or newer (Amazon Linux "
                "2023) reject as `Unknown alias`; repeat the value instead",
            )
        self._seen.add(id(node))
        if node.tag.startswith("!ruby/"):
            raise DocumentError(where, f"it has the tag {node.tag}, which the agent does not load")
        at = line or where
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, at)
        if isinstance(node, yaml.SequenceNode):
            return Value([self.value(item) for item in node.value], at)
        return Value(self._scalar(node, where), at, str(node.value))

    def _mapping(self, node: yaml.MappingNode, at: int) -> Value:
        content: dict[str, Value] = {}
        repeated: dict[str, int] = {}
        for key_node, value_node in node.value:
            line = key_node.start_mark.line + 1
            key = self.value(key_node)
            value = self.value(value_node, line)
            if key_node.tag == f"{_TAG}merge" and isinstance(value.content, dict):
                content.update(value.content)
                continue
            name = key.text if isinstance(key.content, str) else str(key.content).lower()
            if name in content:
                repeated[name] = content[name].line
            content[name] = value
        return Value(content, at, repeated=repeated)

    def _scalar(self, node: yaml.Node, line: int) -> Any:
        text = str(node.value)
        if node.tag == f"{_TAG}timestamp" and _DATE.fullmatch(text):
            try:
                self._loader.construct_object(node)
            except ValueError:
                return text  # 2020-99-99 is a text for Ruby as well.
            raise DocumentError(
                line,
                f"{text} is a date in YAML, which agents on Ruby 3.1 or newer (Amazon Linux 2023) "
                "reject as `unspecified class: Date`; quote it",
            )
        if node.tag not in _PLAIN:
            return text
        try:
            found = self._loader.construct_object(node)
            # Of hexadecimal digits Python takes any number, but it does not write all it has read.
            str(found)
        except (ValueError, KeyError, OverflowError):
            return text
        return found
